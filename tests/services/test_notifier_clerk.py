"""One commit at a time: what the clerk does when a turn cannot be booked, and when it looks again by itself."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from treaty_notifier.consent import SenderName
from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.loops import Clerk, Dispatcher, Limits, Threads
from treaty_notifier.messages import FeedEvent, drafts
from treaty_notifier.metrics import Metrics
from treaty_notifier.outbox import Exchange, MemoryOutbox, Page, Settlement, Start, Wish
from treaty_notifier.schedule import Schedule
from treaty_notifier.sender import OutgoingWebhook
from treaty_notifier.subscriptions import Filter, Subscription

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BAD = "https://bad.example/"
GOOD = "https://good.example/"


class Unbookable(MemoryOutbox):
    """Breaks whenever a turn of one lane is to be booked, alone or with others."""

    bad_lane = "sub_bad"

    def exchange(
        self, *, settlements: Sequence[Settlement] = (), page: Page | None = None, wish: Wish | None = None
    ) -> Exchange:
        if any(one.lease.lane_id == self.bad_lane for one in settlements):
            raise RuntimeError("a value that the store does not take")
        return super().exchange(settlements=settlements, page=page, wish=wish)


class Endpoints:
    """Answers from a script, else 204, and remembers who was asked."""

    def __init__(self, *statuses: int) -> None:
        self.asked: list[str] = []
        self.ids: list[str] = []
        self._statuses = list(statuses)

    async def send(self, request: OutgoingWebhook, *, deadline_seconds: float) -> Answer | Failure:
        self.asked.append(request.url)
        self.ids.append(request.headers["webhook-id"])
        await asyncio.sleep(0)
        return Answer(status=self._statuses.pop(0) if self._statuses else 204)

    async def close(self) -> None:
        """Nothing is open."""


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def subscribed(outbox: MemoryOutbox, id_: str, url: str) -> None:
    subscription = Subscription(id=id_, owner="desk", url=url, description="", filter=Filter(), created_at=NOON)
    outbox.add_subscription(subscription, secret=b"s" * 32, start=Start())


def page(first: int, last: int) -> Page:
    events = [
        FeedEvent(
            position=position,
            event_id=f"event-{position}",
            type="treaty.threshold.reached",
            category="milestone",
            treaty="XVIII-16",
            livemode=True,
            recorded_at=NOON,
            data={},
        )
        for position in range(first, last + 1)
    ]
    return Page(drafts=drafts(events), expected=first - 1, position=last)


@contextmanager
def threads() -> Iterator[Threads]:
    one = Threads(count=1)
    try:
        yield one
    finally:
        one.close()


def run(
    outbox: MemoryOutbox,
    endpoints: Endpoints,
    story: Callable[[Clerk], Awaitable[None]],
    *,
    poll_seconds: float = 0.02,
    delays: tuple[float, ...] = (0.0,),
    limits: Limits | None = None,
) -> Metrics:
    """The story told beside a running clerk and dispatcher, ended in order; the numbers they left."""
    metrics, limits = Metrics(), limits or Limits(poll_seconds=poll_seconds)

    async def whole(pool: Threads) -> None:
        clerk = Clerk(outbox, owner="one", limits=limits, threads=pool, metrics=metrics)
        dispatcher = Dispatcher(
            clerk,
            endpoints,
            user_agent="test",
            sender=SenderName(),
            schedule=Schedule(delays_seconds=delays),
            limits=limits,
            metrics=metrics,
            clock=lambda: NOON,
            jitter=lambda: random.uniform(-1, 1),
        )
        running = asyncio.create_task(dispatcher.run())
        async with asyncio.timeout(20):
            await story(clerk)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await dispatcher.finish()

    with threads() as pool:
        asyncio.run(whole(pool))
    return metrics


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def test_a_turn_that_cannot_be_booked_holds_up_nobody_and_is_not_repeated_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    outbox, endpoints = Unbookable(new_key=b"k" * 32, clock=clock), Endpoints()
    subscribed(outbox, "sub_bad", BAD)
    subscribed(outbox, "sub_good", GOOD)

    async def story(clerk: Clerk) -> None:
        await clerk.write(page(1, 3))
        for times in (1, 2, 3):
            await until(lambda times=times: endpoints.asked.count(BAD) == 3 * times)  # type: ignore[misc]  # bound now
            await until(lambda times=times: len(caplog.records) == times)  # type: ignore[misc]  # bound now
            clock.now += timedelta(seconds=6)
        await clerk.write(page(4, 4))
        await until(lambda: endpoints.asked.count(GOOD) == 4)
        await asyncio.sleep(0.1)  # several polls: time enough to repeat it, were it not left alone

    metrics = run(outbox, endpoints, story)

    assert endpoints.asked.count(BAD) == 9
    assert len({one for one, url in zip(endpoints.ids, endpoints.asked, strict=True) if url == BAD}) == 3
    assert [record.facts["seconds"] for record in caplog.records] == [5.0, 5.0, 3600.0]  # type: ignore[attr-defined]  # given as extra
    assert metrics.registry.get_sample_value("treaty_notifier_parked_lanes_total") == 3
    assert outbox.census().max_lag == 4  # of the bad lane: nothing is lost, it waits


def test_a_retry_is_sent_when_it_is_due_and_not_with_the_next_poll() -> None:
    outbox = MemoryOutbox(new_key=b"k" * 32, clock=lambda: datetime.now(UTC))
    endpoints = Endpoints(503)
    subscribed(outbox, "sub_good", GOOD)

    async def story(clerk: Clerk) -> None:
        await clerk.write(page(1, 1))
        await until(lambda: len(endpoints.asked) == 2)

    run(outbox, endpoints, story, poll_seconds=3600, delays=(0.0, 0.05))

    assert len(set(endpoints.ids)) == 1


def test_a_page_is_on_its_way_when_it_is_written() -> None:
    outbox, endpoints = MemoryOutbox(new_key=b"k" * 32, clock=lambda: datetime.now(UTC)), Endpoints()
    subscribed(outbox, "sub_good", GOOD)

    async def story(clerk: Clerk) -> None:
        assert (await clerk.write(page(1, 2))).position == 2
        assert outbox.census().lanes_leased == 1
        await until(lambda: len(endpoints.asked) == 2)

    run(outbox, endpoints, story, poll_seconds=3600)

    assert outbox.census().max_lag == 0  # what was sent before the end is booked before the end
