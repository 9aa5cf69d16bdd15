"""Clauses of real treaties through ``assess``: what was worked out by hand beforehand, on invented participants.

Days of real thresholds are common knowledge; the participants are not the real ones.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from treaty_status.application.offline import Assessor, CaseReader, Place
from treaty_status.registry import load_registry

REGISTRY = load_registry()
LINES = (Path(__file__).parents[1] / "histories" / "rules.ndjson").read_text(encoding="utf-8").splitlines()
RULES = {rule["treaty"]: rule for rule in map(json.loads, LINES)}
Document = dict[str, Any]


def people(number: int, *groups: str, first: int = 1, kind: str = "state") -> list[Document]:
    return [{"id": f"s{n}", "kind": kind, "groups": list(groups)} for n in range(first, first + number)]


def acts(number: int, on: str, action: str = "accession", first: int = 1) -> list[Document]:
    return [{"participant": f"s{n}", "action": action, "act_date": on} for n in range(first, first + number)]


def line(action: str, on: str, **more: str) -> Document:
    return {"action": action, "act_date": on, **more}


def answer(treaty: str, lines: list[Document], who: list[Document], tables: Any = None) -> Document:
    question = CaseReader(REGISTRY).question(
        rule=RULES[treaty],
        acts=lines,
        participants=who,
        tables=tables,
        as_of=date(2040, 1, 1),
        place=Place("golden vectors"),
    )
    return Assessor(REGISTRY).answer(question)


VIENNA = line("entry_into_force", "1988-09-22", treaty="XXVII-2")
CFC = {"cfc_1986": {f"s{n}": "7/100" for n in range(1, 12)}}
PIONEERS = [
    *people(5, "resolution_II_1a", "developed"),
    *people(2, "resolution_II_1a", first=6),
    *people(33, first=8),
]
COE = [*people(3, "coe_member"), *people(2, first=4)]


@pytest.mark.parametrize(
    ("treaty", "lines", "who", "tables", "threshold", "force"),
    [
        ("XXVII-2-a", [VIENNA, *acts(11, "1988-12-30")], people(11), CFC, "1988-12-30", "1989-01-01"),
        ("XXVII-2-a", [VIENNA, *acts(11, "1989-02-01")], people(11), CFC, "1989-02-01", "1989-05-02"),
        ("ETS-185", acts(5, "2004-03-18", "ratification"), COE, None, "2004-03-18", "2004-07-01"),
        ("XVIII-10", acts(60, "2002-04-11"), people(60), None, "2002-04-11", "2002-07-01"),
        ("XXVI-5", acts(40, "1998-09-16"), people(40), None, "1998-09-16", "1999-03-01"),
        (
            "XXVI-3",
            [line("opening", "1993-01-13"), *acts(65, "1996-10-31", "ratification")],
            people(65),
            None,
            "1996-10-31",
            "1997-04-29",
        ),
        ("XXVII-2-f", acts(20, "2017-11-17"), people(20), None, "2017-11-17", "2019-01-01"),
        (
            "ILO-MLC2006",
            acts(30, "2012-08-20", "ratification"),
            people(30),
            {"world_gt": {"s1": "33/100"}},
            "2012-08-20",
            "2013-08-20",
        ),
        ("XXI-6-a", acts(40, "1996-06-28"), PIONEERS, None, "1996-06-28", "1996-07-28"),
        ("XXI-6-a", acts(40, "1994-09-01"), PIONEERS, None, "1994-09-01", "1994-11-16"),
        (
            "XXVII-3-a",
            acts(66, "2019-09-06", "acceptance"),
            people(87, "parties_at_adoption"),
            None,
            "2019-09-06",
            "2019-12-05",
        ),
        (
            "CETS-194",
            acts(47, "2010-02-18", "ratification"),
            people(47, "parties_to:ETS-5"),
            None,
            "2010-02-18",
            "2010-06-01",
        ),
        ("SOLAS-annex-tacit", [line("circulated", "2022-01-10")], [], None, "2024-01-10", "2024-07-10"),
        (
            "IMO-FUND2003",
            [*acts(8, "2004-12-01"), line("fact_certified", "2004-12-03", key="contributing_oil_received_mt>=450")],
            people(8),
            None,
            "2004-12-03",
            "2005-03-03",
        ),
    ],
)
def test_threshold_and_entry_into_force(
    treaty: str, lines: list[Document], who: list[Document], tables: Any, threshold: str, force: str
) -> None:
    found = answer(treaty, lines, who, tables)
    assert (found["threshold_date"], found["entry_into_force"], found["met"]) == (threshold, force, True)
    assert found["unknown"] == []


@pytest.mark.parametrize(
    ("treaty", "before", "own", "effects"),
    [
        (
            "XXVII-7-d",
            acts(55, "2016-09-21"),
            ["2016-10-05", "2016-10-20", "2016-12-23", "2017-02-15", "2020-11-16"],
            ["2016-11-04", "2016-11-19", "2017-01-22", "2017-03-17", "2020-12-16"],
        ),
        (
            "XXVII-2-a",
            [VIENNA, *acts(11, "1988-12-16")],
            ["1988-12-30", "1989-05-19", "1990-09-18", "1999-10-08", "2004-06-17"],
            ["1989-01-01", "1989-08-17", "1990-12-17", "2000-01-06", "2004-09-15"],
        ),
        (
            "ETS-185",
            acts(5, "2004-03-18", "ratification"),
            ["2006-10-12", "2010-03-15", "2012-06-13", "2016-11-16"],
            ["2007-02-01", "2010-07-01", "2012-10-01", "2017-03-01"],
        ),
    ],
)
def test_each_later_joiner(treaty: str, before: list[Document], own: list[str], effects: list[str]) -> None:
    joiners = [f"j{n}" for n in range(len(own))]
    later = [line("accession", on, participant=who) for who, on in zip(joiners, own, strict=True)]
    who = [*people(55, "coe_member"), *({"id": one, "kind": "state", "groups": []} for one in joiners)]
    shares = {"ghg_share_2015_list": {"s1": "0.54", "j0": "0.01"}}
    found = answer(treaty, before + later, who, CFC | shares)
    assert [found["participants"][one]["effect_date"] for one in joiners] == effects


def test_hong_kong_convention_was_met_by_two_on_one_day() -> None:
    tables = {"world_gt": {"s14": "0.2", "s15": "0.2"}, "recycling_volume_over_own_gt": {"s14": "0.03"}}
    lines = [*acts(13, "2020-01-01"), *acts(2, "2023-06-26", first=14)]
    lines += [line("accession", "2025-05-01", participant="s20"), line("accession", "2026-01-31", participant="s21")]
    found = answer("IMO-SRC2009", lines, people(21), tables)
    assert (found["threshold_date"], found["entry_into_force"]) == ("2023-06-26", "2025-06-26")
    assert found["participants"]["s20"] == {"effect_date": "2025-08-01", "clause": "17(2)"}
    assert found["participants"]["s21"] == {"effect_date": "2026-04-30", "clause": "17(3)"}


def test_35_of_44_after_one_ratification_was_withdrawn() -> None:
    lines = [*acts(36, "2000-01-01", "ratification"), line("consent_withdrawn", "2023-11-03", participant="s1")]
    found = answer("XXVI-4", lines, people(44, "annex_2_44"))
    tree = found["explanation"]["tree"]
    assert (found["met"], tree["have"], tree["need"], len(tree["missing_participants"])) == (False, 35, 44, 9)


def test_34_states_and_twelve_organisations_are_34_of_35() -> None:
    organisations = people(12, first=35, kind="io")
    lines = [*acts(34, "2000-01-01"), *acts(12, "2000-01-01", "formal_confirmation", first=35)]
    found = answer("XXIII-3", lines, [*people(34), *organisations])
    assert (found["met"], found["explanation"]["have"], found["explanation"]["need"]) == (False, 34, 35)


def test_the_number_needed_of_87_is_66() -> None:
    found = answer("XXVII-3-a", acts(65, "2019-09-05", "acceptance"), people(87, "parties_at_adoption"))
    assert (found["met"], found["explanation"]["have"], found["explanation"]["need"]) == (False, 65, 66)


def test_the_unions_share_is_not_added_to_its_members_in_paris() -> None:
    who = [*people(54), {"id": "m", "kind": "state", "groups": ["eu"]}, {"id": "eu", "kind": "reio", "groups": []}]
    lines = [*acts(54, "2016-10-05"), line("ratification", "2016-10-05", participant="m")]
    lines.append(line("approval", "2016-10-05", participant="eu"))
    shares = {"ghg_share_2015_list": {"s1": "0.50", "m": "0.04", "eu": "0.121"}}
    found = answer("XXVII-7-d", lines, who, shares)
    assert found["met"] is False
    reasons = {one["participant"]: one["reason"] for one in found["explanation"]["tree"]["parts"][1]["not_counted"]}
    assert reasons["eu"] == "not_additional"
