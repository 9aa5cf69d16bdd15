"""Four eyes: thresholds, entries into force and ends wait for a second key or a time limit; the facts do not."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import (
    RECORDED,
    Story,
    T,
    acceded,
    all_acceded,
    corrected,
    day,
    hanoi,
    retracted,
    states,
    story,
    the_day_comes,
)
from treaty_events import Action, FourEyes, HoldEnded, MilestoneHeld, Recorded
from treaty_status.domain import refusals as no
from treaty_status.domain.assessment import assess
from treaty_status.domain.decisions import Circumstances, Decision, Define, Order, ReleaseHold, decide
from treaty_status.domain.history import HistoricAct, RecordHistory, decide_history
from treaty_status.domain.holds import KEPT_UNDER_FOUR_EYES
from treaty_status.domain.reassessment import Reassess, decide_reassessment, unsaid
from treaty_status.domain.treaty import Treaty

HOURS = 24
KEY = f"{T}:threshold:65(1):1"
LINES = ["threshold", "entry_into_force"]


def watched(n: int = 39) -> Story:
    """A treaty under four eyes with so many instruments."""
    told = story(hanoi(), *all_acceded(states(n), on="2027-02-01"))
    details = replace(told.treaty.details, four_eyes=FourEyes(hours=HOURS))
    told.on("2027-02-02", Define(treaty=T, details=details, windows=told.treaty.windows, rule=None))
    return told


def taken(told: Story, order: Order, today: str, *, by: str = "key:desk-a", hours: int = 0) -> Decision:
    """One order, decided so many hours after noon in the name of a key."""
    at = datetime.fromisoformat(f"{today}T12:00:00+00:00") + timedelta(hours=hours)
    now = Circumstances(at.date(), told.world, Recorded(at=at, by=by))
    found = decide(told.state, order, now)
    told.state = found.state
    return found


def said(found: Decision) -> list[str]:
    return [f"{one.kind.value}.{one.status.value}" for one in found.milestones]


def gated(found: Decision) -> list[str]:
    return [one for one in said(found) if one.rpartition(".")[0] in {kind.value for kind in KEPT_UNDER_FOUR_EYES}]


def held(found: Decision) -> list[tuple[str, list[str]]]:
    return [
        (one.kind.value, [status.value for status in one.statuses])
        for one in found.events
        if isinstance(one, MilestoneHeld)
    ]


def ended(found: Decision) -> list[str]:
    return sorted(one.end.value for one in found.events if isinstance(one, HoldEnded))


def test_the_fortieth_instrument_counts_at_once_and_the_threshold_waits_to_be_announced() -> None:
    told = watched()
    found = taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    assert gated(found) == []
    assert "participant.consent.reached" in said(found)
    assert held(found) == [("threshold", ["reached"]), ("entry_into_force", ["scheduled"])]
    standing = assess(told.treaty, world=told.world, as_of=day("2027-03-01"))
    assert standing.outcome is not None
    assert standing.outcome.threshold_on is not None


def test_another_person_releases_it_and_the_announcement_names_the_fact_that_caused_it() -> None:
    told = watched()
    recorded = taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    found = taken(told, ReleaseHold(treaty=T), "2027-03-01", by="key:desk-b", hours=2)
    assert gated(found) == ["threshold.reached", "entry_into_force.scheduled"]
    assert ended(found) == ["released", "released"]
    consent = next(one for one in recorded.milestones if one.kind == "participant.consent")
    assert {one.cause for one in found.milestones} == {consent.cause}
    assert told.treaty.held == {}


def test_one_line_may_be_released_and_the_other_waits_on() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    found = taken(told, ReleaseHold(treaty=T, key=KEY), "2027-03-01", by="key:desk-b")
    assert gated(found) == ["threshold.reached"]
    assert [one.rpartition(":")[0].split(":")[1] for one in told.treaty.held] == ["entry_into_force"]


def test_who_recorded_the_fact_is_not_the_second_person() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    with pytest.raises(no.SecondKeyNeeded, match="another person"):
        taken(told, ReleaseHold(treaty=T), "2027-03-01")


def test_what_the_calendar_brought_needs_one_person() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    taken(told, ReleaseHold(treaty=T), "2027-03-01", by="key:desk-b")
    coming = taken(told, the_day_comes(), "2027-05-30", by="clock")
    assert ("entry_into_force", ["reached"]) in held(coming)
    found = taken(told, ReleaseHold(treaty=T), "2027-05-30", by="key:desk-a", hours=1)
    assert "entry_into_force.reached" in said(found)


def test_a_day_that_comes_while_it_waits_makes_no_second_person_of_the_first() -> None:
    told = watched()
    details = replace(told.treaty.details, four_eyes=FourEyes(hours=24 * 30))
    told.on("2027-02-02", Define(treaty=T, details=details, windows=told.treaty.windows, rule=None))
    taken(told, acceded("s40", on="2027-03-01"), "2027-05-25")
    coming = taken(told, the_day_comes(), "2027-05-30", by="clock")
    assert ("entry_into_force", ["reached"]) in held(coming)
    line = next(key for key in told.treaty.held if ":entry_into_force:" in key)
    with pytest.raises(no.SecondKeyNeeded):
        taken(told, ReleaseHold(treaty=T, key=line), "2027-05-30", by="key:desk-a", hours=1)
    assert "entry_into_force.reached" in said(
        taken(told, ReleaseHold(treaty=T, key=line), "2027-05-30", by="key:desk-b", hours=1)
    )


def test_nothing_that_does_not_wait_can_be_released() -> None:
    told = watched()
    with pytest.raises(no.NothingHeld, match="No announcement"):
        taken(told, ReleaseHold(treaty=T), "2027-03-01")
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    with pytest.raises(no.NothingHeld, match="other"):
        taken(told, ReleaseHold(treaty=T, key="other"), "2027-03-01", by="key:desk-b")


def test_when_the_time_is_up_it_is_announced_without_a_second_person() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    early = taken(told, the_day_comes(), "2027-03-01", by="clock", hours=HOURS - 1)
    assert gated(early) == []
    found = taken(told, the_day_comes(), "2027-03-01", by="clock", hours=HOURS)
    assert gated(found) == ["threshold.reached", "entry_into_force.scheduled"]
    assert ended(found) == ["expired", "expired"]
    assert next(one for one in found.milestones if one.kind == "threshold").late_by_days == 1


def test_what_turns_out_wrong_before_anybody_looked_was_never_told() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    found = taken(told, retracted(told.act_of("s40").event_id), "2027-03-01", hours=1)
    assert gated(found) == []
    assert ended(found) == ["overtaken", "overtaken"]
    with pytest.raises(no.NothingHeld):
        taken(told, ReleaseHold(treaty=T), "2027-03-01", by="key:desk-b", hours=2)


def test_a_change_of_what_waits_starts_the_time_anew_and_another_act_of_no_account_does_not() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    first = told.treaty.held[KEY]
    taken(told, acceded("s41", on="2027-03-01"), "2027-03-01", hours=1)
    assert told.treaty.held[KEY] == first
    taken(told, corrected(told.act_of("s40").event_id, act_date="2027-02-20"), "2027-03-01", hours=2, by="key:desk-b")
    moved = told.treaty.held[KEY]
    assert moved.until == first.until + timedelta(hours=2)
    assert moved.by == "key:desk-b"
    found = taken(told, ReleaseHold(treaty=T, key=KEY), "2027-03-01", hours=3)
    assert gated(found) == ["threshold.reached"]


def test_a_revocation_waits_as_well() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    taken(told, ReleaseHold(treaty=T), "2027-03-01", by="key:desk-b")
    found = taken(told, retracted(told.act_of("s40").event_id), "2027-03-02")
    assert gated(found) == []
    assert held(found) == [("threshold", ["revoked"]), ("entry_into_force", ["cancelled"])]
    assert told.treaty.announced[KEY].status == "reached"
    released = taken(told, ReleaseHold(treaty=T), "2027-03-02", by="key:desk-b", hours=1)
    assert gated(released) == ["threshold.revoked", "entry_into_force.cancelled"]
    assert [one.revision for one in released.milestones] == [2, 2]


def test_switching_four_eyes_off_says_what_waited() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    details = replace(told.treaty.details, four_eyes=None)
    order = Define(treaty=T, details=details, windows=told.treaty.windows, rule=None)
    found = taken(told, order, "2027-03-01", by="key:desk-b", hours=1)
    assert gated(found) == ["threshold.reached", "entry_into_force.scheduled"]
    assert ended(found) == ["lifted", "lifted"]


def test_who_recorded_the_fact_does_not_switch_four_eyes_off_while_it_waits() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    details = replace(told.treaty.details, four_eyes=None)
    order = Define(treaty=T, details=details, windows=told.treaty.windows, rule=None)
    with pytest.raises(no.SecondKeyNeeded, match="four_eyes_hours"):
        taken(told, order, "2027-03-01", hours=1)
    assert len(told.treaty.held) == 2


@pytest.mark.parametrize("by", ["key:desk-a", "key:desk-b"])
def test_an_import_neither_lets_go_what_waits_nor_makes_history_of_it(by: str) -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-05")
    waiting = dict(told.treaty.held)
    at = datetime.fromisoformat("2027-03-05T14:00:00+00:00")
    signed = HistoricAct("s41", Action.SIGNATURE, day("2027-01-15"))
    order = RecordHistory(treaty=T, acts=(signed,), run="list:1", source="a test")

    found = decide_history(told.state, order, Circumstances(at.date(), told.world, Recorded(at=at, by=by)))

    assert [one for one in found.events if isinstance(one, HoldEnded)] == []
    assert isinstance(found.state, Treaty)
    assert found.state.held == waiting
    assert KEY not in found.state.announced


def test_a_reassessment_leaves_what_waits_alone() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-05")
    at = datetime.fromisoformat("2027-03-05T14:00:00+00:00")
    now = Circumstances(at.date(), told.world, Recorded(at=at, by="key:desk-a"))

    found = decide_reassessment(told.state, Reassess(treaty=T, software="1"), now, spoken_on=day("2027-03-05"))

    assert found.events == ()


def test_a_treaty_that_is_not_kept_so_is_announced_at_once() -> None:
    told = story(hanoi(), *all_acceded(states(39), on="2027-02-01"))
    found = taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    assert gated(found) == ["threshold.reached", "entry_into_force.scheduled"]
    assert held(found) == []


def test_every_hold_is_evolved_alike_from_the_log() -> None:
    told = watched()
    found = taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    holds: list[Any] = [one for one in found.events if isinstance(one, MilestoneHeld)]
    assert {one.key for one in holds} == set(told.treaty.held)
    assert all(one.until - one.recorded.at == timedelta(hours=HOURS) for one in holds)
    assert RECORDED.imported is None


def test_what_waits_is_not_amiss_and_what_should_wait_and_does_not_is() -> None:
    told = watched()
    taken(told, acceded("s40", on="2027-03-01"), "2027-03-01")
    assert unsaid(told.treaty, world=told.world, today=day("2027-03-01")) == []
    nobody_waits = replace(told.treaty, held={})
    assert {one.kind.value for one in unsaid(nobody_waits, world=told.world, today=day("2027-03-01"))} == set(LINES)
