"""A small HTTP/1.1 load client: a fixed set of prepared requests over kept-alive loopback connections.

Bounded in count and time. Anything but the expected status is a failure and is counted as one.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address


@dataclass
class Load:
    """What came of it: answers per second, latencies in milliseconds, failures."""

    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class _Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is complete."""

    def __init__(
        self, requests: Iterator[bytes], load: Load, expected: int, ends_at: float, done: asyncio.Future[None]
    ) -> None:
        self._requests = requests
        self._load = load
        self._expected = expected
        self._ends_at = ends_at
        self._done = done
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        now = time.perf_counter()
        request = next(self._requests, None) if now < self._ends_at else None
        if request is None:
            self._transport.close()
            return
        self._sent_at = now
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        status = int(self._buffer[9:12])
        if status != 304 and len(self._buffer) < head_end + 4 + _content_length(self._buffer, head_end):
            return
        self._buffer = b""
        load = self._load
        load.statuses[status] = load.statuses.get(status, 0) + 1
        if status == self._expected:
            load.answered += 1
            load.latencies_ms.append((time.perf_counter() - self._sent_at) * 1000)
        else:
            load.failed += 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self._done.done():
            self._done.set_result(None)


def _content_length(buffer: bytes, head_end: int) -> int:
    at = buffer.lower().find(b"content-length:", 0, head_end)
    return int(buffer[at + 15 : buffer.find(b"\r\n", at)]) if at >= 0 else 0


async def drive(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, expected: int, host: str = "127.0.0.1"
) -> Load:
    """Send the requests in order over so many connections until they run out or time is up."""
    if not ip_address(host).is_loopback:
        raise ValueError("Load goes to loopback only.")
    loop = asyncio.get_running_loop()
    load = Load()
    pending = iter(requests)
    began = time.perf_counter()
    finished = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        finished.append(done)
        await loop.create_connection(
            lambda done=done: _Client(pending, load, expected, began + seconds, done),
            host,
            port,  # type: ignore[misc]  # binds the loop's value
        )
    await asyncio.wait_for(asyncio.gather(*finished), timeout=seconds + 30)
    load.seconds = time.perf_counter() - began
    return load


def get(path: str, *, headers: dict[str, str] | None = None) -> bytes:
    """A prepared GET."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{extra}\r\n".encode()


def post(path: str, body: bytes, *, headers: dict[str, str] | None = None) -> bytes:
    """A prepared POST of a JSON body."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    head += f"content-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body
