"""The depositary's tables as CSV: ``Participant`` and one column for each kind of act."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from treaty_status.application.sheets import TreatyPart
from treaty_status.importers.grid import Row, read_grid
from treaty_status.importers.ledger import Ledger
from treaty_status.importers.names import Names
from treaty_status.importers.numbers import treaty_of_file
from treaty_status.importers.refusals import FileTruncated, NotATable
from treaty_status.registry import Registry

SOURCE: Final = "Multilateral Treaties Deposited with the Secretary-General"


def read_table(file: str, raw: bytes, *, registry: Registry, treaty: str | None = None) -> Ledger:
    """Every cell of the table.

    Raises:
        FileTruncated: it does not end with a whole line. NotATable: there is no header or no row.
        TreatyNotNamed: neither the caller nor the file's name says whose table it is.
    """
    lines = records(file, raw)
    header, *rows = lines
    if not rows:
        raise NotATable(
            f"The table has a header and no row (file: {file}).",
            way_out="Fetch it again.",
            facts={"file": file},
        )
    _must_end_whole(file, header[1], rows[-1])
    number = treaty_of_file(file, treaty)
    ledger = Ledger(file, raw, format_name="untc-csv", source=f"{SOURCE}, {number}", complete=True)
    read_grid(TreatyPart(treaty=number), header[1], rows, ledger, Names(registry))
    return ledger


def records(file: str, raw: bytes) -> list[Row]:
    """The records of a CSV file with the number of the line on which each ends; blank ones left out.

    Raises:
        FileTruncated: the last line has no end, or a quotation is left open. NotATable: not text in UTF-8, or empty.
    """
    text = text_of(file, raw)
    if not text.strip():
        raise NotATable(f"The file is empty (file: {file}).", way_out="Fetch it again.", facts={"file": file})
    if not text.endswith(("\n", "\r")):
        raise FileTruncated(
            f"The last line has no end, so part of it may be missing (file: {file}).",
            way_out="Fetch it again; if it is whole, add a line end.",
            facts={"file": file, "ends_with": text[-40:]},
        )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [(reader.line_num, record) for record in reader if any(map(str.strip, record))]
    except csv.Error as error:
        raise FileTruncated(
            f"A quotation is not closed where it should be, line {reader.line_num} (file: {file}).",
            way_out="Fetch it again.",
            facts={"file": file, "line": reader.line_num, "problem": str(error)},
        ) from None


def text_of(file: str, raw: bytes) -> str:
    """The file as text.

    Raises:
        NotATable: it is not UTF-8.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotATable(
            f"The file is not text in UTF-8 (file: {file}, byte {error.start}).",
            way_out="Convert it to UTF-8; nothing is guessed about names.",
            facts={"file": file, "byte": error.start},
        ) from None


def _must_end_whole(file: str, header: Sequence[str], last: Row) -> None:
    number, cells = last
    if len(cells) < len(header):
        raise FileTruncated(
            f"The last row breaks off: {len(cells)} of {len(header)} cells (file: {file}, line {number}).",
            way_out="Fetch the file again.",
            facts={"file": file, "line": number, "cells": len(cells), "columns": len(header)},
        )
