"""Records of late arrivals: ``treaty_id, participant, field, change, old_value, new_value, seen_at, source``.

Such a record begins with a first snapshot that is not listed row by row. What it held is found by undoing the changes
from last to first, starting from the rows that stood at the end.

A row speaks of one cell of a status table: a signature, a day of consent (``Ratification``), its kind (``Kind``), or
both in one, as the depositary prints them (``consent``: day and suffix). What a suffix means is taken from the treaty's
own final rows, never from habit. A consent whose kind is not told is a ratification until its kind is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Final

from treaty_events import CONSENT, Action
from treaty_status.application.arrivals import Arrival, ArrivalHistory, Change
from treaty_status.application.sheets import Found, Reason, Reported, Sheet
from treaty_status.domain.arrivals import ActOn
from treaty_status.domain.iso import iso_date
from treaty_status.importers.cells import dated
from treaty_status.importers.names import Names
from treaty_status.importers.numbers import usable_id
from treaty_status.importers.refusals import NotATable
from treaty_status.importers.tables_csv import records
from treaty_status.registry import Registry

COLUMNS: Final = ("treaty_id", "participant", "field", "change", "old_value", "new_value", "seen_at", "source")
SIGNATURE, DAY, KIND, CELL = "Signature", "Ratification", "Kind", "consent"
_FIELDS: Final = (SIGNATURE, DAY, KIND, CELL)
_CHANGES: Final = ("added", "changed", "removed")
_SIGNING: Final = frozenset({Action.SIGNATURE, Action.SUCCESSION_TO_SIGNATURE})
_KINDS: Final = {
    "Ratification": Action.RATIFICATION,
    "Acceptance": Action.ACCEPTANCE,
    "Approval": Action.APPROVAL,
    "Accession": Action.ACCESSION,
    "Succession": Action.SUCCESSION,
}
UNTOLD: Final = Action.RATIFICATION
"""What a day in the column of consents means before its kind is told, as in the depositary's own tables."""


@dataclass(slots=True)
class _Row:
    """One line; ``old`` and ``new`` as printed."""

    number: int
    treaty: str
    who: str
    field: str
    change: str
    old: str
    new: str
    seen_at: datetime
    source: str
    text: str

    @property
    def days(self) -> tuple[date | None, date | None]:
        return _day(self.old), _day(self.new)


@dataclass(slots=True)
class _Held:
    """One act as the table held it at some moment; ``kind`` None: not told."""

    signing: bool
    on: date
    kind: Action | None
    rows: tuple[int, ...] = ()

    @property
    def act(self) -> ActOn:
        return ActOn(self.kind or UNTOLD, self.on)


class _Contradiction(Exception):
    """A row does not fit what stood there."""


Table = dict[tuple[str, str], list[_Held]]
"""The acts of each participant under each treaty."""


def read_arrivals(file: str, raw: bytes, *, final: Sheet, registry: Registry) -> ArrivalHistory:
    """Read a record of arrivals; ``final`` holds the rows that stood at its end.

    Raises:
        NotATable: it has other columns.
    """
    return _Reader(file, raw, final, registry).read()


class _Reader:
    def __init__(self, file: str, raw: bytes, final: Sheet, registry: Registry) -> None:
        self._file = file
        self._raw = raw
        self._final = final
        self._names = Names(registry)
        self._reported: list[Reported] = []
        self._suffixes: dict[tuple[str, str], set[Action]] = {}

    def read(self) -> ArrivalHistory:
        lines = self._lines()
        rows = [row for number, cells in lines if (row := self._row(number, cells)) is not None]
        treaties = {row.treaty for row in rows}
        self._learn_suffixes(rows)
        rows = [row for row in rows if self._is_readable(row)]
        table = self._table_at_the_end(treaties)
        rows = self._undo(table, rows)
        starts = {treaty: self._start(treaty, table) for treaty in sorted(treaties)}
        arrivals = tuple(self._arrivals(table, rows))
        return ArrivalHistory(
            file=self._file,
            sha256=sha256(self._raw).hexdigest(),
            rows=len(lines),
            titles={one: part.title for one, part in self._final.parts.items() if one in treaties and part.title},
            starts=starts,
            arrivals=arrivals,
            reported=tuple(sorted(self._reported, key=lambda one: one.row)),
        )

    # ---- lines ------------------------------------------------------------------------------------------------------
    def _lines(self) -> list[tuple[int, Sequence[str]]]:
        (_, header), *lines = records(self._file, self._raw)
        if tuple(name.strip() for name in header) != COLUMNS:
            raise NotATable(
                f"This is no record of arrivals (file: {self._file}).",
                way_out=f"Its columns are {', '.join(COLUMNS)}.",
                facts={"file": self._file},
            )
        return [(number, list(cells)) for number, cells in lines]

    def _row(self, number: int, cells: Sequence[str]) -> _Row | None:
        text = ",".join(cells)
        if len(cells) != len(COLUMNS):
            self._report(number, "", text, Reason.BAD_LINE, "The line has not the fields of the header.", None)
            return None
        printed, name, field, change, old, new, seen_at, source = (cell.strip() for cell in cells)
        treaty = usable_id(printed)
        at = _instant(seen_at)
        who = self._names.on(name, date.max if at is None else at.date())
        problem: tuple[str, str, Reason, str] | None = None
        if field not in _FIELDS or change not in _CHANGES:
            problem = "field", f"{field} {change}", Reason.BAD_LINE, "No such field or change is known."
        elif at is None:
            problem = "seen_at", seen_at, Reason.BAD_DATE, "It is no instant with an offset."
        elif isinstance(who, tuple):
            problem = "participant", name, *who
        if problem is not None or at is None or isinstance(who, tuple):
            self._report(number, *(problem or ("", text, Reason.BAD_LINE, "")), treaty)
            return None
        return _Row(number, treaty, who, field, change, old, new, at, source, text)

    def _report(self, row: int, column: str, text: str, why: Reason, detail: str, treaty: str | None) -> None:
        self._reported.append(
            Reported(file=self._file, row=row, column=column, text=text[:200], reason=why, detail=detail, treaty=treaty)
        )

    # ---- what the cells mean ----------------------------------------------------------------------------------------
    def _learn_suffixes(self, rows: Iterable[_Row]) -> None:
        """A suffix means what the final rows call the same act of the same day."""
        final = {
            (found.treaty, found.participant, found.act_date): found.action
            for found in self._final.acts
            if found.action in CONSENT
        }
        for row in rows:
            for text in (row.old, row.new) if row.field == CELL else ():
                cell = dated(text)
                action = None if cell is None else final.get((row.treaty, row.who, cell.on))
                if cell is not None and action is not None:
                    self._suffixes.setdefault((row.treaty, cell.suffix), set()).add(action)

    def _is_readable(self, row: _Row) -> bool:
        wanted = {"added": (row.new,), "removed": (row.old,), "changed": (row.old, row.new)}[row.change]
        for text in wanted:
            if row.field == KIND:
                if text not in _KINDS:
                    self._report(row.number, KIND, text, Reason.NOT_AN_ACT, "No such kind is known.", row.treaty)
                    return False
            elif _day(text) is None:
                self._report(row.number, row.field, text, Reason.BAD_DATE, "This is not one day.", row.treaty)
                return False
            elif row.field == CELL and len(self._suffixes.get((row.treaty, _suffix(text)), ())) != 1:
                self._report(
                    row.number,
                    row.field,
                    text,
                    Reason.UNDEFINED_SUFFIX,
                    f"The final rows of {row.treaty} do not tell what the suffix {_suffix(text)!r} means.",
                    row.treaty,
                )
                return False
        return True

    def _kind(self, row: _Row, text: str) -> Action | None:
        """The kind of consent that a value tells, if it tells one."""
        if row.field == KIND:
            return _KINDS[text]
        if row.field == CELL:
            (action,) = self._suffixes[row.treaty, _suffix(text)]
            return action
        return Action.SIGNATURE if row.field == SIGNATURE else None

    # ---- back to the start ------------------------------------------------------------------------------------------
    def _table_at_the_end(self, treaties: set[str]) -> Table:
        table: Table = {}
        for found in self._final.acts:
            if found.treaty in treaties and (found.action in CONSENT or found.action in _SIGNING):
                held = _Held(found.action in _SIGNING, found.act_date, found.action)
                table.setdefault((found.treaty, found.participant), []).append(held)
        return table

    def _undo(self, table: Table, rows: list[_Row]) -> list[_Row]:
        """The table as it was before the first row; what does not fit is reported and left out both ways."""
        fitting = []
        for row in sorted(rows, key=_order, reverse=True):
            try:
                self._step(table, row, _INVERSE[row.change], before=row.new, after=row.old)
            except _Contradiction as problem:
                self._report(row.number, row.field, row.text, Reason.CONTRADICTION, str(problem), row.treaty)
            else:
                fitting.append(row)
        return fitting[::-1]

    def _step(self, table: Table, row: _Row, change: str, *, before: str, after: str) -> _Held | None:
        """One step, forwards or backwards; the act that it touched, None where the act is gone."""
        acts = table.setdefault((row.treaty, row.who), [])
        if row.field == KIND:
            return self._kind_step(acts, change, after)
        signing = row.field == SIGNATURE
        if change == "added":
            day = _day(after)
            assert day is not None  # noqa: S101 - checked by _is_readable
            acts.append(held := _Held(signing, day, self._kind(row, after)))
            return held
        old = next((one for one in acts if one.signing == signing and one.on == _day(before)), None)
        if old is None:
            raise _Contradiction(f"Where {before or 'nothing'} should have stood, the final rows lead to another day.")
        if change == "removed":
            acts.remove(old)
            return None
        day = _day(after)
        assert day is not None  # noqa: S101 - checked by _is_readable
        old.on, old.kind = day, self._kind(row, after) or old.kind
        return old

    def _kind_step(self, acts: list[_Held], change: str, after: str) -> _Held | None:
        consents = [one for one in acts if not one.signing]
        if not consents:
            if change == "removed":
                return None  # the act went in the same moment
            raise _Contradiction("A kind is told, and there is no consent that it could be the kind of.")
        held = max(consents, key=lambda one: one.on)
        held.kind = None if change == "removed" else _KINDS[after]
        return held

    def _start(self, treaty: str, table: Table) -> tuple[Found, ...]:
        """The acts that stood before the treaty's first arrival, with the final row where each still stands."""
        standing = {
            (one.participant, one.action, one.act_date): one for one in self._final.acts if one.treaty == treaty
        }
        found = []
        for (of, who), acts in table.items():
            for held in acts if of == treaty else ():
                action, day = held.act
                final = standing.get((who, action, day))
                row, text = (0, "before the first arrival") if final is None else (final.row, final.text)
                source = None if final is None else final.source
                found.append(Found(treaty, who, action, day, row, "start", text, source))
        return tuple(found)

    # ---- and forwards -----------------------------------------------------------------------------------------------
    def _arrivals(self, table: Table, rows: list[_Row]) -> Iterator[Arrival]:
        rows.sort(key=_order)
        for (at, treaty), together in groupby(rows, key=lambda row: (row.seen_at, row.treaty)):
            its = list(together)
            touched = {row.who: [one.act for one in table.get((treaty, row.who), ())] for row in its}
            for row in its:
                self._step(table, row, row.change, before=row.old, after=row.new)
            changes = [
                change
                for who, before in touched.items()
                for change in self._changed(
                    who, before, [one.act for one in table[treaty, who]], [row for row in its if row.who == who]
                )
            ]
            if changes:
                yield Arrival(treaty, at, tuple(changes))

    def _changed(self, who: str, before: list[ActOn], after: list[ActOn], rows: Sequence[_Row]) -> Iterator[Change]:
        """What became of one participant's acts; rows that come to nothing are reported."""
        gone = [one for one in before if one not in after]
        come = [one for one in after if one not in before]
        for signing in (True, False):
            its = [row for row in rows if (row.field == SIGNATURE) == signing]
            old = [one for one in gone if (one.action in _SIGNING) == signing]
            new = [one for one in come if (one.action in _SIGNING) == signing]
            if not old and not new:
                self._nothing(its)
                continue
            numbers = tuple(row.number for row in its)
            for n in range(max(len(old), len(new))):
                was, now = (old[n] if n < len(old) else None), (new[n] if n < len(new) else None)
                yield Change(who, was, now, numbers if n == 0 else (), its[0].source)

    def _nothing(self, rows: Iterable[_Row]) -> None:
        for row in rows:
            detail = (
                f"The record says so already ({row.new})."
                if row.field == KIND and row.change == "added"
                else "The same act, under another name of the participant; nothing changed."
            )
            self._report(row.number, row.field, row.text, Reason.NO_CHANGE, detail, row.treaty)


_INVERSE: Final = {"added": "removed", "removed": "added", "changed": "changed"}
_FIRST: Final = {"removed": 0, "changed": 1, "added": 2}


def _order(row: _Row) -> tuple[datetime, str, int, bool]:
    """In the order seen; at one moment what is gone goes first. A kind comes after its day and goes before it."""
    return row.seen_at, row.treaty, _FIRST[row.change], (row.field == KIND) != (row.change == "removed")


def _day(text: str) -> date | None:
    try:
        return iso_date(text)
    except ValueError:
        cell = dated(text)
        return None if cell is None else cell.on


def _suffix(text: str) -> str:
    cell = dated(text)
    return "" if cell is None else cell.suffix


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)
