"""What the facts say to statements: by the day they speak of, within what they leave open, and never beyond the record.

By 4 January 2030 four have signed: s1 on the 1st, s2 and the organisation on the 2nd, s3 on the 4th.
"""

from typing import Any

import pytest

from tests.builders import (
    EACH,
    RECORDED,
    T,
    Twin,
    acceded,
    all_of,
    any_of,
    count,
    day,
    denounced,
    facts,
    hanoi,
    plus,
    ratified,
    ref,
    rule,
    signed,
    took_back,
    weight,
    window,
)
from treaty_events import Action, Bound, ClaimedThreshold, ClaimRecorded, DepositStatus, Tier
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.claims import judge, ledger_of
from treaty_status.domain.treaty import Treaty, Undefined, evolve
from treaty_status.domain.verdict_sentences import verdict_text
from treaty_status.domain.verdicts import Verdict

WORLD = Twin(organisations={"org": ["s1", "s2"]}, populations={"un_members": ["s1", "s3", "s9"]})
SIGNED = [
    signed("s1", on="2030-01-01"),
    signed("s2", on="2030-01-02"),
    signed("org", on="2030-01-02"),
    signed("s3", on="2030-01-04"),
]


def judged(*acts: Any, by_rule: Any = None, as_of: str = "2030-03-31", **claim: Any) -> Verdict:
    """The verdict on one statement; ``beside`` are statements heard before it, ``header`` what the treaty says."""
    beside, header = claim.pop("beside", []), claim.pop("header", {})
    body = {"claimed_on": "2030-01-10", "source": "A newspaper", "statement": "…", "about": "signatures"}
    said = [
        ClaimRecorded(treaty=T, recorded=RECORDED, **{"tier": Tier.PRESS} | body | {"heard_on": day(as_of)} | one)
        for one in (*beside, claim)
    ]
    state = evolve(Undefined(T), [*facts(*acts, by_rule=by_rule or hanoi(2), **header), *said])
    assert isinstance(state, Treaty)
    outcome = outcome_of(state, world=WORLD, as_of=day(as_of))
    verdict = judge(state.claims[-1], ledger_of(state, world=WORLD, as_of=day(as_of), outcome=outcome))
    for lang in ("en", "fr"):
        text = verdict_text(state.claims[-1].event, verdict, WORLD.name, lang)
        assert text.endswith(".")
        assert "None" not in text
        assert "{" not in text
    return verdict


def kind(*acts: Any, **more: Any) -> str:
    return judged(*acts, **more).kind.value


# ---- numbers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("on", "value", "verdict"),
    [
        ("2030-01-04", 4, "right"),
        ("2030-01-04", 3, "right_at_its_time"),  # in the morning it was three
        ("2030-01-03", 3, "right_at_its_time"),
        ("2030-01-03", 4, "wrong_count"),
        ("2030-01-05", 3, "wrong_count"),
        ("2030-01", 0, "right_at_its_time"),
        ("2030-01", 1, "right_at_its_time"),
        ("2030-01", 3, "right_at_its_time"),
        ("2030-01", 4, "right"),
        ("2030-01", 2, "wrong_count"),  # two in the course of a day, at the end of none
        ("2030", 1, "right_at_its_time"),
    ],
)
def test_a_number_is_judged_by_the_days_its_statement_may_be_of(on: str, value: int, verdict: str) -> None:
    assert kind(*SIGNED, claimed_on=on, value=value) == verdict


@pytest.mark.parametrize(
    ("bound", "value", "verdict"),
    [
        (Bound.ABOUT, 5, "approximate"),
        (Bound.ABOUT, 6, "wrong_count"),
        (Bound.AT_LEAST, 4, "approximate"),
        (Bound.AT_LEAST, 5, "wrong_count"),
        (Bound.MORE_THAN, 3, "approximate"),
        (Bound.MORE_THAN, 4, "wrong_count"),
        (Bound.AT_MOST, 4, "approximate"),
        (Bound.AT_MOST, 3, "wrong_count"),
        (Bound.FEWER_THAN, 5, "approximate"),
        (Bound.FEWER_THAN, 4, "wrong_count"),
        (Bound.EXACTLY, 4, "right"),
    ],
)
def test_a_bound_is_judged_as_a_bound(bound: Bound, value: int, verdict: str) -> None:
    assert kind(*SIGNED, value=value, bound=bound) == verdict


def test_a_wrong_number_is_told_with_the_day_on_which_it_would_have_been_right_or_was_passed() -> None:
    once = judged(*SIGNED, value=3)
    assert (once.right_from, once.right_until) == (day("2030-01-02"), day("2030-01-03"))
    never = judged(*SIGNED, value=2)
    assert (never.right_from, never.passed_on) == (None, day("2030-01-02"))


def test_an_organisation_is_no_state_and_is_not_counted_twice() -> None:
    told = judged(*SIGNED, about="signatures_by_states", value=4)
    assert (told.kind, told.have, len(told.grounds.event_ids)) == ("counts_the_organisation_as_a_state", 3, 1)
    assert kind(*SIGNED, among="states", value=3) == "right"
    assert kind(*SIGNED, among="states", value=3, besides=("org",)) == "right"
    assert kind(*SIGNED, among="states", value=4, besides=("org",)) == "double_counts_the_organisation"
    assert kind(*SIGNED, among="states", value=3, besides=("s9",)) == "wrong_count"


def test_a_group_is_not_everybody() -> None:
    assert kind(*SIGNED, among="un_members", value=2) == "right"
    assert kind(*SIGNED, among="un_members", value=3) == "wrong_population"
    assert kind(*SIGNED, among="un_members", value=4) == "wrong_population"
    assert kind(*SIGNED, among="un_members", value=7) == "wrong_count"
    assert judged(*SIGNED, among="g77", value=7).because == "population_unknown"


def test_signatures_on_a_day_are_those_of_the_day_alone() -> None:
    assert kind(*SIGNED, about="signatures_on_day", act_date="2030-01-02", value=2) == "right"
    assert kind(*SIGNED, about="signatures_on_day", act_date="2030-01-02", value=3) == "wrong_count"
    assert kind(*SIGNED, about="signatures_on_day", act_date="2030-01", value=4) == "right"


def test_a_consent_taken_back_or_denounced_is_counted_until_then() -> None:
    gave = [*SIGNED, ratified("s1", on="2030-01-05"), ratified("s2", on="2030-01-06")]
    assert kind(*gave, about="consents", value=2) == "right"
    back = [*gave, took_back("s1", on="2030-02-01")]
    assert kind(*back, about="consents", value=2) == "right_at_its_time"
    assert kind(*back, about="consents", value=2, claimed_on="2030-02-10") == "wrong_count"
    left = [*gave, denounced("s1", on="2030-06-01")]
    late = {"about": "consents", "value": 1, "as_of": "2031-12-31"}
    assert kind(*left, **late, claimed_on="2031-05-30") == "wrong_count"
    assert kind(*left, **late, claimed_on="2031-06-02") == "right"


def test_signatures_are_no_ratifications() -> None:
    assert kind(*SIGNED, about="consents", value=4) == "confuses_signature_with_ratification"
    assert kind(*SIGNED, about="consents", value=3, bound=Bound.MORE_THAN) == "confuses_signature_with_ratification"
    states = judged(*SIGNED, about="consents", value=4, among="states")
    assert states.also == ("counts_the_organisation_as_a_state",)
    assert kind(*SIGNED, about="consents", value=1, bound=Bound.AT_LEAST) == "wrong_count"
    assert kind(*SIGNED, ratified("s1", on="2030-01-05"), about="consents", value=1) == "right"


# ---- how far the record was read -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "verdict"),
    [(3, "wrong_count"), (4, "not_shown"), (9, "not_shown")],
    ids=["fewer than it had", "as many", "more"],
)
def test_past_the_last_day_that_was_read_only_fewer_is_wrong(value: int, verdict: str) -> None:
    header = {"last_read_on": day("2030-01-31")}
    assert kind(*SIGNED, claimed_on="2030-02-10", value=value, header=header) == verdict


@pytest.mark.parametrize(
    ("bound", "value", "verdict"),
    [
        (Bound.AT_LEAST, 4, "approximate"),
        (Bound.AT_LEAST, 5, "not_shown"),
        (Bound.MORE_THAN, 3, "approximate"),
        (Bound.MORE_THAN, 4, "not_shown"),
        (Bound.AT_MOST, 4, "not_shown"),
        (Bound.AT_MOST, 3, "wrong_count"),
        (Bound.FEWER_THAN, 9, "not_shown"),
        (Bound.FEWER_THAN, 4, "wrong_count"),
        (Bound.ABOUT, 4, "not_shown"),
        (Bound.ABOUT, 2, "wrong_count"),
    ],
)
def test_a_bound_past_that_day_holds_only_where_more_could_not_undo_it(bound: Bound, value: int, verdict: str) -> None:
    header = {"last_read_on": day("2030-01-31")}
    assert kind(*SIGNED, claimed_on="2030-02-10", value=value, bound=bound, header=header) == verdict


def test_past_that_day_nobody_is_said_to_have_mixed_anything_up() -> None:
    header = {"last_read_on": day("2030-01-31")}
    late = {"claimed_on": "2030-02-10", "header": header}
    assert kind(*SIGNED, **late, among="states", value=4) == "not_shown", "a fourth may have signed since"
    assert kind(*SIGNED, **late, among="states", value=4, bound=Bound.AT_LEAST) == "not_shown"
    assert kind(*SIGNED, **late, about="consents", value=4) == "not_shown"


def test_what_is_not_shown_says_how_far_the_record_was_read() -> None:
    header = {"last_read_on": day("2030-01-31")}
    told = judged(*SIGNED, claimed_on="2030-02-10", value=9, header=header)
    assert (told.have, told.because, told.read_until) == (4, "beyond_the_record", day("2030-01-31"))


def test_an_act_recorded_past_that_day_shows_that_the_record_is_kept_up_again() -> None:
    header = {"last_read_on": day("2030-01-31")}
    acts = [*SIGNED, signed("s4", on="2030-02-05")]
    assert kind(*acts, claimed_on="2030-02-10", value=9, header=header) == "wrong_count"
    assert kind(*acts, claimed_on="2030-02-04", value=9, header=header) == "not_shown", (
        "of the days between nobody knows"
    )


def test_a_total_of_the_depositary_that_differs_is_a_matter_of_the_record() -> None:
    assert kind(*SIGNED, value=5, tier=Tier.OFFICIAL_DEPOSITARY) == "record_differs"
    assert kind(*SIGNED, value=4, tier=Tier.OFFICIAL_DEPOSITARY) == "right"


# ---- acts ------------------------------------------------------------------------------------------------------------
RATIFIED = {"about": "participant_act", "participant": "s1", "action": Action.RATIFICATION}


@pytest.mark.parametrize(
    ("on", "act_date", "verdict", "days"),
    [
        ("2030-02-10", "2030-02-10", "right", None),
        ("2030-02-10", "2030-02", "right", None),
        ("2030-02-12", None, "right", None),
        ("2030-02-01", "2030-02-01", "early", 9),
        ("2030-02-01", None, "early", 9),
        ("2030-01", "2030-01", "early", 10),
        ("2030-02-20", "2030-02-12", "wrong_date", None),
        ("2030-02-20", "2030-02-01", "wrong_date", None),
    ],
)
def test_a_reported_ratification_is_held_against_the_deposit(
    on: str, act_date: str | None, verdict: str, days: int | None
) -> None:
    told = judged(*SIGNED, ratified("s1", on="2030-02-10"), **RATIFIED, claimed_on=on, act_date=act_date)
    assert (told.kind, told.true_on, len(told.grounds.event_ids)) == (verdict, day("2030-02-10"), 1)
    assert told.days == days


def test_what_the_record_does_not_show_is_wrong_only_where_it_was_read_that_far() -> None:
    report = {"about": "participant_act", "participant": "s9", "action": Action.SIGNATURE, "act_date": "2030-01"}
    assert kind(*SIGNED, **report) == "not_shown"
    assert kind(*SIGNED, **report, header={"last_read_on": day("2030-02-01")}) == "wrong_participant"
    assert kind(*SIGNED, **report, header={"last_read_on": day("2030-01-30")}) == "not_shown"
    assert kind(*SIGNED, **report, header={"last_read_on": day("2030-02-01")}, as_of="2030-01-20") == "not_shown"


def test_an_instrument_that_the_depositary_holds_back_is_no_consent() -> None:
    held = ratified("s1", on="2030-02-10", extra={"deposit_status": DepositStatus.PENDING})
    told = judged(*SIGNED, held, **RATIFIED, act_date="2030-02", claimed_on="2030-02-20")
    assert (told.kind, told.because, len(told.grounds.event_ids)) == ("not_shown", "held_back", 1)


def test_other_acts_are_looked_for_as_they_are() -> None:
    left = {"about": "participant_act", "participant": "s1", "action": Action.WITHDRAWAL_NOTIFIED}
    acts = [*SIGNED, ratified("s1", on="2030-02-10"), denounced("s1", on="2030-03-10")]
    assert kind(*acts, **left, act_date="2030-03") == "right"
    assert kind(*acts, **left, act_date="2030-02", claimed_on="2030-03-01") == "early"
    assert judged(*SIGNED, **left, act_date="2030-02").because == "no_such_act"


def test_approval_at_home_is_no_deposit() -> None:
    approval = {"about": "domestic_approval", "participant": "s1", "act_date": "2030-02-10"}
    assert kind(*SIGNED, **RATIFIED, act_date="2030-02", beside=[approval]) == "confuses_approval_with_deposit"
    assert kind(*SIGNED, **RATIFIED, act_date="2030-03", beside=[approval]) == "not_shown"
    deposited = [*SIGNED, ratified("s1", on="2030-02-15")]
    assert kind(*deposited, **RATIFIED, act_date="2030-02", beside=[approval]) == "right"
    assert kind(*SIGNED, **approval) == "not_shown"


def test_a_signature_told_as_a_ratification_of_that_day() -> None:
    assert kind(*SIGNED, **RATIFIED, act_date="2030-01-01") == "confuses_signature_with_ratification"


def test_who_is_said_to_be_first_has_to_be() -> None:
    acts = [*SIGNED, ratified("s1", on="2030-02-10"), ratified("s2", on="2030-02-10"), ratified("s3", on="2030-02-11")]
    for who, nth, verdict in (
        ("s1", 1, "right"),
        ("s2", 1, "right"),  # the order within a day is not known
        ("s2", 3, "wrong_participant"),
        ("s3", 3, "right"),
        ("s3", 1, "wrong_participant"),
        ("s8", 1, "wrong_participant"),
        ("s8", 4, "not_shown"),
    ):
        report = {**RATIFIED, "participant": who, "claimed_on": "2030-02-20", "act_date": None}
        if who == "s8":
            report["act_date"] = "2030-02-20"
        assert kind(*acts, **report, ordinal=nth) == verdict, (who, nth)


# ---- text, days and clauses ------------------------------------------------------------------------------------------
def test_days_are_held_against_the_record() -> None:
    header = {"adopted_on": day("2029-12-24"), "windows": (window("2030-01-01", "2030-12-31"),)}
    acts = [*SIGNED, acceded("s7", on="2030-01-20"), acceded("s8", on="2030-01-21")]
    for of, said, verdict in (
        ("adoption", "2029-12", "right"),
        ("adoption", "2029-11", "wrong_date"),
        ("opening", "2029-01-01", "wrong_date"),
        ("closing", "2030-12-31", "right"),
        ("first_signature", "2030-01-01", "right"),
        ("first_consent", "2030-01-20", "right"),
        ("threshold", "2030-01-21", "right"),
        ("entry_into_force", "2030-04-21", "right"),
        ("entry_into_force", "2030-05-01", "wrong_date"),
    ):
        assert kind(*acts, about="date", day_of=of, act_date=said, header=header) == verdict, (of, said)
    assert judged(*SIGNED, about="date", day_of="threshold", act_date="2030").because == "no_such_day"
    assert judged(*SIGNED, about="date", act_date="2030").because == "not_structured"


FORTY = hanoi(40)
STATES_ALONE = rule(count(40, reio="never"))
TWO_WAYS = {
    **rule(40),
    "in_force": [
        {"clause": "1", "when": count(40), "then": plus(days=90)},
        {"clause": "2", "when": count(20, groups=["un_members"]), "then": plus(days=30, of=ref("threshold"))},
    ],
    "for_each": EACH,
}
SHARED = rule(all_of(count(55), weight("emissions", "0.55")), plus(days=30))
OTHERWISE = rule(any_of(count(55), count(40)), plus(months=3))


@pytest.mark.parametrize(
    ("by_rule", "said", "delay", "differs"),
    [
        (FORTY, {"count": 40, "by": "consent"}, 90, ()),
        (FORTY, {"count": 40, "by": "signature"}, None, ("act",)),
        (FORTY, {"count": 40, "among": "un_members"}, None, ("population",)),
        (FORTY, {"count": 30}, 60, ("count", "delay")),
        (FORTY, None, 60, ("delay",)),
        (STATES_ALONE, {"count": 40, "among": "states"}, None, ()),
        (TWO_WAYS, {"count": 20, "among": "un_members"}, 30, ()),
        (TWO_WAYS, {"count": 40}, 90, ()),
        (TWO_WAYS, {"count": 40}, 30, ("delay",)),
        (SHARED, {"count": 55}, 30, ()),
        (SHARED, {"count": 50}, None, ("count",)),
        (OTHERWISE, {"count": 40}, None, None),
        (OTHERWISE, None, 90, None),
    ],
)
def test_a_clause_is_compared_where_it_counts_instruments_and_days(
    by_rule: Any, said: dict[str, Any] | None, delay: int | None, differs: tuple[str, ...] | None
) -> None:
    threshold = None if said is None else ClaimedThreshold(**said)
    told = judged(*SIGNED, about="rule", threshold=threshold, delay_days=delay, by_rule=by_rule)
    if differs is None:
        assert (told.kind, told.because) == ("not_shown", "clause_not_comparable")
    else:
        assert (told.kind, set(told.differs)) == ("wrong_rule" if differs else "right", set(differs))


def test_what_cannot_be_held_against_anything_is_not_shown() -> None:
    for about in ("other", "rule", "articles", "participant_act", "signatures", "a word of a later version"):
        assert judged(*SIGNED, about=about).because in {"not_structured", "not_in_the_header"}, about
    assert judged(*SIGNED, claimed_on="2030-13-45", value=4).kind == "not_shown"
