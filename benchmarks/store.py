"""Appending to the log beside the disk, the bare driver and the library's own recorders; and how soon others notice."""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from benchmarks.report import Row, pairwise, spread
from treaty_status.application.event_log import EventLog, NewEvent
from treaty_status.store import open_log, open_watcher

ROUNDS = 5
TURN = 0.2
"""Seconds that each case gets in each round."""
GROUPS = (1, 16, 64, 256)
TOPIC = "treaty.consent.recorded"
BODY = b'{"treaty":"XVIII-16","participant":"fji","action":"ratification","note":"' + b"x" * 210 + b'"}'

Step = Callable[[], int]
"""One durable transaction; how many events it wrote."""
Rates = dict[str, list[float]]

COMMITTER = """
import random, sys, time
from treaty_events import stream_of
from treaty_status.application.event_log import NewEvent
from treaty_status.store import open_log
log, stream = open_log(sys.argv[1]), stream_of(sys.argv[2])
for version in range(1, int(sys.argv[3]) + 1):
    time.sleep(random.uniform(0.01, 0.03))
    position = log.append([NewEvent(stream, version, "t", b"{}")])[0]
    print(position, time.monotonic(), flush=True)
"""


def rows(*, postgres: str | None) -> list[Row]:
    """The store's ratios; PostgreSQL's only where an address is given. Takes about half a minute."""
    with tempfile.TemporaryDirectory(prefix="treaty-store-") as folder, ExitStack() as stack:
        rates = _interleaved(_cases(Path(folder), postgres, stack))
        found = _append_rows(rates, "SQLite", goal_alone=0.5)
        if postgres is not None:
            found += _append_rows(rates, "PostgreSQL", goal_alone=0.2)
        found.append(_notice_row("SQLite", f"sqlite:///{folder}/noticed.db", goal=5.0))
        if postgres is not None:
            found.append(_notice_row("PostgreSQL", postgres, goal=5.0))
        return found


def _append_rows(rates: Rates, database: str, *, goal_alone: float) -> list[Row]:
    def row(ours: str, reference: str, goal: float) -> Row:
        return Row(
            f"append, {ours} beside {reference}",
            pairwise(rates[ours], rates[reference]),
            goal,
            "more",
            spread(rates[ours], "events/s"),
            spread(rates[reference], "/s"),
        )

    def ours(size: int) -> str:
        return f"{database} {size}"

    alone = [row(ours(1), "fdatasync", goal_alone), row(ours(1), f"{database} driver 1", 0.5)]
    library = [row(ours(size), f"{database} library {size}", 0.9) for size in (1, 64)]
    return alone + library + [row(ours(size), "fdatasync", goal_alone) for size in GROUPS[1:]]


def _interleaved(cases: dict[str, Step]) -> Rates:
    rates: Rates = {name: [] for name in cases}
    for step in cases.values():
        step()
    for _ in range(ROUNDS):
        for name in random.sample(sorted(cases), len(cases)):
            rates[name].append(_rate(cases[name]))
    return rates


def _rate(step: Step) -> float:
    began = time.perf_counter()
    written = 0
    while (taken := time.perf_counter() - began) < TURN:
        written += step()
    return written / taken


def _cases(folder: Path, postgres: str | None, stack: ExitStack) -> dict[str, Step]:
    cases = {"fdatasync": stack.enter_context(_disk(folder / "bytes"))}
    logs = {"SQLite": stack.enter_context(closing(open_log(f"sqlite:///{folder}/ours.db")))}
    stock: dict[str, ApplicationRecorder] = {"SQLite": _stock_sqlite(folder / "library.db")}
    cases["SQLite driver 1"] = stack.enter_context(_bare_sqlite(folder / "driver.db"))
    if postgres is not None:
        logs["PostgreSQL"] = stack.enter_context(closing(open_log(postgres)))
        stock["PostgreSQL"] = stack.enter_context(_stock_postgres(postgres))
        cases["PostgreSQL driver 1"] = stack.enter_context(_bare_postgres(postgres))
    for database, log in logs.items():
        cases |= {f"{database} {size}": _ours(log, size) for size in GROUPS}
        cases |= {f"{database} library {size}": _library(stock[database], size) for size in (1, 64)}
    return cases


def _ours(log: EventLog, size: int) -> Step:
    stream, version = uuid4(), 0

    def step() -> int:
        nonlocal version
        log.append([NewEvent(stream, version + n, TOPIC, BODY) for n in range(1, size + 1)])
        version += size
        return size

    return step


def _library(recorder: ApplicationRecorder, size: int) -> Step:
    stream, version = uuid4(), 0

    def step() -> int:
        nonlocal version
        recorder.insert_events([StoredEvent(stream, version + n, TOPIC, BODY) for n in range(1, size + 1)])
        version += size
        return size

    return step


@contextmanager
def _disk(file: Path) -> Iterator[Step]:
    with file.open("wb", buffering=0) as out:

        def step() -> int:
            out.write(b"x" * 512)
            os.fdatasync(out.fileno())
            return 1

        yield step


@contextmanager
def _bare_sqlite(file: Path) -> Iterator[Step]:
    stream, version = uuid4().hex, 0
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(
            "CREATE TABLE log (stream TEXT, version INTEGER, topic TEXT, body BLOB, UNIQUE (stream, version))"
        )

        def step() -> int:
            nonlocal version
            version += 1
            connection.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (stream, version, TOPIC, BODY))
            return 1

        yield step


@contextmanager
def _bare_postgres(address: str) -> Iterator[Step]:
    stream, version = uuid4(), 0
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare_log")
        connection.execute(
            "CREATE TABLE bare_log (stream uuid, version int8, topic text, body bytea, UNIQUE (stream, version))"
        )

        def step() -> int:
            nonlocal version
            version += 1
            connection.execute(
                "INSERT INTO bare_log VALUES (%s, %s, %s, %s)", (stream, version, TOPIC, BODY), prepare=True
            )
            return 1

        yield step
        connection.execute("DROP TABLE bare_log")


def _stock_sqlite(file: Path) -> ApplicationRecorder:
    recorder = SQLiteApplicationRecorder(SQLiteDatastore(str(file)))
    recorder.create_table()
    return recorder


@contextmanager
def _stock_postgres(address: str) -> Iterator[ApplicationRecorder]:
    store = PostgresDatastore("", "", "", "", "")
    store.pool.kwargs = {**conninfo_to_dict(address), "row_factory": dict_row}
    recorder = PostgresApplicationRecorder(store, events_table_name=f"stock_{uuid4().hex[:8]}")
    recorder.create_table()
    yield recorder
    with store.transaction(commit=True) as cursor:
        cursor.execute(f"DROP TABLE {recorder.events_table_name}".encode())
    store.close()


def _notice_row(database: str, address: str, *, goal: float, commits: int = 80) -> Row:
    stream = str(UUID(int=random.getrandbits(128)))
    woken: SimpleQueue[float] = SimpleQueue()
    with closing(open_log(address)) as log:
        watcher = open_watcher(address)
        seen: dict[int, float] = {}
        watcher.start(lambda: woken.put(time.monotonic()))
        committer = subprocess.Popen(
            [sys.executable, "-c", COMMITTER, address, stream, str(commits)], stdout=subprocess.PIPE, text=True
        )
        position = log.head()
        while committer.poll() is None or not woken.empty():
            try:
                at = woken.get(timeout=0.6)
            except Empty:
                break
            for event in log.read(after=position, limit=1_000):
                position = event.position
                seen[position] = at
        output, _ = committer.communicate(timeout=30)
        watcher.stop()
    committed = dict(line.split() for line in output.splitlines())
    waits = [1000 * (seen[int(at)] - float(when)) for at, when in committed.items() if int(at) in seen]
    missed = commits - len(waits)
    return Row(
        f"commit noticed by another process, {database}, median in ms",
        median(waits),
        goal,
        "less",
        spread(waits, "ms"),
        "a goal in milliseconds",
        failures=missed,
    )
