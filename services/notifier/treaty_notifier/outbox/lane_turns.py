"""Leasing lanes and booking their turns, inside the caller's transaction."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from treaty_notifier.deliveries import Dead, Delivered, DeliveryState, RetryIn
from treaty_notifier.messages import webhook_id
from treaty_notifier.outbox.attempts_log import membership
from treaty_notifier.outbox.log_blocks import LogBlocks, LoggedMessage
from treaty_notifier.outbox.port import Claim, Lease, Parcel, Sent, Settlement, Turn
from treaty_notifier.outbox.rows import AnyRow, disabling_reason, filter_of, pause_seconds
from treaty_notifier.outbox.secrets import SecretBox
from treaty_notifier.outbox.tables import attempts, exceptions, lanes, messages, progress, secrets, subscriptions
from treaty_notifier.subscriptions import Membership, SubscriptionState, Window, wants

SCAN_ROWS = 500  # log lines one turn looks at; a filter that wants few of them moves on quickly all the same


@dataclass(frozen=True)
class LaneTurns:
    """Reads and books turns; ``instance_key`` makes the ids, ``box`` opens the secrets."""

    instance_key: bytes
    box: SecretBox
    blocks: LogBlocks = field(default_factory=LogBlocks)

    def claim(
        self,
        connection: Connection,
        *,
        owner: str,
        limit: int,
        batch: int,
        lease_seconds: float,
        now: datetime,
    ) -> Claim:
        head = connection.execute(select(progress.c.seq)).scalar_one()
        found = connection.execute(_claimable(head=head, now=now, limit=limit)).all()
        if not found:
            return Claim(turns=(), has_more=False)
        reader = _Reader(connection, self, membership=membership(connection), now=now, batch=batch, head=head)
        turns = [reader.turn(row, epoch=row.epoch + 1) for row in found]
        lease = {"owner": owner, "lease_until": now + timedelta(seconds=lease_seconds), "served_at": now}
        for row, turn in zip(found, turns, strict=True):
            ours = lanes.c.id == row.id
            if turn.parcels:
                connection.execute(update(lanes).where(ours).values(epoch=row.epoch + 1, **lease))
            else:
                self._pass_by(connection, row, turn=turn, now=now)
        passed_by = [turn for turn in turns if not turn.parcels]
        return Claim(
            turns=tuple(turn for turn in turns if turn.parcels),
            has_more=len(found) == limit or any(turn.scanned_to < head for turn in passed_by),
        )

    def settle(self, connection: Connection, settlement: Settlement, *, now: datetime) -> bool:
        lease = settlement.lease
        # The live lane's row is the subscription's lock, for its replays as well.
        connection.execute(select(lanes.c.id).where(lanes.c.id == lease.subscription_id).with_for_update())
        lane = connection.execute(
            select(lanes)
            .where(lanes.c.id == lease.lane_id, lanes.c.epoch == lease.epoch, lanes.c.owner.is_not(None))
            .with_for_update()
        ).one_or_none()
        if lane is None:
            return False
        self._book_attempts(connection, settlement, now=now)
        for sent in settlement.sent:
            self._book_outcome(connection, sent, subscription_id=lease.subscription_id, now=now)
        reason = disabling_reason(settlement.sent)
        if reason is not None:
            connection.execute(
                update(subscriptions)
                .where(subscriptions.c.id == lease.subscription_id)
                .values(state=SubscriptionState.DISABLED.value, state_reason=reason)
            )
        self._give_back(connection, lane, settlement, now=now)
        return True

    def _pass_by(self, connection: Connection, row: AnyRow, *, turn: Turn, now: datetime) -> None:
        """Nothing here was wanted: the cursor moves on without a lease."""
        values: dict[str, object] = {"cursor": turn.scanned_to, "served_at": now}
        if not row.is_replay:
            values["due_at"] = _next_due(connection, row.subscription_id)
        connection.execute(update(lanes).where(lanes.c.id == row.id).values(**values))
        _end_replay(connection, row.id)

    def _give_back(self, connection: Connection, lane: AnyRow, settlement: Settlement, *, now: datetime) -> None:
        values: dict[str, object] = {"owner": None, "lease_until": None, "cursor": max(lane.cursor, settlement.cursor)}
        connection.execute(update(lanes).where(lanes.c.id == lane.id).values(**values))
        due = _next_due(connection, lane.subscription_id)
        connection.execute(update(lanes).where(lanes.c.id == lane.subscription_id).values(due_at=due))
        pause = pause_seconds(settlement.sent)
        if pause > 0:
            # Retry-After speaks for the endpoint: its replays wait as well.
            ours = lanes.c.subscription_id == lane.subscription_id
            connection.execute(update(lanes).where(ours).values(paused_until=now + timedelta(seconds=pause)))
        _end_replay(connection, lane.id)

    def _book_attempts(self, connection: Connection, settlement: Settlement, *, now: datetime) -> None:
        rows = [_attempt_row(sent, settlement.lease.subscription_id, now=now) for sent in settlement.sent]
        if rows:
            connection.execute(insert(attempts), rows)

    def _book_outcome(self, connection: Connection, sent: Sent, *, subscription_id: str, now: datetime) -> None:
        parcel = sent.parcel
        ours = and_(exceptions.c.subscription_id == subscription_id, exceptions.c.seq == parcel.seq)
        if parcel.is_exception or parcel.attempts or not isinstance(sent.decision, Delivered):
            connection.execute(delete(exceptions).where(ours))
        row = {"subscription_id": subscription_id, "seq": parcel.seq, "webhook_id": parcel.webhook_id}
        match sent.decision:
            case Delivered():
                return
            case RetryIn(delay_seconds=delay):
                row |= {"state": DeliveryState.RETRYING.value, "next_at": now + timedelta(seconds=delay)}
            case Dead(reason=reason):
                row |= {"state": DeliveryState.DEAD.value, "reason": reason}
            case _:
                assert_never(sent.decision)
        connection.execute(insert(exceptions).values(failures=parcel.failures + 1, **row))


class _Reader:
    """Reads the turns of one claim."""

    def __init__(
        self, connection: Connection, turns: LaneTurns, *, membership: Membership, now: datetime, batch: int, head: int
    ) -> None:
        self._connection = connection
        self._turns = turns
        self._membership = membership
        self._now = now
        self._batch = batch
        self._head = head

    def turn(self, row: AnyRow, *, epoch: int) -> Turn:
        again = [] if row.is_replay else self._due_again(row)
        fresh, scanned_to = self._fresh(row, room=self._batch - len(again))
        return Turn(
            lease=Lease(lane_id=row.id, subscription_id=row.subscription_id, epoch=epoch, cursor=row.cursor),
            url=row.url,
            secrets=self._secrets(row.subscription_id) if again or fresh else (),
            parcels=(*again, *fresh),
            scanned_to=scanned_to,
        )

    def _due_again(self, row: AnyRow) -> list[Parcel]:
        """Retries whose time has come; at most half of the turn, so that they never hold back what is new."""
        if row.due_at is None or row.due_at > self._now:
            return []
        query = (
            select(exceptions, messages.c.type, messages.c.body)
            .join(messages, messages.c.seq == exceptions.c.seq)
            .where(
                exceptions.c.subscription_id == row.subscription_id,
                exceptions.c.state == DeliveryState.RETRYING.value,
                exceptions.c.next_at <= self._now,
            )
            .order_by(exceptions.c.next_at, exceptions.c.seq)
            .limit(max(1, self._batch // 2))
        )
        due = self._connection.execute(query).all()
        counts = self._attempts(row.subscription_id, [one.seq for one in due])
        return [
            Parcel(
                seq=one.seq,
                webhook_id=one.webhook_id,
                type=one.type,
                body=bytes(one.body),
                attempts=counts.get(one.seq, 0),
                failures=one.failures,
                is_exception=True,
            )
            for one in due
        ]

    def _fresh(self, row: AnyRow, *, room: int) -> tuple[list[Parcel], int]:
        """The next wanted messages after the cursor, and the last line looked at."""
        wanted, scanned_to = self._wanted(row, room=room)
        counts = (
            self._attempts(row.subscription_id, [one.entry.seq for one in wanted]) if row.is_replay and wanted else {}
        )
        return [self._parcel(row, one, counts.get(one.entry.seq, 0)) for one in wanted], scanned_to

    def _wanted(self, row: AnyRow, *, room: int) -> tuple[list[LoggedMessage], int]:
        filter_ = filter_of(row.filter)
        window = Window(after_position=row.after_position, not_before=row.not_before)
        until = self._head if row.stop_seq is None else row.stop_seq
        wanted: list[LoggedMessage] = []
        scanned_to: int = row.cursor
        for message in self._turns.blocks.after(self._connection, row.cursor, until=until, limit=SCAN_ROWS):
            if len(wanted) >= room:
                break
            entry = message.entry
            if window.admits(entry) and wants(filter_, entry, membership=self._membership):
                wanted.append(message)
            scanned_to = entry.seq
        return wanted, scanned_to

    def _parcel(self, row: AnyRow, message: LoggedMessage, attempts_before: int) -> Parcel:
        entry = message.entry
        return Parcel(
            seq=entry.seq,
            webhook_id=webhook_id(
                instance_key=self._turns.instance_key, subscription_id=row.subscription_id, identity=entry.identity
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
        rows = self._connection.execute(
            select(attempts.c.seq, func.max(attempts.c.number))
            .where(attempts.c.subscription_id == subscription_id, attempts.c.seq.in_(seqs))
            .group_by(attempts.c.seq)
        )
        return {row[0]: row[1] for row in rows}

    def _secrets(self, subscription_id: str) -> tuple[bytes, ...]:
        rows = self._connection.execute(
            select(secrets.c.sealed)
            .where(
                secrets.c.subscription_id == subscription_id,
                or_(secrets.c.expires_at.is_(None), secrets.c.expires_at > self._now),
            )
            .order_by(secrets.c.serial.desc())
        )
        return tuple(self._turns.box.open(bytes(row.sealed)) for row in rows)


def _claimable(*, head: int, now: datetime, limit: int):  # type: ignore[no-untyped-def]  # a Select of joined columns
    has_log = and_(lanes.c.cursor < head, or_(lanes.c.stop_seq.is_(None), lanes.c.cursor < lanes.c.stop_seq))
    return (
        select(lanes, subscriptions.c.url, subscriptions.c.filter)
        .join(subscriptions, subscriptions.c.id == lanes.c.subscription_id)
        .where(
            subscriptions.c.state == SubscriptionState.ACTIVE.value,
            or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= now),
            or_(lanes.c.paused_until.is_(None), lanes.c.paused_until <= now),
            or_(has_log, lanes.c.due_at <= now),
        )
        # Least recently served, never by lease: lanes whose holder died must not wait behind everybody's work.
        .order_by(lanes.c.served_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=lanes)
    )


def _next_due(connection: Connection, subscription_id: str) -> datetime | None:
    due: datetime | None = connection.execute(
        select(func.min(exceptions.c.next_at)).where(
            exceptions.c.subscription_id == subscription_id,
            exceptions.c.state == DeliveryState.RETRYING.value,
        )
    ).scalar()
    return due


def _end_replay(connection: Connection, lane_id: str) -> None:
    """A replay that has reached its end leaves nothing behind but its attempts."""
    connection.execute(
        delete(lanes).where(lanes.c.id == lane_id, lanes.c.is_replay, lanes.c.cursor >= lanes.c.stop_seq)
    )


def _attempt_row(sent: Sent, subscription_id: str, *, now: datetime) -> dict[str, object]:
    decision = sent.decision
    planned = now + timedelta(seconds=decision.delay_seconds) if isinstance(decision, RetryIn) else None
    return {
        "webhook_id": sent.parcel.webhook_id,
        "subscription_id": subscription_id,
        "seq": sent.parcel.seq,
        "number": sent.parcel.attempts + 1,
        "started_at": sent.started_at,
        "duration_ms": sent.duration_ms,
        "outcome": sent.outcome.value,
        "status_code": sent.status_code,
        "response": sent.response,
        "is_clipped": sent.is_clipped,
        "location": sent.location,
        "peer": sent.peer,
        "next_attempt_at": planned,
    }
