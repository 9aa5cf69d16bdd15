"""The deadlines of all exchanges under way, on one timer of the event loop.

A timer for each exchange is set and cancelled at a tenth of what the exchange costs; nearly every exchange ends long
before its deadline, and most deadlines are equally far away, so one timer for the earliest of them seldom moves.
"""

import asyncio
import math
from collections.abc import Callable, Hashable

Expire = Callable[[], None]


class Deadlines:
    """Moments on the loop's clock, and what is called when one of them has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: dict[Hashable, tuple[float, Expire]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf

    def watch(self, key: Hashable, ends_at: float, expire: Expire) -> None:
        """``expire`` is called once at ``ends_at``, unless ``forget`` comes first. A key has one deadline."""
        self._watched[key] = ends_at, expire
        if ends_at < self._rings_at:
            self._set(ends_at)

    def forget(self, key: Hashable) -> None:
        self._watched.pop(key, None)

    def close(self) -> None:
        """Nothing is called any more."""
        self._watched.clear()
        self._set(math.inf)

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = at
        self._timer = None if math.isinf(at) else self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        now = max(self._loop.time(), self._rings_at)
        overdue = [(key, expire) for key, (ends_at, expire) in self._watched.items() if ends_at <= now]
        for key, expire in overdue:
            del self._watched[key]
            expire()
        self._set(min((ends_at for ends_at, _ in self._watched.values()), default=math.inf))
