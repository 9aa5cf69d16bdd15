"""However long the log is: no statement of the notifier's daily work reads a whole table that grows with it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy import event as hooks

from tests.contracts.outbox_world import KEY, NOON, Clock, append, claim, event, settled, subscribe
from tests.services.notifier_world import eventually
from treaty_notifier.deliveries import Dead, DeliveryState, RetryIn
from treaty_notifier.outbox import Outbox, SqlOutbox, Start
from treaty_notifier.subscriptions import Filter

GROWING = ("messages", "attempts", "exceptions", "stretches")
LINES = 3_000
PAGE = 500


def filled(outbox: Outbox) -> None:
    """One lane far behind with letters given up and retries due, one that looks for what never comes, one level."""
    subscribe(outbox, "sub_behind")
    for first in range(1, LINES, PAGE):
        append(outbox, *(event(position) for position in range(first, first + PAGE)))
    for decision in (Dead(reason="all 10 attempts failed"), RetryIn(delay_seconds=0)):
        (turn,) = claim(outbox, batch=PAGE).turns
        outbox.settle([settled(turn, decision)])
    subscribe(outbox, "sub_looking", filter=Filter(types=("never.comes",)))
    subscribe(outbox, "sub_level", start=Start(after_position=LINES))


def a_days_work(outbox: Outbox, *, states: Sequence[DeliveryState | None] = (None, *DeliveryState)) -> None:
    """Everything that runs by itself or that a subscriber may ask for, once; deliveries of these states are listed."""
    append(outbox, event(LINES + 1))
    turns = claim(outbox).turns
    assert {turn.lease.lane_id for turn in turns} == {"sub_behind", "sub_level"}
    outbox.settle([settled(turn) for turn in turns])
    for state in states:
        for before in (None, LINES // 2):
            outbox.deliveries("sub_behind", before=before, limit=20, state=state)
    pulled = outbox.pull("sub_behind", after=100, until=None, limit=20)
    assert pulled is not None
    outbox.pull("sub_looking", after=0, until=None, limit=20)
    assert outbox.delivery(pulled.deliveries[0].webhook_id, owner="desk") is not None
    outbox.redeliver(subscription_id="sub_behind", seq=3)
    outbox.resend_as_new(subscription_id="sub_behind", seq=4)
    outbox.add_replay("sub_level", replay_id="rep_a", start=Start(after_position=LINES - 10))
    subscribe(outbox, "sub_new", start=Start(after_position=LINES))
    subscribe(outbox, "sub_by_time", start=Start(not_before=NOON + timedelta(days=1)))
    outbox.forget_answers(before=NOON, limit=10)
    outbox.reap()


@contextmanager
def told(outbox: SqlOutbox) -> Iterator[list[str]]:
    """Every statement that SQLite runs, with its values."""
    statements: list[str] = []
    engine = outbox._database.engine

    def listen(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(statements.append)

    hooks.listen(engine, "checkout", listen)
    if outbox._database._kept is not None:
        outbox._database._kept.close()
        outbox._database._kept = None
    try:
        yield statements
    finally:
        hooks.remove(engine, "checkout", listen)


def test_no_plan_of_sqlite_reads_a_whole_growing_table(sqlite_dsn: str) -> None:
    outbox = SqlOutbox(sqlite_dsn, new_key=KEY, clock=Clock(NOON))
    filled(outbox)
    with told(outbox) as statements:
        a_days_work(outbox)
    with outbox._database.reading() as connection:
        plans = [(one, _plan(connection.exec_driver_sql, one)) for one in dict.fromkeys(statements) if _reads(one)]
    outbox.close()

    assert len(plans) > 40
    assert [statement for statement, plan in plans if _is_whole(plan)] == []


def _reads(statement: str) -> bool:
    return statement.split(maxsplit=1)[0].upper() in {"SELECT", "UPDATE", "DELETE", "WITH"}


def _plan(ask: Callable[[str], Iterator[tuple[int, int, int, str]]], statement: str) -> list[str]:
    return [row[3] for row in ask(f"EXPLAIN QUERY PLAN {statement}")]


def _is_whole(plan: list[str]) -> bool:
    """A growing table is read without a range; or with no other range than one lane's, and then sorted."""
    ours = [step for step in plan if step.split()[1] in {*GROWING, "e", "m", "x", "t"}]
    is_sorted = any("TEMP B-TREE" in step and "RIGHT PART" not in step for step in plan)
    return any("(" not in step or (is_sorted and step.endswith("(subscription_id=?)")) for step in ours)


def test_postgresql_reads_no_growing_table_from_end_to_end(postgres_dsn: str) -> None:
    _with_outbox(postgres_dsn, filled)
    with _connected(postgres_dsn) as connection:
        connection.execute(text("ANALYZE"))
    before = _scanned(postgres_dsn)

    # Of the other states there are so few here that the planner is right to look through all.
    _with_outbox(postgres_dsn, partial(a_days_work, states=(None, DeliveryState.RETRYING, DeliveryState.DEAD)))

    after = _scanned(postgres_dsn)
    assert {table: after[table] - before[table] for table in GROWING if after[table] - before[table] > LINES / 2} == {}


def _with_outbox(dsn: str, work: Callable[[Outbox], None]) -> None:
    """With connections of its own, that say what they read when they end."""
    outbox = SqlOutbox(dsn, new_key=KEY, clock=Clock(NOON))
    try:
        work(outbox)
    finally:
        outbox.close()


def _scanned(dsn: str) -> dict[str, int]:
    """Rows of each table read by sequential scans, when nobody else is connected any more."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with _connected(dsn) as connection:
        eventually(lambda: connection.execute(others).scalar_one() == 0)
        found = connection.execute(text("SELECT relname, seq_tup_read FROM pg_stat_user_tables"))
        return {row.relname: int(row.seq_tup_read) for row in found}


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    engine = create_engine(make_url(dsn).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def test_postgresql_indexes_nothing_that_a_turn_changes(postgres_dsn: str) -> None:
    _with_outbox(postgres_dsn, filled)
    with _connected(postgres_dsn) as connection:
        indexes = inspect(connection).get_indexes("lanes")

    assert {name for index in indexes for name in index["column_names"]} == {"subscription_id"}
