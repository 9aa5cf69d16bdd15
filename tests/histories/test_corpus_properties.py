"""Whatever happens under the rules of real treaties, certain things hold; seeded, so that a failure can be repeated."""

import json
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from treaty_status.application.corpus import corpus
from treaty_status.application.offline import Assessor, CaseReader, Place
from treaty_status.registry import Kind, load_registry

REGISTRY = load_registry()
READER, ASSESSOR = CaseReader(REGISTRY), Assessor(REGISTRY)
STATES = [one.id for one in REGISTRY.all() if one.kind is Kind.STATE]
FIRST = date(1960, 1, 1)
LAST = date(2026, 1, 1)
Document = dict[str, Any]
SEEDS = {name: number for number, name in enumerate(sorted(corpus()))}


def history(chance: Random) -> list[Document]:
    """Acts of some States; some leave again, some object."""
    found: list[Document] = []
    for who in chance.sample(STATES, chance.randint(0, 110)):
        on = FIRST + timedelta(days=chance.randint(0, 20_000))
        action = chance.choice(["signature", "ratification", "accession", "acceptance", "objection"])
        found.append({"participant": who, "action": action, "act_date": on.isoformat()})
        if chance.random() < 0.1:
            later = on + timedelta(days=chance.randint(0, 6_000))
            action = chance.choice(["withdrawal_notified", "consent_withdrawn"])
            found.append({"participant": who, "action": action, "act_date": later.isoformat()})
    return found


def answer(name: str, acts: list[Document], as_of: date) -> Document:
    rule = corpus()[name].model_dump(mode="json", exclude_defaults=True)
    return ASSESSOR.answer(READER.question(rule=rule, acts=acts, as_of=as_of, place=Place(name)))


def dates(found: Document) -> tuple[str | None, str | None]:
    return found["threshold_date"], found["entry_into_force"]


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_an_answer_is_whole_whatever_happens(name: str) -> None:
    chance = Random(SEEDS[name])
    acts = history(chance)
    found = answer(name, acts, LAST)
    json.dumps(found)

    force = found["entry_into_force"]
    effects = [own["effect_date"] for own in found["participants"].values() if own["effect_date"]]
    assert all(force is not None and effect >= force for effect in effects), "nobody is bound before the treaty is"
    assert found["met"] is not None or found["unknown"], "what is unknown is named"
    assert found["threshold_date"] is None or found["met"] is True

    chance.shuffle(acts)
    assert answer(name, acts, LAST) == found, "the order of recording does not matter"


@pytest.mark.parametrize("name", sorted(SEEDS)[::7])
def test_what_is_asked_of_an_earlier_day_knows_nothing_of_later_ones(name: str) -> None:
    chance = Random(SEEDS[name])
    acts = history(chance)
    by_the_end = answer(name, acts, LAST)
    for _ in range(4):
        day = FIRST + timedelta(days=chance.randint(0, 24_000))
        then = answer(name, acts, day)
        before = [act for act in acts if act["act_date"] <= day.isoformat()]
        assert then == answer(name, before, day)
        reached = by_the_end["threshold_date"]
        if reached is not None and reached <= day.isoformat():
            assert dates(then) == dates(by_the_end)
