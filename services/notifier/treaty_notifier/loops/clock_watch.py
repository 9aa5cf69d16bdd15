"""Watching the clocks: one that was set, and one that differs from the database's.

Leases, retries and pauses lie on the database's clock (PostgreSQL) or are moved when this machine's was set (SQLite).
The wall clock goes into signatures as it is, and receivers refuse what is five minutes off: so a wrong one is told.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from treaty_notifier.errors import OutboxOwned, OutboxUnavailable
from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.herald import Herald
from treaty_notifier.loops.threads import Threads
from treaty_notifier.metrics import Metrics
from treaty_notifier.operational import ClockNotice
from treaty_notifier.outbox import Outbox
from treaty_notifier.steady_clock import TOLERANCE_SECONDS, SteadyClock

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
UNTRUSTED_SECONDS = 150.0  # half of what receivers tolerate


class ClockWatch:
    """Looks once a second. ``skew_seconds`` is how far this machine's clock is ahead of the database's, as last seen;
    ``set_by_seconds`` is by how much it was last set, 0 when it never was. ``notifier`` names this process in notices.
    """

    def __init__(
        self,
        clerk: Clerk,
        outbox: Outbox,
        *,
        clock: SteadyClock,
        wall: Callable[[], datetime],
        threads: Threads,
        metrics: Metrics,
        herald: Herald,
        notifier: str,
    ) -> None:
        self._clerk = clerk
        self._outbox = outbox
        self._clock = clock
        self._wall = wall
        self._threads = threads
        self._metrics = metrics
        self._herald = herald
        self._notifier = notifier
        self._notices = 0
        self.skew_seconds = 0.0
        self.set_by_seconds = 0.0

    @property
    def fault(self) -> str | None:
        """What is wrong with this machine's clock, if much is."""
        if abs(self.skew_seconds) < UNTRUSTED_SECONDS:
            return None
        way = "ahead of" if self.skew_seconds > 0 else "behind"
        return (
            f"{abs(self.skew_seconds):.0f} s {way} the database's clock; receivers refuse signatures that are five "
            "minutes off"
        )

    async def run(self) -> None:
        while True:
            step = self._clock.step_seconds()
            if step:
                await self._follow(step)
            with suppress(OutboxUnavailable):  # others say so, and then nobody can be asked
                skew = await self._threads.call(lambda: self._outbox.clock_lag_seconds(self._wall))
                await self._note(skew or 0.0)
            await asyncio.sleep(LOOK_SECONDS)

    async def _follow(self, step: float) -> None:
        """The keeper moves what waits; whoever stands by has nothing to move."""
        is_moved = False
        if self._clerk.entered.is_set():
            with suppress(OutboxOwned):
                is_moved = await self._threads.call(
                    self._outbox.move_waits, timedelta(seconds=step), moved=self._clock.follow
                )
        if not is_moved:
            self._clock.follow()
        self.set_by_seconds = step
        self._metrics.clock_steps.inc()
        LOG.warning("This machine's clock was set", extra={"facts": {"seconds": round(step, 3), "moved": is_moved}})
        self._clerk.wake()
        if is_moved:  # beside PostgreSQL it is told by how much the two clocks differ
            await self._tell(ClockNotice.SET, step)

    async def _note(self, skew: float) -> None:
        was_off, is_off = abs(self.skew_seconds) > TOLERANCE_SECONDS, abs(skew) > TOLERANCE_SECONDS
        self.skew_seconds = skew
        self._metrics.clock_skew.set(skew)
        if is_off != was_off:
            text = "This machine's clock %s the database's"
            LOG.warning(text, "differs from" if is_off else "agrees with", extra={"facts": {"seconds": round(skew, 3)}})
            await self._tell(ClockNotice.OFF if is_off else ClockNotice.RIGHT, skew)

    async def _tell(self, kind: ClockNotice, seconds: float) -> None:
        self._notices += 1
        number, at = self._notices, self._wall()
        with suppress(OutboxUnavailable):  # it is in the log and in the numbers
            await self._threads.call(
                self._herald.tell_of_clock, kind, notifier=self._notifier, number=number, at=at, seconds=seconds
            )
        self._clerk.wake()
