"""Conditions as instruments one can read: consents are put on and taken off, and each gauge says how far it is and why.

A gauge never forgets what it did not count: every consent left out is kept with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Final, NamedTuple, Protocol, assert_never

from treaty_events import Action
from treaty_status.domain.certificates import Proof
from treaty_status.domain.dates import TREATY, DateOutOfRange, missing_days, resolve
from treaty_status.domain.foundations import Foundation
from treaty_status.domain.rule import (
    All,
    Any_,
    Certified,
    Condition,
    Count,
    DateExpr,
    DateReached,
    Everyone,
    NotBlocked,
    Share,
    TreatyInForce,
    Weight,
    Who,
)
from treaty_status.domain.setting import SIGNATORIES, Setting
from treaty_status.domain.tables import NOTHING

OBJECTION: Final = Action.OBJECTION
PROVISIONALLY: Final = Action.PROVISIONAL_APPLICATION


class Progress(NamedTuple):
    """How far the worst part of a condition is: ``done`` of ``whole``, exact, never more than the whole.

    ``have`` and ``need`` are instruments, or 0 where the part is not counted in them. ``missing`` is how many
    instruments would complete the whole condition; None where instruments alone cannot.
    """

    have: int
    need: int
    done: int
    whole: int
    missing: int | None

    @property
    def share(self) -> Fraction:
        """The way gone, as an exact fraction."""
        return Fraction(self.done, self.whole)


def _instruments(have: int, need: int) -> Progress:
    return Progress(have, need, have, need, need - have) if have < need else Progress(have, need, need, need, 0)


def _day_or_amount(*, done: int, whole: int) -> Progress:
    return Progress(0, 0, done, whole, 0 if done == whole else None)


_NEARLY: Final = Progress(0, 0, 99, 100, None)
"""As much as is needed, where that must be exceeded, or it is not known whether it counts."""


class Consent(NamedTuple):
    """A consent to be bound: counts from ``on``, and no longer from ``until``.

    ``held``: why it does not count yet, or at all: ``pending``, ``refused`` or ``deferred``. ``deposited_on`` is told
    where that is not the day from which it counts; ``deferred_until`` while it is deferred.
    """

    participant: str
    action: Action
    on: date
    until: date | None
    kind: str
    held: str | None = None
    deposited_on: date | None = None
    deferred_until: date | None = None


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
    on: date | None = None
    """The day asked for, or the one on which it came to be, where that is all there is to say."""
    basis: str | None = None
    """What the numbers rest on: the version and source of a table, what a population is measured against."""
    exceeded: bool = False
    """What is needed has to be exceeded."""
    parts: tuple["Reading", ...] = ()
    unknown: tuple[str, ...] = ()
    rests_on: tuple[Foundation, ...] = ()
    """The tables and certificates that this was read off."""
    unit: str | None = None
    """What ``have`` and ``need`` are measured in, where the rule says so."""
    whose: tuple[tuple[str, str], ...] = ()
    """Whose are counted, where not everyone's are: a kind (group, party_to, attribute, population) and a name."""


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

    def counts(self, consent: Consent) -> bool:
        """Does this consent, put on before, bring the condition nearer?"""

    def dates(self) -> list[date]:
        """The days on which this condition may change without any act."""

    def unknown(self) -> list[str]:
        """What is missing for an answer."""


def gauge(condition: Condition, setting: Setting, *, of_objections: bool = False) -> Gauge:
    """The gauge for a condition; under ``of_objections`` it is objections that are counted, not consents."""
    match condition:
        case Count():
            return CountGauge(condition, Roll(condition.who, setting, of_objections=of_objections))
        case Weight():
            return WeightGauge(condition, Roll(condition.who, setting, of_objections=of_objections), setting)
        case Share() | Everyone():
            return PopulationGauge(condition, Roll(condition.who, setting, of_objections=of_objections), setting)
        case DateReached(at=at):
            on, missing = named_day(at, setting.days, trigger="opening")
            return DayGauge("date_reached", on, None, missing)
        case Certified(key=key):
            proof = setting.proof(condition)
            return DayGauge("fact", proof.on, key, proof.missing, proof)
        case TreatyInForce(treaty=treaty):
            missing = [] if setting.world.knows_treaty(treaty) else [f"treaty:{treaty}"]
            return DayGauge("treaty_in_force", setting.world.entered_into_force_on(treaty), treaty, missing)
        case NotBlocked(until=until, blocked_if=blocked_if):
            on, missing = named_day(until, setting.days, trigger="circulated")
            return Silence(on, missing, gauge(blocked_if, setting, of_objections=True))
        case All(of=parts):
            return Joint([gauge(part, setting, of_objections=of_objections) for part in parts], every=True)
        case Any_(of=parts):
            return Joint([gauge(part, setting, of_objections=of_objections) for part in parts], every=False)
        case _:
            assert_never(condition)


def named_day(expr: DateExpr, days: Mapping[str, date | None], *, trigger: str) -> tuple[date | None, list[str]]:
    """The day that an expression names, or None and what is missing to name it."""
    try:
        on = resolve(expr, days, trigger=trigger)
    except DateOutOfRange:
        return None, ["day:past the year 9999"]
    missing = [] if on is not None else missing_days(expr, days, trigger=trigger)
    return on, [name if name.startswith(TREATY) else f"day:{name}" for name in missing]


class Roll:
    """The living consents, divided into those that a ``Who`` admits, and those it does not, with the reason."""

    def __init__(self, who: Who, setting: Setting, *, of_objections: bool = False) -> None:
        self.who = who
        self._of_objections = of_objections
        self._setting = setting
        self._world = world = setting.world
        self._admits_all = who == Who()
        self.states: dict[str, Consent] = {}
        self.organisations: dict[str, Consent] = {}
        self.left_out: dict[str, NotCounted] = {}
        self._members_in: dict[str, set[str]] = {}
        named = (*who.groups, *who.any_group, *who.not_groups)
        self.missing = [f"group:{group}" for group in named if not setting.knows_group(group)]
        self._attribute = None if who.attribute is None else setting.table(who.attribute.table)
        if who.attribute is not None and self._attribute is None:
            self.missing.append(f"table:{who.attribute.table}")
        if who.party_to is not None and not world.knows_treaty(who.party_to):
            self.missing.append(f"treaty:{who.party_to}")

    def add(self, consent: Consent) -> None:
        name, action = consent.participant, consent.action
        if (action is OBJECTION) is not self._of_objections:
            return
        if action is PROVISIONALLY and action not in (self.who.actions or ()):
            return
        reason = consent.held or (None if self._admits_all else self._refused(consent))
        if reason is not None:
            self.left_out[name] = NotCounted(consent, reason)
        elif consent.kind == "reio":
            self.organisations[name] = consent
            self._members_in[name] = set(self._world.members(name, consent.on) & self.states.keys())
        else:
            self.states[name] = consent
            for organisation in self._belongs_to(consent) if self.organisations else ():
                self._members_in[organisation].add(name)

    def remove(self, consent: Consent) -> None:
        name = consent.participant
        if self.states.get(name) == consent:
            del self.states[name]
            for members in self._members_in.values():
                members.discard(name)
        elif self.organisations.get(name) == consent:
            del self.organisations[name], self._members_in[name]
        elif name in self.left_out and self.left_out[name].consent == consent:
            del self.left_out[name]

    def _belongs_to(self, consent: Consent) -> list[str]:
        """The organisations already here that it is a member of on its day: the later of the two deposits decides."""
        return [one for one in self.organisations if consent.participant in self._world.members(one, consent.on)]

    def members_counted(self, organisation: str) -> tuple[str, ...]:
        """The States whose own consent is counted, and that were members once both instruments were there."""
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
                return len(self.members_not_counted(organisation))

    def members_not_counted(self, organisation: str) -> frozenset[str]:
        """The members on the day of the organisation's consent that have none of their own counted."""
        return self._world.members(organisation, self.organisations[organisation].on) - self.states.keys()

    def counts(self, consent: Consent) -> bool:
        """Is this consent among those that count?"""
        name = consent.participant
        return name in self.states or (name in self.organisations and self.worth(name) > 0)

    @property
    def rests_on(self) -> tuple[Foundation, ...]:
        """The table by which it is judged who is large enough."""
        return () if self._attribute is None else (self._attribute.foundation,)

    def whose(self) -> tuple[tuple[str, str], ...]:
        """Whose consents alone count, as kinds and names."""
        who = self.who
        return (
            *(("group", group) for group in who.groups),
            *(("any_group", group) for group in who.any_group),
            *(("not_group", group) for group in who.not_groups),
            *(() if who.party_to is None else (("party_to", who.party_to),)),
            *(() if who.attribute is None else (("attribute", f"{who.attribute.value} ({who.attribute.table})"),)),
        )

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
        found.extend(self.policy(consent) for name, consent in self.organisations.items() if not self.worth(name))
        return tuple(sorted(found, key=_left_by_day))

    def policy(self, consent: Consent) -> NotCounted:
        """An organisation's consent, left out by the rule on organisations."""
        return NotCounted(consent, self.who.reio, self.members_counted(consent.participant))

    def _refused(self, consent: Consent) -> str | None:
        who = self.who
        if who.actions is not None and consent.action not in who.actions:
            return "action_not_counted"
        if who.kinds is not None and _KIND_OF.get(consent.kind, consent.kind) not in who.kinds:
            return "kind_not_counted"
        if self.missing:
            return "not_known"
        if who.groups and not all(self._belongs_on_its_day(consent, group) for group in who.groups):
            return "not_in_group"
        if who.any_group and not any(self._belongs_on_its_day(consent, group) for group in who.any_group):
            return "not_in_any_group"
        if any(self._belongs_on_its_day(consent, group) for group in who.not_groups):
            return "in_group"
        if who.party_to is not None and not self._world.is_party(who.party_to, consent.participant, consent.on):
            return "not_party_to_parent"
        if who.attribute is not None and not self._large_enough(consent.participant):
            return "attribute_too_small"
        return None

    def _belongs_on_its_day(self, consent: Consent, group: str) -> bool:
        return self._setting.belongs(consent.participant, group, consent.on)

    def _large_enough(self, participant: str) -> bool:
        assert self.who.attribute is not None  # noqa: S101 - asked only where the rule names an attribute
        value = NOTHING if self._attribute is None else self._attribute.values.get(participant, NOTHING)
        return value >= Fraction(self.who.attribute.value)

    def verdict(self, met: bool, missing: list[str]) -> bool | None:  # noqa: FBT001 - reads as a phrase at the call
        """Unknown while something is missing, unless nobody is there for whom it could matter."""
        if not missing:
            return met
        nobody = not self.states and not self.organisations
        return False if nobody and all(left.reason != "not_known" for left in self.left_out.values()) else None


_KIND_OF: Final = {"predecessor": "state"}
"""A State that is no more was a State."""


def _by_day(consent: Consent) -> tuple[date, str]:
    return consent.on, consent.participant


def _left_by_day(left: NotCounted) -> tuple[date, str]:
    return _by_day(left.consent)


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
        return self.roll.verdict(self.roll.total() >= self.condition.at_least, self.roll.missing)

    def progress(self, day: date) -> Progress:  # noqa: ARG002 - as above
        return _instruments(self.roll.total(), self.condition.at_least)

    def counts(self, consent: Consent) -> bool:
        return self.roll.counts(consent)

    def reading(self, day: date) -> Reading:
        return Reading(
            op="count",
            met=self.met(day),
            have=self.roll.total(),
            need=self.condition.at_least,
            counted=self.roll.counted(),
            not_counted=self.roll.not_counted(),
            unknown=tuple(self.roll.missing),
            rests_on=self.roll.rests_on,
            whose=self.roll.whose(),
        )

    def dates(self) -> list[date]:
        return []

    def unknown(self) -> list[str]:
        return self.roll.missing


class WeightGauge:
    """Consents that together hold so much of a table. A participant without a row weighs nothing, and is listed."""

    def __init__(self, condition: Weight, roll: Roll, setting: Setting) -> None:
        self._condition = condition
        self._need = Fraction(condition.at_least)
        self._roll = roll
        self._table = setting.table(condition.table)
        self._over = None if condition.over is None else setting.table(condition.over)
        self._missing = [*roll.missing, *self._not_recorded()]
        in_shares = condition.over is None and self._need <= 1
        self._rows: Mapping[str, Fraction] = {}
        if self._table is not None:
            self._rows = self._table.shares if in_shares else self._table.values
        self._own = self._measured_by = NOTHING

    def _not_recorded(self) -> list[str]:
        name, over = self._condition.table, self._condition.over
        missing = [] if self._table is not None else [f"table:{name}"]
        if over is not None:
            return missing if self._over is not None else [*missing, f"table:{over}"]
        if self._table is not None and self._need <= 1 and not self._table.holds_shares:
            return [f"table:{name}:whole"]
        return missing

    def add(self, consent: Consent) -> None:
        before = consent.participant in self._roll.states
        self._roll.add(consent)
        if not before and consent.participant in self._roll.states:
            self._move(consent.participant, 1)

    def remove(self, consent: Consent) -> None:
        before = consent.participant in self._roll.states
        self._roll.remove(consent)
        if before and consent.participant not in self._roll.states:
            self._move(consent.participant, -1)

    def _move(self, name: str, sign: int) -> None:
        self._own += sign * self._rows.get(name, NOTHING)
        if self._over is not None:
            self._measured_by += sign * self._over.values.get(name, NOTHING)

    def _of_organisation(self, name: str, rows: Mapping[str, Fraction]) -> Fraction:
        """What an organisation adds to its members: nothing, unless the rule says otherwise."""
        match self._roll.who.reio:
            case "counts":
                return rows.get(name, NOTHING)
            case "as_members":
                return sum((rows.get(one, NOTHING) for one in self._roll.members_not_counted(name)), NOTHING)
            case _:
                return NOTHING

    def _have(self) -> Fraction:
        have = self._own + self._of_organisations(self._rows)
        if self._condition.over is None:
            return have
        rows = {} if self._over is None else self._over.values
        whole = self._measured_by + self._of_organisations(rows)
        return have / whole if whole else NOTHING

    def _of_organisations(self, rows: Mapping[str, Fraction]) -> Fraction:
        return sum((self._of_organisation(name, rows) for name in self._roll.organisations), NOTHING)

    def met(self, day: date) -> bool | None:  # noqa: ARG002 - a weight does not look at the day
        have = self._have()
        enough = have > self._need if self._condition.more_than else have >= self._need
        return self._roll.verdict(enough, self._missing)

    def progress(self, day: date) -> Progress:
        share = min(Fraction(1), self._have() / self._need)
        if share == 1 and self.met(day) is not True:
            return _NEARLY
        return _day_or_amount(done=share.numerator, whole=share.denominator)

    def counts(self, consent: Consent) -> bool:
        name = consent.participant
        if name in self._roll.organisations:
            return self._of_organisation(name, self._rows) > 0
        return name in self._roll.states and self._rows.get(name, NOTHING) > 0

    def reading(self, day: date) -> Reading:
        admitted = [*self._roll.states.values(), *self._roll.organisations.values()]
        left = [self._left_out(consent) for consent in admitted if not self.counts(consent)]
        return Reading(
            op="weight",
            met=self.met(day),
            have=self._have(),
            need=self._need,
            counted=tuple(sorted(filter(self.counts, admitted), key=_by_day)),
            not_counted=tuple(sorted([*self._roll.left_out.values(), *left], key=_left_by_day)),
            subject=self._condition.table,
            basis=self._basis(),
            exceeded=self._condition.more_than,
            unknown=tuple(self._missing),
            rests_on=(*(one.foundation for one in (self._table, self._over) if one is not None), *self._roll.rests_on),
            whose=self._roll.whose(),
        )

    def _basis(self) -> str | None:
        if self._table is None:
            return None
        told = [text for text in (self._table.version, self._table.source) if text]
        return "; ".join([*told, *([] if self._condition.over is None else [f"over {self._condition.over}"])]) or None

    def _left_out(self, consent: Consent) -> NotCounted:
        if self._table is None:
            return NotCounted(consent, "not_known")
        if consent.participant in self._roll.organisations and self._roll.who.reio in {"not_additional", "never"}:
            return self._roll.policy(consent)
        return NotCounted(consent, "no_share")

    def dates(self) -> list[date]:
        return []

    def unknown(self) -> list[str]:
        return self._missing


EVERYBODY: Final = frozenset({"*"})


class PopulationGauge:
    """A part of a population, or all of it; the number needed is rounded up."""

    def __init__(self, condition: Share | Everyone, roll: Roll, setting: Setting) -> None:
        self._condition = condition
        self._roll = roll
        self._setting = setting
        self._person = setting.world.person
        self._frozen_on: date | None = None
        self._no_day: list[str] = []
        if condition.frozen_on is not None:
            self._frozen_on, self._no_day = named_day(condition.frozen_on, setting.days, trigger="adoption")

    def add(self, consent: Consent) -> None:
        self._roll.add(consent)

    def remove(self, consent: Consent) -> None:
        self._roll.remove(consent)

    def _population(self, day: date) -> frozenset[str] | None:
        if self._condition.frozen_on is not None and self._frozen_on is None:
            return None
        whole = self._whole(self._frozen_on or day)
        if not whole and self._number is not None and self._from_anyone:
            return EVERYBODY  # the number is known, and it does not matter who they are
        if whole is None or isinstance(self._condition, Everyone) or self._condition.of_kinds is None:
            return whole
        kind = self._setting.world.kind
        return frozenset(one for one in whole if _KIND_OF.get(kind(one), kind(one)) in self._condition.of_kinds)

    @property
    def _names(self) -> tuple[str, ...]:
        of, others_than = self._condition.of, self._condition.others_than
        return (of,) if others_than is None else (of, others_than)

    def _whole(self, day: date) -> frozenset[str] | None:
        """The population without those of the second one; not known where either is not."""
        of, others_than = self._condition.of, self._condition.others_than
        whole = self._setting.population(of, day)
        if whole is None or others_than is None:
            return whole
        others = self._setting.population(others_than, day)
        return None if others is None else whole - others

    def _need(self, population: frozenset[str]) -> int:
        if isinstance(self._condition, Everyone):
            return len(population)
        part = Fraction(self._condition.at_least) * (self._number or len(population))
        return floor(part) + 1 if self._condition.more_than else ceil(part)

    def _have(self, population: frozenset[str]) -> int:
        if self._from_anyone:
            return self._roll.total()
        have = len(population.intersection(map(self._person, self._roll.states)))
        return have + sum(1 for name in self._roll.organisations if name in population and self._admitted(name))

    @property
    def _number(self) -> int | None:
        return self._condition.of_number if isinstance(self._condition, Share) else None

    @property
    def _from_anyone(self) -> bool:
        return isinstance(self._condition, Share) and self._condition.from_anyone

    def _admitted(self, organisation: str) -> bool:
        """Where everyone is asked for by name, an organisation that is named has to consent itself."""
        return isinstance(self._condition, Everyone) or self._roll.worth(organisation) > 0

    def counts(self, consent: Consent) -> bool:
        population = self._population(consent.on)
        return population is not None and self._listed(consent, population)

    def _inside(self, name: str) -> bool:
        return name in self._roll.states or (name in self._roll.organisations and self._admitted(name))

    def met(self, day: date) -> bool | None:
        population = self._population(day)
        if population is None:
            return self._roll.verdict(False, [self._condition.of])  # noqa: FBT003 - nobody is no part of anything
        if not population:  # a list of nobody is a gap in our data; signatures that nobody gave are not
            return False if self._condition.of in SIGNATORIES else None
        return self._roll.verdict(self._have(population) >= self._need(population), self._roll.missing)

    def progress(self, day: date) -> Progress:
        population = self._population(day)
        if not population:
            return _day_or_amount(done=0, whole=1)
        return _instruments(self._have(population), self._need(population))

    def reading(self, day: date) -> Reading:
        population = self._population(day)
        inside = population or frozenset()
        admitted = [*self._roll.states.values(), *self._roll.organisations.values()]
        left = [self._left_out(one, population) for one in admitted if not self._listed(one, inside)]
        return Reading(
            op=self._condition.op,
            met=self.met(day),
            have=self._have(population) if population else None,
            need=self._need(population) if population else None,
            counted=tuple(sorted((one for one in admitted if self._listed(one, inside)), key=_by_day)),
            not_counted=tuple(sorted([*self._roll.left_out.values(), *left], key=_left_by_day)),
            missing_participants=self._still_missing(inside),
            subject=self._condition.of,
            on=self._frozen_on,
            basis=self._basis(population),
            unknown=tuple(self._unknown(day)),
            rests_on=self._roll.rests_on,
            whose=(
                ("population", self._condition.of),
                *(("others_than", name) for name in self._names[1:]),
                *self._roll.whose(),
            ),
        )

    def _still_missing(self, population: frozenset[str]) -> tuple[str, ...] | None:
        if population is EVERYBODY or self._from_anyone:
            return None
        here = {self._person(name) for name in self._roll.states} | {
            name for name in self._roll.organisations if self._admitted(name)
        }
        return tuple(sorted(population - here))

    def _basis(self, population: frozenset[str] | None) -> str | None:
        if not population or isinstance(self._condition, Everyone):
            return None
        more = "more than " if self._condition.more_than else ""
        return f"{more}{self._condition.at_least} of {self._number or len(population)}"

    def _listed(self, consent: Consent, population: frozenset[str]) -> bool:
        if not self._inside(consent.participant):
            return False
        return self._from_anyone or self._person(consent.participant) in population

    def _left_out(self, consent: Consent, population: frozenset[str] | None) -> NotCounted:
        if population is None:
            return NotCounted(consent, "not_known")
        if self._person(consent.participant) not in population:
            return NotCounted(consent, "not_in_population")
        return self._roll.policy(consent)

    def dates(self) -> list[date]:
        frozen = self._condition.frozen_on is not None
        return [] if frozen else sorted({day for name in self._names for day in self._setting.turning_days(name)})

    def _unknown(self, day: date) -> list[str]:
        known = self._population(day)
        on = self._frozen_on or day
        wanting = [name for name in self._names if not self._setting.population(name, on)] or [self._condition.of]
        return [*self._roll.missing, *self._no_day, *([] if known else [f"population:{name}" for name in wanting])]

    def unknown(self) -> list[str]:
        return self._unknown(date.max)


@dataclass(slots=True)
class DayGauge:
    """True from a day on: a date reached, a fact certified, another treaty in force."""

    op: str
    on: date | None
    subject: str | None
    missing: list[str] = field(default_factory=list)
    proof: Proof | None = None
    """The certificates, where it is a fact that has to be certified."""

    def add(self, consent: Consent) -> None:
        """An act changes nothing here."""

    def remove(self, consent: Consent) -> None:
        """An act changes nothing here."""

    def met(self, day: date) -> bool | None:
        if self.missing:
            return None
        return self.on is not None and self.on <= day

    def progress(self, day: date) -> Progress:
        met, proof = self.met(day), self.proof
        if met is not True and proof is not None and proof.need is not None:
            share = (proof.have(day) or NOTHING) / proof.need
            return _day_or_amount(done=share.numerator, whole=share.denominator) if share < 1 else _NEARLY
        return _day_or_amount(done=int(bool(met)), whole=1)

    def counts(self, consent: Consent) -> bool:  # noqa: ARG002 - no act brings a day nearer
        return False

    def reading(self, day: date) -> Reading:
        met, proof = self.met(day), self.proof
        on = self.on if met or self.op == "date_reached" else None  # what has not happened by then is not told
        return Reading(
            self.op,
            met,
            None if proof is None else proof.have(day),
            None if proof is None else proof.need,
            subject=self.subject,
            on=on,
            unknown=tuple(self.unknown()),
            rests_on=() if proof is None else proof.rests_on(day),
            unit=None if proof is None else proof.unit,
        )

    def dates(self) -> list[date]:
        if self.proof is not None:
            return self.proof.days
        return [] if self.on is None else [self.on]

    def unknown(self) -> list[str]:
        return self.missing


class Silence:
    """Tacit acceptance: given on the day, unless the objections made by then block it.

    An objection made, or taken back, after the day comes too late.
    """

    def __init__(self, until: date | None, missing: list[str], blocking: Gauge) -> None:
        self._until = until
        self._missing = missing
        self._blocking = blocking

    def add(self, consent: Consent) -> None:
        if self._until is None or consent.on <= self._until:
            self._blocking.add(consent)

    def remove(self, consent: Consent) -> None:
        if self._until is None or (consent.until is not None and consent.until <= self._until):
            self._blocking.remove(consent)

    def met(self, day: date) -> bool | None:
        if self._until is None:
            return None
        if day < self._until:
            return False
        blocked = self._blocking.met(self._until)
        return None if blocked is None else not blocked

    def progress(self, day: date) -> Progress:
        return _day_or_amount(done=int(bool(self.met(day))), whole=1)

    def counts(self, consent: Consent) -> bool:  # noqa: ARG002 - acceptance here is nobody's act
        return False

    def reading(self, day: date) -> Reading:
        parts = (self._blocking.reading(self._until or day),)
        return Reading(
            "not_blocked", self.met(day), None, None, on=self._until, parts=parts, unknown=tuple(self.unknown())
        )

    def dates(self) -> list[date]:
        return [] if self._until is None else [self._until]

    def unknown(self) -> list[str]:
        return [*self._missing, *self._blocking.unknown()]


@dataclass(slots=True)
class Joint:
    """All of several conditions, or at least one of them. Progress is the worst part's, or the best part's.

    Between equals, the part that is counted in instruments speaks.
    """

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
        parts = [part.progress(day) for part in self.parts]
        missing = [part.missing for part in parts]
        known = [number for number in missing if number is not None]
        if self.every:
            worst = min(parts, key=lambda part: (part.share, not part.need))
            return worst._replace(missing=max(known) if len(known) == len(missing) else None)
        best = max(parts, key=lambda part: (part.share, bool(part.need)))
        return best._replace(missing=min(known, default=None))

    def counts(self, consent: Consent) -> bool:
        return any(part.counts(consent) for part in self.parts)

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
