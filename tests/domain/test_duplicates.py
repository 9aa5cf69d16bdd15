"""Second consents: refused, also where only a correction makes one of what was none; and when a second life begins."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import (
    Story,
    acceded,
    all_acceded,
    corrected,
    day,
    hanoi,
    reinstated,
    retracted,
    states,
    story,
    the_day_comes,
    took_back,
)
from tests.domain.test_checks import refused
from tests.domain.test_held_instruments import pending
from tests.domain.test_parents import protocol, under
from treaty_events import InstrumentDeposited, Override
from treaty_status.domain import refusals as no
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.decisions import Correct

BOTH = Override(checks=("V7",), reason="the depositary lists both")


CAME_BACK = (acceded("a", on="2027-01-01"), took_back("a", on="2027-02-01"), acceded("a", on="2027-03-01"))


def second(told: Story, order: Correct) -> no.Refusal:
    """A correction that is refused as a second consent, and taken where that is overruled with a reason."""
    refusal = refused(told, order)
    assert isinstance(refusal, no.AlreadyContracting)
    assert refusal.facts["check"] == "V7"
    found = told.on("2030-01-01", replace(order, override=BOTH))
    assert found.warned[0] == "V7"
    fact = found.decisions[0].events[0]
    assert getattr(fact, "override", None) == BOTH
    return refusal


def test_a_correction_onto_one_that_has_consented_is_refused() -> None:
    told = story(hanoi(3), acceded("a", on="2027-04-05"), acceded("b", on="2027-04-01"))
    earlier = told.act_of("b").event_id
    refusal = second(told, corrected(told.act_of("a").event_id, participant="b"))
    assert (refusal.facts["participant"], refusal.facts["earlier"]) == ("b", earlier)


def test_a_retracted_instrument_does_not_come_back_beside_the_one_recorded_anew() -> None:
    told = story(hanoi(3), acceded("a", on="2027-04-05"))
    first = told.act_of("a").event_id
    told.on("2027-04-06", retracted(first), acceded("a", on="2027-04-04"))
    second(told, reinstated(first))


@pytest.mark.parametrize(("held_on", "taken_on"), [("2027-02-01", "2027-03-01"), ("2027-03-01", "2027-02-01")])
def test_a_pending_instrument_is_not_accepted_beside_another_earlier_or_later(held_on: str, taken_on: str) -> None:
    told = story(hanoi(3), pending("usa", on=held_on))
    target = told.act_of("usa").event_id
    told.on("2027-04-01", acceded("usa", on=taken_on))
    refusal = second(told, corrected(target, deposit_status="accepted"))
    assert ("its later" if held_on < taken_on else "this") in refusal.detail


def test_a_withdrawal_is_not_retracted_under_the_consent_that_followed_it() -> None:
    told = story(
        hanoi(3), acceded("a", on="2027-01-01"), took_back("a", on="2027-02-01"), acceded("a", on="2027-03-01")
    )
    second(told, retracted(told.act_of("a", "consent_withdrawn").event_id))


def test_a_day_may_not_be_moved_under_an_earlier_consent_that_lives() -> None:
    told = story(
        hanoi(3), acceded("a", on="2027-01-01"), took_back("a", on="2027-02-01"), acceded("a", on="2027-03-01")
    )
    second(told, corrected(told.act_of("a", "accession").event_id, act_date="2027-01-15"))


@pytest.mark.parametrize("fields", [{"act_date": "2027-01-02"}, {"action": "ratification"}, {"participant": "b"}])
def test_a_correction_that_leaves_one_consent_is_none_of_this(fields: dict[str, Any]) -> None:
    told = story(hanoi(3), acceded("a", on="2027-01-01"))
    assert "V7" not in told.on("2027-04-01", corrected(told.act_of("a").event_id, **fields)).warned


def test_a_duplicate_that_is_on_record_may_be_retracted() -> None:
    told = story(hanoi(3), acceded("a", on="2027-04-05"), acceded("b", on="2027-04-01"))
    target = told.act_of("a").event_id
    told.on("2027-05-01", replace(corrected(target, participant="b"), override=BOTH))
    assert told.on("2027-05-02", retracted(target)).warned == []


# ---- after leaving with the parent treaty ----------------------------------------------------------------------------
LEFT = ("2001-01-01", "2010-05-01")
BACK = ("2012-01-01", None)


def left_with_the_parent(**world: Any) -> Story:
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    told = story(protocol(), *given, world=under(LEFT, BACK, entails=True, **world))
    told.on("2011-01-01", the_day_comes())
    return told


def test_who_left_with_the_parent_may_consent_again_and_begins_a_second_life() -> None:
    told = left_with_the_parent()
    found = told.on("2012-06-01", acceded("usa", on="2012-06-01"))

    deposit = found.decisions[0].events[0]
    assert isinstance(deposit, InstrumentDeposited)
    assert deposit.earlier_ended_on == day("2010-05-01")
    said = found.one("participant.consent.reached")
    assert (said.params, said.occurrence) == ("usa", 2)
    bound = told.on("2012-07-01", the_day_comes()).one("participant.bound.reached")
    assert (str(bound.occurred_on), bound.occurrence) == ("2012-07-01", 2)
    assert [str(life.on) for life in told.treaty.participations["usa"].lives] == ["2003-06-01", "2012-06-01"]


def test_before_it_has_left_with_the_parent_a_second_consent_is_one_too_many() -> None:
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    told = story(protocol(), *given, world=under(LEFT, BACK, entails=True))
    assert isinstance(refused(told, acceded("usa", on="2010-04-30")), no.AlreadyContracting)
    told.on("2030-01-01", acceded("usa", on="2012-06-01"))
    assert isinstance(refused(told, acceded("usa", on="2013-06-01")), no.AlreadyContracting)


def test_where_nobody_leaves_with_the_parent_a_second_consent_is_one_too_many() -> None:
    given = [*all_acceded(states(2), on="2003-01-01"), acceded("usa", on="2003-06-01")]
    told = story(protocol(), *given, world=under(LEFT, BACK))
    assert isinstance(refused(told, acceded("usa", on="2012-06-01")), no.AlreadyContracting)


def test_should_the_parent_never_have_been_left_the_participant_counts_once_all_the_same() -> None:
    told = left_with_the_parent()
    told.on("2012-06-01", acceded("usa", on="2012-06-01"))
    told.world = under((LEFT[0], None), entails=True)
    told.on("2013-01-01", the_day_comes())

    assert told.treaty.participations["usa"].lives[0].followed_on == day("2012-06-01")
    for on in ("2011-01-01", "2012-05-31", "2012-06-01", "2013-01-01"):
        found = outcome_of(told.treaty, world=told.world, as_of=day(on))
        assert found is not None
        assert found.reading.have == 3


def test_it_leaves_a_protocol_that_is_not_in_force_as_well_and_may_come_back() -> None:
    given = [acceded("s1", on="2003-01-01"), acceded("usa", on="2003-06-01")]
    waiting = protocol()
    waiting["in_force"][0]["when"]["at_least"] = 9
    told = story(waiting, *given, world=under(LEFT, BACK, entails=True))
    again = told.on("2012-06-01", acceded("usa", on="2012-06-01"))
    assert again.one("participant.consent.reached").occurrence == 2


def test_an_earlier_period_that_is_found_late_is_recorded_the_way_the_refusal_names() -> None:
    told = story(hanoi(1), acceded("a", on="2027-03-01"))
    later = told.act_of("a").event_id
    assert "retract that act" in refused(told, acceded("a", on="2027-01-01")).way_out
    told.on("2027-04-01", retracted(later), acceded("a", on="2027-01-01"), took_back("a", on="2027-02-01"))
    told.on("2027-04-02", reinstated(later))
    assert [life.consent.event.act_date for life in told.treaty.participations["a"].lives] == [
        day("2027-01-01"),
        day("2027-03-01"),
    ]
