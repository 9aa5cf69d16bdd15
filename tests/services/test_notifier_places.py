"""A fixed number of places: the quick never wait for the slow, nor what is new for what is late."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.services.test_notifier_clerk import BAD, GOOD, Clock, Endpoints, page, run, subscribed, until
from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.isolation import Allowance
from treaty_notifier.loops import Clerk, Limits
from treaty_notifier.loops.dispatcher import allowed
from treaty_notifier.loops.paces import Paces
from treaty_notifier.loops.places import Places, Room
from treaty_notifier.outbox import Dossier, Exchange, Lease, MemoryOutbox, Page, Parcel, Settlement, Turn, Wish
from treaty_notifier.sender import OutgoingWebhook

LIMITS = Limits(lanes=3, slow_lanes=2, late_lanes=1)


def turn(lane: str = "sub_a", *, epoch: int = 1, retries: int = 0, new: int = 1, **changes: object) -> Turn:
    parcels = tuple(
        Parcel(
            seq=seq,
            webhook_id=f"msg_{seq}",
            type="treaty.threshold.reached",
            body=b"{}",
            attempts=0,
            failures=0,
            is_exception=seq <= retries,
        )
        for seq in range(1, retries + new + 1)
    )
    lease = Lease(lane_id=lane, subscription_id=lane, epoch=epoch, cursor=0)
    whole = Turn(lease=lease, url=GOOD, secrets=(), parcels=parcels, scanned_to=len(parcels))
    return replace(whole, **changes)  # type: ignore[arg-type]  # fields of a turn


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_slow_turns_take_none_of_the_quick_ones_places() -> None:
    places = Places(LIMITS, seconds=Seconds())
    places.take(turn("sub_slow", is_slow=True))

    assert places.room() == Room(lanes=3, slow=1, late=1)


def test_late_turns_leave_places_for_what_is_new() -> None:
    places = Places(LIMITS, seconds=Seconds())
    late = turn("sub_late", is_late=True)
    places.take(late)
    assert places.room() == Room(lanes=2, slow=2, late=0)

    places.leave(late)

    assert places.room() == Room(lanes=3, slow=2, late=1)


def test_a_turn_that_takes_as_long_as_the_slow_ones_is_counted_among_them() -> None:
    seconds = Seconds()
    places = Places(LIMITS, seconds=seconds)
    for lane in "abc":
        places.take(turn(lane))
    assert places.room().lanes == 0

    seconds.now = 2.5

    assert places.room() == Room(lanes=2, slow=0, late=1)


def test_there_are_never_more_turns_than_places() -> None:
    seconds = Seconds()
    places = Places(LIMITS, seconds=seconds)
    for number in range(5):
        places.take(turn(f"sub_{number}"))
    seconds.now = 60

    assert places.room() == Room(lanes=0, slow=0, late=1)


def test_a_turn_whose_lane_was_claimed_again_leaves_the_new_one_its_place() -> None:
    places = Places(LIMITS, seconds=Seconds())
    stale, fresh = turn("sub_a", epoch=1), turn("sub_a", epoch=2)
    places.take(stale)
    places.take(fresh)

    places.leave(stale)

    assert places.room().lanes == 2


@pytest.mark.parametrize(("epoch", "kinds"), [(1, [True, False, True]), (2, [False, True, False])])
def test_where_few_may_be_sent_retries_and_what_is_new_take_turns(epoch: int, kinds: list[bool]) -> None:
    narrow = turn(epoch=epoch, retries=4, new=4, dossier=Dossier(allowance=Allowance(posts=3)))

    assert [parcel.is_exception for parcel in allowed(narrow, is_fifo=False)] == kinds
    assert [parcel.seq for parcel in allowed(narrow, is_fifo=True)] == [1, 2, 3]


def test_where_all_may_be_sent_they_go_in_the_order_of_the_log() -> None:
    wide = turn(retries=2, new=2)

    assert [parcel.seq for parcel in allowed(wide, is_fifo=False)] == [1, 2, 3, 4]


def test_a_few_quick_answers_must_speak_against_what_was_found_before() -> None:
    paces = Paces()
    assert paces.is_slow("a", was_slow=True)
    for _ in range(4):
        paces.note("a", 0.1)
    assert paces.is_slow("a", was_slow=True)

    paces.note("a", 0.1)

    assert not paces.is_slow("a", was_slow=True)


class Hanging(Endpoints):
    """One host answers only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def send(self, request: OutgoingWebhook, *, deadline_seconds: float) -> Answer | Failure:
        answer = await super().send(request, deadline_seconds=deadline_seconds)
        if request.url.startswith(BAD):
            await self.go_on.wait()
        return answer


def test_slow_endpoints_fill_their_own_places_and_nobody_elses() -> None:
    limits = Limits(poll_seconds=0.02, lanes=2, slow_lanes=1, parcels_per_slow_turn=1)
    outbox, endpoints = MemoryOutbox(new_key=b"k" * 32, clock=Clock()), Hanging()
    slow = [f"sub_slow_{number}" for number in range(5)]
    for id_ in slow:
        subscribed(outbox, id_, f"{BAD}{id_}")
    outbox.append(page(1, 1).drafts, expected=0, position=1)
    claimed = outbox.claim(owner="before", lanes=10, batch=1, lease_seconds=45).turns
    outbox.settle(
        [Settlement(lease=one.lease, cursor=one.lease.cursor, sent=(), is_slow=True) for one in claimed],
    )
    for number in range(5):
        subscribed(outbox, f"sub_quick_{number}", f"{GOOD}{number}")

    async def story(clerk: Clerk) -> None:
        await clerk.write(page(2, 40))
        await until(lambda: sum(url.startswith(GOOD) for url in endpoints.asked) == 5 * 40)
        assert sum(url.startswith(BAD) for url in endpoints.asked) == 1
        endpoints.go_on.set()
        await until(lambda: sum(url.startswith(BAD) for url in endpoints.asked) == 5 * 40)
        await until(lambda: all(outbox.census().max_lag == 0 for _ in slow))

    run(outbox, endpoints, story, limits=limits)

    assert len(set(endpoints.ids)) == len(endpoints.ids) == 10 * 40


def test_who_waits_for_a_place_gets_it_with_the_turn_that_ends_and_not_with_the_next_look() -> None:
    limits = Limits(poll_seconds=3600, lanes=2)
    outbox, endpoints = MemoryOutbox(new_key=b"k" * 32, clock=Clock()), Endpoints()
    for number in range(40):
        subscribed(outbox, f"sub_{number}", f"{GOOD}{number}")

    async def story(clerk: Clerk) -> None:
        await clerk.write(page(1, 1))
        await until(lambda: len(endpoints.asked) == 40)

    run(outbox, endpoints, story, limits=limits)

    assert len(set(endpoints.asked)) == 40


class Noting(MemoryOutbox):
    """Remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__(new_key=b"k" * 32, clock=Clock())
        self.late_lanes: list[tuple[bool, int | None]] = []
        self.attempts: list[int] = []

    def exchange(
        self, *, settlements: Sequence[Settlement] = (), page: Page | None = None, wish: Wish | None = None
    ) -> Exchange:
        if wish is not None:
            self.late_lanes.append((page is not None, wish.late_lanes))
        self.attempts.append(sum(len(one.sent) for one in settlements))
        return super().exchange(settlements=settlements, page=page, wish=wish)


def test_what_just_came_goes_before_whatever_is_late_and_then_the_late_ones_go_on() -> None:
    outbox, endpoints = Noting(), Endpoints()
    subscribed(outbox, "sub_a", GOOD)

    async def story(clerk: Clerk) -> None:
        await clerk.write(page(1, 3))
        await until(lambda: len(endpoints.asked) == 3)
        await until(lambda: outbox.late_lanes[-1] == (False, LIMITS.late_lanes))

    run(outbox, endpoints, story, limits=replace(LIMITS, poll_seconds=0.02, late_lanes_at_least=0))

    assert (True, 0) in outbox.late_lanes


def test_long_turns_are_booked_a_few_at_a_time() -> None:
    outbox, endpoints = Noting(), Endpoints()
    for number in range(10):
        subscribed(outbox, f"sub_{number}", f"{GOOD}{number}")

    async def story(clerk: Clerk) -> None:
        await clerk.write(page(1, 40))
        await until(lambda: sum(outbox.attempts) == 10 * 40)

    run(outbox, endpoints, story, limits=Limits(poll_seconds=0.02, attempts_per_commit=100))

    assert max(outbox.attempts) <= 100
    assert len(set(endpoints.ids)) == len(endpoints.ids) == 10 * 40
