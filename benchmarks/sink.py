"""A receiver that does nothing but count: answers 204 to every POST on loopback and tells its count on a GET.

Run as ``python -m benchmarks.sink PORT [MORE]``; the same receiver serves our pipeline and the bare loop beside it.
MORE is how many further ports it listens at, each an origin of its own; GET /ports tells them. GET /last tells the last
POST, byte for byte.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import cast

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Count:
    """How many arrived, and when the first and the last did (monotonic seconds of this machine)."""

    def __init__(self) -> None:
        self.arrived = 0
        self.taken = b""
        self.first = self.last = 0.0

    def one(self, taken: bytes) -> None:
        self.taken = taken
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.arrived += 1


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, count: Count, ports: Sequence[int]) -> None:
        self._count = count
        self._ports = ports
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own transport is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:head_end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < head_end + 4 + length:
                return
            taken, self._buffer = self._buffer[: head_end + 4 + length], self._buffer[head_end + 4 + length :]
            self._answer(head, taken)

    def _answer(self, head: bytes, taken: bytes) -> None:
        if head.startswith(b"post"):
            self._count.one(taken)
            self._transport.write(ANSWER)
            return
        if head.startswith(b"get /reset"):
            self._count.__init__()  # type: ignore[misc]  # begins anew
        if head.startswith(b"get /last"):
            told = self._count.taken
        elif head.startswith(b"get /ports"):
            told = json.dumps(self._ports).encode()
        else:
            told = json.dumps({n: value for n, value in vars(self._count).items() if n != "taken"}).encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(told), told))


async def main(port: int, more: int) -> None:
    count, ports = Count(), list[int]()
    loop = asyncio.get_running_loop()
    for _ in range(more):
        origin = await loop.create_server(lambda: Sink(count, ports), "127.0.0.1", 0)
        ports.append(origin.sockets[0].getsockname()[1])
    server = await loop.create_server(lambda: Sink(count, ports), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
