"""What is asked for once more while an attempt is under way is sent after it, however that one ends."""

import json

import pytest

from tests.contracts.outbox_world import World, append, claim, event, settled, subscribe
from treaty_notifier.deliveries import Dead, Decision, Delivered, DeliveryState, RetryIn

ENDS = pytest.mark.parametrize(
    "end",
    [Dead(reason="all 10 attempts failed"), RetryIn(delay_seconds=3600), Delivered()],
    ids=["dead", "retry", "delivered"],
)


@ENDS
def test_asked_for_during_the_first_attempt_it_is_sent_once_more(world: World, end: Decision) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))
    (first,) = claim(world.outbox, batch=1).turns

    assert world.outbox.redeliver(subscription_id="sub_a", seq=1)
    world.outbox.settle([settled(first, end)])
    (again,) = claim(world.outbox, batch=1).turns

    assert [(one.seq, one.attempts, one.failures, one.is_exception) for one in again.parcels] == [(1, 1, 0, True)]
    assert json.loads(again.parcels[0].body).get("resend", False) == isinstance(end, Delivered)
    world.outbox.settle([settled(again)])
    assert [one.seq for one in claim(world.outbox, batch=1).turns[0].parcels] == [2]


@ENDS
def test_asked_for_during_a_retry_it_is_sent_once_more(world: World, end: Decision) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (first,) = claim(world.outbox).turns
    world.outbox.settle([settled(first, RetryIn(delay_seconds=5))])
    world.later(6)
    (retry,) = claim(world.outbox).turns

    assert world.outbox.redeliver(subscription_id="sub_a", seq=1)
    world.outbox.settle([settled(retry, end)])
    (again,) = claim(world.outbox).turns

    assert [(one.seq, one.attempts, one.failures) for one in again.parcels] == [(1, 2, 0)]
    assert json.loads(again.parcels[0].body).get("resend", False) == isinstance(end, Delivered)
    world.outbox.settle([settled(again)])
    assert claim(world.outbox).turns == ()


def test_asked_for_during_what_was_asked_for_it_is_sent_once_more_and_no_oftener(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (first,) = claim(world.outbox).turns
    world.outbox.settle([settled(first, Dead(reason="all 10 attempts failed"))])
    world.outbox.redeliver(subscription_id="sub_a", seq=1)
    (second,) = claim(world.outbox).turns

    world.outbox.redeliver(subscription_id="sub_a", seq=1)
    world.outbox.redeliver(subscription_id="sub_a", seq=1)
    world.outbox.settle([settled(second, Dead(reason="all 10 attempts failed"))])
    (third,) = claim(world.outbox).turns
    world.outbox.settle([settled(third, Dead(reason="all 10 attempts failed"))])

    assert claim(world.outbox).turns == ()
    (dead,) = world.outbox.deliveries("sub_a", before=None, limit=10, state=DeliveryState.DEAD)
    assert len(dead.attempts) == 3


def test_where_the_first_attempt_was_never_booked_it_is_made_again_before_what_was_asked_for(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    claim(world.outbox)
    world.outbox.redeliver(subscription_id="sub_a", seq=1)
    world.outbox.release(owner="one")

    (first,) = claim(world.outbox).turns
    assert [(one.seq, one.is_exception) for one in first.parcels] == [(1, False)]
    world.outbox.settle([settled(first, Dead(reason="all 10 attempts failed"))])
    (again,) = claim(world.outbox).turns
    assert [(one.seq, one.is_exception) for one in again.parcels] == [(1, True)]
