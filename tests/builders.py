"""Words for facts: treaties, acts and worlds as a lawyer would tell them, for tests that need no database.

Participants are short slugs (``s1``, ``fra``, ``eu``); a day is ISO text. ``story(...).on(day, order)`` hands orders to
the core and keeps what was said; ``outcome`` only evaluates. Nothing here checks anything: the core does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from treaty_events import (
    Action,
    CorrectionReason,
    Depositary,
    Details,
    Evidence,
    Fact,
    MilestoneAnnounced,
    Override,
    Recorded,
    RuleSet,
    SignatureWindow,
    SignatureWindowsSet,
    Tier,
    TreatyDefined,
    event_id,
    stream_of,
)
from treaty_status.domain.certificates import Attestation, Certificate
from treaty_status.domain.certifying import Certify, SetTable
from treaty_status.domain.decisions import (
    Circumstances,
    Correct,
    Decision,
    Define,
    MoveRehearsalDay,
    OpenRehearsal,
    Order,
    ReachDay,
    RecordAct,
    decide,
    event_for,
)
from treaty_status.domain.evaluation import Outcome, evaluate
from treaty_status.domain.participation import Act
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.settled import Settled
from treaty_status.domain.tables import Table
from treaty_status.domain.treaty import State, Treaty, Undefined, evolve
from treaty_status.domain.world import Periods

T = "T-1"
RECORDED = Recorded(at=datetime(2030, 1, 1, 12, tzinfo=UTC), by="key:tests")
LATE = date(2199, 12, 31)
"""A day after everything; for questions that do not turn on the day."""
Day = str | date


def day(text: Day) -> date:
    """A civil date from ISO text."""
    return text if isinstance(text, date) else date.fromisoformat(text)


# ---- acts ------------------------------------------------------------------------------------------------------------
def act(action: str, participant: str, *, on: Day, override: str | None = None, **more: Any) -> RecordAct:
    """An order to record one act; ``override`` is the code of a check to overrule."""
    for name in ("effect_date", "circulated_on"):
        if name in more:
            more[name] = day(more[name])
    if override is not None:
        more["override"] = Override(checks=(override,), reason="the depositary took it")
    return RecordAct(treaty=T, action=Action(action), participant=participant, act_date=day(on), **more)


def signed(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("signature", participant, on=on, **more)


def signed_definitively(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("definitive_signature", participant, on=on, **more)


def ratified(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("ratification", participant, on=on, **more)


def accepted(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("acceptance", participant, on=on, **more)


def approved(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("approval", participant, on=on, **more)


def acceded(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("accession", participant, on=on, **more)


def confirmed(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("formal_confirmation", participant, on=on, **more)


def succeeded(participant: str, *, to: str, from_day: Day, on: Day, **more: Any) -> RecordAct:
    extra = {"predecessor": to, "succeeded_on": day(from_day)}
    return act("succession", participant, on=on, extra=extra, **more)


def took_back(participant: str, *, on: Day, **more: Any) -> RecordAct:
    """Withdrew its consent before the treaty bound it."""
    return act("consent_withdrawn", participant, on=on, **more)


def denounced(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("withdrawal_notified", participant, on=on, **more)


def revoked_denunciation(participant: str, *, on: Day, **more: Any) -> RecordAct:
    return act("withdrawal_revoked", participant, on=on, **more)


def states(count: int, *, first: int = 1) -> list[str]:
    """Invented States: s1, s2, …"""
    return [f"s{n}" for n in range(first, first + count)]


def all_acceded(participants: Iterable[str], *, on: Day) -> list[RecordAct]:
    """One accession each, all on one day."""
    return [acceded(one, on=on) for one in participants]


# ---- certificates and tables -----------------------------------------------------------------------------------------
def certified(key: str, *, on: Day, quantity: str | None = None, **more: Any) -> Certify:
    """An order to record that something was certified; ``override`` is the code of a check to overrule."""
    if "override" in more:
        more["override"] = Override(checks=(more["override"],), reason="the depositary took it")
    by = more.pop("by", "The Secretary-General")
    return Certify(treaty=T, key=key, certified_on=day(on), certified_by=by, quantity=quantity, **more)


def table_of(name: str, values: Mapping[str, str | int], **more: Any) -> SetTable:
    """An order to record a table of weights."""
    texts = {one: str(value) for one, value in values.items()}
    return SetTable(treaty=T, name=name, values=texts, source=more.pop("source", "An invented register"), **more)


# ---- corrections and days --------------------------------------------------------------------------------------------
def corrected(target: str, reason: str = "typing", **fields: Any) -> Correct:
    return Correct(treaty=T, target=target, kind="corrected", reason=CorrectionReason(reason), fields=fields)


def retracted(target: str, reason: str = "duplicate") -> Correct:
    return Correct(treaty=T, target=target, kind="retracted", reason=CorrectionReason(reason))


def reinstated(target: str) -> Correct:
    return Correct(treaty=T, target=target, kind="reinstated", reason=CorrectionReason.SOURCE_ERROR)


def the_day_comes() -> ReachDay:
    return ReachDay(treaty=T)


# ---- treaties --------------------------------------------------------------------------------------------------------
def plus(*, days: int = 0, months: int = 0, years: int = 0, of: object = None) -> dict[str, Any]:
    found: dict[str, Any] = {"op": "plus"} | {
        name: value for name, value in {"days": days, "months": months, "years": years}.items() if value
    }
    return found if of is None else found | {"of": of}


def ref(name: str) -> dict[str, Any]:
    return {"op": "ref", "name": name}


def later(*parts: object) -> dict[str, Any]:
    return {"op": "later", "of": list(parts)}


def count(at_least: int, **who: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"op": "count", "at_least": at_least}
    return found | ({"who": who} if who else {})


def weight(table: str, at_least: str, **who: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"op": "weight", "table": table, "at_least": at_least}
    return found | ({"who": who} if who else {})


def all_of(*parts: object) -> dict[str, Any]:
    return {"op": "all", "of": list(parts)}


def any_of(*parts: object) -> dict[str, Any]:
    return {"op": "any", "of": list(parts)}


EACH = (
    {"clause": "65(1)", "own": "by_threshold", "then": ref("eif")},
    {"clause": "65(2)", "then": later(plus(days=30), ref("eif"))},
)
LEAVING = ({"clause": "67", "takes_effect": plus(years=1, of=ref("received"))},)


def rule(
    when: Mapping[str, Any] | int, then: Mapping[str, Any] | None = None, *, clause: str = "65(1)", **more: Any
) -> dict[str, Any]:
    """A rule with one track; a number stands for that many instruments, of the form of UNCAC and Hanoi by default."""
    condition = count(when) if isinstance(when, int) else dict(when)
    track = {"clause": clause, "when": condition, "then": plus(days=90) if then is None else dict(then)}
    return {
        "treaty": T,
        "title": "An invented treaty",
        "in_force": [track],
        "for_each": EACH,
        "leaving": LEAVING,
    } | more


JOINING = {
    "clause": "64",
    "modes": ["ratification", "acceptance", "approval", "accession"],
    "reio_needs_member": "consented",
}


def hanoi(at_least: int = 40, **more: Any) -> dict[str, Any]:
    """The clauses of the convention against cybercrime, with any number for its forty."""
    return rule(at_least, joining=JOINING, **more)


def window(opens: Day, closes: Day | None = None, place: str = "New York") -> SignatureWindow:
    return SignatureWindow(place=place, opens_on=day(opens), closes_on=None if closes is None else day(closes))


def details(**more: Any) -> Details:
    depositary = Depositary(id="un-sg", name={"en": "Secretary-General"}, time_zone="America/New_York")
    return Details(titles={"en": "Invented Treaty", "fr": "Traité inventé"}, depositary=depositary, **more)


def facts(
    *orders: RecordAct, by_rule: Mapping[str, Any] | None = None, windows: tuple[SignatureWindow, ...] = (), **more: Any
) -> list[Fact]:
    """What the log would hold had nobody checked anything: a definition, windows, a rule, and the acts in order."""
    found: list[Fact] = [TreatyDefined(treaty=T, recorded=RECORDED, details=details(**more))]
    if windows:
        found.append(SignatureWindowsSet(treaty=T, recorded=RECORDED, windows=windows))
    if by_rule is not None:
        plain = TreatyRule.model_validate(by_rule).model_dump(mode="json", exclude_defaults=True)
        found.append(RuleSet(treaty=T, recorded=RECORDED, version=1, rule=plain))
    return [*found, *(event_for(order, RECORDED) for order in orders)]


def treaty(*orders: RecordAct, **more: Any) -> Treaty:
    """A treaty with these acts, unchecked and unannounced."""
    state = evolve(Undefined(T), facts(*orders, **more))
    assert isinstance(state, Treaty)
    return state


def outcome(
    by_rule: Mapping[str, Any], *orders: RecordAct, as_of: Day = LATE, world: "Twin | None" = None, **more: Any
) -> Outcome:
    """Where a rule stands with these acts at the end of a day."""
    the_treaty = treaty(*orders, by_rule=by_rule, **more)
    assert the_treaty.rule is not None
    return evaluate(the_treaty.rule, the_treaty, world=world or Twin(), as_of=day(as_of))


# ---- the world -------------------------------------------------------------------------------------------------------
Span = tuple[str, Day | None, Day | None]


@dataclass(frozen=True)
class Twin:
    """A world of invention: everyone exists and is a State unless said otherwise. Satisfies the domain's World.

    ``members`` of organisations and groups by id: names, or (name, first day, last day).
    """

    organisations: Mapping[str, Iterable[str | Span]] = field(default_factory=dict)
    groups: Mapping[str, Iterable[str | Span]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    populations: Mapping[str, Iterable[str]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    certified: Mapping[str, Day] = field(default_factory=dict)
    treaties: Mapping[str, Day | None] = field(default_factory=dict)
    parties: Mapping[str, Iterable[str | Span]] = field(default_factory=dict)
    periods: Mapping[str, Periods] = field(default_factory=dict)
    continued: Mapping[str, str] = field(default_factory=dict)
    exists: Mapping[str, tuple[Day | None, Day | None]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    told_groups: tuple[str, ...] = ()

    def kind(self, participant: str) -> str:
        return self.kinds.get(participant, "reio" if participant in self.organisations else "state")

    def name(self, participant: str, lang: str) -> str:
        return self.names.get(participant, {}).get(lang, participant)

    def person(self, participant: str) -> str:
        return self.continued.get(participant, participant)

    def existed(self, participant: str, on: date) -> bool:
        first, last = self.exists.get(participant, (None, None))
        return (first is None or day(first) <= on) and (last is None or on <= day(last))

    def members(self, organisation: str, on: date) -> frozenset[str]:
        return _among(self.organisations.get(organisation, ()), on)

    def organisations_of(self, participant: str, on: date) -> frozenset[str]:
        return frozenset(one for one in self.organisations if participant in self.members(one, on))

    def groups_of(self, participant: str, on: date) -> frozenset[str]:
        return frozenset(one for one, members in self.groups.items() if participant in _among(members, on))

    def knows_group(self, group: str) -> bool:
        return group in self.groups

    def gatherings(self) -> tuple[str, ...]:
        return self.told_groups

    def table(self, name: str) -> Table | None:
        found = self.tables.get(name)
        return None if found is None else Table(name, {one: Fraction(share) for one, share in found.items()})

    def population(self, name: str, on: date) -> frozenset[str] | None:
        found = self.populations.get(name)
        if found is None and name in self.groups:
            return _among(self.groups[name], on)
        return None if found is None else frozenset(found)

    def turning_days(self, population: str) -> frozenset[date]:
        spans = self.groups.get(population) or self.parties.get(population.removeprefix("parties_to:"), ())
        dated = [one for one in spans if not isinstance(one, str)]
        first = frozenset(day(one[1]) for one in dated if one[1] is not None)
        return first | {day(one[2]) + timedelta(days=1) for one in dated if one[2] is not None}

    def certificates(self, key: str) -> tuple[Attestation, ...]:
        found = self.certified.get(key)
        return () if found is None else (Attestation(day(found)),)

    def knows_treaty(self, treaty: str) -> bool:
        return treaty in self.treaties or treaty in self.parties

    def entered_into_force_on(self, treaty: str) -> date | None:
        found = self.treaties.get(treaty)
        return None if found is None else day(found)

    def parties_of(self, treaty: str, on: date) -> frozenset[str] | None:
        return _among(self.parties[treaty], on) if treaty in self.parties else None

    def periods_of(self, treaty: str) -> Periods | None:
        return self.periods.get(treaty)

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        return participant in _among(self.parties.get(treaty, ()), on) if self.knows_treaty(treaty) else None


def _among(members: Iterable[str | Span], on: date) -> frozenset[str]:
    spans = ((one, None, None) if isinstance(one, str) else one for one in members)
    return frozenset(
        name for name, first, last in spans if (first is None or day(first) <= on) and (last is None or on <= day(last))
    )


EUROPE = Twin(
    organisations={"eu": ["fra", "ita", ("gbr", "1973-01-01", "2020-01-31"), ("hrv", "2013-07-01", None)]},
    names={
        "eu": {"en": "European Union", "fr": "Union européenne"},
        "fra": {"en": "France", "fr": "France"},
        "ita": {"en": "Italy", "fr": "Italie"},
    },
)
"""A world with one integration organisation, one member that left and one that came late."""


# ---- stories ---------------------------------------------------------------------------------------------------------
@dataclass
class Story:
    """A treaty's stream as it grows order by order; ``hinted`` hands the settled hint on, as the writer does."""

    world: Twin = field(default_factory=Twin)
    hinted: bool = True
    state: State = field(default_factory=lambda: Undefined(T))
    events: list[Fact] = field(default_factory=list)
    settled: Settled | None = None

    def on(self, today: Day, *orders: Order) -> "Told":
        """These orders, one after another, on one day at the depositary."""
        decisions = [self._take(order, day(today)) for order in orders]
        return Told(self, decisions)

    def _take(self, order: Order, today: date) -> Decision:
        if not isinstance(order, OpenRehearsal) and order.treaty != self.state.id:
            order = replace(order, treaty=self.state.id)
        now = Circumstances(today=today, world=self.world, recorded=RECORDED)
        decision = decide(self.state, order, now, settled=self.settled if self.hinted else None)
        self.state, self.settled = decision.state, decision.settled
        self.events.extend(decision.events)
        return decision

    @property
    def treaty(self) -> Treaty:
        assert isinstance(self.state, Treaty)
        return self.state

    def act_of(self, participant: str, action: str | None = None) -> Act:
        """The last act of a participant, of one kind if named."""
        found = [
            one
            for one in self.treaty.acts.values()
            if one.event.participant == participant and action in {None, one.event.action.value}
        ]
        return max(found, key=lambda one: one.version)

    def certificate_of(self, key: str) -> Certificate:
        """The last certificate recorded under a key."""
        return [one for one in self.treaty.certificates if one.event.key == key][-1]

    def said(self) -> list[MilestoneAnnounced]:
        return [event for event in self.events if isinstance(event, MilestoneAnnounced)]


@dataclass(frozen=True)
class Told:
    """What a few orders led to."""

    story: Story
    decisions: list[Decision]

    @property
    def milestones(self) -> list[MilestoneAnnounced]:
        return [milestone for decision in self.decisions for milestone in decision.milestones]

    @property
    def warned(self) -> list[str]:
        return [warning.code for decision in self.decisions for warning in decision.warnings]

    def names(self, *, about: str = "") -> list[str]:
        """``kind.status`` of what was said, in its order; only kinds that begin so."""
        return [f"{said.kind}.{said.status}" for said in self.milestones if said.kind.startswith(about)]

    def one(self, name: str) -> MilestoneAnnounced:
        """The only announcement of that name."""
        (found,) = [said for said in self.milestones if f"{said.kind}.{said.status}" == name]
        return found


def story(
    by_rule: Mapping[str, Any] | None,
    *orders: RecordAct,
    windows: tuple[SignatureWindow, ...] = (),
    world: Twin | None = None,
    hinted: bool = True,
    **more: Any,
) -> Story:
    """A defined treaty, with these acts each recorded on its own day."""
    told = Story(world=world or Twin(), hinted=hinted)
    model = None if by_rule is None else TreatyRule.model_validate(by_rule)
    first = min((order.act_date for order in orders), default=date(2000, 1, 1))
    told.on(first, Define(treaty=T, details=details(**more), windows=windows, rule=model))
    for order in orders:
        told.on(order.act_date, order)
    return told


def rehearsal_of(of: Treaty, *, starts_on: Day) -> OpenRehearsal:
    return OpenRehearsal(treaty=f"{of.id}~test", of=of, starts_on=day(starts_on))


def move_to(on: Day) -> MoveRehearsalDay:
    return MoveRehearsalDay(treaty=T, on=day(on))


def nth_event_id(version: int, treaty_id: str = T) -> str:
    return str(event_id(stream_of(treaty_id), version))


PRESS = {"tier": Tier.PRESS, "evidence": (Evidence(source="A newspaper"),)}
