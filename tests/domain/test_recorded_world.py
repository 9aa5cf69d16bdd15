"""The world as the registry and the other treaties of the record know it; treaties may wait for one another."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests.builders import acceded, all_of, count, denounced, hanoi, rule, treaty
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.treaty import State, Treaty, Undefined
from treaty_status.registry import load_registry

REGISTRY = load_registry()


def world(*treaties: Treaty) -> RecordedWorld:
    states: dict[str, State] = {one.id: one for one in treaties}
    return RecordedWorld(REGISTRY, lambda name: states.get(name, Undefined(name)))


def named(name: str, *acts: Any, by_rule: dict[str, Any] | None) -> Treaty:
    return replace(treaty(*acts, by_rule=by_rule), id=name)


def waits_for(*others: str, op: str = "all") -> dict[str, Any]:
    return rule({"op": op, "of": [{"op": "treaty_in_force", "treaty": one} for one in others]})


IN_FORCE = named("P", acceded("fra", on="2020-01-01"), acceded("ita", on="2021-01-01"), by_rule=hanoi(1))


def test_another_treaty_is_in_force_from_its_own_day() -> None:
    assert world(IN_FORCE).entered_into_force_on("P") == date(2020, 3, 31)


def test_a_treaty_that_is_not_recorded_or_has_no_rule_is_not_known() -> None:
    known = world(IN_FORCE, named("bare", acceded("fra", on="2020-01-01"), by_rule=None))
    assert known.knows_treaty("P")
    assert not known.knows_treaty("elsewhere")
    assert not known.knows_treaty("bare")
    assert known.is_party("elsewhere", "fra", date(2020, 1, 1)) is None


def test_two_treaties_that_wait_for_each_other_never_enter_into_force() -> None:
    known = world(named("A", by_rule=waits_for("B")), named("B", by_rule=waits_for("A")))
    assert known.entered_into_force_on("A") is None
    assert known.entered_into_force_on("B") is None
    assert known.knows_treaty("A")


def test_a_treaty_that_waits_for_itself_never_enters_into_force() -> None:
    assert world(named("A", by_rule=waits_for("A"))).entered_into_force_on("A") is None


def test_a_way_out_of_the_circle_is_found_from_every_side() -> None:
    treaties = [
        IN_FORCE,
        named("A", by_rule=waits_for("B", "P", op="any")),
        named("B", by_rule=waits_for("A")),
        named("C", by_rule=waits_for("A", "B")),
    ]
    for asked_first in ("A", "B", "C"):
        known = world(*treaties)
        known.entered_into_force_on(asked_first)
        assert known.entered_into_force_on("A") == date(2020, 6, 29)
        assert known.entered_into_force_on("B") == date(2020, 9, 27)
        assert known.entered_into_force_on("C") == date(2020, 12, 26)


def test_a_dozen_treaties_that_all_name_one_another_are_settled() -> None:
    names = [f"N{n}" for n in range(12)]
    known = world(*[named(one, by_rule=waits_for(*[other for other in names if other != one])) for one in names])
    assert known.entered_into_force_on("N0") is None


def test_parties_to_a_parent_are_those_it_binds_on_the_day() -> None:
    known = world(IN_FORCE)
    assert known.is_party("P", "fra", date(2020, 1, 2)) is True  # contracting: the parent is not in force yet
    assert known.is_party("P", "ita", date(2020, 12, 31)) is False
    assert known.is_party("P", "ita", date(2021, 1, 30)) is False  # deposited, and not bound before the 31st
    assert known.is_party("P", "ita", date(2021, 1, 31)) is True
    assert known.is_party("P", "deu", date(2022, 1, 1)) is False


def test_who_left_the_parent_is_no_party_to_it() -> None:
    left = named("P", acceded("fra", on="2020-01-01"), denounced("fra", on="2022-01-01"), by_rule=hanoi(1))
    assert world(left).is_party("P", "fra", date(2022, 12, 31)) is True
    assert world(left).is_party("P", "fra", date(2023, 1, 1)) is False


def test_what_is_kept_of_a_parent_is_dropped_when_the_parent_moves() -> None:
    states: dict[str, State] = {"P": named("P", by_rule=hanoi(1))}
    known = RecordedWorld(REGISTRY, lambda name: states.get(name, Undefined(name)))
    assert known.entered_into_force_on("P") is None
    states["P"] = IN_FORCE
    assert known.entered_into_force_on("P") == date(2020, 3, 31)


def test_a_child_counts_parties_to_its_parent() -> None:
    child = named(
        "K",
        acceded("fra", on="2020-06-01"),
        acceded("ita", on="2020-06-01"),
        by_rule=rule(all_of(count(2), count(2, party_to="P"))),
    )
    found = outcome_of(child, world=world(IN_FORCE, child), as_of=date(2030, 1, 1))
    assert found is not None
    assert [part.have for part in found.reading.parts] == [2, 1]


def test_the_parties_to_a_parent_move_with_the_treaty_that_the_parent_waits_for() -> None:
    parent = named("P", acceded("fra", on="2019-01-01"), by_rule=waits_for("G"))
    states: dict[str, State] = {"P": parent, "G": named("G", by_rule=hanoi(1))}
    known = RecordedWorld(REGISTRY, lambda name: states.get(name, Undefined(name)))
    assert known.parties_of("P", date(2200, 1, 1)) == frozenset({"fra"})
    assert known.turning_days("parties_to:P") == {date(2019, 1, 1)}

    states["G"] = named("G", acceded("ita", on="2020-01-01"), by_rule=hanoi(1))  # in force on 31 March 2020

    assert known.entered_into_force_on("P") == date(2020, 6, 29)
    assert known.turning_days("parties_to:P") == {date(2019, 1, 1), date(2020, 6, 29)}


def test_a_condition_may_be_that_a_day_of_another_treaty_has_come() -> None:
    reached = {"op": "date_reached", "at": {"op": "plus", "years": 1, "of": {"op": "in_force_of", "treaty": "P"}}}
    child = named("K", acceded("fra", on="2020-06-01"), by_rule=rule(all_of(count(1), reached)))
    found = outcome_of(child, world=world(IN_FORCE, child), as_of=date(2030, 1, 1))
    assert found is not None
    assert (found.threshold_on, found.unknown) == (date(2021, 3, 31), ())
