"""A subscription's numbers: dense, derived, the same whoever counts, whatever dies and whoever asks."""

import json
from random import Random
from typing import Any

import pytest

from tests.contracts.outbox_world import NOON, World, append, claim, event, settled, subscribe
from treaty_notifier.deliveries import Dead, DeliveryState, RetryIn
from treaty_notifier.messages import probe_draft
from treaty_notifier.numbering import Occasion
from treaty_notifier.outbox import Outbox, Parcel, Pulled, Settlement, Start, Turn
from treaty_notifier.subscriptions import Filter, SubscriptionState


def told(parcel: Parcel) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parcel.body)
    return found


def numbers(*turns: Turn) -> list[tuple[int, str | None, int]]:
    return [
        (body["sequence"], body["previous_id"], body["watermark"]) for turn in turns for body in map(told, turn.parcels)
    ]


def one_turn(outbox: Outbox, *, batch: int = 16, owner: str = "one") -> Turn:
    (turn,) = claim(outbox, batch=batch, owner=owner).turns
    return turn


def pulled(outbox: Outbox, *, after: int = 0, until: int | None = None, limit: int = 100) -> Pulled:
    found = outbox.pull("sub_a", after=after, until=until, limit=limit)
    assert found is not None
    return found


def test_each_body_says_its_number_and_the_id_before_it(world: World) -> None:
    subscribe(world.outbox, filter=Filter(treaties=("I-1",)))
    append(world.outbox, event(1, treaty="I-1"), event(2), event(3, treaty="I-1"))
    first = one_turn(world.outbox)
    world.outbox.settle([settled(first)])
    append(world.outbox, event(4), event(5, treaty="I-1"))
    second = one_turn(world.outbox)

    ids = [parcel.webhook_id for parcel in (*first.parcels, *second.parcels)]
    assert numbers(first, second) == [(1, None, 0), (2, ids[0], 0), (3, ids[1], 2)]


def test_the_watermark_waits_for_what_is_still_being_tried_and_passes_what_was_given_up(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2), event(3))
    turn = one_turn(world.outbox)
    good, owed, dead = (
        settled(turn).sent[0],
        settled(turn, RetryIn(delay_seconds=60)).sent[1],
        settled(turn, Dead(reason="no")).sent[2],
    )
    world.outbox.settle([Settlement(lease=turn.lease, cursor=3, sent=(good, owed, dead))])
    append(world.outbox, event(4))
    fresh = one_turn(world.outbox)
    world.outbox.settle([settled(fresh)])
    world.later(61)
    again = one_turn(world.outbox)
    world.outbox.settle([settled(again)])
    append(world.outbox, event(5))

    assert [body[2] for body in numbers(fresh, again, one_turn(world.outbox))] == [1, 0, 4]
    assert again.parcels[0].body == turn.parcels[1].body


def test_what_was_taken_and_not_attempted_is_sent_with_the_same_bytes_by_whoever_comes_next(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 6)))
    first = one_turn(world.outbox, batch=3)
    world.outbox.settle([settled(first, RetryIn(delay_seconds=1))])
    lost = one_turn(world.outbox)
    world.later(46)  # its holder is dead; the retries are due as well by now
    append(world.outbox, event(6))
    again = one_turn(world.another(), owner="two")

    new = [parcel for parcel in again.parcels if not parcel.is_exception]
    assert [parcel.body for parcel in new] == [parcel.body for parcel in lost.parcels]
    assert [told(parcel)["watermark"] for parcel in new] == [0, 0]
    world.outbox.settle([settled(again)])
    assert numbers(one_turn(world.outbox)) == [(6, lost.parcels[-1].webhook_id, 5)]


def test_a_turn_that_was_cut_short_goes_on_with_the_next_number(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 6)))
    turn = one_turn(world.outbox)
    world.outbox.settle([Settlement(lease=turn.lease, cursor=2, sent=settled(turn).sent[:2])])

    rest = one_turn(world.outbox)

    assert [parcel.body for parcel in rest.parcels] == [parcel.body for parcel in turn.parcels[2:]]


def test_a_new_filter_holds_from_the_next_line_of_the_log_on_whatever_was_sent_by_then(world: World) -> None:
    subscribe(world.outbox, filter=Filter(treaties=("I-1",)))
    append(world.outbox, event(1, treaty="I-1"), event(2), event(3, treaty="I-1"))
    lost = one_turn(world.outbox, batch=1)
    world.outbox.change_subscription("sub_a", filter=Filter(treaties=("XVIII-16",)))
    world.outbox.change_subscription("sub_a", filter=Filter())
    append(world.outbox, event(4), event(5, treaty="I-1"))
    world.outbox.change_subscription("sub_a", filter=Filter(treaties=("XVIII-16",)))
    append(world.outbox, event(6, treaty="I-1"), event(7))
    world.later(46)

    seqs, bodies = [], []
    while turns := claim(world.another()).turns:
        seqs += [parcel.seq for parcel in turns[0].parcels]
        bodies += [parcel.body for parcel in turns[0].parcels]
        world.outbox.settle([settled(turns[0])])

    assert seqs == [1, 3, 4, 5, 7]
    assert [json.loads(body)["sequence"] for body in bodies] == [1, 2, 3, 4, 5]
    assert bodies[0] == lost.parcels[0].body
    assert [one.body for one in pulled(world.outbox).deliveries] == bodies


def test_a_group_that_changes_changes_nothing_for_lines_that_are_there(world: World) -> None:
    subscribe(world.outbox, filter=Filter(groups=("eu_members",)))
    world.outbox.put_group("eu_members", frozenset({"fra"}))
    france, germany = ({"attributed_to": [{"participant": one}]} for one in ("fra", "deu"))
    append(world.outbox, event(1, data=france), event(2, data=germany))
    world.outbox.put_group("eu_members", frozenset({"deu"}))
    world.outbox.put_group("eu_members", frozenset({"deu"}))
    append(world.outbox, event(3, data=france), event(4, data=germany))

    assert [parcel.seq for parcel in one_turn(world.outbox).parcels] == [1, 4]
    assert world.another().membership().members == {"eu_members": frozenset({"deu"})}


def test_a_pull_gives_the_same_bytes_numbers_and_states_as_the_lane(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 8)))
    turn = one_turn(world.outbox, batch=3)
    good, owed, dead = (
        settled(turn).sent[0],
        settled(turn, RetryIn(delay_seconds=60)).sent[1],
        settled(turn, Dead(reason="no")).sent[2],
    )
    world.outbox.settle([Settlement(lease=turn.lease, cursor=3, sent=(good, owed, dead))])

    found = pulled(world.another(), limit=5)

    assert [one.sequence for one in found.deliveries] == [1, 2, 3, 4, 5]
    assert [one.body for one in found.deliveries[:3]] == [parcel.body for parcel in turn.parcels]
    assert [one.webhook_id for one in found.deliveries[:3]] == [parcel.webhook_id for parcel in turn.parcels]
    assert [one.state for one in found.deliveries] == [
        DeliveryState.DELIVERED,
        DeliveryState.RETRYING,
        DeliveryState.DEAD,
        DeliveryState.PENDING,
        DeliveryState.PENDING,
    ]
    assert (found.watermark, found.has_more) == (1, True)
    rest = one_turn(world.outbox)
    assert [parcel.body for parcel in rest.parcels] == [one.body for one in found.deliveries[3:]]
    world.outbox.settle([settled(rest)])
    last = one_turn(world.outbox)
    assert numbers(last) == [
        (6, found.deliveries[4].webhook_id, 1),
        (7, last.parcels[0].webhook_id, 1),
    ]


def test_exactly_a_gap_can_be_pulled(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, *(event(position) for position in range(1, 301)))

    gap = pulled(world.outbox, after=150, until=153)

    assert [one.sequence for one in gap.deliveries] == [151, 152, 153]
    assert gap.deliveries[1].previous_id == gap.deliveries[0].webhook_id
    assert not gap.has_more
    every, after = [], 0
    while (found := pulled(world.outbox, after=after, limit=70)).deliveries:
        every += [one.sequence for one in found.deliveries]
        after = int(every[-1] or 0)
    assert every == list(range(1, 301))
    assert not found.has_more
    assert found.head == 300
    assert world.outbox.pull("sub_zzz", after=0, until=None, limit=9) is None


def test_a_paused_subscription_can_still_be_pulled_and_is_sent_the_same_later(world: World) -> None:
    subscribe(world.outbox)
    world.outbox.change_subscription("sub_a", state=SubscriptionState.PAUSED)
    append(world.outbox, *(event(position) for position in range(1, 40)))
    found = pulled(world.outbox)

    world.outbox.change_subscription("sub_a", state=SubscriptionState.ACTIVE)
    sent = []
    while turns := claim(world.outbox).turns:
        sent += [parcel.body for parcel in turns[0].parcels]
        world.outbox.settle([settled(turns[0])])

    assert sent == [one.body for one in found.deliveries]
    assert pulled(world.outbox).watermark == 39


def test_a_long_unwanted_stretch_is_looked_through_by_pulling_on(world: World) -> None:
    subscribe(world.outbox, filter=Filter(treaties=("I-1",)))
    world.outbox.change_subscription("sub_a", state=SubscriptionState.PAUSED)
    append(world.outbox, *(event(position) for position in range(1, 1200)), event(1200, treaty="I-1"))

    found = pulled(world.outbox)

    assert [(one.seq, one.sequence) for one in found.deliveries] == [(1200, 1)]


def test_a_replay_keeps_the_numbers_and_says_that_it_is_one(world: World) -> None:
    append(world.outbox, event(1), event(2))
    subscribe(world.outbox, start=Start(after_position=1))
    turn = one_turn(world.outbox)
    world.outbox.settle([settled(turn)])

    world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start())
    again = one_turn(world.outbox)

    before, known = (told(parcel) for parcel in again.parcels)
    assert (before["sequence"], before["replay"]) == (None, True)  # from before the beginning: it has no number
    assert known == told(turn.parcels[0]) | {"replay": True}
    assert [parcel.occasion for parcel in again.parcels] == [Occasion.REPLAY, Occasion.REPLAY]
    world.outbox.settle([settled(again, RetryIn(delay_seconds=5))])
    append(world.outbox, event(3))
    assert numbers(one_turn(world.outbox)) == [(2, turn.parcels[0].webhook_id, 1)]  # a replay lowers no watermark


def test_a_replay_leaves_alone_what_is_still_being_tried(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1), event(2))
    turn = one_turn(world.outbox)
    owed, good = settled(turn, RetryIn(delay_seconds=60)).sent[0], settled(turn).sent[1]
    world.outbox.settle([Settlement(lease=turn.lease, cursor=2, sent=(owed, good))])

    world.outbox.add_replay("sub_a", replay_id="rep_1", start=Start())

    assert [parcel.seq for parcel in one_turn(world.outbox).parcels] == [2]


def test_what_is_sent_again_on_request_keeps_its_number_and_says_so(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))
    turn = one_turn(world.outbox)
    world.outbox.settle([settled(turn)])

    assert world.outbox.redeliver(subscription_id="sub_a", seq=1)
    again = one_turn(world.outbox)

    assert again.parcels[0].webhook_id == turn.parcels[0].webhook_id
    assert told(again.parcels[0]) == told(turn.parcels[0]) | {"resend": True}


def test_to_ask_for_what_has_not_been_tried_yet_changes_nothing(world: World) -> None:
    subscribe(world.outbox)
    append(world.outbox, event(1))

    assert world.outbox.redeliver(subscription_id="sub_a", seq=1)

    (parcel,) = one_turn(world.outbox).parcels
    assert (parcel.is_exception, told(parcel)["sequence"], "resend" in told(parcel)) == (False, 1, False)


def test_a_test_event_takes_no_number(world: World) -> None:
    subscribe(world.outbox)
    world.outbox.add_probe(probe_draft(subscription_id="sub_a", test_id="t1", at=NOON), subscription_id="sub_a")
    append(world.outbox, event(1))

    turn = one_turn(world.outbox)
    bodies = {told(parcel)["type"]: told(parcel) for parcel in turn.parcels}

    assert bodies["webhook.test"]["sequence"] is None
    assert bodies["treaty.threshold.reached"]["sequence"] == 1


class Story:
    """Two notifiers on one store, a subscriber that changes its mind and pulls, and everything that was ever sent."""

    def __init__(self, world: World, seed: int) -> None:
        self.chance, self.world = Random(seed), world
        self.houses = [world.outbox, world.another()]
        self.sent: dict[int, set[bytes]] = {}
        self._position = 0

    def append(self, outbox: Outbox) -> None:
        count = self.chance.randint(1, 5)
        treaties = [f"I-{self.chance.randint(1, 3)}" for _ in range(count)]
        append(outbox, *(event(self._position + n, treaty=one) for n, one in enumerate(treaties, start=1)))
        self._position += count

    def change(self, outbox: Outbox) -> None:
        wanted = tuple(f"I-{n}" for n in range(1, 4) if self.chance.random() < 0.6) or ("I-1",)
        outbox.change_subscription("sub_a", filter=Filter(treaties=wanted))

    def pull(self, outbox: Outbox) -> None:
        for one in pulled(outbox, limit=3).deliveries:
            self._note(one.body)

    def serve(self, outbox: Outbox) -> None:
        for turn in claim(outbox, batch=self.chance.randint(1, 6)).turns:
            for parcel in turn.parcels:
                self._note(parcel.body)
            outbox.settle([settled(turn, RetryIn(delay_seconds=1) if self.chance.random() < 0.3 else None)])
        self.world.later(self.chance.choice((0, 2)))

    def die(self, outbox: Outbox) -> None:
        """After some of it was sent and before anything was booked."""
        for turn in claim(outbox, batch=self.chance.randint(1, 6)).turns:
            for parcel in turn.parcels[: self.chance.randint(0, len(turn.parcels))]:
                self._note(parcel.body)
        self.world.later(46)

    def end(self) -> None:
        for _ in range(100):
            self.world.later(2)
            for turn in claim(self.houses[0]).turns:
                for parcel in turn.parcels:
                    self._note(parcel.body)
                self.houses[0].settle([settled(turn)])

    def _note(self, body: bytes) -> None:
        self.sent.setdefault(json.loads(body)["sequence"], set()).add(body)


@pytest.mark.parametrize("seed", range(3))
def test_two_competing_notifiers_that_die_at_any_moment_give_out_every_number_once(world: World, seed: int) -> None:
    story = Story(world, seed)
    subscribe(world.outbox, filter=Filter(treaties=("I-1", "I-2")))
    deeds = (story.append, story.append, story.serve, story.die, story.change, story.pull)
    for _ in range(60):
        story.chance.choice(deeds)(story.chance.choice(story.houses))
    story.end()

    assert sorted(story.sent) == list(range(1, len(story.sent) + 1))
    assert all(len(bodies) == 1 for bodies in story.sent.values())
    bodies = [next(iter(story.sent[sequence])) for sequence in sorted(story.sent)]
    known = pulled(story.houses[1], limit=1000).deliveries
    assert [one.body for one in known] == bodies
    chain = [json.loads(body) for body in bodies]
    assert [one["previous_id"] for one in chain] == [None, *(one.webhook_id for one in known[:-1])]
    assert [one["watermark"] for one in chain] == sorted(one["watermark"] for one in chain)
    assert all(one["watermark"] < one["sequence"] for one in chain)
