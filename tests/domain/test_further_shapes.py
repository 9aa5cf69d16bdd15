"""Shapes of final clauses beyond the usual: exceptions from a group, days of the year, silence and objections."""

from datetime import date

import pytest
from pydantic import ValidationError

from tests.builders import (
    LATE,
    Twin,
    acceded,
    act,
    all_acceded,
    all_of,
    count,
    day,
    outcome,
    plus,
    ratified,
    ref,
    rule,
    signed,
    states,
    treaty,
)
from tests.domain.test_documents import text
from treaty_status.domain.evaluation import evaluate
from treaty_status.domain.lint import lint
from treaty_status.domain.provisional import applied_provisionally
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.silence import bound_by_silence

FIVE = {"list": "five", "members": ["chn", "fra", "gbr", "rus", "usa"], "source": "an invented charter"}


# ---- others than -----------------------------------------------------------------------------------------------------
CHARTER = rule(
    all_of(
        {"op": "everyone", "of": "list:five"},
        {"op": "fraction", "of": "signatories_now", "others_than": "list:five", "at_least": "1/2", "more_than": True},
    ),
    ref("threshold"),
    clause="110(3)",
    lists=[FIVE],
)
"""Charter of the United Nations, art. 110(3): the five, and a majority of the other signatory States."""


def test_the_five_and_a_majority_of_the_other_signatories() -> None:
    others = states(4)
    acts = [signed(one, on="1945-06-26") for one in (*FIVE["members"], *others)]
    acts += [ratified(one, on="1945-08-01") for one in FIVE["members"]]
    half = [*acts, *[ratified(one, on="1945-10-01") for one in others[:2]]]
    assert outcome(CHARTER, *half).threshold_on is None
    assert outcome(CHARTER, *half, ratified("s3", on="1945-10-24")).threshold_on == date(1945, 10, 24)


def test_the_sentence_says_whom_the_majority_is_taken_of() -> None:
    english, french = text(*[signed(one, on="1945-06-26") for one in states(3)], by_rule=CHARTER)
    assert "0 of 2 from the signatories, other than the list five" in english
    assert "0 sur 2 des signataires, à l'exception de la liste five" in french


def test_without_the_second_population_nothing_is_known() -> None:
    by_rule = rule({"op": "fraction", "of": "signatories_now", "others_than": "list:unheard", "at_least": "1/2"})
    found = outcome(by_rule, signed("s1", on="2000-01-01"), ratified("s1", on="2000-01-02"))
    assert (found.threshold_on, found.met) == (None, None)
    assert found.unknown == ("population:list:unheard",)


ASEAN = Twin(groups={"asean": ["idn", "sgp", "tha"]})


def test_three_of_a_group_and_two_others() -> None:
    """Regional Comprehensive Economic Partnership, art. 20.6: six signatories of the one, three of the other."""
    by_rule = rule(all_of(count(2, groups=["asean"]), count(2, not_groups=["asean"])), plus(days=60))
    acts = [ratified(one, on="2021-01-01") for one in ("idn", "sgp", "tha", "s1")]
    assert outcome(by_rule, *acts, world=ASEAN).threshold_on is None
    assert outcome(by_rule, *acts, ratified("s2", on="2021-11-02"), world=ASEAN).threshold_on == day("2021-11-02")


def test_one_of_several_groups_is_enough() -> None:
    world = Twin(groups={"a": ["s1"], "b": ["s2"]})
    by_rule = rule(count(2, any_group=["a", "b"]))
    assert outcome(by_rule, *all_acceded(["s1", "s3"], on="2021-01-01"), world=world).met is False
    assert outcome(by_rule, *all_acceded(["s1", "s2"], on="2021-01-01"), world=world).met is True
    english, french = text(acceded("s3", on="2021-01-01"), by_rule=by_rule, world=world)
    assert "0 of 2 from one at least of the group a and the group b; 2 missing; s3 did not belong to any" in english
    assert "de l'un au moins du groupe a et du groupe b" in french


def test_who_belongs_to_a_group_that_is_excepted_has_to_be_known() -> None:
    found = outcome(rule(count(1, not_groups=["unheard"])), acceded("s1", on="2021-01-01"))
    assert (found.met, found.unknown) == (None, ("group:unheard",))


# ---- days of the year ------------------------------------------------------------------------------------------------
NEW_YEAR = {"op": "next_day_of_year", "month": 1, "day": 1}


@pytest.mark.parametrize(
    ("then", "threshold", "force"),
    [
        ({**NEW_YEAR, "of": plus(months=3)}, "1987-09-22", "1988-01-01"),
        ({**NEW_YEAR, "of": plus(months=3)}, "1987-10-01", "1988-01-01"),
        ({**NEW_YEAR, "of": plus(months=3)}, "1987-10-02", "1989-01-01"),
        ({**NEW_YEAR, "from_that_day": "next"}, "1988-01-01", "1989-01-01"),
        (NEW_YEAR, "1988-01-01", "1988-01-01"),
        ({"op": "next_day_of_year", "month": 10, "day": 1}, "1988-02-29", "1988-10-01"),
    ],
)
def test_the_earliest_first_of_january_that_falls_so_much_later(
    then: dict[str, object], threshold: str, force: str
) -> None:
    """Harmonized System Convention, art. 13: the earliest first of January at least three months after."""
    found = outcome(rule(count(1), then), ratified("s1", on=threshold))
    assert found.entry_into_force_on == day(force)


def test_a_day_that_some_years_do_not_have_is_refused() -> None:
    with pytest.raises(ValidationError, match="no such day in every year"):
        TreatyRule.model_validate(rule(count(1), {"op": "next_day_of_year", "month": 2, "day": 29}))


def test_past_the_last_year_there_is_no_day() -> None:
    found = outcome(rule(count(1), NEW_YEAR), ratified("s1", on="9999-06-01"), as_of="9999-12-31")
    assert found.entry_into_force_on is None


# ---- silence ---------------------------------------------------------------------------------------------------------
MEMBERS = Twin(groups={"members": states(6)})
OPT_OUT = rule(
    {"op": "date_reached", "at": plus(months=18, of=ref("circulated"))},
    ref("threshold"),
    clause="22",
    days={"circulated": "2005-06-15"},
    for_each=[{"clause": "22", "except_objectors": True, "of": "members", "then": ref("eif")}],
)
"""Constitution of the World Health Organization, art. 22: for all Members but those that rejected in the period."""


def silent(*acts: object, by_rule: object = OPT_OUT, world: Twin = MEMBERS) -> dict[str, str]:
    told = treaty(*acts, by_rule=by_rule)  # type: ignore[arg-type]  # orders
    assert told.rule is not None
    found = evaluate(told.rule, told, world=world, as_of=LATE)
    return {name: str(one.effect_on) for name, one in bound_by_silence(told, found, world).parties.items()}


def test_regulations_bind_every_member_that_did_not_reject_them_in_time() -> None:
    acts = [act("objection", "s1", on="2006-01-01"), act("objection", "s2", on="2006-12-16")]
    assert silent(*acts) == dict.fromkeys(["s2", "s3", "s4", "s5", "s6"], "2006-12-15")


def test_an_objection_taken_back_in_time_is_none() -> None:
    back = [act("objection", "s1", on="2006-01-01"), act("objection_withdrawn", "s1", on="2006-02-01")]
    assert "s1" in silent(*back)
    assert "s1" not in silent(*back, act("objection", "s1", on="2006-03-01"))


def test_silence_is_that_of_those_whose_objections_block() -> None:
    tacit = rule(
        {
            "op": "not_blocked",
            "until": plus(years=2, of=ref("circulated")),
            "blocked_if": {"op": "fraction", "of": "members:objections", "at_least": "1/3"},
        },
        plus(months=6),
        days={"circulated": "2022-01-10"},
        for_each=[{"clause": "VIII", "except_objectors": True, "then": ref("eif")}],
    )
    two = [act("objection", one, on="2023-01-01") for one in ("s1", "s2")]
    assert silent(*two, by_rule=tacit) == {}
    back = act("objection_withdrawn", "s1", on="2024-01-10")
    assert silent(*two, back, by_rule=tacit) == dict.fromkeys(["s1", "s3", "s4", "s5", "s6"], "2024-07-10")


def test_whose_silence_it_is_has_to_be_known() -> None:
    told = treaty(by_rule=OPT_OUT)
    assert told.rule is not None
    found = evaluate(told.rule, told, world=Twin(), as_of=LATE)
    assert bound_by_silence(told, found, Twin()).unknown == "population:members"


# ---- provisional application -----------------------------------------------------------------------------------------
DEPOSITS = ["definitive_signature", "ratification", "acceptance", "approval", "accession"]
TIMBER = rule(
    all_of({"op": "date_reached", "at": {"op": "on", "date": "2008-02-01"}}, count(3)),
    ref("threshold"),
    clause="39(1)",
    provisional=[
        {
            "clause": "39(2)",
            "when": all_of(
                {"op": "date_reached", "at": {"op": "on", "date": "2008-02-01"}},
                count(2, actions=[*DEPOSITS, "provisional_application"]),
            ),
            "then": ref("threshold"),
        }
    ],
)
"""International Tropical Timber Agreement 2006, art. 39, with smaller numbers."""


def applied(*acts: object, as_of: str = "2012-01-01") -> tuple[object, ...] | None:
    told = treaty(*acts, by_rule=TIMBER)  # type: ignore[arg-type]  # orders
    assert told.rule is not None
    found = evaluate(told.rule, told, world=Twin(), as_of=day(as_of))
    provisional = applied_provisionally(told, found, Twin())
    return None if provisional is None else (provisional.met, provisional.from_on, provisional.until)


NOTICES = [ratified("s1", on="2007-01-01"), act("provisional_application", "s2", on="2008-03-01")]


def test_notices_of_provisional_application_are_counted_beside_deposits_for_that_alone() -> None:
    assert applied(*NOTICES) == (True, date(2008, 3, 1), None)
    found = outcome(TIMBER, *NOTICES, ratified("s3", on="2008-04-01"))
    assert (found.met, found.reading.parts[1].have) == (False, 2)


def test_provisional_application_lasts_until_the_agreements_own_entry_into_force() -> None:
    more = [ratified("s2", on="2009-01-01"), ratified("s3", on="2011-12-07")]
    assert applied(*NOTICES, *more) == (True, date(2008, 3, 1), date(2011, 12, 7))


def test_who_notified_and_then_deposited_is_one_and_not_two() -> None:
    one = [act("provisional_application", "s1", on="2007-01-01"), ratified("s1", on="2007-06-01")]
    assert applied(*one) == (False, None, None)


def test_where_the_agreement_enters_into_force_at_once_it_is_never_applied_provisionally() -> None:
    assert applied(*[ratified(one, on="2007-01-01") for one in states(3)]) is None


# ---- what a rule leaves open -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("when", "then"),
    [
        (count(1), plus(days=3, of=ref("eif"))),
        (count(1), ref("own")),
        ({"op": "date_reached", "at": plus(days=5, of=ref("threshold"))}, plus(days=1)),
    ],
)
def test_a_day_counted_from_one_that_never_comes_is_pointed_out(
    when: dict[str, object], then: dict[str, object]
) -> None:
    found = lint(TreatyRule.model_validate(rule(when, then)))
    assert [one.where for one in found if one.code == "day"] == ["65(1)"]
