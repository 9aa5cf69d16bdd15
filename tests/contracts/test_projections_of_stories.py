"""Whatever happens to treaties, in whatever order it is told: the rows are those of a rebuild."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import act, hanoi, window
from tests.office import REGISTRY, Office
from treaty_status.application.submissions import Receipt
from treaty_status.domain.decisions import CloseRehearsal, MoveRehearsalDay
from treaty_status.domain.refusals import Refusal
from treaty_status.projections.rebuilding import compare
from treaty_status.projections.runner import Projector
from treaty_status.store import codec, open_log
from treaty_status.store.read_models import open_read_model

CONVENTION, PROTOCOL, TACIT, REHEARSAL = "A-1", "A-1.a", "A-2", "A-1~try"
WHO = ("fji", "vnm", "fra", "eu", "bra")
ACTIONS = (
    *("signature", "ratification", "accession", "consent_withdrawn", "withdrawal_notified", "withdrawal_revoked"),
    *("objection", "declaration", "provisional_application"),
)
ON_THE_PARENT: dict[str, Any] = {
    "title": "An invented treaty",
    "in_force": [
        {
            "clause": "9",
            "when": {
                "op": "all",
                "of": [
                    {"op": "count", "at_least": 2, "who": {"party_to": CONVENTION}},
                    {"op": "treaty_in_force", "treaty": CONVENTION},
                ],
            },
            "then": {"op": "plus", "days": 10},
        }
    ],
}
UNLESS_TWO_OBJECT: dict[str, Any] = {
    "title": "An invented treaty",
    "in_force": [
        {
            "clause": "12",
            "when": {
                "op": "all",
                "of": [
                    {"op": "count", "at_least": 1},
                    {
                        "op": "not_blocked",
                        "until": {"op": "on", "date": "2026-04-01"},
                        "blocked_if": {"op": "count", "at_least": 2},
                    },
                ],
            },
            "then": {"op": "ref", "name": "threshold"},
        }
    ],
}

acts = st.tuples(
    st.just("act"), st.sampled_from([CONVENTION, PROTOCOL, TACIT, REHEARSAL]), st.sampled_from(ACTIONS),
    st.sampled_from(WHO), st.integers(0, 40),
)  # fmt: skip
corrections = st.tuples(st.sampled_from(["retract", "correct"]), st.integers(0, 30), st.integers(0, 20))
days = st.tuples(st.just("day"), st.sampled_from([CONVENTION, PROTOCOL, TACIT, REHEARSAL]), st.integers(1, 120))
turns = st.tuples(st.sampled_from(["rule", "close", "digest"]), st.integers(1, 3))
stories = st.lists(st.one_of(acts, acts, corrections, days, turns), min_size=8, max_size=30)


class Teller:
    """Hands a story to an office; what the record refuses did not happen."""

    def __init__(self, office: Office, projector: Projector) -> None:
        self.office = office
        self.projector = projector
        self.told: list[tuple[str, Receipt]] = []

    def tell(self, step: tuple[Any, ...]) -> None:
        try:
            getattr(self, step[0])(*step[1:])
        except (Refusal, ValueError):
            return

    def act(self, treaty: str, action: str, who: str, later: int) -> None:
        order = act(action, who, on=self.office.today + timedelta(days=later))
        (receipt,) = self.office.record(treaty, order)
        self.told.append((treaty, receipt))

    def retract(self, which: int, _: int) -> None:
        self.office.retract(*self._one(which))

    def correct(self, which: int, earlier: int) -> None:
        treaty, receipt = self._one(which)
        self.office.correct(treaty, receipt, act_date=(self.office.today - timedelta(days=earlier)).isoformat())

    def day(self, treaty: str, later: int) -> None:
        if treaty == REHEARSAL:
            self.office.take(MoveRehearsalDay(treaty=treaty, on=self.office.today + timedelta(days=later)))
        else:
            self.office.day_comes(treaty, (self.office.today + timedelta(days=later)).isoformat())

    def rule(self, at_least: int) -> None:
        self.office.define(CONVENTION, hanoi(at_least), windows=(window("2026-01-01", "2026-06-30"),))

    def close(self, _: int) -> None:
        self.office.take(CloseRehearsal(treaty=REHEARSAL))

    def digest(self, _: int) -> None:
        self.projector.step()

    def _one(self, which: int) -> tuple[str, Receipt]:
        return self.told[which % len(self.told)] if self.told else (CONVENTION, _NOTHING)


_NOTHING = Receipt(treaty=CONVENTION, event_id="none", position=None, version=0, recorded_as="nothing")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(story=stories, batch=st.sampled_from([1, 4, 500]))
def test_rows_are_those_of_a_rebuild(story: list[tuple[Any, ...]], batch: int) -> None:
    log, model = open_log("memory:"), open_read_model("memory:")
    office = Office(log)
    projector = Projector(log, codec, model, REGISTRY, batch=batch)
    try:
        office.define(PROTOCOL, ON_THE_PARENT)
        office.define(CONVENTION, hanoi(2), windows=(window("2026-01-01", "2026-06-30"),))
        office.define(TACIT, UNLESS_TWO_OBJECT)
        office.rehearse(CONVENTION, REHEARSAL, "2026-01-01")
        teller = Teller(office, projector)
        for step in story:
            teller.tell(step)
    finally:
        office.close()
    while projector.step():
        pass

    found = compare(log, codec, model, REGISTRY)

    assert found is None, str(found)
    assert model.position() == log.head()
