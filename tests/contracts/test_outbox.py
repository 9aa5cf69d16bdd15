"""What the outbox promises, the same in memory, on SQLite and on PostgreSQL."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contracts.outbox_world import (
    KEY,
    NOON,
    SECRET,
    Clock,
    World,
    append,
    claim,
    event,
    own,
    settled,
    subscribe,
)
from treaty_notifier.deliveries import Dead, DeliveryState, Outcome, RetryIn
from treaty_notifier.ed25519 import key_name
from treaty_notifier.errors import OutboxOwned, PositionTaken, RotationRefused, SubscriptionLimit
from treaty_notifier.messages import FeedEvent, drafts, probe_draft
from treaty_notifier.outbox import Dossier, Outbox, Page, Settlement, SigningKey, SqlOutbox, Start, Wish
from treaty_notifier.subscriptions import Filter, Subscription, SubscriptionState


def test_position_and_messages_move_in_one_step_and_for_one_follower_only(world: World) -> None:
    first, second = world.outbox, world.another()
    append(first, event(3), event(7))

    with pytest.raises(PositionTaken) as taken:
        second.append(drafts([event(3), event(7)]), expected=0, position=7)

    assert taken.value.actual == 7
    assert second.progress() == first.progress()
    assert (first.progress().position, first.progress().seq) == (7, 2)


def page(outbox: Outbox, *events: FeedEvent) -> Page:
    return Page(drafts=drafts(events), expected=outbox.progress().position, position=events[-1].position)


WISH = Wish(owner="one", lanes=10, batch=16, lease_seconds=45)


def test_what_a_page_brings_is_claimed_in_the_commit_that_writes_it(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (first,) = claim(world.outbox).turns

    done = world.outbox.exchange(settlements=[settled(first)], page=page(world.outbox, event(2), event(3)), wish=WISH)

    assert done.booked == (True,)
    assert (done.is_taken, done.progress) == (False, world.another().progress())
    (turn,) = done.claim.turns
    assert [own(parcel.body) for parcel in turn.parcels] == [one.body for one in drafts([event(2), event(3)])]
    assert claim(world.another(), owner="two").turns == ()


def test_a_page_that_comes_too_late_holds_up_nothing_else(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    late = page(world.outbox, event(2))
    append(world.another(), event(2))

    done = world.outbox.exchange(settlements=[settled(turn)], page=late, wish=WISH)

    assert done.is_taken
    assert done.progress == world.outbox.progress()
    assert done.booked == (True,)
    assert [parcel.seq for parcel in done.claim.turns[0].parcels] == [2]


def test_a_commit_that_fails_leaves_nothing_behind_not_even_in_memory(database_dsn: str) -> None:
    outbox = SqlOutbox(database_dsn, new_key=KEY, clock=Clock(NOON))
    subscribe(outbox)
    endless = Wish(owner="one", lanes=10, batch=16, lease_seconds=float("inf"))

    with pytest.raises(OverflowError):
        outbox.exchange(page=page(outbox, event(1)), wish=endless)

    assert (outbox.progress().position, outbox.progress().seq) == (0, 0)
    append(outbox, event(2))
    (turn,) = claim(outbox).turns
    assert [own(parcel.body) for parcel in turn.parcels] == [drafts([event(2)])[0].body]
    outbox.close()


def test_messages_are_read_alike_whoever_wrote_them(world: World) -> None:
    """Several hundred lines, so that whole blocks, half blocks and lines of the own page are all read."""
    subscribe(world.outbox)
    bodies = []
    other = world.another()
    for first in (1, 100, 129, 200):
        events = [event(first + place) for place in range(60 if first != 100 else 29)]
        bodies += [one.body for one in drafts(events)]
        append(world.outbox if first % 2 else other, *events)
    sent = []
    while turns := claim(world.outbox, batch=50).turns:
        sent += [own(parcel.body) for parcel in turns[0].parcels]
        world.outbox.settle([settled(turns[0])])

    assert sent == bodies
    known = world.outbox.deliveries("sub_a", before=None, limit=500, state=DeliveryState.DELIVERED)
    assert [one.seq for one in known] == [one.sequence for one in known] == list(range(len(bodies), 0, -1))
    told = {(tried.number, tried.status_code, tried.response, tried.peer) for one in known for tried in one.attempts}
    assert told == {(1, 204, b"answer", "203.0.113.9")}
    assert {tried.started_at for one in known for tried in one.attempts} == {NOON}


def test_a_lane_that_is_parked_is_left_alone_for_a_while_and_keeps_what_it_owes(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns

    assert world.outbox.park(turn.lease, seconds=60)

    assert not world.outbox.park(turn.lease, seconds=60)
    assert world.outbox.settle([settled(turn)]) == [False]
    assert claim(world.outbox).turns == ()
    world.later(61)
    assert [parcel.seq for parcel in claim(world.outbox).turns[0].parcels] == [1]


def test_the_outbox_says_when_something_is_due_next(world: World) -> None:
    subscribe(world.outbox)
    assert world.outbox.exchange().due_seconds == float("inf")
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns

    due_seconds = world.outbox.exchange(settlements=[settled(turn, RetryIn(delay_seconds=300))], wish=WISH).due_seconds

    assert due_seconds is not None
    assert 200 < due_seconds <= 300


def test_a_page_without_events_moves_the_position_alone(world: World) -> None:
    world.outbox.append([], expected=0, position=40)

    assert (world.outbox.progress().position, world.outbox.progress().seq) == (40, 0)


def test_a_message_is_given_out_with_its_bytes_its_id_and_the_secret(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))

    (turn,) = claim(world.outbox).turns

    (parcel,) = turn.parcels
    assert own(parcel.body) == drafts([event(1)])[0].body
    assert parcel.webhook_id.startswith("msg_")
    assert (parcel.attempts, parcel.failures, parcel.is_exception) == (0, 0, False)
    assert (turn.url, turn.secrets, turn.scanned_to) == ("https://example.org/", (SECRET,), 1)


def test_a_leased_lane_is_nobody_elses_until_the_lease_ends(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox, owner="one").turns

    assert claim(world.another(), owner="two").turns == ()
    world.later(46)
    (again,) = claim(world.another(), owner="two").turns

    assert again.parcels[0].webhook_id == turn.parcels[0].webhook_id
    assert again.lease.epoch == turn.lease.epoch + 1


def test_who_lost_the_lease_books_nothing(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (frozen,) = claim(world.outbox, owner="one").turns
    world.later(46)
    (turn,) = claim(world.outbox, owner="two").turns

    assert world.outbox.settle([settled(frozen, RetryIn(delay_seconds=5))]) == [False]
    assert world.outbox.settle([settled(turn)]) == [True]
    assert world.outbox.settle([settled(turn)]) == [False]
    (delivery,) = world.outbox.deliveries("sub_a", before=None, limit=10, state=None)
    assert [(one.number, one.outcome) for one in delivery.attempts] == [(1, Outcome.OK)]


def test_a_booked_turn_is_not_given_out_again(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))
    (turn,) = claim(world.outbox).turns

    world.outbox.settle([settled(turn)])

    assert claim(world.outbox).turns == ()
    states = [one.state for one in world.outbox.deliveries("sub_a", before=None, limit=10, state=None)]
    assert states == [DeliveryState.DELIVERED, DeliveryState.DELIVERED]


def test_a_turn_that_was_cut_short_goes_on_where_it_stopped(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 6)))
    (turn,) = claim(world.outbox).turns
    whole = settled(turn)

    world.outbox.settle([Settlement(lease=turn.lease, cursor=2, sent=whole.sent[:2])])

    (rest,) = claim(world.outbox).turns
    assert [parcel.seq for parcel in rest.parcels] == [3, 4, 5]


def test_a_failed_delivery_waits_for_its_time_while_others_go_on(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn, RetryIn(delay_seconds=60))])
    append(world.outbox, event(2))

    (fresh,) = claim(world.outbox).turns
    world.outbox.settle([settled(fresh)])
    before_its_time = claim(world.outbox).turns
    world.later(61)
    (due,) = claim(world.outbox).turns

    assert [parcel.seq for parcel in fresh.parcels] == [2]
    assert before_its_time == ()
    (parcel,) = due.parcels
    assert (parcel.seq, parcel.attempts, parcel.failures, parcel.is_exception) == (1, 1, 1, True)
    assert parcel.webhook_id == turn.parcels[0].webhook_id
    world.outbox.settle([settled(due)])
    assert [one.state for one in world.outbox.deliveries("sub_a", before=None, limit=9, state=None)] == [
        DeliveryState.DELIVERED,
        DeliveryState.DELIVERED,
    ]


def test_retries_take_at_most_half_of_a_turn(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 9)))
    (turn,) = claim(world.outbox, batch=8).turns
    world.outbox.settle([settled(turn, RetryIn(delay_seconds=1))])
    append(world.outbox, *(event(position) for position in range(9, 17)))
    world.later(2)

    (mixed,) = claim(world.outbox, batch=8).turns

    assert [parcel.is_exception for parcel in mixed.parcels] == [True] * 4 + [False] * 4


def test_an_endpoint_that_asked_to_wait_gets_nothing_until_then(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn, RetryIn(delay_seconds=30, pause_seconds=30))])
    append(world.outbox, event(2))

    assert claim(world.outbox).turns == ()
    world.later(31)
    (resumed,) = claim(world.outbox).turns

    assert sorted(parcel.seq for parcel in resumed.parcels) == [1, 2]


def test_what_was_given_up_is_kept_with_its_reason_and_can_be_asked_for_again(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn, Dead(reason="all 10 attempts failed"))])

    (dead,) = world.outbox.deliveries("sub_a", before=None, limit=10, state=DeliveryState.DEAD)
    assert dead.reason == "all 10 attempts failed"
    assert claim(world.outbox).turns == ()
    assert world.outbox.redeliver(subscription_id="sub_a", seq=dead.seq)
    (again,) = claim(world.outbox).turns

    assert again.parcels[0].webhook_id == dead.webhook_id
    assert (again.parcels[0].attempts, again.parcels[0].failures) == (1, 0)
    world.outbox.settle([settled(again)])
    found = world.outbox.delivery(dead.webhook_id, owner="desk")
    assert found is not None
    assert (found.state, [one.number for one in found.attempts]) == (DeliveryState.DELIVERED, [1, 2])


def test_an_endpoint_that_is_gone_disables_its_subscription(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))
    (turn,) = claim(world.outbox, batch=1).turns

    world.outbox.settle([settled(turn, Dead(reason="the endpoint answered 410 Gone", disables=True))])

    subscription = world.outbox.subscription("sub_a")
    assert subscription is not None
    assert (subscription.state, subscription.state_reason) == (
        SubscriptionState.DISABLED,
        "the endpoint answered 410 Gone",
    )
    assert claim(world.outbox).turns == ()
    world.outbox.change_subscription("sub_a", state=SubscriptionState.ACTIVE)
    assert [parcel.seq for parcel in claim(world.outbox).turns[0].parcels] == [2]


def test_a_paused_subscription_misses_nothing(world: World) -> None:
    subscribe(world.outbox)
    world.outbox.change_subscription("sub_a", state=SubscriptionState.PAUSED)
    append(world.outbox, event(1))

    assert claim(world.outbox).turns == ()
    world.outbox.change_subscription("sub_a", state=SubscriptionState.ACTIVE)

    assert [parcel.seq for parcel in claim(world.outbox).turns[0].parcels] == [1]


def test_a_filter_passes_over_what_is_not_wanted(world: World) -> None:
    subscribe(world.outbox, filter=Filter(treaties=("I-1",)))
    append(world.outbox, event(1), event(2, treaty="I-1"), event(3))

    (turn,) = claim(world.outbox).turns

    assert [parcel.seq for parcel in turn.parcels] == [2]
    assert turn.scanned_to == 3


def test_a_long_stretch_of_unwanted_messages_is_passed_in_a_few_steps(world: World) -> None:
    subscribe(world.outbox, filter=Filter(treaties=("I-1",)))
    append(world.outbox, *(event(position) for position in range(1, 1200)), event(1200, treaty="I-1"))

    assert [parcel.seq for parcel in claim(world.outbox).turns[0].parcels] == [1200]


def test_groups_are_matched_by_the_members_last_heard_of(world: World) -> None:
    subscribe(world.outbox, filter=Filter(groups=("eu_members",)))
    world.outbox.put_group("eu_members", frozenset({"deu"}))
    world.outbox.put_group("eu_members", frozenset({"fra"}))
    france, germany = ({"attributed_to": [{"participant": one}]} for one in ("fra", "deu"))
    append(world.outbox, event(1, data=germany), event(2, data=france))

    assert [parcel.seq for parcel in claim(world.outbox).turns[0].parcels] == [2]
    assert world.outbox.groups_wanted() == ["eu_members"]


def test_a_subscription_hears_only_what_was_recorded_after_its_start(world: World) -> None:
    append(world.outbox, event(1), event(2))
    subscribe(world.outbox, start=Start(after_position=3))
    append(world.outbox, event(3), event(4))

    (turn,) = claim(world.outbox).turns

    assert [parcel.seq for parcel in turn.parcels] == [4]


@pytest.mark.parametrize("start", [Start(after_position=1), Start(not_before=NOON + timedelta(seconds=2))])
def test_a_subscription_may_start_in_the_past(world: World, start: Start) -> None:
    append(world.outbox, event(1), event(2), event(3))
    subscribe(world.outbox, start=start)

    assert [parcel.seq for parcel in claim(world.outbox).turns[0].parcels] == [2, 3]


def test_a_replay_runs_beside_what_is_new_and_ends(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])

    replay = world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start(after_position=1))
    append(world.outbox, event(3))
    turns = {one.lease.lane_id: one for one in claim(world.outbox).turns}

    assert replay is not None
    assert replay.messages == 1
    assert [parcel.seq for parcel in turns["rep_1"].parcels] == [2]
    assert [parcel.seq for parcel in turns["sub_a"].parcels] == [3]
    assert turns["rep_1"].parcels[0].webhook_id == turn.parcels[1].webhook_id
    assert turns["rep_1"].parcels[0].attempts == 1
    assert world.outbox.settle([settled(one) for one in turns.values()]) == [True, True]
    assert claim(world.outbox).turns == ()


def test_a_failed_replay_is_retried_like_anything_else(world: World) -> None:
    append(world.outbox, event(1))
    subscribe(world.outbox, start=Start(after_position=1))
    world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start())
    (turn,) = claim(world.outbox).turns

    world.outbox.settle([settled(turn, RetryIn(delay_seconds=5))])
    world.later(6)
    (again,) = claim(world.outbox).turns

    assert again.lease.lane_id == "sub_a"
    assert [parcel.seq for parcel in again.parcels] == [1]


def test_a_test_event_goes_to_one_subscription_only(world: World) -> None:
    subscribe(world.outbox)
    subscribe(world.outbox, "sub_b")

    webhook_id = world.outbox.add_probe(
        probe_draft(subscription_id="sub_b", test_id="t1", at=NOON), subscription_id="sub_b"
    )

    assert webhook_id is not None
    waiting = world.outbox.delivery(webhook_id, owner="desk")
    assert waiting is not None
    assert waiting.state is DeliveryState.PENDING
    (turn,) = claim(world.outbox).turns
    assert (turn.lease.subscription_id, turn.parcels[0].webhook_id) == ("sub_b", webhook_id)


def test_two_secrets_sign_while_a_rotation_overlaps(world: World) -> None:
    subscribe(world.outbox)
    world.outbox.rotate_secret("sub_a", secret=b"n" * 32, overlap_seconds=60)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])
    assert turn.secrets == (b"n" * 32, SECRET)

    world.later(61)
    append(world.outbox, event(2))
    (turn,) = claim(world.outbox).turns

    assert turn.secrets == (b"n" * 32,)
    assert world.outbox.rotate_secret("sub_zzz", secret=b"n" * 32, overlap_seconds=60) is None


def test_a_second_rotation_keeps_the_end_that_was_told_with_the_first(world: World) -> None:
    subscribe(world.outbox)
    world.outbox.rotate_secret("sub_a", secret=b"n" * 32, overlap_seconds=60)
    world.outbox.rotate_secret("sub_a", secret=b"m" * 32, overlap_seconds=600)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])
    world.later(61)
    append(world.outbox, event(2))

    assert turn.secrets == (b"m" * 32, b"n" * 32, SECRET)
    assert claim(world.outbox).turns[0].secrets == (b"m" * 32, b"n" * 32)
    assert world.outbox.valid_secrets("sub_a") == (b"m" * 32, b"n" * 32)


def test_at_most_five_secrets_sign_at_once(world: World) -> None:
    subscribe(world.outbox)
    for number in range(4):
        world.outbox.rotate_secret("sub_a", secret=bytes([number]) * 32, overlap_seconds=60)
    with pytest.raises(RotationRefused, match=r"with this one: 6.*or with overlap_seconds 0"):
        world.outbox.rotate_secret("sub_a", secret=b"n" * 32, overlap_seconds=60)

    world.outbox.rotate_secret("sub_a", secret=b"m" * 32, overlap_seconds=0)
    assert world.outbox.valid_secrets("sub_a") == (b"m" * 32, *(bytes([number]) * 32 for number in (2, 1, 0)), SECRET)
    world.later(61)
    world.outbox.rotate_secret("sub_a", secret=b"n" * 32, overlap_seconds=60)
    assert world.outbox.valid_secrets("sub_a") == (b"n" * 32, b"m" * 32)


def test_a_key_signs_until_the_end_that_was_told_however_often_it_is_rotated(world: World) -> None:
    def key(number: int) -> SigningKey:
        return SigningKey(seed=bytes([number]) * 32, public=bytes([100 + number]) * 32)

    def signing() -> list[int]:
        return [one.public[0] - 100 for one in dossiers.of(["sub_a"])["sub_a"].keys]

    dossiers = world.outbox.dossiers
    subscribe(world.outbox, dossier=Dossier(keys=(key(0),)))
    dossiers.rotate_key("sub_a", key=key(1), overlap_seconds=600)
    dossiers.rotate_key("sub_a", key=key(2), overlap_seconds=0)
    assert signing() == [2, 0]
    for number in (3, 4, 5):
        dossiers.rotate_key("sub_a", key=key(number), overlap_seconds=600)

    with pytest.raises(RotationRefused, match="with this one: 6"):
        dossiers.rotate_key("sub_a", key=key(6), overlap_seconds=600)
    assert signing() == [5, 4, 3, 2, 0]


def test_a_public_key_that_signs_no_more_is_kept_with_its_end_though_its_subscription_is_gone(world: World) -> None:
    def key(number: int) -> SigningKey:
        return SigningKey(seed=bytes([number]) * 32, public=bytes([number]) * 32)

    def retired(after: str = "", limit: int = 10) -> list[bytes]:
        return [one.public for one in dossiers.retired_keys(after=after, limit=limit)]

    dossiers = world.outbox.dossiers
    subscribe(world.outbox, dossier=Dossier(keys=(key(0),)))
    assert retired() == []
    ended_at = dossiers.rotate_key("sub_a", key=key(1), overlap_seconds=0)
    dossiers.rotate_key("sub_a", key=key(2), overlap_seconds=600)
    assert [(one.public, one.retired_at) for one in dossiers.retired_keys(after="", limit=10)] == [
        (key(0).public, ended_at)
    ]
    assert dossiers.public_keys() == [key(2).public, key(1).public]

    world.outbox.remove_subscription("sub_a")

    by_name = sorted((key(number).public for number in range(3)), key=key_name)
    assert dossiers.public_keys() == []
    assert (retired(), retired(limit=2), retired(after=key_name(by_name[1]))) == (by_name, by_name[:2], by_name[2:])


def test_a_removed_subscription_takes_its_deliveries_along(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox).turns

    assert world.outbox.remove_subscription("sub_a")

    assert world.outbox.settle([settled(turn)]) == [False]
    assert world.outbox.subscription("sub_a") is None
    assert world.outbox.deliveries("sub_a", before=None, limit=10, state=None) == []
    assert world.outbox.delivery(turn.parcels[0].webhook_id, owner=None) is None
    assert not world.outbox.remove_subscription("sub_a")


def test_an_owner_holds_no_more_subscriptions_than_the_limit(world: World) -> None:
    subscribe(world.outbox)
    one_more = Subscription(
        id="sub_b", owner="desk", url="https://example.org/", description="", filter=Filter(), created_at=NOON
    )

    with pytest.raises(SubscriptionLimit, match="held: 1, limit: 1"):
        world.outbox.add_subscription(one_more, secret=SECRET, start=Start(), owner_limit=1)

    assert world.outbox.subscription("sub_b") is None


def test_subscriptions_are_listed_by_owner_and_page(world: World) -> None:
    for id_, owner in (("sub_a", "desk"), ("sub_b", "other"), ("sub_c", "desk")):
        subscribe(world.outbox, id_, owner=owner)

    assert [one.id for one in world.outbox.subscriptions(owner="desk", after="", limit=10)] == ["sub_a", "sub_c"]
    assert [one.id for one in world.outbox.subscriptions(owner=None, after="sub_a", limit=1)] == ["sub_b"]


def test_deliveries_are_read_newest_first_and_by_state(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 5)))
    (turn,) = claim(world.outbox, batch=2).turns
    good, bad = settled(turn).sent[0], settled(turn, RetryIn(delay_seconds=9)).sent[1]
    world.outbox.settle([Settlement(lease=turn.lease, cursor=2, sent=(good, bad))])

    def seqs(state: DeliveryState | None, before: int | None = None, limit: int = 10) -> list[int]:
        found = world.outbox.deliveries("sub_a", before=before, limit=limit, state=state)
        return [one.seq for one in found]

    assert seqs(None) == [4, 3, 2, 1]
    assert seqs(None, before=4, limit=2) == [3, 2]
    assert seqs(DeliveryState.PENDING) == [4, 3]
    assert seqs(DeliveryState.RETRYING) == [2]
    assert seqs(DeliveryState.DELIVERED) == [1]
    assert seqs(DeliveryState.DEAD) == []


def test_a_delivery_that_still_waits_is_found_by_its_owner(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (waiting,) = world.outbox.deliveries("sub_a", before=None, limit=10, state=None)

    found = world.outbox.delivery(waiting.webhook_id, owner="desk")
    assert found is not None
    assert replace(found, body=b"") == waiting
    assert world.outbox.delivery(waiting.webhook_id, owner="other") is None
    assert world.outbox.delivery("msg_unknown", owner="desk") is None


def test_lanes_are_served_by_turns(world: World) -> None:
    for id_ in ("sub_a", "sub_b"):
        subscribe(world.outbox, id_)
    append(world.outbox, *(event(position) for position in range(1, 5)))
    served = []
    for _ in range(4):
        world.later(1)
        (turn,) = claim(world.outbox, lanes=1, batch=1).turns
        served.append(turn.lease.subscription_id)
        world.outbox.settle([settled(turn)])

    assert sorted(served[:2]) == sorted(served[2:]) == ["sub_a", "sub_b"]


def test_an_owner_that_leaves_gives_its_leases_back_and_books_no_more(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    (turn,) = claim(world.outbox, owner="one").turns

    world.outbox.release(owner="one")

    (again,) = claim(world.outbox, owner="two").turns
    assert again.parcels[0].webhook_id == turn.parcels[0].webhook_id
    assert world.outbox.settle([settled(turn)]) == [False]


def test_the_instance_key_is_made_once(world: World) -> None:
    assert world.another().instance_key == KEY


def test_the_census_counts_what_is_there(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2), event(3))
    (turn,) = claim(world.outbox, batch=2).turns
    retrying, dead = settled(turn, RetryIn(delay_seconds=9)).sent[0], settled(turn, Dead(reason="no")).sent[1]
    leased = world.outbox.census()
    world.outbox.settle([Settlement(lease=turn.lease, cursor=2, sent=(retrying, dead))])

    census = world.outbox.census()

    assert leased.lanes_leased == 1
    assert (census.subscriptions, census.lanes, census.lanes_leased) == (1, 1, 0)
    assert (census.retrying, census.dead, census.max_lag) == (1, 1, 1)


def test_one_process_at_a_time_serves_a_sqlite_file(sqlite_dsn: str) -> None:
    first, second = (SqlOutbox(sqlite_dsn, new_key=KEY, clock=Clock(NOON)) for _ in range(2))
    first.enter(owner="one")

    with pytest.raises(OutboxOwned):
        second.enter(owner="two")

    first.close()
    second.enter(owner="two")
    second.close()


def test_a_keeper_that_stands_still_for_its_lease_is_followed_and_books_nothing_more(sqlite_dsn: str) -> None:
    seconds = [0.0]
    frozen, follower = (
        SqlOutbox(sqlite_dsn, new_key=KEY, clock=Clock(NOON), monotonic_seconds=lambda: seconds[0]) for _ in range(2)
    )
    frozen.enter(owner="frozen", lease_seconds=3)
    subscribe(frozen)
    append(frozen, event(1))
    (turn,) = claim(frozen, owner="frozen").turns
    for at in (0.0, 2.9):
        seconds[0] = at
        with pytest.raises(OutboxOwned):
            follower.enter(owner="follower", lease_seconds=1)
    seconds[0] = 3.0
    follower.enter(owner="follower", lease_seconds=1)

    with pytest.raises(OutboxOwned):
        frozen.settle([settled(turn)])
    with pytest.raises(OutboxOwned):
        frozen.enter(owner="frozen", lease_seconds=3)
    (again,) = claim(follower, owner="follower").turns
    assert again.parcels == turn.parcels
    frozen.close()
    follower.close()


def test_a_keeper_that_beats_is_never_followed_however_little_it_has_to_do(sqlite_dsn: str) -> None:
    seconds = [0.0]
    keeper, standby = (
        SqlOutbox(sqlite_dsn, new_key=KEY, clock=Clock(NOON), monotonic_seconds=lambda: seconds[0]) for _ in range(2)
    )
    keeper.enter(owner="keeper", lease_seconds=3)
    for at in range(20):
        seconds[0] = float(at)
        keeper.reap()
        with pytest.raises(OutboxOwned):
            standby.enter(owner="standby", lease_seconds=3)
    keeper.close()
    standby.close()


def test_the_leases_of_a_notifier_that_died_are_free_at_once(database_dsn: str) -> None:
    dead, alive = (SqlOutbox(database_dsn, new_key=KEY, clock=Clock(NOON)) for _ in range(2))
    dead.enter(owner="dead")
    subscribe(dead)
    append(dead, event(1))
    (turn,) = claim(dead, owner="dead").turns
    if database_dsn.startswith("postgres"):
        alive.enter(owner="alive")
        assert alive.reap() == 0
        assert claim(alive, owner="alive").turns == ()
    dead.close()

    if database_dsn.startswith("sqlite"):
        alive.enter(owner="alive")
    else:
        assert alive.reap() == 1

    (again,) = claim(alive, owner="alive").turns
    assert again.parcels[0].webhook_id == turn.parcels[0].webhook_id
    alive.close()


def test_locks_that_killed_processes_left_behind_are_swept_and_those_of_the_living_stay(
    sqlite_dsn: str, tmp_path: Path
) -> None:
    left, young = (tmp_path / f"treaty.db.{name}.lock" for name in ("left", "young"))
    left.touch()
    os.utime(left, (0, 0))
    young.touch()
    alive, other = (SqlOutbox(sqlite_dsn, new_key=KEY, clock=Clock(NOON)) for _ in range(2))
    alive.enter(owner="alive")
    os.utime(tmp_path / "treaty.db.alive.lock", (0, 0))
    with pytest.raises(OutboxOwned):
        other.enter(owner="other")

    kept = {path.name.split(".")[2] for path in tmp_path.glob("*.lock")}
    assert kept == {"alive", "young", "other"}
    alive.close()
    other.close()
    assert [path.name for path in tmp_path.glob("*.lock")] == ["treaty.db.young.lock"]
