"""What happened to an endpoint is told: in the log, in the numbers, and to its owner's other subscriptions."""

import asyncio
import logging
from datetime import datetime

from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.threads import Threads
from treaty_notifier.metrics import Metrics
from treaty_notifier.operational import (
    ClockNotice,
    asking,
    asking_about_clocks,
    clock_draft,
    operational_draft,
)
from treaty_notifier.outbox import Notice, Outbox
from treaty_notifier.subscriptions import Subscription

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
NOTICES_AT_ONCE = 100
PAGE = 200


class Herald:
    """Looks once a second. A notice is forgotten once it was told; a fault in between tells it twice, under one id."""

    def __init__(self, clerk: Clerk, outbox: Outbox, *, threads: Threads, metrics: Metrics) -> None:
        self._clerk = clerk
        self._outbox = outbox
        self._threads = threads
        self._metrics = metrics

    async def run(self) -> None:
        while True:
            await self._clerk.entered.wait()
            if await self._threads.call(self._tell):
                self._clerk.wake()
            await asyncio.sleep(LOOK_SECONDS)

    def _tell(self) -> bool:
        notices = self._outbox.dossiers.notices(limit=NOTICES_AT_ONCE)
        for notice in notices:
            about = self._outbox.subscription(notice.subscription_id)
            if about is not None:  # it may have been deleted meanwhile, and then concerns nobody
                self._tell_owner(notice, about)
        if notices:
            self._outbox.dossiers.told([notice.id for notice in notices])
        return bool(notices)

    def _tell_owner(self, notice: Notice, about: Subscription) -> None:
        facts = {"subscription": about.id, **notice.facts}
        LOG.warning("An endpoint is %s", notice.kind.value.replace("_", " "), extra={"facts": facts})
        self._metrics.notices.labels(kind=notice.kind.value).inc()
        for one in asking(self._subscriptions(about.owner), about=about, kind=notice.kind):
            draft = operational_draft(
                notice.kind, about=about, audience=one.id, notice_id=notice.id, at=notice.at, facts=notice.facts
            )
            self._outbox.add_probe(draft, subscription_id=one.id)

    def tell_of_clock(self, kind: ClockNotice, *, notifier: str, number: int, at: datetime, seconds: float) -> None:
        """To whoever asks for it; called on a thread of the outbox."""
        for one in asking_about_clocks(self._subscriptions(None), kind=kind):
            draft = clock_draft(kind, notifier=notifier, audience=one.id, number=number, at=at, seconds=seconds)
            self._outbox.add_probe(draft, subscription_id=one.id)
        self._metrics.notices.labels(kind=kind.value).inc()

    def _subscriptions(self, owner: str | None) -> list[Subscription]:
        found: list[Subscription] = []
        while True:
            page = self._outbox.subscriptions(owner=owner, after=found[-1].id if found else "", limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found
