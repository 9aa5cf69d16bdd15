"""Who takes part, since when, and as what."""

from typing import Any, Final

from treaty_status.application.documents import Document
from treaty_status.pages.telling import Telling

MOST_STARS: Final = 3
"""Beyond this many notes the marks are numbers."""


def participants_table(table: list[Document], page: Telling) -> dict[str, Any]:
    """The rows, those that signed and have not consented, and the notes that rows carry marks of."""
    notes = list(dict.fromkeys(row["note"] for row in table if row["note"]))
    marks = {note: "*" * n if n <= MOST_STARS else f"({n})" for n, note in enumerate(notes, start=1)}
    rows = [_row(row, marks, page) for row in table]
    waiting = [row for row in rows if row["status"] == "signatory"]
    return {
        "participants": rows,
        "waiting": waiting,
        "notes": [{"mark": mark, "text": note} for note, mark in marks.items()],
    }


def _row(row: Document, marks: dict[str, str], page: Telling) -> dict[str, Any]:
    consent, leaves_on = row["consent"], row["leaves_on"]
    leaving = None
    if leaves_on is not None:
        left = leaves_on <= page.told.as_of.isoformat()
        leaving = page.say("who.left" if left else "who.leaves", day=page.plain_day(leaves_on))
    return {
        "anchor": f"p-{row['participant']}",
        "name": row["name"],
        "status": row["status"],
        "signed": None if row["signed_on"] is None else page.day(row["signed_on"]),
        "mark": marks.get(row["note"] or ""),
        "consent": None
        if consent is None
        else {
            "on": page.day(consent["on"]),
            "action": page.say.action(consent["action"]),
            "counted": consent["counted"] or consent["not_counted_because"] is None,
        },
        "waiting_for": _waiting_for(row, page),
        "effect": None if row["effect_on"] is None else page.day(row["effect_on"]),
        "clause": row["effect_clause"] if row["effect_on"] is not None else None,
        "leaving": leaving,
    }


def _waiting_for(row: Document, page: Telling) -> str | None:
    """What became of an instrument that does not count yet, or that was notified only later."""
    deposit, later = row["deposit"], row["retroactively"]
    if deposit is not None:
        return page.say(f"who.{deposit['status']}", day=page.plain_day(deposit["deferred_until"] or deposit["on"]))
    return None if later is None else page.say("who.retroactively", day=page.plain_day(later["notified_on"]))
