"""Nobody waits for what others are behind with: the slow, the late and those that look long have their own places."""

from dataclasses import replace

import pytest

from tests.contracts.outbox_world import World, append, claim, event, settled, subscribe
from treaty_notifier.deliveries import RetryIn
from treaty_notifier.outbox import Claim, Outbox, Start, Turn, Wish, pulling
from treaty_notifier.outbox.port import LATE_LINES
from treaty_notifier.subscriptions import Filter

PAGE = 500


def wished(outbox: Outbox, **changes: int) -> Claim:
    usual = Wish(owner="one", lanes=10, batch=16, lease_seconds=45)
    found = outbox.exchange(wish=replace(usual, **changes))  # type: ignore[arg-type]  # the numbers among the fields
    return found.claim


def lanes_of(found: Claim) -> list[str]:
    return sorted(turn.lease.lane_id for turn in found.turns)


def make_slow(outbox: Outbox, *turns: Turn, is_slow: bool = True) -> None:
    outbox.settle([replace(settled(turn), is_slow=is_slow) for turn in turns])


def long_log(outbox: Outbox, lines: int = LATE_LINES + PAGE) -> None:
    for first in range(1, lines + 1, PAGE):
        append(outbox, *(event(position) for position in range(first, first + PAGE)))


def test_slow_endpoints_have_places_of_their_own_and_small_turns(world: World) -> None:
    for id_ in ("sub_a", "sub_b", "sub_quick"):
        subscribe(world.outbox, id_)
    append(world.outbox, event(1))
    first = {turn.lease.lane_id: turn for turn in claim(world.outbox).turns}
    make_slow(world.outbox, first["sub_a"], first["sub_b"])
    world.outbox.settle([settled(first["sub_quick"])])
    append(world.outbox, *(event(position) for position in range(2, 12)))

    one_slow = wished(world.outbox, slow_lanes=1, slow_batch=4)
    no_slow = wished(world.another(), slow_lanes=0)

    (slow,) = [turn for turn in one_slow.turns if turn.is_slow]
    assert len(slow.parcels) == 4
    assert [len(turn.parcels) for turn in one_slow.turns if not turn.is_slow] == [10]
    assert no_slow.turns == ()
    assert len(wished(world.outbox, slow_lanes=1).turns) == 1


def test_an_endpoint_that_has_become_quick_again_is_served_like_all_others(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))
    (turn,) = claim(world.outbox, batch=1).turns
    make_slow(world.outbox, turn)
    (turn,) = claim(world.outbox, batch=1).turns
    assert turn.is_slow

    make_slow(world.outbox, turn, is_slow=False)
    append(world.outbox, event(3))

    (turn,) = wished(world.outbox, slow_lanes=0).turns
    assert not turn.is_slow


def test_who_finds_no_place_keeps_its_turn(world: World) -> None:
    subscribe(world.outbox, "sub_slow")
    append(world.outbox, event(1))
    make_slow(world.outbox, *claim(world.outbox).turns)
    subscribe(world.outbox, "sub_quick")
    append(world.outbox, event(2), event(3))

    assert lanes_of(wished(world.outbox, slow_lanes=0)) == ["sub_quick"]
    assert lanes_of(wished(world.outbox, slow_lanes=1, lanes=1)) == ["sub_slow"]


def test_what_is_new_finds_a_place_however_many_are_far_behind(world: World) -> None:
    for number in range(3):
        subscribe(world.outbox, f"sub_behind_{number}", filter=Filter(types=("treaty.threshold.*",)))
    long_log(world.outbox)
    subscribe(world.outbox, "sub_new", start=Start(after_position=world.outbox.progress().position))
    lane = claim(world.outbox, owner="first", lanes=1, batch=1)  # somebody else serves one of those behind
    assert lane.turns[0].is_late
    append(world.outbox, event(LATE_LINES + PAGE + 1))

    found = wished(world.outbox, late_lanes=1)

    assert [turn.lease.lane_id for turn in found.turns if not turn.is_late] == ["sub_new"]
    assert sum(turn.is_late for turn in found.turns) == 1
    assert wished(world.outbox, late_lanes=0).turns == ()


def test_retries_alone_take_only_the_places_of_the_late_ones(world: World) -> None:
    subscribe(world.outbox, "sub_failing")
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn, RetryIn(delay_seconds=1))])
    world.later(2)

    assert wished(world.outbox, late_lanes=0).turns == ()
    (again,) = wished(world.outbox, late_lanes=1).turns
    assert again.is_late
    assert [parcel.is_exception for parcel in again.parcels] == [True]


def test_what_is_taken_up_by_a_pull_is_read_a_turn_at_a_time(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 301)))
    pulled = world.outbox.pull("sub_a", after=0, until=None, limit=250)
    assert pulled is not None
    assert pulled.head == 250

    sent: list[int] = []
    for _ in range(5):
        (turn,) = claim(world.outbox, batch=64).turns
        sent += [parcel.place.sequence for parcel in turn.parcels if parcel.place is not None]
        world.outbox.settle([settled(turn)])

    assert sent == [*range(1, len(sent) + 1)]
    assert len(sent) > 250


@pytest.mark.parametrize("lanes", [8])
def test_lanes_that_look_long_for_nothing_leave_the_claim_to_others(world: World, lanes: int) -> None:
    for number in range(lanes):
        subscribe(world.outbox, f"sub_nothing_{number}", filter=Filter(types=("never.comes",)))
    long_log(world.outbox, LATE_LINES + 2 * PAGE)
    subscribe(world.outbox, "sub_new", start=Start(after_position=world.outbox.progress().position))
    append(world.outbox, event(LATE_LINES + 2 * PAGE + 1))

    found, claims = wished(world.outbox), 1
    while not found.turns:
        assert found.has_more
        found, claims = wished(world.outbox), claims + 1

    assert lanes_of(found) == ["sub_new"]
    assert claims < 4


def test_a_pull_goes_on_where_the_one_before_stopped_looking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "MOST_COMMITS", 1)
    monkeypatch.setattr(pulling, "SCANS_TOGETHER", 1)
    subscribe(world.outbox, filter=Filter(types=("rare.event",)))
    append(world.outbox, event(1, type="rare.event"))
    (held,) = claim(world.outbox).turns  # taken up, and not attempted: the endpoint does not answer
    for first in range(2, 5 * PAGE, PAGE):
        append(world.outbox, *(event(position) for position in range(first, first + PAGE)))
    append(world.outbox, event(5 * PAGE + 2, type="rare.event"))

    pulls = [world.outbox.pull("sub_a", after=0, until=None, limit=10) for _ in range(7)]

    assert pulls[-1] is not None
    assert [one.sequence for one in pulls[-1].deliveries] == [1, 2]
    assert not pulls[-1].has_more
    world.outbox.settle([settled(held)])
    (turn,) = claim(world.outbox).turns
    assert [parcel.place.sequence for parcel in turn.parcels if parcel.place is not None] == [2]
    assert world.outbox.settle([settled(turn)]) == [True]
    assert claim(world.outbox).turns == ()
    assert world.outbox.census().max_lag == 0
