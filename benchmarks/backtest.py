"""``python -m benchmarks.backtest``: rules on the recorded acts of real treaties, beside the published dates.

Reads the shared data from TREATY_SHARED_DATA, or from ``shared/data`` beside the repository. Every treaty is run with
the outsiders' coding of its clause, translated mechanically, and with our own rule; first on the acts as the tables
print them, then with the acts that the tables have lost. What is neither the published day nor explained is wrong.
"""

import csv
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.coded_rules import translated
from treaty_status.application.corpus import corpus
from treaty_status.application.offline import Assessor, CaseReader, Place
from treaty_status.registry import Registry, load_registry

Document = dict[str, Any]
AS_OF = date(2026, 1, 1)
OURS = {
    "GGO:ACNARE_1986A": "IAEA-ASSISTANCE1986",
    "GGO:ANTRCT_1959A": "ANTARCTIC-1959",
    "GGO:ANTTEP_1991P": "ANTARCTIC-PROTOCOL-1991",
    "GGO:CAF_1981A": "ABIDJAN-1981",
    "GGO:CMPPTP_2018A": "CPTPP-2018",
    "GGO:CNCGIW_2001A": "CMNI-2001",
    "GGO:CNEWNH_1979A": "ETS-104",
    "GGO:EI04IW_2000A": "ADN-2000",
    "GGO:EICDGR_1957A": "XI-B-14",
    "GGO:EO04CA_1980A": "ETS-106",
    "GGO:ERPSMA_1953A": "ETS-14",
    "GGO:ESIOTC_1993A": "FAO-IOTC1993",
    "GGO:HWILHW_1996A": "ILO-C177",
    "GGO:INTRNS_1989A": "IMO-SALVAGE1989",
    "GGO:INTSLS_1974A": "IMO-SOLAS1974",
    "GGO:LMTLMC_1996P:LMTLMC_1976A": "IMO-LLMC1996",
    "GGO:NWILNW_1990A": "ILO-C171",
    "GGO:PC07HS_1993A": "FAO-COMPLIANCE1993",
    "GGO:PH09RB_1997A": "CETS-164",
    "GGO:SH04HM_1995A": "ILO-C176",
    "GGO:SPPCND_1997A": "IAEA-CSC1997",
    "GGO:TB06SW_1963A": "PTBT-1963",
    "WIPO-Beijing": "WIPO-BEIJING2012",
    "WIPO-Nairobi": "WIPO-NAIROBI1981",
    "WIPO-Singapore": "WIPO-SINGAPORE2006",
    "WIPO-Trademark": "WIPO-TLT1994",
}
"""The outsiders' ids where ours differ."""
ELSEWHERE = [
    {"treaty": "III-3", "entered_into_force_on": "1964-04-24"},
    {"treaty": "III-9", "entered_into_force_on": "1985-06-21"},
    {"treaty": "IV-4", "entered_into_force_on": "1976-03-23"},
    {"treaty": "IV-15", "entered_into_force_on": "2008-05-03"},
    {"treaty": "XXVII-2", "entered_into_force_on": "1988-09-22"},
]
"""Treaties that others wait for, and whose own acts are not in the data; their days are common knowledge."""
CAUSES = {
    "hit": "",
    "hit_after_correction": "lost acts|who counts",
    "explained_by_known_missing_instruments": "lost acts",
    "depositary_day_convention": "convention",
    "miss_explained": "second condition",
    "miss_data_gap": "data gap",
}
"""The outsiders' own word for what a treaty came to, and the causes of ours that say the same."""
STATES = {"Czechoslovakia": "csk", "Yugoslavia (SFRY)": "yug", "the German Democratic Republic": "ddr"}
CHINA = "China (Republic of China)"


def shared_data() -> Path | None:
    """Where the shared data is; None where it is not."""
    named = os.environ.get("TREATY_SHARED_DATA")
    beside = Path(__file__).parents[2] / "shared" / "data"
    found = Path(named) if named else beside
    return found if (found / "backtest_shared.json").is_file() else None


@dataclass(frozen=True)
class Run:
    """One rule on one set of acts."""

    threshold: str | None
    force: str | None
    unknown: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Verdict:
    """What a treaty came to: the runs, and in what sense it is reproduced."""

    treaty: str
    status: str
    official: str
    coded: Run
    ours: Run
    completed: Run
    verdict: str
    kind: str
    cause: str


class Record:
    """The outsiders' rows, as lines of an assessment."""

    def __init__(self, data: Path) -> None:
        self.registry: Registry = load_registry()
        self._assessor = Assessor(self.registry)
        self._reader = CaseReader(self.registry)
        self._rows = _by_treaty(data / "actions_shared.csv")
        self._hidden = _by_treaty(data / "hidden_actions_shared.csv")
        self.treaties: list[Document] = json.loads((data / "backtest_shared.json").read_text("utf-8"))["treaties"]
        shares = {row["iso3"]: row["share"] for row in _rows(data / "paris_shares.csv")}
        source = "UNFCCC, FCCC/CP/2015/10, annex I, as compiled by outsiders"
        self._paris = {"version": "2015-12-12", "source": source, "whole": "100", "values": shares}

    def effects(self, treaty: str) -> tuple[int, int, int]:
        """Published dates of effect for single participants: those that are ours, that differ, that we leave open.

        They differ where the table has lost an act, or where a source counts a year as 365 days.
        """
        own = corpus()[OURS.get(treaty, treaty)].model_dump(mode="json", exclude_defaults=True)
        ours = self._answer(treaty, own, ())["participants"]
        published = [row for row in self._rows[treaty] if row["action"] == "entry_into_force_for_participant"]
        found = [((ours.get(self._id(row)) or {}).get("effect_date"), row["date"]) for row in published]
        given = [(day, theirs) for day, theirs in found if day is not None]
        same = sum(1 for day, theirs in given if day == theirs)
        return same, len(given) - same, len(found) - len(given)

    def run(self, treaty: str, rule: Document, extra: Iterable[Document] = ()) -> Run:
        """A rule on the treaty's rows, and some more."""
        found = self._answer(treaty, rule, extra)
        text = found["explanation"]["text"]["en"]
        return Run(found["threshold_date"], found["entry_into_force"], tuple(found["unknown"]), text)

    def _answer(self, treaty: str, rule: Document, extra: Iterable[Document]) -> Document:
        people: dict[str, Document] = {}
        acts = [self._line(row, people) for row in (*self._rows[treaty], *extra)]
        question = self._reader.question(
            rule=rule,
            acts=acts,
            participants=list(people.values()),
            tables=[{"table": name, **self._paris} for name in ("paris_shares", "ghg_share_2015_list")] + ELSEWHERE,
            as_of=AS_OF,
            place=Place(treaty),
        )
        return self._assessor.answer(question)

    def lost(self, coded: Document) -> list[Document]:
        """The acts that the tables have lost: hidden rows, and those that footnotes speak of."""
        rows = list(self._hidden.get(coded["treaty_id"], ()))
        have = {(self._id(row), row["date"]) for row in rows}
        kind = coded["rule"]["kinds"][0]
        for one in coded.get("known_missing_instruments", ()):
            name = "chn" if one["state"] == CHINA else STATES[one["state"]]
            if (name, one["date"]) not in have:
                rows.append({"participant": name, "iso3": "", "action": kind, "date": one["date"]})
        return rows

    def name(self, row: Mapping[str, str]) -> str:
        """Who acted, in words."""
        found = self.registry.get(self._id(row))
        return row["participant"] if found is None else found.name()

    def _id(self, row: Mapping[str, str]) -> str:
        found = self.registry.find(row["iso3"] or row["participant"]) or self.registry.find(row["participant"])
        return row["participant"] if found is None else found.id

    def _line(self, row: Mapping[str, str], people: dict[str, Document]) -> Document:
        who = self._id(row)
        if self.registry.get(who) is None:
            people[who] = {"id": who, "kind": "state" if row["iso3"] else "io"}
        return {"participant": who, "action": row["action"], "act_date": row["date"]}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _by_treaty(path: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(path):
        found[row["treaty_id"]].append(row)
    return found


# ---- the verdicts ----------------------------------------------------------------------------------------------------
def verdict(record: Record, coded: Document) -> Verdict:
    """Run a treaty every way, and say what it came to."""
    treaty, official = coded["treaty_id"], coded["official_entry_into_force"]
    clause = coded["rule_article"][:100]
    rule = translated(treaty, coded["title"], clause, coded["rule"], record.registry)
    own = corpus()[OURS.get(treaty, treaty)].model_dump(mode="json", exclude_defaults=True)
    lost = record.lost(coded)
    as_coded, ours = record.run(treaty, rule), record.run(treaty, own)
    completed = record.run(treaty, own, lost) if lost else ours
    supposed = record.run(treaty, _without(own, ours.unknown)) if ours.force is None and ours.unknown else None
    named = ", ".join(sorted({f"{record.name(row)} {row['date']}" for row in lost}))
    word, kind, cause = _judged(official, as_coded, ours, completed, own, named, supposed)
    return Verdict(treaty, coded["status"], official, as_coded, ours, completed, word, kind, cause)


def _judged(
    official: str, coded: Run, ours: Run, completed: Run, own: Document, lost: str, supposed: Run | None
) -> tuple[str, str, str]:
    """``hit``, ``explained`` with kind and cause, or ``wrong``; only acts that set a wrong day right explain it.

    ``supposed`` is the run in which a condition that the data cannot answer is taken as given.
    """
    if official == coded.force == ours.force:
        return "hit", "", ""
    if ours.force == official and coded.force is None and coded.unknown:
        return "hit", "", f"by our rule; the coding alone leaves open {', '.join(coded.unknown)}"
    if ours.force == official and _reckons_otherwise(own):
        return "explained", "convention", _exception(own)
    if ours.force == official and ours.threshold != coded.threshold:
        return "explained", "who counts", f"threshold {ours.threshold}, not {coded.threshold}: {ours.text}"
    if lost and completed.force == official:
        return "explained", "lost acts", f"{lost}; with them {completed.force}"
    if ours.force is None and supposed is not None:
        return _of_supposition(official, ours, supposed)
    if ours.force is None:
        return "explained", "data gap", f"no day is given: {ours.text}"
    return "wrong", "", f"{ours.force} instead of {official}"


def _of_supposition(official: str, ours: Run, supposed: Run) -> tuple[str, str, str]:
    told = f"no day is given for want of {', '.join(ours.unknown)}"
    if supposed.force is None:
        return "explained", "data gap", told
    days = (date.fromisoformat(official) - date.fromisoformat(supposed.force)).days
    if days == 1:
        return "explained", "convention", f"{told}; were it given, {supposed.force}, one day before the published"
    return "explained", "second condition", f"{told}; the count alone would have led to {supposed.force}"


def _without(rule: Document, unknown: Iterable[str]) -> Document:
    """The rule as if the weights that nobody can look up were given."""
    tables = {name.removeprefix("table:") for name in unknown}

    def given(when: Document) -> Document:
        if when["op"] != "all":
            return when
        return {**when, "of": [given(part) for part in when["of"] if part.get("table") not in tables]}

    return {**rule, "in_force": [{**track, "when": given(track["when"])} for track in rule["in_force"]]}


def _reckons_otherwise(rule: Document) -> bool:
    return "day_after_expiry" in json.dumps(rule)


def _exception(rule: Document) -> str:
    return next(str(track["source"]) for track in rule["in_force"] if track.get("source"))


def effects(data: Path) -> tuple[int, int, int]:
    """Dates of effect for single participants, over every treaty: ours, others, left open."""
    record = Record(data)
    ours, differ, open_ = zip(*(record.effects(one["treaty_id"]) for one in record.treaties), strict=True)
    return sum(ours), sum(differ), sum(open_)


def verdicts(data: Path) -> list[Verdict]:
    """Every treaty."""
    record = Record(data)
    return [verdict(record, coded) for coded in record.treaties]


def main() -> int:
    """Print the report; 1 where something is wrong."""
    data = shared_data()
    if data is None:
        print("The shared data is not here: set TREATY_SHARED_DATA, or put it beside the repository in shared/data.")
        return 2
    found = verdicts(data)
    for one in found:
        days = f"published {one.official}  ours {one.ours.force or '-':10}  coded {one.coded.force or '-':10}"
        print(f"{one.verdict:10}{one.treaty:32}{days}  {one.kind}{': ' if one.kind else ''}{one.cause}")
    tally = {word: sum(1 for one in found if one.verdict == word) for word in ("hit", "explained", "wrong")}
    kinds = sorted({one.kind for one in found if one.kind})
    causes = ", ".join(f"{sum(1 for one in found if one.kind == kind)} {kind}" for kind in kinds)
    same = sum(1 for one in found if one.kind in CAUSES[one.status].split("|"))
    marked = [one for one in found if one.status == "hit"]
    kept = sum(1 for one in marked if one.ours.force == one.official)
    print(f"\n{len(found)} treaties: " + ", ".join(f"{number} {word}" for word, number in tally.items()))
    print(f"Explained by: {causes}. {same} of {len(found)} for the outsiders' own reason.")
    print(f"{kept} of {len(marked)} marked as hits are reproduced to the day by our own rules.")
    later = sum(1 for one in found if one.completed.force == one.official)
    print(f"{later} are reproduced to the day once the lost acts are added.")
    same, differ, left_open = effects(data)
    print(f"Of {same + differ + left_open} published dates of effect for one participant, {same} are ours to the day,")
    print(f"{differ} differ, and for {left_open} we give none (a clause or a condition that nobody has recorded).")
    return 1 if tally["wrong"] or kept < len(marked) else 0


if __name__ == "__main__":
    sys.exit(main())
