"""Who is far behind the log: counted, told once, and told again when it has caught up."""

from tests.contracts.outbox_world import World, append, claim, event, settled, subscribe, world
from treaty_notifier.isolation import NoticeKind
from treaty_notifier.loops.lag_watch import Tide
from treaty_notifier.outbox import Dossier, Start
from treaty_notifier.subscriptions import Subscription, SubscriptionState

__all__ = ["world"]  # the fixture


def subscribed(world: World, id_: str) -> Subscription:
    """With a dossier, as every subscription of this release has one."""
    subscription = Subscription(**{**vars(subscribe(world.outbox, id_)), "id": f"{id_}_known"})
    world.outbox.remove_subscription(id_)
    world.outbox.add_subscription(subscription, secret=b"s" * 24, start=Start(), dossier=Dossier())
    return subscription


def test_lanes_that_have_not_come_past_a_line_are_counted_and_paused_ones_are_not(world: World) -> None:
    for id_ in ("sub_a", "sub_b", "sub_c"):
        subscribe(world.outbox, id_)
    append(world.outbox, event(1), event(2), event(3))
    first, _, third = sorted(claim(world.outbox).turns, key=lambda turn: turn.lease.subscription_id)
    world.outbox.settle([settled(first)])
    world.outbox.change_subscription(third.lease.subscription_id, state=SubscriptionState.PAUSED)

    found = world.outbox.behind(3)

    assert (found.head, found.slowest, dict(found.lanes)) == (3, 0, {"sub_b": 3})
    assert world.outbox.behind(0).lanes == {}


def test_being_far_behind_is_told_once_and_so_is_its_end(world: World) -> None:
    one, other = subscribed(world, "sub_a"), subscribed(world, "sub_b")
    dossiers = world.outbox.dossiers

    assert [dossiers.judge_lag(found) for found in ({one.id: 7}, {one.id: 9}, {}, {})] == [1, 0, 1, 0]
    notices = [(one.kind, one.subscription_id, dict(one.facts)) for one in dossiers.notices(limit=10)]
    assert notices == [(NoticeKind.LAGGING, one.id, {"messages_behind": 7}), (NoticeKind.CAUGHT_UP, one.id, {})]
    assert not dossiers.of([other.id])[other.id].conduct.is_lagging


def test_how_long_there_was_something_to_do_is_known_without_any_date() -> None:
    tide = Tide(kept_seconds=100)
    for at, head in ((0.0, 5), (10.0, 5), (20.0, 8), (30.0, 9)):
        tide.note(head, at=at)

    assert [tide.seconds_behind(cursor, at=40) for cursor in (0, 4, 5, 8, 9)] == [40, 40, 20, 10, 0]
    assert [tide.head_before(seconds, at=40) for seconds in (5, 10, 15, 40, 41)] == [9, 9, 8, 5, 0]
    tide.note(9, at=200)
    assert tide.seconds_behind(0, at=200) >= 100
