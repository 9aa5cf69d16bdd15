"""Names to addresses on threads of our own: a dead domain must not hold up the living ones.

The event loop's default pool has six threads on two cores; twelve dead names then delay everybody by seconds. The
threads here are daemons, because a look-up cannot be interrupted and must not hold up the end of the process either.
"""

import asyncio
import contextlib
import socket
import threading
from ipaddress import ip_address
from typing import Protocol

LOOK_UPS_AT_ONCE = 64
DEADLINE_SECONDS = 5.0


class NamesUnresolved(OSError):
    """The name has no address, or none was found in time."""


class Resolver(Protocol):
    async def addresses(self, host: str, port: int) -> list[str]:
        """Every A and AAAA address that the name has now. Raises NamesUnresolved."""


class ThreadResolver:
    """The system's resolver with a deadline. Make it inside a running event loop."""

    def __init__(self, *, at_once: int = LOOK_UPS_AT_ONCE, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(at_once)
        self._deadline_seconds = deadline_seconds

    async def addresses(self, host: str, port: int) -> list[str]:
        if _is_literal(host):
            return [host]
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await self._room.acquire()
                return await self._look_up(host, port)
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise NamesUnresolved(f"The name has no address now (host: {host})") from error

    async def _look_up(self, host: str, port: int) -> list[str]:
        answer: asyncio.Future[list[str]] = self._loop.create_future()

        def work() -> None:
            try:
                found, error = _addresses(host, port), None
            except (OSError, UnicodeError) as raised:
                found, error = [], raised
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits for this any more
                self._loop.call_soon_threadsafe(self._answer, answer, found, error)

        threading.Thread(target=work, name=f"look-up {host}", daemon=True).start()
        return await answer

    def _answer(self, answer: asyncio.Future[list[str]], found: list[str], error: Exception | None) -> None:
        self._room.release()
        if answer.done():
            return  # the deadline was earlier
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(found)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
