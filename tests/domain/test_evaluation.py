"""Golden vectors: what real final clauses gave on real days, and what they would give on invented ones.

Numbers of participants are those of the treaties; names of participants are invented where the day alone matters.
Rules come from ``tests/histories/rules.ndjson``.
"""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    EUROPE,
    Twin,
    acceded,
    all_acceded,
    all_of,
    any_of,
    approved,
    confirmed,
    count,
    day,
    denounced,
    hanoi,
    outcome,
    plus,
    ratified,
    ref,
    rule,
    signed,
    signed_definitively,
    states,
    succeeded,
    took_back,
    treaty,
    weight,
    window,
)
from treaty_status.domain.decisions import RecordAct
from treaty_status.domain.evaluation import Outcome, bindings, evaluate, known_days
from treaty_status.domain.gauges import Reading

RULES: dict[str, dict[str, Any]] = {
    one["treaty"]: one
    for one in map(
        json.loads,
        (Path(__file__).parents[1] / "histories" / "rules.ndjson").read_text(encoding="utf-8").splitlines(),
    )
}
EUROPEANS = Twin(organisations=EUROPE.organisations, names=EUROPE.names)


def dates(found: Outcome) -> tuple[str | None, str | None]:
    """Threshold date and day of entry into force, in ISO text."""
    on, force = found.threshold_on, found.entry_into_force_on
    return (None if on is None else on.isoformat(), None if force is None else force.isoformat())


def have_of_need(reading: Reading) -> tuple[object, object]:
    return reading.have, reading.need


def effect(
    by_rule: dict[str, Any], *acts: RecordAct, of: str, world: Twin | None = None, **more: Any
) -> tuple[str | None, str | None]:
    """When the last consent of a participant binds it, and by which clause."""
    the_treaty = treaty(*acts, by_rule=by_rule, **more)
    assert the_treaty.rule is not None
    found = evaluate(the_treaty.rule, the_treaty, world=world or Twin(), as_of=date(2199, 1, 1))
    binding = bindings(the_treaty.participations[of], the_treaty.rule, found, known_days(the_treaty))[-1]
    return None if binding.effect_on is None else binding.effect_on.isoformat(), binding.clause


# ---- the convention against cybercrime, art. 65 ----------------------------------------------------------------------
THIRTY_SEVEN = all_acceded(states(37), on="2027-01-15")
WITH_FRANCE_AND_UNION = [*THIRTY_SEVEN, ratified("fra", on="2027-02-01"), approved("eu", on="2027-03-02")]
TO_FORTY = [
    ratified("s101", on="2027-04-05"),
    acceded("s102", on="2027-04-05"),
    acceded("s103", on="2027-04-06"),
]
HANOI = RULES["XVIII-16"]


def test_the_unions_instrument_is_not_additional_to_that_of_france() -> None:
    found = outcome(HANOI, *WITH_FRANCE_AND_UNION, as_of="2027-04-01", world=EUROPEANS)

    assert found.met is False
    assert have_of_need(found.reading) == (38, 40)
    (left,) = found.reading.not_counted
    assert (left.consent.participant, left.reason, left.because_of) == ("eu", "not_additional", ("fra",))


def test_the_fortieth_instrument_fixes_the_ninetieth_day_after_it() -> None:
    found = outcome(HANOI, *WITH_FRANCE_AND_UNION, *TO_FORTY, world=EUROPEANS)
    assert dates(found) == ("2027-04-05", "2027-07-04")


@pytest.mark.parametrize(
    ("deposited", "bound", "clause"),
    [
        ("2027-04-05", "2027-07-04", "65(1)"),
        ("2027-04-06", "2027-07-04", "65(2)"),
        ("2027-06-04", "2027-07-04", "65(2)"),
        ("2027-06-05", "2027-07-05", "65(2)"),
        ("2027-07-01", "2027-07-31", "65(2)"),
        ("2027-07-04", "2027-08-03", "65(2)"),
    ],
)
def test_a_later_joiner_is_bound_on_the_thirtieth_day_but_not_before_the_treaty(
    deposited: str, bound: str, clause: str
) -> None:
    acts = [*WITH_FRANCE_AND_UNION, *TO_FORTY, acceded("late", on=deposited)]
    assert effect(HANOI, *acts, of="late", world=EUROPEANS) == (bound, clause)


def test_no_clause_is_cited_for_a_day_that_nobody_knows_yet() -> None:
    """Whether a depositor is among the first forty or joins later is open until the fortieth."""
    assert effect(HANOI, *WITH_FRANCE_AND_UNION, of="fra", world=EUROPEANS) == (None, None)


@pytest.mark.parametrize(("who", "taken_back_on"), [("s7", "2027-02-01"), ("s103", "2027-05-01")])
def test_a_consent_taken_back_before_it_could_bind_never_binds(who: str, taken_back_on: str) -> None:
    acts = [*WITH_FRANCE_AND_UNION, *TO_FORTY, took_back(who, on=taken_back_on)]
    assert effect(HANOI, *acts, of=who, world=EUROPEANS) == (None, None)


def test_a_deposit_re_dated_by_a_month_moves_the_threshold_by_a_day() -> None:
    acts = [*WITH_FRANCE_AND_UNION, ratified("s101", on="2027-05-05"), *TO_FORTY[1:]]
    assert dates(outcome(HANOI, *acts, world=EUROPEANS)) == ("2027-04-06", "2027-07-05")


def test_an_instrument_withdrawn_before_the_threshold_no_longer_counts() -> None:
    acts = [*WITH_FRANCE_AND_UNION, *TO_FORTY, took_back("s7", on="2027-02-01")]
    found = outcome(HANOI, *acts, world=EUROPEANS)
    assert dates(found) == ("2027-04-06", "2027-07-05")


def test_nothing_is_known_of_the_threshold_the_day_before_it() -> None:
    found = outcome(HANOI, *WITH_FRANCE_AND_UNION, *TO_FORTY, as_of="2027-04-04", world=EUROPEANS)
    assert dates(found) == (None, None)
    assert have_of_need(found.reading) == (38, 40)


def test_it_is_in_force_from_the_day_itself() -> None:
    for as_of, in_force in [("2027-07-03", False), ("2027-07-04", True)]:
        found = outcome(HANOI, *WITH_FRANCE_AND_UNION, *TO_FORTY, as_of=as_of, world=EUROPEANS)
        assert found.in_force() is in_force


def test_a_signature_alone_does_not_count_towards_the_threshold() -> None:
    found = outcome(HANOI, *[signed(one, on="2025-10-25") for one in states(40)])
    assert have_of_need(found.reading) == (0, 40)


# ---- days ------------------------------------------------------------------------------------------------------------
def test_paris_needs_both_parties_and_emissions_and_binds_thirty_days_later() -> None:
    shares = {f"s{n}": "1/100" for n in range(1, 56)} | {"big": "0.17"}
    world = Twin(tables={"ghg_share_2015_list": shares}, organisations={"eu": ["s1"]})
    acts = [
        *all_acceded(states(54), on="2016-09-21"),
        acceded("big", on="2016-10-05"),
        approved("eu", on="2016-10-05"),
        acceded("s55", on="2016-10-20"),
        *[acceded(f"t{on}", on=on) for on in ("2016-12-23", "2017-02-15", "2020-11-16")],
    ]
    paris = RULES["XXVII-7-d"]

    found = outcome(paris, *acts, world=world)
    assert dates(found) == ("2016-10-05", "2016-11-04")
    assert [effect(paris, *acts, of=one, world=world)[0] for one in ("s1", "big", "s55")] == [
        "2016-11-04",
        "2016-11-04",
        "2016-11-19",
    ]
    assert [effect(paris, *acts, of=f"t{on}", world=world)[0] for on in ("2016-12-23", "2017-02-15", "2020-11-16")] == [
        "2017-01-22",
        "2017-03-17",
        "2020-12-16",
    ]


def test_under_paris_the_unions_own_share_is_not_added_to_its_members() -> None:
    world = Twin(tables={"ghg_share_2015_list": {"fra": "0.30", "eu": "0.40"}}, organisations={"eu": ["fra"]})
    only_weight = rule(weight("ghg_share_2015_list", "0.55"))

    found = outcome(only_weight, approved("eu", on="2016-10-05"), ratified("fra", on="2016-10-05"), world=world)

    assert have_of_need(found.reading) == (Fraction(3, 10), Fraction(11, 20))
    assert [one.participant for one in found.reading.counted] == ["fra"]
    assert [(left.consent.participant, left.reason) for left in found.reading.not_counted] == [("eu", "not_additional")]


def test_montreal_entered_into_force_on_new_years_day_1989_because_enough_had_joined_by_then() -> None:
    montreal = RULES["XXVII-2-a"]
    world = Twin(tables={"cfc_1986": {"s1": "3/4"}}, treaties={"XXVII-2": "1988-09-22"})
    acts = [
        *all_acceded(states(11), on="1988-12-16"),
        acceded("a", on="1988-12-30"),
        *[acceded(f"t{on}", on=on) for on in ("1989-05-19", "1990-09-18", "1999-10-08", "2004-06-17")],
    ]

    found = outcome(montreal, *acts, world=world)
    assert dates(found) == ("1988-12-16", "1989-01-01")
    assert found.track.clause == "16(1) first sentence"
    assert effect(montreal, *acts, of="a", world=world)[0] == "1989-01-01"
    assert [
        effect(montreal, *acts, of=f"t{on}", world=world)[0]
        for on in ("1989-05-19", "1990-09-18", "1999-10-08", "2004-06-17")
    ] == ["1989-08-17", "1990-12-17", "2000-01-06", "2004-09-15"]


def test_montreal_met_late_would_have_taken_ninety_days() -> None:
    world = Twin(tables={"cfc_1986": {"s1": "3/4"}}, treaties={"XXVII-2": "1988-09-22"})
    found = outcome(RULES["XXVII-2-a"], *all_acceded(states(11), on="1989-02-01"), world=world)
    assert dates(found) == ("1989-02-01", "1989-05-02")
    assert found.track.clause == "16(1) second sentence"


def test_while_the_condition_is_open_the_track_that_can_still_apply_is_explained() -> None:
    world = Twin(tables={"cfc_1986": {"s1": "3/4"}}, treaties={"XXVII-2": "1988-09-22"})
    for as_of, clause in [("1988-12-31", "first"), ("1989-01-02", "second")]:
        found = outcome(RULES["XXVII-2-a"], acceded("s1", on="1988-06-01"), as_of=as_of, world=world)
        assert found.track.clause == f"16(1) {clause} sentence"


def test_montreal_waits_for_the_vienna_convention() -> None:
    world = Twin(tables={"cfc_1986": {"s1": "3/4"}}, treaties={"XXVII-2": None})
    found = outcome(RULES["XXVII-2-a"], *all_acceded(states(11), on="1988-12-16"), world=world)
    assert dates(found) == (None, None)
    assert found.met is False


def test_montreal_counts_those_who_join_after_a_track_was_passed_over() -> None:
    world = Twin(tables={"cfc_1986": {"s1": "3/4"}}, treaties={"XXVII-2": "1988-09-22"})
    acts = [*all_acceded(states(11), on="1989-02-01"), acceded("late", on="1990-01-01")]
    found = outcome(RULES["XXVII-2-a"], *acts, world=world)
    assert len(found.reading.parts[0].counted) == 12


def test_budapest_counts_from_the_fifth_consent_of_whom_three_are_members_of_the_council_of_europe() -> None:
    budapest = RULES["ETS-185"]
    world = Twin(groups={"coe_member": ["alb", "hrv", "est", "hun", "ltu"]})
    acts = [
        *[ratified(one, on="2003-01-15") for one in ("alb", "hrv", "est", "hun")],
        ratified("ltu", on="2004-03-18"),
        *[acceded(f"t{on}", on=on) for on in ("2006-10-12", "2010-03-15", "2012-06-13", "2016-11-16")],
    ]

    assert dates(outcome(budapest, *acts, world=world)) == ("2004-03-18", "2004-07-01")
    assert [
        effect(budapest, *acts, of=f"t{on}", world=world)[0]
        for on in ("2006-10-12", "2010-03-15", "2012-06-13", "2016-11-16")
    ] == ["2007-02-01", "2010-07-01", "2012-10-01", "2017-03-01"]


def test_budapest_does_not_count_members_of_the_council_who_joined_it_later() -> None:
    world = Twin(groups={"coe_member": ["alb", "hrv", ("srb", "2003-04-03", None)]})
    acts = [ratified(one, on="2003-04-02") for one in ("alb", "hrv", "srb", "usa", "jpn")]
    found = outcome(RULES["ETS-185"], *acts, world=world)

    assert [have_of_need(part) for part in found.reading.parts] == [(5, 5), (2, 3)]
    assert {left.consent.participant: left.reason for left in found.reading.parts[1].not_counted} == dict.fromkeys(
        ("srb", "usa", "jpn"), "not_in_group"
    )


def test_rome_statute() -> None:
    acts = [*all_acceded(states(50), on="2001-06-01"), *all_acceded(states(10, first=51), on="2002-04-11")]
    assert dates(outcome(RULES["XVIII-10"], *acts)) == ("2002-04-11", "2002-07-01")


def test_mine_ban_convention() -> None:
    acts = [*all_acceded(states(39), on="1998-06-01"), ratified("bfa", on="1998-09-16")]
    assert dates(outcome(RULES["XXVI-5"], *acts)) == ("1998-09-16", "1999-03-01")


def test_chemical_weapons_convention_counts_ratifications_only_and_waits_two_years_from_opening() -> None:
    cwc = RULES["XXVI-3"]
    acts = [*[ratified(one, on="1996-01-15") for one in states(64)], acceded("acceding", on="1996-02-01")]
    found = outcome(cwc, *acts, windows=(window("1993-01-13", "1995-01-15", "Paris"),))
    assert dates(found) == (None, None)
    assert [left.reason for left in found.reading.not_counted] == ["action_not_counted"]

    acts.append(ratified("hun", on="1996-10-31"))
    windows = (window("1993-01-13", "1995-01-15", "Paris"),)
    assert dates(outcome(cwc, *acts, windows=windows)) == ("1996-10-31", "1997-04-29")
    early = [ratified(one, on="1993-06-01") for one in states(65)]
    assert dates(outcome(cwc, *early, windows=windows)) == ("1993-06-01", "1995-01-13")


def test_a_day_that_rests_on_an_unknown_opening_is_unknown_and_says_so() -> None:
    found = outcome(RULES["XXVI-3"], *[ratified(one, on="1996-10-31") for one in states(65)])
    assert dates(found) == ("1996-10-31", None)
    assert found.unknown == ("day:opening",)


def test_the_first_day_for_signature_may_stand_in_the_clause() -> None:
    joining = {"clause": "XVIII", "modes": ["ratification"], "signature_from": "1993-01-13"}
    found = outcome(RULES["XXVI-3"] | {"joining": joining}, *[ratified(one, on="1996-10-31") for one in states(65)])
    assert dates(found) == ("1996-10-31", "1997-04-29")


def test_kigali_was_not_to_enter_into_force_before_2019() -> None:
    acts = all_acceded(states(20), on="2017-11-17")
    assert dates(outcome(RULES["XXVII-2-f"], *acts)) == ("2017-11-17", "2019-01-01")


def test_maritime_labour_convention_waits_for_a_third_of_the_tonnage() -> None:
    tonnage = {"s1": "0.30", "s30": "0.02", "phl": "0.01"}
    world = Twin(tables={"world_gt": tonnage})
    acts = [ratified(one, on="2012-08-01") for one in states(30)]
    assert dates(outcome(RULES["ILO-MLC2006"], *acts, world=world)) == (None, None)
    acts.append(ratified("phl", on="2012-08-20"))
    assert dates(outcome(RULES["ILO-MLC2006"], *acts, world=world)) == ("2012-08-20", "2013-08-20")


def test_hong_kong_convention_met_by_two_states_on_one_day() -> None:
    tables = {
        "world_gt": {"s1": "0.30", "bgd": "0.01", "lbr": "0.15"},
        "recycling_volume_over_own_gt": {"bgd": "0.05"},
    }
    hong_kong = RULES["IMO-SRC2009"]
    acts = [
        *all_acceded(states(13), on="2020-01-01"),
        acceded("bgd", on="2023-06-26"),
        acceded("lbr", on="2023-06-26"),
        acceded("before", on="2025-05-01"),
        acceded("after", on="2026-01-31"),
    ]
    world = Twin(tables=tables)

    found = outcome(hong_kong, *acts, world=world)
    assert dates(found) == ("2023-06-26", "2025-06-26")
    assert found.crossing is not None
    assert found.crossing.mark.who == {("bgd", "accession"), ("lbr", "accession")}
    assert effect(hong_kong, *acts, of="before", world=world) == ("2025-08-01", "17(2)")
    assert effect(hong_kong, *acts, of="after", world=world) == ("2026-04-30", "17(3)")


@pytest.mark.parametrize(
    ("met_on", "force"), [("1996-06-28", "1996-07-28"), ("1994-09-01", "1994-11-16"), ("1994-11-16", "1994-12-16")]
)
def test_part_xi_agreement_has_two_tracks(met_on: str, force: str) -> None:
    pioneers = [f"p{n}" for n in range(1, 8)]
    world = Twin(groups={"resolution_II_1a": pioneers, "developed": pioneers[:5]})
    acts = [*all_acceded(states(33), on="1994-08-01"), *[ratified(one, on=met_on) for one in pioneers]]
    assert dates(outcome(RULES["XXI-6-a"], *acts, world=world)) == (met_on, force)


def test_basel_ban_amendment_needs_66_of_the_87_parties_at_adoption() -> None:
    ban = RULES["XXVII-3-a"]
    world = Twin(populations={"parties_at_adoption": states(87)})
    acts = [*[ratified(one, on="2010-01-01") for one in states(65)], ratified("late_party", on="2012-01-01")]
    found = outcome(ban, *acts, world=world)
    assert have_of_need(found.reading) == (65, 66)
    assert [(left.consent.participant, left.reason) for left in found.reading.not_counted] == [
        ("late_party", "not_in_population")
    ]

    acts.append(ratified("s66", on="2019-09-06"))
    assert dates(outcome(ban, *acts, world=world)) == ("2019-09-06", "2019-12-05")


def test_protocol_14_needs_every_party_to_the_human_rights_convention() -> None:
    protocol = RULES["CETS-194"]
    world = Twin(populations={"parties_to:ETS-5": states(47)})
    acts = [ratified(one, on="2006-10-01") for one in states(46)]
    found = outcome(protocol, *acts, world=world)
    assert have_of_need(found.reading) == (46, 47)
    assert found.reading.missing_participants == ("s47",)

    acts.append(ratified("s47", on="2010-02-18"))
    assert dates(outcome(protocol, *acts, world=world)) == ("2010-02-18", "2010-06-01")


def test_where_everyone_is_needed_an_organisation_on_the_list_has_to_join_itself() -> None:
    world = Twin(populations={"list": ["fra", "eu"]}, organisations={"eu": ["fra"]})
    everyone = rule({"op": "everyone", "of": "list"})
    assert dates(outcome(everyone, ratified("fra", on="2027-01-01"), world=world))[0] is None
    found = outcome(everyone, ratified("fra", on="2027-01-01"), approved("eu", on="2027-01-02"), world=world)
    assert dates(found)[0] == "2027-01-02"


def test_organisations_become_parties_to_vcltio_and_never_count() -> None:
    kinds = {f"o{n}": "io" for n in range(1, 13)}
    acts = [*all_acceded(states(34), on="2000-01-01"), *[confirmed(one, on="2005-01-01") for one in kinds]]
    found = outcome(RULES["XXIII-3"], *acts, world=Twin(kinds=kinds))

    assert found.met is False
    assert have_of_need(found.reading) == (34, 35)
    assert {left.reason for left in found.reading.not_counted} == {"kind_not_counted"}
    assert len(found.reading.not_counted) == 12


def test_comprehensive_test_ban_has_35_of_44_after_one_ratification_was_withdrawn() -> None:
    world = Twin(populations={"annex_2_44": states(44)})
    acts = [
        *[ratified(one, on="2000-06-30") for one in states(36)],
        took_back("s36", on="2023-11-03"),
        ratified("not_listed", on="2001-01-01"),
    ]
    found = outcome(RULES["XXVI-4"], *acts, as_of="2026-01-01", world=world)

    assert have_of_need(found.reading) == (35, 44)
    assert found.reading.missing_participants is not None
    assert len(found.reading.missing_participants) == 9
    assert "s36" in found.reading.missing_participants
    assert have_of_need(outcome(RULES["XXVI-4"], *acts, as_of="2023-11-02", world=world).reading) == (36, 44)


def test_non_proliferation_treaty_entered_into_force_on_the_very_day_of_the_last_deposit() -> None:
    world = Twin(populations={"depositaries_GB_US_RU": ["gbr", "usa", "sun"]})
    acts = [
        ratified("gbr", on="1968-11-27"),
        *[ratified(one, on="1969-12-01") for one in states(40)],
        ratified("usa", on="1970-03-05"),
        ratified("sun", on="1970-03-05"),
        acceded("later", on="1975-01-01"),
    ]
    npt = RULES["NPT"]
    assert dates(outcome(npt, *acts, world=world)) == ("1970-03-05", "1970-03-05")
    assert effect(npt, *acts, of="later", world=world) == ("1975-01-01", "IX(4)")


def test_bunkers_convention_asks_five_states_for_a_million_tons_each() -> None:
    world = Twin(tables={"own_gt": {"s1": 1_000_000, "s2": 2_000_000, "s3": 5_000_000, "s4": 1_000_001, "s5": 999_999}})
    bunkers = RULES["IMO-BUNKERS2001"]
    acts = all_acceded(states(18), on="2007-11-21")
    found = outcome(bunkers, *acts, world=world)
    assert [have_of_need(part) for part in found.reading.parts] == [(18, 18), (4, 5)]
    assert {left.reason for left in found.reading.parts[1].not_counted} == {"attribute_too_small"}

    world = Twin(tables={"own_gt": {f"s{n}": 1_000_000 for n in range(1, 6)}})
    assert dates(outcome(bunkers, *acts, world=world)) == ("2007-11-21", "2008-11-21")


def test_supplementary_fund_waits_for_a_certificate_of_the_oil_received() -> None:
    acts = all_acceded(states(8), on="2004-12-03")
    fund = RULES["IMO-FUND2003"]
    assert dates(outcome(fund, *acts)) == (None, None)
    world = Twin(certified={"contributing_oil_received_mt>=450": "2005-01-10"})
    assert dates(outcome(fund, *acts, world=world)) == ("2005-01-10", "2005-04-10")


def test_london_protocol_counts_parties_to_the_convention_of_1972() -> None:
    world = Twin(parties={"IMO-LC1972": [*states(14), ("s15", "2006-03-01", None)]})
    london = RULES["IMO-LP1996"]
    acts = [*all_acceded(states(25), on="2006-02-01"), acceded("s26", on="2006-02-22")]
    found = outcome(london, *acts, world=world)
    assert [have_of_need(part) for part in found.reading.parts] == [(26, 26), (14, 15)]
    assert dates(outcome(london, *acts, world=Twin(parties={"IMO-LC1972": states(15)}))) == ("2006-02-22", "2006-03-24")


def test_definitive_signature_counts_where_the_clause_says_so() -> None:
    world = Twin(parties={"IMO-LC1972": states(26)})
    acts = [signed_definitively(one, on="2006-02-22") for one in states(26)]
    assert dates(outcome(RULES["IMO-LP1996"], *acts, world=world))[0] == "2006-02-22"
    assert (
        dates(outcome(RULES["IMO-LP1996"], *[signed(one, on="2006-02-22") for one in states(26)], world=world))[0]
        is None
    )


def test_disabilities_convention_never_counts_an_organisation() -> None:
    world = Twin(organisations={"eu": ["fra"]})
    acts = [*all_acceded(states(19), on="2008-04-01"), confirmed("eu", on="2008-04-03")]
    found = outcome(RULES["IV-15"], *acts, world=world)
    assert have_of_need(found.reading) == (19, 20)
    assert [left.reason for left in found.reading.not_counted] == ["never"]
    acts.append(ratified("ecu", on="2008-04-03"))
    assert dates(outcome(RULES["IV-15"], *acts, world=world)) == ("2008-04-03", "2008-05-03")


def test_tacit_acceptance_is_unknown_while_nobody_knows_when_it_was_circulated() -> None:
    found = outcome(RULES["SOLAS-annex-tacit"], acceded("s1", on="2020-01-01"))
    assert found.met is None
    assert "day:circulated" in found.unknown
    assert dates(found) == (None, None)


# ---- organisations ---------------------------------------------------------------------------------------------------
def union_first(policy: str, *more: RecordAct, at_least: int = 40) -> Reading:
    acts = [*all_acceded(states(10), on="2027-01-01"), approved("eu", on="2027-01-02"), *more]
    return outcome(
        hanoi(40) | {"in_force": rule(count(at_least, reio=policy))["in_force"]}, *acts, world=EUROPE
    ).reading


@pytest.mark.parametrize(
    ("policy", "alone", "with_a_member", "with_two"),
    [("not_additional", 11, 11, 12), ("never", 10, 11, 12), ("counts", 11, 12, 13), ("as_members", 13, 13, 13)],
)
def test_four_policies_on_the_instrument_of_an_organisation(
    policy: str, alone: int, with_a_member: int, with_two: int
) -> None:
    france, italy = ratified("fra", on="2027-01-03"), ratified("ita", on="2027-01-04")
    assert union_first(policy).have == alone
    assert union_first(policy, france).have == with_a_member
    assert union_first(policy, france, italy).have == with_two


def test_the_order_of_deposits_of_the_union_and_its_member_does_not_matter() -> None:
    first = outcome(hanoi(), approved("eu", on="2027-01-01"), ratified("fra", on="2027-01-02"), world=EUROPE)
    then = outcome(hanoi(), ratified("fra", on="2027-01-01"), approved("eu", on="2027-01-02"), world=EUROPE)
    assert first.reading.have == then.reading.have == 1


def test_a_state_outside_the_union_does_not_make_the_unions_instrument_superfluous() -> None:
    acts = [approved("eu", on="2027-01-01"), acceded("s1", on="2027-01-02")]
    assert outcome(hanoi(), *acts, world=EUROPE).reading.have == 2


def test_once_its_only_member_takes_its_instrument_back_the_unions_counts_again() -> None:
    acts = [ratified("fra", on="2027-01-01"), approved("eu", on="2027-01-02"), took_back("fra", on="2027-01-05")]
    assert outcome(hanoi(), *acts, as_of="2027-01-04", world=EUROPE).reading.have == 1
    found = outcome(hanoi(), *acts, as_of="2027-01-05", world=EUROPE).reading
    assert [one.participant for one in found.counted] == ["eu"]


def test_a_member_that_leaves_the_union_after_depositing_changes_nothing() -> None:
    acts = [ratified("gbr", on="2019-01-01"), approved("eu", on="2019-06-01")]
    for as_of in ("2019-12-31", "2021-12-31"):
        found = outcome(hanoi(), *acts, as_of=as_of, world=EUROPE).reading
        assert [one.participant for one in found.counted] == ["gbr"]
        assert [left.because_of for left in found.not_counted] == [("gbr",)]


def test_an_instrument_of_a_former_member_is_not_one_of_a_member_state() -> None:
    acts = [ratified("gbr", on="2021-01-01"), approved("eu", on="2021-06-01")]
    assert outcome(hanoi(), *acts, world=EUROPE).reading.have == 2
    before_leaving = [ratified("gbr", on="2019-01-01"), approved("eu", on="2021-06-01")]
    assert outcome(hanoi(), *before_leaving, world=EUROPE).reading.have == 2


def test_a_state_that_joined_the_union_before_the_union_deposited_is_its_member_state() -> None:
    acts = [ratified("hrv", on="2010-01-01"), approved("eu", on="2014-01-01")]
    found = outcome(hanoi(), *acts, world=EUROPE).reading
    assert found.have == 1
    assert [left.because_of for left in found.not_counted] == [("hrv",)]


# ---- three-valued answers --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "missing"),
    [
        (weight("world_gt", "0.5"), "table:world_gt"),
        (count(1, groups=["annex_I"]), "group:annex_I"),
        (count(1, party_to="X-1"), "treaty:X-1"),
        (count(1, attribute={"table": "own_gt", "value": "1000000"}), "table:own_gt"),
        ({"op": "fraction", "of": "parties_now", "at_least": "3/4"}, "population:parties_now"),
        ({"op": "everyone", "of": "annex_2_44"}, "population:annex_2_44"),
        ({"op": "treaty_in_force", "treaty": "X-1"}, "treaty:X-1"),
        ({"op": "date_reached", "at": plus(years=2, of=ref("opening"))}, "day:opening"),
    ],
)
def test_what_is_missing_makes_the_answer_unknown_and_is_named(condition: dict[str, Any], missing: str) -> None:
    found = outcome(rule(condition), *all_acceded(states(3), on="2027-01-01"))

    assert found.met is None
    assert missing in found.unknown
    assert dates(found) == (None, None)


def test_nothing_is_said_of_a_participant_whose_group_is_not_known() -> None:
    found = outcome(rule(count(1, groups=["annex_I"])), acceded("s1", on="2027-01-01"))
    assert [left.reason for left in found.reading.not_counted] == ["not_known"]


def test_false_and_unknown_is_false_true_or_unknown_is_true() -> None:
    unknown, no, yes = weight("world_gt", "0.5"), count(9), count(1)
    acts = [acceded("s1", on="2027-01-01")]

    assert outcome(rule(all_of(no, unknown)), *acts).met is False
    assert outcome(rule(all_of(yes, unknown)), *acts).met is None
    assert outcome(rule(any_of(yes, unknown)), *acts).met is True
    assert outcome(rule(any_of(no, unknown)), *acts).met is None
    assert dates(outcome(rule(any_of(yes, unknown)), *acts))[0] == "2027-01-01"


def test_an_empty_population_never_makes_everyone_true() -> None:
    found = outcome(rule({"op": "everyone", "of": "list"}), world=Twin(populations={"list": []}))
    assert found.met is None


def test_a_day_past_the_end_of_the_calendar_is_unknown_and_not_a_crash() -> None:
    far = plus(years=100, of=plus(years=100, of={"op": "on", "date": "9900-01-01"}))
    found = outcome(rule(1, far), acceded("s1", on="2027-01-01"))
    assert dates(found) == ("2027-01-01", None)
    assert found.unknown == ("day:past the year 9999",)


# ---- the threshold date ----------------------------------------------------------------------------------------------
def test_conditions_joined_by_and_must_hold_at_once() -> None:
    """Ten States held on the first day, the tonnage on the third; by then one State had withdrawn."""
    world = Twin(tables={"gt": {"big": "0.6"}})
    both = rule(all_of(count(10), weight("gt", "0.5")))
    acts = [
        *all_acceded(states(10), on="2027-01-01"),
        took_back("s1", on="2027-01-02"),
        *all_acceded(["big"], on="2027-01-03"),
    ]
    assert dates(outcome(both, *acts, world=world))[0] == "2027-01-03"
    acts[-1:] = [took_back("s2", on="2027-01-02"), acceded("big", on="2027-01-03"), acceded("s99", on="2027-01-09")]
    assert dates(outcome(both, *acts, world=world))[0] == "2027-01-09"


def test_a_deposit_and_a_withdrawal_of_one_day_leave_the_count_at_the_days_end() -> None:
    acts = [
        *all_acceded(states(39), on="2027-01-01"),
        took_back("s1", on="2027-02-01"),
        acceded("new", on="2027-02-01"),
    ]
    assert outcome(hanoi(), *acts).reading.have == 39
    assert dates(outcome(hanoi(), *acts))[0] is None


def test_an_instrument_given_and_taken_back_on_one_day_never_counted() -> None:
    acts = [*all_acceded(states(39), on="2027-01-01"), acceded("x", on="2027-02-01"), took_back("x", on="2027-02-01")]
    assert dates(outcome(hanoi(), *acts))[0] is None


def test_with_the_latch_a_withdrawal_between_threshold_and_force_does_not_move_the_day() -> None:
    acts = [*all_acceded(states(40), on="2027-04-05"), took_back("s1", on="2027-05-01")]
    assert dates(outcome(hanoi(), *acts)) == ("2027-04-05", "2027-07-04")


def test_without_the_latch_it_does_until_enough_have_joined_again() -> None:
    acts = [*all_acceded(states(40), on="2027-04-05"), took_back("s1", on="2027-05-01")]
    loose = hanoi() | {"latch": False}
    found = outcome(loose, *acts)
    assert dates(found) == (None, None)
    assert [(lost.threshold_on, lost.lost_on) for lost in found.lost] == [(day("2027-04-05"), day("2027-05-01"))]

    acts.append(acceded("s41", on="2027-06-01"))
    again = outcome(loose, *acts)
    assert dates(again) == ("2027-06-01", "2027-08-30")
    assert len(again.lost) == 1


def test_once_in_force_a_treaty_stays_in_force_below_its_threshold() -> None:
    acts = [
        *all_acceded(states(40), on="2027-04-05"),
        denounced("s1", on="2028-01-01"),
        denounced("s2", on="2028-01-01"),
    ]
    for loose in (False, True):
        found = outcome(hanoi() | {"latch": not loose}, *acts)
        assert dates(found) == ("2027-04-05", "2027-07-04")
        assert found.in_force()


def test_who_has_left_is_no_longer_among_those_counted() -> None:
    acts = [*all_acceded(states(40), on="2027-04-05"), denounced("s1", on="2028-01-01")]
    assert outcome(hanoi(), *acts, as_of="2028-12-31").reading.have == 40
    assert outcome(hanoi(), *acts, as_of="2029-01-01").reading.have == 39


def test_only_those_whose_consent_counts_carried_the_treaty_over_the_line() -> None:
    acts = [
        *all_acceded(states(38), on="2027-01-01"),
        ratified("fra", on="2027-02-01"),
        approved("eu", on="2027-04-05"),
        acceded("s40", on="2027-04-05"),
    ]
    found = outcome(hanoi(), *acts, world=EUROPE)
    assert found.crossing is not None
    assert found.crossing.mark.who == {("s40", "accession")}


def test_any_of_two_ways_the_first_to_hold_decides() -> None:
    either = rule(any_of(count(3), {"op": "date_reached", "at": {"op": "on", "date": "2027-06-01"}}))
    assert dates(outcome(either, *all_acceded(states(2), on="2027-01-01"))) == ("2027-06-01", "2027-08-30")
    assert dates(outcome(either, *all_acceded(states(3), on="2027-01-01"))) == ("2027-01-01", "2027-04-01")


# ---- one participant -------------------------------------------------------------------------------------------------
FORTY = all_acceded(states(40), on="2027-04-05")


def test_a_gap_between_collective_and_individual_delay_is_closed_by_a_floor() -> None:
    """UNTOC art. 38(2) has no 'whichever is later': thirty days may end before the treaty exists."""
    untoc = hanoi() | {
        "for_each": [
            {"clause": "38(1)", "own": "by_threshold", "then": ref("eif")},
            {"clause": "38(2)", "then": plus(days=30)},
        ]
    }
    acts = [*FORTY, acceded("next", on="2027-04-06")]
    assert effect(untoc, *acts, of="next") == ("2027-07-04", "38(2)")
    assert effect(untoc | {"floor_each_at_eif": False}, *acts, of="next") == ("2027-05-06", "38(2)")


def test_an_instrument_may_name_a_later_day_but_not_an_earlier_one() -> None:
    later_on = acceded("x", on="2028-01-01", effect_date="2029-01-01")
    too_soon = acceded("y", on="2028-01-01", effect_date="2028-01-02")
    assert effect(hanoi(), *FORTY, later_on, of="x")[0] == "2029-01-01"
    assert effect(hanoi(), *FORTY, too_soon, of="y")[0] == "2028-01-31"


def test_before_the_threshold_nobody_is_bound() -> None:
    assert effect(hanoi(), acceded("x", on="2027-01-01"), of="x")[0] is None


def test_where_the_clauses_are_silent_consent_binds_from_its_own_day_in_a_treaty_in_force() -> None:
    silent = hanoi() | {"for_each": []}
    acts = [*FORTY, acceded("late", on="2028-01-01"), acceded("between", on="2027-05-01")]
    assert effect(silent, *acts, of="s1") == ("2027-07-04", "24(3) VCLT")
    assert effect(silent, *acts, of="between") == ("2027-07-04", "24(3) VCLT")
    assert effect(silent, *acts, of="late") == ("2028-01-01", "24(3) VCLT")


def test_a_successor_is_a_party_from_the_date_of_succession() -> None:
    acts = [*FORTY, succeeded("mne", to="scg", from_day="2030-06-03", on="2030-10-23")]
    assert effect(hanoi(), *acts, of="mne") == ("2030-06-03", "23 VSSRT")
    early = [*FORTY, succeeded("mne", to="scg", from_day="2026-06-03", on="2030-10-23")]
    assert effect(hanoi(), *early, of="mne")[0] == "2027-07-04"


def test_a_succession_counts_from_its_notification() -> None:
    acts = [
        *all_acceded(states(39), on="2027-01-01"),
        succeeded("mne", to="scg", from_day="2006-06-03", on="2027-05-01"),
    ]
    assert dates(outcome(hanoi(), *acts))[0] == "2027-05-01"


def test_only_the_modes_a_clause_names_follow_it() -> None:
    kinds = {"org": "io"}
    acts = [
        *all_acceded(states(35), on="2027-01-01"),
        confirmed("org", on="2027-01-10"),
        acceded("st", on="2027-01-10"),
    ]
    vcltio = RULES["XXIII-3"]
    assert effect(vcltio, *acts, of="org", world=Twin(kinds=kinds)) == ("2027-02-09", "85(3)")
    assert effect(vcltio, *acts, of="st", world=Twin(kinds=kinds)) == ("2027-02-09", "85(2)")
