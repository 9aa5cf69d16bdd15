"""A history in bulk, decided act by act, beside the bare driver writing the same rows; and the cost of one act by size.

The tables are invented in the depositary's layout: as many treaties, acts and participants as a large import has.
"""

import gc
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.report import Row, pairwise, spread
from tests.builders import Twin
from treaty_events import Action, Depositary, Details, Evidence, Recorded
from treaty_status.application.event_log import EventLog, LoggedEvent
from treaty_status.application.importing import Request, import_sheet
from treaty_status.application.sheets import Sheet
from treaty_status.application.treaties import Treaties
from treaty_status.application.writer import Writer
from treaty_status.domain.decisions import Circumstances
from treaty_status.domain.history import HistoricAct, RecordHistory, decide_history
from treaty_status.domain.treaty import Undefined
from treaty_status.importers import read_sheet
from treaty_status.registry import Registry, load_registry
from treaty_status.store import codec, open_log

TREATIES = 73
ROUNDS = 5
SIZES = (100, 400, 1_600, 6_400, 25_600)
DETAILS = Details(
    titles={"en": "Synthetic (benchmark)"}, depositary=Depositary(id="d", name={"en": "D"}, time_zone="UTC")
)


def rows(*, postgres: Callable[[], str] | None) -> list[Row]:
    """The import's ratios; PostgreSQL's only where a server is given."""
    registry = load_registry()
    raw = invented_list(registry)
    found = _beside("SQLite, executemany", registry, raw, _sqlite_address, _executemany)
    if postgres is not None:
        found += _beside("PostgreSQL, COPY", registry, raw, lambda _: postgres(), _copy)
    return [*found, _curve()]


def invented_list(registry: Registry) -> bytes:
    """About 11,000 acts of 73 treaties as one list."""
    chance = random.Random(65)
    states = [
        one.id
        for one in registry.all()
        if one.kind.value == "state" and (one.exists_from is None or one.exists_from < date(1990, 1, 1))
    ]
    lines = ["treaty_id,treaty_title,participant,iso3,action,date,source"]
    for n in range(TREATIES):
        for state in chance.sample(states, 90):
            signed = date(1995, 1, 1) + timedelta(days=chance.randrange(700))
            lines.append(f"T-{n},Synthetic {n},{state},,signature,{signed},synthetic")
            if chance.random() < 0.7:
                on = signed + timedelta(days=chance.randrange(1, 9_000))
                lines.append(f"T-{n},Synthetic {n},{state},,ratification,{on},synthetic")
    return ("\n".join(lines) + "\n").encode()


def _beside(
    name: str,
    registry: Registry,
    raw: bytes,
    address: Callable[[Path], str],
    bare: Callable[[str, list[LoggedEvent]], float],
) -> list[Row]:
    reading, deciding, writing = [], [], []
    acts = 0
    with tempfile.TemporaryDirectory(prefix="treaty-import-") as folder:
        for n in range(ROUNDS):
            began = time.perf_counter()
            sheet = read_sheet("invented.csv", raw, registry=registry)
            reading.append(time.perf_counter() - began)
            log = open_log(address(Path(folder) / f"ours-{n}.db"))
            seconds, acts = _import(sheet, log, registry)
            deciding.append(seconds)
            events = log.read(after=0, limit=1_000_000)
            log.close()
            writing.append(bare(address(Path(folder) / f"bare-{n}.db"), events))
    ours = [acts / seconds for seconds in deciding]
    whole = [acts / (one + other) for one, other in zip(reading, deciding, strict=True)]
    reference = [acts / seconds for seconds in writing]
    return [
        Row(
            f"import, decisions included / {name} of the same rows",
            pairwise(ours, reference),
            0.5,
            "more",
            spread(ours, "acts/s"),
            spread(reference, "acts/s"),
        ),
        Row(
            f"import, reading and decisions included / {name}",
            pairwise(whole, reference),
            0.4,
            "more",
            spread(whole, "acts/s"),
            spread(reference, "acts/s"),
        ),
    ]


def _import(sheet: Sheet, log: EventLog, registry: Registry) -> tuple[float, int]:
    writer = Writer(log, codec, Treaties(log, codec), registry, clock=lambda: datetime.now(UTC))
    writer.start()
    began = time.perf_counter()
    balance = import_sheet(sheet, writer, Request(by="benchmark", define=True))
    seconds = time.perf_counter() - began
    writer.stop()
    assert balance.balances
    assert balance.recorded == balance.cells
    return seconds, balance.recorded


# ---- the bare drivers ------------------------------------------------------------------------------------------------
def _sqlite_address(path: Path) -> str:
    return f"sqlite:///{path}"


def _executemany(address: str, events: list[LoggedEvent]) -> float:
    rows_ = [(event.stream.hex, event.version, event.topic, event.body) for event in events]
    connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE e (position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, version INTEGER NOT NULL, "
        "topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (stream, version))"
    )
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO e (stream, version, topic, state) VALUES (?, ?, ?, ?)", rows_)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _copy(address: str, events: list[LoggedEvent]) -> float:
    rows_ = [(event.stream, event.version, event.topic, event.body) for event in events]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE e (position bigserial PRIMARY KEY, stream uuid NOT NULL, version bigint NOT NULL, "
            "topic text NOT NULL, state bytea NOT NULL, UNIQUE (stream, version))"
        )
        began = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("COPY e (stream, version, topic, state) FROM STDIN") as copy:
            for row in rows_:
                copy.write_row(row)
        return time.perf_counter() - began


# ---- one act, by the size of its treaty ------------------------------------------------------------------------------
def _curve() -> Row:
    """CPU of deciding and writing down one act of a history, for histories of growing size; participants grow along."""
    cost: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(3):
        for size in SIZES:
            cost[size].append(_cpu_of_one(size))
    told = ", ".join(f"{size:,} acts {median(found):.1f}" for size, found in cost.items())
    return Row(
        f"one act in a history of {SIZES[-1]:,} / in one of {SIZES[0]:,}",
        pairwise(cost[SIZES[-1]], cost[SIZES[0]]),
        1.3,
        "less",
        f"µs of CPU by size: {told}",
        spread(cost[SIZES[0]], "µs"),
    )


def _cpu_of_one(size: int) -> float:
    day = date(1990, 1, 1)
    acts = []
    for n in range(size // 2):
        evidence = (Evidence(source="synthetic", locator=f"row {n}"),)
        acts.append(HistoricAct(f"s{n}", Action.SIGNATURE, day + timedelta(days=n % 900), evidence))
        acts.append(HistoricAct(f"s{n}", Action.RATIFICATION, day + timedelta(days=1_000 + n % 5_000), evidence))
    order = RecordHistory(treaty="T", acts=tuple(acts), run="list:0", source="synthetic", define=DETAILS)
    now = Circumstances(date(2026, 1, 1), Twin(), Recorded(at=datetime(2026, 1, 1, tzinfo=UTC), by="benchmark"))
    gc.disable()  # as an import does
    began = time.process_time()
    decision = decide_history(Undefined("T"), order, now)
    for event in decision.events:
        codec.encode(event)
    seconds = time.process_time() - began
    gc.enable()
    return seconds / size * 1e6
