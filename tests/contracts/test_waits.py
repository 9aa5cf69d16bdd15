"""The machine's clock is set: what waits in the store waits as long as it was to wait."""

from datetime import timedelta

import pytest

from tests.contracts.outbox_world import World, append, claim, event, settled, subscribe, world
from treaty_notifier.deliveries import RetryIn
from treaty_notifier.isolation import Conduct, moved

__all__ = ["world"]  # the fixture


@pytest.mark.parametrize("step", [600.0, -600.0, -0.25])
def test_leases_retries_and_pauses_are_as_far_off_as_before(world: World, step: float) -> None:
    outbox = world.outbox
    for id_ in ("sub_leased", "sub_retried", "sub_paused"):
        subscribe(outbox, id_)
    append(outbox, event(1))
    turns = {turn.lease.subscription_id: turn for turn in claim(outbox).turns}
    retried = settled(turns["sub_retried"], RetryIn(delay_seconds=30))
    paused = settled(turns["sub_paused"], RetryIn(delay_seconds=40, pause_seconds=40))
    assert outbox.settle([retried, paused]) == [True, True]

    is_moved = outbox.move_waits(timedelta(seconds=step), moved=lambda: world.later(0))
    if world.kind == "postgres":
        assert is_moved is False, "its clock is the server's, which nobody here sets"
        return
    world.clock.now += timedelta(seconds=step)

    assert [claimed(world, after=seconds) for seconds in (29.9, 0.2, 9.8, 0.2, 4.7, 0.3)] == [
        [],
        ["sub_retried"],
        [],
        ["sub_paused"],
        [],
        ["sub_leased"],
    ]


def claimed(world: World, *, after: float) -> list[str]:
    """Whose turn it is after so many seconds more."""
    world.later(after)
    return [turn.lease.subscription_id for turn in claim(world.outbox).turns]


def test_a_bucket_is_as_full_and_a_span_of_failures_as_long_as_before() -> None:
    conduct = Conduct(failing_since=event(1).recorded_at, filled_at=event(2).recorded_at, tokens=0.5)

    assert moved(conduct, by=timedelta(minutes=-10)) == Conduct(
        failing_since=event(1).recorded_at - timedelta(minutes=10),
        filled_at=event(2).recorded_at - timedelta(minutes=10),
        tokens=0.5,
    )
    assert moved(Conduct(), by=timedelta(minutes=10)) == Conduct()
