"""What the log promises about other processes, crashes and hands that reach into the database."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import IO, Any
from uuid import uuid4

import psycopg
import psycopg.errors
import pytest
import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError, StoredEvent

from treaty_events import stream_of
from treaty_status.application.event_log import EventLog, KeyTaken, LogUnavailable, NewEvent, Reply, VersionConflict
from treaty_status.application.keys import Scope
from treaty_status.store import open_engine, open_key_ring, open_log
from treaty_status.store.postgres_schema import AppendRecorder as PostgresRecorder
from treaty_status.store.sqlite import AppendRecorder as SqliteRecorder
from treaty_status.store.sqlite import SqliteLog

HANOI = stream_of("XVIII-16")
SHARED = stream_of("shared")
TABLES = ["stored_events", "idempotent_reply"]
PATIENCE = 8.0
"""Seconds after which a test gives up."""

WRITER = """
import sys
from treaty_events import stream_of
from treaty_status.application.event_log import NewEvent, VersionConflict
from treaty_status.store import open_log
address, name, batches, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
log, own, shared = open_log(address), stream_of(name), stream_of("shared")
print("ready", flush=True)
sys.stdin.readline()
for batch in range(batches):
    events = [NewEvent(own, batch * size + n + 1, "t", b"{}") for n in range(size)]
    while True:
        version = len(log.read_stream(shared)) + 1
        try:
            log.append([*events, NewEvent(shared, version, "t", name.encode())])
            break
        except VersionConflict:
            pass
    print((batch + 1) * size, flush=True)
log.close()
"""


@contextmanager
def writer(address: str, name: str, *, batches: int, size: int) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", WRITER, address, name, str(batches), str(size)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                _there(pipe).close()


def go(process: "subprocess.Popen[str]") -> None:
    _there(process.stdin).write("go\n")
    _there(process.stdin).flush()


def _there(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@pytest.fixture
def log(database_dsn: str) -> Iterator[EventLog]:
    log = open_log(database_dsn)
    yield log
    log.close()


def test_two_processes_lose_nothing_and_a_tailing_reader_misses_no_position(log: EventLog, database_dsn: str) -> None:
    batches, size = 40, 4
    seen: list[int] = []
    with (
        writer(database_dsn, "east", batches=batches, size=size) as east,
        writer(database_dsn, "west", batches=batches, size=size) as west,
    ):
        for process in (east, west):
            assert _there(process.stdout).readline() == "ready\n"
        for process in (east, west):
            go(process)
        until = monotonic() + PATIENCE
        while len(seen) < 2 * batches * (size + 1) and monotonic() < until:
            seen += [event.position for event in log.read(after=seen[-1] if seen else 0, limit=7)]

    everything = log.read(after=0, limit=10_000)
    assert seen == [event.position for event in everything]
    assert len(log.read_stream(stream_of("east"))) == len(log.read_stream(stream_of("west"))) == batches * size
    assert [event.version for event in log.read_stream(SHARED)] == list(range(1, 2 * batches + 1))


@pytest.mark.parametrize("acknowledged", [1, 13, 40])
def test_a_process_killed_in_the_middle_loses_no_acknowledged_event(
    log: EventLog, database_dsn: str, acknowledged: int
) -> None:
    size = 3
    with writer(database_dsn, "east", batches=100_000, size=size) as process:
        assert _there(process.stdout).readline() == "ready\n"
        go(process)
        for _ in range(acknowledged):
            last = int(_there(process.stdout).readline())
        os.kill(process.pid, signal.SIGKILL)
        for line in _there(process.stdout):
            last = int(line) if line.endswith("\n") else last

    found = [event.version for event in log.read_stream(stream_of("east"))]
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= last
    assert len(found) % size == 0
    assert len(log.read_stream(SHARED)) == len(found) // size
    log.append([NewEvent(stream_of("east"), len(found) + 1, "t", b"{}")])


def test_many_may_open_an_empty_database_at_once(database_dsn: str) -> None:
    at_once = threading.Barrier(6)
    problems: list[Exception] = []

    def start() -> None:
        at_once.wait()
        try:
            with closing(open_log(database_dsn)) as log, closing(open_key_ring(database_dsn)):
                log.head()
        except Exception as problem:  # noqa: BLE001 - whatever went wrong in the thread is the finding
            problems.append(problem)

    starting = [threading.Thread(target=start) for _ in range(6)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()

    assert problems == []


def test_threads_share_a_log(log: EventLog) -> None:
    def append(name: str) -> None:
        for version in range(1, 21):
            log.append([NewEvent(stream_of(name), version, "t", b"{}")])
            assert len(log.read_stream(stream_of(name))) == version

    writing = [threading.Thread(target=append, args=(f"T{n}",)) for n in range(6)]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()

    assert len(log.read(after=0, limit=1_000)) == 120


TAMPERING = [
    "UPDATE stored_events SET topic = 'treaty.withdrawal.notified'",
    "UPDATE stored_events SET originator_version = 7 WHERE originator_version = 2",
    "DELETE FROM stored_events",
    "DELETE FROM stored_events WHERE originator_version = 2",
    "UPDATE idempotent_reply SET version = 9",
    "DELETE FROM idempotent_reply",
]
ONLY_SQLITE = [
    "INSERT OR REPLACE INTO stored_events (originator_id, originator_version, topic, state) "
    "SELECT originator_id, originator_version, 't', '{}' FROM stored_events",
    "INSERT OR REPLACE INTO stored_events (notification_id, originator_id, originator_version, topic, state) "
    "VALUES (1, 'other', 1, 't', '{}')",
    "REPLACE INTO idempotent_reply SELECT key, 'f', stream, version, body, recorded_at FROM idempotent_reply",
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES ('other', 2, 't', '{}')",
]
ONLY_POSTGRES = [
    "TRUNCATE stored_events",
    "TRUNCATE idempotent_reply",
    "DELETE FROM stored_events WHERE false",
    "INSERT INTO stored_events SELECT originator_id, originator_version, 't', state FROM stored_events "
    "ON CONFLICT (originator_id, originator_version) DO UPDATE SET topic = 't'",
    "SET session_replication_role = replica; DELETE FROM stored_events",
]


def test_the_database_itself_refuses_to_change_or_delete_what_is_recorded(log: EventLog, database_dsn: str) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    log.append([NewEvent(HANOI, n, "t", b"{}") for n in (1, 2, 3)], [Reply("k", "f", HANOI, 1, b"{}", at)])
    before = log.read(after=0, limit=10), log.reply("k")
    engine = open_engine(database_dsn)

    for statement in TAMPERING + (ONLY_SQLITE if database_dsn.startswith("sqlite") else ONLY_POSTGRES):
        with pytest.raises(sa.exc.DBAPIError, match=r"append-only|taken|skipped"), engine.begin() as connection:
            connection.exec_driver_sql(statement)

    engine.dispose()
    assert (log.read(after=0, limit=10), log.reply("k")) == before


DOCUMENTED = Path(__file__).parents[2] / "docs" / "decisions" / "append-only-log.md"


def test_the_documented_role_can_add_and_nothing_else(postgres_dsn: str) -> None:
    role = f"adder_{uuid4().hex}"
    grants = DOCUMENTED.read_text().partition("```sql\n")[2].partition("```")[0].replace("treaty_service", role)
    open_log(postgres_dsn).close()
    open_key_ring(postgres_dsn).close()
    with psycopg.connect(postgres_dsn, autocommit=True) as owner:
        owner.execute(grants.encode())
    restricted = f"{postgres_dsn}{'&' if '?' in postgres_dsn else '?'}options=-c%20role%3D{role}"

    try:
        with closing(open_log(restricted)) as log, closing(open_key_ring(restricted)) as ring:
            log.append([NewEvent(HANOI, 1, "t", b"{}")])
            assert len(log.read_stream(HANOI)) == 1
            _, secret = ring.create(name="desk", scopes=[Scope.RECORD], now=datetime(2026, 3, 1, tzinfo=UTC))
            assert ring.verify(secret)
        with psycopg.connect(restricted, autocommit=True) as connection:
            for statement in (
                "DELETE FROM stored_events",
                "DROP TRIGGER append_only ON stored_events",
                "DROP TABLE api_key",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())
    finally:
        with psycopg.connect(postgres_dsn, autocommit=True) as owner:
            owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_person_can_read_the_log_with_the_databases_own_tools(log: EventLog, database_dsn: str) -> None:
    body = {"participant": "vnm", "name": "Việt Nam"}
    log.append([NewEvent(HANOI, 1, "treaty.signature.recorded", json.dumps(body, ensure_ascii=False).encode())])
    engine = open_engine(database_dsn)

    with engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT position, version, topic, body ->> 'name' AS name FROM readable_log "
            "WHERE body ->> 'participant' = 'vnm'"
        ).one()

    engine.dispose()
    assert tuple(row) == (1, 1, "treaty.signature.recorded", "Việt Nam")


def test_the_librarys_own_recorder_reads_the_log_and_may_not_skip_either(log: EventLog, database_dsn: str) -> None:
    log.append([NewEvent(HANOI, 1, "t", b"1"), NewEvent(HANOI, 2, "u", b"2")])
    recorder: Any = _recorder(database_dsn)

    recorder.insert_events([StoredEvent(HANOI, 3, "t", b"3")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent(HANOI, 5, "t", b"5")])
    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent(HANOI, 3, "t", b"3")])

    assert [event.state for event in recorder.select_events(HANOI, gt=1)] == [b"2", b"3"]
    assert [event.state for event in recorder.select_notifications(None, 10, topics=["t"])] == [b"1", b"3"]
    assert recorder.max_notification_id() == log.head()
    recorder.close()


def _recorder(address: str) -> SqliteRecorder | PostgresRecorder:
    if address.startswith("sqlite:///"):
        return SqliteRecorder(Path(address.removeprefix("sqlite:///")))
    return PostgresRecorder(address)


def test_a_file_that_stays_locked_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "t.db", lock_timeout=0.05)
    with closing(sqlite3.connect(tmp_path / "t.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match="try again"):
            log.append([NewEvent(HANOI, 1, "t", b"{}")])
        assert log.head() == 0

    assert log.append([NewEvent(HANOI, 1, "t", b"{}")]) == [1]
    log.close()


# ---- could anything be written? --------------------------------------------------------------------------------------
def test_a_probe_writes_nothing_that_anybody_reads(log: EventLog) -> None:
    log.append([NewEvent(HANOI, 1, "t", b"{}")])
    for _ in range(3):
        log.probe()
    assert (log.head(), len(log.read(after=0, limit=10))) == (1, 1)
    assert log.append([NewEvent(HANOI, 2, "t", b"{}")]) == [2]


def test_a_probe_finds_a_file_locked_and_then_free_again(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "t.db")) as log, closing(sqlite3.connect(tmp_path / "t.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match="locked"):
            log.probe()
        other.rollback()
        log.probe()


def test_a_probe_makes_no_file_where_the_logs_own_has_gone(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "t.db")) as log:
        for file in tmp_path.iterdir():
            file.unlink()
        with pytest.raises(LogUnavailable):
            log.probe()
        assert not (tmp_path / "t.db").exists()


FULL = """
import resource, signal, sys
from pathlib import Path
from treaty_events import stream_of
from treaty_status.application.event_log import LogUnavailable, NewEvent
from treaty_status.store.sqlite import SqliteLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = SqliteLog(Path(sys.argv[1]))
log.append([NewEvent(stream_of("a"), 1, "t", b"{}")])
log.probe()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most))
for attempt in (log.probe, lambda: log.append([NewEvent(stream_of("a"), 2, "t", b"{}")])):
    try:
        attempt()
    except LogUnavailable as problem:
        print("unavailable", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
log.probe()
print(log.head(), flush=True)
"""


def test_a_probe_finds_that_no_byte_more_can_be_written(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "t.db")], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["unavailable", "unavailable", "1"]


def test_a_probe_of_a_server_that_only_reads_is_refused(postgres_dsn: str) -> None:
    open_log(postgres_dsn).close()
    only_reads = f"{postgres_dsn}{'&' if '?' in postgres_dsn else '?'}options=-c%20default_transaction_read_only%3Don"
    with closing(open_log(only_reads)) as log:
        assert log.head() == 0
        with pytest.raises(LogUnavailable, match="only reads"):
            log.probe()


def test_a_file_that_is_not_a_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_text("Depositary notification C.N.1.2026, not a database at all. " * 50)

    with pytest.raises(LogUnavailable, match="not a database"):
        open_log(f"sqlite:///{tmp_path}/t.db")


def test_a_vacuum_moves_no_position(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "t.db")
    log.append([NewEvent(HANOI, n, "t", b"{}") for n in (1, 2, 3)])
    before = log.read(after=0, limit=10)

    with closing(sqlite3.connect(tmp_path / "t.db")) as other:
        other.execute("VACUUM")

    assert log.read(after=0, limit=10) == before
    log.close()


def test_a_server_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="try again"):
        open_log(f"postgresql://nobody@/none?host={tmp_path}")


def test_a_schema_named_in_the_address_holds_the_whole_log(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA registry")
    address = f"{postgres_dsn}{'&' if '?' in postgres_dsn else '?'}options=-c%20search_path%3Dregistry"

    with closing(open_log(address)) as log, closing(open_log(address)) as again:
        log.append([NewEvent(HANOI, 1, "t", b"{}")])
        assert len(again.read_stream(HANOI)) == 1

    with psycopg.connect(postgres_dsn) as connection:
        found = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = ANY(%s)", [TABLES])
        assert found.fetchall() == [("registry",)]


def test_a_restarted_server_costs_no_error(postgres_dsn: str) -> None:
    log = open_log(postgres_dsn)
    log.append([NewEvent(HANOI, 1, "t", b"{}")])
    assert log.head() == 1

    _cut_everybody_off(postgres_dsn)

    assert log.head() == 1
    assert log.append([NewEvent(HANOI, 2, "t", b"{}")]) == [2]
    log.close()


def test_an_append_cut_off_before_its_commit_writes_nothing_and_can_be_repeated(postgres_dsn: str) -> None:
    log = open_log(postgres_dsn)
    answers: list[object] = []

    def append() -> None:
        try:
            answers.append(log.append([NewEvent(HANOI, 1, "t", b"{}")]))
        except LogUnavailable as refusal:
            answers.append(refusal)

    with psycopg.connect(postgres_dsn) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(715517)")
        appending = threading.Thread(target=append)
        appending.start()
        _wait_until(lambda: bool(holder.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall()))
        _cut_everybody_off(postgres_dsn, waiting=True)
        appending.join()

    assert isinstance(answers[0], LogUnavailable)
    assert log.append([NewEvent(HANOI, 1, "t", b"{}")])
    assert len(log.read_stream(HANOI)) == 1
    log.close()


def test_an_append_whose_answer_is_lost_is_not_called_a_conflict_and_its_repetition_finds_the_reply(
    postgres_dsn: str, tmp_path: Path
) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    reply = Reply("k", "f", HANOI, 2, b"{}", at)
    batch = [NewEvent(HANOI, 2, "t", b"{}")]
    with (
        _Wire(postgres_dsn, tmp_path) as wire,
        closing(open_log(postgres_dsn)) as sure,
        closing(open_log(wire.address)) as log,
    ):
        log.append([NewEvent(HANOI, 1, "t", b"{}")], [Reply("first", "f", HANOI, 1, b"{}", at)])
        wire.deaf = True

        answers: list[Exception] = []

        def append() -> None:
            try:
                log.append(batch, [reply])
            except Exception as refusal:  # noqa: BLE001 - the kind of refusal is what the test is about
                answers.append(refusal)

        appending = threading.Thread(target=append)
        appending.start()
        _wait_until(lambda: sure.head() > 1)
        wire.cut()
        appending.join()
        assert [type(answer) for answer in answers] == [LogUnavailable]

        with pytest.raises(KeyTaken):
            log.append(batch, [reply])
        with pytest.raises(VersionConflict):
            log.append(batch)
        assert log.reply("k") == reply
        assert len(log.read_stream(HANOI)) == 2


def _cut_everybody_off(address: str, *, waiting: bool = False) -> None:
    with psycopg.connect(address, autocommit=True) as axe:
        axe.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND (NOT %s OR wait_event_type = 'Lock')",
            [waiting],
        )


def _wait_until(condition: Any) -> None:
    until = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < until


class _Wire:
    """A socket between us and the server that can stop passing on what the server says, and be cut."""

    def __init__(self, address: str, folder: Path) -> None:
        with psycopg.connect(address) as connection:
            self._host, self._port = connection.info.host, connection.info.port
            user, name = connection.info.user, connection.info.dbname
        self.address = f"postgresql://{user}@/{name}?host={folder}&port=5432"
        self.deaf = False
        self._pairs: list[socket.socket] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen()

    def __enter__(self) -> "_Wire":
        threading.Thread(target=self._admit, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()
        self.cut()

    def cut(self) -> None:
        self.deaf = False
        for end in self._pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def _admit(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = self._upstream()
                self._pairs += [client, server]
                threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _upstream(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    def _pass(self, source: socket.socket, target: socket.socket, from_server: bool) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65_536):
                if not (from_server and self.deaf):
                    target.sendall(data)
