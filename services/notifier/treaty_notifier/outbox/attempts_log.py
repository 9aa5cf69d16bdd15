"""Reading deliveries back: what was attempted, what is owed, and what still waits beyond the cursor."""

from sqlalchemy import Connection, exists, or_, select

from treaty_notifier.deliveries import DeliveryState, Outcome, delivery_state
from treaty_notifier.messages import Entry, webhook_id
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.port import Attempt, Delivery
from treaty_notifier.outbox.rows import AnyRow, attempt_of, entry_of, subscription_of
from treaty_notifier.outbox.stretches import terms_of
from treaty_notifier.outbox.tables import attempts, exceptions, lanes, messages, subscriptions
from treaty_notifier.subscriptions import Subscription

PENDING_SCAN_ROWS = 500  # how far beyond the cursor a listing looks for what still waits
_LOG_COLUMNS = [column for column in messages.c if column.name != "body"]


def deliveries(
    connection: Connection,
    driver: Driver,
    subscription: Subscription,
    *,
    key: bytes,
    before: int | None,
    limit: int,
    state: DeliveryState | None,
) -> list[Delivery]:
    """Newest first. Deliveries that wait beyond the cursor are looked for within the next 500 lines of the log."""
    waiting = {entry.seq for entry in _waiting(connection, driver, subscription)}
    seqs = _known(connection, subscription.id, before=before, limit=limit, state=state)
    if state in (None, DeliveryState.PENDING):
        seqs |= {seq for seq in waiting if before is None or seq < before}
    newest = set(sorted(seqs, reverse=True)[:limit])
    return [one for one in load(connection, subscription.id, newest, key=key) if state in (None, one.state)]


def delivery(
    connection: Connection, driver: Driver, wanted_id: str, *, key: bytes, owner: str | None
) -> Delivery | None:
    """By its id, without its bytes."""
    for table in (attempts, exceptions):
        row = connection.execute(
            select(table.c.subscription_id, table.c.seq).where(table.c.webhook_id == wanted_id).limit(1)
        ).one_or_none()
        if row is not None:
            return load(connection, row.subscription_id, {row.seq}, key=key)[0]
    return _still_waiting(connection, driver, wanted_id, key=key, owner=owner)


def _still_waiting(
    connection: Connection, driver: Driver, wanted_id: str, *, key: bytes, owner: str | None
) -> Delivery | None:
    """Ids are derived, not stored, until the first attempt: try what the owner's lanes have before them."""
    query = select(subscriptions)
    if owner is not None:
        query = query.where(subscriptions.c.owner == owner)
    for row in connection.execute(query).all():
        subscription = subscription_of(row)
        for entry in _waiting(connection, driver, subscription):
            if wanted_id == webhook_id(instance_key=key, subscription_id=row.id, identity=entry.identity):
                return load(connection, row.id, {entry.seq}, key=key)[0]
    return None


def _waiting(connection: Connection, driver: Driver, subscription: Subscription) -> list[Entry]:
    terms = terms_of(driver, subscription.id)
    cursor = connection.execute(select(lanes.c.cursor).where(lanes.c.id == subscription.id)).scalar_one()
    query = select(*_LOG_COLUMNS).where(messages.c.seq > cursor).order_by(messages.c.seq).limit(PENDING_SCAN_ROWS)
    entries = [entry_of(row) for row in connection.execute(query)]
    return [entry for entry in entries if terms is not None and terms.wants(entry)]


def _known(
    connection: Connection, subscription_id: str, *, before: int | None, limit: int, state: DeliveryState | None
) -> set[int]:
    """The newest of what is owed and what was attempted; each looked for along an index and no further than asked."""
    open_ones = select(exceptions.c.seq).where(exceptions.c.subscription_id == subscription_id)
    tried = select(attempts.c.seq).distinct().where(attempts.c.subscription_id == subscription_id)
    is_open = exists().where(exceptions.c.subscription_id == subscription_id, exceptions.c.seq == attempts.c.seq)
    was_tried = exists().where(attempts.c.subscription_id == subscription_id, attempts.c.seq == exceptions.c.seq)
    retrying = open_ones.where(exceptions.c.state == DeliveryState.RETRYING.value)
    match state:
        case DeliveryState.DEAD:
            parts = [open_ones.where(exceptions.c.state == state.value)]
        case DeliveryState.RETRYING:
            parts = [retrying.where(or_(exceptions.c.failures > 0, was_tried))]
        case DeliveryState.PENDING:
            parts = [retrying.where(exceptions.c.failures == 0, ~was_tried)]
        case DeliveryState.DELIVERED:
            parts = [tried.where(attempts.c.outcome == Outcome.OK.value, ~is_open)]
        case _:
            parts = [open_ones, tried]
    found: set[int] = set()
    for part in parts:
        (seq,) = part.selected_columns
        older = part if before is None else part.where(seq < before)
        found |= set(connection.execute(older.order_by(seq.desc()).limit(limit)).scalars())
    return found


def load(connection: Connection, subscription_id: str, seqs: set[int], *, key: bytes) -> list[Delivery]:
    """These lines of the log as deliveries, newest first, without their bytes."""
    if not seqs:
        return []
    query = select(*_LOG_COLUMNS).where(messages.c.seq.in_(seqs)).order_by(messages.c.seq.desc())
    rows = connection.execute(query).all()
    tried: dict[int, list[Attempt]] = {}
    for attempt in connection.execute(
        select(attempts)
        .where(attempts.c.subscription_id == subscription_id, attempts.c.seq.in_(seqs))
        .order_by(attempts.c.id)
    ):
        tried.setdefault(attempt.seq, []).append(attempt_of(attempt))
    open_ones = {
        row.seq: row
        for row in connection.execute(
            select(exceptions).where(exceptions.c.subscription_id == subscription_id, exceptions.c.seq.in_(seqs))
        )
    }
    return [
        _delivery(row, subscription_id, tuple(tried.get(row.seq, ())), open_ones.get(row.seq), key=key) for row in rows
    ]


def _delivery(
    row: AnyRow, subscription_id: str, tried: tuple[Attempt, ...], exception: AnyRow | None, *, key: bytes
) -> Delivery:
    entry = entry_of(row)
    return Delivery(
        webhook_id=webhook_id(instance_key=key, subscription_id=subscription_id, identity=entry.identity),
        subscription_id=subscription_id,
        seq=entry.seq,
        position=entry.position,
        type=entry.type,
        treaty=entry.treaty,
        recorded_at=entry.recorded_at,
        body=b"",
        state=delivery_state(
            [attempt.outcome for attempt in tried], owed=DeliveryState(exception.state) if exception else None
        ),
        reason=exception.reason if exception else None,
        next_attempt_at=exception.next_at if exception else None,
        attempts=tried,
        sequence=next((attempt.sequence for attempt in tried if attempt.sequence is not None), None),
    )
