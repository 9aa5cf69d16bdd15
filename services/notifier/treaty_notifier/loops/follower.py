"""From the feed into the message log: position and messages in one commit."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from treaty_notifier.errors import FeedError, PositionTaken, StatusUnreachable
from treaty_notifier.feed import Feed, FeedPage
from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.messages import drafts
from treaty_notifier.metrics import Metrics
from treaty_notifier.outbox import Page, Progress

LOG = logging.getLogger(__name__)
PAGE_EVENTS = 500
LONG_POLL_SECONDS = 20.0
LONGEST_PAUSE_SECONDS = 5.0


class Follower:
    """Reads the feed from where the outbox stands. ``head`` is the last position the feed is known to hold.

    ``jitter`` gives a share between 0 and 1; ``progress`` is asked where the outbox stands at the start.
    """

    def __init__(
        self,
        feed: Feed,
        clerk: Clerk,
        *,
        progress: Callable[[], Awaitable[Progress]],
        metrics: Metrics,
        jitter: Callable[[], float],
    ) -> None:
        self.head: int | None = None
        self.position = 0
        self.is_reachable = False
        self._feed = feed
        self._clerk = clerk
        self._progress = progress
        self._metrics = metrics
        self._jitter = jitter

    async def run(self) -> None:
        self.position = (await self._progress()).position
        failures = 0
        while True:
            try:
                # The first question after trouble is not a long poll: readiness should not have to wait for an event.
                wait = LONG_POLL_SECONDS if self.is_reachable else 0.0
                page = await self._feed.page(after=self.position, limit=PAGE_EVENTS, wait_seconds=wait)
            except StatusUnreachable as error:
                self._note_unreachable(error)
                failures += 1
                await asyncio.sleep(self._pause_seconds(failures))
                continue
            failures = 0
            await self._digest(page)

    async def _digest(self, page: FeedPage) -> None:
        self.is_reachable = True
        self.head = page.head
        if page.head < self.position:
            raise FeedError(
                f"The feed is shorter than what was digested: another log, or one restored from an older copy "
                f"(head: {page.head}, digested: {self.position}); point the notifier at the right service or start "
                "it on an empty database"
            )
        if page.next > self.position:
            try:
                await self._clerk.write(Page(drafts=drafts(page.events), expected=self.position, position=page.next))
                self.position = page.next
            except PositionTaken as taken:
                self.position = taken.actual
        self._metrics.position.set(self.position)
        self._metrics.head.set(page.head)

    def _note_unreachable(self, error: StatusUnreachable) -> None:
        if self.is_reachable:
            LOG.warning(str(error), extra={"facts": {"position": self.position}})
        self.is_reachable = False

    def _pause_seconds(self, failures: int) -> float:
        return min(LONGEST_PAUSE_SECONDS, 0.1 * 2.0 ** min(failures, 10)) * (0.5 + 0.5 * self._jitter())
