"""Notifiers killed and frozen while they deliver to an endpoint that errs; the endpoint's own record is judged.

The long form is ``python -m benchmarks.chaos``.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.chaos.run import Outcome, Plan, run, told

pytestmark = pytest.mark.journey
SHORT = Plan(lanes=6, events=40, kills=2, stops=2, ends_seconds=60)
SABOTAGED = Path(__file__).with_name("sabotaged_notifier.py")


def sabotaged(flaw: str, folder: Path, *, more: int = 0, database: str = "") -> Outcome:
    command = (sys.executable, str(SABOTAGED), flaw, "serve")
    plan = replace(SHORT, command=command, kills=2 + more, stops=2 + more, ends_seconds=3)
    return run(plan, database or f"sqlite:///{folder}/notifier.db", folder)


def test_nothing_is_lost_renamed_or_disordered_though_notifiers_are_killed_and_frozen(
    database_dsn: str, tmp_path: Path
) -> None:
    outcome = run(SHORT, database_dsn, tmp_path)

    said = told(database_dsn, SHORT, outcome) + outcome.verify_said
    assert outcome.is_good, said
    assert (outcome.judgement.owed, outcome.kills, outcome.stops) == (240, 2, 2), said


def test_the_judge_finds_second_ids_where_each_process_makes_up_its_own(tmp_path: Path) -> None:
    found = sabotaged("own-ids", tmp_path, more=1).judgement

    assert found.second_ids > 0
    assert not found.is_good


def test_the_judge_finds_what_is_lost_where_deliveries_are_booked_before_they_are_made(tmp_path: Path) -> None:
    found = sabotaged("acknowledges-first", tmp_path).judgement

    assert found.lost > 0
    assert not found.is_good


def test_the_judge_finds_broken_order_where_a_lane_that_keeps_it_does_not(tmp_path: Path) -> None:
    found = sabotaged("any-order", tmp_path).judgement

    assert found.disordered > 0
    assert not found.is_good


def test_the_record_does_not_verify_where_a_turn_is_booked_by_whoever_comes_back_with_it(
    postgres_dsn: str, tmp_path: Path
) -> None:
    outcome = sabotaged("unfenced", tmp_path, more=4, database=postgres_dsn)

    assert outcome.fenced == 0
    assert outcome.verify == 1, outcome.verify_said
    assert "these attempts are on record" in outcome.verify_said
