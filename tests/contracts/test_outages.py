"""What a database that cannot be used says: the same words in both services, from the driver's own codes."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from treaty_notifier.errors import OutboxUnavailable
from treaty_notifier.outbox import outages as of_notifier
from treaty_notifier.outbox.engine import Database
from treaty_status.store import outages as of_status

BOTH = [pytest.param(of_status, id="status"), pytest.param(of_notifier, id="notifier")]


def fault_of(work: Callable[[], object]) -> Exception:
    with pytest.raises((sqlite3.Error, psycopg.Error)) as raised:
        work()
    return raised.value


@pytest.mark.parametrize("outages", BOTH)
def test_a_full_a_locked_and_a_read_only_file_are_told_apart(outages: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    mine, other = (sqlite3.connect(file, isolation_level=None, timeout=0) for _ in range(2))
    mine.execute("CREATE TABLE t (x BLOB)")
    pages = mine.execute("PRAGMA page_count").fetchone()[0]
    mine.execute(f"PRAGMA max_page_count = {pages}")
    full = fault_of(lambda: mine.execute("INSERT INTO t VALUES (zeroblob(100000))"))
    other.execute("BEGIN IMMEDIATE")
    locked = fault_of(lambda: mine.execute("INSERT INTO t VALUES (1)"))
    other.execute("ROLLBACK")
    mine.execute("PRAGMA query_only = ON")
    read_only = fault_of(lambda: mine.execute("INSERT INTO t VALUES (1)"))
    mine.close()
    other.close()

    assert [outages.reason_of(one) for one in (full, locked, read_only)] == [
        "the disk is full",
        "it is locked by somebody else",
        "it only reads",
    ]


@pytest.mark.parametrize("outages", BOTH)
def test_a_server_that_is_full_reads_only_or_is_not_there_is_told_apart(outages: Any, tmp_path: Path) -> None:
    absent = fault_of(lambda: psycopg.connect(f"host={tmp_path} dbname=none", connect_timeout=1))
    faults = [
        psycopg.errors.DiskFull(),
        psycopg.errors.ReadOnlySqlTransaction(),
        psycopg.errors.AdminShutdown(),
        absent,
    ]

    assert [outages.reason_of(one) for one in faults] == [
        "the disk is full",
        "it only reads",
        "it does not answer",
        "it does not answer",
    ]


def test_too_little_room_beside_a_file_is_noticed_and_enough_of_it_leaves_nothing_behind(tmp_path: Path) -> None:
    wanted = 2**62  # no disk has so much
    with pytest.raises(of_status.NoRoom):
        of_status.look_for_room(tmp_path / "a.db", wanted=wanted)
    with pytest.raises(OutboxUnavailable, match="the disk is full"):
        of_notifier.look_for_room(tmp_path / "a.db", wanted=wanted)
    of_status.look_for_room(tmp_path / "a.db")
    of_notifier.look_for_room(tmp_path / "a.db")

    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_a_statement_is_no_outage(database_dsn: str) -> None:
    database = Database(database_dsn)
    database.create_tables()
    with pytest.raises(DBAPIError), database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO progress (nothing) VALUES (1)")
    database.close()
