"""Leasing lanes and reading what they are to send, inside the caller's transaction."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from treaty_notifier.messages import webhook_id
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.message_log import LoggedMessage, MessageLog
from treaty_notifier.outbox.port import Claim, Lease, Parcel, Turn, Wish
from treaty_notifier.outbox.rows import filter_of
from treaty_notifier.outbox.secrets import SecretBox
from treaty_notifier.subscriptions import Filter, Membership, Window, wants

SCAN_ROWS = 500  # log lines one turn looks at; a filter that wants few of them moves on quickly all the same
NOTHING = Claim(turns=(), has_more=False)

# Least recently served first, never by lease: lanes whose holder died must not wait behind everybody's work.
_CLAIMABLE = """
    SELECT l.id, l.subscription_id, l.is_replay, l.cursor, l.stop_seq, l.after_position, l.not_before, l.due_at,
           l.epoch, s.url, {text:s.filter}, p.seq, {now},
           (SELECT {joined:x.serial || ':' || {hex:x.sealed}} FROM secrets x
            WHERE x.subscription_id = s.id AND (x.expires_at IS NULL OR x.expires_at > {now}))
    FROM lanes l JOIN subscriptions s ON s.id = l.subscription_id JOIN progress p ON p.name = 'feed'
    WHERE s.state = 'active'
      AND (l.lease_until IS NULL OR l.lease_until <= {now}) AND (l.paused_until IS NULL OR l.paused_until <= {now})
      AND (l.cursor < p.seq AND (l.stop_seq IS NULL OR l.cursor < l.stop_seq) OR l.due_at <= {now})
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
_END_REPLAYS = "DELETE FROM lanes WHERE {among:id:ids} AND is_replay AND cursor >= stop_seq"
_DUE_AGAIN = """
    SELECT e.seq, e.webhook_id, e.failures, m.type, m.body
    FROM exceptions e JOIN messages m ON m.seq = e.seq
    WHERE e.subscription_id = :subscription AND e.state = 'retrying' AND e.next_at <= :at
    ORDER BY e.next_at, e.seq LIMIT :room
"""
_ATTEMPTS = """
    SELECT seq, max(number) FROM attempts WHERE subscription_id = :subscription AND {among:seq:seqs} GROUP BY seq
"""
_NEXT_DUE = """
    SELECT (SELECT min(due_at) FROM lanes WHERE due_at > {now}),
           (SELECT min(paused_until) FROM lanes WHERE paused_until > {now}), {now}
"""
_GROUPS = "SELECT id, {text:members} FROM groups"


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
    url: str
    filter: str
    head: int
    now: str | datetime
    secrets: str | None


@dataclass(frozen=True)
class Claims:
    """``instance_key`` makes the ids, ``box`` opens the secrets."""

    instance_key: bytes
    box: SecretBox
    log: MessageLog

    def claim(self, driver: Driver, wish: Wish, *, fresh: Sequence[LoggedMessage] = ()) -> Claim:
        """``fresh`` are lines that this very transaction has written."""
        lanes = [_Lane(*row) for row in driver.rows(_CLAIMABLE, lanes=wish.lanes)]
        if not lanes:
            return NOTHING
        now = driver.instant(lanes[0].now)
        reader = _Reader(driver, self, now=now, batch=wish.batch, fresh=fresh, lanes=lanes)
        found = [(lane, *reader.parcels(lane)) for lane in lanes]
        taken = [(lane, parcels, scanned_to) for lane, parcels, scanned_to in found if parcels]
        passed_by = [(lane, scanned_to) for lane, parcels, scanned_to in found if not parcels]
        if taken:
            until = now + timedelta(seconds=wish.lease_seconds)
            driver.run(_LEASE, owner=wish.owner, until=until, at=now, ids=[lane.id for lane, _, _ in taken])
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
                    secrets=self._opened(lane.secrets),
                    parcels=parcels,
                    scanned_to=scanned_to,
                )
                for lane, parcels, scanned_to in taken
            ),
            has_more=len(lanes) == wish.lanes or any(scanned_to < lane.head for lane, scanned_to in passed_by),
        )

    def _opened(self, sealed: str | None) -> tuple[bytes, ...]:
        """Newest first, from ``serial:hex`` with spaces between."""
        known = [one.split(":") for one in (sealed or "").split()]
        return tuple(self.box.open(bytes.fromhex(text)) for _, text in sorted(known, key=lambda one: -int(one[0])))


class _Reader:
    """Reads the turns of one claim."""

    def __init__(
        self,
        driver: Driver,
        claims: Claims,
        *,
        now: datetime,
        batch: int,
        fresh: Sequence[LoggedMessage],
        lanes: Sequence[_Lane],
    ) -> None:
        self._driver = driver
        self._claims = claims
        self._now = now
        self._batch = batch
        self._fresh = fresh
        names_groups = any(_filter(lane.filter).groups for lane in lanes)
        self._membership = _membership(driver) if names_groups else Membership()

    def parcels(self, lane: _Lane) -> tuple[tuple[Parcel, ...], int]:
        """What the lane is to send, and the last line of the log that was looked at."""
        again = [] if lane.is_replay else self._due_again(lane)
        new, scanned_to = self._new(lane, room=self._batch - len(again))
        return (*again, *new), scanned_to

    def _due_again(self, lane: _Lane) -> list[Parcel]:
        """Retries whose time has come; at most half of the turn, so that they never hold back what is new."""
        due_at = self._driver.instant_or_none(lane.due_at)
        if due_at is None or due_at > self._now:
            return []
        due = self._driver.rows(
            _DUE_AGAIN, subscription=lane.subscription_id, at=self._now, room=max(1, self._batch // 2)
        )
        counts = self._attempts(lane.subscription_id, [row[0] for row in due])
        return [
            Parcel(
                seq=seq,
                webhook_id=known_id,
                type=type_,
                body=bytes(body),
                attempts=counts.get(seq, 0),
                failures=failures,
                is_exception=True,
            )
            for seq, known_id, failures, type_, body in due
        ]

    def _new(self, lane: _Lane, *, room: int) -> tuple[list[Parcel], int]:
        """The next wanted messages after the cursor."""
        wanted, scanned_to = self._wanted(lane, room=room)
        # Only a replay meets what was attempted before.
        seqs = [message.entry.seq for message in wanted] if lane.is_replay else []
        counts = self._attempts(lane.subscription_id, seqs)
        return [self._parcel(lane, message, counts.get(message.entry.seq, 0)) for message in wanted], scanned_to

    def _wanted(self, lane: _Lane, *, room: int) -> tuple[list[LoggedMessage], int]:
        filter_ = _filter(lane.filter)
        window = Window(after_position=lane.after_position, not_before=self._driver.instant_or_none(lane.not_before))
        until = lane.head if lane.stop_seq is None else lane.stop_seq
        wanted: list[LoggedMessage] = []
        scanned_to = lane.cursor
        for message in self._claims.log.after(
            self._driver, lane.cursor, until=until, limit=SCAN_ROWS, fresh=self._fresh
        ):
            if len(wanted) >= room:
                break
            entry = message.entry
            if window.admits(entry) and wants(filter_, entry, membership=self._membership):
                wanted.append(message)
            scanned_to = entry.seq
        return wanted, scanned_to

    def _parcel(self, lane: _Lane, message: LoggedMessage, attempts_before: int) -> Parcel:
        entry = message.entry
        return Parcel(
            seq=entry.seq,
            webhook_id=webhook_id(
                instance_key=self._claims.instance_key, subscription_id=lane.subscription_id, identity=entry.identity
            ),
            type=entry.type,
            body=message.body,
            attempts=attempts_before,
            failures=0,
            is_exception=False,
        )

    def _attempts(self, subscription_id: str, seqs: list[int]) -> dict[int, int]:
        if not seqs:
            return {}
        return dict(self._driver.rows(_ATTEMPTS, subscription=subscription_id, seqs=seqs))


def due_seconds(driver: Driver) -> float:
    """How long until a retry is due or a pause ends; infinite when nothing waits for its time."""
    ((due_at, ended_at, now),) = driver.rows(_NEXT_DUE)
    known = [driver.instant(at) for at in (due_at, ended_at) if at is not None]
    return (min(known) - driver.instant(now)).total_seconds() if known else math.inf


def due_anew(driver: Driver, subscription_ids: list[str]) -> None:
    """Work out from the retries when their lanes are due next."""
    if subscription_ids:
        driver.run(_DUE_ANEW, ids=subscription_ids)


def end_replays(driver: Driver, lane_ids: list[str]) -> None:
    """A replay that has reached its end leaves nothing behind but its attempts."""
    if lane_ids:
        driver.run(_END_REPLAYS, ids=lane_ids)


def _pass_by(driver: Driver, lanes: list[tuple[_Lane, int]], *, now: datetime) -> None:
    """Nothing here was wanted: the cursors move on without a lease."""
    if not lanes:
        return
    driver.run_each(_MOVE_ON, [{"cursor": scanned_to, "at": now, "id": lane.id} for lane, scanned_to in lanes])
    due_anew(driver, [lane.id for lane, _ in lanes if lane.due_at is not None])
    end_replays(driver, [lane.id for lane, _ in lanes if lane.is_replay])


def _membership(driver: Driver) -> Membership:
    return Membership(members={group: frozenset(json.loads(members)) for group, members in driver.rows(_GROUPS)})


@lru_cache(10_000)
def _filter(document: str) -> Filter:
    return filter_of(json.loads(document))
