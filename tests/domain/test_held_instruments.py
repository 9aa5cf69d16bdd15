"""Instruments that reached the depositary and do not count: pending, refused, deferred."""

from typing import Any

import pytest

from tests.builders import (
    Story,
    Twin,
    acceded,
    act,
    all_acceded,
    corrected,
    day,
    hanoi,
    outcome,
    plus,
    rule,
    signed,
    states,
    story,
    the_day_comes,
    treaty,
)
from treaty_events import Action, DepositStatus, InstrumentDeposited
from treaty_status.application.documents import (
    Document,
    counts_document,
    explanation_document,
    participant_document,
    view,
)
from treaty_status.domain.decisions import RecordAct

NO_RESERVATIONS = {"clause": "120", "admits": "none", "source": "Rome Statute, art. 120"}


def pending(participant: str, *, on: str, status: str = "pending", **more: Any) -> RecordAct:
    return acceded(participant, on=on, extra={"deposit_status": DepositStatus(status)}, **more)


def deferred(participant: str, *, on: str, until: str, **more: Any) -> RecordAct:
    return acceded(participant, on=on, extra={"deferred_until": day(until)}, **more)


def told_of(of: Story, as_of: str) -> tuple[Document, Document, Document]:
    """The counts, the explanation, and what is said of usa."""
    seen = view(of.treaty, 1, as_of=day(as_of), lang="en", world=Twin())
    return (
        counts_document(seen),
        explanation_document(seen),
        participant_document(seen.treaty.participations["usa"], seen),
    )


@pytest.mark.parametrize("status", ["pending", "refused"])
def test_an_instrument_that_the_depositary_has_not_taken_counts_for_nothing(status: str) -> None:
    told = story(hanoi(2), acceded("s1", on="2027-01-01"), pending("usa", on="2027-02-01", status=status))
    counts, why, usa = told_of(told, "2027-12-31")

    assert (counts["consents"], counts["counted_consents"]) == (1, 1)
    assert (why["have"], why["need"], why["threshold_on"]) == (1, 2, None)
    assert (usa["consent"], usa["effect_on"], usa["periods"]) == (None, None, [])
    assert (usa["deposit"]["status"], usa["deposit"]["on"]) == (status, "2027-02-01")
    assert "participant.consent.reached" not in [f"{said.kind}.{said.status}" for said in told.said()[-1:]]


def test_the_explanation_names_a_pending_instrument_in_both_languages() -> None:
    told = story(hanoi(2), acceded("s1", on="2027-01-01"), pending("usa", on="2027-02-01"))
    _, why, _ = told_of(told, "2027-12-31")

    (left,) = why["not_counted"]
    assert (left["participant"], left["reason"], left["act_date"]) == ("usa", "pending", "2027-02-01")
    assert (
        "the accession of usa of 1 February 2027 is pending: the depositary has not accepted it yet"
        in why["text"]["en"]
    )
    assert "est en suspens : le dépositaire ne l'a pas encore accepté" in why["text"]["fr"]
    assert "1er février 2027" in left["text"]["fr"]


def test_once_accepted_a_pending_instrument_counts_from_its_deposit() -> None:
    told = story(hanoi(2), acceded("s1", on="2027-01-01"), pending("usa", on="2027-02-01"))
    target = told.act_of("usa").event_id
    found = told.on("2027-06-01", corrected(target, "depositary_correction", deposit_status="accepted"))

    threshold = found.one("threshold.reached")
    assert (str(threshold.occurred_on), threshold.late_by_days) == ("2027-02-01", 120)
    counts, why, usa = told_of(told, "2027-12-31")
    assert (counts["counted_consents"], why["threshold_on"]) == (2, "2027-02-01")
    assert (usa["deposit"], usa["effect_on"]) == (None, "2027-05-02")


def test_an_instrument_found_to_be_pending_takes_its_milestones_back() -> None:
    told = story(hanoi(2), acceded("s1", on="2027-01-01"), acceded("usa", on="2027-02-01"))
    target = told.act_of("usa").event_id
    found = told.on("2027-02-10", corrected(target, "depositary_correction", deposit_status="pending"))
    assert {"threshold.revoked", "participant.consent.revoked"} <= set(found.names())


def test_a_pending_instrument_does_not_stand_in_the_way_of_one_that_is_in_order() -> None:
    told = story(hanoi(2), pending("usa", on="2027-02-01"), acceded("usa", on="2027-03-01"))
    counts, why, usa = told_of(told, "2027-12-31")
    assert (counts["consents"], why["have"], why["not_counted"]) == (1, 1, [])
    assert (usa["consent"]["on"], usa["deposit"]) == ("2027-03-01", None)


def test_a_pending_instrument_does_not_make_an_organisations_additional_or_not() -> None:
    world = Twin(organisations={"eu": ["fra"]})
    found = outcome(hanoi(1), pending("fra", on="2027-01-01"), acceded("eu", on="2027-02-01"), world=world)
    assert str(found.threshold_on) == "2027-02-01"


def test_a_pending_instrument_weighs_nothing() -> None:
    by_rule = rule({"op": "weight", "table": "tonnage", "at_least": "50"})
    world = Twin(tables={"tonnage": {"usa": 60, "fra": 40}})
    found = outcome(by_rule, pending("usa", on="2027-01-01"), acceded("fra", on="2027-01-02"), world=world)
    assert (found.met, found.reading.have) == (False, 40)
    assert [(left.consent.participant, left.reason) for left in found.reading.not_counted] == [("usa", "pending")]


# ---- deferred --------------------------------------------------------------------------------------------------------
def clc() -> dict[str, Any]:
    """As the 1992 Protocol to the Civil Liability Convention, art. 13: twelve months after the condition, and each."""
    each = ({"clause": "13(3)", "own": "from_eif", "then": plus(months=12)},)
    return rule(2, plus(months=12), clause="13(1)", for_each=each)


def test_a_deferred_instrument_counts_from_the_later_day() -> None:
    told = story(clc(), acceded("s1", on="1994-01-01"), deferred("usa", on="1994-02-01", until="1994-09-01"))

    counts, why, usa = told_of(told, "1994-08-31")
    assert (counts["consents"], counts["counted_consents"], why["threshold_on"]) == (2, 1, None)
    assert (usa["consent"]["counted"], usa["consent"]["not_counted_because"]) == (False, "deferred")
    assert (usa["deposit"]["status"], usa["deposit"]["deferred_until"]) == ("deferred", "1994-09-01")

    counts, why, usa = told_of(told, "1994-09-01")
    assert (counts["counted_consents"], why["threshold_on"], usa["deposit"]) == (2, "1994-09-01", None)
    assert why["entry_into_force_on"] == "1995-09-01"
    assert why["tree"]["counted"][1] | {"name": ""} == {
        "participant": "usa",
        "name": "",
        "action": "accession",
        "act_date": "1994-02-01",
        "counts_from": "1994-09-01",
    }


def test_the_explanation_says_until_when_an_instrument_is_deferred() -> None:
    told = story(clc(), acceded("s1", on="1994-01-01"), deferred("usa", on="1994-02-01", until="1994-09-01"))
    _, why, _ = told_of(told, "1994-03-01")
    assert "deferred, and deemed not to be effective until 1 September 1994" in why["text"]["en"]
    assert "différé et réputé sans effet jusqu'au 1er septembre 1994" in why["text"]["fr"]


def test_the_day_that_ends_a_deferral_brings_the_threshold_without_any_act() -> None:
    told = story(clc(), acceded("s1", on="1994-01-01"), deferred("usa", on="1994-02-01", until="1994-09-01"))
    assert "threshold.reached" not in told.on("1994-08-31", the_day_comes()).names()
    assert "threshold.reached" in told.on("1994-09-01", the_day_comes()).names()


def test_a_late_joiners_own_day_follows_its_deferral() -> None:
    acts = [*all_acceded(states(2), on="1990-01-01"), deferred("usa", on="1994-02-01", until="1994-09-01")]
    _, _, usa = told_of(story(clc(), *acts), "1996-01-01")
    assert (usa["effect_on"], usa["effect_clause"], usa["status"]) == ("1995-09-01", "13(3)", "party")


def test_a_deferred_instrument_taken_back_before_its_day_never_counts() -> None:
    acts = [
        acceded("s1", on="1994-01-01"),
        deferred("usa", on="1994-02-01", until="1994-09-01"),
        act("consent_withdrawn", "usa", on="1994-08-01"),
    ]
    found = outcome(clc(), *acts)
    assert (found.threshold_on, found.reading.have) == (None, 1)
    assert found.reading.not_counted == ()


def test_a_deferral_that_ends_before_the_deposit_is_none() -> None:
    found = outcome(clc(), acceded("s1", on="1994-01-01"), deferred("usa", on="1994-02-01", until="1993-09-01"))
    assert str(found.threshold_on) == "1994-02-01"


# ---- V11: with a reservation that the treaty prohibits ---------------------------------------------------------------
def reserved(participant: str, *, on: str, article: str | None = None) -> RecordAct:
    return act("reservation", participant, on=on, extra={"text": "…", "article": article})


def of_usa(told: Story) -> InstrumentDeposited:
    event = told.act_of("usa", "accession").event
    assert isinstance(event, InstrumentDeposited)
    return event


def test_v11_an_instrument_with_a_prohibited_reservation_is_pending() -> None:
    told = story(hanoi(2, reservations=NO_RESERVATIONS))
    assert told.on("2027-02-01", reserved("usa", on="2027-02-01")).warned == ["V11"]
    assert told.on("2027-02-01", acceded("usa", on="2027-02-01")).warned == ["V11"]
    assert of_usa(told).deposit_status is DepositStatus.PENDING


def test_v11_the_depositary_may_have_taken_it_all_the_same() -> None:
    told = story(hanoi(2, reservations=NO_RESERVATIONS), reserved("usa", on="2027-02-01"))
    found = told.on("2027-02-01", pending("usa", on="2027-02-01", status="accepted"))
    assert found.warned == []
    assert of_usa(told).deposit_status is DepositStatus.ACCEPTED


def test_v11_a_reservation_after_the_instrument_changes_nothing_by_itself() -> None:
    told = story(hanoi(2, reservations=NO_RESERVATIONS), acceded("usa", on="2027-02-01"))
    assert told.on("2027-02-01", reserved("usa", on="2027-02-01")).warned == ["V11"]
    assert of_usa(told).deposit_status is DepositStatus.ACCEPTED


@pytest.mark.parametrize(
    ("admits", "article", "warned"),
    [
        ("any", "5", []),
        ("none", None, ["V11"]),
        ("listed", "5", []),
        ("listed", "6", ["V11"]),
        ("listed", None, []),
        ("all_but_listed", "5", ["V11"]),
        ("all_but_listed", "6", []),
    ],
)
def test_v11_a_clause_may_admit_reservations_to_some_articles(
    admits: str, article: str | None, warned: list[str]
) -> None:
    told = story(hanoi(2, reservations={"clause": "42", "admits": admits, "articles": ["5"]}))
    assert told.on("2027-02-01", reserved("usa", on="2027-02-01", article=article)).warned == warned


# ---- the fold --------------------------------------------------------------------------------------------------------
def test_a_definitive_signature_held_back_is_a_signature_all_the_same() -> None:
    order = act("definitive_signature", "usa", on="2027-02-01", extra={"deposit_status": DepositStatus.PENDING})
    own = treaty(order).participations["usa"]
    assert own.signature is not None
    assert (own.lives, [one.event.action for one in own.held]) == ((), [Action.DEFINITIVE_SIGNATURE])
    again = treaty(order, signed("usa", on="2027-02-01")).participations["usa"]
    assert (again.lives, len(again.held)) == ((), 1)
