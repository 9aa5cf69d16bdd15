"""Certified facts and tables of weights on a treaty's own record, and what follows when they come late or change."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    EUROPE,
    PRESS,
    Story,
    T,
    Twin,
    acceded,
    all_of,
    approved,
    certified,
    corrected,
    count,
    denounced,
    move_to,
    outcome,
    plus,
    ratified,
    ref,
    rehearsal_of,
    reinstated,
    retracted,
    rule,
    states,
    story,
    table_of,
    weight,
)
from treaty_events import ClaimRecorded, FactCertified, InstrumentDeposited, TableSet
from treaty_status.domain.certifying import (
    AlreadyCertified,
    KeyNotAskedFor,
    QuantityNotComparable,
    TableNotCorrectable,
)
from treaty_status.domain.decisions import Define
from treaty_status.domain.evaluation import evaluate
from treaty_status.domain.refusals import (
    ActInTheFuture,
    ActTooEarly,
    FieldNotCorrectable,
    NothingChanged,
    Refusal,
    UnknownFact,
)
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.sentences import explained
from treaty_status.domain.treaty import Treaty, Undefined, before, evolve

OIL = "contributing_oil_received"
"""What the Supplementary Fund Protocol, art. 21(1)(b), waits for: 450 million tons received."""


def fund(**asked: str) -> dict[str, Any]:
    """Art. 21(1): eight States, and a certified quantity of oil; three months after the later of the two."""
    fact = {"op": "fact", "key": OIL, **asked}
    return rule(all_of(count(8), fact), plus(months=3), clause="21(1)", for_each=(), leaving=())


MEASURED = fund(at_least="450000000", unit="tonnes")


def eight_deposited(by_rule: dict[str, Any] | None = None) -> Story:
    """Eight instruments, the last on 3 June 2004."""
    days = [f"2004-0{n}-01" for n in range(1, 6)] + ["2004-06-01", "2004-06-02", "2004-06-03"]
    acts = [ratified(one, on=day, override="V3") for one, day in zip(states(8), days, strict=True)]
    return story(by_rule or fund(), *acts, adopted_on=date(2003, 5, 16))


def threshold_of(told: Story, as_of: str = "2199-12-31") -> tuple[date | None, date | None]:
    found = where(told.treaty, told.world, as_of)
    return found.threshold_on, found.entry_into_force_on


def where(treaty: Treaty, world: Twin, as_of: str = "2199-12-31") -> Any:
    assert treaty.rule is not None
    return evaluate(treaty.rule, treaty, world=world, as_of=date.fromisoformat(as_of))


# ---- certificates ----------------------------------------------------------------------------------------------------
def test_the_fund_protocol_crosses_on_the_day_of_the_certificate_where_that_is_the_later() -> None:
    told = eight_deposited()
    assert threshold_of(told) == (None, None)

    said = told.on("2004-12-03", certified(OIL, on="2004-12-03"))

    assert said.one("threshold.reached").occurred_on == date(2004, 12, 3)
    assert said.one("threshold.reached").attributed_to == ()
    assert said.one("threshold.reached").cause.kind == "certificate"
    assert said.one("entry_into_force.scheduled").occurred_on == date(2005, 3, 3)


def test_it_crosses_on_the_day_of_the_eighth_deposit_where_that_is_the_later() -> None:
    told = story(fund(), *[ratified(one, on="2004-01-05", override="V3") for one in states(7)])
    assert not told.on("2004-02-01", certified(OIL, on="2004-02-01")).names(about="threshold")

    said = told.on("2004-06-03", ratified("s8", on="2004-06-03", override="V3"))

    assert said.one("threshold.reached").occurred_on == date(2004, 6, 3)


def test_a_certificate_of_an_earlier_day_that_comes_late_revises_the_threshold() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))

    said = told.on("2005-01-10", certified(OIL, on="2004-11-20"))

    assert said.one("threshold.revised").occurred_on == date(2004, 11, 20)
    assert said.one("entry_into_force.rescheduled").occurred_on == date(2005, 2, 20)


def test_a_certificate_of_a_later_day_changes_nothing() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))

    assert told.on("2005-01-10", certified(OIL, on="2005-01-05")).names(about="threshold") == []
    assert threshold_of(told)[0] == date(2004, 12, 3)


def test_a_certificate_retracted_revokes_what_rested_on_it_and_reinstated_brings_it_back() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))
    target = told.certificate_of(OIL).event_id

    said = told.on("2004-12-10", retracted(target))
    assert said.one("threshold.revoked").revision == 2
    assert said.one("entry_into_force.cancelled").cause.kind == "correction"
    assert threshold_of(told) == (None, None)

    said = told.on("2004-12-11", reinstated(target))
    assert said.one("threshold.reached").revision == 3
    assert told.certificate_of(OIL).corrected_by != ()


def test_a_certificate_corrected_moves_the_day_of_entry_into_force() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))

    said = told.on("2005-01-10", corrected(told.certificate_of(OIL).event_id, certified_on="2004-12-06"))

    assert said.one("threshold.revised").occurred_on == date(2004, 12, 6)
    assert threshold_of(told) == (date(2004, 12, 6), date(2005, 3, 6))


def test_the_eve_of_the_certificate_knows_nothing_of_it() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))

    assert where(told.treaty, told.world, "2004-12-02").met is False
    assert before(told.treaty, date(2004, 12, 2)).certificates == ()
    told.on("2004-12-10", certified(OIL, on="2004-12-09"))
    assert [one.event.certified_on for one in before(told.treaty, date(2004, 12, 3)).certificates] == [
        date(2004, 12, 3)
    ]


# ---- quantities ------------------------------------------------------------------------------------------------------
def test_a_quantity_has_to_reach_what_the_clause_asks_for() -> None:
    told = eight_deposited(MEASURED)
    short = told.on("2004-09-01", certified(OIL, on="2004-09-01", quantity="449999999", unit="tonnes"))
    assert short.warned == ["short"]
    assert short.names(about="threshold") == []

    said = told.on("2004-12-03", certified(OIL, on="2004-12-03", quantity="450000000", unit="tonnes"))

    assert said.one("threshold.reached").occurred_on == date(2004, 12, 3)


def test_certificates_are_never_added_up() -> None:
    told = eight_deposited(MEASURED)
    for day in ("2004-09-01", "2004-10-01"):
        told.on(day, certified(OIL, on=day, quantity="300000000", unit="tonnes"))

    assert threshold_of(told) == (None, None)


def test_a_lesser_certificate_that_follows_takes_nothing_back() -> None:
    told = eight_deposited(MEASURED)
    told.on("2004-12-03", certified(OIL, on="2004-12-03", quantity="450000000", unit="tonnes"))

    said = told.on("2005-01-03", certified(OIL, on="2005-01-03", quantity="400000000", unit="tonnes"))

    assert set(said.names()) == {"entry_into_force.countdown.reached"}
    assert threshold_of(told)[0] == date(2004, 12, 3)


@pytest.mark.parametrize("stated", [{}, {"quantity": "450"}, {"quantity": "450", "unit": "million tonnes"}])
def test_a_certificate_that_cannot_be_held_against_the_clause_is_refused(stated: dict[str, str]) -> None:
    told = eight_deposited(MEASURED)
    with pytest.raises(QuantityNotComparable) as refused:
        told.on("2004-12-03", certified(OIL, on="2004-12-03", **stated))
    assert refused.value.check == "V2"


def test_forced_upon_the_record_it_makes_the_answer_unknown_and_says_what_is_missing() -> None:
    told = eight_deposited(MEASURED)
    said = told.on("2004-12-03", certified(OIL, on="2004-12-03", override="V2"))

    found = where(told.treaty, told.world)
    assert said.warned == ["V2"]
    assert (found.met, found.unknown) == (None, (f"fact:{OIL}:quantity",))


@pytest.mark.parametrize(
    ("quantity", "english", "french"),
    [
        (
            None,
            "“contributing_oil_received”, at least 450,000,000 tonnes, has not been certified yet (",
            "« contributing_oil_received », au moins 450\u202f000\u202f000 tonnes, n'a pas encore été certifié (",
        ),
        (
            "440000000",
            "has not been certified yet (440,000,000 tonnes at most so far)",
            "n'a pas encore été certifié (au plus 440\u202f000\u202f000 tonnes à ce jour)",
        ),
        ("450000000", "tonnes, was certified on 3 December 2004", "tonnes, a été certifié le 3 décembre 2004"),
    ],
)
def test_a_quantity_is_told_in_a_sentence(quantity: str | None, english: str, french: str) -> None:
    told = eight_deposited(MEASURED)
    if quantity is not None:
        told.on("2004-12-03", certified(OIL, on="2004-12-03", quantity=quantity, unit="tonnes"))
    text = explained(where(told.treaty, told.world), told.world.name)

    assert english in text["en"]
    assert french in text["fr"]


def test_progress_follows_the_quantity_and_never_says_done_before_it_is() -> None:
    told = eight_deposited(MEASURED)
    half = told.on("2004-09-01", certified(OIL, on="2004-09-01", quantity="225000000", unit="tonnes"))

    assert half.names(about="consent.percent") == ["consent.percent.reached", "consent.percent.reached"]
    assert [one.params for one in half.milestones] == ["25", "50"]


# ---- what is refused, and what is kept otherwise ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        (certified(OIL, on="2005-01-02"), ActInTheFuture),
        (certified(OIL, on="2003-05-15"), ActTooEarly),
        (certified("contributing_oil", on="2004-12-03"), KeyNotAskedFor),
    ],
)
def test_a_certificate_that_cannot_be_is_refused_with_the_fact_the_rule_and_the_way_out(
    order: Any, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        eight_deposited().on("2005-01-01", order)
    assert refused.value.detail
    assert refused.value.way_out


def test_a_key_nobody_asks_for_is_answered_with_the_one_that_is_meant() -> None:
    with pytest.raises(KeyNotAskedFor, match=f"Did you mean {OIL}"):
        eight_deposited().on("2005-01-01", certified("contributing_oil", on="2004-12-03"))


def test_the_same_certificate_is_not_recorded_twice() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))
    with pytest.raises(AlreadyCertified):
        told.on("2004-12-04", certified(OIL, on="2004-12-03"))

    told.on("2004-12-05", retracted(told.certificate_of(OIL).event_id))
    told.on("2004-12-06", certified(OIL, on="2004-12-03"))
    assert threshold_of(told)[0] == date(2004, 12, 3)


def test_before_any_rule_is_known_every_certificate_is_taken() -> None:
    told = story(None)
    told.on("2004-12-03", certified("whatever", on="2004-12-03"))
    assert len(told.treaty.certificates) == 1


def test_a_fact_that_only_the_clause_on_leaving_asks_for_is_taken() -> None:
    leaving = ({"clause": "20", "takes_effect": plus(months=6), "needs": ["reasons", "fact:no_conflict"]},)
    told = story(rule(3, leaving=leaving))
    assert told.on("2004-12-03", certified("no_conflict", on="2004-12-03")).warned == []


@pytest.mark.parametrize(("certified_on", "warned"), [("2019-12-31", []), ("2020-01-02", ["V8"])])
def test_a_requirement_of_leaving_may_have_been_certified_by_the_day_of_the_notice(
    certified_on: str, warned: list[str]
) -> None:
    leaving = ({"clause": "20", "takes_effect": plus(months=6, of=ref("received")), "needs": ["fact:no_conflict"]},)
    told = story(rule(1, leaving=leaving), acceded("s1", on="2010-01-01"))
    told.on("2020-01-02", certified("no_conflict", on=certified_on))

    assert [code for code in told.on("2020-01-02", denounced("s1", on="2020-01-01")).warned if code == "V8"] == warned


def test_what_a_newspaper_says_was_certified_is_a_claim_and_proves_nothing() -> None:
    told = eight_deposited()
    said = told.on("2004-12-03", certified(OIL, on="2004-12-03", **PRESS))

    assert said.warned == ["V14"]
    assert isinstance(told.events[-1], ClaimRecorded)
    assert told.treaty.certificates == ()
    assert threshold_of(told) == (None, None)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"participant": "s1"}, FieldNotCorrectable),
        ({"evidence": []}, FieldNotCorrectable),
        ({"quantity": "much"}, FieldNotCorrectable),
        ({"certified_on": None}, FieldNotCorrectable),
        ({"tier": "press"}, FieldNotCorrectable),
        ({"certified_on": "2004-12-03"}, NothingChanged),
        ({"certified_on": "2005-01-02"}, ActInTheFuture),
        ({"certified_on": "2003-01-01"}, ActTooEarly),
    ],
)
def test_a_correction_of_a_certificate_is_checked_like_that_of_an_act(
    fields: dict[str, Any], refusal: type[Refusal]
) -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))
    with pytest.raises(refusal):
        told.on("2005-01-01", corrected(told.certificate_of(OIL).event_id, **fields))


def test_a_certificate_is_not_retracted_twice_and_a_stranger_not_at_all() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))
    target = told.certificate_of(OIL).event_id
    told.on("2004-12-04", retracted(target))
    with pytest.raises(NothingChanged, match="certificate is already retracted"):
        told.on("2004-12-05", retracted(target))
    with pytest.raises(UnknownFact):
        told.on("2004-12-05", retracted("6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d"))


def test_a_correction_to_what_would_have_been_objected_to_stands_and_warns() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))
    said = told.on("2004-12-04", corrected(told.certificate_of(OIL).event_id, key="oil"))

    assert said.warned == ["V2"]
    assert said.names(about="threshold") == ["threshold.revoked"]


# ---- tables ----------------------------------------------------------------------------------------------------------
PARIS = rule(
    all_of(count(3), weight("ghg", "0.55")), plus(days=30), clause="21(1)", for_each=(), leaving=(), joining=None
)
SHARES = {"s1": "20", "s2": "18", "fra": "15", "ita": "10", "eu": "30"}


def three_of_paris() -> Story:
    """Three States and the Union; 53 % without Italy and without the Union's own share."""
    acts = [
        acceded("s1", on="2016-09-03"),
        acceded("s2", on="2016-10-02"),
        acceded("fra", on="2016-10-05"),
        approved("eu", on="2016-10-05", override="V3"),
    ]
    return story(PARIS, *acts, world=EUROPE)


def test_before_the_table_is_recorded_the_answer_is_unknown_and_names_it() -> None:
    told = three_of_paris()
    found = where(told.treaty, told.world)
    assert (found.met, found.unknown) == (None, ("table:ghg",))


def test_a_table_recorded_after_the_acts_tells_the_day_and_the_union_s_share_is_not_added() -> None:
    told = three_of_paris()
    short = told.on("2016-10-06", table_of("ghg", SHARES, whole="100"))
    assert short.names(about="threshold") == []

    said = told.on("2016-10-07", acceded("ita", on="2016-10-05"))

    assert said.one("threshold.reached").occurred_on == date(2016, 10, 5)
    assert said.one("entry_into_force.scheduled").occurred_on == date(2016, 11, 4)
    weighed = where(told.treaty, told.world).reading.parts[1]
    assert weighed.have * 100 == 63
    assert [(left.consent.participant, left.reason) for left in weighed.not_counted] == [("eu", "not_additional")]
    (table,) = weighed.rests_on
    assert (table.kind, table.name, table.version, table.source) == ("table", "ghg", "1", "An invented register")


def test_a_new_version_of_a_table_is_a_correction_of_what_we_said() -> None:
    told = three_of_paris()
    told.on("2016-10-06", table_of("ghg", SHARES | {"s1": "30"}, whole="100"))
    said = told.on("2016-10-07", table_of("ghg", SHARES, whole="100", reason="a row was read wrongly"))

    assert said.one("threshold.revoked").cause.kind == "table"
    assert [one.event.version for one in told.treaty.tables["ghg"]] == [1, 2]
    assert "threshold.lost" not in said.names()


def test_a_table_that_already_reads_so_is_not_recorded_again() -> None:
    told = three_of_paris()
    told.on("2016-10-06", table_of("ghg", SHARES, whole="100"))
    (decision,) = told.on("2016-10-07", table_of("ghg", SHARES, whole="100", reason="once more")).decisions
    assert decision.events == ()


def test_the_record_comes_before_the_rule_and_the_rule_before_the_world() -> None:
    stated = {"table": "ghg", "version": "of the rule", "source": "its annex", "whole": "100", "values": {"s1": "60"}}
    by_rule = PARIS | {"tables": [stated]}
    world = Twin(tables={"ghg": {"s1": "0.1"}})
    told = story(by_rule, acceded("s1", on="2016-09-03"), world=world)
    assert where(told.treaty, world).reading.parts[1].rests_on[0].version == "of the rule"

    said = told.on("2016-10-06", table_of("ghg", SHARES, whole="100"))

    assert said.warned == ["replaces"]
    weighed = where(told.treaty, world).reading.parts[1]
    assert (weighed.rests_on[0].version, weighed.have * 100) == ("1", 20)


@pytest.mark.parametrize(
    ("order", "codes"),
    [
        (table_of("tonnage", SHARES, whole="100"), ["not-asked-for"]),
        (table_of("ghg", SHARES), ["whole"]),
        (table_of("ghg", {"s1": "0.2"}), []),
        (table_of("ghg", {"s1": "0.6", "s2": "0.6"}), ["more-than-whole"]),
        (table_of("ghg", {"s1": "60", "s2": "60"}, whole="100"), ["more-than-whole"]),
        (table_of("ghg", {"s1": "1/3", "s2": "2/3"}, whole="1"), []),
        (table_of("ghg", SHARES, whole="100"), []),
    ],
)
def test_the_desk_is_warned_of_a_table_nobody_asks_for_or_whose_rows_and_whole_do_not_agree(
    order: Any, codes: list[str]
) -> None:
    assert three_of_paris().on("2016-10-06", order).warned == codes


def test_a_table_is_corrected_by_its_next_version_and_the_refusal_says_so() -> None:
    told = three_of_paris()
    told.on("2016-10-06", table_of("ghg", SHARES, whole="100"))
    target = told.treaty.tables["ghg"][-1].event_id
    for order in (retracted(target), corrected(target, source="another")):
        with pytest.raises(TableNotCorrectable, match="next version"):
            told.on("2016-10-07", order)


def test_a_table_may_measure_who_is_large_enough() -> None:
    large = count(2, attribute={"table": "own_gt", "value": "1000000"})
    told = story(rule(large), acceded("s1", on="2016-09-03"), acceded("s2", on="2016-09-04"))
    assert where(told.treaty, told.world).met is None

    said = told.on("2016-10-06", table_of("own_gt", {"s1": 1_000_000, "s2": 2_000_000}))

    assert said.one("threshold.reached").occurred_on == date(2016, 9, 4)
    assert where(told.treaty, told.world).reading.rests_on[0].name == "own_gt"


# ---- rehearsals, and the rule that comes later -----------------------------------------------------------------------
def test_a_rehearsal_takes_tables_and_certificates_with_it_and_its_day_follows_them() -> None:
    told = eight_deposited(MEASURED)
    told.on("2004-09-01", certified(OIL, on="2004-09-01", quantity="1", unit="tonnes"))
    told.on("2004-09-02", certified(OIL, on="2004-09-02", quantity="2", unit="tonnes"))
    told.on("2004-09-03", retracted(told.certificate_of(OIL).event_id))
    told.on("2004-09-03", table_of("fleet", {"s1": 1}), table_of("fleet", {"s1": 2}))

    practice = Story()
    practice.on("2004-10-01", rehearsal_of(told.treaty, starts_on="2004-10-01"))
    copied = practice.treaty
    assert [one.event.quantity for one in copied.certificates] == ["1"]
    assert [(one.event.version, one.event.values) for one in copied.tables["fleet"]] == [(1, {"s1": "2"})]

    said = practice.on("2004-10-01", certified(OIL, on="2005-02-01", quantity="450000000", unit="tonnes"))
    assert said.one("threshold.reached").occurred_on == date(2005, 2, 1)
    assert practice.treaty.rehearsal_day == date(2005, 2, 1)
    assert practice.on("2004-10-01", move_to("2005-05-01")).one("entry_into_force.reached")


def test_a_rehearsal_of_an_earlier_day_knows_no_later_certificate() -> None:
    told = eight_deposited()
    told.on("2004-12-03", certified(OIL, on="2004-12-03"))
    practice = Story()
    practice.on("2005-01-01", rehearsal_of(told.treaty, starts_on="2004-12-02"))
    assert practice.treaty.certificates == ()


def test_what_was_certified_before_the_rule_asked_for_it_counts_once_it_does() -> None:
    told = story(rule(8), *[ratified(one, on="2004-06-03", override="V3") for one in states(7)])
    told.on("2004-12-03", certified(OIL, on="2004-12-03", override="V2"))
    asks = TreatyRule.model_validate(fund() | {"in_force": fund()["in_force"]})
    told.on("2004-12-04", Define(treaty=T, details=told.treaty.details, windows=(), rule=asks))

    said = told.on("2004-12-05", ratified("s8", on="2004-12-05", override="V3"))

    assert said.one("threshold.reached").occurred_on == date(2004, 12, 5)


def test_the_state_passed_in_is_left_as_it_was() -> None:
    told = three_of_paris()
    state = told.treaty
    told.on("2016-10-06", table_of("ghg", SHARES, whole="100"), certified("x", on="2016-10-06", override="V2"))
    assert (state.tables, state.certificates) == ({}, ())
    assert {TableSet, FactCertified} <= {type(one) for one in told.events}


def test_a_certificate_in_a_file_is_held_against_the_clause_as_well() -> None:
    acts = [acceded(one, on="2004-06-03") for one in states(8)]
    assert outcome(fund(), *acts, world=Twin(certified={OIL: "2004-12-03"})).threshold_on == date(2004, 12, 3)
    assert outcome(MEASURED, *acts, world=Twin(certified={OIL: "2004-12-03"})).met is None


# ---- what we knew when -----------------------------------------------------------------------------------------------
@given(
    days=st.lists(st.integers(0, 300), min_size=1, max_size=6),
    at=st.integers(0, 6),
    values=st.lists(st.integers(0, 60), min_size=6, max_size=6),
)
def test_until_the_table_was_recorded_the_answer_is_unknown_and_from_then_on_it_never_is(
    days: list[int], at: int, values: list[int]
) -> None:
    names = states(len(days))
    orders: list[Any] = [acceded(one, on=date(2016, 1, 1) + timedelta(n)) for one, n in zip(names, days, strict=True)]
    table = table_of("ghg", dict(zip(states(6), values, strict=True)), whole="360")
    orders.insert(min(at, len(orders)), table)
    told = story(rule(weight("ghg", "0.5")))
    for order in orders:
        told.on("2017-01-01", order)

    state: Any = Undefined(T)
    with_table = with_consent = False
    for event in told.events:
        state = evolve(state, [event])
        with_table |= isinstance(event, TableSet)
        with_consent |= isinstance(event, InstrumentDeposited)
        if not isinstance(state, Treaty) or state.rule is None:
            continue
        found = where(state, told.world)
        if with_table:
            assert found.met is not None
            assert found.unknown == ()
        elif with_consent:
            assert (found.met, found.threshold_on) == (None, None)
            assert found.unknown == ("table:ghg",)
    assert state == told.treaty


@given(
    stated=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 20)), min_size=1, max_size=6, unique=True),
    order=st.randoms(use_true_random=False),
)
def test_the_order_in_which_certificates_become_known_does_not_matter(
    stated: list[tuple[int, int]], order: Any
) -> None:
    by_rule = rule({"op": "fact", "key": OIL, "at_least": "10"}, for_each=(), leaving=())
    start = date(2004, 1, 1)

    def told(certificates: list[tuple[int, int]]) -> Story:
        found = story(by_rule)
        for n, amount in certificates:
            found.on("2005-01-01", certified(OIL, on=start + timedelta(n), quantity=str(amount)))
        return found

    shuffled = list(stated)
    order.shuffle(shuffled)
    expected = min((start + timedelta(n) for n, amount in stated if amount >= 10), default=None)
    assert threshold_of(told(stated))[0] == threshold_of(told(shuffled))[0] == expected
