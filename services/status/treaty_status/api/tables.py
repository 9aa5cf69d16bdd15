"""A table of participants for spreadsheets."""

import csv
import io
from typing import Any, Final

from treaty_status.application.documents import Document

COLUMNS: Final = (
    "treaty",
    "as_of",
    "participant",
    "name",
    "kind",
    "status",
    "signed_on",
    "consent",
    "consented_on",
    "counted",
    "not_counted_because",
    "effect_on",
    "effect_clause",
    "leaves_on",
    "note",
    "deposit_status",
    "deposited_on",
    "deferred_until",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MARK: Final = "\ufeff"


def participants_table(document: Document, *, mark: bool) -> bytes:
    """The rows of a participants document as CSV (RFC 4180); ``mark``: with a byte order mark in front."""
    out = io.StringIO(MARK if mark else "")
    out.seek(0, io.SEEK_END)
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in document["participants"]:
        writer.writerow([_safe(value) for value in cells_of(document, row)])
    return out.getvalue().encode()


def cells_of(document: Document, row: Document) -> list[Any]:
    """The values of one row, in the order of the columns."""
    consent, deposit = row["consent"] or {}, row["deposit"] or {}
    return [
        document["treaty"],
        document["as_of"],
        row["participant"],
        row["name"],
        row["kind"],
        row["status"],
        row["signed_on"],
        consent.get("action"),
        consent.get("on"),
        {True: "yes", False: "no", None: None}[consent.get("counted")],
        consent.get("not_counted_because"),
        row["effect_on"],
        row["effect_clause"],
        row["leaves_on"],
        row["note"],
        deposit.get("status"),
        deposit.get("on"),
        deposit.get("deferred_until"),
    ]


def _safe(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
