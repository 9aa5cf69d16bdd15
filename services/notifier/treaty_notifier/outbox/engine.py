"""Opening the database: SQLite as one durable file, PostgreSQL through psycopg 3."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from treaty_notifier.outbox import schema
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.outages import look_for_room, outages_named

SCHEMA_LOCK = 7_402_318_855  # any number, the same in every notifier: only one creates the tables
POOL_SIZE = 8
#: Seconds after which a server that went away without a word is noticed (no effect on a Unix socket).
_CUT_OFF = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class Database:
    """Read and write transactions on either engine. Each raises OutboxUnavailable when the database cannot be used.

    SQLite admits one writer at a time, so writers queue here instead of in the library's sleeping busy handler.
    """

    def __init__(self, dsn: str) -> None:
        self.engine = _sqlite(dsn) if dsn.startswith("sqlite") else _postgres(dsn)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writers = threading.Lock()
        self._drivers = threading.Lock()
        self._kept: Connection | None = None
        # SQLite's read transactions are snapshots already.
        self._snapshots = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._write_engine = self.engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with outages_named(self.engine), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        queue = self._writers if self.is_sqlite else nullcontext()
        with outages_named(self.engine), queue, self._write_engine.begin() as connection:
            yield connection

    @contextmanager
    def driving(self, clock: Callable[[], datetime]) -> Iterator[Driver]:
        """A write transaction for the driver itself, one at a time, on a connection that is kept for them."""
        with outages_named(self.engine), self._drivers, self._writers if self.is_sqlite else nullcontext():
            connection, self._kept = self._kept or self._write_engine.connect(), None
            try:
                begun = connection.begin() if self.is_sqlite else _piped(connection)
                with begun, Driver(connection, is_sqlite=self.is_sqlite, clock=clock) as driver:
                    yield driver
            except BaseException:
                connection.invalidate()  # what broke may be the connection itself: the next one is a new one
                connection.close()
                raise
            self._kept = connection

    @contextmanager
    def looking(self, clock: Callable[[], datetime]) -> Iterator[tuple[Connection, Driver]]:
        """One snapshot, for both ways to ask: what moves from one table to another meanwhile is seen in one of them."""
        with (
            outages_named(self.engine),
            self._snapshots.connect() as connection,
            connection.begin(),
            Driver(connection, is_sqlite=self.is_sqlite, clock=clock) as driver,
        ):
            yield connection, driver

    def probe(self) -> None:
        """Could something be written now? Commits a change that changes nothing; takes some room on SQLite's disk and
        gives it back, because rewriting a page needs none.

        Raises:
            OutboxUnavailable: it could not.
        """
        file = self.engine.url.database
        if self.is_sqlite and file and file != ":memory:":
            look_for_room(Path(file))
        with self.writing() as connection:
            connection.execute(text("UPDATE progress SET seq = seq" if self.is_sqlite else "SELECT txid_current()"))

    def create_tables(self) -> None:
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SCHEMA_LOCK})
            schema.create(connection)

    def close(self) -> None:
        with self._drivers:
            if self._kept is not None:
                self._kept.invalidate()  # in a mode that nobody else expects
                self._kept.close()
                self._kept = None
        self.engine.dispose()


@contextmanager
def _piped(connection: Connection) -> Iterator[None]:
    """A transaction in pipeline mode: nobody waits for a statement without rows, and its end is waited for once.

    On busy processors it is not the server that takes long but every waiting for it. Whoever leaves by an exception
    drops the connection.
    """
    raw: Any = connection.connection.driver_connection  # Any: psycopg's, which is optional
    raw.autocommit = True  # the library's own BEGIN would be waited for
    with raw.pipeline():
        raw.execute("BEGIN")
        yield
        raw.execute("COMMIT")


def _postgres(dsn: str) -> Engine:
    url = make_url(dsn).set(drivername="postgresql+psycopg")
    return create_engine(
        url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_pre_ping=True, connect_args=_CUT_OFF | dict(url.query)
    )


def _sqlite(dsn: str) -> Engine:
    engine = create_engine(dsn, connect_args={"check_same_thread": False}, pool_size=POOL_SIZE)

    @event.listens_for(engine, "connect")
    def durable(connection: sqlite3.Connection, _record: Any) -> None:  # Any: SQLAlchemy's private pool record
        connection.isolation_level = None  # we say BEGIN ourselves, else the module guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
