"""Lists with one act a line: our NDJSON and CSV, our table of participants, and the layout of other compilations.

Lists are parts of the record, not the whole: what is missing from them is not missing.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final

from treaty_events import EVENT_OF, Action, Evidence, NotAFact, Tier, treaty_id
from treaty_status.application.sheets import Found, Reason, TreatyPart
from treaty_status.domain.iso import iso_date
from treaty_status.importers.cells import FIRST_YEAR
from treaty_status.importers.ledger import Ledger
from treaty_status.importers.names import Names
from treaty_status.importers.numbers import usable_id
from treaty_status.importers.refusals import NotATable, TreatyNotNamed
from treaty_status.importers.tables_csv import records, text_of
from treaty_status.registry import Registry

Line = Mapping[str, Any]

ACTIONS_COLUMNS: Final = frozenset({"treaty_id", "participant", "action", "date"})
ACTS_COLUMNS: Final = frozenset({"participant", "action", "act_date"})
PARTICIPANTS_COLUMNS: Final = frozenset({"treaty", "participant", "signed_on", "consent", "consented_on"})
_TEXTS: Final = ("place", "depositary_ref", "note", "text", "article", "territory", "extent")
_DAYS: Final = ("effect_date", "circulated_on", "succeeded_on")
_FLAGS: Final = ("ended", "opposes_entry_into_force")
_PARTICIPANTS: Final = ("predecessor", "objected_to")
_READ: Final = frozenset(
    {*_TEXTS, *_DAYS, *_FLAGS, *_PARTICIPANTS, "treaty", "treaty_id", "participant", "action", "act_date", "tier"}
    | {"source", "evidence", "iso3", "name", "treaty_title"}
)
_EVIDENCE: Final = frozenset(one.name for one in fields(Evidence))
_FIELDS_OF: Final = {action: frozenset(one.name for one in fields(kind)) for action, kind in EVENT_OF.items()}
_COMPUTED: Final = "is worked out from the rule and the deposits; it is a date of effect, not an act"
_NO_ACTS: Final[dict[str, tuple[Reason, str]]] = {
    "entry_into_force_for_participant": (
        Reason.NOT_AN_ACT,
        f"The day of entry into force for a participant {_COMPUTED}.",
    ),
    "end_of_participation": (
        Reason.NOT_AN_ACT,
        f"The end of participation {_COMPUTED}; the notice of withdrawal is the act, and its day is not told here.",
    ),
    "admission_resolution": (
        Reason.NOT_AN_ACT,
        "A resolution of admission is an act of the organisation, not of the participant.",
    ),
    "territorial_application": (Reason.TERRITORY, "What is done for a territory is not an act of becoming party."),
    "application": (Reason.TERRITORY, "An application annex by annex is not an act of becoming party."),
}


_OWN_ACTS: Final = frozenset(action.value for action in Action)


class _Unreadable(Exception):
    """One line cannot be read: the reason, and where in it."""

    def __init__(self, why: Reason, detail: str, column: str, text: str) -> None:
        super().__init__(detail)
        self.why, self.detail, self.column, self.text = why, detail, column, text


# ---- NDJSON ----------------------------------------------------------------------------------------------------------
def read_ndjson(file: str, raw: bytes, *, registry: Registry, treaty: str | None = None) -> Ledger:
    """One JSON object a line, with the fields of a recorded act, and ``treaty`` where the caller names none."""
    ledger = Ledger(file, raw, format_name="ndjson", source=file, complete=False)
    reader = _Lines(ledger, Names(registry), treaty)
    for number, text in enumerate(text_of(file, raw).split("\n"), start=1):
        if text.strip():
            reader.read(number, _object(text), text.strip())
    return reader.finished()


def _object(text: str) -> Line | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


# ---- CSV -------------------------------------------------------------------------------------------------------------
def read_acts(file: str, raw: bytes, *, registry: Registry, treaty: str | None = None) -> Ledger:
    """Our acts as CSV: ``participant``, ``action``, ``act_date``, ``treaty`` unless named, other fields of an act."""
    ledger = Ledger(file, raw, format_name="csv", source=file, complete=False)
    return _read_records(file, raw, _Lines(ledger, Names(registry), treaty), _same)


def read_actions(file: str, raw: bytes, *, registry: Registry, treaty: str | None = None) -> Ledger:
    """The layout of public compilations: ``treaty_id, treaty_title, participant, iso3, action, date, source``."""
    ledger = Ledger(file, raw, format_name="actions", source=file, complete=False)
    return _read_records(file, raw, _Lines(ledger, Names(registry), treaty, foreign=True), _as_act)


def read_participants(file: str, raw: bytes, *, registry: Registry, treaty: str | None = None) -> Ledger:
    """Our table of participants: a signature and a consent in each row; what is computed from them is not read."""
    ledger = Ledger(file, raw, format_name="csv", source=file, complete=False)
    reader = _Lines(ledger, Names(registry), treaty)
    header, rows = _header_and_rows(file, raw)
    for number, cells in rows:
        line = dict(zip(header, cells, strict=False))
        common = {"treaty": line.get("treaty"), "participant": line.get("participant")}
        if line.get("signed_on"):
            reader.read(number, {**common, "action": "signature", "act_date": line["signed_on"]}, line["signed_on"])
        if line.get("consented_on") or line.get("consent"):
            act = {**common, "action": line.get("consent"), "act_date": line.get("consented_on")}
            reader.read(number, act, f"{line.get('consent')} {line.get('consented_on')}")
    return reader.finished()


def _header_and_rows(file: str, raw: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    (_, header), *rows = records(file, raw)
    return [name.strip() for name in header], [(number, list(cells)) for number, cells in rows]


def _read_records(file: str, raw: bytes, reader: "_Lines", shaped: Callable[[dict[str, str]], Line]) -> Ledger:
    header, rows = _header_and_rows(file, raw)
    if not rows:
        raise NotATable(
            f"The list has a header and no line (file: {file}).", way_out="Fetch it again.", facts={"file": file}
        )
    for number, cells in rows:
        text = ",".join(cells)
        whole = len(cells) == len(header)
        reader.read(number, shaped(dict(zip(header, cells, strict=True))) if whole else None, text)
    return reader.finished()


def _same(line: dict[str, str]) -> Line:
    return {name: value for name, value in line.items() if value != ""}


def _as_act(line: dict[str, str]) -> Line:
    return {
        "treaty": line["treaty_id"],
        "treaty_title": line.get("treaty_title"),
        "participant": line["participant"],
        "iso3": line.get("iso3"),
        "action": line["action"],
        "act_date": line["date"],
        "source": line.get("source"),
    }


# ---- a line ----------------------------------------------------------------------------------------------------------
class _Lines:
    """Reads lines of one file into its ledger. ``foreign``: ids and acts are named as other compilations name them."""

    def __init__(self, ledger: Ledger, names: Names, treaty: str | None, *, foreign: bool = False) -> None:
        self._ledger = ledger
        self._names = names
        self._treaty = treaty
        self._foreign = foreign
        self._ids: dict[str, str] = {}
        self._printed: dict[str, str] = {}
        self._titles: dict[str, str] = {}

    def read(self, number: int, line: Line | None, text: str) -> None:
        """One line: an act, or a reported cell."""
        self._ledger.cells += 1
        treaty: str | None = None
        try:
            fields_of_line = _whole(line, text)
            treaty = self._treaty_of(fields_of_line)
            self._ledger.act(self._found(number, treaty, fields_of_line, text))
        except _Unreadable as problem:
            self._ledger.report(number, problem.column, problem.text, problem.why, problem.detail, treaty=treaty)

    def finished(self) -> Ledger:
        """The ledger, with the titles that the list gives."""
        for treaty in dict.fromkeys([*self._ids.values(), *([self._treaty] if self._treaty else [])]):
            self._ledger.parts[treaty] = TreatyPart(treaty=treaty, title=self._titles.get(treaty))
        return self._ledger

    def _treaty_of(self, line: Line) -> str:
        printed = line.get("treaty") or line.get("treaty_id")
        if printed is None and self._treaty is not None:
            return self._treaty
        if printed is None:
            raise TreatyNotNamed(
                f"The list does not say whose acts it holds (file: {self._ledger.file}).",
                way_out="Name the treaty with --treaty.",
                facts={"file": self._ledger.file},
            )
        treaty = self._ids.get(str(printed))
        if treaty is None:
            treaty = self._new_treaty(str(printed))
        if self._treaty is not None and treaty != self._treaty:
            raise _Unreadable(
                Reason.CONTRADICTION,
                f"The line is about {treaty}, and the import is of {self._treaty}.",
                "treaty",
                str(printed),
            )
        if title := line.get("treaty_title"):
            self._titles.setdefault(treaty, str(title))
        return treaty

    def _new_treaty(self, printed: str) -> str:
        try:
            treaty = usable_id(printed) if self._foreign else treaty_id(printed)
        except NotAFact as error:
            raise _Unreadable(Reason.BAD_LINE, str(error), "treaty", printed) from None
        other = self._printed.setdefault(treaty, printed)
        if other != printed:
            raise _Unreadable(
                Reason.CONTRADICTION,
                f"The ids {other!r} and {printed!r} would both become {treaty}.",
                "treaty",
                printed,
            )
        self._ids[printed] = treaty
        return treaty

    def _found(self, number: int, treaty: str, line: Line, text: str) -> Found:
        action = _action(line, foreign=self._foreign)
        day = _day(line, "act_date")
        if line.get("tier", Tier.OFFICIAL_DEPOSITARY) != Tier.OFFICIAL_DEPOSITARY:
            raise _Unreadable(
                Reason.NOT_DEPOSITARY,
                "Only the depositary's own record moves a count; hand this in as a claim.",
                "tier",
                str(line["tier"]),
            )
        unread = [name for name in line if name not in _READ]
        if unread:
            raise _Unreadable(Reason.BAD_LINE, f"An act has no field {unread[0]!r}.", unread[0], str(line[unread[0]]))
        who = self._who(line, "participant", day, iso3=line.get("iso3"))
        more = self._more(line, action, day)
        source = line.get("source")
        return Found(treaty, who, action, day, number, "action", text[:200], str(source) if source else None, more)

    def _who(self, line: Line, column: str, day: date, *, iso3: object = None) -> str:
        printed = line.get(column)
        if not isinstance(printed, str) or not printed.strip():
            raise _Unreadable(Reason.NO_PARTICIPANT, "The line names no participant.", column, str(printed or ""))
        who = self._names.on(printed.strip(), day)
        coded = self._names.anyone(iso3) if isinstance(iso3, str) and iso3 else None
        if isinstance(who, tuple):
            raise _Unreadable(*who, column, printed)
        if coded is not None and coded.id != who:
            raise _Unreadable(
                Reason.CONTRADICTION, f"The name means {who} and the code {iso3} means {coded.id}.", column, printed
            )
        return who

    def _more(self, line: Line, action: Action, day: date) -> Mapping[str, Any] | None:
        more: dict[str, Any] = {}
        for name in (*_TEXTS, *_DAYS, *_FLAGS, *_PARTICIPANTS):
            value = line.get(name)
            if value is None or value == "":
                continue
            if name not in _FIELDS_OF[action]:
                raise _Unreadable(
                    Reason.BAD_LINE, f"An act of the kind {action.value} has no {name}.", name, str(value)
                )
            more[name] = self._read_field(line, name, day)
        evidence = line.get("evidence")
        if evidence:
            more["evidence"] = _evidence(evidence)
        return more or None

    def _read_field(self, line: Line, name: str, day: date) -> Any:
        value = line[name]
        if name in _DAYS:
            return _day(line, name)
        if name in _PARTICIPANTS:
            return self._who(line, name, day)
        if name in _FLAGS:
            if value in {True, False, "true", "false"}:
                return value in {True, "true"}
            raise _Unreadable(Reason.BAD_LINE, f"{name} is true or false.", name, str(value))
        return str(value)


def _whole(line: Line | None, text: str) -> Line:
    if line is None:
        raise _Unreadable(Reason.BAD_LINE, "The line has not the fields that such a list has.", "", text)
    return line


def _action(line: Line, *, foreign: bool) -> Action:
    printed = line.get("action")
    if not isinstance(printed, str):
        raise _Unreadable(Reason.BAD_LINE, "The line names no act.", "action", str(printed or ""))
    if printed in _NO_ACTS and (foreign or printed not in _OWN_ACTS):
        raise _Unreadable(*_NO_ACTS[printed], "action", printed)
    if printed.startswith("unspecified"):
        raise _Unreadable(
            Reason.UNSPECIFIED_ITEM,
            f"The source does not tell which act it was ({printed.partition(':')[2][:120] or printed}).",
            "action",
            printed,
        )
    try:
        return Action(printed)
    except ValueError:
        raise _Unreadable(
            Reason.NOT_AN_ACT, f"{printed[:60]!r} is not one of the acts that can be recorded.", "action", printed
        ) from None


def _evidence(given: Any) -> tuple[Evidence, ...]:
    listed = given if isinstance(given, list) else [given]
    texts = all(
        isinstance(one, dict) and "source" in one and all(isinstance(value, str | None) for value in one.values())
        for one in listed
    )
    if not texts or any(set(one) - _EVIDENCE for one in listed):
        raise _Unreadable(
            Reason.BAD_LINE, f"Evidence is a list of {', '.join(sorted(_EVIDENCE))}.", "evidence", str(given)
        )
    return tuple(Evidence(**one) for one in listed)


def _day(line: Line, name: str) -> date:
    value = line.get(name)
    try:
        day = iso_date(value if isinstance(value, str) else "")
    except ValueError as error:
        raise _Unreadable(Reason.BAD_DATE, str(error), name, str(value or "")) from None
    if day.year < FIRST_YEAR or day.year == date.max.year:
        raise _Unreadable(Reason.BAD_DATE, f"No treaty act happened in the year {day.year}.", name, str(value))
    return day


def columns_of(header: Iterable[str]) -> frozenset[str]:
    """The names in a header."""
    return frozenset(name.strip() for name in header)
