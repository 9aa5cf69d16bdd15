"""What the list of treaties shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from treaty_status.application.views import TreatyPage, TreatyRow
from treaty_status.pages import dates
from treaty_status.pages.addresses import HOME, Here, address, treaty_path
from treaty_status.pages.cells import cells
from treaty_status.pages.languages import Language
from treaty_status.pages.wording import Words, distance

PAGE: Final = 50
MOST_REHEARSALS: Final = 20
Today = Callable[[TreatyRow], date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The treaties and rehearsals to list, what was searched, and what day it is for each."""

    page: TreatyPage
    rehearsals: TreatyPage
    q: str
    after: str | None
    today: Today
    language: Language

    @property
    def say(self) -> Words:
        """The page's words."""
        return Words(self.language.text)

    @property
    def here(self) -> Here:
        """The list's own address."""
        return Here(HOME, {"q": self.q or None, "after": self.after, "lang": self.language.names})


def index_page(shelf: Shelf) -> dict[str, Any]:
    """Everything that the template asks for."""
    following = shelf.page.next
    listed = address("/v1/treaties", q=shelf.q or None, lang=shelf.language.names)
    rows = [_row(row, shelf) for row in shelf.page.rows]
    return {
        "path": HOME,
        "q": shelf.q,
        "rows": rows,
        "rehearsals": [_row(row, shelf) for row in shelf.rehearsals.rows],
        "found": _found(shelf),
        "next_page": None if following is None else shelf.here(after=following),
        "first_page": None if shelf.after is None else shelf.here(after=None),
        "data": [{"title": shelf.say("index.title"), "href": listed}],
        "alternates": [{"title": shelf.say("index.title"), "href": listed, "type": "application/json"}],
    }


def _found(shelf: Shelf) -> str | None:
    if not shelf.q or shelf.after is not None or shelf.page.next is not None:
        return None
    number = len(shelf.page.rows)
    return shelf.say("index.found", n=number, q=shelf.q) if number else shelf.say("index.nothing", q=shelf.q)


def _row(row: TreatyRow, shelf: Shelf) -> dict[str, Any]:
    today, say = shelf.today(row), shelf.say
    counts = row.counts(today)
    counted = counts.counted is not None and counts.needed is not None and counts.needed > 0
    return {
        "id": row.id,
        "href": address(treaty_path(row.id), lang=shelf.language.names),
        "title": row.short_title(shelf.language.names),
        "title_language": _spoken(row, shelf.language.names),
        "state": force_state(row, today),
        "distance": distance(counts.counted or 0, counts.needed or 0, say) if counted else None,
        "cells": cells(have=counts.counted or 0, need=counts.needed or 0) if counted else None,
        "facts": _facts(row, today, shelf),
    }


def _spoken(row: TreatyRow, lang: str) -> str:
    """The language of the title that is shown."""
    return lang if lang in row.short_titles or lang in row.titles else "en"


def force_state(row: TreatyRow, today: date) -> str:
    """``no_rule``, ``in_force``, ``threshold_met`` or ``gathering``."""
    if not row.rule_version:
        return "no_rule"
    if row.in_force(today):
        return "in_force"
    return "gathering" if row.threshold_on is None or row.threshold_on > today else "threshold_met"


def _facts(row: TreatyRow, today: date, shelf: Shelf) -> list[str]:
    say, lang = shelf.say, shelf.language.text
    facts = [f"{row.signatures} {say('counts.signatures', n=row.signatures)}"]
    if row.entry_into_force_on is not None and row.threshold_on is not None and row.threshold_on <= today:
        facts.append(say.label("dates.force") + dates.short(row.entry_into_force_on, lang))
    closes_on = row.signature_closes_on
    if closes_on is not None and row.signature_opens_on is not None and row.signature_opens_on <= today <= closes_on:
        facts.append(say.label("dates.signature") + say("dates.days_left", n=(closes_on - today).days))
    return facts
