"""What-if: the same as recording, and nothing recorded."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.builders import (
    EUROPE,
    RECORDED,
    Story,
    acceded,
    act,
    all_acceded,
    day,
    denounced,
    hanoi,
    ratified,
    rehearsal_of,
    signed,
    states,
    story,
    took_back,
    window,
)
from treaty_events import MilestoneAnnounced
from treaty_status.application.documents import counts_document, force_document, progress_document, view
from treaty_status.application.what_if import what_if_document
from treaty_status.domain.decisions import Circumstances, MoveRehearsalDay, RecordAct
from treaty_status.domain.hypotheses import Supposition, suppose
from treaty_status.domain.refusals import AlreadyContracting, Refusal, SignatureMissing
from treaty_status.domain.treaty import Treaty

TODAY = day("2020-06-01")


def supposed(told: Story, *acts: RecordAct, today: date = TODAY, until: str | None = None) -> Supposition:
    now = Circumstances(today=today, world=told.world, recorded=RECORDED)
    return suppose(told.treaty, acts, now, until=None if until is None else day(until))


def asked(told: Story, *acts: RecordAct, until: str | None = None) -> dict[str, Any]:
    found = supposed(told, *acts, until=until)
    return what_if_document(told.treaty, found, position=7, lang="en", world=told.world)


# ---- by example ------------------------------------------------------------------------------------------------------
def test_the_last_deposit_supposed_crosses_the_threshold_on_its_own_future_day() -> None:
    told = asked(story(hanoi(3), *all_acceded(states(2), on="2020-02-01")), acceded("s3", on="2021-03-01"))

    assert told["before"]["force"]["state"] == "gathering"
    assert told["after"]["force"]["state"] == "threshold_met"
    assert told["difference"]["threshold_on"] == {"before": None, "after": "2021-03-01"}
    assert told["difference"]["entry_into_force_on"] == {"before": None, "after": "2021-05-30"}
    assert told["as_of"] == "2021-03-01"
    assert "treaty.threshold.reached" in [one["type"] for one in told["difference"]["milestones"]]
    assert {row["participant"] for row in told["difference"]["participants"]} == {"s1", "s2", "s3"}


def test_nothing_of_it_is_left_behind() -> None:
    before = story(hanoi(3), *all_acceded(states(2), on="2020-02-01"))
    kept = replace(before.treaty)
    told = asked(before, acceded("s3", on="2021-03-01"))

    assert before.treaty == kept
    assert (told["version"], told["livemode"], told["position"]) == (kept.version, True, 7)


def test_both_sides_are_told_of_the_day_asked_about() -> None:
    told = asked(story(hanoi(1)), acceded("s1", on="2020-07-01"), until="2021-01-01")

    assert told["as_of"] == "2021-01-01"
    assert told["after"]["force"]["in_force"]
    by_the_day = [one["type"] for one in told["difference"]["milestones"] if one["act"] is None]
    assert by_the_day[-2:] == ["treaty.entry_into_force.reached", "treaty.participant.bound.reached"]


def test_what_comes_by_itself_is_no_consequence_of_the_acts() -> None:
    before = story(hanoi(9), windows=(window("2020-01-01", "2020-12-31"),))
    told = asked(before, acceded("s1", on="2021-02-01"))

    said = {one["type"] for one in told["difference"]["milestones"]}
    assert said == {"treaty.participant.consent.reached", "treaty.consent.first.reached"}


def test_what_was_due_already_and_not_yet_said_is_no_consequence_of_the_acts() -> None:
    before = story(hanoi(1), acceded("s1", on="2020-02-01"))  # in force since May; nobody has looked at the calendar
    told = asked(before, acceded("s2", on="2020-06-01"))

    assert [one["type"] for one in told["difference"]["milestones"]] == ["treaty.participant.consent.reached"]


def test_an_act_supposed_is_checked_on_what_those_before_it_left() -> None:
    with pytest.raises(AlreadyContracting) as refused:
        supposed(story(hanoi(3)), acceded("s1", on="2020-07-01"), acceded("s1", on="2020-08-01"))

    assert refused.value.facts["act"] == 1
    assert refused.value.detail.startswith("/acts/1: ")
    assert "earlier" not in refused.value.facts  # nobody could look it up


def test_a_refusal_may_still_name_an_act_that_is_on_record() -> None:
    before = story(hanoi(3), acceded("s1", on="2020-02-01"))
    with pytest.raises(AlreadyContracting) as refused:
        supposed(before, acceded("s1", on="2020-07-01"))

    assert refused.value.facts["earlier"] == before.act_of("s1").event_id


def test_a_check_may_be_overruled_in_thought_as_on_record() -> None:
    with pytest.raises(SignatureMissing):
        supposed(story(hanoi(3)), ratified("s1", on="2020-07-01"))

    found = supposed(story(hanoi(3)), ratified("s1", on="2020-07-01", override="V3"))
    assert [(one.act, one.warned.code) for one in found.remarks] == [(0, "V3")]


def test_what_the_press_says_moves_nothing_even_in_thought() -> None:
    told = asked(story(hanoi(1)), act("accession", "s1", on="2020-07-01", tier="press"))

    assert told["after"] == told["before"]
    assert [one["code"] for one in told["warnings"]] == ["V14"]


def test_a_union_after_its_members_moves_no_count() -> None:
    before = story(hanoi(3), acceded("fra", on="2020-02-01"), world=EUROPE)
    told = asked(before, act("formal_confirmation", "eu", on="2020-07-01", override="V2"))

    assert told["after"]["progress"] == told["before"]["progress"]
    assert told["explanation"]["not_counted"][0]["participant"] == "eu"


# ---- the same as recording -------------------------------------------------------------------------------------------
NAMES = ("fra", "ita", "eu", *states(6))
KINDS = ("signature", "ratification", "accession", "consent_withdrawn", "withdrawal_notified", "withdrawal_revoked")
ACTS = some.builds(
    lambda kind, who, after, override: act(
        kind, who, on=TODAY + timedelta(days=after), override="V3" if override else None
    ),
    some.sampled_from(KINDS),
    some.sampled_from(NAMES),
    some.integers(-120, 400),
    some.booleans(),
)
PAST = (
    signed("s1", on="2020-01-20"),
    signed("fra", on="2020-01-20"),
    ratified("s1", on="2020-02-01"),
    acceded("ita", on="2020-02-10"),
    acceded("s5", on="2020-03-01"),
    took_back("s5", on="2020-03-05"),
)


def one_by_one(told: Story, acts: list[RecordAct]) -> tuple[list[MilestoneAnnounced], int | None, str | None]:
    """Recorded until one is refused: what was said, the index of the one refused, and why."""
    said: list[MilestoneAnnounced] = []
    for index, one in enumerate(acts):
        try:
            said += told.on(TODAY, one).milestones
        except Refusal as refusal:
            return said, index, refusal.slug
    return said, None, None


def rehearsed(need: int) -> Story:
    """A rehearsal of a treaty with a past, as it stands today."""
    record = story(hanoi(need), *PAST, world=EUROPE, windows=(window("2020-01-01", "2020-12-31", place=""),))
    rehearsal = Story(world=record.world)
    opening = rehearsal_of(record.treaty, starts_on=TODAY)
    rehearsal.state = replace(rehearsal.state, id=opening.treaty)
    rehearsal.on(TODAY, opening)
    return rehearsal


def standing(treaty: Treaty, told: Story, on: date) -> list[Any]:
    told_of = view(treaty, 0, as_of=on, lang="en", world=told.world)
    return [force_document(told_of), progress_document(told_of), counts_document(told_of), told_of.bound.keys()]


@settings(max_examples=120)
@given(need=some.integers(1, 5), acts=some.lists(ACTS, max_size=9))
def test_what_if_is_what_recording_the_same_acts_on_a_rehearsal_brings(need: int, acts: list[RecordAct]) -> None:
    thought, deed = rehearsed(need), rehearsed(need)
    acts = [replace(one, treaty=thought.treaty.id) for one in acts]
    said, index, slug = one_by_one(deed, acts)

    if index is not None:
        with pytest.raises(Refusal) as refused:
            supposed(thought, *acts)
        assert (refused.value.facts["act"], refused.value.slug) == (index, slug)
        acts = acts[:index]
    found = supposed(thought, *acts)
    on = found.day

    assert standing(found.treaty, deed, on) == standing(deed.treaty, deed, on)
    anyway = rehearsed(need)
    without = anyway.on(TODAY, MoveRehearsalDay(treaty=anyway.treaty.id, on=on)).milestones if on > TODAY else []
    by_itself = {(one.key, one.status, one.occurred_on) for one in without}
    caused = [one for one in said if (one.key, one.status, one.occurred_on) not in by_itself]
    assert [one.milestone.key for one in found.announcements] == [one.key for one in caused]
    assert [one.milestone.status for one in found.announcements] == [one.status for one in caused]


@settings(max_examples=60)
@given(need=some.integers(1, 5), acts=some.lists(ACTS, max_size=7))
def test_the_record_itself_answers_as_its_rehearsal_would(need: int, acts: list[RecordAct]) -> None:
    record = story(hanoi(need), *PAST, world=EUROPE, windows=(window("2020-01-01", "2020-12-31", place=""),))
    deed = rehearsed(need)
    _, index, _ = one_by_one(deed, acts)
    found = supposed(record, *(acts if index is None else acts[:index]))

    assert standing(found.treaty, deed, found.day) == standing(deed.treaty, deed, found.day)


def test_a_denunciation_supposed_ends_a_party() -> None:
    before = story(hanoi(1), acceded("s1", on="2019-01-01"))
    told = asked(before, denounced("s1", on="2020-07-01"), until="2021-07-01")

    (row,) = told["difference"]["participants"]
    assert (row["before"]["status"], row["after"]["status"]) == ("party", "former_party")
    assert row["after"]["leaves_on"] == "2021-07-01"
