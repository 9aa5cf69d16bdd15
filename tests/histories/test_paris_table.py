"""The Paris Agreement as it was recorded: acts first, its table of emissions afterwards, and what that tells."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from benchmarks.backtest import shared_data

from treaty_events import Action, Depositary, Details, Fact, HistorySettled, MilestoneAnnounced, Recorded, Status
from treaty_status.api.certificate_bodies import TableBody
from treaty_status.api.certificate_orders import table
from treaty_status.application.corpus import corpus
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.decisions import Circumstances, Define, Order, decide
from treaty_status.domain.evaluation import Outcome, evaluate
from treaty_status.domain.history import HistoricAct, RecordHistory, decide_history
from treaty_status.domain.treaty import State, Treaty, Undefined
from treaty_status.registry import load_registry

DATA = shared_data()
pytestmark = pytest.mark.skipif(DATA is None, reason="the shared data is not here (TREATY_SHARED_DATA)")
PARIS = "XXVII-7-d"
REGISTRY = load_registry()
LOST = HistoricAct("usa", Action.ACCEPTANCE, date(2016, 9, 3))
"""The first American acceptance, which the present table no longer shows."""


class Record:
    """The stream of the agreement, day by day."""

    def __init__(self) -> None:
        self.state: State = Undefined(PARIS)
        self.events: list[Fact] = []
        self.day = date(2026, 11, 1)
        self.world = RecordedWorld(REGISTRY, lambda name: self.state if name == PARIS else Undefined(name))

    def now(self) -> Circumstances:
        self.day += timedelta(days=1)
        at = datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC)
        return Circumstances(self.day, self.world, Recorded(at=at, by="key:tests"))

    def take(self, order: Order) -> list[Fact]:
        return self._keep(decide(self.state, order, self.now()))

    def bring_in(self, acts: list[HistoricAct]) -> list[Fact]:
        order = RecordHistory(treaty=PARIS, acts=tuple(acts), run="list:paris", source="a public compilation")
        return self._keep(decide_history(self.state, order, self.now()))

    def _keep(self, decision: object) -> list[Fact]:
        self.state = decision.state  # type: ignore[attr-defined]  # a decision of either kind
        self.events += decision.events  # type: ignore[attr-defined]
        return list(decision.events)  # type: ignore[attr-defined]

    def outcome(self) -> Outcome:
        assert isinstance(self.state, Treaty)
        assert self.state.rule is not None
        return evaluate(self.state.rule, self.state, world=self.world, as_of=self.day)


def rows(name: str) -> list[dict[str, str]]:
    assert DATA is not None
    with (Path(DATA) / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def acts() -> list[HistoricAct]:
    found = [LOST]
    for row in rows("actions_shared.csv"):
        one = REGISTRY.find(row["iso3"] or row["participant"]) if row["treaty_id"] == PARIS else None
        if one is not None and row["action"] in set(Action) and (one.id, row["action"]) != ("usa", "acceptance"):
            found.append(HistoricAct(one.id, Action(row["action"]), date.fromisoformat(row["date"])))
    return found


def shares() -> TableBody:
    values = {row["iso3"] or row["participant"]: row["share"] for row in rows("paris_shares.csv")}
    return TableBody(values=values, whole="100", source="FCCC/CP/2015/10, annex", values_on="2015-12-12")


@pytest.fixture(scope="module")
def record() -> Record:
    """Header, then acts, then the rule; the table is not there yet."""
    found = Record()
    depositary = Depositary(id="un-sg", name={"en": "Secretary-General"}, time_zone="America/New_York")
    header = Details(titles={"en": "Paris Agreement"}, depositary=depositary, adopted_on=date(2015, 12, 12))
    found.take(Define(treaty=PARIS, details=header, windows=(), rule=None))
    found.bring_in(acts())
    found.take(Define(treaty=PARIS, details=header, windows=(), rule=corpus()[PARIS]))
    return found


def test_the_table_tells_the_fifth_of_october_and_the_union_s_share_is_not_added(record: Record) -> None:
    before = record.outcome()
    assert (before.met, before.threshold_on) == (None, None)
    assert before.unknown == ("table:ghg_share_2015_list",)

    told = record.take(table(shares(), treaty=PARIS, name="ghg_share_2015_list", registry=REGISTRY))

    after = record.outcome()
    assert (after.threshold_on, after.entry_into_force_on) == (date(2016, 10, 5), date(2016, 11, 4))
    weighed = after.reading.parts[1]
    assert "eu" in {left.consent.participant for left in weighed.not_counted if left.reason == "not_additional"}
    assert {(one.name, one.version) for one in weighed.rests_on} == {("ghg_share_2015_list", "1")}
    lines = [one for one in told if isinstance(one, MilestoneAnnounced) and one.kind == "threshold"]
    assert [(one.status, one.occurred_on) for one in lines] == [(Status.REACHED, date(2016, 10, 5))]
    assert all(one.recorded.imported for one in lines)  # a line of 2016 is no news
    assert isinstance(told[-1], HistorySettled)
