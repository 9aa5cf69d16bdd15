"""How the state of a page is cited, where it comes from, and where it is had as data."""

from typing import Final

from treaty_status.application.documents import Document
from treaty_status.pages.addresses import address, data_path
from treaty_status.pages.telling import Telling

DATA: Final = (
    ("foot.status", "", "application/json"),
    ("foot.participants", "/participants", "application/json"),
    ("who.csv", "/participants.csv", "text/csv"),
    ("foot.explanation", "/explanation", "application/json"),
    ("foot.milestones", "/milestones", "application/json"),
    ("foot.claims", "/claims", "application/json"),
    ("foot.log", "/log", "application/x-ndjson"),
    ("foot.workbook", "/participants.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("foot.calendar", "/milestones.ics", "text/calendar"),
    ("foot.feed", "/milestones.atom", "application/atom+xml"),
)
CLOCKLESS: Final = frozenset({"/log", "/milestones.ics", "/milestones.atom"})
"""What people keep or subscribe to: of the present state they have the address that goes on with it."""


def citation(status: Document, page: Telling) -> str:
    """The state of the page as one would cite it; its permanent address stands beside."""
    parts = [status["short_title"], status["id"], f"{page.say('as_of').lower()} {page.as_of}"]
    if page.heard_at:
        parts.append(page.say("known_at.cited", instant=page.heard_at))
    return ", ".join(parts) + "."


def provenance(status: Document, page: Telling) -> list[str]:
    """The place in the log, in the treaty's history and in the history of its rule."""
    say = page.say
    rule = [] if status["rule"] is None else [say("foot.rule", version=status["rule"]["version"])]
    return [
        say("foot.position", position=status["position"]),
        say("foot.version", version=status["version"]),
        *rule,
    ]


def data_links(page: Telling) -> list[dict[str, str]]:
    """The same state as data."""
    return [
        {
            "title": page.say(key),
            "type": kind,
            "href": _address(part, page),
        }
        for key, part, kind in DATA
    ]


def _address(part: str, page: Telling) -> str:
    path, query = data_path(page.told.treaty.id, part), page.query
    present = query["known_at"] is None and query["at_position"] is None
    if part in CLOCKLESS and present:
        return address(path, lang=None if part == "/log" else query["lang"])
    return address(path, **query)
