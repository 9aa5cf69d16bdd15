"""Who is far behind is told: how long each lane has had something before it, on no clock but this process's own."""

import asyncio
from collections import deque
from collections.abc import Callable

from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.threads import Threads
from treaty_notifier.metrics import Metrics
from treaty_notifier.outbox import Outbox

LOOK_SECONDS = 5.0


class Tide:
    """Where the log's end was, and when. Pure."""

    def __init__(self, *, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._marks: deque[tuple[float, int]] = deque()

    def note(self, head: int, *, at: float) -> None:
        """The end of the log is here now. Only when it moved is there something to remember."""
        if not self._marks or self._marks[-1][1] != head:
            self._marks.append((at, head))
        while len(self._marks) > 1 and at - self._marks[1][0] > self._kept_seconds:
            self._marks.popleft()

    def head_before(self, seconds: float, *, at: float) -> int:
        """Where the end was so long ago; 0 when nobody looked then."""
        return max((head for since, head in self._marks if at - since >= seconds), default=0)

    def seconds_behind(self, cursor: int, *, at: float) -> float:
        """For how long there has been something after this line."""
        return next((at - since for since, head in self._marks if head > cursor), 0.0)


class LagWatch:
    """Looks every five seconds. Being ``after_seconds`` behind is told, and its end as well."""

    def __init__(
        self,
        clerk: Clerk,
        outbox: Outbox,
        *,
        after_seconds: float,
        seconds: Callable[[], float],
        threads: Threads,
        metrics: Metrics,
    ) -> None:
        self._clerk = clerk
        self._outbox = outbox
        self._after_seconds = after_seconds
        self._seconds = seconds
        self._threads = threads
        self._metrics = metrics
        self._tide = Tide(kept_seconds=max(3600.0, 2 * after_seconds))

    async def run(self) -> None:
        while True:
            await self._clerk.entered.wait()
            await self._threads.call(self.look)
            await asyncio.sleep(min(LOOK_SECONDS, self._after_seconds / 4))

    def look(self) -> None:
        at = self._seconds()
        found = self._outbox.behind(self._tide.head_before(self._after_seconds, at=at))
        self._tide.note(found.head, at=at)
        self._metrics.lag_seconds.set(self._tide.seconds_behind(found.slowest, at=at))
        self._outbox.dossiers.judge_lag(found.lanes)
