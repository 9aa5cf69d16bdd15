"""A loop that ends by a fault is started again, and says so."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from treaty_notifier.errors import OutboxUnavailable
from treaty_notifier.metrics import Metrics

LOG = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS = 5.0
SHORTEST_PAUSE_SECONDS = 0.1
WELL_AFTER_SECONDS = 10.0
WELL_AGAIN_SECONDS = 1.0  # after the database came back


class Supervised:
    """Runs ``work`` until cancelled."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]], *, metrics: Metrics) -> None:
        self.name = name
        self._work = work
        self._metrics = metrics
        self._faults = 0
        self._fault: str | None = None
        self._well_after_seconds = WELL_AFTER_SECONDS
        self._started_seconds = 0.0

    @property
    def fault(self) -> str | None:
        """The kind of the last fault, until the loop has lived long enough since to be called well."""
        lived_seconds = asyncio.get_running_loop().time() - self._started_seconds
        return None if lived_seconds > self._well_after_seconds else self._fault

    async def run(self) -> None:
        while True:
            self._started_seconds = asyncio.get_running_loop().time()
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001  (the supervisor's whole purpose; cancellation passes through)
                self._note(error)
            await asyncio.sleep(self._pause_seconds())

    def _note(self, error: Exception) -> None:
        self._faults = self._faults + 1 if self.fault else 1
        self._metrics.restarts.labels(loop=self.name).inc()
        if isinstance(error, OutboxUnavailable):  # no fault of ours, and readiness asks the database itself
            self._fault, self._well_after_seconds = error.reason, WELL_AGAIN_SECONDS
            LOG.warning("A loop waits for the database. %s", error, extra={"facts": {"loop": self.name}})
            return
        self._fault, self._well_after_seconds = type(error).__name__, WELL_AFTER_SECONDS
        LOG.error("A loop ended by a fault and is started again", exc_info=error, extra={"facts": {"loop": self.name}})

    def _pause_seconds(self) -> float:
        longest = min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2.0 ** min(self._faults, 10))
        return random.uniform(longest / 2, longest)  # noqa: S311  (spreads restarts, keeps no secret)
