"""Nobody waits for the dead: the leases of notifiers that are gone are given back."""

import asyncio
from contextlib import suppress

from treaty_notifier.errors import OutboxOwned
from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.threads import Threads
from treaty_notifier.outbox import Outbox

REAP_SECONDS = 1.0


class Reaper:
    """Looks once a second, beside the books and not between them."""

    def __init__(self, clerk: Clerk, outbox: Outbox, *, threads: Threads) -> None:
        self._clerk = clerk
        self._outbox = outbox
        self._threads = threads

    async def run(self) -> None:
        while True:
            await self._clerk.entered.wait()
            with suppress(OutboxOwned):  # the clerk finds out as well, and stands by
                if await self._threads.call(self._outbox.reap):
                    self._clerk.wake()
            await asyncio.sleep(REAP_SECONDS)
