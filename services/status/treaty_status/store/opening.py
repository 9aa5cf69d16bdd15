"""From a database's address to the adapters that speak to it.

``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``memory:``, or a PostgreSQL address in libpq's words, such as
``postgresql://user@/name?host=/run/postgresql``.
"""
# ruff: noqa: PLC0415 - what an address does not need is not imported: SQLAlchemy is slow to, PostgreSQL's driver an extra

from pathlib import Path
from typing import TYPE_CHECKING, Final

from treaty_status.application.event_log import EventLog, LogWatcher
from treaty_status.application.keys import KeyRing

if TYPE_CHECKING:
    from sqlalchemy import Engine

MEMORY: Final = "memory:"
_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


class UnknownDatabase(ValueError):
    """The address names no database that we can keep a log in."""


def open_log(dsn: str) -> EventLog:
    """The log at an address; made if it does not exist.

    Raises:
        UnknownDatabase: not an address of ours.
        LogUnavailable: the database cannot be used now.
    """
    if dsn == MEMORY:
        from treaty_status.store.memory import MemoryLog

        return MemoryLog()
    if is_postgres(dsn):
        from treaty_status.store.postgres import PostgresLog

        return PostgresLog(dsn)
    from treaty_status.store.sqlite import SqliteLog

    return SqliteLog(sqlite_path(dsn))


def open_watcher(dsn: str) -> LogWatcher:
    """What tells of commits to the log at an address; ``start`` it after the log was opened.

    Raises:
        UnknownDatabase: not an address of ours.
    """
    from treaty_status.store.watcher import MemoryWatcher, SqliteWatcher

    if dsn == MEMORY:
        return MemoryWatcher()
    if is_postgres(dsn):
        from treaty_status.store.postgres_watcher import PostgresWatcher

        return PostgresWatcher(dsn)
    return SqliteWatcher(sqlite_path(dsn))


def open_key_ring(dsn: str) -> KeyRing:
    """The keys kept beside the log at an address; their table is made if it does not exist.

    Raises:
        UnknownDatabase: not an address of ours.
        LogUnavailable: the database cannot be used now.
    """
    from treaty_status.store.keys import DatabaseKeyRing, MemoryKeyRing

    return MemoryKeyRing() if dsn == MEMORY else DatabaseKeyRing(open_engine(dsn))


def open_engine(dsn: str) -> "Engine":
    """SQLAlchemy's way to the same database, for tables beside the log; connects on first use.

    Raises:
        UnknownDatabase: not an address of a database that SQLAlchemy can open.
    """
    from treaty_status.store.engines import postgres_engine, sqlite_engine

    if is_postgres(dsn):
        return postgres_engine(dsn)
    return sqlite_engine(sqlite_path(dsn))


def is_postgres(dsn: str) -> bool:
    """Whether an address is PostgreSQL's."""
    return dsn.startswith(_POSTGRES)


def sqlite_path(dsn: str) -> Path:
    """The file that an address means: three slashes relative to the present folder, four absolute.

    Raises:
        UnknownDatabase: it means no file. What follows the scheme may hold a password and is not repeated.
    """
    file = dsn.removeprefix(_SQLITE)
    if not file or file in (dsn, ":memory:"):
        raise UnknownDatabase(
            f"No log can be kept there (address begins: {dsn.partition(':')[0][:20]!r}); "
            "use sqlite:///file.db, postgresql://user@host/name or memory:."
        )
    return Path(file).absolute()
