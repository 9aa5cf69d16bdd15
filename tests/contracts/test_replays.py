"""Sending the past again: in a lane of its own, limited, pausable, and never in the way of what is new."""

import json

from tests.contracts.outbox_world import NOON, World, append, claim, event, settled, subscribe
from treaty_notifier.deliveries import RetryIn
from treaty_notifier.endpoint_options import EndpointOptions, Order
from treaty_notifier.messages import probe_draft, webhook_id
from treaty_notifier.outbox import Dossier, Outbox, ReplayState, Start


def told_everything(outbox: Outbox, count: int) -> None:
    """``count`` messages, all delivered."""
    append(outbox, *(event(position) for position in range(1, count + 1)))
    while turns := claim(outbox).turns:
        outbox.settle([settled(turn) for turn in turns])


def state(outbox: Outbox) -> tuple[ReplayState, int, int]:
    (replay,) = outbox.replays("sub_a")
    return replay.state, replay.cursor - replay.after_seq, replay.messages


def test_a_replay_sends_so_many_a_second_and_what_is_new_does_not_wait_for_it(world: World) -> None:
    subscribe(world.outbox)
    told_everything(world.outbox, 5)

    world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start(), per_second=2)
    sent = []
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])
    sent.append([parcel.seq for parcel in turn.parcels])
    assert claim(world.outbox).turns == ()
    assert state(world.another()) == (ReplayState.RUNNING, 2, 5)
    append(world.outbox, event(6))
    (fresh,) = claim(world.outbox).turns
    world.outbox.settle([settled(fresh)])
    for _ in range(2):
        world.later(1.1)
        (turn,) = claim(world.another(), owner="two").turns
        world.outbox.settle([settled(turn)])
        sent.append([parcel.seq for parcel in turn.parcels])

    assert [parcel.seq for parcel in fresh.parcels] == [6]
    assert sent == [[1, 2], [3, 4], [5]]
    assert state(world.outbox) == (ReplayState.FINISHED, 5, 5)


def test_a_replay_is_paused_goes_on_where_it_stood_and_can_be_ended(world: World) -> None:
    subscribe(world.outbox)
    told_everything(world.outbox, 4)
    world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start(), per_second=1)
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])

    paused = world.outbox.change_replay("sub_a", "rep_1", state=ReplayState.PAUSED)
    world.later(60)
    assert claim(world.outbox).turns == ()
    assert paused is not None
    assert state(world.another()) == (ReplayState.PAUSED, 1, 4)

    world.outbox.change_replay("sub_a", "rep_1", state=ReplayState.RUNNING)
    (turn,) = claim(world.outbox).turns
    assert [parcel.seq for parcel in turn.parcels] == [2]
    cancelled = world.outbox.change_replay("sub_a", "rep_1", state=ReplayState.CANCELLED)
    assert cancelled is not None
    assert cancelled.state is ReplayState.CANCELLED
    assert world.outbox.settle([settled(turn)]) == [False]
    still = world.outbox.change_replay("sub_a", "rep_1", state=ReplayState.RUNNING)
    assert still is not None
    assert still.state is ReplayState.CANCELLED
    world.later(60)
    assert claim(world.outbox).turns == ()
    assert world.outbox.change_replay("sub_a", "rep_x", state=ReplayState.PAUSED) is None
    assert world.outbox.change_replay("sub_b", "rep_1", state=ReplayState.PAUSED) is None


def test_a_replay_of_nothing_has_finished_at_once(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))

    replay = world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start())

    assert replay is not None
    assert (replay.state, replay.messages) == (ReplayState.FINISHED, 0)
    assert [turn.lease.lane_id for turn in claim(world.outbox).turns] == ["sub_a"]


def test_the_replays_of_a_removed_subscription_go_with_it(world: World) -> None:
    subscribe(world.outbox)
    told_everything(world.outbox, 2)
    world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start())

    world.outbox.remove_subscription("sub_a")

    assert world.outbox.replays("sub_a") == []
    assert claim(world.outbox).turns == ()


def test_a_message_sent_as_new_has_an_id_of_its_own_and_the_number_it_had(world: World) -> None:
    subscribe(world.outbox)
    told_everything(world.outbox, 1)
    (known,) = world.outbox.deliveries("sub_a", before=None, limit=9, state=None)

    first = world.outbox.resend_as_new(subscription_id="sub_a", seq=1)
    second = world.another().resend_as_new(subscription_id="sub_a", seq=1)
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])
    third = world.outbox.resend_as_new(subscription_id="sub_a", seq=turn.parcels[0].seq)

    assert [first, second, third] == [
        webhook_id(
            instance_key=world.outbox.instance_key, subscription_id="sub_a", identity="milestone-1:1", generation=n
        )
        for n in (1, 2, 3)
    ]
    assert [parcel.webhook_id for parcel in turn.parcels] == [first, second]
    bodies = [json.loads(parcel.body) for parcel in turn.parcels]
    assert {(body["sequence"], body["resend"], body["data"]["milestone_id"]) for body in bodies} == {
        (1, True, "milestone-1")
    }
    assert known.webhook_id not in (first, second, third)
    append(world.outbox, event(2))
    turns = [parcel for turn in claim(world.outbox).turns for parcel in turn.parcels]
    fresh = next(json.loads(parcel.body) for parcel in turns if parcel.place is not None)
    assert (fresh["sequence"], fresh["previous_id"], fresh["watermark"]) == (2, known.webhook_id, 1)
    assert world.outbox.resend_as_new(subscription_id="sub_a", seq=99) is None


def test_a_test_event_can_be_sent_as_new_too(world: World) -> None:
    subscribe(world.outbox)
    world.outbox.add_probe(probe_draft(subscription_id="sub_a", test_id="t1", at=NOON), subscription_id="sub_a")

    again = world.outbox.resend_as_new(subscription_id="sub_a", seq=1)

    (turn,) = claim(world.outbox).turns
    assert len({parcel.webhook_id for parcel in turn.parcels}) == 2
    assert again in [parcel.webhook_id for parcel in turn.parcels]


def test_where_the_order_counts_nothing_of_a_replay_passes_what_failed_of_it(world: World) -> None:
    in_order = Dossier(options=EndpointOptions(order=Order.FIFO))
    subscribe(world.outbox, dossier=in_order)
    append(world.outbox, *(event(position) for position in range(1, 5)))
    (turn,) = claim(world.outbox).turns
    world.outbox.settle([settled(turn)])
    world.outbox.add_replay("sub_a", replay_id="rep_a", start=Start())
    (first,) = claim(world.outbox, batch=1).turns
    world.outbox.settle([settled(first, RetryIn(delay_seconds=5))])
    world.later(1)

    assert claim(world.outbox).turns == ()

    world.later(5)
    (again,) = claim(world.outbox).turns
    assert [(parcel.seq, parcel.is_exception) for parcel in again.parcels] == [(1, True)]
    assert claim(world.outbox).turns == ()
    world.outbox.settle([settled(again)])
    world.later(1)
    (rest,) = claim(world.outbox).turns
    assert [parcel.seq for parcel in rest.parcels] == [2, 3, 4]
