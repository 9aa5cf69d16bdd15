"""The outbox in memory: the twin that passes the same contract as the real ones."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from treaty_notifier.deliveries import Dead, Delivered, DeliveryState, RetryIn, delivery_state
from treaty_notifier.endpoint_options import Order
from treaty_notifier.errors import PositionTaken, SubscriptionLimit
from treaty_notifier.messages import Draft, Entry, webhook_id
from treaty_notifier.numbering import Occasion, Place, Rolls, Terms, copy_of, numbered
from treaty_notifier.outbox.bookings import attempted, occasion_asked
from treaty_notifier.outbox.dossiers import MemoryDossiers
from treaty_notifier.outbox.introductions import WINDOW, check_hosts
from treaty_notifier.outbox.port import (
    LATE_LINES,
    REPLAY_PER_SECOND,
    Attempt,
    Behind,
    Census,
    Claim,
    Delivery,
    Dossier,
    Exchange,
    LaneReport,
    Lease,
    OptionsChange,
    Page,
    Parcel,
    Progress,
    Pulled,
    Replay,
    ReplayState,
    Sent,
    Settlement,
    Start,
    Turn,
    Wish,
)
from treaty_notifier.outbox.rotation import check_room
from treaty_notifier.subscriptions import Filter, Membership, Subscription, SubscriptionState, Window


@dataclass
class _Lane:
    id: str
    subscription_id: str
    cursor: int
    stop_seq: int | None
    window: Window
    served_at: datetime
    epoch: int = 0
    owner: str | None = None
    lease_until: datetime | None = None
    paused_until: datetime | None = None
    sequence: int = 0
    numbered_after: int = 0
    is_held: bool = False
    per_second: int | None = None
    is_slow: bool = False


@dataclass
class _Owed:
    state: DeliveryState
    failures: int
    next_at: datetime | None = None
    reason: str | None = None
    occasion: Occasion = Occasion.FEED
    request: int = 0


@dataclass
class _Taken:
    """The numbers of one subscription, and the line after which the next is looked for."""

    places: dict[int, Place] = field(default_factory=dict)  # by line
    last_id: str | None = None
    last_seq: int = 0


@dataclass
class _Secret:
    secret: bytes
    expires_at: datetime | None = None


class MemoryOutbox:
    """Implements ``Outbox``; everything is gone with the object."""

    def __init__(self, *, new_key: bytes, clock: Callable[[], datetime]) -> None:
        self._key = new_key
        self._clock = clock
        self._lock = threading.RLock()
        self._dossiers = MemoryDossiers(clock=clock)
        self._position = 0
        self._log: list[tuple[Entry, bytes]] = []
        self._subscriptions: dict[str, Subscription] = {}
        self._secrets: dict[str, list[_Secret]] = {}
        self._introduced: dict[tuple[str, str], datetime] = {}
        self._lanes: dict[str, _Lane] = {}
        self._owed: dict[tuple[str, int], _Owed] = {}
        self._attempts: dict[tuple[str, int], list[Attempt]] = {}
        self._groups: dict[str, list[tuple[int, frozenset[str]]]] = {}
        self._formers: dict[str, list[tuple[int, Filter]]] = {}
        self._taken: dict[str, _Taken] = {}
        self._replays: dict[str, Replay] = {}

    @property
    def instance_key(self) -> bytes:
        return self._key

    @property
    def dossiers(self) -> MemoryDossiers:
        return self._dossiers

    def close(self) -> None:
        """Nothing is open."""

    # The message log

    def progress(self) -> Progress:
        return Progress(position=self._position, seq=len(self._log))

    def append(self, drafts: Sequence[Draft], *, expected: int, position: int) -> Progress:
        with self._lock:
            if self._position != expected:
                raise PositionTaken(self._position)
            for draft in drafts:
                self._write(draft)
            self._position = position
            return self.progress()

    # Subscriptions

    def add_subscription(
        self,
        subscription: Subscription,
        *,
        secret: bytes,
        start: Start,
        owner_limit: int | None = None,
        dossier: Dossier | None = None,
    ) -> None:
        with self._lock:
            held = sum(one.owner == subscription.owner for one in self._subscriptions.values())
            if owner_limit is not None and held >= owner_limit:
                raise SubscriptionLimit(
                    f"This key already holds all the subscriptions it may (held: {held}, limit: {owner_limit}); "
                    "delete one first"
                )
            self._subscriptions[subscription.id] = subscription
            self._secrets[subscription.id] = [_Secret(secret)]
            self._taken[subscription.id] = _Taken()
            if dossier is not None:
                self._dossiers.open(subscription.id, dossier)
            self._add_lane(subscription.id, subscription.id, start=start)

    def introduce(self, *, owner: str, host: str, limit: int) -> None:
        with self._lock:
            at = self._clock()
            self._introduced = {key: one for key, one in self._introduced.items() if one > at - WINDOW}
            if (owner, host) not in self._introduced:
                named = [one for (known, _), one in self._introduced.items() if known == owner]
                check_hosts(len(named), limit=limit, first_at=min(named, default=at), at=at)
                self._introduced[owner, host] = at

    def subscription(self, subscription_id: str) -> Subscription | None:
        return self._subscriptions.get(subscription_id)

    def subscriptions(self, *, owner: str | None, after: str, limit: int) -> list[Subscription]:
        with self._lock:
            ours = [one for one in self._subscriptions.values() if owner in (None, one.owner) and one.id > after]
        return sorted(ours, key=lambda one: one.id)[:limit]

    def change_subscription(
        self,
        subscription_id: str,
        *,
        url: str | None = None,
        description: str | None = None,
        filter: Filter | None = None,  # noqa: A002  (the word of the API)
        state: SubscriptionState | None = None,
        options: OptionsChange | None = None,
    ) -> Subscription | None:
        with self._lock:
            subscription = self._subscriptions.get(subscription_id)
            if subscription is None:
                return None
            if options is not None:
                self._dossiers.change(subscription_id, options)
            changed = replace(
                subscription,
                url=subscription.url if url is None else url,
                description=subscription.description if description is None else description,
                filter=subscription.filter if filter is None else filter,
                state=subscription.state if state is None else state,
                state_reason=subscription.state_reason if state is None else None,
            )
            if changed.filter != subscription.filter:
                self._keep_former(subscription_id, subscription.filter)
            self._subscriptions[subscription_id] = changed
            return changed

    def remove_subscription(self, subscription_id: str) -> bool:
        with self._lock:
            self._lanes = {id_: one for id_, one in self._lanes.items() if one.subscription_id != subscription_id}
            self._replays = {id_: one for id_, one in self._replays.items() if one.subscription_id != subscription_id}
            self._owed = {place: one for place, one in self._owed.items() if place[0] != subscription_id}
            self._attempts = {place: one for place, one in self._attempts.items() if place[0] != subscription_id}
            self._dossiers.close(subscription_id)
            return self._subscriptions.pop(subscription_id, None) is not None

    def valid_secrets(self, subscription_id: str) -> tuple[bytes, ...]:
        with self._lock:
            now, known = self._clock(), self._secrets.get(subscription_id, [])
            return tuple(one.secret for one in known if one.expires_at is None or one.expires_at > now)

    def rotate_secret(self, subscription_id: str, *, secret: bytes, overlap_seconds: int) -> datetime | None:
        with self._lock:
            if subscription_id not in self._subscriptions:
                return None
            now = self._clock()
            expires_at = now + timedelta(seconds=overlap_seconds)
            last, *formers = self._secrets[subscription_id]
            kept = [one for one in formers if one.expires_at is not None and one.expires_at > now]
            ends = [one.expires_at for one in kept if one.expires_at is not None]
            check_room(ends, what="secret", overlap_seconds=overlap_seconds)
            self._secrets[subscription_id] = [_Secret(secret), replace(last, expires_at=expires_at), *kept]
            return expires_at

    # Asking for more

    def add_probe(self, draft: Draft, *, subscription_id: str) -> str | None:
        with self._lock:
            if subscription_id not in self._subscriptions:
                return None
            self._owed[subscription_id, self._write(draft).seq] = self._due_now()
            return webhook_id(instance_key=self._key, subscription_id=subscription_id, identity=draft.identity)

    def redeliver(self, *, subscription_id: str, seq: int) -> bool:
        with self._lock:
            if subscription_id not in self._subscriptions or not 1 <= seq <= len(self._log):
                return False
            known, line = self._owed.get((subscription_id, seq)), self._log[seq - 1][0]
            lane, is_taken = self._lanes[subscription_id], seq in self._taken[subscription_id].places
            is_leased = lane.lease_until is not None and lane.lease_until > self._clock()
            is_first = known is None and line.audience is None and seq > lane.cursor
            if is_first and not (is_taken and is_leased):
                return True  # it waits for its first attempt, which comes by itself
            is_open = known is not None and known.state is DeliveryState.RETRYING
            occasion = known.occasion if known is not None and is_open else Occasion.RESEND
            request = 1 if known is None else known.request + 1
            self._owed[subscription_id, seq] = replace(self._due_now(), occasion=occasion, request=request)
            return True

    def resend_as_new(self, *, subscription_id: str, seq: int) -> str | None:
        with self._lock:
            if subscription_id not in self._subscriptions or not 1 <= seq <= len(self._log):
                return None
            entry, body = self._log[seq - 1]
            copies = sum(one.position == entry.position and one.audience == subscription_id for one, _ in self._log)
            copy = copy_of(
                _draft(entry, body),
                self._taken[subscription_id].places.get(seq),
                audience=subscription_id,
                generation=copies + 1,
                resend_of=webhook_id(
                    instance_key=self._key, subscription_id=subscription_id, identity=entry.identity.split("\n")[0]
                ),
            )
            self._owed[subscription_id, self._write(copy).seq] = replace(self._due_now(), occasion=Occasion.RESEND)
            return webhook_id(instance_key=self._key, subscription_id=subscription_id, identity=copy.identity)

    def replays(self, subscription_id: str) -> list[Replay]:
        with self._lock:
            found = [self._replay(one) for one in self._replays.values() if one.subscription_id == subscription_id]
        return sorted(found, key=lambda one: one.asked_at, reverse=True)

    def change_replay(self, subscription_id: str, replay_id: str, *, state: ReplayState) -> Replay | None:
        with self._lock:
            known = self._replays.get(replay_id)
            if known is None or known.subscription_id != subscription_id:
                return None
            if not self._replay(known).state.has_ended:
                known = self._replays[replay_id] = replace(self._replay(known), state=state)
                if state is ReplayState.CANCELLED:
                    del self._lanes[replay_id]
                else:
                    self._lanes[replay_id].is_held = state is ReplayState.PAUSED
            return self._replay(known)

    def _replay(self, known: Replay) -> Replay:
        lane = self._lanes.get(known.id)
        if lane is not None:
            return replace(known, cursor=lane.cursor)
        if known.state is ReplayState.CANCELLED:
            return known
        return replace(known, cursor=known.stop_seq, state=ReplayState.FINISHED)

    def add_replay(
        self, subscription_id: str, *, replay_id: str, start: Start, per_second: int = REPLAY_PER_SECOND
    ) -> Replay | None:
        with self._lock:
            if subscription_id not in self._subscriptions:
                return None
            stop = self._lanes[subscription_id].cursor  # what the lane has not come to yet comes by itself
            lane = self._add_lane(replay_id, subscription_id, start=start, stop_seq=stop)
            lane.per_second = per_second
            replay = Replay(
                id=replay_id,
                subscription_id=subscription_id,
                asked_at=self._clock(),
                after_seq=min(lane.cursor, stop),
                stop_seq=stop,
                cursor=min(lane.cursor, stop),
                per_second=per_second,
            )
            self._replays[replay_id] = replay
            if lane.cursor >= stop:
                del self._lanes[replay_id]
            return self._replay(replay)

    # Lanes

    def enter(self, *, owner: str, lease_seconds: float = 45.0) -> None:
        """There is one process, and it lives."""

    def reap(self) -> int:
        return 0

    def claim(self, *, owner: str, lanes: int, batch: int, lease_seconds: float) -> Claim:
        wish = Wish(owner=owner, lanes=lanes, batch=batch, lease_seconds=lease_seconds)
        return self.exchange(wish=wish).claim

    def _claim(self, wish: Wish) -> Claim:
        with self._lock:
            now = self._clock()
            due = sorted((one for one in self._lanes.values() if self._is_due(one, now)), key=lambda one: one.served_at)
            with_room = self._with_room(due, wish)
            turns, has_more = [], len(with_room) > wish.lanes
            for lane in with_room[: wish.lanes]:
                slow_batch = wish.batch if wish.slow_batch is None else wish.slow_batch
                turn = self._turn(lane, now=now, batch=slow_batch if lane.is_slow else wish.batch)
                lane.served_at = now
                if turn.parcels:
                    lane.epoch, lane.owner = lane.epoch + 1, wish.owner
                    lane.lease_until = now + timedelta(seconds=wish.lease_seconds)
                    turns.append(turn)
                else:
                    self._move(lane, turn.scanned_to)
            return Claim(turns=tuple(turns), has_more=has_more)

    def _with_room(self, due: Sequence[_Lane], wish: Wish) -> list[_Lane]:
        """Of the slow and of the late ones only as many as are asked for."""
        rooms = {"slow": wish.slow_lanes, "late": wish.late_lanes}
        kept: list[_Lane] = []
        for lane in due:
            kind = "slow" if lane.is_slow else "late" if self._is_late(lane) else "quick"
            room = rooms.get(kind)
            if room is None or room > 0:
                kept.append(lane)
                rooms[kind] = None if room is None else room - 1
        return kept

    def _is_late(self, lane: _Lane) -> bool:
        return lane.stop_seq is not None or not len(self._log) - LATE_LINES <= lane.cursor < len(self._log)

    def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        with self._lock:
            return [self._settle(one) for one in settlements]

    def exchange(
        self, *, settlements: Sequence[Settlement] = (), page: Page | None = None, wish: Wish | None = None
    ) -> Exchange:
        with self._lock:
            booked, progress, is_taken = self.settle(settlements), None, False
            if page is not None:
                try:
                    progress = self.append(page.drafts, expected=page.expected, position=page.position)
                except PositionTaken:
                    progress, is_taken = self.progress(), True
            claim = Claim(turns=(), has_more=False)
            if wish is not None:
                claim = self._claim(wish)
            return Exchange(
                booked=tuple(booked),
                claim=claim,
                due_seconds=self._due_seconds() if page is None else None,
                progress=progress,
                is_taken=is_taken,
            )

    def park(self, lease: Lease, *, seconds: float) -> bool:
        with self._lock:
            lane = self._lanes.get(lease.lane_id)
            if lane is None or lane.epoch != lease.epoch or lane.owner is None:
                return False
            lane.owner = lane.lease_until = None
            lane.paused_until = self._clock() + timedelta(seconds=seconds)
            return True

    def release(self, *, owner: str) -> None:
        with self._lock:
            for lane in self._lanes.values():
                if lane.owner == owner:
                    lane.owner, lane.lease_until, lane.epoch = None, None, lane.epoch + 1

    # Reading deliveries

    def deliveries(
        self, subscription_id: str, *, before: int | None, limit: int, state: DeliveryState | None
    ) -> list[Delivery]:
        with self._lock:
            found = [self._delivery(subscription_id, seq) for seq in self._known(subscription_id)]
        return [one for one in found if state in (None, one.state) and (before is None or one.seq < before)][:limit]

    def delivery(self, webhook_id: str, *, owner: str | None) -> Delivery | None:
        with self._lock:
            for subscription in self._subscriptions.values():
                for seq in self._known(subscription.id):
                    found = self._delivery(subscription.id, seq)
                    was_touched = found.attempts or (subscription.id, seq) in self._owed
                    if found.webhook_id == webhook_id and (was_touched or owner in (None, subscription.owner)):
                        return self._with_body(found)
        return None

    def pull(self, subscription_id: str, *, after: int, until: int | None, limit: int) -> Pulled | None:
        with self._lock:
            if subscription_id not in self._subscriptions:
                return None
            wanted = min(after + limit, until) if until is not None else after + limit
            taken = self._taken[subscription_id]
            while len(taken.places) < wanted and (line := self._next_line(subscription_id)) is not None:
                self._take(subscription_id, [line])
            last = min(len(taken.places), wanted)
            seqs = [seq for seq, place in taken.places.items() if after < place.sequence <= last]
            end = len(taken.places) if until is None else min(len(taken.places), until)
            return Pulled(
                deliveries=tuple(self._with_body(self._delivery(subscription_id, seq)) for seq in seqs),
                head=len(taken.places),
                watermark=self._watermark(subscription_id),
                has_more=max(last, after) < end or (self._next_line(subscription_id) is not None and until is None),
            )

    # Groups and counts

    def membership(self) -> Membership:
        return Membership(members={group: versions[-1][1] for group, versions in self._groups.items()})

    def put_group(self, group: str, members: frozenset[str]) -> None:
        with self._lock:
            versions = self._groups.setdefault(group, [])
            if not versions:
                versions.append((0, members))
            elif versions[-1][1] != members:
                head = len(self._log)
                self._groups[group] = [one for one in versions if one[0] < head] + [(head, members)]

    def groups_wanted(self) -> list[str]:
        with self._lock:
            return sorted({group for one in self._subscriptions.values() for group in one.filter.groups})

    def forget_answers(self, *, before: datetime, limit: int) -> int:
        with self._lock:
            old = [
                (place, number)
                for place, tried in self._attempts.items()
                for number, one in enumerate(tried)
                if one.started_at < before and (one.response or one.location)
            ][:limit]
            for place, number in old:
                kept = self._attempts[place]
                kept[number] = replace(kept[number], response=b"", location=None)
            return len(old)

    def move_waits(self, by: timedelta, *, moved: Callable[[], None]) -> bool:
        with self._lock:
            for lane in self._lanes.values():
                lane.served_at += by
                lane.lease_until = None if lane.lease_until is None else lane.lease_until + by
                lane.paused_until = None if lane.paused_until is None else lane.paused_until + by
            for owed in self._owed.values():
                owed.next_at = None if owed.next_at is None else owed.next_at + by
            self._dossiers.move_waits(by)
            moved()
        return True

    def clock_lag_seconds(self, local: Callable[[], datetime]) -> float | None:
        """Its clock is the one it was given."""

    def probe(self) -> None:
        """Memory is always there."""

    def lane_reports(self, subscription_ids: Sequence[str]) -> dict[str, LaneReport]:
        with self._lock:
            lanes = [self._lanes[one] for one in subscription_ids if one in self._lanes]
            return {lane.id: self._lane_report(lane) for lane in lanes}

    def _lane_report(self, lane: _Lane) -> LaneReport:
        owed = [one.state for (subscription, _), one in self._owed.items() if subscription == lane.subscription_id]
        return LaneReport(
            cursor=lane.cursor,
            behind=len(self._log) - lane.cursor,
            sequence=lane.sequence,
            retrying=owed.count(DeliveryState.RETRYING),
            dead=owed.count(DeliveryState.DEAD),
            served_at=lane.served_at if lane.epoch else None,
            paused_until=lane.paused_until,
            leased_until=lane.lease_until if lane.owner is not None else None,
            is_slow=lane.is_slow,
        )

    def behind(self, seq: int) -> Behind:
        with self._lock:
            head = len(self._log)
            cursors = {
                one.subscription_id: one.cursor
                for one in self._lanes.values()
                if one.stop_seq is None and self._subscriptions[one.subscription_id].state is SubscriptionState.ACTIVE
            }
        return Behind(
            head=head,
            slowest=min([head, *cursors.values()]),
            lanes={id_: head - cursor for id_, cursor in cursors.items() if cursor < seq},
        )

    def census(self) -> Census:
        with self._lock:
            lanes = [one for one in self._lanes.values() if one.stop_seq is None]
            states = [one.state for one in self._owed.values()]
            return Census(
                subscriptions=len(self._subscriptions),
                disabled=sum(one.state is SubscriptionState.DISABLED for one in self._subscriptions.values()),
                retrying=states.count(DeliveryState.RETRYING),
                dead=states.count(DeliveryState.DEAD),
                lanes=len(lanes),
                lanes_leased=sum(one.owner is not None for one in lanes),
                max_lag=max((len(self._log) - one.cursor for one in lanes), default=0),
            )

    # Inside

    def _write(self, draft: Draft) -> Entry:
        entry = Entry(
            seq=len(self._log) + 1,
            position=draft.position,
            type=draft.type,
            category=draft.category,
            treaty=draft.treaty,
            livemode=draft.livemode,
            participants=draft.participants,
            recorded_at=draft.recorded_at,
            identity=draft.identity,
            audience=draft.audience,
        )
        self._log.append((entry, draft.body))
        return entry

    def _add_lane(self, lane_id: str, subscription_id: str, *, start: Start, stop_seq: int | None = None) -> _Lane:
        window = Window(after_position=start.after_position, not_before=start.not_before)
        first = next((e.seq for e, _ in self._log if e.audience is None and window.admits(e)), len(self._log) + 1)
        lane = _Lane(lane_id, subscription_id, first - 1, stop_seq, window, served_at=self._clock())
        lane.numbered_after = lane.cursor
        self._lanes[lane_id] = lane
        return lane

    def _terms(self, lane: _Lane) -> Terms:
        """A replay sends what is wanted now, and lines from before the numbers as well."""
        is_replay = lane.stop_seq is not None
        return Terms(
            current=self._subscriptions[lane.subscription_id].filter,
            window=lane.window,
            numbered_after=0 if is_replay else lane.numbered_after,
            formers=() if is_replay else tuple(self._formers.get(lane.subscription_id, ())),
            rolls=Rolls(versions=self._groups),
        )

    def _keep_former(self, subscription_id: str, former: Filter) -> None:
        known, head = self._formers.setdefault(subscription_id, []), len(self._log)
        if not known or known[-1][0] < head:
            known.append((head, former))

    def _watermark(self, subscription_id: str) -> int:
        """Everything up to this number is delivered or given up."""
        places = self._taken[subscription_id].places
        owed = [
            places[seq].sequence
            for (owner, seq), one in self._owed.items()
            if owner == subscription_id
            and one.state is DeliveryState.RETRYING
            and one.occasion is Occasion.FEED
            and seq in places
        ]
        return min([self._lanes[subscription_id].sequence, *(sequence - 1 for sequence in owed)])

    def _next_line(self, subscription_id: str) -> Entry | None:
        """The first wanted line that has no number yet."""
        lane, taken = self._lanes[subscription_id], self._taken[subscription_id]
        terms = self._terms(lane)
        return next((one for one, _ in self._log[max(lane.cursor, taken.last_seq) :] if terms.wants(one)), None)

    def _take(self, subscription_id: str, wanted: Sequence[Entry]) -> None:
        taken, watermark = self._taken[subscription_id], self._watermark(subscription_id)
        for entry in wanted:
            taken.places[entry.seq] = Place(
                sequence=len(taken.places) + 1, previous_id=taken.last_id, watermark=watermark
            )
            taken.last_id, taken.last_seq = self._webhook_id(subscription_id, entry), entry.seq

    def _due_now(self) -> _Owed:
        return _Owed(DeliveryState.RETRYING, failures=0, next_at=self._clock())

    def _is_due(self, lane: _Lane, now: datetime) -> bool:
        end = len(self._log) if lane.stop_seq is None else lane.stop_seq
        is_free = lane.lease_until is None or lane.lease_until <= now
        is_open = lane.paused_until is None or lane.paused_until <= now
        is_active = self._subscriptions[lane.subscription_id].state is SubscriptionState.ACTIVE
        has_work = lane.cursor < end or any(True for _ in self._due_again(lane, now))
        return is_free and is_open and is_active and has_work and not lane.is_held and not self._is_held_back(lane)

    def _is_held_back(self, lane: _Lane) -> bool:
        """Where the order counts, nothing of a replay passes what failed of it."""
        dossier = self._dossiers.of([lane.subscription_id]).get(lane.subscription_id)
        if lane.stop_seq is None or dossier is None or dossier.options.order is not Order.FIFO:
            return False
        owed = (one for (subscription_id, _), one in self._owed.items() if subscription_id == lane.subscription_id)
        return any(one.state is DeliveryState.RETRYING and one.occasion is Occasion.REPLAY for one in owed)

    def _due_seconds(self) -> float:
        now = self._clock()
        waits = [owed.next_at for owed in self._owed.values()] + [one.paused_until for one in self._lanes.values()]
        return min(((at - now).total_seconds() for at in waits if at is not None and at > now), default=math.inf)

    def _due_again(self, lane: _Lane, now: datetime) -> Iterator[int]:
        if lane.stop_seq is not None:
            return
        for (subscription_id, seq), owed in self._owed.items():
            is_due = subscription_id == lane.subscription_id and owed.next_at is not None and owed.next_at <= now
            if is_due and (seq <= lane.cursor or self._log[seq - 1][0].audience is not None):
                yield seq

    def _turn(self, lane: _Lane, *, now: datetime, batch: int) -> Turn:
        again = sorted(self._due_again(lane, now))[: max(1, batch // 2)]
        parcels = [self._parcel(lane, seq, is_exception=True) for seq in again]
        subscription, room = self._subscriptions[lane.subscription_id], batch - len(parcels)
        if lane.stop_seq is not None:
            seqs, scanned_to = self._wanted(lane, room=min(room, lane.per_second or room))
            parcels += [
                self._parcel(lane, seq, occasion=Occasion.REPLAY)
                for seq in seqs
                if (owed := self._owed.get((lane.subscription_id, seq))) is None
                or owed.state is not DeliveryState.RETRYING
            ]
        else:
            places = self._taken[lane.subscription_id].places
            seqs = [seq for seq, place in places.items() if place.sequence > lane.sequence][:room]
            scanned_to = seqs[-1] if seqs else lane.cursor
            if not seqs:
                seqs, scanned_to = self._wanted(lane, room=room)
                self._take(lane.subscription_id, [self._log[seq - 1][0] for seq in seqs])
            parcels += [self._parcel(lane, seq) for seq in seqs]
        return Turn(
            lease=Lease(
                lane_id=lane.id, subscription_id=lane.subscription_id, epoch=lane.epoch + 1, cursor=lane.cursor
            ),
            url=subscription.url,
            secrets=tuple(
                one.secret
                for one in self._secrets[lane.subscription_id]
                if one.expires_at is None or one.expires_at > now
            ),
            parcels=tuple(parcels),
            scanned_to=scanned_to,
            dossier=self._dossiers.of([lane.subscription_id]).get(lane.subscription_id, Dossier()),
            is_slow=lane.is_slow,
            is_late=self._is_late(lane),
        )

    def _wanted(self, lane: _Lane, *, room: int) -> tuple[list[int], int]:
        seqs: list[int] = []
        scanned_to, terms = lane.cursor, self._terms(lane)
        for entry, _ in self._log[lane.cursor : lane.stop_seq]:
            if len(seqs) >= room:
                break
            if terms.wants(entry):
                seqs.append(entry.seq)
            scanned_to = entry.seq
        return seqs, scanned_to

    def _parcel(
        self, lane: _Lane, seq: int, *, is_exception: bool = False, occasion: Occasion = Occasion.FEED
    ) -> Parcel:
        entry, body = self._log[seq - 1]
        known = (lane.subscription_id, seq)
        why = self._owed[known].occasion if is_exception else occasion
        place = self._taken[lane.subscription_id].places.get(seq)
        return Parcel(
            seq=seq,
            webhook_id=self._webhook_id(lane.subscription_id, entry),
            type=entry.type,
            body=numbered(body, place, occasion=why) if entry.audience is None else body,
            attempts=len(self._attempts.get(known, ())),
            failures=self._owed[known].failures if is_exception else 0,
            is_exception=is_exception,
            place=place,
            occasion=why,
            request=self._owed[known].request if is_exception else 0,
        )

    def _settle(self, settlement: Settlement) -> bool:
        lease = settlement.lease
        lane = self._lanes.get(lease.lane_id)
        if lane is None or lane.epoch != lease.epoch or lane.owner is None:
            return False
        now = self._clock()
        for sent in sorted(settlement.sent, key=lambda one: one.parcel.seq):
            self._book(lease.subscription_id, sent, now=now)
        self._judge(settlement, now=now)
        lane.owner = lane.lease_until = None
        if settlement.is_slow is not None:
            for one in self._lanes.values():
                one.is_slow = settlement.is_slow if one.subscription_id == lease.subscription_id else one.is_slow
        if lane.per_second:
            until = now + timedelta(seconds=len(settlement.sent) / lane.per_second)
            lane.paused_until = max(until, lane.paused_until or until)
        lane.sequence = max(lane.sequence, attempted(settlement))
        self._move(lane, max(lane.cursor, settlement.cursor))
        return True

    def _book(self, subscription_id: str, sent: Sent, *, now: datetime) -> None:
        place = (subscription_id, sent.parcel.seq)
        was = self._owed.get(place)
        asked = was is not None and was.request not in (0, sent.parcel.request)
        if not asked:
            self._owed.pop(place, None)
        failures, planned, why = sent.parcel.failures + 1, None, sent.parcel.occasion
        match sent.decision:
            case RetryIn(delay_seconds=delay, pause_seconds=pause):
                planned = now + timedelta(seconds=delay)
                self._owed[place] = _Owed(DeliveryState.RETRYING, failures, next_at=planned, occasion=why)
                if pause > 0:
                    self._pause(subscription_id, until=now + timedelta(seconds=pause))
            case Dead(reason=reason, disables=disables):
                self._owed[place] = _Owed(DeliveryState.DEAD, failures, reason=reason, occasion=why)
                if disables:
                    self._subscriptions[subscription_id] = replace(
                        self._subscriptions[subscription_id], state=SubscriptionState.DISABLED, state_reason=reason
                    )
            case Delivered():
                pass
        if was is not None and asked:
            self._owed[place] = replace(was, occasion=occasion_asked(sent) or was.occasion)
        self._attempts.setdefault(place, []).append(_attempt(sent, planned))

    def _judge(self, settlement: Settlement, *, now: datetime) -> None:
        subscription_id = settlement.lease.subscription_id
        if settlement.pause_seconds:
            self._pause(subscription_id, until=now + timedelta(seconds=settlement.pause_seconds))
        reason = self._dossiers.book(settlement)
        if reason is not None:
            self._subscriptions[subscription_id] = replace(
                self._subscriptions[subscription_id], state=SubscriptionState.DISABLED, state_reason=reason
            )

    def _pause(self, subscription_id: str, *, until: datetime) -> None:
        for lane in self._lanes.values():
            if lane.subscription_id == subscription_id:
                lane.paused_until = max(until, lane.paused_until or until)

    def _move(self, lane: _Lane, cursor: int) -> None:
        lane.cursor = cursor
        if lane.stop_seq is not None and lane.cursor >= lane.stop_seq:
            del self._lanes[lane.id]

    def _known(self, subscription_id: str) -> list[int]:
        """Places of everything attempted, owed or waiting, newest first."""
        lane = self._lanes.get(subscription_id)
        if lane is None:
            return []
        terms = self._terms(lane)
        waiting = {entry.seq for entry, _ in self._log[lane.cursor :] if terms.wants(entry)}
        touched = {seq for owner, seq in (*self._owed, *self._attempts) if owner == subscription_id}
        return sorted(waiting | touched, reverse=True)

    def _delivery(self, subscription_id: str, seq: int) -> Delivery:
        entry, _ = self._log[seq - 1]
        owed = self._owed.get((subscription_id, seq))
        tried = tuple(self._attempts.get((subscription_id, seq), ()))
        return Delivery(
            webhook_id=self._webhook_id(subscription_id, entry),
            subscription_id=subscription_id,
            seq=seq,
            position=entry.position,
            type=entry.type,
            treaty=entry.treaty,
            recorded_at=entry.recorded_at,
            body=b"",
            state=delivery_state([one.outcome for one in tried], owed=owed.state if owed else None),
            reason=owed.reason if owed else None,
            next_attempt_at=owed.next_at if owed else None,
            attempts=tried,
            sequence=next((one.sequence for one in tried if one.sequence is not None), None),
        )

    def _with_body(self, delivery: Delivery) -> Delivery:
        """With its number and the bytes that are signed; before it is taken up, the message's own."""
        entry, body = self._log[delivery.seq - 1]
        place = self._taken[delivery.subscription_id].places.get(delivery.seq)
        if entry.audience is not None or (place is None and not delivery.attempts):
            return replace(delivery, body=body)
        if place is None:
            return replace(delivery, body=numbered(body, None))
        return replace(delivery, body=numbered(body, place), sequence=place.sequence, previous_id=place.previous_id)

    def _webhook_id(self, subscription_id: str, entry: Entry) -> str:
        return webhook_id(instance_key=self._key, subscription_id=subscription_id, identity=entry.identity)


def _draft(entry: Entry, body: bytes) -> Draft:
    return Draft(
        identity=entry.identity,
        position=entry.position,
        type=entry.type,
        category=entry.category,
        treaty=entry.treaty,
        livemode=entry.livemode,
        participants=entry.participants,
        recorded_at=entry.recorded_at,
        body=body,
        audience=entry.audience,
    )


def _attempt(sent: Sent, planned: datetime | None) -> Attempt:
    return Attempt(
        number=sent.parcel.attempts + 1,
        started_at=sent.started_at,
        duration_ms=sent.duration_ms,
        outcome=sent.outcome,
        status_code=sent.status_code,
        response=sent.response,
        is_clipped=sent.is_clipped,
        location=sent.location,
        peer=sent.peer,
        next_attempt_at=planned,
        sequence=sent.parcel.place.sequence if sent.parcel.place is not None else None,
        occasion=sent.parcel.occasion,
        phases=sent.phases,
    )
