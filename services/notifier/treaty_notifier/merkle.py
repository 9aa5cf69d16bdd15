"""Merkle trees over a log that only grows. Pure. Source: RFC 6962, section 2.1.

A root of ``n`` leaves says what the first ``n`` were, and a path of a few hashes that a leaf was among them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EMPTY = hashlib.sha256().digest()


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Peaks:
    """The roots of the whole subtrees that ``size`` leaves fall into, the largest first; enough to go on with."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> "Peaks":
        """With these leaves' hashes after those that were there."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            hashes.append(leaf)
            size += 1
            for _ in range((size & -size).bit_length() - 1):  # as often as the new size can be halved
                right, left = hashes.pop(), hashes.pop()
                hashes.append(node_hash(left, right))
        return Peaks(size, tuple(hashes))

    @property
    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY
        *before, root = self.hashes
        for left in reversed(before):
            root = node_hash(left, root)
        return root


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What leads from leaf ``index`` (from 0) to the root, the nearest first."""
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*path(leaves[:half], index), Peaks().grown(leaves[half:]).root]
    return [*path(leaves[half:], index - half), Peaks().grown(leaves[:half]).root]


def root_of(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root to which the path leads; None where it is too long or too short. Source: RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for other in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = node_hash(other, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, other)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def _half(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
