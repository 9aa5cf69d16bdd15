"""Groups of participants, with the days on which each belonged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A participant's time in a group: first and last day (`None`: not bounded or not known)."""

    participant: str
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from or date.min) <= day <= (self.valid_until or date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A named set of participants. `organisations` are the participants whose membership this is (for example `eu`)."""

    id: str
    names: Mapping[str, str]
    memberships: tuple[Membership, ...]
    source: str
    organisations: tuple[str, ...] = ()
    note: str | None = None

    def name(self, lang: str = "en") -> str:
        return self.names.get(lang) or self.names["en"]

    def members(self, on: date) -> frozenset[str]:
        return frozenset(one.participant for one in self.memberships if one.is_valid_on(on))
