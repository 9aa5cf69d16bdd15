"""Secrets at rest: AES-256-GCM under the first key of a ring; the others still open what they sealed.

Whoever reads the database without the ring learns no secret, no private key and no header of a subscriber. Whoever can
write to it cannot move one to another row: its place is authenticated with it. Source: NIST SP 800-38D; nonces are 96
random bits.
"""

import hashlib
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MARK = b"tnk2:"
_UNPLACED = b"tnk1:"  # of an earlier release: bound to no place, sealed anew at the next start
_NAME_BYTES, _NONCE_BYTES = 8, 12
# The mark alone could be chance; nothing that rests as it is has this length: secrets hold 24 to 64 bytes.
_SHORTEST = len(_MARK) + _NAME_BYTES + _NONCE_BYTES + 16


class KeyRingLacksKey(Exception):
    """Something was sealed with a key that is not on the ring."""


class RingBox:
    """Seals under the first key. Without keys everything rests as it is."""

    def __init__(self, keys: Sequence[bytes], *, new_nonce: Callable[[int], bytes]) -> None:
        self._current = _name(keys[0]) if keys else None
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._new_nonce = new_nonce

    def seal(self, secret: bytes, *, place: str) -> bytes:
        if self._current is None:
            return secret
        nonce = self._new_nonce(_NONCE_BYTES)
        sealed: bytes = self._ciphers[self._current].encrypt(nonce, secret, _MARK + place.encode())
        return _MARK + self._current + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Also what was stored before there was a ring, or before places were sealed with it.

        Raises:
            KeyRingLacksKey.
        """
        name = _sealed_by(sealed)
        if name is None:
            return sealed
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise KeyRingLacksKey(
                f"A secret was sealed with a key that is not on the ring (key: {name.hex()}, on the ring: "
                f"{', '.join(one.hex() for one in self._ciphers) or 'none'}); put it back behind the current one"
            )
        start = len(_MARK) + _NAME_BYTES
        nonce, content = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            opened: bytes = cipher.decrypt(nonce, content, _authenticated(sealed, place))
        except InvalidTag:
            raise KeyRingLacksKey(
                f"A sealed secret was altered in the database, or moved to another row (key: {name.hex()}, place: "
                f"{place}); restore it from a copy"
            ) from None
        return opened

    def renewed(self, sealed: bytes, *, place: str) -> bytes:
        """The same secret under the current key and for its place; the very same bytes when it is so already.

        Raises:
            KeyRingLacksKey.
        """
        opened = self.open(sealed, place=place)
        is_current = _sealed_by(sealed) == self._current and not sealed.startswith(_UNPLACED)
        return sealed if is_current else self.seal(opened, place=place)


def _sealed_by(sealed: bytes) -> bytes | None:
    if len(sealed) <= _SHORTEST or not sealed.startswith((_MARK, _UNPLACED)):
        return None
    return sealed[len(_MARK) : len(_MARK) + _NAME_BYTES]


def _authenticated(sealed: bytes, place: str) -> bytes:
    return _UNPLACED if sealed.startswith(_UNPLACED) else _MARK + place.encode()


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"key ring\n" + key).digest()[:_NAME_BYTES]
