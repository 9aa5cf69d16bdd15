"""Facts about a treaty itself: what it is, when it may be signed, the rule by which it enters into force."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from treaty_events.facts import Fact


@dataclass(frozen=True, kw_only=True)
class Depositary:
    """Who keeps the treaty; its zone decides when a day begins."""

    id: str
    name: dict[str, str]
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class SourceNote:
    """A document that the definition rests on."""

    label: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class SignatureWindow:
    """One place and period in which the treaty is open for signature; both days are included."""

    place: str
    opens_on: date
    closes_on: date | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class FourEyes:
    """Thresholds, entries into force and ends are announced once a second key has seen them, or after so many hours."""

    hours: int


@dataclass(frozen=True, kw_only=True)
class Details:
    """The header of a treaty. Titles by language tag; civil dates at the depositary.

    ``last_read_on`` is the last legal day up to which the acts were read from the depositary's record; None: the record
    is kept up.
    """

    titles: dict[str, str]
    depositary: Depositary
    short_titles: dict[str, str] | None = None
    adopted_on: date | None = None
    adopted_at: str | None = None
    adoption_reference: str | None = None
    authentic_languages: tuple[str, ...] = ()
    articles: int | None = None
    chapters: int | None = None
    parents: tuple[str, ...] = ()
    sources: tuple[SourceNote, ...] = ()
    last_read_on: date | None = None
    four_eyes: FourEyes | None = None


@dataclass(frozen=True, kw_only=True)
class TreatyDefined(Fact):
    """The treaty is in our record. ``rehearsal_of`` names the treaty that this one only practises."""

    details: Details
    rehearsal_of: str | None = None
    starts_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class TreatyDetailsAmended(Fact):
    """The header was restated as a whole."""

    details: Details


@dataclass(frozen=True, kw_only=True)
class SignatureWindowsSet(Fact):
    """The treaty is open for signature in these windows and no others."""

    windows: tuple[SignatureWindow, ...]


@dataclass(frozen=True, kw_only=True)
class RuleSet(Fact):
    """The clauses on joining, entry into force and leaving, as data; ``version`` counts from 1."""

    version: int
    rule: dict[str, Any]
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class RuleAmended(RuleSet):
    """A later version of the rule replaced the earlier one."""


@dataclass(frozen=True, kw_only=True)
class RehearsalDayReached(Fact):
    """In a rehearsal the calendar is ours: this day has come."""

    on: date


@dataclass(frozen=True, kw_only=True)
class RehearsalClosed(Fact):
    """The rehearsal is over and no longer shown."""

    reason: str | None = None
