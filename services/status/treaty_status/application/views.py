"""The read side: what lists, participants' pages and the clock may ask of the projections.

Rows are derived from the log and from nothing else: they do not depend on today, and can be rebuilt at any time. They
lag behind the log by a few milliseconds; every answer can name the position it has digested.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Protocol

MOST_ROWS: Final = 1_000
MOST_WORDS: Final = 12
_APART = re.compile(r"[\W_]+")


class ViewsUnavailable(Exception):
    """The read model's database does not answer now; the log is not concerned. Try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsFrom:
    """The counts from a legal day on: living consents, and those ``counted`` of ``needed`` as in ``TreatyRow``."""

    on: date
    consents: int
    counted: int | None
    needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatyRow:
    """One treaty as its events up to ``version`` tell it, whatever day it is.

    ``position`` is the log position of its last event and ``updated_at`` when that was recorded. ``counted`` of
    ``needed`` is the condition furthest from being met, in instruments (None: no rule, or not countable in them), on
    the day of that event; ``counts_ahead`` are the counts of later days on which they change without any act.
    ``ended_on`` is the day on which denunciations left too few parties for the treaty to stay in force.
    ``next_due_on`` is the first legal day in ``time_zone`` on which something comes without any further act;
    ``held_until`` is the instant at which the first announcement that waits for a second person waits no longer;
    ``rests_on`` names the other treaties that the answer depends on.
    """

    id: str
    rehearsal_of: str | None = None
    rehearsal_day: date | None = None
    closed: bool = False
    version: int
    position: int
    titles: dict[str, str]
    short_titles: dict[str, str] = field(default_factory=dict)
    adopted_on: date | None = None
    depositary: str
    time_zone: str
    signature_opens_on: date | None = None
    signature_closes_on: date | None = None
    signatures: int = 0
    consents: int = 0
    counted: int | None = None
    needed: int | None = None
    counts_ahead: tuple[CountsFrom, ...] = ()
    threshold_on: date | None = None
    entry_into_force_on: date | None = None
    ended_on: date | None = None
    clause: str | None = None
    next_due_on: date | None = None
    held_until: datetime | None = None
    rule_version: int = 0
    rests_on: tuple[str, ...] = ()
    updated_at: datetime

    @property
    def livemode(self) -> bool:
        """False for a rehearsal."""
        return self.rehearsal_of is None

    def title(self, lang: str) -> str:
        """The title in a language, else in English, else in any."""
        return self.titles.get(lang) or self.titles.get("en") or next(iter(self.titles.values()), self.id)

    def short_title(self, lang: str) -> str:
        """The short title in a language, else the title."""
        return self.short_titles.get(lang) or self.titles.get(lang) or self.short_titles.get("en") or self.title(lang)

    def counts(self, on: date) -> CountsFrom:
        """The counts at the end of a legal day, not before that of the last event."""
        come = [step for step in self.counts_ahead if step.on <= on]
        spoken = CountsFrom(on=date.min, consents=self.consents, counted=self.counted, needed=self.needed)
        return come[-1] if come else spoken

    def in_force(self, on: date) -> bool:
        """Is it in force at the end of that legal day?"""
        ended = self.ended_on is not None and self.ended_on <= on
        return self.entry_into_force_on is not None and self.entry_into_force_on <= on and not ended


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationRow:
    """One participant and one treaty: its signature and its last consent, whatever day it is.

    ``lives`` counts the consents ever given; ``taken_back_on``, ``notified_on`` (a denunciation that stands) and
    ``leaves_on`` end the last of them.
    """

    treaty: str
    participant: str
    signed_on: date | None = None
    consent_action: str | None = None
    consent_on: date | None = None
    consent_event_id: str | None = None
    effect_on: date | None = None
    effect_clause: str | None = None
    taken_back_on: date | None = None
    notified_on: date | None = None
    leaves_on: date | None = None
    leaving_clause: str | None = None
    lives: int = 0
    acts: int = 0

    def status(self, on: date) -> str:
        """``party``, ``contracting``, ``signatory``, ``former_party``, ``withdrawn`` or ``other`` at the end of a day.

        Only of acts up to now: a day before the last act is answered by the treaty itself, with ``as_of``.
        """
        taken_back = self.taken_back_on is not None and self.taken_back_on <= on
        left = self.leaves_on is not None and self.leaves_on <= on
        if self.consent_on is not None and not taken_back and not left:
            return "party" if self.effect_on is not None and self.effect_on <= on else "contracting"
        if left:
            return "former_party"
        if self.signed_on is not None:
            return "signatory"
        return "withdrawn" if self.lives else "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRow:
    """What was last said about one line of a treaty."""

    treaty: str
    key: str
    kind: str
    status: str
    revision: int
    occurred_on: date
    entry_into_force_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatyQuery:
    """Which treaties are asked for, in the order of their ids; ``after`` is the last id of the page before.

    ``q``: every word occurs in the id or in a title of any language, whatever its case and accents.
    ``in_force``: on the day ``on``. ``rehearsals``: None for both. Closed rehearsals are never listed.
    """

    q: str | None = None
    in_force: bool | None = None
    on: date | None = None
    rehearsals: bool | None = False
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatyPage:
    """Part of a list; ``next`` is what ``after`` has to be for the rest, None where there is none."""

    rows: tuple[TreatyRow, ...]
    next: str | None
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatyOfParticipant:
    """One treaty of a participant."""

    treaty: TreatyRow
    participation: ParticipationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A legal day that has come at a depositary and on which something is to be said, or what waited long enough.

    Order it once for each ``version`` and each today: where nothing follows from it, the row cannot know.
    """

    treaty: str
    version: int
    on: date
    today: date
    time_zone: str
    waited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An event that this version does not know: passed, kept in the log, counted here."""

    position: int
    topic: str
    treaty: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A treaty whose rows could not be worked out: they are as of its last good version, and it is tried again."""

    treaty: str
    position: int
    problem: str


class Views(Protocol):
    """Everything that can be read. Safe to use from any thread. Every call may raise ViewsUnavailable."""

    def position(self) -> int:
        """The log position up to which the rows are written."""

    def treaty(self, treaty: str) -> TreatyRow | None:
        """One treaty, rehearsals and closed ones included."""

    def treaties(self, query: TreatyQuery) -> TreatyPage:
        """The treaties asked for, at most ``MOST_ROWS`` at a time."""

    def due(self, *, now: datetime) -> list[Due]:
        """What the clock has to order now, the longest overdue first; never a rehearsal, whose calendar is its own."""

    def rests_on(self) -> dict[str, tuple[str, ...]]:
        """The treaties whose rows depend on others, with those others; rehearsals and closed ones included."""

    def participations(self, treaty: str) -> list[ParticipationRow]:
        """The participants that ever acted towards a treaty, by id."""

    def treaties_of(self, participant: str, *, rehearsals: bool | None = False) -> list[TreatyOfParticipant]:
        """The treaties towards which a participant ever acted, by id."""

    def milestones(self, treaty: str) -> list[MilestoneRow]:
        """What was said about each line of a treaty, in the order of legal days."""

    def parked(self) -> list[Parked]:
        """The events that were passed unread, in order; at most ``MOST_ROWS``."""

    def failing(self) -> list[Failing]:
        """The treaties whose rows are behind."""

    def close(self) -> None:
        """Let go of every connection."""


class Follower(Protocol):
    """Keeps the rows up with the log."""

    def start(self) -> None:
        """Begin to follow in a thread of its own."""

    def wake(self) -> None:
        """Something was committed; called from any thread, returns at once."""

    def stop(self) -> None:
        """Finish the batch at hand and end."""


Progress = Callable[[int, int], None]
"""Told while rebuilding: the position reached, and the one to reach."""


def searchable(text: str) -> str:
    """Text as it is searched: case, accents and punctuation gone."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(_APART.split("".join(char for char in decomposed if not unicodedata.combining(char)))).strip()


def search_text(row: TreatyRow) -> str:
    """What a search looks through."""
    return _searchable_together(row.id, *row.titles.values(), *row.short_titles.values())


@lru_cache(maxsize=8_192)
def _searchable_together(*texts: str) -> str:
    return searchable(" ".join(texts))


def day_asked(query: TreatyQuery) -> date:
    """The day on which treaties are asked to be in force, or not to be."""
    if query.on is None:
        raise ValueError("Whether a treaty is in force is a question about a day; say on which.")
    return query.on


def words(q: str) -> list[str]:
    """What a search asks for, at most ``MOST_WORDS``."""
    return searchable(q).split()[:MOST_WORDS]
