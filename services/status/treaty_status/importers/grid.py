"""The depositary's table of participants, whatever file it came in: a name in front, one column for each kind of act.

Printed names are looked up exactly; a name that two rows bear is nobody's, because only a footnote tells them apart.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from treaty_status.application.sheets import Found, Reason, TreatyPart
from treaty_status.importers.cells import dated, name_in, plain
from treaty_status.importers.headers import Column, column
from treaty_status.importers.ledger import Ledger
from treaty_status.importers.names import Names

Row = tuple[int, Sequence[str]]
"""Its number in the file, and the text of its cells."""
_DISTINGUISHED: str = "only a footnote of the depositary tells them apart; record these acts by hand"


@dataclass(frozen=True, slots=True)
class _Named:
    row: int
    name: str
    bracketed: bool
    cells: Sequence[str]

    def filled(self) -> list[tuple[int, str]]:
        return [(n, text) for n, cell in enumerate(self.cells) if (text := plain(cell))]


def read_grid(part: TreatyPart, header: Sequence[str], rows: Iterable[Row], ledger: Ledger, names: Names) -> None:
    """Enter every cell of a table into the ledger. ``header`` includes the participants' column."""
    columns = [column(plain(text)) for text in header[1:]]
    found = [_named(number, cells) for number, cells in rows]
    twice = _borne_twice(found, names)
    everyone = Counter(part.rows)
    for one in found:
        filled = one.filled()
        ledger.cells += len(filled)
        ledger.empty += max(0, len(columns) - len(filled))
        participant = names.anyone(one.name)
        if participant is not None:
            everyone[participant.id] += len(filled)
        problem = _row_problem(one, columns, twice, names)
        for n, text in filled:
            where = columns[n].header if n < len(columns) else f"column {n + 2}"
            if problem is None:
                _cell(part.treaty, one, columns[n], text, ledger, names)
            else:
                ledger.report(one.row, where, text, *problem, treaty=part.treaty)
    ledger.parts[part.treaty] = replace(part, rows=everyone)


def _named(number: int, cells: Sequence[str]) -> _Named:
    name, bracketed = name_in(cells[0]) if cells else ("", False)
    return _Named(number, name, bracketed, cells[1:])


def _borne_twice(rows: Iterable[_Named], names: Names) -> dict[str, list[int]]:
    """The rows of every participant, or unknown name, that has more than one."""
    keys = [(_identity(one, names), one.row) for one in rows if one.name]
    counts = Counter(key for key, _ in keys)
    return {key: [row for other, row in keys if other == key] for key, times in counts.items() if times > 1}


def _identity(one: _Named, names: Names) -> str:
    participant = names.anyone(one.name)
    return f"name:{one.name}" if participant is None else participant.id


def _row_problem(
    one: _Named, columns: Sequence[Column], twice: dict[str, list[int]], names: Names
) -> tuple[Reason, str] | None:
    if not one.name:
        return Reason.NO_PARTICIPANT, "The row names no participant."
    if len(one.cells) != len(columns):
        return (
            Reason.BAD_LINE,
            f"The row has {len(one.cells) + 1} cells and the header {len(columns) + 1}; what belongs where is unsure.",
        )
    rows = twice.get(_identity(one, names))
    if rows is not None:
        listed = " and ".join(map(str, rows))
        return Reason.SAME_NAME_TWICE, f"The rows {listed} bear one name ({one.name}); {_DISTINGUISHED}."
    return None


def _cell(treaty: str, one: _Named, col: Column, text: str, ledger: Ledger, names: Names) -> None:
    said = dated(text)
    if said is None:
        item = col.meaning("")
        why, detail = Reason.BAD_DATE, f"This is not one day with at most one suffix (got: {text[:60]!r})."
        if item.action is None and item.why in {Reason.NOT_AN_ACT, Reason.TERRITORY}:
            why, detail = item.why, item.detail
        ledger.report(one.row, col.header, text, why, detail, treaty=treaty)
        return
    item = col.meaning(said.suffix)
    if item.action is None:
        ledger.report(one.row, col.header, text, item.why, item.detail, treaty=treaty)
        return
    who = names.on(one.name, said.on)
    if isinstance(who, tuple):
        ledger.report(one.row, col.header, text, *who, treaty=treaty)
    elif said.bracketed or one.bracketed:
        ledger.report(
            one.row,
            col.header,
            text,
            Reason.NO_LONGER_IN_EFFECT,
            "Square brackets say that the action no longer has effect; the day on which it ended stands only in a "
            "footnote, so the act and its end are recorded by hand.",
            treaty=treaty,
        )
    else:
        ledger.act(Found(treaty, who, item.action, said.on, one.row, col.header, text))
