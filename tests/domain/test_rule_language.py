"""The words of the rule language beyond counts and days: weights, populations, silence, other treaties, leaving."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from tests.builders import (
    Twin,
    acceded,
    all_acceded,
    all_of,
    any_of,
    count,
    day,
    denounced,
    later,
    outcome,
    plus,
    ratified,
    ref,
    rule,
    signed,
    states,
    took_back,
    treaty,
    weight,
)
from tests.builders import act as an_act
from treaty_status.application.corpus import corpus
from treaty_status.domain.evaluation import Outcome, bindings, known_days
from treaty_status.domain.lint import lint
from treaty_status.domain.rule import TreatyRule


def dates(found: Outcome) -> tuple[str | None, str | None]:
    return (
        None if found.threshold_on is None else found.threshold_on.isoformat(),
        None if found.entry_into_force_on is None else found.entry_into_force_on.isoformat(),
    )


def objected(participant: str, *, on: str) -> Any:
    return an_act("objection", participant, on=on)


# ---- weights ---------------------------------------------------------------------------------------------------------
GT = {"table": "world_gt", "version": "2012-08-20", "source": "an invented register", "whole": "1000"}


def test_a_table_in_the_rule_is_measured_against_its_own_whole() -> None:
    table = GT | {"values": {"s1": "300", "s2": "200", "s3": "17"}}
    half = rule(weight("world_gt", "0.5"), tables=[table])
    acts = [acceded("s1", on="2020-01-01"), acceded("s3", on="2020-02-01"), acceded("s2", on="2020-03-01")]
    found = outcome(half, *acts)
    assert dates(found)[0] == "2020-03-01"
    assert found.reading.have == day_fraction("517/1000")
    assert found.reading.basis == "2012-08-20; an invented register"


def day_fraction(text: str) -> Any:
    from fractions import Fraction  # noqa: PLC0415 - one use

    return Fraction(text)


def test_more_than_half_is_not_reached_by_exactly_half() -> None:
    table = GT | {"values": {"s1": "500", "s2": "1"}}
    more = rule(weight("world_gt", "0.5") | {"more_than": True}, tables=[table])
    assert dates(outcome(more, acceded("s1", on="2020-01-01"))) == (None, None)
    both = [acceded("s1", on="2020-01-01"), acceded("s2", on="2020-01-02")]
    assert dates(outcome(more, *both))[0] == "2020-01-02"


def test_a_number_above_one_is_an_amount_and_needs_no_whole() -> None:
    units = {"table": "units", "version": "1997", "source": "invented", "values": {"s1": "399999", "s2": "1"}}
    enough = rule(weight("units", "400000"), tables=[units])
    assert dates(outcome(enough, acceded("s1", on="2020-01-01")))[0] is None
    assert dates(outcome(enough, *all_acceded(["s1", "s2"], on="2020-01-02")))[0] == "2020-01-02"


def test_a_share_of_amounts_whose_whole_nobody_states_is_unknown() -> None:
    world = Twin(tables={"world_gt": {"s1": 300}})
    found = outcome(rule(weight("world_gt", "0.5")), acceded("s1", on="2020-01-01"), world=world)
    assert found.met is None
    assert found.unknown == ("table:world_gt:whole",)


def test_hong_kong_measures_recycling_against_the_tonnage_of_the_same_states() -> None:
    """17(1): the third condition falls when a State with much tonnage and little recycling joins."""
    world = Twin(
        tables={
            "world_gt": {"pan": "0.3", "lbr": "0.2"} | dict.fromkeys(states(14), "0.001"),
            "own_gt": {"pan": 300, "lbr": 200} | dict.fromkeys(states(14), 1),
            "recycling_volume": {"bgd": 12, "s1": 3},
        }
    )
    hong_kong = corpus()["IMO-SRC2009"].model_dump(mode="json", exclude_defaults=True)
    acts = [*all_acceded(states(14), on="2020-01-01"), *all_acceded(["pan", "lbr"], on="2023-06-25")]
    before = outcome(hong_kong, *acts, world=world)
    assert before.met is False
    third = before.reading.parts[2]
    assert (third.have, third.need) == (day_fraction("3/514"), day_fraction("3/100"))
    met = outcome(hong_kong, *acts, acceded("bgd", on="2023-06-26"), world=world)
    assert met.met is False  # 15 of 514 is still less than three in a hundred
    world = Twin(tables={**world.tables, "recycling_volume": {"bgd": 13, "s1": 3}})
    assert dates(outcome(hong_kong, *acts, acceded("bgd", on="2023-06-26"), world=world)) == (
        "2023-06-26",
        "2025-06-26",
    )


# ---- populations -----------------------------------------------------------------------------------------------------
def test_antarctic_treaty_waits_for_every_signatory_and_for_nobody_else() -> None:
    antarctic = corpus()["ANTARCTIC-1959"].model_dump(mode="json", exclude_defaults=True)
    acts = [signed(name, on="1959-12-01") for name in ("arg", "aus", "bel")]
    acts += [acceded("pol", on="1961-06-08"), ratified("bel", on="1960-07-26"), ratified("arg", on="1961-06-23")]
    assert dates(outcome(antarctic, *acts))[0] is None
    acts.append(ratified("aus", on="1961-06-23"))
    assert dates(outcome(antarctic, *acts)) == ("1961-06-23", "1961-06-23")


def test_a_signature_that_comes_later_is_waited_for_too() -> None:
    everyone = rule({"op": "everyone", "of": "signatories_now"}, ref("threshold"))
    acts = [signed("s1", on="2020-01-01"), signed("s2", on="2020-01-01"), ratified("s1", on="2020-02-01")]
    acts += [signed("s3", on="2020-03-01"), ratified("s2", on="2020-04-01"), ratified("s3", on="2020-05-01")]
    assert dates(outcome(everyone, *acts))[0] == "2020-05-01"
    frozen = rule(
        {"op": "everyone", "of": "signatories_now", "frozen_on": {"op": "on", "date": "2020-01-31"}}, ref("threshold")
    )
    assert dates(outcome(frozen, *acts))[0] == "2020-04-01"


def test_half_of_the_signatories_or_six_whichever_is_smaller() -> None:
    smaller = corpus()["CPTPP-2018"].model_dump(mode="json", exclude_defaults=True)
    signatories = [signed(name, on="2018-03-08") for name in states(11)]
    consents = [ratified(name, on=f"2018-0{n}-01") for n, name in enumerate(states(6), start=4)]
    assert dates(outcome(smaller, *signatories, *consents)) == ("2018-09-01", "2018-10-31")
    assert dates(outcome(smaller, *signatories[:4], *consents))[0] == "2018-05-01"


def test_a_denominator_that_rolls_moves_with_the_parties_of_the_parent() -> None:
    stay = [(name, "2000-01-01", None) for name in ("s1", "s2")]
    world = Twin(parties={"P-1": [*stay, ("s3", "2000-01-01", "2020-06-30")]})
    everyone = rule({"op": "everyone", "of": "parties_to:P-1"}, ref("threshold"))
    acts = all_acceded(["s1", "s2"], on="2020-01-01")
    assert dates(outcome(everyone, *acts, world=world, as_of="2020-06-30"))[0] is None
    assert dates(outcome(everyone, *acts, world=world))[0] == "2020-07-01"
    joining = {"clause": "1", "modes": ["accession"], "parent": "P-1"}
    frozen = {"op": "fraction", "of": "parties_at_adoption", "at_least": "3/4"}
    found = outcome(rule(frozen, joining=joining), *acts, world=world, adopted_on=day("2010-01-01"))
    assert (found.reading.have, found.reading.need) == (2, 3)


def test_a_number_of_parties_is_enough_where_it_does_not_matter_who_they_were() -> None:
    part = {"op": "fraction", "of": "parties_to:P-1", "of_number": 30, "at_least": "3/4", "from_anyone": True}
    found = outcome(rule(part), *all_acceded(states(23), on="2014-05-28"))
    assert (found.reading.have, found.reading.need, found.threshold_on) == (23, 23, date(2014, 5, 28))
    assert found.reading.basis == "3/4 of 30"


def test_organisations_may_be_left_out_of_the_whole() -> None:
    world = Twin(organisations={"eu": []}, populations={"parties": ["s1", "s2", "s3", "eu"]})
    part = {"op": "fraction", "of": "parties", "at_least": "2/3", "of_kinds": ["state"]}
    assert dates(outcome(rule(part), *all_acceded(["s1", "s2"], on="2020-01-01"), world=world))[0] == "2020-01-01"
    more = part | {"more_than": True}
    assert dates(outcome(rule(more), *all_acceded(["s1", "s2"], on="2020-01-01"), world=world))[0] is None


def test_a_list_in_the_rule_is_a_group_and_a_population() -> None:
    lists = [{"list": "producers", "members": ["s1", "s2"]}]
    named = rule(all_of(count(1, groups=["producers"]), {"op": "everyone", "of": "list:producers"}), lists=lists)
    found = outcome(
        named, acceded("s1", on="2020-01-01"), acceded("s9", on="2020-01-01"), acceded("s2", on="2020-02-01")
    )
    assert dates(found)[0] == "2020-02-01"
    assert [one.consent.participant for one in found.reading.parts[0].not_counted] == ["s9"]


def test_acts_of_a_state_that_continues_another_are_those_of_a_listed_predecessor() -> None:
    world = Twin(continued={"sun": "rus"}, kinds={"sun": "predecessor"})
    lists = [{"list": "depositaries", "members": ["gbr", "sun", "usa"]}]
    named = rule({"op": "everyone", "of": "list:depositaries"}, ref("threshold"), lists=lists)
    assert dates(outcome(named, *all_acceded(["gbr", "rus", "usa"], on="1970-03-05"), world=world))[0] == "1970-03-05"
    assert dates(outcome(named, *all_acceded(["gbr", "sun", "usa"], on="1970-03-05"), world=world))[0] == "1970-03-05"


def test_a_predecessor_was_a_state() -> None:
    world = Twin(kinds={"ddr": "predecessor"})
    assert (
        dates(outcome(rule(count(1, kinds=["state"])), acceded("ddr", on="1973-11-08"), world=world))[0] == "1973-11-08"
    )


# ---- silence ---------------------------------------------------------------------------------------------------------
SOLAS = corpus()["IMO-SOLAS-annex-tacit"].model_dump(mode="json", exclude_defaults=True) | {
    "days": {"circulated": "2022-01-10"}
}


def test_solas_amendment_is_accepted_by_two_years_of_silence() -> None:
    found = outcome(SOLAS)
    assert dates(found) == ("2024-01-10", "2024-07-10")
    assert outcome(SOLAS, as_of="2024-01-09").met is False


def governments(number: int) -> Twin:
    return Twin(parties={"IMO-SOLAS1974": states(number)}, tables={"world_gt": {"s1": "0.45", "s2": "0.05"}})


def test_more_than_a_third_of_the_governments_block_and_a_third_does_not() -> None:
    third = [objected(name, on="2023-12-31") for name in states(3, first=3)]
    assert dates(outcome(SOLAS, *third, world=governments(9)))[0] == "2024-01-10"
    four = [*third, objected("s6", on="2024-01-10")]
    found = outcome(SOLAS, *four, world=governments(9))
    assert found.met is False
    assert dates(found) == (None, None)


def test_half_of_the_tonnage_blocks() -> None:
    assert outcome(SOLAS, objected("s1", on="2023-01-01"), world=governments(100)).met is True
    both = [objected("s1", on="2023-01-01"), objected("s2", on="2023-01-02")]
    assert outcome(SOLAS, *both, world=governments(100)).met is False


def test_an_objection_after_the_period_comes_too_late() -> None:
    late = [objected(name, on="2024-01-11") for name in states(9)]
    assert dates(outcome(SOLAS, *late, world=governments(9)))[0] == "2024-01-10"


def test_with_objections_and_nothing_to_measure_them_by_the_answer_is_unknown() -> None:
    found = outcome(SOLAS, objected("s1", on="2023-01-01"))
    assert found.met is None
    assert set(found.unknown) >= {"population:contracting_governments:objections", "table:world_gt:objections"}


def test_who_objects_is_not_bound_by_what_others_accept_in_silence() -> None:
    acts = [an_act("acceptance", "s1", on="2022-02-01"), an_act("acceptance", "s2", on="2022-02-01")]
    acts.append(objected("s2", on="2023-02-01"))
    world = governments(99)
    the_treaty = treaty(*acts, by_rule=SOLAS)
    found = outcome(SOLAS, *acts, world=world)
    assert the_treaty.rule is not None
    effects = {
        name: [one.clause for one in bindings(own, the_treaty.rule, found, known_days(the_treaty))]
        for name, own in the_treaty.participations.items()
    }
    assert effects == {"s1": ["VIII(b)(vii)(2)"], "s2": [None]}


# ---- days ------------------------------------------------------------------------------------------------------------
def test_some_depositaries_let_the_period_expire_first_and_the_rule_says_whose_word_that_is() -> None:
    expired = plus(months=3) | {"reckoned": "day_after_expiry"}
    track = {"clause": "9(2)", "when": count(1), "then": expired, "source": "published dates"}
    found = outcome(rule(1, in_force=[track]), acceded("s1", on="1981-09-21"))
    assert dates(found) == ("1981-09-21", "1981-12-22")
    with pytest.raises(ValidationError, match="states its source"):
        TreatyRule.model_validate(rule(1, in_force=[{**track, "source": None}]))


def test_a_first_of_a_month_may_be_the_day_itself_where_the_rule_says_so() -> None:
    def force(convention: str) -> str | None:
        then = {"op": "first_of_next_month", "of": plus(months=3), "from_a_first": convention}
        track = {"clause": "36(3)", "when": count(1), "then": then, "source": "published dates"}
        return dates(outcome(rule(1, in_force=[track]), acceded("s1", on="2004-04-01")))[1]

    assert (force("next_month"), force("that_day")) == ("2004-08-01", "2004-07-01")


def test_a_protocol_waits_for_the_entry_into_force_of_its_convention() -> None:
    protocol = rule(2, later(plus(days=30), {"op": "in_force_of", "treaty": "III-3"}))
    acts = all_acceded(["s1", "s2"], on="1962-12-03")
    assert dates(outcome(protocol, *acts, world=Twin(treaties={"III-3": "1964-04-24"}))) == ("1962-12-03", "1964-04-24")
    unknown = outcome(protocol, *acts)
    assert dates(unknown) == ("1962-12-03", None)
    assert unknown.unknown == ("treaty:III-3",)


# ---- doubt -----------------------------------------------------------------------------------------------------------
def test_what_may_have_held_before_gives_no_date_when_it_holds_for_sure() -> None:
    """With one State the tonnage may have been there; with two the count is: since when, nobody can say."""
    either = rule(any_of(weight("world_gt", "0.5"), count(2)))
    acts = [acceded("s1", on="2020-01-01"), acceded("s2", on="2020-02-01")]
    found = outcome(either, *acts)
    assert dates(found) == (None, None)
    assert found.met is None
    assert found.unknown == ("table:world_gt",)


def test_a_track_of_which_something_is_unknown_casts_doubt_on_a_later_one() -> None:
    tracks = [
        {"clause": "first", "when": weight("world_gt", "0.5"), "then": ref("threshold")},
        {"clause": "second", "when": count(2), "then": plus(days=90)},
    ]
    acts = [acceded("s1", on="2020-01-01"), acceded("s2", on="2020-02-01")]
    assert dates(outcome(rule(1, in_force=tracks), *acts)) == (None, None)
    tracks[0]["then"] = {"op": "on", "date": "2030-01-01"}
    assert dates(outcome(rule(1, in_force=tracks), *acts)) == ("2020-02-01", "2020-05-01")


def test_nobody_is_no_share_of_anything_whatever_the_table_says() -> None:
    found = outcome(rule(weight("world_gt", "0.5")))
    assert found.met is False
    assert found.unknown == ("table:world_gt",)


# ---- leaving ---------------------------------------------------------------------------------------------------------
def left_on(by_rule: dict[str, Any], *acts: Any) -> str | None:
    the_treaty = treaty(*acts, by_rule=by_rule)
    found = outcome(by_rule, *acts)
    assert the_treaty.rule is not None
    own = the_treaty.participations["s1"]
    leaves = bindings(own, the_treaty.rule, found, known_days(the_treaty))[-1].leaves_on
    return None if leaves is None else leaves.isoformat()


IN_FORCE_2000 = all_acceded(["s1", "s2"], on="2000-01-01")


def leaving(**clause: Any) -> dict[str, Any]:
    return rule(
        2, ref("threshold"), leaving=[{"clause": "9", "takes_effect": plus(years=1, of=ref("received"))} | clause]
    )


@pytest.mark.parametrize(
    ("notified", "leaves"), [("2003-06-01", "2004-06-01"), ("2001-06-01", "2004-01-01"), ("2003-01-01", "2004-01-01")]
)
def test_a_notice_given_too_early_is_taken_as_received_on_the_first_day_it_could_be(notified: str, leaves: str) -> None:
    three_years = leaving(not_before=plus(years=3, of=ref("bound")))
    assert left_on(three_years, *IN_FORCE_2000, denounced("s1", on=notified)) == leaves


@pytest.mark.parametrize(
    ("notified", "leaves"),
    [
        ("2010-05-01", "2011-05-01"),
        ("2010-12-31", "2011-12-31"),
        ("2011-01-01", "2021-01-01"),
        ("2004-01-01", "2011-01-01"),
        ("2020-03-01", "2021-03-01"),
    ],
)
def test_labour_conventions_can_be_left_for_one_year_in_ten(notified: str, leaves: str) -> None:
    window = leaving(not_before=plus(years=10, of=ref("eif")), window={"every_years": 10, "open_months": 12})
    assert left_on(window, *IN_FORCE_2000, denounced("s1", on=notified)) == leaves


@pytest.mark.parametrize(
    ("notified", "leaves"), [("2004-06-30", "2005-01-01"), ("2004-07-02", "2010-01-01"), ("2000-02-01", "2005-01-01")]
)
def test_a_convention_renewed_every_five_years_is_left_at_the_end_of_a_period(notified: str, leaves: str) -> None:
    renewed = leaving(takes_effect={"op": "end_of_period", "years": 5, "since": ref("eif"), "notice_months": 6})
    assert left_on(renewed, *IN_FORCE_2000, denounced("s1", on=notified)) == leaves


def test_genocide_convention_would_end_with_fewer_than_sixteen_parties() -> None:
    genocide = corpus()["IV-1"].model_dump(mode="json", exclude_defaults=True)
    acts = all_acceded(states(20), on="1950-10-14")
    assert dates(outcome(genocide, *acts)) == ("1950-10-14", "1951-01-12")
    gone = [denounced(name, on="1960-01-01") for name in states(4)]
    assert outcome(genocide, *acts, *gone).in_force()
    found = outcome(genocide, *acts, *gone, denounced("s5", on="1960-02-01"))
    assert found.ended_on == date(1961, 1, 12)
    assert not found.in_force()
    assert outcome(genocide, *acts, *gone, denounced("s5", on="1960-02-01"), as_of="1961-01-11").in_force()


def test_nothing_follows_from_the_silence_of_a_clause_that_is_not_recorded() -> None:
    gap = rule(2, ref("threshold"), for_each=[], not_recorded=["for_each"])
    acts = [*IN_FORCE_2000, acceded("s3", on="2010-01-01")]
    the_treaty = treaty(*acts, by_rule=gap)
    assert the_treaty.rule is not None
    found = bindings(the_treaty.participations["s3"], the_treaty.rule, outcome(gap, *acts), known_days(the_treaty))
    assert found[0].effect_on is None


# ---- what is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "part",
    [
        {"lists": [{"list": "a", "members": []}]},
        {"lists": [{"list": "a", "members": ["s1"]}, {"list": "a", "members": ["s2"]}]},
        {"tables": [GT | {"values": {"s1": 0.5}}]},
        {"tables": [GT | {"values": {"s1": "-1"}}]},
        {"tables": [{"table": "t", "version": "1", "values": {"s1": "1"}}]},
        {"ends_below": {"clause": "XV", "parties": 16}},
        {"days": {"circulated": "soon"}},
    ],
)
def test_lists_tables_and_days_are_exact_or_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TreatyRule.model_validate(rule(1, **part))


# ---- what is left open -----------------------------------------------------------------------------------------------
def codes(treaty_id: str) -> set[str]:
    return {finding.code for finding in lint(corpus()[treaty_id])}


def test_the_linter_finds_the_gap_between_the_two_delays_of_the_palermo_convention_and_none_in_merida() -> None:
    assert {"floor", "shorter-own-delay"} <= codes("XVIII-12")
    assert not {"floor", "shorter-own-delay"} & codes("XVIII-14")


def test_the_linter_asks_for_the_policy_on_organisations_unless_the_rule_names_one() -> None:
    assert "organisation-policy" in codes("V-2")
    assert "organisation-policy" not in codes("XVIII-16")
    assert "organisation-policy" not in codes("XXIII-3")


def test_the_linter_asks_for_later_joiners_leaving_and_sources() -> None:
    assert {"later-joiners", "leaving", "source"} <= codes("VI-14")
    assert "first-of-month" in codes("ETS-185")


def test_a_consent_taken_back_is_not_counted_by_silence_of_others() -> None:
    found = outcome(rule(2), *IN_FORCE_2000[:1], took_back("s1", on="2000-02-01"))
    assert found.reading.have == 0
