"""A table of weights as CSV: who on each line, what it weighs, and no more than that is asked of the header."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any, Final

from treaty_status.application.offline.places import Place, Unreadable

WHO: Final = ("iso3", "participant", "id", "code", "state", "country", "name")
WEIGHS: Final = ("value", "share", "weight", "amount")
WHOLE: Final = frozenset({"whole", "total"})
"""In the place of a participant: what all weigh together."""


def table_of(text: str, place: Place) -> dict[str, Any]:
    """The table that the lines make, in the words of a table in JSON.

    Raises:
        Unreadable: no column for the participants or for what they weigh, or a line without either.
    """
    reader = csv.reader(StringIO(text), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader if any(map(str.strip, line))]
    except csv.Error as reason:
        raise Unreadable(Place(place.file, reader.line_num), f"It is not CSV ({reason}).") from None
    if not lines:
        raise Unreadable(place, "The table is empty; its first line names the columns.")
    header = [cell.casefold() for cell in lines[0][1]]
    who, weighs = _columns(header, place)
    values: dict[str, str] = {}
    whole: str | None = None
    for number, cells in lines[1:]:
        at = Place(place.file, number)
        named = next((cells[column] for column in who if column < len(cells) and cells[column]), None)
        value = cells[weighs] if weighs < len(cells) else ""
        if named is None or not value:
            raise Unreadable(at, "The line names no participant, or not what it weighs.")
        if named.casefold() in WHOLE:
            whole = value
        elif named in values:
            raise Unreadable(at, f"{named} is in the table already; one line for each.")
        else:
            values[named] = value
    return {"whole": whole, "values": values}


def _columns(header: Sequence[str], place: Place) -> tuple[list[int], int]:
    who = [header.index(name) for name in WHO if name in header]
    told = next((header.index(name) for name in WEIGHS if name in header), None)
    weighs = told if told is not None else 1 if len(header) == 2 and who == [0] else None
    if not who or weighs is None:
        asked = f"a column {' or '.join(WHO)}, and a column {' or '.join(WEIGHS)}"
        raise Unreadable(place, f"A table needs {asked} (got: {', '.join(header)[:120]}).")
    return who, weighs
