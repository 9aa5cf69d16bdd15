"""The log in PostgreSQL: one writing connection, a few reading ones, and what happens when they break."""

import select
from collections.abc import Sequence
from datetime import UTC
from threading import Lock
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from treaty_status.application.event_log import LoggedEvent, LogUnavailable, NewEvent, Reply
from treaty_status.store.batch import key_taken, refuse_disorder, version_conflict
from treaty_status.store.connections import Connections
from treaty_status.store.outages import READ_ONLY, reason_of
from treaty_status.store.postgres_schema import append_rows, ensure_schema

Connection = psycopg.Connection[TupleRow]

# A connection cut by the network is noticed within about ten seconds instead of hours (no effect on a Unix socket).
_KEEPALIVE: Final[dict[str, int]] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# What we promise does not depend on how the server or the role was configured. Every look-up goes by an index, so a
# plan made while the table was empty must not be a scan that is kept while it grows.
_SESSION: Final[LiteralString] = """SELECT set_config('default_transaction_isolation', 'read committed', false),
  set_config('lock_timeout', '5s', false), set_config('statement_timeout', '30s', false),
  set_config('TimeZone', 'UTC', false), set_config('enable_seqscan', 'off', false),
  CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END"""
_CLOSING: Final = 5.0
"""Seconds that closing waits for an append under way."""

_HEAD: Final[LiteralString] = "SELECT max(notification_id) FROM stored_events"
_VERSION: Final[LiteralString] = "SELECT max(originator_version) FROM stored_events WHERE originator_id = %s"
_COLUMNS: Final[LiteralString] = (
    "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events"
)
_READ: Final[LiteralString] = _COLUMNS + " WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
_READ_STREAM: Final[LiteralString] = (
    _COLUMNS + " WHERE originator_id = %s AND originator_version > %s ORDER BY originator_version LIMIT %s"
)
_REPLY: Final[LiteralString] = (
    "SELECT key, fingerprint, stream, version, body, recorded_at FROM idempotent_reply WHERE key = %s"
)


def connect(dsn: str, *, tcp_user_timeout: int = 10_000) -> Connection:
    """A connection in autocommit mode with our session settings.

    ``tcp_user_timeout`` is in milliseconds: how long what we sent may go without the network's acknowledgement.

    Raises:
        psycopg.OperationalError: the server does not answer or does not want us.
    """
    parameters: dict[str, Any] = {**_KEEPALIVE, "tcp_user_timeout": tcp_user_timeout, **conninfo_to_dict(dsn)}
    connection = psycopg.connect(autocommit=True, **parameters)
    try:
        connection.execute(_SESSION)
    except BaseException:
        connection.close()
        raise
    return connection


_PROBE: Final = "SELECT txid_current() WHERE current_setting('transaction_read_only') = 'off'"


def is_alive(connection: Connection) -> bool:
    """Whether an idle connection still stands: a server that went away has left an end-of-file to read."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)


class PostgresLog:
    """An event log in PostgreSQL; the promises are those of ``EventLog``.

    Raises:
        LogUnavailable: the server does not answer, or the schema is missing and may not be made.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._readers = Connections(lambda: connect(dsn), is_alive=is_alive)
        self._writer: Connection | None = None
        self._lock = Lock()
        try:
            self._writer = connect(dsn)
            ensure_schema(dsn, self._writer)
        except (psycopg.Error, PersistenceError) as problem:
            self.close()
            raise _unavailable(problem) from problem

    def append(self, events: Sequence[NewEvent], replies: Sequence[Reply] = ()) -> list[int]:
        """Write all of it durably, or nothing."""
        refuse_disorder(events)
        if not events and not replies:
            return []
        try:
            with self._lock:
                return self._append(events, replies)
        except errors.UniqueViolation as problem:
            if problem.diag.table_name == "idempotent_reply":
                raise key_taken(replies, lambda key: self.reply(key) is not None) from problem
            raise version_conflict(events, self._version) from problem
        except errors.CheckViolation as problem:
            raise version_conflict(events, self._version) from problem
        except psycopg.Error as problem:
            raise _unavailable(problem) from problem

    def read_stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """The events of one stream past a version."""
        most = None if limit is None else max(limit, 0)
        return [LoggedEvent(*row) for row in self._select(_READ_STREAM, (stream, after, most))]

    def read(self, *, after: int, limit: int) -> list[LoggedEvent]:
        """The events of the whole log past a position."""
        return [LoggedEvent(*row) for row in self._select(_READ, (after, max(limit, 0)))]

    def probe(self) -> None:
        """Take a transaction's number and commit it, which the server has to write down."""
        if not self._select(_PROBE, ()):
            raise LogUnavailable(
                "The log's database only reads now; try again, or give it back its writing.", reason=READ_ONLY
            )

    def head(self) -> int:
        """The last position."""
        return int(self._select(_HEAD, ())[0][0] or 0)

    def reply(self, key: str) -> Reply | None:
        """What was answered under this key."""
        for found, fingerprint, stream, version, body, at in self._select(_REPLY, (key,)):
            return Reply(found, fingerprint, stream, version, body, at.astimezone(UTC))
        return None

    def close(self) -> None:
        """Let go of every connection."""
        self._readers.close()
        mine = self._lock.acquire(timeout=_CLOSING)  # an append that hangs is cut off
        if self._writer is not None:
            self._writer.close()
        if mine:
            self._lock.release()

    def _append(self, events: Sequence[NewEvent], replies: Sequence[Reply]) -> list[int]:
        writer = self._standing_writer()
        try:
            return append_rows(
                writer,
                (
                    [e.stream for e in events],
                    [e.version for e in events],
                    [e.topic for e in events],
                    [e.body for e in events],
                ),
                (
                    [r.key for r in replies],
                    [r.fingerprint for r in replies],
                    [r.stream for r in replies],
                    [r.version for r in replies],
                    [r.body for r in replies],
                    [r.recorded_at for r in replies],
                ),
            )
        except errors.IntegrityError:
            raise
        except BaseException:  # broken, interrupted or of unknown state: the next append opens anew
            writer.close()
            raise

    def _standing_writer(self) -> Connection:
        if self._writer is None or not is_alive(self._writer):
            if self._writer is not None:
                self._writer.close()
            self._writer = connect(self._dsn)
        return self._writer

    def _version(self, stream: UUID) -> int:
        return int(self._select(_VERSION, (stream,))[0][0] or 0)

    def _select(self, statement: LiteralString, parameters: tuple[Any, ...]) -> list[TupleRow]:
        try:
            with self._readers.lend() as reader:
                return reader.execute(statement, parameters, prepare=True, binary=True).fetchall()
        except psycopg.Error as problem:
            raise _unavailable(problem) from problem


def _unavailable(problem: Exception) -> LogUnavailable:
    return LogUnavailable(
        f"The log's database cannot be used now ({type(problem).__name__}: {problem}); try again.",
        reason=reason_of(problem),
    )
