"""The smallest sets that would cross, by example and against trying every set there is."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.builders import (
    EUROPE,
    JOINING,
    RECORDED,
    Twin,
    acceded,
    act,
    all_of,
    any_of,
    count,
    day,
    hanoi,
    ratified,
    rule,
    signed,
    states,
    took_back,
    treaty,
    weight,
    window,
)
from treaty_events import Action
from treaty_status.domain.covering import Budget
from treaty_status.domain.decisions import Circumstances, RecordAct
from treaty_status.domain.evaluation import evaluate
from treaty_status.domain.hypotheses import suppose
from treaty_status.domain.shortest_path import Path, Paths, shortest_paths
from treaty_status.domain.treaty import Treaty

ON = day("2021-01-01")
Rule = Mapping[str, Any]


def paths(
    by_rule: Rule, *orders: RecordAct, names: list[str] | None = None, world: Twin | None = None, **more: Any
) -> Paths:
    limit, budget = more.pop("limit", 1_000), more.pop("budget", None)
    now = Circumstances(today=ON, world=world or Twin(), recorded=RECORDED)
    the_treaty = treaty(*orders, by_rule=by_rule, **more)
    return shortest_paths(the_treaty, states(8) if names is None else names, now, limit=limit, budget=budget)


def only(found: Paths) -> Path:
    (path,) = found.found
    return path


# ---- counts ----------------------------------------------------------------------------------------------------------
def test_a_count_asks_for_any_so_many_signatories_first() -> None:
    found = paths(hanoi(3), acceded("s1", on="2020-02-01"), signed("s5", on="2020-01-01"))
    path = only(found)

    assert (path.cover.size, path.cover.everyone) == (2, ())
    assert path.cover.picks[0].n == 2
    assert path.cover.picks[0].of == ("s5", "s2", "s3", "s4", "s6", "s7", "s8")
    assert path.entry_into_force_on == day("2021-04-01")
    assert (found.exhausted, found.stopped_by, found.unknown, found.at_least) == (True, None, (), 2)


def test_a_signatory_would_ratify_and_anyone_else_accede() -> None:
    found = paths(hanoi(2), signed("s5", on="2020-01-01"))
    by = {one.participant: one.acts for one in found.candidates}

    assert by["s5"] == (Action.RATIFICATION,)
    assert by["s1"] == (Action.ACCESSION,)


def test_where_only_signatories_may_consent_others_sign_first_while_they_can() -> None:
    joining = {"clause": "9", "modes": ["ratification"]}
    open_now = (window("2020-01-01", "2021-06-30", place=""),)
    closed = (window("2020-01-01", "2020-06-30", place=""),)
    clauses = rule(2, joining=joining)

    found = paths(clauses, signed("s1", on="2020-01-01"), windows=open_now)
    assert {one.acts for one in found.candidates} == {(Action.RATIFICATION,), (Action.SIGNATURE, Action.RATIFICATION)}
    found = paths(clauses, signed("s1", on="2020-01-01"), windows=closed)
    assert (found.found, [one.participant for one in found.candidates], found.closed) == ((), ["s1"], 1)
    assert found.exhausted


def test_a_consent_taken_back_is_asked_for_again() -> None:
    found = paths(hanoi(2), acceded("s1", on="2020-02-01"), took_back("s1", on="2020-03-01"))

    assert [(pick.n, "s1" in pick.of) for pick in only(found).cover.picks] == [(2, True)]


def test_too_few_who_could_consent_is_no_path() -> None:
    found = paths(rule(5), names=states(4))

    assert (found.found, found.closed, found.exhausted) == ((), 1, True)


def test_some_of_a_group_and_the_rest_from_anywhere() -> None:
    found = paths(rule(all_of(count(4), count(2, groups=["g"]))), world=Twin(groups={"g": ["s6", "s7", "s8"]}))
    path = only(found)

    assert path.cover.size == 4
    assert [(pick.n, len(pick.of)) for pick in path.cover.picks] == [(4, 8), (2, 3)]


def test_everybody_named_is_missing_by_name() -> None:
    named: dict[str, Any] = {"lists": [{"list": "annex", "members": ["s1", "s2", "s3"]}]}
    found = paths(rule({"op": "everyone", "of": "list:annex"}, **named), acceded("s2", on="2020-02-01"))

    assert only(found).cover.everyone == ("s1", "s3")


def test_a_part_of_a_population_is_rounded_up() -> None:
    world = Twin(populations={"p": states(7)})
    found = paths(rule({"op": "fraction", "of": "p", "at_least": "2/3"}), acceded("s1", on="2020-02-01"), world=world)

    assert [(pick.n, len(pick.of)) for pick in only(found).cover.picks] == [(4, 6)]


# ---- weights ---------------------------------------------------------------------------------------------------------
SHARES = Twin(tables={"ghg": {"s1": "0.30", "s2": "0.25", "s3": "0.20", "s4": "0.15", "s5": "0.05", "s6": "0.05"}})


def test_weights_are_reached_by_minimal_sets_heaviest_first() -> None:
    found = paths(rule(weight("ghg", "0.55")), world=SHARES)

    assert [path.cover.everyone for path in found.found] == [("s1", "s2")]
    found = paths(rule(weight("ghg", "0.45")), world=SHARES)
    assert [path.cover.everyone for path in found.found] == [("s1", "s2"), ("s1", "s3"), ("s1", "s4"), ("s2", "s3")]


def test_what_must_be_exceeded_is_not_met_by_the_number_itself() -> None:
    found = paths(rule({**weight("ghg", "0.55"), "more_than": True}), world=SHARES)

    assert {path.cover.size for path in found.found} == {3}


def test_a_number_and_a_weight_are_met_together() -> None:
    found = paths(rule(all_of(count(4), weight("ghg", "0.55"))), world=SHARES, limit=1)
    path = only(found)

    assert (path.cover.size, path.cover.everyone) == (4, ("s1", "s2"))
    assert [(pick.n, len(pick.of)) for pick in path.cover.picks] == [(2, 6)]
    assert (found.exhausted, found.stopped_by) == (False, "limit")


def test_a_search_without_end_is_ended_and_says_so() -> None:
    amounts = {f"s{n}": str(100 + n * n * 7 % 61) for n in range(1, 61)}
    other = {f"s{n}": str(100 + n * n * 11 % 59) for n in range(1, 61)}
    clauses = rule(all_of(weight("a", "3600"), weight("b", "3600")))
    world = Twin(tables={"a": amounts, "b": other})
    found = paths(clauses, names=states(60), world=world, limit=3, budget=Budget(300))

    assert (found.exhausted, found.stopped_by) == (False, "budget")
    assert found.at_least is not None
    assert all(path.cover.size >= found.at_least for path in found.found)
    assert all(crosses(treaty(by_rule=clauses), frozenset(path.cover.example), world) for path in found.found)


def test_a_ratio_of_two_tables_is_improved_by_those_who_are_above_it() -> None:
    """Whoever holds more of the one table than the ratio asks for, measured by the other, brings it nearer."""
    world = Twin(tables={"a": {"s1": 1, "s2": 9, "s3": 5}, "b": {"s1": 9, "s2": 9, "s3": 9}})
    clauses = rule(weight("a", "1/2") | {"over": "b"})
    found = paths(clauses, acceded("s1", on="2020-02-01"), names=["s2", "s3"], world=world)

    assert only(found).cover.everyone == ("s2",)


# ---- organisations ---------------------------------------------------------------------------------------------------
def test_an_organisation_stands_in_for_its_members_or_they_for_it() -> None:
    found = paths(rule(2, joining=JOINING | {"reio_needs_member": "none"}), names=["eu", "fra", "s1"], world=EUROPE)

    assert {path.cover.example for path in found.found} == {("fra", "s1"), ("eu", "s1")}
    assert found.exhausted


def test_a_member_of_an_organisation_that_is_counted_already_brings_nothing_alone() -> None:
    joined = act("formal_confirmation", "eu", on="2020-02-01")
    found = paths(rule(2), joined, names=["fra", "ita", "s1"], world=EUROPE)
    assert [path.cover.example for path in found.found] == [("s1",)]

    found = paths(rule(2), joined, names=["fra", "ita"], world=EUROPE)
    assert [path.cover.example for path in found.found] == [("fra", "ita")]


# ---- what no deposit brings ------------------------------------------------------------------------------------------
def test_a_day_that_is_to_come_is_waited_for() -> None:
    found = paths(rule(all_of(count(2), {"op": "date_reached", "at": {"op": "on", "date": "2022-01-01"}})))
    path = only(found)

    assert [(reading.op, reading.on) for reading in path.waits_for] == [("date_reached", day("2022-01-01"))]
    assert (path.cover.size, path.entry_into_force_on) == (2, day("2022-04-01"))


def test_one_of_several_ways_may_be_shorter() -> None:
    found = paths(rule(any_of(count(5), weight("ghg", "0.55"))), world=SHARES)

    assert only(found).cover.everyone == ("s1", "s2")
    assert found.exhausted


def test_what_is_not_recorded_makes_a_way_unknown_and_leaves_the_others() -> None:
    found = paths(rule(weight("tonnage", "0.5")))
    assert (found.found, found.unknown, found.exhausted) == ((), ("table:tonnage",), False)

    found = paths(rule(any_of(count(3), weight("tonnage", "0.5"))))
    assert (only(found).cover.size, found.unknown, found.exhausted) == (3, ("table:tonnage",), False)

    found = paths(rule({"op": "fraction", "of": "nobody knows", "at_least": "1/2"}))
    assert (found.found, found.unknown) == ((), ("population:nobody knows",))


def test_a_treaty_that_only_some_may_join_asks_nobody_else() -> None:
    world = Twin(groups={"g": ["s1", "s2", "s3"]})
    joining = {"clause": "9", "modes": ["accession"], "who": "g"}
    found = paths(rule(2, joining=joining), world=world)
    assert only(found).cover.picks[0].of == ("s1", "s2", "s3")

    found = paths(rule(2, joining=joining | {"who": "h"}), signed("s8", on="2020-01-01"), world=world)
    assert (found.found, found.unknown) == ((), ("group:h",))


# ---- against every set there is --------------------------------------------------------------------------------------
PEOPLE = ("fra", "ita", "eu", "s1", "s2", "s3", "s4")
WORLD = replace(
    EUROPE,
    tables={
        "w": {"fra": "0.2", "ita": "0.2", "s1": "0.25", "s2": "0.1", "s3": "0.25"},
        "u": {"s1": 4, "s4": 7, "eu": 3},
    },
    groups={"g": ["s1", "fra", "s4"]},
    populations={"p": ["fra", "ita", "s1", "s2", "eu"]},
)
WHO = some.fixed_dictionaries(
    {},
    optional={
        "reio": some.sampled_from(["not_additional", "never", "counts", "as_members"]),
        "groups": some.just(["g"]),
        "kinds": some.just(["state"]),
    },
)
LEAVES = (
    some.builds(lambda n, who: count(n, **who), some.integers(1, 4), WHO)
    | some.builds(lambda share, who: weight("w", share, **who), some.sampled_from(["0.3", "1/2", "0.7"]), WHO)
    | some.builds(lambda least, who: weight("u", least, **who), some.sampled_from(["5", "9"]), WHO)
    | some.builds(
        lambda part, who: {"op": "fraction", "of": "p", "at_least": part, "who": who},
        some.sampled_from(["1/3", "2/3"]),
        WHO,
    )
)
CONDITIONS = some.recursive(
    LEAVES,
    lambda parts: some.builds(
        lambda some_of, every: all_of(*some_of) if every else any_of(*some_of),
        some.lists(parts, min_size=1, max_size=2),
        some.booleans(),
    ),
    max_leaves=3,
)
OPEN = {"clause": "9", "modes": ["accession"]}


def crosses(of: Treaty, who: frozenset[str], world: Twin) -> bool:
    """Would these consents, recorded on the day, cross? Tried by supposing them."""
    now = Circumstances(today=ON, world=world, recorded=RECORDED)
    after = suppose(of, [acceded(name, on=ON) for name in sorted(who)], now).treaty
    assert after.rule is not None
    return evaluate(after.rule, after, world=world, as_of=ON).crossing is not None


def covered(who: frozenset[str], found: Paths) -> bool:
    for path in found.found:
        rest = who - set(path.cover.everyone)
        named = set(path.cover.everyone) <= who and len(who) == path.cover.size
        if named and all(len(rest & set(pick.of)) >= pick.n for pick in path.cover.picks):
            return True
    return False


@settings(max_examples=60)
@given(condition=CONDITIONS, there=some.sets(some.sampled_from(PEOPLE), max_size=3))
def test_the_sets_named_cross_none_smaller_does_and_none_is_missing(condition: Rule, there: set[str]) -> None:
    of = treaty(*(acceded(name, on="2020-02-01") for name in sorted(there)), by_rule=rule(condition, joining=OPEN))
    assert of.rule is not None
    if evaluate(of.rule, of, world=WORLD, as_of=ON).crossing is not None:
        return
    now = Circumstances(today=ON, world=WORLD, recorded=RECORDED)
    found = shortest_paths(of, PEOPLE, now, limit=1_000)
    others = [name for name in PEOPLE if name not in there]
    crossing = [
        frozenset(one)
        for n in range(len(others) + 1)
        for one in combinations(others, n)
        if crosses(of, frozenset(one), WORLD)
    ]
    smallest = min((len(one) for one in crossing), default=None)

    sets = [frozenset(one) for n in range(len(others) + 1) for one in combinations(others, n)]
    named = {one for one in sets if covered(one, found)}

    assert named <= set(crossing)
    assert {frozenset(path.cover.example) for path in found.found} <= named
    assert all(path.cover.size >= (found.at_least or 0) for path in found.found)
    if found.exhausted:
        assert named == {one for one in crossing if len(one) == smallest}


def test_where_conditions_count_organisations_differently_nobody_says_that_these_are_all() -> None:
    counts = {"op": "fraction", "of": "p", "at_least": "1/3", "who": {"reio": "counts"}}
    of = treaty(by_rule=rule(all_of(count(1), counts), joining=OPEN))
    found = shortest_paths(of, PEOPLE, Circumstances(today=ON, world=WORLD, recorded=RECORDED), limit=100)
    assert found.found
    assert not found.exhausted


def test_a_mode_that_does_not_count_is_not_proposed() -> None:
    clauses = rule(count(2, actions=["ratification"]), joining=JOINING | {"signature_required": False})
    found = paths(clauses, signed("s1", on="2020-01-01"), ratified("s2", on="2020-02-01"))

    assert {one.acts for one in found.candidates} == {(Action.RATIFICATION,)}
