"""Participants of treaties: what they are, what they are called, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What a participant is, as far as treaty clauses tell participants apart."""

    STATE = "state"
    REIO = "reio"
    IO = "io"
    TERRITORY = "territory"
    ENTITY = "entity"
    FORMER = "predecessor"


class Capacity(StrEnum):
    """How a State stands to the United Nations; `NONE` for everyone who is not a present State."""

    UN_MEMBER = "un_member"
    OBSERVER = "observer"
    NON_MEMBER = "non_member"
    NONE = "none"


class LinkKind(StrEnum):
    """How one participant followed another."""

    CONTINUATION = "continuation"  # the same person in law under a new name
    DISSOLUTION = "dissolution"  # the predecessor ended, several followed
    SEPARATION = "separation"  # a part left, the predecessor went on
    UNION = "union"  # two or more became one
    INTEGRATION = "integration"  # the predecessor joined an existing State
    SUCCESSION = "succession"  # responsibility passed on, none of the above


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in one language, with the first and the last day it was in use (`None`: not bounded or not known)."""

    lang: str
    short: str
    formal: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    note: str | None = None

    def is_valid_on(self, day: date) -> bool:
        return _holds(day, self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The participant before or after, how the change came about, and its day where known."""

    id: str
    kind: LinkKind
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One identity for all times and languages.

    `id` is our own lower-case slug and never changes. `iso2`, `iso3` and `numeric` (ISO 3166-1, equal to M49 for
    States) are attributes and may be absent. `exists_from` and `exists_until` are the first and last day on which
    acts of this identity can bear a date, filled only where that is sure; a State that continues another, or unites
    several, has no first day, because the depositary lists the earlier acts under its name. `un_member_since` is
    the day printed in the United Nations list of Member States, which counts the membership of a continued or united
    predecessor; `un_member_until` is given only where the membership did not end with the identity.
    """

    id: str
    kind: Kind
    capacity: Capacity = Capacity.NONE
    iso2: str | None = None
    iso3: str | None = None
    numeric: str | None = None
    names: tuple[Name, ...]
    aliases: tuple[str, ...] = ()
    exists_from: date | None = None
    exists_until: date | None = None
    un_member_since: date | None = None
    un_member_until: date | None = None
    un_region: str | None = None
    counts_by_default: bool = False
    successors: tuple[Link, ...] = ()
    predecessors: tuple[Link, ...] = ()
    note: str | None = None

    def name(self, lang: str = "en", on: date | None = None) -> str:
        """The short name in a language on a day (`None`: the latest one); English where the language is missing."""
        return (self._named(lang, on) or self._named("en", on) or self.names[0]).short

    def formal_name(self, lang: str = "en", on: date | None = None) -> str | None:
        """The formal name in a language on a day; `None` where we hold none."""
        named = self._named(lang, on)
        return named.formal if named else None

    def exists_on(self, day: date) -> bool:
        return _holds(day, self.exists_from, self.exists_until)

    def _named(self, lang: str, on: date | None) -> Name | None:
        in_language = [name for name in self.names if name.lang == lang]
        if on is not None:
            in_language = [name for name in in_language if name.is_valid_on(on)] or in_language
        return _latest(in_language)


def _latest(names: Iterable[Name]) -> Name | None:
    return max(names, key=lambda name: (name.valid_until or date.max, name.valid_from or date.min), default=None)


def _holds(day: date, first: date | None, last: date | None) -> bool:
    return (first or date.min) <= day <= (last or date.max)
