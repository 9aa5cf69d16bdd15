"""A long treaty read cold: the pure fold beside the library's own aggregate on the same number of events."""

import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.report import Row, pairwise, spread
from treaty_events import Action, Depositary, Details, Fact, Recorded, ReservationMade, TreatyDefined, stream_of
from treaty_status.application.event_log import EventLog, NewEvent
from treaty_status.application.treaties import Treaties
from treaty_status.domain.treaty import Treaty
from treaty_status.store import codec, open_log

EVENTS = 1_500
ROUNDS = 7


class Ledger(Aggregate):
    """The library's way: one aggregate, one event for each act."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str, str]] = []

    @event("Acted")
    def act(self, participant: str, action: str, act_date: str, note: str) -> None:  # noqa: ARG002 - part of the stored event
        self.acts.append((participant, action, act_date))


def rows() -> list[Row]:
    """Loading 1,500 events from SQLite, both ways, in turn."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = Application(
            env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "library.db")}
        )
        ledger = Ledger()
        for n in range(EVENTS):
            ledger.act(f"s{n % 190}", "reservation", "2020-01-01", "x" * 60)
        app.save(ledger)
        log = open_log(f"sqlite:///{folder}/ours.db")
        _fill(log)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            app.repository.get(ledger.id)
            theirs.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            state = Treaties(log, codec).get("long").state
            ours.append((time.perf_counter() - began) * 1000)
            assert isinstance(state, Treaty)
            assert len(state.acts) == EVENTS
        log.close()
        app.close()
    return [
        Row(
            f"a {EVENTS:,}-event treaty, loaded cold / the library's aggregate",
            pairwise(ours, theirs),
            0.1,
            "less",
            spread(ours, "ms"),
            spread(theirs, "ms"),
        )
    ]


def _fill(log: EventLog) -> None:
    recorded = Recorded(at=datetime(2026, 1, 1, tzinfo=UTC), by="benchmark")
    details = Details(
        titles={"en": "Synthetic (benchmark)"}, depositary=Depositary(id="d", name={"en": "D"}, time_zone="UTC")
    )
    facts: list[Fact] = [TreatyDefined(treaty="long", recorded=recorded, details=details)]
    facts += [
        ReservationMade(
            treaty="long",
            recorded=recorded,
            participant=f"s{n % 190}",
            action=Action.RESERVATION,
            act_date=date(2020, 1, 1),
            note="x" * 60,
        )
        for n in range(EVENTS)
    ]
    stream = stream_of("long")
    log.append([NewEvent(stream, n, *codec.encode(fact)) for n, fact in enumerate(facts, start=1)])
