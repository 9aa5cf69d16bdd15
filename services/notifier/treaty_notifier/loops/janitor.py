"""What strangers answered is not kept for ever."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.threads import Threads
from treaty_notifier.outbox import Outbox

LOOK_SECONDS = 3600.0
ANSWERS_AT_ONCE = 1000  # in one commit, so that nobody waits for it


class Janitor:
    """Empties old answers once an hour. That an attempt was made, and how it ended, stays."""

    def __init__(
        self, clerk: Clerk, outbox: Outbox, *, threads: Threads, clock: Callable[[], datetime], kept: timedelta
    ) -> None:
        self._clerk = clerk
        self._outbox = outbox
        self._threads = threads
        self._clock = clock
        self._kept = kept

    async def run(self) -> None:
        while True:
            await self._clerk.entered.wait()
            before = self._clock() - self._kept
            while await self._threads.call(self._outbox.forget_answers, before=before, limit=ANSWERS_AT_ONCE):
                await asyncio.sleep(0.1)  # others want to write as well
            await asyncio.sleep(LOOK_SECONDS)
