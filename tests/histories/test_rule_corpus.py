"""The rules that come with the service, their format, and the document that teaches it."""

import json
import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from treaty_status.application.corpus import corpus, rule_schema
from treaty_status.application.offline import Assessor, CaseReader, Place
from treaty_status.application.offline.acts import act_lines
from treaty_status.application.offline.evidence import evidence_of
from treaty_status.application.offline.people import person_of
from treaty_status.domain.lint import lint
from treaty_status.domain.rule import TreatyRule
from treaty_status.registry import load_registry

ROOT = Path(__file__).parents[2]
HOME = files("treaty_status").joinpath("rules")
RULES = {one.name: json.loads(one.read_text(encoding="utf-8")) for one in HOME.iterdir()}
REGISTRY = load_registry()
VALID = Draft202012Validator(rule_schema())
BLOCKS = re.findall(r"```json (\w+)\n(.*?)```", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_corpus_holds_more_than_sixty_treaties_each_in_a_file_of_its_name() -> None:
    assert len(RULES) >= 60
    assert {f"{treaty}.json" for treaty in corpus()} == set(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_of_the_corpus_is_valid_cited_and_in_our_own_words(name: str) -> None:
    document = RULES[name]
    rule = TreatyRule.model_validate(document)
    VALID.validate(document)
    assert rule.source
    assert any(
        words in rule.source for words in ("read in a published copy", "general knowledge", "sister conventions")
    )
    clauses: tuple[Any, ...] = (*rule.in_force, *rule.for_each, *rule.leaving)
    assert all(one.clause for one in clauses)
    assert all(REGISTRY.get(one) for listed in rule.lists for one in listed.members)
    assert len(json.dumps(document)) < 6_000, "a rule holds facts of a clause, not its text"


def test_rules_and_their_parents_are_named_alike() -> None:
    parents = {rule.joining.parent for rule in corpus().values() if rule.joining and rule.joining.parent}
    outside = parents - corpus().keys()
    assert outside == {"IMO-FUND1992"}


def test_the_linter_reads_every_rule_of_the_corpus() -> None:
    assert {finding.code for rule in corpus().values() for finding in lint(rule)} >= {
        "organisation-policy",
        "later-joiners",
        "floor",
        "leaving",
        "latch",
        "table",
        "source",
    }


def test_the_schema_in_the_documents_is_the_models() -> None:
    written = json.loads((ROOT / "docs" / "rule.schema.json").read_text(encoding="utf-8"))
    assert written == rule_schema(), "run: treaty-status rule-schema > docs/rule.schema.json"


@pytest.mark.parametrize(("kind", "text"), BLOCKS, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(BLOCKS)])
def test_every_example_in_the_document_can_be_used_as_it_stands(kind: str, text: str) -> None:
    place = Place("docs/rules.md")
    lines = [json.loads(line) for line in text.splitlines()] if kind not in {"rule", "condition", "case"} else []
    match kind:
        case "rule":
            VALID.validate(json.loads(text))
            TreatyRule.model_validate(json.loads(text))
        case "condition":
            track = {"clause": "1", "when": json.loads(text), "then": {"op": "ref", "name": "threshold"}}
            TreatyRule.model_validate({"treaty": "T", "title": "T", "in_force": [track]})
        case "acts":
            assert len(act_lines((place, line) for line in lines)) == len(lines)
        case "participants":
            assert [person_of(place, line, REGISTRY).id for line in lines] == ["s1", "fra", "eu"]
        case "tables":
            found = evidence_of(lines, place, lambda name: name)
            assert (len(found.tables), len(found.certified), len(found.in_force)) == (1, 1, 1)
            assert set(found.lists) == {"annex_2_44", "parties_to:XXVII-2"}
        case "case":
            case = json.loads(text)
            day = case.pop("as_of")
            del case["case"]
            question = CaseReader(REGISTRY).question(**case, as_of=date.fromisoformat(day), place=place)
            assert Assessor(REGISTRY).answer(question)["entry_into_force"] == "2027-01-02"
        case _:
            pytest.fail(f"an example of an unknown kind: {kind}")


def test_the_document_has_an_example_of_every_condition_and_every_day() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    definitions = rule_schema()["$defs"].values()
    words = {one["properties"]["op"]["const"] for one in definitions if "op" in one.get("properties", {})}
    assert {word for word in words if f'"op": "{word}"' not in text} <= {"earlier"}
