"""``treaty-status assess`` and ``lint``: a rule and its acts from files, with no store and no network."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.builders import all_of, any_of, count, plus, ref, rule, states, weight
from treaty_status.application.corpus import corpus
from treaty_status.cli import cli

HANOI = corpus()["XVIII-16"].model_dump(mode="json", exclude_defaults=True)


def run(*arguments: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(cli, [str(one) for one in arguments])
    return found.exit_code, found.stdout, found.stderr


def act(participant: str, action: str, on: str, **more: Any) -> dict[str, Any]:
    return {"participant": participant, "action": action, "act_date": on, **more}


def described(*ids: str, **groups: list[Any]) -> list[dict[str, Any]]:
    return [{"id": one, "kind": "state", "groups": groups.get(one, [])} for one in ids]


def ndjson(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def assess(
    folder: Path, by_rule: dict[str, Any], acts: list[dict[str, Any]], as_of: str, **more: Any
) -> dict[str, Any]:
    """The answer to files; ``participants`` and ``tables`` are optional."""
    (folder / "rule.json").write_text(json.dumps(by_rule), encoding="utf-8")
    arguments: list[object] = ["--rule", folder / "rule.json", "--acts", ndjson(folder / "acts.ndjson", acts)]
    if "participants" in more:
        arguments += ["--participants", ndjson(folder / "people.ndjson", more["participants"])]
    if "tables" in more:
        home = folder / "tables"
        home.mkdir(exist_ok=True)
        for name, document in more["tables"].items():
            (home / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        arguments += ["--tables", home]
    code, out, err = run("assess", *arguments, "--as-of", as_of, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


GOLDEN = [act(name, "ratification", "2027-01-01") for name in states(37)] + [
    act("fra", "ratification", "2027-01-05"),
    act("eu", "approval", "2027-03-02"),
]
PEOPLE = [
    *described(*states(40)),
    {"id": "fra", "kind": "state", "groups": ["eu"], "iso3": "FRA"},
    {"id": "eu", "kind": "reio", "groups": []},
]


def test_38_of_40_because_the_unions_instrument_is_not_additional_to_that_of_france(tmp_path: Path) -> None:
    found = assess(tmp_path, HANOI, GOLDEN, "2027-04-01", participants=PEOPLE)
    assert (found["met"], found["threshold_date"], found["entry_into_force"], found["track"]) == (
        False,
        None,
        None,
        None,
    )
    assert found["unknown"] == []
    why = found["explanation"]
    assert (why["have"], why["need"], why["missing"]) == (38, 40, 2)
    assert [(one["participant"], one["reason"], one["because_of"]) for one in why["not_counted"]] == [
        ("eu", "not_additional", ["fra"])
    ]
    assert "n'est pas" not in why["text"]["en"]
    assert "ne s'ajoute pas" in why["text"]["fr"]


def test_the_fortieth_fixes_the_day_and_later_joiners_follow_their_own_clause(tmp_path: Path) -> None:
    acts = [*GOLDEN, act("s38", "accession", "2027-04-05"), act("s39", "accession", "2027-04-05")]
    acts += [act("s40", "accession", "2027-04-06"), act("nor", "accession", "2027-07-01")]
    found = assess(tmp_path, HANOI, acts, "2027-07-04", participants=PEOPLE)
    assert (found["threshold_date"], found["entry_into_force"], found["track"]) == ("2027-04-05", "2027-07-04", "65(1)")
    assert (found["met"], found["in_force"]) == (True, True)
    assert found["participants"]["s1"] == {"effect_date": "2027-07-04", "clause": "65(1)"}
    assert found["participants"]["s40"] == {"effect_date": "2027-07-04", "clause": "65(2)"}
    assert found["participants"]["nor"] == {"effect_date": "2027-07-31", "clause": "65(2)"}


def test_what_happens_after_the_day_asked_about_is_not_known_on_it(tmp_path: Path) -> None:
    acts = [*GOLDEN, act("s38", "accession", "2027-04-05"), act("s39", "accession", "2027-04-06")]
    found = assess(tmp_path, HANOI, acts, "2027-04-05", participants=PEOPLE)
    assert found["met"] is False
    assert "s39" not in found["participants"]


def test_participants_of_the_registry_need_no_description_and_keep_the_name_they_were_given(tmp_path: Path) -> None:
    by_rule = rule(2, ref("threshold"))
    acts = [act("FRA", "ratification", "2020-01-01"), act("Norway", "accession", "2020-02-01")]
    acts.append(act("European Union", "approval", "2020-01-15"))
    found = assess(tmp_path, by_rule, acts, "2021-01-01")
    assert set(found["participants"]) == {"FRA", "Norway", "European Union"}
    assert found["threshold_date"] == "2020-02-01"
    assert found["explanation"]["not_counted"][0]["because_of"] == ["FRA"]


def test_what_a_table_calls_a_participant_is_not_what_it_is_called_in_the_answer(tmp_path: Path) -> None:
    table = {"table": "gt", "values": {"France": "0.6"}}
    acts = [act("fra", "ratification", "2020-01-01")]
    found = assess(tmp_path, rule(weight("gt", "0.5")), acts, "2021-01-01", tables={"gt": table})
    assert list(found["participants"]) == ["fra"]


def test_an_organisation_described_by_its_name_keeps_the_members_that_the_registry_knows(tmp_path: Path) -> None:
    people = [{"id": "European Union", "kind": "reio"}, {"id": "France", "kind": "state"}, {"id": "nor", "kind": "io"}]
    acts = [act("France", "ratification", "2020-01-01"), act("European Union", "approval", "2020-01-15")]
    found = assess(tmp_path, rule(3), [*acts, act("nor", "accession", "2020-02-01")], "2021-01-01", participants=people)
    assert found["explanation"]["have"] == 2
    assert [one["participant"] for one in found["explanation"]["not_counted"]] == ["European Union"]
    assert "nor" in found["participants"], "described as an organisation, it is not the State of that id"


def test_tables_with_and_without_a_whole_are_exact(tmp_path: Path) -> None:
    by_rule = rule(all_of(count(2), weight("world_gt", "1/3")))
    acts = [
        act("s1", "accession", "2020-01-01"),
        act("s2", "accession", "2020-01-02"),
        act("s3", "accession", "2020-01-03"),
    ]
    table = {
        "table": "world_gt",
        "version": "2020",
        "source": "invented",
        "whole": 3,
        "values": {"s1": "0.3", "s2": 0.7},
    }
    found = assess(tmp_path, by_rule, acts, "2021-01-01", participants=described(*states(3)), tables={"gt": table})
    assert found["threshold_date"] == "2020-01-02"
    node = found["explanation"]["tree"]["parts"][1]
    assert node["basis"] == "2020; invented"
    assert [(one["participant"], one["reason"]) for one in node["not_counted"]] == [("s3", "no_share")]
    bare = {"s1": "1/6", "s2": "1/7"}
    found = assess(
        tmp_path, by_rule, acts, "2021-01-01", participants=described(*states(3)), tables={"world_gt": bare, "gt": []}
    )
    assert (found["met"], found["unknown"]) == (False, [])


def test_what_is_missing_is_named_and_no_date_is_given(tmp_path: Path) -> None:
    by_rule = rule(all_of(count(1), weight("world_gt", "0.5"), {"op": "treaty_in_force", "treaty": "X-1"}))
    found = assess(
        tmp_path, by_rule, [act("s1", "accession", "2020-01-01")], "2021-01-01", participants=described("s1")
    )
    assert (found["met"], found["threshold_date"], found["entry_into_force"]) == (None, None, None)
    assert set(found["unknown"]) == {"table:world_gt", "treaty:X-1"}
    assert found["participants"] == {"s1": {"effect_date": None, "clause": None}}


def test_groups_lists_facts_and_parents_come_from_the_files(tmp_path: Path) -> None:
    by_rule = rule(
        all_of(
            count(1, groups=["pioneers"]),
            count(1, party_to="P-1"),
            {"op": "everyone", "of": "annex"},
            {"op": "fact", "key": "oil>=450"},
            {"op": "treaty_in_force", "treaty": "X-1"},
        ),
        ref("threshold"),
    )
    people = described("s1", "s2", s1=[{"group": "pioneers", "until": "2020-06-30"}], s2=["parties_to:P-1"])
    acts = [act("s1", "accession", "2020-01-01"), act("s2", "accession", "2020-02-01")]
    acts.append({"action": "fact_certified", "key": "oil>=450", "act_date": "2020-03-01"})
    tables = {
        "more": [{"list": "annex", "members": ["s1", "s2"]}, {"treaty": "X-1", "entered_into_force_on": "2019-01-01"}]
    }
    found = assess(tmp_path, by_rule, acts, "2021-01-01", participants=people, tables=tables)
    assert found["threshold_date"] == "2020-03-01"
    assert found["unknown"] == []
    late = [act("s1", "accession", "2020-07-01"), *acts[1:]]
    assert assess(tmp_path, by_rule, late, "2021-01-01", participants=people, tables=tables)["met"] is False


def test_tacit_acceptance_counts_objections_by_the_day(tmp_path: Path) -> None:
    solas = corpus()["IMO-SOLAS-annex-tacit"].model_dump(mode="json", exclude_defaults=True)
    quiet = [{"action": "circulated", "act_date": "2022-01-10"}]
    found = assess(tmp_path, solas, quiet, "2025-01-01")
    assert (found["threshold_date"], found["entry_into_force"]) == ("2024-01-10", "2024-07-10")
    people = described(*states(5), **{name: ["contracting_governments"] for name in states(5)})
    tables = {"world_gt": {"s1": "0.1"}}
    loud = quiet + [act(name, "objection", "2023-01-01") for name in states(2)]
    found = assess(tmp_path, solas, loud, "2025-01-01", participants=people, tables=tables)
    assert (found["met"], found["threshold_date"], found["unknown"]) == (False, None, [])


def test_leaving_and_coming_back_are_two_periods(tmp_path: Path) -> None:
    paris = corpus()["XXVII-7-d"].model_dump(mode="json", exclude_defaults=True)
    paris["in_force"][0]["when"] = count(2)
    acts = [act("usa", "acceptance", "2016-09-03"), act("fra", "ratification", "2016-10-05")]
    acts += [act("usa", "withdrawal_notified", "2019-11-04"), act("usa", "acceptance", "2021-01-20")]
    found = assess(tmp_path, paris, acts, "2022-01-01")
    assert found["participants"]["usa"] == {
        "effect_date": "2021-02-19",
        "clause": "21(3)",
        "earlier": [{"effect_date": "2016-11-04", "clause": "21(1)", "until": "2020-11-04", "leaving_clause": "28"}],
    }


def test_lines_that_move_nothing_are_remarked_upon(tmp_path: Path) -> None:
    acts = [
        act("fra", "ratification", "2020-01-01", tier="press"),
        act("nor", "domestic_approval", "2020-01-01"),
        act("che", "ratification", "2020-01-01", retracted=True),
        act("jpn", "ratification", "2020-02-01"),
    ]
    found = assess(tmp_path, rule(1), acts, "2021-01-01")
    assert found["threshold_date"] == "2020-02-01"
    assert [remark.partition("acts.ndjson, ")[2].partition(":")[0] for remark in found["remarks"]] == [
        f"line {number}" for number in (1, 2, 3)
    ]


def test_an_instrument_that_is_pending_or_deferred_does_not_count_yet(tmp_path: Path) -> None:
    acts = [
        act("ita", "ratification", "2020-01-01", deposit_status="pending"),
        act("jpn", "ratification", "2020-01-01", deferred_until="2020-06-01"),
    ]
    before = assess(tmp_path, rule(1), acts, "2020-05-31")
    assert before["met"] is False
    assert {one["reason"] for one in before["explanation"]["not_counted"]} == {"pending", "deferred"}
    assert assess(tmp_path, rule(1), acts, "2021-01-01")["threshold_date"] == "2020-06-01"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"participant": "fra", "action": "ratified", "act_date": "2020-01-01"}', "or ratification?"),
        ('{"participant": "fra", "action": "ratification"}', "has no day"),
        ('{"participant": "fra", "action": "ratification", "act_date": "2020-02-30"}', "no such day"),
        ('{"participant": "Frnace", "action": "ratification", "act_date": "2020-02-01"}', "Did you mean France"),
        ('{"participant": "fra"', "not JSON"),
        ("[]", "JSON object is expected"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_file_and_number(tmp_path: Path, line: str, told: str) -> None:
    good = json.dumps(act("ita", "ratification", "2020-01-01"))
    (tmp_path / "acts.ndjson").write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    (tmp_path / "rule.json").write_text(json.dumps(rule(1)), encoding="utf-8")
    code, out, err = run(
        "assess", "--rule", tmp_path / "rule.json", "--acts", tmp_path / "acts.ndjson", "--as-of", "2021-01-01"
    )
    assert (code, out) == (1, "")
    assert "acts.ndjson, line 3: " in err
    assert told in err


def test_a_rule_that_is_none_is_refused_with_the_place_in_it(tmp_path: Path) -> None:
    broken = rule(all_of(count(1), {"op": "weight", "table": "t", "at_least": "half"}))
    (tmp_path / "rule.json").write_text(json.dumps(broken), encoding="utf-8")
    code, _, err = run("lint", tmp_path / "rule.json")
    assert code == 1
    assert "in_force.0.when.all.of.1.weight.at_least" in err


def test_cases_are_answered_one_a_line_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "rule.json").write_text(json.dumps(rule(any_of(count(2), count(1, kinds=["io"])))), encoding="utf-8")
    ndjson(tmp_path / "acts.ndjson", [act("s1", "accession", "2020-01-01"), act("s2", "accession", "2020-01-02")])
    people = described("s1", "s2")
    cases = [
        {"case": "files", "rule": "rule.json", "acts": "acts.ndjson", "participants": people, "as_of": "2021-01-01"},
        {"case": "bad", "rule": {"treaty": "T"}, "acts": [], "as_of": "2021-01-01"},
        {
            "case": "written out",
            "rule": rule(weight("gt", "0.5"), plus(months=1)),
            "acts": [act("s1", "accession", "2020-01-31")],
            "participants": {"s1": {"kind": "state"}},
            "tables": {"gt": {"s1": 0.5}},
            "as_of": "2021-01-01",
        },
    ]
    code, out, _ = run("assess", "--cases", ndjson(tmp_path / "cases.ndjson", cases))
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [line["case"] for line in lines] == ["files", "bad", "written out"]
    assert lines[0]["threshold_date"] == "2020-01-02"
    assert lines[1]["error"]["line"] == 2
    assert lines[2]["entry_into_force"] == "2020-02-29"


def test_another_treatys_rule_and_acts_say_when_it_entered_into_force(tmp_path: Path) -> None:
    protocol = rule(1, {"op": "later", "of": [plus(days=30), {"op": "in_force_of", "treaty": "P-1"}]})
    parent = rule(2, plus(days=90)) | {"treaty": "P-1"}
    acts = [act("s1", "accession", "2020-01-01", treaty="T-1")]
    acts += [act(name, "accession", "2020-03-01", treaty="P-1") for name in states(2)]
    case = {"case": 1, "rule": protocol, "others": [parent], "acts": acts, "as_of": "2021-01-01"}
    code, out, _ = run(
        "assess", "--cases", ndjson(tmp_path / "c.ndjson", [case | {"participants": described("s1", "s2")}])
    )
    assert (code, json.loads(out)["entry_into_force"]) == (0, "2020-05-30")


def test_acts_of_another_treaty_alone_are_not_taken_for_this_ones(tmp_path: Path) -> None:
    case = {
        "case": 1,
        "rule": rule(1),
        "acts": [act("fra", "accession", "2020-01-01", treaty="X-9")],
        "as_of": "2021-01-01",
    }
    code, out, _ = run("assess", "--cases", ndjson(tmp_path / "c.ndjson", [case]))
    assert code == 1
    assert "X-9" in json.loads(out)["error"]["detail"]


def test_nothing_is_dialled_and_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an assessment dials nobody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    assess(tmp_path, rule(1), [act("fra", "accession", "2020-01-01")], "2021-01-01")
    assert {one.name for one in tmp_path.iterdir()} == {"rule.json", "acts.ndjson"}


def test_people_read_where_the_treaty_stands_and_what_a_rule_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "rule.json").write_text(json.dumps(rule(1)), encoding="utf-8")
    acts = ndjson(tmp_path / "acts.ndjson", [act("fra", "accession", "2020-01-01")])
    code, out, _ = run("assess", "--rule", tmp_path / "rule.json", "--acts", acts, "--as-of", "2021-01-01")
    assert code == 0
    assert "In force since 31 March 2020" in " ".join(out.split())
    code, out, _ = run("lint", tmp_path / "rule.json", "--json")
    assert code == 0
    assert {one["code"] for one in json.loads(out)["open"]} >= {"organisation-policy", "latch", "source"}
