"""Which reader a file wants; by its content, never by hope."""

import csv
import io
from collections.abc import Callable
from typing import Final

from treaty_status.application.sheets import Sheet
from treaty_status.importers import lists
from treaty_status.importers.ledger import Ledger
from treaty_status.importers.refusals import NotATable
from treaty_status.importers.tables_csv import read_table, text_of
from treaty_status.importers.tables_xml import maintenance, read_xml
from treaty_status.registry import Registry

AUTO: Final = "auto"
MOST_BYTES: Final = 256 * 1024 * 1024
_MAINTENANCE: Final = b"currently unavailable"
Reader = Callable[..., Ledger]


def read_sheet(
    file: str, raw: bytes, *, registry: Registry, format_name: str = AUTO, treaty: str | None = None
) -> Sheet:
    """Read one file with the reader named, or with the one that its content asks for.

    ``file`` is its name without folders; ``treaty`` names the treaty where the file does not. Pure: nothing is written.

    Raises:
        FileRefused: the file as a whole cannot be relied on; its subclasses say why.
    """
    if len(raw) > MOST_BYTES:
        raise NotATable(
            f"A file holds at most {MOST_BYTES} bytes (file: {file}, {len(raw)} bytes).",
            way_out="Divide it.",
            facts={"file": file},
        )
    reader = _content_reader(file, raw) if format_name == AUTO else _named_reader(format_name, file, raw)
    return reader(file, raw, registry=registry, treaty=treaty).sheet()


def _named_reader(format_name: str, file: str, raw: bytes) -> Reader:
    _refuse_page(file, raw, xml=format_name == "untc-xml")
    if format_name == "csv" and columns(file, raw) >= lists.PARTICIPANTS_COLUMNS:
        return lists.read_participants
    readers = FORMATS[format_name]
    needed = _NEEDED.get(format_name)
    if needed is not None and not columns(file, raw) >= needed:
        raise _unknown(file, f"the format {format_name} needs the columns {', '.join(sorted(needed))}")
    return readers


def _content_reader(file: str, raw: bytes) -> Reader:
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<?xml"):
        return read_xml
    _refuse_page(file, raw, xml=False)
    if start.startswith(b"{"):
        return lists.read_ndjson
    found = columns(file, raw)
    for needed, reader in (
        (lists.ACTIONS_COLUMNS, lists.read_actions),
        (lists.ACTS_COLUMNS, lists.read_acts),
        (lists.PARTICIPANTS_COLUMNS, lists.read_participants),
        (frozenset({"Participant"}), read_table),
    ):
        if found >= needed:
            return reader
    raise _unknown(file, f"its columns are {', '.join(sorted(found)) or 'none'}"[:300])


def columns(file: str, raw: bytes) -> frozenset[str]:
    """The names in the first line of a CSV file."""
    first = next(csv.reader(io.StringIO(text_of(file, raw), newline="")), [])
    return lists.columns_of(first)


def _refuse_page(file: str, raw: bytes, *, xml: bool) -> None:
    start = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    page = start.startswith(b"<") and not (xml and start.startswith(b"<?xml"))
    if page or _MAINTENANCE in raw[:4_000].lower():
        raise maintenance(file, raw)


def _unknown(file: str, why: str) -> NotATable:
    return NotATable(
        f"None of the readers knows this file (file: {file}; {why}).",
        way_out=f"Name the format: {', '.join(FORMATS)}.",
        facts={"file": file},
    )


FORMATS: Final[dict[str, Reader]] = {
    "untc-csv": read_table,
    "untc-xml": read_xml,
    "ndjson": lists.read_ndjson,
    "csv": lists.read_acts,
    "actions": lists.read_actions,
}
_NEEDED: Final = {
    "untc-csv": frozenset({"Participant"}),
    "csv": lists.ACTS_COLUMNS,
    "actions": lists.ACTIONS_COLUMNS,
}
