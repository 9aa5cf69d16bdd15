"""Names to addresses on threads of our own: a dead domain must not hold up the living ones.

The event loop's default pool has six threads on two cores; twelve dead names then delay everybody by seconds.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

THREADS = 64
DEADLINE_SECONDS = 5.0


class NamesUnresolved(OSError):
    """The name has no address, or none was found in time."""


class Resolver(Protocol):
    async def addresses(self, host: str, port: int) -> list[str]:
        """Every A and AAAA address that the name has now. Raises NamesUnresolved."""


class ThreadResolver:
    """The system's resolver with a deadline."""

    def __init__(self, *, threads: int = THREADS, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="names")
        self._deadline_seconds = deadline_seconds

    async def addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline_seconds):
                found = await loop.run_in_executor(self._pool, _look_up, host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise NamesUnresolved(f"The name has no address now (host: {host})") from error
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)  # type: ignore[return-value]  # 4-tuples on IPv6
