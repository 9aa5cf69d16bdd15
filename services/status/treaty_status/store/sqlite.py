"""The log in one SQLite file, on the eventsourcing library's recorder.

One connection writes, under BEGIN IMMEDIATE and synchronous FULL, so a returned append is on the disk and positions
ascend in commit order, in this process and any other. Reading connections are separate and never wait for the writer.
The file itself refuses what a log must not suffer: changed, deleted or replaced rows, and versions that skip.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from random import uniform
from threading import Lock
from time import monotonic, sleep
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import IntegrityError, Notification, OperationalError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from treaty_status.application.event_log import LoggedEvent, LogUnavailable, NewEvent, Reply
from treaty_status.store.batch import key_taken, refuse_disorder, version_conflict
from treaty_status.store.codec import instant
from treaty_status.store.connections import Connections
from treaty_status.store.outages import NoRoom, look_for_room, reason_of

LOCK_TIMEOUT: Final = 5.0
"""Seconds to wait for another process's commit."""
PROBE_PATIENCE: Final = 1.0
"""Seconds that a probe waits for it."""

# An explicit position keeps VACUUM from renumbering, and AUTOINCREMENT from ever giving a position twice.
_EVENTS: Final = """CREATE TABLE IF NOT EXISTS stored_events (
  notification_id INTEGER PRIMARY KEY AUTOINCREMENT,
  originator_id TEXT NOT NULL,
  originator_version INTEGER NOT NULL CHECK (originator_version > 0),
  topic TEXT NOT NULL,
  state BLOB NOT NULL,
  UNIQUE (originator_id, originator_version))"""
_REPLIES: Final = """CREATE TABLE IF NOT EXISTS idempotent_reply (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL,
  body BLOB NOT NULL, recorded_at TEXT NOT NULL) WITHOUT ROWID"""
_READABLE: Final = """CREATE VIEW IF NOT EXISTS readable_log AS SELECT
  notification_id AS position, originator_id AS stream, originator_version AS version, topic,
  CAST(state AS TEXT) AS body FROM stored_events"""
# INSERT OR REPLACE deletes without a DELETE trigger, so taken places are refused before the insert as well.
_CONTINUES: Final = """CREATE TRIGGER IF NOT EXISTS stored_events_continue BEFORE INSERT ON stored_events BEGIN
  SELECT RAISE(ABORT, 'stored_events: version taken or skipped') WHERE NEW.originator_version <> 1 + ifnull(
    (SELECT max(originator_version) FROM stored_events WHERE originator_id = NEW.originator_id), 0);
  SELECT RAISE(ABORT, 'stored_events: position taken') WHERE NEW.notification_id > 0 AND EXISTS (
    SELECT 1 FROM stored_events WHERE notification_id = NEW.notification_id);
END"""
_KEY_IS_FREE: Final = """CREATE TRIGGER IF NOT EXISTS idempotent_reply_free BEFORE INSERT ON idempotent_reply BEGIN
  SELECT RAISE(ABORT, 'idempotent_reply: key taken') WHERE EXISTS (
    SELECT 1 FROM idempotent_reply WHERE key = NEW.key);
END"""
_REFUSALS: Final = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} refused'); END"
    for table in ("stored_events", "idempotent_reply")
    for verb in ("UPDATE", "DELETE")
)

_INSERT_EVENT: Final = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?)"
_INSERT_REPLY: Final = "INSERT INTO idempotent_reply VALUES (?, ?, ?, ?, ?, ?)"
_HEAD: Final = "SELECT max(notification_id) FROM stored_events"
_VERSION: Final = "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?"
_COLUMNS: Final = "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events"
_READ: Final = f"{_COLUMNS} WHERE notification_id > ? ORDER BY notification_id LIMIT ?"
_READ_STREAM: Final = (
    f"{_COLUMNS} WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT ?"
)
_REPLY: Final = "SELECT key, fingerprint, stream, version, body, recorded_at FROM idempotent_reply WHERE key = ?"

_stream = lru_cache(maxsize=65_536)(UUID)


def connect(path: Path, *, lock_timeout: float = LOCK_TIMEOUT) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time."""
    connection = sqlite3.connect(path, timeout=lock_timeout, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def write_nothing(path: Path, *, patience: float = PROBE_PATIENCE) -> None:
    """Commit a change that changes nothing. A file that has gone is not made anew.

    Raises:
        sqlite3.Error: the file is locked, read-only or gone, or the disk is full.
    """
    with contextlib.closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=patience, isolation_level=None)
    ) as connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {int(version)}")
        connection.execute("COMMIT")


class AppendRecorder(SQLiteApplicationRecorder):
    """The library's recorder, with a single writing connection, replies beside events, and a guarded schema.

    The library's own reading methods work on it; its insert goes the same guarded way as ours.
    """

    def __init__(self, path: Path, *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        super().__init__(SQLiteDatastore(path.absolute().as_uri(), pool_size=1))
        self._path = path
        self._lock_timeout = lock_timeout
        self._writer: sqlite3.Connection | None = None
        self._lock = Lock()

    def construct_create_table_statements(self) -> list[str]:
        """Tables, the view for people, and the triggers that make the tables append-only; safe to repeat."""
        return [_EVENTS, _REPLIES, _READABLE, _CONTINUES, _KEY_IS_FREE, *_REFUSALS]

    def create_table(self) -> None:
        """Make what is missing, in one transaction, one process at a time."""
        with self._lock:
            writer = self._open_writer()
            try:
                self._begin(writer)
                for statement in self.create_table_statements:
                    writer.execute(statement)
                writer.execute("COMMIT")
            except BaseException:
                self._give_up(writer)
                raise

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """The library's way in.

        Raises:
            IntegrityError: a version is taken or skipped.
            OperationalError: the file cannot be written.
        """
        rows = [
            (
                e.originator_id.hex if isinstance(e.originator_id, UUID) else e.originator_id,
                e.originator_version,
                e.topic,
                e.state,
            )
            for e in stored_events
        ]
        try:
            return self.append(rows, [])
        except sqlite3.IntegrityError as problem:
            raise IntegrityError(problem) from problem
        except sqlite3.Error as problem:
            raise OperationalError(problem) from problem

    def append(self, events: Sequence[tuple[str, int, str, bytes]], replies: Sequence[tuple[Any, ...]]) -> list[int]:
        """Write rows of both tables in one durable transaction; the events' positions.

        Raises:
            sqlite3.IntegrityError: a key or version is taken, or a version skipped; nothing was written.
            sqlite3.Error: the file cannot be written; nothing was written.
        """
        with self._lock:
            writer = self._writer or self._open_writer()
            try:
                self._begin(writer)
                if replies:
                    writer.executemany(_INSERT_REPLY, replies)
                if events:
                    writer.executemany(_INSERT_EVENT, events)
                last = writer.execute("SELECT last_insert_rowid()").fetchone()[0]
                writer.execute("COMMIT")
            except BaseException:
                self._give_up(writer)
                raise
        return list(range(last - len(events) + 1, last + 1)) if events else []

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The library's way of reading the whole log (its statement speaks of rowid, ours of notification_id)."""
        where = f" WHERE notification_id {'>=' if inclusive_of_start else '>'} ? AND notification_id <= ?"
        where += f" AND topic IN ({', '.join('?' * len(topics))})" if topics else ""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                f"{_COLUMNS}{where} ORDER BY notification_id LIMIT ?",
                (start or 0, 2**63 - 1 if stop is None else stop, *topics, limit),
            )
            return [Notification(UUID(r[1]), r[2], r[3], r[4], id=r[0]) for r in cursor.fetchall()]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self.datastore.close()

    def _open_writer(self) -> sqlite3.Connection:
        self._writer = connect(self._path, lock_timeout=self._lock_timeout)
        self._writer.execute("PRAGMA busy_timeout = 0")
        return self._writer

    def _begin(self, writer: sqlite3.Connection) -> None:
        # SQLite's own waiting sleeps longer and longer, up to 100 ms: beside a busy process that can take seconds.
        until = monotonic() + self._lock_timeout
        while True:
            try:
                writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= until:
                    raise
                sleep(uniform(0.0002, 0.001))  # noqa: S311 - spreads rivals, keeps no secret
            else:
                return

    def _give_up(self, writer: sqlite3.Connection) -> None:
        try:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        except sqlite3.Error:  # a broken file or disk: the next append opens anew, and says what is wrong
            self._writer = None
            with contextlib.suppress(sqlite3.Error):
                writer.close()


class SqliteLog:
    """An event log in one file; the promises are those of ``EventLog``.

    Raises:
        LogUnavailable: the file cannot be opened, or is another program's database.
    """

    def __init__(self, path: Path, *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self._path = path
        self._recorder = AppendRecorder(path, lock_timeout=lock_timeout)
        self._readers = Connections(self._connect_reader)
        try:
            self._recorder.create_table()
        except sqlite3.Error as problem:
            self.close()
            raise self._unavailable(problem) from problem

    def append(self, events: Sequence[NewEvent], replies: Sequence[Reply] = ()) -> list[int]:
        """Write all of it durably, or nothing."""
        refuse_disorder(events)
        if not events and not replies:
            return []
        try:
            return self._recorder.append(
                [(e.stream.hex, e.version, e.topic, e.body) for e in events],
                [(r.key, r.fingerprint, r.stream.hex, r.version, r.body, instant(r.recorded_at)) for r in replies],
            )
        except sqlite3.IntegrityError as problem:
            if "idempotent_reply" in str(problem):
                raise key_taken(replies, lambda key: self.reply(key) is not None) from problem
            raise version_conflict(events, self._version) from problem
        except sqlite3.Error as problem:
            raise self._unavailable(problem) from problem

    def read_stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """The events of one stream past a version."""
        rows = self._select(_READ_STREAM, (stream.hex, after, -1 if limit is None else max(limit, 0)))
        return [LoggedEvent(position, stream, version, topic, body) for position, _, version, topic, body in rows]

    def read(self, *, after: int, limit: int) -> list[LoggedEvent]:
        """The events of the whole log past a position."""
        rows = self._select(_READ, (after, max(limit, 0)))
        return [LoggedEvent(position, _stream(at), version, topic, body) for position, at, version, topic, body in rows]

    def probe(self) -> None:
        """Take some room beside the file and give it back; then write the file's header as it is, and commit.

        By a connection of its own, so that nobody waits for it.
        """
        try:
            look_for_room(self._path)
            write_nothing(self._path)
        except (sqlite3.Error, NoRoom) as problem:
            raise self._unavailable(problem) from problem

    def head(self) -> int:
        """The last position."""
        return int(self._select(_HEAD, ())[0][0] or 0)

    def reply(self, key: str) -> Reply | None:
        """What was answered under this key."""
        for found, fingerprint, stream, version, body, at in self._select(_REPLY, (key,)):
            return Reply(found, fingerprint, UUID(stream), version, body, datetime.fromisoformat(at))
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._readers.close()
        self._recorder.close()

    def _version(self, stream: UUID) -> int:
        return int(self._select(_VERSION, (stream.hex,))[0][0] or 0)

    def _select(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        try:
            with self._readers.lend() as reader:
                return reader.execute(statement, parameters).fetchall()
        except sqlite3.Error as problem:
            raise self._unavailable(problem) from problem

    def _connect_reader(self) -> sqlite3.Connection:
        reader = connect(self._path)
        reader.execute("PRAGMA query_only = ON")
        return reader

    def _unavailable(self, problem: Exception) -> LogUnavailable:
        return LogUnavailable(
            f"The log's file cannot be used now (file: {self._path}, SQLite says: {problem}); try again.",
            reason=reason_of(problem),
        )
