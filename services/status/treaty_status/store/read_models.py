"""From a database's address to its read model: to be read, followed, rebuilt, compared with the log.

In PostgreSQL the rows live beside the log. Beside a SQLite log they have a file of their own, because a file has one
writer at a time, and rows must never make a deposit wait.
"""
# ruff: noqa: PLC0415 - what an address does not need is not imported

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from treaty_status.application.event_log import EventLog
from treaty_status.application.views import Progress, Views
from treaty_status.projections.changes import Checkpoint
from treaty_status.projections.read_model import ReadModel, ServedRows
from treaty_status.projections.rebuilding import Difference
from treaty_status.projections.rebuilding import compare as compare_rows
from treaty_status.projections.rebuilding import rebuild as rebuild_rows
from treaty_status.registry import load_registry
from treaty_status.store import codec
from treaty_status.store.opening import MEMORY, is_postgres, open_log, sqlite_path

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from treaty_status.store.views import DatabaseViews

SELDOM = (500_000, 100, 1_000)
"""Allocations before a search for garbage, by generation, while a whole log is folded."""
BESIDE = "-views"
"""What the name of a SQLite log's file is lengthened by for its read model's file."""


class ServedModel(Views, ReadModel, Protocol):
    """What is read by many and written by its follower."""


def open_read_model(dsn: str) -> ServedModel:
    """The read model of the log at an address; made if it does not exist.

    Raises:
        UnknownDatabase: not an address of ours.
        ViewsUnavailable: the database cannot be used now.
    """
    if dsn == MEMORY:
        from treaty_status.store.memory_views import MemoryViews

        return MemoryViews()
    return _database_views(dsn, make=True)


@contextmanager
def served_rows(dsn: str) -> Iterator[ServedRows | None]:
    """The rows of the log at an address, to be looked at as they are; None where this version finds none to read.

    Raises:
        UnknownDatabase: not an address of ours.
        ViewsUnavailable: the database cannot be used now.
    """
    if not is_postgres(dsn) and not views_path(dsn).exists():
        yield None
        return
    rows = _database_views(dsn, make=False)
    try:
        yield rows if rows.is_readable else None
    finally:
        rows.close()


def _database_views(dsn: str, *, make: bool) -> "DatabaseViews":
    from treaty_status.store.leases import AdvisoryLease, FileLease
    from treaty_status.store.views import DatabaseViews

    if is_postgres(dsn):
        return DatabaseViews(_postgres_engine(dsn), lambda name: AdvisoryLease(dsn, name), make=make)
    file = views_path(dsn)
    lock = file.with_name
    return DatabaseViews(views_engine(file), lambda name: FileLease(lock(f"{file.name}.{name}.lock")), make=make)


def views_path(dsn: str) -> Path:
    """The file beside a SQLite log in which its read model lives."""
    file = sqlite_path(dsn)
    return file.with_name(f"{file.name}{BESIDE}")


def _postgres_engine(dsn: str) -> "Engine":
    """As for the log, but no commit waits for the disk: rows and checkpoint are lost together, and the log has them."""
    from sqlalchemy.event import listen

    from treaty_status.store.engines import postgres_engine

    engine = postgres_engine(dsn)
    listen(engine, "connect", _hurry)
    return engine


def _hurry(connection: Any, _record: object) -> None:
    connection.execute("SET synchronous_commit TO off")
    connection.commit()


def views_engine(path: Path) -> "Engine":
    """SQLAlchemy's way to a read model's file. After a power cut the last rows may be missing: the log has them."""
    import sqlalchemy as sa
    from sqlalchemy.event import listen

    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": 5.0})
    listen(engine, "connect", _configure)
    listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin(connection: "Connection") -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def rebuild(dsn: str, *, progress: Progress | None = None) -> Checkpoint:
    """Work out all rows anew from position 0, while the old ones are served and followed; how far they are.

    Raises:
        RebuildRunning: another process is at it. LogUnavailable, ViewsUnavailable: what was served is served still.
    """
    with _both(dsn) as (log, model), seldom_collected():
        return rebuild_rows(log, codec, model, load_registry(), progress=progress)


def compare(dsn: str) -> Difference | None:
    """The first difference between the rows that are served and the log they follow from, if there is any."""
    with _both(dsn) as (log, model):
        return compare_rows(log, codec, model, load_registry())


@contextmanager
def seldom_collected() -> Iterator[None]:
    """While a whole log is folded next to nothing becomes garbage, and searching for it would take half the time."""
    usual = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _both(dsn: str) -> Iterator[tuple[EventLog, ServedModel]]:
    log = open_log(dsn)
    try:
        model = open_read_model(dsn)
        try:
            yield log, model
        finally:
            model.close()
    finally:
        log.close()
