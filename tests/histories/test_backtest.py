"""Rules on the recorded acts of real treaties, beside the published dates."""

import pytest
from benchmarks.backtest import CAUSES, Verdict, effects, shared_data, verdicts
from benchmarks.coded_rules import NotTranslated, translated

from treaty_status.domain.rule import TreatyRule
from treaty_status.registry import load_registry

DATA = shared_data()
needs_data = pytest.mark.skipif(DATA is None, reason="the shared data is not here (TREATY_SHARED_DATA)")


@pytest.fixture(scope="module")
def found() -> list[Verdict]:
    assert DATA is not None
    return verdicts(DATA)


@needs_data
def test_every_treaty_marked_a_hit_is_reproduced_to_the_day(found: list[Verdict]) -> None:
    marked = [one for one in found if one.status == "hit"]
    assert len(marked) == 54
    assert [one.treaty for one in marked if one.ours.force != one.official or one.verdict != "hit"] == []


@needs_data
def test_no_published_day_is_contradicted_without_a_reason(found: list[Verdict]) -> None:
    assert [one for one in found if one.verdict == "wrong"] == []


@needs_data
def test_every_miss_is_explained_by_the_cause_that_outsiders_found(found: list[Verdict]) -> None:
    assert [one for one in found if one.kind not in CAUSES[one.status].split("|")] == []


@needs_data
def test_with_the_acts_that_the_tables_lost_all_but_three_are_reproduced(found: list[Verdict]) -> None:
    still = {one.treaty for one in found if one.completed.force != one.official}
    assert still == {"XXVII-8-b", "GGO:INTSLS_1974A", "GGO:SPPCND_1997A"}
    assert all(one.completed.force is None for one in found if one.treaty in still)


@needs_data
def test_paris_crossed_on_5_october_2016_once_the_first_american_acceptance_is_restored(found: list[Verdict]) -> None:
    paris = next(one for one in found if one.treaty == "XXVII-7-d")
    assert (paris.completed.threshold, paris.completed.force) == ("2016-10-05", "2016-11-04")
    assert "the European Union's instrument is not additional" in paris.completed.text


@needs_data
def test_dates_of_effect_for_single_participants_are_ours_but_for_acts_that_were_lost() -> None:
    assert DATA is not None
    ours, differ, _ = effects(DATA)
    assert ours >= 650
    assert differ * 20 < ours


CODED = {
    "count": 3,
    "kinds": ["ratification"],
    "delay": {"type": "none"},
    "reio_counted": False,
    "extra_conditions": [],
}


def test_a_coding_that_says_nothing_unusual_is_a_count() -> None:
    rule = TreatyRule.model_validate(translated("T-1", "T", "1", CODED, load_registry()))
    assert rule.in_force[0].when.op == "count"


@pytest.mark.parametrize("part", [{"delay": {"type": "weeks", "n": 1}}, {"extra_conditions": [{"type": "mood"}]}])
def test_a_coding_with_a_word_nobody_knows_is_not_guessed_at(part: dict[str, object]) -> None:
    with pytest.raises(NotTranslated):
        translated("T-1", "T", "1", CODED | part, load_registry())
