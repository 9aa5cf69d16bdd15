"""A history decided at once says what the same acts say one by one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import EUROPE, Twin, details, hanoi, rule
from treaty_events import Action, ImportFinished, MilestoneAnnounced, MilestonesSettled, Recorded, Status
from treaty_status.domain.decisions import Circumstances, Define, RecordAct, decide
from treaty_status.domain.history import AlreadyOnRecord, HistoricAct, RecordHistory, decide_history
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import State, Treaty, Undefined, evolve
from treaty_status.domain.world import World

T = "T-1"
NOW = Circumstances(date(2030, 1, 1), Twin(), Recorded(at=datetime(2030, 1, 1, 12, tzinfo=UTC), by="key:tests"))
LIVE = {Status.REACHED: Status.REACHED, Status.REVISED: Status.REACHED}

ACTIONS = (
    Action.SIGNATURE,
    Action.RATIFICATION,
    Action.ACCESSION,
    Action.APPROVAL,
    Action.CONSENT_WITHDRAWN,
    Action.WITHDRAWAL_NOTIFIED,
)
# Days differ: what is said after half of a day depends on which half was recorded first, and a history knows the whole.
historic_acts = st.lists(
    st.tuples(
        st.sampled_from(["fra", "ita", "hrv", "eu", "s1", "s2", "s3"]), st.sampled_from(ACTIONS), st.integers(0, 1_500)
    ).map(lambda drawn: HistoricAct(drawn[0], drawn[1], date(2014, 1, 1) + timedelta(days=drawn[2]))),
    max_size=12,
    unique_by=lambda act: act.act_date,
)
RULES = {"none": None, "two": rule(2), "hanoi's, with three": hanoi(3)}


def defined(by_rule: dict[str, object] | None, world: World) -> Treaty:
    order = Define(
        treaty=T,
        details=details(),
        windows=(),
        rule=None if by_rule is None else TreatyRule.model_validate(by_rule),
    )
    state = decide(Undefined(T), order, Circumstances(NOW.today, world, NOW.recorded)).state
    assert isinstance(state, Treaty)
    return state


def history(acts: list[HistoricAct]) -> RecordHistory:
    return RecordHistory(treaty=T, acts=tuple(acts), run="list:1", source="a test")


def lines(state: State) -> dict[str, tuple[Status, date]]:
    """What is on record as said; whether it took a revision to say it is of no matter.

    Nor who is named: one by one, a second signature of the first day is no reason to speak again.
    """
    assert isinstance(state, Treaty)
    return {
        key: (LIVE.get(said.status, said.status), said.occurred_on)
        for key, said in state.announced.items()
        if said.status not in {Status.REVOKED, Status.CANCELLED}
    }


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=60)
@given(acts=historic_acts)
def test_at_once_and_one_by_one_come_to_the_same(name: str, acts: list[HistoricAct]) -> None:
    now = Circumstances(NOW.today, EUROPE, NOW.recorded)
    treaty = defined(RULES[name], EUROPE)
    one_by_one: State = treaty
    refused = []
    for act in sorted(acts, key=lambda act: act.act_date):
        order = RecordAct(treaty=T, action=act.action, participant=act.participant, act_date=act.act_date)
        try:
            one_by_one = decide(one_by_one, order, now).state
        except Refusal as refusal:
            if refusal.check == "V3" and RULES[name] is None:
                return  # clauses that nobody knows object to nothing in a history
            refused.append(refusal.slug)

    at_once = decide_history(treaty, history(acts), now)

    assert isinstance(one_by_one, Treaty)
    assert isinstance(at_once.state, Treaty)
    assert sorted(verdict.slug for verdict in at_once.verdicts if isinstance(verdict, Refusal)) == sorted(refused)
    assert [act.event.act_date for act in at_once.state.acts.values()] == [
        act.event.act_date for act in one_by_one.acts.values()
    ]
    assert {name: len(own.lives) for name, own in at_once.state.participations.items()} == {
        name: len(own.lives) for name, own in one_by_one.participations.items()
    }
    assert lines(at_once.state) == lines(one_by_one)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40)
@given(acts=historic_acts)
def test_the_state_decided_is_the_state_that_its_facts_tell(name: str, acts: list[HistoricAct]) -> None:
    treaty = defined(RULES[name], EUROPE)

    decision = decide_history(treaty, history(acts), Circumstances(NOW.today, EUROPE, NOW.recorded))

    assert evolve(treaty, decision.events) == decision.state


@settings(max_examples=40)
@given(acts=historic_acts)
def test_a_history_decided_again_finds_everything_on_record(acts: list[HistoricAct]) -> None:
    first = decide_history(defined(None, NOW.world), history(acts), NOW)

    again = decide_history(first.state, history(acts), NOW)

    assert again.events == ()
    assert not any(verdict is None for verdict in again.verdicts)
    recorded = [n for n, verdict in enumerate(first.verdicts) if verdict is None]
    assert [again.verdicts[n] for n in recorded] == [
        AlreadyOnRecord(retracted=False, version=first.versions[n]) for n in recorded
    ]


def test_a_history_of_nothing_says_nothing() -> None:
    treaty = defined(None, NOW.world)

    decision = decide_history(treaty, history([]), NOW)

    assert (decision.events, decision.state) == ((), treaty)


def test_the_facts_stand_before_what_is_said_of_them_and_the_digest_comes_last() -> None:
    acts = [
        HistoricAct("s1", Action.RATIFICATION, date(2015, 1, 1)),
        HistoricAct("s1", Action.SIGNATURE, date(2014, 1, 1)),
    ]

    decision = decide_history(defined(None, NOW.world), history(acts), NOW)

    kinds = [type(event) for event in decision.events]
    assert [event.act_date.year for event in decision.events[:2]] == [2014, 2015]  # type: ignore[attr-defined]  # acts
    assert kinds[2:] == [MilestoneAnnounced, MilestoneAnnounced, MilestonesSettled, ImportFinished]
