"""Lists as they were: each treaty's row at the end of a legal day, with as much of the log as is heard."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from treaty_status.api.answers import Answers
from treaty_status.application.documents import (
    Document,
    View,
    counts_document,
    force_document,
    in_language,
    participant_row,
    progress_document,
    signature_document,
    upcoming,
    view,
)
from treaty_status.application.past import Then, Until
from treaty_status.application.views import TreatyQuery, Views, searchable, words
from treaty_status.domain.refusals import RehearsalOver, UnknownTreaty
from treaty_status.domain.treaty import Treaty

MOST_LOOKED_AT: Final = 500
"""Treaties folded for one page, however few of them a filter lets through; ``next`` leads on."""
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class PageThen:
    """Part of a list. ``next`` is the last id looked at, None where there are no more."""

    rows: tuple[Document, ...]
    next: str | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """How much of the log is heard, of which day it is told (None: today at each depositary), in which language."""

    until: Until
    as_of: date | None
    lang: str


class RowsThen:
    """The treaties of this record as they stood. Folds one after another: not for the event loop."""

    def __init__(self, views: Views, answers: Answers) -> None:
        self._views = views
        self._answers = answers

    def page(self, query: TreatyQuery, when: When) -> PageThen:
        """The treaties that were on record then, in the order of their ids, that the filters let through."""
        rows: list[Document] = []
        looked_at, last = 0, query.after
        for treaty in self._from(query.after, rehearsals=query.rehearsals):
            if len(rows) >= query.limit or looked_at >= MOST_LOOKED_AT:
                return PageThen(tuple(rows), last, _position(rows, when))
            last = treaty
            then = self._then(treaty, when)
            if then is None:  # it came later: whether it is looked at must not move the end of the page
                continue
            looked_at += 1
            row = _row(self._told(then, when), then)
            if _passes(row, query):
                rows.append(row)
        return PageThen(tuple(rows), None, _position(rows, when))

    def participation(self, treaty: str, participant: str, when: When) -> Document | None:
        """What stood between a participant and a treaty; None where it had not acted."""
        then = self._then(treaty, when)
        if then is None:
            return None
        told = self._told(then, when)
        own = told.treaty.participations.get(participant)
        if own is None or not own.acts:
            return None
        row = participant_row(own, told)
        consent = row["consent"]
        return {
            "treaty": treaty,
            "title": in_language(told.treaty.details.titles, when.lang),
            "status": row["status"],
            "signed_on": row["signed_on"],
            "consent": None if consent is None else {"action": consent["action"], "on": consent["on"]},
            "effect_on": row["effect_on"],
            "leaves_on": row["leaves_on"],
            "links": {"self": f"/v1/treaties/{treaty}/participants/{participant}"},
        }

    def _from(self, after: str | None, *, rehearsals: bool | None) -> Iterator[str]:
        while True:
            page = self._views.treaties(TreatyQuery(after=after, limit=PAGE, rehearsals=rehearsals))
            yield from (row.id for row in page.rows)
            after = page.next
            if after is None:
                return

    def _then(self, treaty: str, when: When) -> Then | None:
        try:
            return self._answers.then(treaty, when.until)
        except (UnknownTreaty, RehearsalOver):
            return None

    def _told(self, then: Then, when: When) -> View:
        state = then.known.state
        assert isinstance(state, Treaty)  # noqa: S101 - it was on record then
        day = when.as_of or self._answers.today(state)
        return view(state, then.known.position, as_of=day, lang=when.lang, world=then.world)


def _row(told: View, then: Then) -> Document:
    treaty, details = told.treaty, told.treaty.details
    counts, force, progress = counts_document(told), force_document(told), progress_document(told)
    signature = signature_document(told)
    next_due = upcoming(told)
    countable = progress is not None and isinstance(progress["have"], int) and isinstance(progress["need"], int)
    return {
        "id": treaty.id,
        "title": in_language(details.titles, told.lang),
        "short_title": in_language(details.short_titles or details.titles, told.lang),
        "livemode": treaty.livemode,
        "rehearsal_of": treaty.rehearsal_of,
        "rehearsal_day": None if treaty.rehearsal_day is None else treaty.rehearsal_day.isoformat(),
        "version": treaty.version,
        "position": told.position,
        "adopted_on": None if details.adopted_on is None else details.adopted_on.isoformat(),
        "depositary": details.depositary.id,
        "signature": {"opens_on": signature["opens_on"], "closes_on": signature["closes_on"]},
        "counts": {name: counts[name] for name in ("signatures", "consents")},
        "progress": {name: progress[name] for name in ("have", "need", "missing")} if progress and countable else None,
        "in_force": force["in_force"],
        "threshold_on": force["threshold_on"],
        "entry_into_force_on": force["entry_into_force_on"],
        "clause": force["clause"],
        "next_due_on": next_due[0].due.isoformat() if next_due else None,
        "updated_at": None if then.known.recorded_at is None else then.known.recorded_at.isoformat(),
        "as_of": told.as_of.isoformat(),
        "links": {"self": f"/v1/treaties/{treaty.id}", "page": f"/treaties/{treaty.id}"},
        "titles": (*details.titles.values(), *(details.short_titles or {}).values()),
    }


def _passes(row: Document, query: TreatyQuery) -> bool:
    text = searchable(" ".join((row["id"], *row.pop("titles"))))
    if query.in_force is not None and row["in_force"] is not query.in_force:
        return False
    return query.q is None or all(word in text for word in words(query.q))


def _position(rows: list[Document], when: When) -> int:
    return max((row["position"] for row in rows), default=0) if when.until.position is None else when.until.position
