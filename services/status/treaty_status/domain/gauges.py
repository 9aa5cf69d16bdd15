"""Conditions as instruments one can read: consents are put on and taken off, and each gauge says how far it is and why.

A gauge never forgets what it did not count: every consent left out is kept with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Final, Protocol, assert_never

from treaty_events import Action
from treaty_status.domain.dates import resolve
from treaty_status.domain.rule import (
    All,
    Any_,
    Certified,
    Condition,
    Count,
    DateReached,
    Everyone,
    NotBlocked,
    Share,
    TreatyInForce,
    Weight,
    Who,
)
from treaty_status.domain.world import World

Progress = tuple[int, int, Fraction, bool]
"""have, need, share of the way, and whether these are instruments (rather than weights or days)."""
WHOLE: Final = Fraction(1)
NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent to be bound: counts from ``on``, and no longer from ``until``."""

    participant: str
    action: Action
    on: date
    until: date | None
    kind: str


@dataclass(frozen=True, slots=True)
class NotCounted:
    """A consent that was left out, why, and because of whom."""

    consent: Consent
    reason: str
    because_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one gauge shows: a node in the tree of reasons. Shares are exact fractions."""

    op: str
    met: bool | None
    have: Fraction | int | None
    need: Fraction | int | None
    counted: tuple[Consent, ...] = ()
    not_counted: tuple[NotCounted, ...] = ()
    missing_participants: tuple[str, ...] | None = None
    subject: str | None = None
    parts: tuple["Reading", ...] = ()
    unknown: tuple[str, ...] = ()


class Gauge(Protocol):
    """One condition, fed with consents."""

    def add(self, consent: Consent) -> None:
        """A consent begins to count."""

    def remove(self, consent: Consent) -> None:
        """A consent no longer counts."""

    def met(self, day: date) -> bool | None:
        """Does the condition hold at the end of the day? None: not known."""

    def progress(self, day: date) -> Progress:
        """How far it is."""

    def reading(self, day: date) -> Reading:
        """The node in the tree of reasons."""

    def dates(self) -> list[date]:
        """The days on which this condition may change without any act."""

    def unknown(self) -> list[str]:
        """What is missing for an answer."""


def gauge(condition: Condition, world: World, days: Mapping[str, date | None]) -> Gauge:
    """The gauge for a condition; ``days`` are those that date expressions may refer to."""
    match condition:
        case Count():
            return CountGauge(condition, Roll(condition.who, world))
        case Weight():
            return WeightGauge(condition, Roll(condition.who, world), world)
        case Share() | Everyone():
            return PopulationGauge(condition, Roll(condition.who, world), world)
        case DateReached(at=at):
            return DayGauge("date_reached", resolve(at, days, trigger="opening"), None, known=True)
        case Certified(key=key):
            return DayGauge("fact", world.certified_on(key), key, known=True)
        case TreatyInForce(treaty=treaty):
            known = world.knows_treaty(treaty)
            return DayGauge("treaty_in_force", world.entered_into_force_on(treaty), treaty, known=known)
        case NotBlocked(until=until):
            return Silence(resolve(until, days, trigger="circulated"))
        case All(of=parts):
            return Joint([gauge(part, world, days) for part in parts], every=True)
        case Any_(of=parts):
            return Joint([gauge(part, world, days) for part in parts], every=False)
        case _:
            assert_never(condition)


class Roll:
    """The living consents, divided into those that a ``Who`` admits, and those it does not, with the reason."""

    def __init__(self, who: Who, world: World) -> None:
        self.who = who
        self._world = world
        self.states: dict[str, Consent] = {}
        self.organisations: dict[str, Consent] = {}
        self.left_out: dict[str, NotCounted] = {}
        self._members_in: dict[str, set[str]] = {}
        self.missing = [f"group:{group}" for group in who.groups if not world.knows_group(group)]
        self._attribute = None if who.attribute is None else world.table(who.attribute.table)
        if who.attribute is not None and self._attribute is None:
            self.missing.append(f"table:{who.attribute.table}")
        if who.party_to is not None and not world.knows_treaty(who.party_to):
            self.missing.append(f"treaty:{who.party_to}")

    def add(self, consent: Consent) -> None:
        reason = self._refused(consent)
        if reason is not None:
            self.left_out[consent.participant] = NotCounted(consent, reason)
        elif consent.kind == "reio":
            self.organisations[consent.participant] = consent
        else:
            self.states[consent.participant] = consent
            for organisation in self._world.organisations_of(consent.participant, consent.on):
                self._members_in.setdefault(organisation, set()).add(consent.participant)

    def remove(self, consent: Consent) -> None:
        name = consent.participant
        self.left_out.pop(name, None)
        self.organisations.pop(name, None)
        if self.states.pop(name, None) is not None:
            for members in self._members_in.values():
                members.discard(name)

    def members_counted(self, organisation: str) -> tuple[str, ...]:
        """The member States whose own consent is counted (members on the day of their consent)."""
        return tuple(sorted(self._members_in.get(organisation, ())))

    def worth(self, organisation: str) -> int:
        """How many instruments an organisation's one counts as, under the rule's policy."""
        match self.who.reio:
            case "not_additional":
                return 0 if self._members_in.get(organisation) else 1
            case "never":
                return 0
            case "counts":
                return 1
            case "as_members":
                members = self._world.members(organisation, self.organisations[organisation].on)
                return len(members - self._members_in.get(organisation, set()))

    def total(self) -> int:
        """Instruments counted."""
        if not self.organisations:
            return len(self.states)
        return len(self.states) + sum(map(self.worth, self.organisations))

    def counted(self) -> tuple[Consent, ...]:
        """The consents that count, in the order of their days."""
        organisations = [consent for name, consent in self.organisations.items() if self.worth(name)]
        return tuple(sorted([*self.states.values(), *organisations], key=_by_day))

    def not_counted(self) -> tuple[NotCounted, ...]:
        """The consents that do not count, each with its reason."""
        found = list(self.left_out.values())
        for name, consent in self.organisations.items():
            if not self.worth(name):
                found.append(NotCounted(consent, self.who.reio, self.members_counted(name)))
        return tuple(sorted(found, key=lambda left: _by_day(left.consent)))

    def _refused(self, consent: Consent) -> str | None:
        who = self.who
        if who.actions is not None and consent.action not in who.actions:
            return "action_not_counted"
        if who.kinds is not None and consent.kind not in who.kinds:
            return "kind_not_counted"
        if who.groups and not set(who.groups) <= self._world.groups_of(consent.participant, consent.on):
            return "not_in_group"
        if who.party_to is not None and not self._world.is_party(who.party_to, consent.participant, consent.on):
            return "not_party_to_parent"
        if who.attribute is not None and not self._large_enough(consent.participant):
            return "attribute_too_small"
        return None

    def _large_enough(self, participant: str) -> bool:
        assert self.who.attribute is not None  # noqa: S101 - asked only where the rule names an attribute
        value = (self._attribute or {}).get(participant, NOTHING)
        return value >= Fraction(self.who.attribute.value)


def _by_day(consent: Consent) -> tuple[date, str]:
    return consent.on, consent.participant


@dataclass(slots=True)
class CountGauge:
    """So many consents."""

    condition: Count
    roll: Roll

    def add(self, consent: Consent) -> None:
        self.roll.add(consent)

    def remove(self, consent: Consent) -> None:
        self.roll.remove(consent)

    def met(self, day: date) -> bool | None:  # noqa: ARG002 - a count does not look at the day
        return _three_valued(self.roll.total() >= self.condition.at_least, self.roll.missing)

    def progress(self, day: date) -> Progress:  # noqa: ARG002 - as above
        have, need = self.roll.total(), self.condition.at_least
        return have, need, min(WHOLE, Fraction(have, need)), True

    def reading(self, day: date) -> Reading:
        return Reading(
            op="count",
            met=self.met(day),
            have=self.roll.total(),
            need=self.condition.at_least,
            counted=self.roll.counted(),
            not_counted=self.roll.not_counted(),
            unknown=tuple(self.roll.missing),
        )

    def dates(self) -> list[date]:
        return []

    def unknown(self) -> list[str]:
        return self.roll.missing


def _three_valued(met: bool, missing: list[str]) -> bool | None:  # noqa: FBT001 - reads as a phrase at the call
    return None if missing else met


class WeightGauge:
    """Consents that together hold so much of a table. A participant without a row weighs nothing, and is listed."""

    def __init__(self, condition: Weight, roll: Roll, world: World) -> None:
        self._need = Fraction(condition.at_least)
        self._name = condition.table
        self._table = world.table(condition.table)
        self._roll = roll
        self._missing = [*roll.missing, *([f"table:{condition.table}"] if self._table is None else [])]

    def add(self, consent: Consent) -> None:
        self._roll.add(consent)

    def remove(self, consent: Consent) -> None:
        self._roll.remove(consent)

    def _have(self) -> Fraction:
        table = self._table or {}
        own = sum((table.get(name, NOTHING) for name in self._roll.states), NOTHING)
        if self._roll.who.reio != "counts":
            return own
        return own + sum((table.get(name, NOTHING) for name in self._roll.organisations), NOTHING)

    def met(self, day: date) -> bool | None:  # noqa: ARG002 - a weight does not look at the day
        return _three_valued(self._have() >= self._need, self._missing)

    def progress(self, day: date) -> Progress:  # noqa: ARG002 - as above
        return 0, 0, min(WHOLE, self._have() / self._need), False

    def reading(self, day: date) -> Reading:
        return Reading(
            op="weight",
            met=self.met(day),
            have=self._have(),
            need=self._need,
            counted=self._roll.counted(),
            not_counted=self._roll.not_counted(),
            subject=self._name,
            unknown=tuple(self._missing),
        )

    def dates(self) -> list[date]:
        return []

    def unknown(self) -> list[str]:
        return self._missing


class PopulationGauge:
    """A part of a population, or all of it; the number needed is rounded up."""

    def __init__(self, condition: Share | Everyone, roll: Roll, world: World) -> None:
        self._condition = condition
        self._roll = roll
        self._world = world

    def add(self, consent: Consent) -> None:
        self._roll.add(consent)

    def remove(self, consent: Consent) -> None:
        self._roll.remove(consent)

    def _population(self, day: date) -> frozenset[str] | None:
        return self._world.population(self._condition.of, day)

    def _need(self, population: frozenset[str]) -> int:
        if isinstance(self._condition, Everyone):
            return len(population)
        return ceil(Fraction(self._condition.at_least) * len(population))

    def met(self, day: date) -> bool | None:
        population = self._population(day)
        if population is None or self._roll.missing or not population:
            return None
        return len(population & self._roll.states.keys()) >= self._need(population)

    def progress(self, day: date) -> Progress:
        population = self._population(day)
        if not population:
            return 0, 0, NOTHING, False
        have, need = len(population & self._roll.states.keys()), self._need(population)
        return have, need, min(WHOLE, Fraction(have, need)), True

    def reading(self, day: date) -> Reading:
        population = self._population(day)
        inside = population or frozenset()
        return Reading(
            op=self._condition.op,
            met=self.met(day),
            have=len(inside & self._roll.states.keys()) if population else None,
            need=self._need(population) if population else None,
            counted=tuple(consent for consent in self._roll.counted() if consent.participant in inside),
            not_counted=self._roll.not_counted(),
            missing_participants=tuple(sorted(inside - self._roll.states.keys())),
            subject=self._condition.of,
            unknown=tuple(self._unknown(day)),
        )

    def dates(self) -> list[date]:
        return []

    def _unknown(self, day: date) -> list[str]:
        known = self._population(day)
        return [*self._roll.missing, *([] if known else [f"population:{self._condition.of}"])]

    def unknown(self) -> list[str]:
        return self._unknown(date.max)


@dataclass(slots=True)
class DayGauge:
    """True from a day on: a date reached, a fact certified, another treaty in force."""

    op: str
    on: date | None
    subject: str | None
    known: bool

    def add(self, consent: Consent) -> None:
        """An act changes nothing here."""

    def remove(self, consent: Consent) -> None:
        """An act changes nothing here."""

    def met(self, day: date) -> bool | None:
        if not self.known:
            return None
        return self.on is not None and self.on <= day

    def progress(self, day: date) -> Progress:
        return 0, 0, WHOLE if self.met(day) else NOTHING, False

    def reading(self, day: date) -> Reading:
        return Reading(self.op, self.met(day), None, None, subject=self.subject, unknown=tuple(self.unknown()))

    def dates(self) -> list[date]:
        return [] if self.on is None else [self.on]

    def unknown(self) -> list[str]:
        return [] if self.known else [f"treaty:{self.subject}"]


@dataclass(slots=True)
class Silence:
    """Tacit acceptance. Objections are not in our record yet, so after the day the answer is unknown, never yes."""

    until: date | None
    _missing: list[str] = field(default_factory=lambda: ["objections"])

    def add(self, consent: Consent) -> None:
        """An act changes nothing here."""

    def remove(self, consent: Consent) -> None:
        """An act changes nothing here."""

    def met(self, day: date) -> bool | None:
        return False if self.until is not None and day < self.until else None

    def progress(self, day: date) -> Progress:  # noqa: ARG002 - silence has no half-way
        return 0, 0, NOTHING, False

    def reading(self, day: date) -> Reading:
        return Reading("not_blocked", self.met(day), None, None, unknown=tuple(self._missing))

    def dates(self) -> list[date]:
        return [] if self.until is None else [self.until]

    def unknown(self) -> list[str]:
        return self._missing


@dataclass(slots=True)
class Joint:
    """All of several conditions, or at least one of them. Progress is the worst part's, or the best part's."""

    parts: list[Gauge]
    every: bool

    def add(self, consent: Consent) -> None:
        for part in self.parts:
            part.add(consent)

    def remove(self, consent: Consent) -> None:
        for part in self.parts:
            part.remove(consent)

    def met(self, day: date) -> bool | None:
        answers = [part.met(day) for part in self.parts]
        decisive = not self.every
        if decisive in answers:
            return decisive
        return None if None in answers else self.every

    def progress(self, day: date) -> Progress:
        choose = min if self.every else max
        return choose((part.progress(day) for part in self.parts), key=lambda progress: progress[2])

    def reading(self, day: date) -> Reading:
        parts = tuple(part.reading(day) for part in self.parts)
        return Reading(
            op="all" if self.every else "any",
            met=self.met(day),
            have=None,
            need=None,
            parts=parts,
            unknown=tuple(name for part in parts for name in part.unknown),
        )

    def dates(self) -> list[date]:
        return [day for part in self.parts for day in part.dates()]

    def unknown(self) -> list[str]:
        return [name for part in self.parts for name in part.unknown()]
