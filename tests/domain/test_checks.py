"""What is refused, why, and with which way out; what may be overruled with a reason, and what only warns."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import (
    EUROPE,
    JOINING,
    PRESS,
    Story,
    Told,
    Twin,
    acceded,
    accepted,
    all_acceded,
    approved,
    confirmed,
    corrected,
    day,
    denounced,
    hanoi,
    move_to,
    ratified,
    rehearsal_of,
    retracted,
    revoked_denunciation,
    rule,
    signed,
    signed_definitively,
    states,
    story,
    succeeded,
    the_day_comes,
    took_back,
    window,
)
from treaty_events import ClaimRecorded
from treaty_status.domain import refusals as no
from treaty_status.domain.decisions import Order

WINDOWS = (window("2025-10-25", "2025-10-26", "Hanoi"), window("2025-10-27", "2026-12-31", "New York"))


def open_treaty(*acts: Any, world: Twin = EUROPE, **joining: Any) -> Story:
    """The convention with a threshold of three, open in Hanoi and then in New York."""
    by_rule = hanoi(3) | {"joining": JOINING | joining}
    return story(by_rule, *acts, windows=WINDOWS, world=world, adopted_on=day("2024-12-24"))


def refused(told: Story, order: Order, today: str = "2030-01-01") -> no.Refusal:
    """The refusal of an order; what it says, and that nothing came of it."""
    version = told.state.version
    with pytest.raises(no.Refusal) as raised:
        told.on(today, order)
    refusal = raised.value
    assert told.state.version == version
    assert refusal.detail
    assert refusal.way_out.endswith((".", "?"))
    assert refusal.facts.get("treaty") == "T-1"
    return refusal


def overruled(told: Story, order: Any, code: str, today: str = "2030-01-01") -> Told:
    """The same order, forced with a reason: recorded, with a warning that names the check."""
    found = told.on(today, order)
    assert code in found.warned
    assert len(found.decisions[0].events) >= 1
    return found


# ---- V1: the window --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("on", "place"),
    [
        ("2025-10-24", "Hanoi"),
        ("2025-10-27", "Hanoi"),
        ("2025-10-26", "New York"),
        ("2027-01-01", "New York"),
        ("2027-01-01", None),
        ("2025-10-25", "Paris"),
    ],
)
def test_v1_a_signature_outside_every_window_is_refused(on: str, place: str | None) -> None:
    refusal = refused(open_treaty(), signed("fra", on=on, place=place))
    assert isinstance(refusal, no.NotOpenForSignature)
    assert (refusal.check, refusal.facts["check"], refusal.facts["act_date"]) == ("V1", "V1", on)
    assert [one["place"] for one in refusal.facts["windows"]] == ["Hanoi", "New York"]


@pytest.mark.parametrize(
    ("on", "place"),
    [("2025-10-25", "Hanoi"), ("2025-10-26", "hanoi"), ("2025-10-27", "New York"), ("2026-12-31", None)],
)
def test_v1_both_days_of_a_window_belong_to_it(on: str, place: str | None) -> None:
    assert open_treaty().on("2030-01-01", signed("fra", on=on, place=place)).milestones


def test_v1_a_signature_on_the_closing_day_may_be_recorded_the_next_day() -> None:
    told = open_treaty().on("2027-01-01", signed("fra", on="2026-12-31", place="New York"))
    assert "participant.signature.reached" in told.names()
    assert told.one("participant.signature.reached").late_by_days == 1


def test_v1_may_be_overruled_with_a_reason_that_is_kept() -> None:
    told = overruled(open_treaty(), signed("fra", on="2027-01-01", override="V1"), "V1")
    act = told.story.act_of("fra").event
    assert act.override is not None
    assert act.override.reason


def test_v1_a_definitive_signature_needs_an_open_window_as_well() -> None:
    told = open_treaty(modes=["definitive_signature"])
    assert isinstance(refused(told, signed_definitively("fra", on="2027-01-01")), no.NotOpenForSignature)


@pytest.mark.parametrize(("on", "open_then"), [("2025-10-24", False), ("2025-10-25", True), ("2026-01-02", False)])
def test_v1_the_days_may_stand_in_the_clause_alone(on: str, open_then: bool) -> None:
    by_rule = hanoi(3) | {"joining": JOINING | {"signature_from": "2025-10-25", "signature_until": "2026-01-01"}}
    told = story(by_rule)
    if open_then:
        told.on("2030-01-01", signed("fra", on=on))
    else:
        assert isinstance(refused(told, signed("fra", on=on)), no.NotOpenForSignature)


def test_v1_a_treaty_may_be_open_for_signature_until_it_enters_into_force() -> None:
    """As the Arms Trade Treaty, art. 21(1)."""
    by_rule = hanoi(1) | {"joining": JOINING | {"signature_until": "eif"}}
    told = story(by_rule, acceded("s1", on="2027-01-01"))
    told.on("2030-01-01", signed("fra", on="2027-03-31"))
    assert isinstance(refused(told, signed("ita", on="2027-04-01")), no.NotOpenForSignature)


def test_an_override_of_one_check_overrules_no_other() -> None:
    assert isinstance(refused(open_treaty(), signed("fra", on="2027-01-01", override="V5")), no.NotOpenForSignature)


# ---- V2: the mode ----------------------------------------------------------------------------------------------------
def test_v2_a_way_of_consenting_that_the_clauses_do_not_name_is_refused() -> None:
    refusal = refused(open_treaty(), confirmed("fra", on="2027-01-01"))
    assert isinstance(refusal, no.ModeNotProvided)
    assert (refusal.check, refusal.facts["clause"]) == ("V2", "64")
    assert "accession" in refusal.facts["modes"]
    overruled(open_treaty(), confirmed("fra", on="2027-01-01", override="V2"), "V2")


def test_v2_a_treaty_open_to_all_states_is_not_open_to_a_territory() -> None:
    asia = Twin(kinds={"hkg": "territory", "who": "io"})
    refusal = refused(open_treaty(world=asia), acceded("hkg", on="2027-01-01"))
    assert isinstance(refusal, no.NotEligible)
    assert (refusal.check, refusal.facts["kind"]) == ("V2", "territory")
    assert isinstance(refused(open_treaty(world=asia), signed("who", on="2026-01-01")), no.NotEligible)
    overruled(open_treaty(world=asia), acceded("hkg", on="2027-01-01", override="V2"), "V2")


def test_v2_succession_needs_no_clause() -> None:
    open_treaty().on("2030-01-01", succeeded("mne", to="scg", from_day="2026-06-03", on="2026-10-23"))


# ---- V3: signature first ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("completes", [ratified, accepted, approved])
def test_v3_what_completes_a_signature_needs_one(completes: Any) -> None:
    refusal = refused(open_treaty(), completes("fra", on="2027-01-01"))
    assert isinstance(refusal, no.SignatureMissing)
    assert "accession" in refusal.way_out
    overruled(open_treaty(), completes("fra", on="2027-01-01", override="V3"), "V3")


def test_v3_the_signature_must_have_come_by_the_same_day() -> None:
    told = open_treaty(signed("fra", on="2026-06-01"))
    assert isinstance(refused(told, ratified("fra", on="2026-05-31")), no.SignatureMissing)
    told.on("2030-01-01", ratified("fra", on="2026-06-01"))


def test_v3_does_not_hold_where_the_treaty_is_open_without_signature() -> None:
    open_treaty(signature_required=False).on("2030-01-01", ratified("fra", on="2027-01-01"))


# ---- V4: accession ---------------------------------------------------------------------------------------------------
def test_v4_accession_that_opens_when_signature_closes() -> None:
    told = open_treaty(accession_opens="after_signature_closes")
    refusal = refused(told, acceded("fra", on="2026-12-31"))
    assert isinstance(refusal, no.NotOpenForAccession)
    assert refusal.facts["opens_on"] == "2026-12-31"
    overruled(told, acceded("ita", on="2026-12-31", override="V4"), "V4")
    told.on("2030-01-01", acceded("fra", on="2027-01-01"))


def test_v4_accession_that_opens_with_entry_into_force() -> None:
    three = [signed(one, on="2026-01-01") for one in states(3)]
    told = open_treaty(*three, accession_opens="after_eif")
    assert isinstance(refused(told, acceded("fra", on="2026-05-01")), no.NotOpenForAccession)
    for one in states(3):
        told.on("2026-02-01", ratified(one, on="2026-02-01"))
    assert isinstance(refused(told, acceded("fra", on="2026-05-01")), no.NotOpenForAccession)
    told.on("2030-01-01", acceded("fra", on="2026-05-02"))


def test_v4_a_signatory_that_accedes_is_recorded_with_a_warning() -> None:
    told = open_treaty(signed("fra", on="2026-01-01"))
    assert told.on("2027-01-01", acceded("fra", on="2027-01-01")).warned == ["signatory-acceded"]


# ---- V4: to whom it is open ------------------------------------------------------------------------------------------
COUNCIL = replace(EUROPE, groups={"council": ["fra", ("rus", "1996-02-28", "2022-03-15"), "s1"]})
PIONEERS = {"lists": [{"list": "pioneers", "members": ["fra", "s1"], "source": "annex II"}]}


def open_to(who: str, *, world: Twin = COUNCIL, lists: Any = None, **joining: Any) -> Story:
    by_rule = hanoi(3) | {"joining": JOINING | {"who": who, "signature_required": False} | joining} | (lists or {})
    return story(by_rule, world=world)


@pytest.mark.parametrize(
    ("who", "lists"), [("council", None), ("pioneers", PIONEERS), ("list:pioneers", PIONEERS), ("parties_to:P", None)]
)
def test_v4_a_treaty_open_to_some_is_not_open_to_others(who: str, lists: Any) -> None:
    world = replace(COUNCIL, parties={"P": ["fra", "s1"]})
    told = open_to(who, world=world, lists=lists)
    told.on("2020-01-01", signed("fra", on="2020-01-01"), ratified("s1", on="2020-01-01"))
    for order in (signed("bra", on="2020-01-01"), ratified("bra", on="2020-01-01"), acceded("bra", on="2020-01-01")):
        refusal = refused(told, order)
        assert isinstance(refusal, no.NotAmongThose)
        assert (refusal.check, refusal.facts["open_to"], refusal.facts["clause"]) == ("V4", who, "64")
    overruled(told, acceded("bra", on="2020-01-01", override="V4"), "V4")


@pytest.mark.parametrize(("on", "open_then"), [("2022-03-15", True), ("2022-03-16", False), ("1996-02-27", False)])
def test_v4_who_is_a_member_is_judged_on_the_day_of_the_act(on: str, open_then: bool) -> None:
    told = open_to("council")
    if open_then:
        assert told.on("2030-01-01", signed("rus", on=on)).milestones
    else:
        assert isinstance(refused(told, signed("rus", on=on)), no.NotAmongThose)


def test_v4_where_nobody_has_recorded_who_may_join_nobody_is_refused_and_the_desk_is_told() -> None:
    """As the Budapest Convention, art. 36(1): members of the Council and those who took part in its elaboration."""
    told = open_to("coe_members_and_negotiators").on("2020-01-01", signed("bra", on="2020-01-01"))
    (warning,) = told.decisions[0].warnings
    assert warning.code == "V4"
    assert "coe_members_and_negotiators" in warning.message


def test_v4_who_is_invited_to_accede_need_not_be_one_of_them() -> None:
    """As the Budapest Convention, art. 37(1)."""
    told = open_to("council", accession_opens="by_invitation")
    assert told.on("2020-01-01", acceded("bra", on="2020-01-01")).milestones
    assert isinstance(refused(told, ratified("chl", on="2020-01-01")), no.NotAmongThose)


def test_v4_a_successor_takes_its_place_whoever_may_join() -> None:
    told = open_to("council")
    assert told.on("2020-01-01", succeeded("bra", to="fra", from_day="2019-01-01", on="2020-01-01")).milestones


@pytest.mark.parametrize(("needs", "open_then"), [("consented", True), ("none", False)])
def test_v4_the_union_joins_its_members_where_the_clause_speaks_of_organisations(needs: str, open_then: bool) -> None:
    told = open_to("council", reio_needs_member=needs)
    told.on("2020-01-01", ratified("fra", on="2020-01-01"))
    if open_then:
        told.on("2020-01-01", approved("eu", on="2020-01-01"))
    else:
        assert isinstance(refused(told, approved("eu", on="2020-01-01")), no.NotAmongThose)


# ---- V5: organisations -----------------------------------------------------------------------------------------------
def test_v5_the_union_waits_for_a_member() -> None:
    told = open_treaty(signed("ita", on="2025-10-25"), signed("eu", on="2025-10-25"))
    refusal = refused(told, approved("eu", on="2027-01-01"))
    assert isinstance(refusal, no.NoMemberStateYet)
    assert (refusal.check, refusal.facts["needs"], refusal.facts["clause"]) == ("V5", "consented", "64")

    told.on("2027-01-01", ratified("ita", on="2027-01-01"))
    told.on("2027-01-01", approved("eu", on="2027-01-01"))


def test_v5_the_union_signs_after_a_member_has_signed() -> None:
    told = open_treaty(signed("s1", on="2025-10-25"))
    assert isinstance(refused(told, signed("eu", on="2025-10-25")), no.NoMemberStateYet)
    told.on("2025-10-25", signed("fra", on="2025-10-25"), signed("eu", on="2025-10-25"))


def test_v5_a_former_member_is_no_member() -> None:
    told = open_treaty(signed("gbr", on="2025-10-25"))
    assert isinstance(refused(told, signed("eu", on="2025-10-26")), no.NoMemberStateYet)


def test_v5_a_member_that_took_its_consent_back_does_not_help() -> None:
    told = open_treaty(acceded("fra", on="2026-01-01"), took_back("fra", on="2026-02-01"))
    assert isinstance(refused(told, acceded("eu", on="2026-03-01")), no.NoMemberStateYet)


def test_v5_may_be_overruled() -> None:
    overruled(open_treaty(), acceded("eu", on="2026-03-01", override="V5"), "V5")


# ---- V6: the parent --------------------------------------------------------------------------------------------------
def test_v6_only_parties_to_the_parent_may_join() -> None:
    world = Twin(parties={"P-1": [("fra", "2027-06-01", None)]})
    told = open_treaty(world=world, parent="P-1")
    refusal = refused(told, acceded("fra", on="2027-05-31"))
    assert isinstance(refusal, no.NotPartyToParent)
    assert refusal.facts["parent"] == "P-1"
    overruled(told, acceded("ita", on="2027-05-31", override="V6"), "V6")
    told.on("2030-01-01", acceded("fra", on="2027-06-01"))


def test_v6_a_parent_that_is_not_recorded_is_said_to_be_unknown() -> None:
    refusal = refused(open_treaty(parent="P-1"), acceded("fra", on="2027-05-31"))
    assert "is not recorded here" in refusal.detail


# ---- V7: once --------------------------------------------------------------------------------------------------------
def test_v7_a_second_consent_while_the_first_lives_is_refused() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"))
    refusal = refused(told, acceded("fra", on="2028-01-01"))
    assert isinstance(refusal, no.AlreadyContracting)
    assert refusal.facts["earlier"] == told.act_of("fra").event_id
    assert refusal.facts["deposited_on"] == "2027-01-01"
    earlier = refused(told, acceded("fra", on="2026-06-01"))
    assert isinstance(earlier, no.AlreadyContracting)
    assert "reinstate" in earlier.way_out


def test_v7_may_not_be_overruled() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"))
    assert isinstance(refused(told, acceded("fra", on="2028-01-01", override="V7")), no.AlreadyContracting)


def test_v7_a_second_signature_is_refused() -> None:
    told = open_treaty(signed("fra", on="2026-01-01"))
    refusal = refused(told, signed("fra", on="2026-02-01"))
    assert isinstance(refusal, no.AlreadySigned)
    assert refusal.facts["signed_on"] == "2026-01-01"


def test_v7_a_second_life_may_begin_once_the_first_has_ended() -> None:
    told = open_treaty(*all_acceded(["fra", *states(2)], on="2027-01-01"))
    told.on("2028-01-01", denounced("fra", on="2028-01-01"))
    refusal = refused(told, acceded("fra", on="2028-12-31"))
    assert isinstance(refusal, no.AlreadyContracting)
    found = told.on("2029-01-01", acceded("fra", on="2029-01-01"))
    assert found.one("participant.consent.reached").occurrence == 2


def test_v7_a_consent_taken_back_may_be_given_again() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"), took_back("fra", on="2027-02-01"))
    told.on("2027-02-01", acceded("fra", on="2027-02-01"))


def test_v7_a_retracted_consent_is_no_obstacle() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"))
    told.on("2027-02-01", retracted(told.act_of("fra").event_id))
    told.on("2027-02-01", acceded("fra", on="2027-01-15"))


# ---- ending ----------------------------------------------------------------------------------------------------------
IN_FORCE = all_acceded(["fra", *states(3)], on="2027-01-01")


def test_a_consent_can_be_taken_back_only_before_it_binds() -> None:
    told = open_treaty(*IN_FORCE)
    told.on("2027-03-31", took_back("s1", on="2027-03-31"))
    refusal = refused(told, took_back("s2", on="2027-04-01"))
    assert isinstance(refusal, no.AlreadyInForceForIt)
    assert refusal.facts["bound_on"] == "2027-04-01"
    assert "withdrawal_notified" in refusal.way_out


@pytest.mark.parametrize("end", [took_back, denounced, revoked_denunciation])
def test_who_never_consented_has_nothing_to_end(end: Any) -> None:
    assert isinstance(refused(open_treaty(), end("fra", on="2027-01-01")), no.NothingToTakeBack)


def test_a_notice_is_given_once_and_revoked_once() -> None:
    told = open_treaty(*IN_FORCE)
    assert isinstance(refused(told, revoked_denunciation("fra", on="2028-01-01")), no.NothingToTakeBack)
    told.on("2028-01-01", denounced("fra", on="2028-01-01"))
    assert isinstance(refused(told, denounced("fra", on="2028-02-01")), no.NothingToTakeBack)
    told.on("2028-06-01", revoked_denunciation("fra", on="2028-06-01"))
    assert isinstance(refused(told, revoked_denunciation("fra", on="2028-07-01")), no.NothingToTakeBack)


def test_v9_a_withdrawal_is_revoked_only_before_it_takes_effect() -> None:
    told = open_treaty(*IN_FORCE)
    told.on("2028-01-01", denounced("fra", on="2028-01-01"))
    refusal = refused(told, revoked_denunciation("fra", on="2029-01-01"))
    assert isinstance(refusal, no.WithdrawalAlreadyEffective)
    assert refusal.facts["effective_on"] == "2029-01-01"
    told.on("2028-12-31", revoked_denunciation("fra", on="2028-12-31"))


def test_an_old_notice_may_become_known_after_the_participant_has_returned() -> None:
    told = open_treaty(*IN_FORCE)
    told.on("2028-01-01", denounced("fra", on="2028-01-01"))
    told.on("2029-01-01", acceded("fra", on="2029-01-01"))
    assert isinstance(refused(told, denounced("fra", on="2028-06-01")), no.NothingToTakeBack)
    told.on("2029-06-01", denounced("fra", on="2029-06-01"))


# ---- V12: days -------------------------------------------------------------------------------------------------------
def test_v12_an_act_after_today_at_the_depositary_is_refused() -> None:
    refusal = refused(open_treaty(), acceded("fra", on="2026-11-22"), today="2026-11-21")
    assert isinstance(refusal, no.ActInTheFuture)
    assert (refusal.facts["today"], refusal.facts["time_zone"]) == ("2026-11-21", "America/New_York")


def test_v12_an_act_before_adoption_is_refused() -> None:
    refusal = refused(open_treaty(), acceded("fra", on="2024-12-23"))
    assert isinstance(refusal, no.ActTooEarly)
    assert refusal.facts["adopted_on"] == "2024-12-24"


def test_v12_an_act_of_nobody_is_refused() -> None:
    world = Twin(exists={"ssd": ("2025-07-09", None), "sun": (None, "1991-12-25")})
    told = open_treaty(world=world)
    assert isinstance(refused(told, acceded("ssd", on="2025-07-08")), no.ActTooEarly)
    assert isinstance(refused(told, acceded("sun", on="2026-01-01")), no.ActTooEarly)
    told.on("2026-01-01", acceded("ssd", on="2025-07-09"))


def test_v12_a_correction_may_not_move_an_act_where_it_could_not_be() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"), world=Twin(exists={"ssd": ("2028-01-01", None)}))
    target = told.act_of("fra").event_id
    for fields in ({"act_date": "2031-01-01"}, {"act_date": "2024-12-23"}, {"participant": "ssd"}):
        refusal = refused(told, corrected(target, **fields))
        assert isinstance(refusal, no.ActInTheFuture | no.ActTooEarly)


# ---- days of one act -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "order",
    [
        acceded("fra", on="2027-01-01", effect_date="2026-12-31"),
        acceded("fra", on="2027-01-01", circulated_on="2026-12-31"),
        acceded("fra", on="2027-01-01", extra={"deferred_until": day("2026-12-31")}),
        succeeded("mne", to="srb", from_day="2027-01-02", on="2027-01-01"),
    ],
)
def test_days_of_one_act_that_cannot_follow_each_other_so_are_taken_with_a_warning(order: Order) -> None:
    assert "order-of-days" in open_treaty().on("2027-01-02", order).warned


# ---- V13, V14 --------------------------------------------------------------------------------------------------------
def test_v13_an_act_that_became_known_late_is_recorded_with_a_warning() -> None:
    assert open_treaty().on("2027-02-01", acceded("fra", on="2027-01-01")).warned == ["V13"]
    assert open_treaty().on("2027-01-31", acceded("fra", on="2027-01-01")).warned == []


def test_v14_what_the_depositary_has_not_recorded_is_a_claim_and_moves_no_count() -> None:
    told = open_treaty()
    told.on("2026-02-10", the_day_comes())
    found = told.on("2026-02-10", ratified("aze", on="2026-02-10", **PRESS))
    assert found.warned == ["V14"]
    (event,) = found.decisions[0].events
    assert isinstance(event, ClaimRecorded)
    assert (event.participant, event.source) == ("aze", "A newspaper")
    assert "aze" not in told.treaty.participations


def test_v14_a_correction_cannot_make_an_act_of_a_claim_or_the_reverse() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"))
    refusal = refused(told, corrected(told.act_of("fra").event_id, tier="press"))
    assert isinstance(refusal, no.FieldNotCorrectable)


# ---- corrections -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fields",
    [
        {"recorded": "x"},
        {"treaty": "T-2"},
        {"evidence": []},
        {"colour": "red"},
        {"act_date": 0},
        {"act_date": None},
        {"act_date": "2027-1-1"},
        {"act_date": "2027-02-30"},
        {"action": "ratify"},
        {"participant": 7},
        {"participant": None},
        {"place": 7},
        {"ended": True},
        {"action": "provisional_application", "ended": "yes"},
    ],
)
def test_a_correction_changes_fields_of_the_act_to_values_of_their_kind(fields: dict[str, Any]) -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"))
    assert isinstance(refused(told, corrected(told.act_of("fra").event_id, **fields)), no.FieldNotCorrectable)


def test_a_correction_of_nothing_is_refused() -> None:
    told = open_treaty(acceded("fra", on="2027-01-01"))
    target = told.act_of("fra").event_id
    assert isinstance(refused(told, corrected(target)), no.NothingChanged)
    assert isinstance(refused(told, corrected(target, act_date="2027-01-01")), no.NothingChanged)
    assert isinstance(refused(told, corrected("00000000-0000-0000-0000-000000000000", place="x")), no.UnknownFact)
    told.on("2030-01-01", retracted(target))
    assert isinstance(refused(told, retracted(target)), no.NothingChanged)


# ---- treaties and rehearsals -----------------------------------------------------------------------------------------
def test_an_unknown_treaty_has_no_acts() -> None:
    assert isinstance(refused(Story(), acceded("fra", on="2027-01-01")), no.UnknownTreaty)


def test_only_a_rehearsals_calendar_is_moved_by_hand() -> None:
    assert isinstance(refused(open_treaty(), move_to("2027-01-01")), no.NotARehearsal)


def test_in_a_rehearsal_an_act_brings_its_day_with_it_and_a_claim_does_not() -> None:
    real = open_treaty(signed("fra", on="2026-01-01"))
    rehearsal = Story(world=EUROPE)
    rehearsal.on("2026-11-21", rehearsal_of(real.treaty, starts_on="2026-11-21"))

    rehearsal.on("2026-11-21", ratified("ita", on="2031-01-01", **PRESS))
    assert rehearsal.treaty.rehearsal_day == day("2026-11-21")
    rehearsal.on("2026-11-21", ratified("fra", on="2027-05-01"))
    assert rehearsal.treaty.rehearsal_day == day("2027-05-01")
    assert not rehearsal.treaty.livemode
    with pytest.raises(no.NothingChanged):
        rehearsal.on("2026-11-21", move_to("2027-05-01"))


def test_without_a_rule_nothing_is_asked_of_clauses() -> None:
    told = story(None)
    told.on("2030-01-01", acceded("fra", on="2027-01-01"), acceded("eu", on="2027-01-01"))
    assert isinstance(refused(told, acceded("fra", on="2027-06-01")), no.AlreadyContracting)


def test_the_day_alone_is_never_refused() -> None:
    assert open_treaty().on("2030-01-01", the_day_comes()).milestones
    assert not story(rule(3)).on("2030-01-01", the_day_comes()).milestones
