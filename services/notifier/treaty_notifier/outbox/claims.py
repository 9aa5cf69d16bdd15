"""Leasing lanes and reading what they are to send, inside the caller's transaction."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from treaty_notifier.endpoint_options import Order
from treaty_notifier.numbering import Occasion, Place, Rolls, Terms, numbered
from treaty_notifier.outbox import replays, stretches
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.message_log import LoggedMessage, MessageLog
from treaty_notifier.outbox.port import LATE_LINES, Claim, Lease, Parcel, Turn, Wish
from treaty_notifier.outbox.secrets import SecretBox, secret_place
from treaty_notifier.outbox.stretches import SCAN_ROWS, Numbers, Standing, Stretch, filter_from
from treaty_notifier.subscriptions import Window

NOTHING = Claim(turns=(), has_more=False)
SCAN_ROWS_OF_A_CLAIM = 4 * SCAN_ROWS  # that late lanes look through together: everybody waits for a claim

# Least recently served first, never by lease: lanes whose holder died must not wait behind everybody's work.
_CLAIMABLE = """
    SELECT l.id, l.subscription_id, l.is_replay, l.cursor, l.stop_seq, l.after_position, l.not_before, l.due_at,
           l.epoch, l.sequence, l.numbered_after, l.looked_to, l.per_second, l.is_slow,
           s.url, {text:s.filter}, s.filter_changes, p.seq, {now},
           (SELECT {joined:x.serial || ':' || {hex:x.sealed}} FROM secrets x
            WHERE x.subscription_id = s.id AND (x.expires_at IS NULL OR x.expires_at > {now}))
    FROM lanes l JOIN subscriptions s ON s.id = l.subscription_id JOIN progress p ON p.name = 'feed'
    WHERE s.state = 'active' AND NOT l.is_held
      AND (l.lease_until IS NULL OR l.lease_until <= {now}) AND (l.paused_until IS NULL OR l.paused_until <= {now})
      AND (l.cursor < p.seq AND (l.stop_seq IS NULL OR l.cursor < l.stop_seq) OR l.due_at <= {now})
      AND (:slow_lanes > 0 OR NOT l.is_slow)
      AND (:late_lanes > 0 OR l.is_slow OR NOT l.is_replay AND l.cursor < p.seq AND l.cursor >= p.seq - :late_lines)
    ORDER BY l.served_at LIMIT :lanes {skip}
"""
_LEASE = """
    UPDATE lanes SET epoch = epoch + 1, owner = :owner, lease_until = :until, served_at = :at WHERE {among:id:ids}
"""
_MOVE_ON = "UPDATE lanes SET cursor = :cursor, served_at = :at WHERE id = :id"
_DUE_ANEW = """
    UPDATE lanes SET due_at = (
      SELECT min(next_at) FROM exceptions e WHERE e.subscription_id = lanes.id AND e.state = 'retrying'
    ) WHERE {among:id:ids}
"""
_DUE_AGAIN = """
    SELECT e.seq, e.webhook_id, e.failures, m.type, m.body, m.audience,
           e.sequence, e.previous_id, e.watermark, e.occasion, e.request
    FROM exceptions e JOIN messages m ON m.seq = e.seq
    WHERE e.subscription_id = :subscription AND e.state = 'retrying' AND e.next_at <= :at
      AND (e.seq <= :cursor OR m.audience IS NOT NULL)
    ORDER BY e.next_at, e.seq LIMIT :room
"""
_ATTEMPTS = """
    SELECT seq, max(number) FROM attempts WHERE subscription_id = :subscription AND {among:seq:seqs} GROUP BY seq
"""
_OWED = """
    SELECT seq FROM exceptions WHERE subscription_id = :subscription AND state = 'retrying' AND {among:seq:seqs}
"""
_AGAIN_OF_REPLAYS = """
    SELECT min(next_at), (SELECT options FROM dossiers WHERE subscription_id = :subscription) FROM exceptions
    WHERE subscription_id = :subscription AND state = 'retrying' AND occasion = 'replay'
"""
_NEXT_DUE = """
    SELECT (SELECT min(due_at) FROM lanes WHERE due_at > {now}),
           (SELECT min(paused_until) FROM lanes WHERE paused_until > {now}), {now}
"""


LOOK_AGAIN = timedelta(milliseconds=200)  # for a replay that waits for what is under way


class _Lane(NamedTuple):
    """One row of what can be claimed."""

    id: str
    subscription_id: str
    is_replay: bool
    cursor: int
    stop_seq: int | None
    after_position: int
    not_before: str | datetime | None
    due_at: str | datetime | None
    epoch: int
    sequence: int
    numbered_after: int
    looked_to: int
    per_second: int | None
    is_slow: bool
    url: str
    filter: str
    filter_changes: int
    head: int
    now: str | datetime
    secrets: str | None

    @property
    def start(self) -> int:
        """The line after which what has no number yet is looked for."""
        return max(self.cursor, self.looked_to)

    @property
    def is_late(self) -> bool:
        return self.is_replay or not self.head - LATE_LINES <= self.cursor < self.head


class _Found(NamedTuple):
    """What a lane is to send, the last line of the log that was looked at, and the numbers given out for it.

    ``waits_until`` says that it is left alone until then.
    """

    parcels: tuple[Parcel, ...]
    scanned_to: int
    stretch: Stretch | None
    waits_until: datetime | None = None


@dataclass(frozen=True)
class Claims:
    """``instance_key`` makes the ids, ``box`` opens the secrets."""

    instance_key: bytes
    box: SecretBox
    log: MessageLog

    def claim(self, driver: Driver, wish: Wish, *, fresh: Sequence[LoggedMessage] = ()) -> Claim:
        """``fresh`` are lines that this very transaction has written."""
        slow_room = wish.lanes if wish.slow_lanes is None else wish.slow_lanes
        late_room = wish.lanes if wish.late_lanes is None else wish.late_lanes
        claimable = [
            _Lane(*row)
            for row in driver.rows(
                _CLAIMABLE, lanes=wish.lanes, slow_lanes=slow_room, late_lanes=late_room, late_lines=LATE_LINES
            )
        ]
        if not claimable:
            return NOTHING
        lanes = _with_room(claimable, slow_room=slow_room, late_room=late_room)
        now = driver.instant(claimable[0].now)
        reader = _Reader(driver, self, now=now, wish=wish, fresh=fresh, lanes=lanes)
        found = [(lane, one) for lane in lanes if (one := reader.found(lane)) is not None]
        taken = [(lane, one) for lane, one in found if one.parcels]
        passed_by = [(lane, one.scanned_to) for lane, one in found if not one.parcels and one.waits_until is None]
        replays.slow_down(driver, [(lane.id, one.waits_until) for lane, one in found if one.waits_until is not None])
        if taken:
            until = now + timedelta(seconds=wish.lease_seconds)
            driver.run(_LEASE, owner=wish.owner, until=until, at=now, ids=[lane.id for lane, _ in taken])
            stretches.write(driver, [one.stretch for _, one in taken if one.stretch is not None])
        _pass_by(driver, passed_by, now=now)
        return Claim(
            turns=tuple(
                Turn(
                    lease=Lease(
                        lane_id=lane.id,
                        subscription_id=lane.subscription_id,
                        epoch=lane.epoch + 1,
                        cursor=lane.cursor,
                    ),
                    url=lane.url,
                    secrets=self._opened(lane.subscription_id, lane.secrets),
                    parcels=one.parcels,
                    scanned_to=one.scanned_to,
                    is_slow=bool(lane.is_slow),
                    is_late=lane.is_late,
                )
                for lane, one in taken
            ),
            has_more=len(claimable) == wish.lanes
            or len(found) < len(lanes)
            or any(scanned_to < lane.head for lane, scanned_to in passed_by),
        )

    def _opened(self, subscription_id: str, sealed: str | None) -> tuple[bytes, ...]:
        """Newest first, from ``serial:hex`` with spaces between."""
        known = [(int(serial), text) for serial, _, text in (one.partition(":") for one in (sealed or "").split())]
        return tuple(
            self.box.open(bytes.fromhex(text), place=secret_place(subscription_id, serial))
            for serial, text in sorted(known, reverse=True)
        )


class _Reader:
    """Reads the turns of one claim."""

    def __init__(
        self,
        driver: Driver,
        claims: Claims,
        *,
        now: datetime,
        wish: Wish,
        fresh: Sequence[LoggedMessage],
        lanes: Sequence[_Lane],
    ) -> None:
        self._driver = driver
        self._numbers = Numbers(claims.instance_key, claims.log)
        self._now = now
        self._wish = wish
        self._scans_left = SCAN_ROWS_OF_A_CLAIM
        self._fresh = fresh
        self._standings = stretches.standings(driver, [lane.id for lane in lanes if not lane.is_replay])
        self._terms = {lane.id: self._terms_of(lane) for lane in lanes}
        if any(_names_groups(terms) for terms in self._terms.values()):
            rolls = stretches.rolls(driver)
            self._terms = {id_: _with_rolls(terms, rolls) for id_, terms in self._terms.items()}

    def found(self, lane: _Lane) -> _Found | None:
        """What it is to send; None when it is late and too much was looked through for others already."""
        if lane.is_late and self._scans_left <= 0:
            return None
        batch = self._batch(lane)
        if lane.is_replay:
            until = self._held_back(lane)
            return self._replayed(lane, batch=batch) if until is None else _Found((), lane.cursor, None, until)
        again = self._due_again(lane, room=max(1, batch // 2))
        room, standing = batch - len(again), self._standings[lane.id]
        if standing.taken > lane.sequence:
            found = self._taken_before(lane, standing, room=room)
        else:
            found = self._next(lane, standing, room=room)
        return found._replace(parcels=(*again, *found.parcels))

    def _batch(self, lane: _Lane) -> int:
        return self._wish.slow_batch if lane.is_slow and self._wish.slow_batch is not None else self._wish.batch

    def _terms_of(self, lane: _Lane) -> Terms:
        """A replay sends what is wanted now, and lines from before the numbers as well."""
        return Terms(
            current=filter_from(lane.filter),
            window=Window(after_position=lane.after_position, not_before=self._driver.instant_or_none(lane.not_before)),
            numbered_after=0 if lane.is_replay else lane.numbered_after,
            formers=stretches.formers(self._driver, lane.id) if lane.filter_changes and not lane.is_replay else (),
        )

    def _due_again(self, lane: _Lane, *, room: int) -> list[Parcel]:
        """Retries whose time has come; at most half of the turn, so that they never hold back what is new."""
        due_at = self._driver.instant_or_none(lane.due_at)
        if due_at is None or due_at > self._now:
            return []
        # Asked for while its first attempt was under way, and that one was never booked: it comes by itself first.
        due = self._driver.rows(
            _DUE_AGAIN, subscription=lane.subscription_id, at=self._now, cursor=lane.cursor, room=room
        )
        counts = self._attempts(lane.subscription_id, [row[0] for row in due])
        parcels = []
        for row in due:
            seq, known_id, failures, type_, body, audience, sequence, previous_id, watermark, occasion, request = row
            place = None if sequence is None else Place(sequence=sequence, previous_id=previous_id, watermark=watermark)
            why = Occasion(occasion)
            parcels.append(
                Parcel(
                    seq=seq,
                    webhook_id=known_id,
                    type=type_,
                    # What is for one subscription alone holds its final bytes already.
                    body=numbered(bytes(body), place, occasion=why) if audience is None else bytes(body),
                    attempts=counts.get(seq, 0),
                    failures=failures,
                    is_exception=True,
                    place=place,
                    occasion=why,
                    request=request,
                )
            )
        return parcels

    def _next(self, lane: _Lane, standing: Standing, *, room: int) -> _Found:
        """The next wanted messages after the cursor, with numbers that nobody had before."""
        wanted, scanned_to = self._wanted(lane, room=room)
        if not wanted:
            return _Found((), scanned_to, None)
        stretch, places, ids = self._numbers.take(lane.subscription_id, wanted, standing, after_seq=lane.start)
        parcels = [_new(message, id_, place) for message, id_, place in zip(wanted, ids, places, strict=True)]
        return _Found(tuple(parcels), scanned_to, stretch)

    def _taken_before(self, lane: _Lane, standing: Standing, *, room: int) -> _Found:
        """What was taken up and not attempted, by whoever held the lane before or by a pull: the same bytes again."""
        # No further than the turn goes: a pull may have taken up the whole log.
        last = min(standing.taken, lane.sequence + max(1, room))
        known = stretches.between(self._driver, lane.subscription_id, first=lane.sequence + 1, last=last)
        every = (
            _new(message, id_, place)
            for stretch in known
            for message, place, id_ in self._numbers.walk(self._driver, stretch, self._terms[lane.id])
            if place.sequence > lane.sequence
        )
        parcels = tuple(islice(every, room))
        return _Found(parcels, parcels[-1].seq if parcels else lane.cursor, None)

    def _held_back(self, lane: _Lane) -> datetime | None:
        """Where the order counts, nothing of a replay passes what failed of it: until when to wait for that."""
        ((next_at, options),) = self._driver.rows(_AGAIN_OF_REPLAYS, subscription=lane.subscription_id)
        if next_at is None or options is None or json.loads(options).get("order") != Order.FIFO:
            return None
        return max(self._driver.instant(next_at), self._now + LOOK_AGAIN)

    def _replayed(self, lane: _Lane, *, batch: int) -> _Found:
        """What is wanted of an old stretch, under the numbers it had; what is still being tried comes by itself."""
        wanted, scanned_to = self._wanted(lane, room=min(batch, lane.per_second or batch))
        seqs = [message.entry.seq for message in wanted]
        if not seqs:
            return _Found((), scanned_to, None)
        terms = stretches.terms_of(self._driver, lane.subscription_id)
        places = (
            self._numbers.places(self._driver, lane.subscription_id, terms, first=seqs[0], last=seqs[-1])
            if terms is not None
            else {}
        )
        counts = self._attempts(lane.subscription_id, seqs)
        owed = {row[0] for row in self._driver.rows(_OWED, subscription=lane.subscription_id, seqs=seqs)}
        parcels = [
            Parcel(
                seq=message.entry.seq,
                webhook_id=self._numbers.id_of(lane.subscription_id, message),
                type=message.entry.type,
                body=numbered(message.body, places.get(message.entry.seq), occasion=Occasion.REPLAY),
                attempts=counts.get(message.entry.seq, 0),
                failures=0,
                is_exception=False,
                place=places.get(message.entry.seq),
                occasion=Occasion.REPLAY,
            )
            for message in wanted
            if message.entry.seq not in owed
        ]
        return _Found(tuple(parcels), scanned_to, None)

    def _wanted(self, lane: _Lane, *, room: int) -> tuple[list[LoggedMessage], int]:
        terms = self._terms[lane.id]
        until = lane.head if lane.stop_seq is None else lane.stop_seq
        wanted: list[LoggedMessage] = []
        scanned_to = lane.start
        for message in self._numbers.log.after(
            self._driver, lane.start, until=until, limit=SCAN_ROWS, fresh=self._fresh
        ):
            if len(wanted) >= room:
                break
            if terms.wants(message.entry):
                wanted.append(message)
            scanned_to = message.entry.seq
        self._scans_left -= scanned_to - lane.start - len(wanted)
        return wanted, scanned_to

    def _attempts(self, subscription_id: str, seqs: list[int]) -> dict[int, int]:
        if not seqs:
            return {}
        return dict(self._driver.rows(_ATTEMPTS, subscription=subscription_id, seqs=seqs))


def _with_room(lanes: Sequence[_Lane], *, slow_room: int, late_room: int) -> list[_Lane]:
    """Those for whom there is a place; the others stay where they are, in front."""
    kept: list[_Lane] = []
    for lane in lanes:
        if lane.is_slow:
            slow_room -= 1
        elif lane.is_late:
            late_room -= 1
        if (slow_room if lane.is_slow else late_room if lane.is_late else 0) >= 0:
            kept.append(lane)
    return kept


def due_seconds(driver: Driver) -> float:
    """How long until a retry is due or a pause ends; infinite when nothing waits for its time."""
    ((due_at, ended_at, now),) = driver.rows(_NEXT_DUE)
    known = [driver.instant(at) for at in (due_at, ended_at) if at is not None]
    return (min(known) - driver.instant(now)).total_seconds() if known else math.inf


def due_anew(driver: Driver, subscription_ids: list[str]) -> None:
    """Work out from the retries when their lanes are due next."""
    if subscription_ids:
        driver.run(_DUE_ANEW, ids=subscription_ids)


def _pass_by(driver: Driver, lanes: list[tuple[_Lane, int]], *, now: datetime) -> None:
    """Nothing here was wanted: the cursors move on without a lease."""
    if not lanes:
        return
    driver.run_each(_MOVE_ON, [{"cursor": scanned_to, "at": now, "id": lane.id} for lane, scanned_to in lanes])
    due_anew(driver, [lane.id for lane, _ in lanes if lane.due_at is not None])
    replays.end(driver, [lane.id for lane, _ in lanes if lane.is_replay])


def _new(message: LoggedMessage, webhook_id: str, place: Place) -> Parcel:
    return Parcel(
        seq=message.entry.seq,
        webhook_id=webhook_id,
        type=message.entry.type,
        body=numbered(message.body, place),
        attempts=0,
        failures=0,
        is_exception=False,
        place=place,
    )


def _names_groups(terms: Terms) -> bool:
    return any(one.groups for one in (terms.current, *(former for _, former in terms.formers)))


def _with_rolls(terms: Terms, rolls: Rolls) -> Terms:
    return replace(terms, rolls=rolls)
