"""What strangers may bring to ``treaty-status assess``: files of every make, and what is said of others."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import count, plus, rule, states, weight
from tests.services.test_assess import act, assess, described, ndjson, run

TWO = rule(count(2), plus(days=30))
ACTS = [act("s1", "ratification", "2020-01-01"), act("s2", "accession", "2020-02-01")]
PEOPLE = described(*states(5))


def refused(folder: Path, *, by_rule: str = json.dumps(TWO), acts: str = "", **files: str) -> str:
    """What is said of files that cannot be read; ``people`` are the participants, others lie among the tables."""
    (folder / "rule.json").write_text(by_rule, encoding="utf-8")
    (folder / "acts.ndjson").write_text(acts, encoding="utf-8")
    arguments = ["--rule", folder / "rule.json", "--acts", folder / "acts.ndjson"]
    home = folder / "tables"
    home.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / "people.ndjson" if name == "people" else home / name.replace("_", ".")
        path.write_text(text, encoding="utf-8")
    people = ["--participants", folder / "people.ndjson"] if "people" in files else []
    code, out, err = run("assess", *arguments, *people, "--tables", home, "--as-of", "2021-01-01", "--json")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    return str(json.loads(err.splitlines()[0])["detail"])


def test_a_table_may_be_csv_with_the_whole_on_a_line_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "tables"
    home.mkdir()
    (home / "gt.csv").write_text("participant,tonnage,value\ns1,x,300\ns2,x,200\ntotal,,1000\n", encoding="utf-8")
    (home / "README.txt").write_text("a note", encoding="utf-8")
    found = assess(tmp_path, rule(weight("gt", "1/2")), ACTS, "2021-01-01", participants=PEOPLE, tables={})
    assert found["threshold_date"] == "2020-02-01"


def test_a_csv_without_a_column_that_weighs_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    told = refused(tmp_path, gt_csv="state,x,y\nfra,1,2\n")
    assert "gt.csv" in told
    assert "a column value or share" in told


def test_one_participant_under_two_names_in_a_table_is_refused(tmp_path: Path) -> None:
    assert "twice" in refused(tmp_path, gt_json='{"fra": "0.1", "France": "0.2"}')
    assert "line 3" in refused(tmp_path, gt_csv="iso3,value\nFRA,1\nFRA,2\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"participant": "fra", "participant": "nor", "action": "x"}',
            "line 1: It is not JSON (the field 'participant'",
        ),
        ('{"participant": "fra", "act_date": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
        ('{"participant": "\\ud800"}', "half a letter"),
        ('{"n": ' + "9" * 5_000 + "}", "a number is too long"),
    ],
)
def test_what_json_leaves_open_is_not_guessed(tmp_path: Path, text: str, told: str) -> None:
    assert told in refused(tmp_path, acts=f"{text}\n")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"op": "cuont", "at_least": 2}, "there is no such op (got: 'cuont'); choose from count, weight,"),
        ({"op": "cuont", "at_least": 2}, "Did you mean count?"),
        ({"at_least": 2}, "the field 'op' is missing"),
        ({"op": "count", "at_least": 2, "whom": {}}, "in_force.0.when.count.whom: there is no such field"),
        ({"op": "count"}, "at_least: the field is missing"),
    ],
)
def test_a_rule_that_is_none_says_where_and_what_would_be_right(
    tmp_path: Path, condition: dict[str, Any], told: str
) -> None:
    assert told in refused(
        tmp_path, by_rule=json.dumps({**TWO, "in_force": [{**TWO["in_force"][0], "when": condition}]})
    )


def test_a_part_of_a_case_that_can_be_no_file_is_answered(tmp_path: Path) -> None:
    case = {"case": "1", "rule": "no\0file", "acts": [], "as_of": "2021-01-01"}
    code, out, err = run("assess", "--cases", ndjson(tmp_path / "c.ndjson", [case]))
    assert (code, err) == (1, "")
    assert "There can be no such file" in json.loads(out)["error"]["detail"]


def test_two_lines_are_two_participants_even_under_one_code(tmp_path: Path) -> None:
    people = [{"id": one, "kind": "state", "groups": [], "iso3": "SRB"} for one in ("s1", "s2")]
    assert assess(tmp_path, TWO, ACTS, "2021-01-01", participants=people)["threshold_date"] == "2020-02-01"


def test_one_participant_described_in_two_ways_is_refused(tmp_path: Path) -> None:
    people = '{"id": "x", "kind": "state", "groups": []}\n{"id": "x", "kind": "io", "groups": []}\n'
    assert "people.ndjson, line 2: x is described twice" in refused(tmp_path, people=people)


def test_who_is_in_the_registry_needs_no_kind(tmp_path: Path) -> None:
    by_rule = rule({"op": "count", "at_least": 1, "who": {"groups": ["annex_I"]}})
    acts = [act("fra", "ratification", "2020-01-01")]
    found = assess(tmp_path, by_rule, acts, "2021-01-01", participants=[{"id": "fra", "groups": ["annex_I"]}])
    assert found["threshold_date"] == "2020-01-01"


@pytest.mark.parametrize(
    "document",
    [
        {"annex": ["s1", "s2"]},
        {"list:annex": ["s1", "s2"]},
        [{"population": "annex", "members": ["s1", "s2"]}],
        [{"list": "list:annex", "members": ["s1", "s2"]}],
    ],
)
def test_a_list_is_known_by_any_name_that_says_so(tmp_path: Path, document: Any) -> None:
    by_rule = rule({"op": "everyone", "of": "list:annex"})
    case = {"case": "1", "rule": by_rule, "acts": ACTS, "participants": PEOPLE, "tables": document}
    code, out, _ = run("assess", "--cases", ndjson(tmp_path / "c.ndjson", [{**case, "as_of": "2021-01-01"}]))
    assert (code, json.loads(out)["threshold_date"]) == (0, "2020-02-01")


def test_an_organisation_that_the_files_invent_has_the_members_they_give_it(tmp_path: Path) -> None:
    by_rule = rule(count(3, reio="as_members"))
    people = [*described("s1", "s2", s1=["eu"], s2=["eu"]), {"id": "eu", "kind": "reio", "groups": []}]
    acts = [act("s1", "ratification", "2020-01-01"), act("eu", "approval", "2020-02-01")]
    found = assess(tmp_path, by_rule, acts, "2021-01-01", participants=people)
    assert (found["threshold_date"], found["explanation"]["have"]) == (None, 2)


# ---- what lines are about --------------------------------------------------------------------------------------------
LEAVING = [{"clause": "20", "takes_effect": plus(years=1, of={"op": "ref", "name": "received"})}]


@pytest.mark.parametrize(
    ("revoked", "revocable", "until"),
    [
        ("2023-06-01", True, None),
        ("2023-06-01", False, "2024-01-01"),
        ("2024-01-01", True, "2024-01-01"),
        ("2025-01-01", True, "2024-01-01"),
    ],
)
def test_a_denunciation_is_taken_back_before_it_takes_effect_or_not_at_all(
    tmp_path: Path, revoked: str, *, revocable: bool, until: str | None
) -> None:
    by_rule = rule(count(1), plus(days=30), leaving=[{**LEAVING[0], "revocable_before_effect": revocable}])
    acts = [*ACTS, act("s1", "withdrawal_notified", "2023-01-01"), act("s1", "withdrawal_revoked", revoked)]
    found = assess(tmp_path, by_rule, acts, "2030-01-01", participants=PEOPLE)
    assert found["participants"]["s1"].get("until") == until


def test_a_day_of_another_treatys_story_is_not_this_ones(tmp_path: Path) -> None:
    by_rule = rule(count(1), plus(years=1, of={"op": "ref", "name": "adoption"}))
    acts = [*ACTS, {"action": "adoption", "treaty": "OTHER", "act_date": "1990-01-01"}]
    found = assess(tmp_path, by_rule, acts, "2030-01-01", participants=PEOPLE)
    assert (found["entry_into_force"], found["unknown"]) == (None, ["day:adoption"])


def test_a_treaty_without_acts_of_its_own_is_assessed_beside_those_of_its_parent(tmp_path: Path) -> None:
    by_rule = rule({"op": "fraction", "of": "parties_to:PARENT", "at_least": "1/2"}, joining=None)
    acts = [{**one, "treaty": "PARENT"} for one in ACTS]
    found = assess(tmp_path, by_rule, acts, "2030-01-01", participants=PEOPLE)
    assert (found["met"], found["explanation"]["have"], found["explanation"]["need"]) == (False, 0, 1)


def test_a_condition_that_came_to_hold_when_its_track_does_not_apply_is_not_met(tmp_path: Path) -> None:
    track = {"clause": "7", "when": count(1), "then": plus(days=1), "threshold_before": "1999-01-01"}
    found = assess(tmp_path, {**TWO, "in_force": [track]}, ACTS, "2030-01-01", participants=PEOPLE)
    assert (found["met"], found["threshold_date"], found["unknown"]) == (False, None, [])
    assert "at a time for which this clause is not made" in found["explanation"]["text"]["en"]
    assert "que cette clause ne vise pas" in found["explanation"]["text"]["fr"]


def test_those_bound_by_silence_are_listed_with_those_who_acted(tmp_path: Path) -> None:
    by_rule = rule(
        {
            "op": "not_blocked",
            "until": plus(years=2, of={"op": "ref", "name": "circulated"}),
            "blocked_if": {"op": "fraction", "of": "contracting_governments:objections", "at_least": "1/3"},
        },
        plus(months=6),
        for_each=[{"clause": "VIII", "except_objectors": True, "then": {"op": "ref", "name": "eif"}}],
    )
    people = [{"id": one, "kind": "state", "groups": ["contracting_governments"]} for one in states(4)]
    acts = [{"action": "circulated", "act_date": "2022-01-10"}, act("s4", "objection", "2023-01-01")]
    found = assess(tmp_path, by_rule, acts, "2025-01-01", participants=people)
    assert found["participants"] == {one: {"effect_date": "2024-07-10", "clause": "VIII"} for one in states(3)}
