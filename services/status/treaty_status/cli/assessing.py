"""``treaty-status assess``: a rule and its acts from files, answered on the spot."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from treaty_status.application.offline import Assessor, CaseReader, Place, Unreadable
from treaty_status.cli import output
from treaty_status.cli.exits import Refused
from treaty_status.domain.iso import iso_date
from treaty_status.registry import load_registry


def one(
    *,
    rule: Path,
    acts: Path,
    participants: Path | None,
    tables: Path | None,
    others: Sequence[Path],
    as_of: str,
    as_json: bool,
) -> None:
    """Assess one rule and print where its treaty stands.

    Raises:
        Refused: a file cannot be read, or the day is none.
    """
    registry = load_registry()
    try:
        question = CaseReader(registry).question(
            rule=rule,
            acts=acts,
            participants=participants,
            tables=tables,
            others=others,
            as_of=_day(as_of),
            place=Place(str(rule)),
        )
        found = Assessor(registry).answer(question)
    except Unreadable as fault:
        raise _refused(fault) from None
    (output.as_json if as_json else _print)(found)


def many(path: Path) -> bool:
    """Assess every case of a file and print one line for each, at once; False where some could not be.

    Raises:
        Refused: the file itself cannot be read.
    """
    try:
        well = True
        for line in _lines(path):
            well = well and "error" not in line
            output.as_line(line)
    except Unreadable as fault:
        raise _refused(fault) from None
    return well


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    registry = load_registry()
    assessor = Assessor(registry)
    for case in CaseReader(registry, folder=path.parent).cases(path):
        try:
            if isinstance(case.question, Unreadable):
                raise case.question
            yield {"case": case.name, **assessor.answer(case.question)}
        except Unreadable as fault:
            yield {"case": case.name, "error": _document(fault)}


def _day(text: str) -> date:
    try:
        return iso_date(text)
    except ValueError as reason:
        raise Refused(0, {"title": "No day", "detail": str(reason)}) from None


def _refused(fault: Unreadable) -> Refused:
    return Refused(0, _document(fault))


def _document(fault: Unreadable) -> dict[str, Any]:
    return {"title": "Unreadable", "detail": str(fault), "file": fault.place.file, "line": fault.place.line}


def _print(found: dict[str, Any]) -> None:
    output.say(f"{found['treaty']}, at the end of {found['as_of']}")
    output.say(found["explanation"]["text"]["en"])
    output.facts(
        {
            "threshold met on": found["threshold_date"],
            "entry into force": found["entry_into_force"],
            "by": found["track"],
            "not known": found["unknown"],
        }
    )
    rows = [{"participant": name, **own} for name, own in found["participants"].items()]
    if rows:
        output.table(rows, participant="participant", effect_date="bound from", clause="clause", until="until")
    for remark in found["remarks"]:
        output.say(remark)
