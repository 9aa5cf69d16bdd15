"""Following and rebuilding the read model, beside the library's projection runner and a bare fold; and how soon
another process has the rows."""

import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, StoredEvent, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict

from benchmarks.report import Row, pairwise, spread
from treaty_events import (
    Action,
    Depositary,
    Details,
    Fact,
    InstrumentDeposited,
    MilestoneAnnounced,
    ParticipantAct,
    Recorded,
    SignatureWindow,
    stream_of,
)
from treaty_status.api.server import COLLECT_AFTER
from treaty_status.application.event_log import EventLog, LoggedEvent, NewEvent
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.decisions import Circumstances, Define, Order, RecordAct, Settled, decide
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import State, Undefined, evolve
from treaty_status.projections.rebuilding import rebuild
from treaty_status.projections.runner import Projector
from treaty_status.registry import Kind, load_registry
from treaty_status.store import codec, open_log
from treaty_status.store.read_models import ServedModel, open_read_model, seldom_collected

ROUNDS = 5
TREATIES = 240
PARTICIPANTS = 50
SLICE = 4_000
"""Events that the follower digests in one round."""
FEW = 500
"""Events that the library's runner digests in one round, because it takes its time."""
COMMITS = 80
REGISTRY = load_registry()

COMMITTER = """
import json, sys, time
from random import uniform
from uuid import UUID
from treaty_status.api.server import COLLECT_AFTER
from treaty_status.application.event_log import NewEvent
from treaty_status.store import open_log
log = open_log(sys.argv[1])
for line in sys.stdin:
    stream, version, topic, body = json.loads(line)
    time.sleep(uniform(0.01, 0.03))
    position = log.append([NewEvent(UUID(stream), version, topic, body.encode())])[0]
    print(position, time.monotonic(), flush=True)
"""
Postgres = Callable[[], str] | None


def rows(*, postgres: Postgres) -> list[Row]:
    """The projections' ratios; PostgreSQL's only where databases can be made. Takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="treaty-rows-") as folder, ExitStack() as stack:
        dsns = {"SQLite": f"sqlite:///{folder}/log.db"} | ({} if postgres is None else {"PostgreSQL": postgres()})
        places = [stack.enter_context(_place(name, dsn)) for name, dsn in dsns.items()]
        found = [] if postgres is None else _live_rows(places, postgres(), stack)
        found += [_rebuild_row(place) for place in places]
        for name in dsns:
            dsn = f"sqlite:///{folder}/seen.db" if postgres is None or name == "SQLite" else postgres()
            found.append(_seen_row(name, dsn, goal=10.0 if name == "SQLite" else 5.0))
        return found


# ---- a log worth digesting -------------------------------------------------------------------------------------------
@cache
def history(seed: int) -> tuple[list[tuple[str, bytes]], ...]:
    """One treaty's life as ``T-000``, decided by the real rules: topics and bodies, grouped as they were committed."""
    rng = random.Random(seed)
    world = RecordedWorld(REGISTRY, Undefined)
    groups: list[list[tuple[str, bytes]]] = []
    state: State = Undefined("T-000")
    settled: Settled | None = None
    for today, order in _orders(rng):
        recorded = Recorded(at=datetime(today.year, today.month, today.day, 17, tzinfo=UTC), by="key:benchmark")
        decision = decide(state, order, Circumstances(today, world, recorded), settled=settled)
        state, settled = decision.state, decision.settled
        groups.append([codec.encode(event) for event in decision.events])
    return tuple(groups)


def _orders(rng: random.Random) -> Iterator[tuple[date, Order]]:
    today = date(2026, 1, 10)
    rule = {
        "treaty": "T-000",
        "title": "An invented treaty",
        "in_force": [{"clause": "65(1)", "when": {"op": "count", "at_least": 30}, "then": {"op": "plus", "days": 90}}],
        "for_each": [
            {"clause": "65(1)", "own": "by_threshold", "then": {"op": "ref", "name": "eif"}},
            {"clause": "65(2)", "then": {"op": "plus", "days": 30}},
        ],
    }
    depositary = Depositary(id="un", name={"en": "Secretary-General"}, time_zone="America/New_York")
    details = Details(titles={"en": "An invented treaty"}, depositary=depositary, adopted_on=date(2025, 12, 24))
    windows = (SignatureWindow(place="New York", opens_on=today, closes_on=date(2027, 12, 31)),)
    yield today, Define(treaty="T-000", details=details, windows=windows, rule=TreatyRule.model_validate(rule))
    for who in rng.sample(
        [one.id for one in REGISTRY.all() if one.kind is Kind.STATE and not one.exists_until], PARTICIPANTS
    ):
        today += timedelta(days=rng.randint(0, 2))
        yield today, RecordAct(treaty="T-000", action=Action.SIGNATURE, participant=who, act_date=today)
        if rng.random() < 0.7:
            yield today, RecordAct(treaty="T-000", action=Action.RATIFICATION, participant=who, act_date=today)


def write(log: EventLog, *, treaties: int) -> int:
    """Fill a log with that many treaties, their acts mingled; how many events."""
    rng = random.Random(1)
    histories = [history(seed) for seed in range(6)]
    ids = [f"T-{n:03d}" for n in range(1, treaties + 1)]
    lives = {treaty: iter(histories[n % len(histories)]) for n, treaty in enumerate(ids)}
    versions: defaultdict[str, int] = defaultdict(int)
    batch: list[NewEvent] = []
    written = 0
    while lives:
        treaty = rng.choice(ids)
        group = next(lives[treaty], None) if treaty in lives else None
        if group is None:
            lives.pop(treaty, None)
            ids = list(lives)
            continue
        for topic, body in group:
            versions[treaty] += 1
            batch.append(NewEvent(stream_of(treaty), versions[treaty], topic, body.replace(b"T-000", treaty.encode())))
        if len(batch) > 2_000:
            written += len(log.append(batch))
            batch = []
    return written + (len(log.append(batch)) if batch else 0)


@dataclass
class Place:
    """A log and its read model in one database."""

    name: str
    dsn: str
    log: EventLog
    model: ServedModel


@contextmanager
def _place(name: str, dsn: str) -> Iterator[Place]:
    with closing(open_log(dsn)) as log, closing(open_read_model(dsn)) as model:
        write(log, treaties=TREATIES)
        yield Place(name, dsn, log, model)


# ---- following -------------------------------------------------------------------------------------------------------
def _live_rows(places: list[Place], stock: str, stack: ExitStack) -> list[Row]:
    library = stack.enter_context(_runner(places[0].log, stock))
    stack.enter_context(_as_served())
    projectors = {place.name: Projector(place.log, codec, place.model, REGISTRY) for place in places}
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, projector in projectors.items():
            rates[name].append(_followed(projector))
        rates["library"].append(library())
    return [
        Row(
            f"live projection, {name}, beside the library's runner on PostgreSQL",
            pairwise(rates[name], rates["library"]),
            15.0,
            "more",
            spread(rates[name], "events/s"),
            spread(rates["library"], "events/s"),
        )
        for name in projectors
    ]


@contextmanager
def _as_served() -> Iterator[None]:
    """Garbage is collected as in the service, for ours and for the library's."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    yield
    gc.unfreeze()
    gc.set_threshold(*usual)


def _followed(projector: Projector) -> float:
    began, taken = time.perf_counter(), 0
    while taken < SLICE and (step := projector.step()):
        taken += step
    return taken / (time.perf_counter() - began)


class Reader(Mapper[UUID]):
    """Hands our facts to the library as they are stored."""

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return codec.decode(stored_event.topic, stored_event.state)


class TextbookView(PostgresTrackingRecorder):
    """Counts and rows as a text-book projection keeps them: one transaction per event, no law."""

    def __init__(self, datastore: PostgresDatastore, **more: Any) -> None:
        super().__init__(datastore, **more)

    def create_table(self) -> None:
        super().create_table()
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS book (id text PRIMARY KEY, signatures int, consents int)")
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS book_row "
                "(id text, who text, action text, on_day date, PRIMARY KEY (id, who))"
            )
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS book_line (id text, key text, status text, PRIMARY KEY (id, key))"
            )

    def digest(self, fact: Fact, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            if isinstance(fact, MilestoneAnnounced):
                cursor.execute(
                    "INSERT INTO book_line VALUES (%s, %s, %s) "
                    "ON CONFLICT (id, key) DO UPDATE SET status = excluded.status",
                    (fact.treaty, fact.key, fact.status.value),
                )
            elif isinstance(fact, ParticipantAct):
                consents = isinstance(fact, InstrumentDeposited)
                cursor.execute(
                    "INSERT INTO book VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
                    "signatures = book.signatures + excluded.signatures, consents = book.consents + excluded.consents",
                    (fact.treaty, int(not consents), int(consents)),
                )
                cursor.execute(
                    "INSERT INTO book_row VALUES (%s, %s, %s, %s) ON CONFLICT (id, who) DO UPDATE SET "
                    "action = excluded.action, on_day = excluded.on_day",
                    (fact.treaty, fact.participant, fact.action.value, fact.act_date),
                )


class Enough(Exception):
    """The round is over."""


class Textbook(Projection[TextbookView]):
    """The library's way: one event, one transaction."""

    name = "textbook"
    left = 0

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        if not Textbook.left:
            raise Enough
        Textbook.left -= 1
        self.view.digest(domain_event, tracking)


@contextmanager
def _runner(log: EventLog, dsn: str) -> Iterator[Callable[[], float]]:
    """The same events in the library's own tables, and a function that follows a few of them with its runner."""
    parts = conninfo_to_dict(dsn)
    env = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts.get("host", "")),
        "POSTGRES_PORT": str(parts.get("port", "5432")),
        "POSTGRES_USER": str(parts.get("user", "")),
        "POSTGRES_PASSWORD": str(parts.get("password", "")),
        "MAPPER_TOPIC": "benchmarks.projections:Reader",
    }
    application: Application[UUID] = Application(env)
    copied = 0
    for page in _pages(log, limit=200):
        application.recorder.insert_events([StoredEvent(e.stream, e.version, e.topic, e.body) for e in page])
        copied += len(page)
        if copied > ROUNDS * FEW + 1_000:
            break
    application.close()

    def follow() -> float:
        Textbook.left = FEW
        began = time.perf_counter()
        runner = ProjectionRunner(
            application_class=Application, projection_class=Textbook, view_class=TextbookView, env=env
        )
        with suppress(Enough), runner:
            while Textbook.left and not runner.is_interrupted.wait(0.01):
                pass
            taken = time.perf_counter() - began
        return (FEW - Textbook.left) / taken

    yield follow


def _pages(log: EventLog, *, limit: int) -> Iterator[list[LoggedEvent]]:
    after = 0
    while page := log.read(after=after, limit=limit):
        yield page
        after = page[-1].position


# ---- from zero -------------------------------------------------------------------------------------------------------
def _rebuild_row(place: Place) -> Row:
    rates: dict[str, list[float]] = {"rebuild": [], "fold": []}
    with seldom_collected():  # as the rebuild that people start
        for _ in range(ROUNDS):
            rates["fold"].append(_timed(lambda: _folded(place.log)))
            rates["rebuild"].append(_timed(lambda: _rebuilt(place)))
    return Row(
        f"full rebuild, {place.name}, beside a bare fold of the same log",
        pairwise(rates["rebuild"], rates["fold"]),
        0.5,
        "more",
        spread(rates["rebuild"], "events/s"),
        spread(rates["fold"], "events/s"),
    )


def _timed(work: Callable[[], int]) -> float:
    gc.collect()
    began = time.perf_counter()
    return work() / (time.perf_counter() - began)


def _folded(log: EventLog) -> int:
    """Every event read, decoded and folded, and nothing else."""
    facts: defaultdict[UUID, list[Fact]] = defaultdict(list)
    read = 0
    for page in _pages(log, limit=5_000):
        for event in page:
            facts[event.stream].append(codec.decode(event.topic, event.body))
        read += len(page)
    states = [evolve(Undefined(told[0].treaty), told) for told in facts.values()]
    assert len(states) == TREATIES
    return read


def _rebuilt(place: Place) -> int:
    rebuild(place.log, codec, place.model, REGISTRY)
    assert place.model.position() == place.log.head()
    return place.log.head()


# ---- seen elsewhere --------------------------------------------------------------------------------------------------
FOLLOWER = """
import sys, time
from treaty_status.projections.runner import ProjectionFollower
from treaty_status.registry import load_registry
from treaty_status.store import codec, open_log, open_watcher
from treaty_status.store.read_models import open_read_model
log, model, watcher = open_log(sys.argv[1]), open_read_model(sys.argv[1]), open_watcher(sys.argv[1])
write = model.write
def timed(changes, *, old, new):
    write(changes, old=old, new=new)
    print(old.position, new.position, time.monotonic(), flush=True)
model.write = timed
follower = ProjectionFollower(log, codec, model, load_registry())
watcher.start(follower.wake)
follower.start()
print("ready", flush=True)
sys.stdin.read()
follower.stop()
watcher.stop()
"""


def _seen_row(name: str, dsn: str, *, goal: float) -> Row:
    """From the commit in one process to the commit of the rows in another."""
    told: list[tuple[int, int, float]] = []
    with closing(open_log(dsn)):
        follower = subprocess.Popen(
            [sys.executable, "-c", FOLLOWER, dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert follower.stdout is not None
        follower.stdout.readline()
        time.sleep(0.5)
        committed = _commit(dsn)
        time.sleep(0.7)
        output, _ = follower.communicate(timeout=30)
    for line in output.splitlines():
        old, new, at = line.split()
        told.append((int(old), int(new), float(at)))
    waits = [
        1000 * (next(at for old, new, at in told if old < position <= new) - when)
        for position, when in committed
        if any(old < position <= new for old, new, _ in told)
    ]
    return Row(
        f"commit to row in another process, {name}, median in ms",
        sorted(waits)[len(waits) // 2],
        goal,
        "less",
        spread(waits, "ms") + f", p99 {sorted(waits)[int(len(waits) * 0.99)]:.1f} ms",
        "a goal in milliseconds",
        failures=len(committed) - len(waits),
    )


def _commit(dsn: str) -> list[tuple[int, float]]:
    events = [event for group in history(1) for event in group][:COMMITS]
    lines = "".join(
        json.dumps([str(stream_of("T-000")), version, topic, body.decode()]) + "\n"
        for version, (topic, body) in zip(count(1), events, strict=False)
    )
    done = subprocess.run(
        [sys.executable, "-c", COMMITTER, dsn], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    return [(int(line.split()[0]), float(line.split()[1])) for line in done.stdout.splitlines()]
