"""Replays: lanes of their own, limited in what they send in a second, that can be paused and looked at.

The lane is the progress; it goes when the replay ends, and what is told here stays.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, String, Table, delete, insert, select, update

from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.port import Replay, ReplayState
from treaty_notifier.outbox.tables import Instant, lanes, metadata

replays = Table(
    "replays",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("subscription_id", String(40), nullable=False, index=True),
    Column("asked_at", Instant, nullable=False),
    Column("after_seq", BigInteger, nullable=False),
    Column("stop_seq", BigInteger, nullable=False),
    Column("per_second", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("booked", BigInteger, nullable=False, server_default="0"),  # attempts
)

_END = "DELETE FROM lanes WHERE {among:id:ids} AND is_replay AND cursor >= stop_seq RETURNING id"
_FINISHED = "UPDATE replays SET state = 'finished' WHERE {among:id:ids}"
_BOOKED = "UPDATE replays SET booked = booked + :attempts WHERE id = :id"
_WAIT = """
    UPDATE lanes SET paused_until = CASE WHEN paused_until > :until THEN paused_until ELSE :until END WHERE id = :id
"""


def begin(connection: Connection, replay: Replay) -> None:
    connection.execute(
        insert(replays).values(
            id=replay.id,
            subscription_id=replay.subscription_id,
            asked_at=replay.asked_at,
            after_seq=replay.after_seq,
            stop_seq=replay.stop_seq,
            per_second=replay.per_second,
            state=replay.state.value,
        )
    )


def of(connection: Connection, subscription_id: str) -> list[Replay]:
    """Every replay of a subscription, newest first."""
    query = (
        select(replays, lanes.c.cursor)
        .outerjoin(lanes, lanes.c.id == replays.c.id)
        .where(replays.c.subscription_id == subscription_id)
        .order_by(replays.c.asked_at.desc(), replays.c.id)
    )
    return [_replay(row) for row in connection.execute(query)]


def change(connection: Connection, subscription_id: str, replay_id: str, state: ReplayState) -> Replay | None:
    """Pause, go on or cancel; what has ended stays as it is. None when there is no such replay."""
    known = next((one for one in of(connection, subscription_id) if one.id == replay_id), None)
    if known is None or known.state.has_ended:
        return known
    ours = lanes.c.id == replay_id
    if state is ReplayState.CANCELLED:
        connection.execute(delete(lanes).where(ours))
    else:
        connection.execute(update(lanes).where(ours).values(is_held=state is ReplayState.PAUSED))
    connection.execute(update(replays).where(replays.c.id == replay_id).values(state=state.value))
    return next((one for one in of(connection, subscription_id) if one.id == replay_id), None)


def end(driver: Driver, lane_ids: Sequence[str]) -> None:
    """Replays that have come to their end leave their attempts, and that they have finished."""
    if lane_ids and (ended := [row[0] for row in driver.rows(_END, ids=list(lane_ids))]):
        driver.run(_FINISHED, ids=ended)


def count(driver: Driver, attempts: Sequence[tuple[str, int]]) -> None:
    """How many attempts each replay has made: the lane that knows it goes when the replay ends."""
    driver.run_each(_BOOKED, [{"id": lane_id, "attempts": made} for lane_id, made in attempts])


def slow_down(driver: Driver, waits: Sequence[tuple[str, datetime]]) -> None:
    """What a replay sends in a second is limited: until then its lane is left alone."""
    if waits:
        driver.run_each(_WAIT, [{"id": lane_id, "until": until} for lane_id, until in waits])


def _replay(row: Row[tuple[object, ...]]) -> Replay:
    state = ReplayState(row.state)
    ended_at_line = row.stop_seq if state is ReplayState.FINISHED else row.after_seq
    return Replay(
        id=row.id,
        subscription_id=row.subscription_id,
        asked_at=row.asked_at,
        after_seq=row.after_seq,
        stop_seq=row.stop_seq,
        cursor=ended_at_line if row.cursor is None else row.cursor,
        per_second=row.per_second,
        state=state,
    )
