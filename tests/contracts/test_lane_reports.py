"""Where a lane stands, told the same by every kind of outbox."""

from tests.contracts.outbox_world import World, append, claim, event, settled, subscribe
from treaty_notifier.deliveries import Dead, RetryIn
from treaty_notifier.outbox import LaneReport

AT_THE_START = LaneReport(
    cursor=0,
    behind=2,
    sequence=0,
    retrying=0,
    dead=0,
    served_at=None,
    paused_until=None,
    leased_until=None,
    is_slow=False,
)


def test_a_lane_that_never_had_a_turn_and_one_that_is_nobody_s(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))

    assert world.outbox.lane_reports(["sub_a", "sub_z"]) == {"sub_a": AT_THE_START}
    assert world.outbox.lane_reports([]) == {}


def test_a_lane_at_work_behind_with_debts_and_left_alone(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2), event(3))
    (first,) = claim(world.outbox, batch=1).turns
    held = world.outbox.lane_reports(["sub_a"])["sub_a"]
    world.outbox.settle([settled(first, RetryIn(delay_seconds=3_600))])
    (second,) = claim(world.outbox, batch=1).turns
    world.outbox.settle([settled(second, Dead(reason="for a test"))])
    owing = world.outbox.lane_reports(["sub_a"])["sub_a"]
    (third,) = claim(world.outbox, batch=1).turns
    world.outbox.settle([settled(third, RetryIn(delay_seconds=60, pause_seconds=60))])
    paused = world.outbox.lane_reports(["sub_a"])["sub_a"]

    assert held.leased_until is not None
    assert held.served_at is not None
    assert (owing.cursor, owing.behind, owing.sequence) == (2, 1, 2)
    assert (owing.retrying, owing.dead, owing.leased_until) == (1, 1, None)
    assert paused.paused_until is not None
    assert (paused.cursor, paused.behind, paused.retrying) == (3, 0, 2)
