"""A treaty as it stood at the end of an earlier day is what its acts up to that day add up to, and nothing else."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import RECORDED, T, act, day, facts
from treaty_events import Action, CorrectionReason, Fact, FactReinstated, FactRetracted, event_id, stream_of
from treaty_status.domain.participation import Participation, participation
from treaty_status.domain.treaty import Treaty, Undefined, before, evolve

FIRST = day("2020-01-01")
DAYS = st.integers(0, 6).map(lambda n: FIRST + timedelta(days=n))
ACTIONS = st.sampled_from(
    [
        Action.SIGNATURE,
        Action.RATIFICATION,
        Action.ACCESSION,
        Action.CONSENT_WITHDRAWN,
        Action.WITHDRAWAL_NOTIFIED,
        Action.WITHDRAWAL_REVOKED,
    ]
)
ACTS = st.lists(st.tuples(ACTIONS, st.sampled_from(["s1", "s2", "s3"]), DAYS), min_size=1, max_size=12)
TAKEN_BACK = st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=5)


def written(acts: list[tuple[Action, str, date]], taken_back: list[tuple[int, bool]]) -> list[Fact]:
    """The acts in the order drawn, then retractions of some of them and reinstatements."""
    stream = stream_of(T)
    found = facts(*(act(action.value, name, on=str(on)) for action, name, on in acts))
    first = len(found) - len(acts) + 1
    for index, for_good in taken_back:
        which: dict[str, Any] = {
            "target": event_id(stream, first + index % len(acts)),
            "reason": CorrectionReason.DUPLICATE,
        }
        found.append(FactRetracted(treaty=T, recorded=RECORDED, evidence=(), **which))
        if not for_good:
            found.append(FactReinstated(treaty=T, recorded=RECORDED, evidence=(), **which))
    return found


def told(events: list[Fact]) -> Treaty:
    state = evolve(Undefined(T), events)
    assert isinstance(state, Treaty)
    return state


def added_up(of: Treaty, until: date) -> dict[str, Participation]:
    """The slow and plain way: every act by then, participant by participant."""
    acts = [one for one in of.acts.values() if one.event.act_date <= until]
    names = {one.event.participant for one in acts}
    return {name: participation(name, [one for one in acts if one.event.participant == name]) for name in names}


@given(acts=ACTS, taken_back=TAKEN_BACK, until=DAYS)
def test_a_day_is_told_by_the_acts_up_to_its_end(
    acts: list[tuple[Action, str, date]], taken_back: list[tuple[int, bool]], until: date
) -> None:
    whole = told(written(acts, taken_back))
    then = before(whole, until)
    assert dict(then.participations) == added_up(whole, until)
    if then is not whole:
        assert dict(then.acts) == {key: one for key, one in whole.acts.items() if one.event.act_date <= until}


@given(acts=ACTS, taken_back=TAKEN_BACK, cut=st.integers(1, 20))
def test_it_does_not_matter_in_how_many_pieces_the_log_is_read(
    acts: list[tuple[Action, str, date]], taken_back: list[tuple[int, bool]], cut: int
) -> None:
    events = written(acts, taken_back)
    in_two = evolve(evolve(Undefined(T), events[:cut]), events[cut:])
    assert in_two == told(events)


def test_the_same_acts_make_the_same_object_so_that_what_follows_from_it_can_be_kept() -> None:
    whole = told(facts(act("signature", "s1", on="2020-01-01"), act("ratification", "s1", on="2020-01-05")))
    early, late = (before(whole, day(on)).participations["s1"] for on in ("2020-01-02", "2020-01-04"))
    assert early is late
    assert before(whole, day("2020-01-05")).participations["s1"] is whole.participations["s1"]
