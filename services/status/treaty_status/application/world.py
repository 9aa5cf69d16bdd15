"""The world as the registry and the other treaties of this record know it."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from treaty_status.application.kept_by_object import KeptByObject
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.certificates import Attestation
from treaty_status.domain.evaluation import Binding, Outcome, bindings, known_days
from treaty_status.domain.gatherings import ALL_STATES, UNIVERSAL
from treaty_status.domain.rule import PARTIES_TO, TreatyRule, treaties_named
from treaty_status.domain.tables import Table
from treaty_status.domain.treaty import State, Treaty
from treaty_status.domain.world import Period, Periods
from treaty_status.registry import Kind, LinkKind, Registry

OtherTreaty = Callable[[str], State]


@dataclass(frozen=True, slots=True)
class _Settled:
    """Where another treaty stands whatever day it is, and the states of all treaties that this rests on."""

    outcome: Outcome | None
    rests_on: Mapping[str, State]


class RecordedWorld:
    """Implements the domain's World. Populations that nobody has recorded are unknown, and say so; tables and
    certificates are each treaty's own.

    Treaties may wait for one another, even in a circle: none is in force unless it can be shown without supposing it.
    """

    def __init__(self, registry: Registry, other: OtherTreaty) -> None:
        self._registry = registry
        self._other = other
        self._kinds = {one.id: one.kind.value for one in registry.all()}
        self._organisations = tuple(one.id for one in registry.all() if one.kind is Kind.REIO)
        self.organisations_of = lru_cache(maxsize=65_536)(self._organisations_of)
        self.groups_of = lru_cache(maxsize=65_536)(self._groups_of)
        self.members = lru_cache(maxsize=4_096)(self._members)
        self.name = lru_cache(maxsize=16_384)(self._name)
        self.population = lru_cache(maxsize=1_024)(self._population)
        self.turning_days_of_group = lru_cache(maxsize=1_024)(self._turning_days)
        self._group_ids = frozenset(group.id for group in registry.groups())
        self._gatherings = tuple(sorted(self._group_ids - set(UNIVERSAL)))
        self._continued = _continuations(registry)
        self._same: dict[str, list[str]] = {}
        for before_it, now in self._continued.items():
            self._same.setdefault(now, [now]).append(before_it)
        self._settled: dict[str, _Settled] = {}
        self._spans: dict[str, tuple[State, Outcome | None, list[tuple[str, date, date]]]] = {}
        self._periods: dict[str, tuple[State, Outcome, Periods]] = {}
        self._supposed: Mapping[str, Outcome | None] | None = None
        """While treaties that name one another are worked out together: what is shown of them so far."""

    def hearing(self, other: OtherTreaty) -> "RecordedWorld":
        """The same world in which the other treaties stand as they are told here; it keeps apart what follows."""
        world = copy(self)
        world._other = other
        world._settled, world._spans, world._periods = {}, {}, {}
        return world

    def kind(self, participant: str) -> str:
        return self._kinds.get(participant, "entity")

    def _name(self, participant: str, lang: str) -> str:
        one = self._registry.get(participant)
        return participant if one is None else one.name(lang)

    def person(self, participant: str) -> str:
        return self._continued.get(participant, participant)

    def existed(self, participant: str, on: date) -> bool:
        one = self._registry.get(participant)
        if one is None:
            return False
        return (one.exists_from is None or one.exists_from <= on) and (
            one.exists_until is None or on <= one.exists_until
        )

    def _members(self, organisation: str, on: date) -> frozenset[str]:
        return self._registry.members_of_organisation(organisation, on)

    def _organisations_of(self, participant: str, on: date) -> frozenset[str]:
        return frozenset(one for one in self._organisations if participant in self.members(one, on))

    def _groups_of(self, participant: str, on: date) -> frozenset[str]:
        own = self._registry.groups_of(participant, on)
        return own.union(*(self._registry.groups_of(one, on) for one in self._same.get(participant, ())))

    def knows_group(self, group: str) -> bool:
        return group in self._group_ids

    def gatherings(self) -> tuple[str, ...]:
        return self._gatherings

    def table(self, name: str) -> Table | None:  # noqa: ARG002 - a table is recorded for the treaty that weighs by it
        return None

    def _population(self, name: str, on: date) -> frozenset[str] | None:
        group = name.removeprefix("list:").removeprefix("group:")
        if group == ALL_STATES:
            return frozenset(one.id for one in self._registry.all() if one.kind is Kind.STATE and one.exists_on(on))
        return self._registry.members(group, on) if group in self._group_ids else None

    def turning_days(self, population: str) -> frozenset[date]:
        if population.startswith(PARTIES_TO):
            times = self._party_times(population.removeprefix(PARTIES_TO)) or ()
            return frozenset(day for _, *span in times for day in span if day < date.max)
        return self.turning_days_of_group(population.removeprefix("list:").removeprefix("group:"))

    def _turning_days(self, group_id: str) -> frozenset[date]:
        group = next((one for one in self._registry.groups() if one.id == group_id), None)
        days: set[date] = set()
        if group_id == ALL_STATES:
            return frozenset(one.exists_from for one in self._registry.all() if one.exists_from is not None)
        for member in () if group is None else group.memberships:
            if member.valid_from is not None:
                days.add(member.valid_from)
            if member.valid_until is not None and member.valid_until < date.max:
                days.add(member.valid_until + timedelta(days=1))
        return frozenset(days)

    def certificates(self, key: str) -> tuple[Attestation, ...]:  # noqa: ARG002 - nor does a certificate speak of others
        return ()

    # ---- other treaties ---------------------------------------------------------------------------------------------
    def knows_treaty(self, treaty: str) -> bool:
        outcome = self._outcome(treaty)
        if self._supposed is not None and treaty in self._supposed:
            return isinstance(self._other(treaty), Treaty)
        return outcome is not None and (outcome.crossing is not None or outcome.met is not None)

    def entered_into_force_on(self, treaty: str) -> date | None:
        outcome = self._outcome(treaty)
        return None if outcome is None else outcome.entry_into_force_on

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        state = self._other(treaty)
        if not isinstance(state, Treaty):
            return None
        own, rule, outcome = state.participations.get(participant), state.rule, self._outcome(treaty)
        if own is None:
            return False
        force = None if outcome is None else outcome.entry_into_force_on
        if rule is not None and outcome is not None and force is not None and force <= on:
            return any(binding.binds(on) for binding in bindings(own, rule, outcome, known_days(state)))
        return any(
            life.counts_from <= on and (life.taken_back_on is None or on < life.taken_back_on) for life in own.lives
        )

    def parties_of(self, treaty: str, on: date) -> frozenset[str] | None:
        times = self._party_times(treaty)
        return None if times is None else frozenset(name for name, first, until in times if first <= on < until)

    def periods_of(self, treaty: str) -> Periods | None:
        state = self._other(treaty)
        outcome = self._outcome(treaty) if isinstance(state, Treaty) else None
        if not isinstance(state, Treaty) or state.rule is None or outcome is None:
            return None
        kept = self._periods.get(treaty)
        if kept is None or kept[0] is not state or kept[1] is not outcome:
            kept = self._periods[treaty] = (state, outcome, _periods(state, state.rule, outcome))
        return kept[2]

    def _party_times(self, treaty: str) -> list[tuple[str, date, date]] | None:
        """What ``_times`` says of a treaty, kept while nothing that it rests on changes; None: not known."""
        state = self._other(treaty)
        if not isinstance(state, Treaty) or not self.knows_treaty(treaty):
            return None
        outcome, kept = self._outcome(treaty), self._spans.get(treaty)
        if kept is None or kept[0] is not state or kept[1] is not outcome:
            kept = self._spans[treaty] = (state, outcome, self._times(state, outcome))
        return kept[2]

    def _times(self, state: Treaty, outcome: Outcome | None) -> list[tuple[str, date, date]]:
        """From when until when each was a party; from its consent on while the treaty was not in force."""
        days = known_days(state)
        force = None if outcome is None else outcome.entry_into_force_on
        found: list[tuple[str, date, date]] = []
        for name, own in state.participations.items():
            for life in own.lives:
                until = life.taken_back_on or date.max
                found.append((name, life.counts_from, until if force is None else min(until, force)))
            if state.rule is None or outcome is None or force is None:
                continue
            for binding in bindings(own, state.rule, outcome, days):
                if binding.effect_on is not None:
                    ends = (binding.life.taken_back_on, binding.leaves_on)
                    until = min((day for day in ends if day is not None), default=date.max)
                    found.append((name, max(binding.effect_on, force), until))
        return found

    def _outcome(self, treaty: str) -> Outcome | None:
        if self._supposed is not None and treaty in self._supposed:
            return self._supposed[treaty]
        kept = self._settled.get(treaty)
        if kept is None or any(self._other(name) is not state for name, state in kept.rests_on.items()):
            kept = self._settle(treaty)
            self._settled[treaty] = kept
        return kept.outcome

    def _settle(self, treaty: str) -> _Settled:
        """Suppose none of the treaties involved in force, and look again until nothing more is shown."""
        states = self._reachable(treaty)
        shown: dict[str, Outcome | None] = dict.fromkeys(states)
        for _ in range(len(states) + 1):
            world = copy(self)
            world._supposed = shown
            found = {name: _whatever_day(state, world) for name, state in states.items()}
            if {name: _force(one) for name, one in found.items()} == {name: _force(one) for name, one in shown.items()}:
                return _Settled(found[treaty], states)
            shown = found
        return _Settled(shown[treaty], states)

    def _reachable(self, treaty: str) -> dict[str, State]:
        states: dict[str, State] = {}
        waiting = [treaty]
        while waiting:
            name = waiting.pop()
            if name not in states:
                state = states[name] = self._other(name)
                waiting.extend(rests_on(state))
        return states


def rests_on(state: State) -> tuple[str, ...]:
    """The other treaties that anything said of this one may depend on, by id; each may rest on others again."""
    if not isinstance(state, Treaty) or state.rule is None:
        return ()
    named = _NAMED.of(state.rule)
    return tuple(sorted(named - {state.id})) if named else ()


_NAMED: Final = KeptByObject(treaties_named)


def _periods(state: Treaty, rule: TreatyRule, outcome: Outcome) -> Periods:
    days = known_days(state)
    found = {}
    for name, own in state.participations.items():
        known = tuple(
            Period(one.effect_on, min(_ends(one), default=None), one.leaving_clause)
            for one in bindings(own, rule, outcome, days)
            if one.effect_on is not None or outcome.entry_into_force_on is None
        )
        if known:
            found[name] = known
    return Periods(state.id, any(one.cascades_to == "protocols" for one in rule.leaving), found)


def _ends(binding: Binding) -> list[date]:
    return [day for day in (binding.life.taken_back_on, binding.leaves_on) if day is not None]


def _continuations(registry: Registry) -> dict[str, str]:
    """Each closed identity that another continues, and that other."""
    continues = LinkKind.CONTINUATION
    after = {one.id: link.id for one in registry.all() for link in one.successors if link.kind is continues}
    found = {}
    for name in after:
        now = name
        while now in after:
            now = after[now]
        found[name] = now
    return found


def _whatever_day(state: State, world: RecordedWorld) -> Outcome | None:
    return outcome_of(state, world=world, as_of=date.max) if isinstance(state, Treaty) else None


def _force(outcome: Outcome | None) -> tuple[date | None, date | None]:
    return (None, None) if outcome is None else (outcome.threshold_on, outcome.entry_into_force_on)
