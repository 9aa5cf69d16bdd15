"""``python -m treaty_notifier.scribe``: a process that does nothing but sign, for the notifier that started it.

An ed25519 signature costs more than everything else the event loop does for a delivery, and a thread would win nothing
by it: it had to win the interpreter back from the loop for every single one. Batch and keys come over a socket that
only these two processes hold, signatures go back the same way; the process ends when the socket does.
"""

import contextlib
import signal
import socket
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from treaty_notifier.ed25519 import entry_of
from treaty_notifier.webhook_signature import Signer

LENGTH_BYTES = 4  # of each frame, before it
RECEIVE_BYTES = 262_144
_SIGNERS_KEPT = 1_000


class Batch(msgspec.Struct, array_like=True, frozen=True):
    """What one subscription is to be sent: signed with all of ``secrets`` and ``seeds``, for the moment ``timestamp``.

    ``contents`` are webhook ids with the final bytes; ``number`` comes back with their signatures.
    """

    number: int
    secrets: tuple[bytes, ...]
    seeds: tuple[bytes, ...]
    timestamp: int
    contents: tuple[tuple[str, bytes], ...]


class Signatures(msgspec.Struct, array_like=True, frozen=True):
    """The values of ``webhook-signature`` for the letters of this number, in their order."""

    number: int
    values: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode
decode_batches = msgspec.msgpack.Decoder(list[Batch]).decode
decode_signatures = msgspec.msgpack.Decoder(list[Signatures]).decode


def frame(content: list[Batch] | list[Signatures]) -> bytes:
    """As it goes over the socket."""
    encoded = _encode(content)
    return len(encoded).to_bytes(LENGTH_BYTES) + encoded


class Frames:
    """Cuts what arrives into the frames that were sent."""

    def __init__(self) -> None:
        self._buffer = b""

    def cut(self, data: bytes) -> Iterator[bytes]:
        """The frames that are whole now."""
        self._buffer += data
        start = 0
        while len(self._buffer) >= start + LENGTH_BYTES:
            end = start + LENGTH_BYTES + int.from_bytes(self._buffer[start : start + LENGTH_BYTES])
            if len(self._buffer) < end:
                break
            yield self._buffer[start + LENGTH_BYTES : end]
            start = end
        self._buffer = self._buffer[start:]


def signed(batch: Batch) -> Signatures:
    sign = _signer(batch.secrets, batch.seeds).signature
    return Signatures(
        batch.number,
        tuple(sign(webhook_id=id_, timestamp=batch.timestamp, body=body) for id_, body in batch.contents),
    )


def serve(desk: socket.socket) -> None:
    """Sign what comes until the other end is gone. An empty frame says that we are ready."""
    frames = Frames()
    desk.sendall(frame([]))
    while data := desk.recv(RECEIVE_BYTES):
        for one in frames.cut(data):
            desk.sendall(frame([signed(batch) for batch in decode_batches(one)]))


@lru_cache(_SIGNERS_KEPT)
def _signer(secrets: tuple[bytes, ...], seeds: tuple[bytes, ...]) -> Signer:
    return Signer(secrets, keys=[entry_of(seed) for seed in seeds])


def main() -> None:
    # A terminal's Ctrl-C goes to both processes; the notifier is the one that says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError), socket.socket(fileno=0) as desk:
        serve(desk)


if __name__ == "__main__":
    main()
