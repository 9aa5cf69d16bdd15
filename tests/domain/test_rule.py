"""Rules are data: those of real treaties are read as they are, and hostile ones are refused at the door."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.builders import all_of, any_of, count, later, plus, ref, rule, weight
from treaty_status.domain.rule import MOST_DEEP, MOST_NODES, TreatyRule

CORPUS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "histories" / "rules.ndjson").read_text(encoding="utf-8").splitlines()
]


def read(document: dict[str, Any]) -> TreatyRule:
    """The rule as it is stored and read again: through JSON."""
    return TreatyRule.model_validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("document", CORPUS, ids=[one["treaty"] for one in CORPUS])
def test_the_clauses_of_a_real_treaty_are_read_and_written_back_unchanged(document: dict[str, Any]) -> None:
    found = read(document)

    written = found.model_dump(mode="json", exclude_defaults=True)
    assert read(written) == found
    assert TreatyRule.model_validate_json(json.dumps(written)) == found


def test_the_corpus_holds_24_treaties_and_every_clause_is_cited() -> None:
    assert len({one["treaty"] for one in CORPUS}) == len(CORPUS) == 24
    for document in CORPUS:
        assert document["source"]
        assert all(
            clause["clause"] for part in ("in_force", "for_each", "leaving") for clause in document.get(part, [])
        )


def test_the_corpus_uses_every_kind_of_condition_but_a_bare_date() -> None:
    text = json.dumps(CORPUS)
    shapes = {"count", "weight", "fraction", "everyone", "fact", "treaty_in_force", "not_blocked", "all", "any"}
    assert {shape for shape in shapes if f'"op": "{shape}"' in text} == shapes


# ---- hostile rules ---------------------------------------------------------------------------------------------------
def refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(document)


@pytest.mark.parametrize(
    "where",
    [
        lambda doc: doc,
        lambda doc: doc["in_force"][0],
        lambda doc: doc["in_force"][0]["when"],
        lambda doc: doc["in_force"][0]["when"]["who"],
        lambda doc: doc["in_force"][0]["then"],
        lambda doc: doc["for_each"][0],
        lambda doc: doc["leaving"][0],
    ],
)
def test_a_word_the_vocabulary_does_not_know_is_refused_wherever_it_stands(where: Any) -> None:
    document = json.loads(json.dumps(rule(count(40, reio="never"))))
    read(document)
    where(document)["on_error"] = "resume"
    refused(document)


@pytest.mark.parametrize(
    "amount",
    [0.55, 55, True, "0.55x", "", " 0.55", "1/0", "NaN", "inf", "-0.55", "0", "0/3", "1e999999999", "1_0", "٣", "+1"],
)
def test_a_share_is_exact_positive_text_and_never_a_binary_number(amount: object) -> None:
    refused(rule({"op": "weight", "table": "shares", "at_least": amount}))


@pytest.mark.parametrize("amount", ["0.55", "2/3", "33/100", "1", "450000000", ".5"])
def test_decimals_and_fractions_are_shares(amount: str) -> None:
    if amount == ".5":
        refused(rule(weight("shares", amount)))
    else:
        read(rule(weight("shares", amount)))


def test_a_part_of_a_population_is_no_more_than_the_whole() -> None:
    refused(rule({"op": "fraction", "of": "parties_now", "at_least": "4/3"}))
    read(rule({"op": "fraction", "of": "parties_now", "at_least": "1"}))


@pytest.mark.parametrize("number", [0, -1, 1.5, "40", True, 1001, None, 10**30])
def test_a_count_is_a_whole_number_of_instruments(number: object) -> None:
    refused(rule({"op": "count", "at_least": number}))


@pytest.mark.parametrize("days", [-1, 1.5, "90", True, 10**9])
def test_a_period_is_a_whole_number_that_is_not_negative(days: object) -> None:
    refused(rule(40, {"op": "plus", "days": days}))


@pytest.mark.parametrize(
    "text", [0, 1735689600, "1735689600", "2019-1-1", "20190101", "2019-01-01T00:00:00Z", "2019-02-30", None, True]
)
def test_a_date_is_written_year_month_day_and_nothing_else(text: object) -> None:
    refused(rule(40, {"op": "on", "date": text}))
    if text is not None:
        refused(rule(40, in_force=[{"clause": "1", "when": count(1), "then": plus(days=1), "threshold_from": text}]))


def test_all_and_any_of_nothing_are_refused_because_all_of_nothing_would_be_true() -> None:
    refused(rule(all_of()))
    refused(rule(any_of()))
    refused(rule(40, later()))
    refused(rule(40, in_force=[]))


def test_a_rule_deeper_than_any_clause_is_refused() -> None:
    condition: dict[str, Any] = count(1)
    for _ in range(MOST_DEEP + 1):
        condition = all_of(condition)
    refused(rule(condition))


def test_a_date_deeper_than_any_clause_is_refused() -> None:
    expr: dict[str, Any] = plus(days=1)
    for _ in range(MOST_DEEP + 1):
        expr = plus(days=1, of=expr)
    refused(rule(40, expr))


def test_a_depth_bomb_is_a_refusal_and_not_a_crash() -> None:
    condition: dict[str, Any] = count(1)
    for _ in range(900):
        condition = all_of(condition)
    with pytest.raises(ValidationError):
        TreatyRule.model_validate(rule(condition))
    text = '{"op":"all","of":[' * 5_000 + '{"op":"count","at_least":1}' + "]}" * 5_000
    whole = json.dumps(rule(40)).replace(json.dumps(count(40)), text)
    with pytest.raises(ValidationError):
        TreatyRule.model_validate_json(whole)


def test_a_rule_wider_than_any_treaty_is_refused() -> None:
    refused(rule(all_of(*[count(1)] * MOST_NODES)))
    refused(rule(40, later(*[plus(days=1)] * (MOST_NODES + 1))))
    refused(rule(40, for_each=[{"clause": "1", "then": ref("eif")}] * (MOST_NODES + 1)))
    refused(rule(count(1, groups=["g"] * (MOST_NODES + 1))))


def test_text_in_a_rule_has_an_end() -> None:
    refused(rule(weight("t" * 10_000, "0.5")))
    refused(rule(40, title="t" * 10_000))
    refused(rule({"op": "fact", "key": "k" * 10_000}))
    refused(rule(count(1, groups=["g" * 10_000])))


@pytest.mark.parametrize(
    "part",
    [
        {"in_force": [{"clause": "1", "when": {"op": "exec", "code": "1"}, "then": plus(days=1)}]},
        {"in_force": [{"clause": "1", "when": "40", "then": plus(days=1)}]},
        {"in_force": [{"clause": "1", "when": count(1), "then": ref("yesterday")}]},
        {"in_force": [{"clause": "", "when": count(1), "then": plus(days=1)}]},
        {"in_force": [{"when": count(1), "then": plus(days=1)}]},
        {"floor_each_at_eif": "yes"},
        {"latch": 1},
        {"joining": {"clause": "64", "modes": []}},
        {"joining": {"clause": "64", "modes": ["signature"]}},
        {"joining": {"clause": "64", "modes": ["ratified"]}},
    ],
)
def test_what_no_clause_can_say_is_refused(part: dict[str, Any]) -> None:
    refused(rule(40, **part))


def test_a_refusal_says_which_part_is_wrong() -> None:
    with pytest.raises(ValidationError) as raised:
        read(rule(all_of(count(1), {"op": "weight", "table": "shares", "at_least": 0.55})))
    problem = raised.value.errors()[0]
    assert problem["loc"] == ("in_force", 0, "when", "all", "of", 1, "weight", "at_least")
