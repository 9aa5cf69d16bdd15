"""The world as the registry and the other treaties of this record know it."""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache

from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.evaluation import bindings, known_days
from treaty_status.domain.treaty import State, Treaty
from treaty_status.registry import Kind, Registry

OtherTreaty = Callable[[str], State]


class RecordedWorld:
    """Implements the domain's World. Tables and populations that nobody has recorded are unknown, and say so."""

    def __init__(self, registry: Registry, other: OtherTreaty) -> None:
        self._registry = registry
        self._other = other
        self._kinds = {one.id: one.kind.value for one in registry.all()}
        self._organisations = tuple(one.id for one in registry.all() if one.kind is Kind.REIO)
        self.organisations_of = lru_cache(maxsize=65_536)(self._organisations_of)
        self.groups_of = lru_cache(maxsize=65_536)(self._groups_of)
        self.members = lru_cache(maxsize=4_096)(self._members)
        self.name = lru_cache(maxsize=16_384)(self._name)
        self._group_ids = frozenset(group.id for group in registry.groups())

    def kind(self, participant: str) -> str:
        return self._kinds.get(participant, "entity")

    def _name(self, participant: str, lang: str) -> str:
        one = self._registry.get(participant)
        return participant if one is None else one.name(lang)

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
        return self._registry.groups_of(participant, on)

    def knows_group(self, group: str) -> bool:
        return group in self._group_ids

    def table(self, name: str) -> Mapping[str, Fraction] | None:  # noqa: ARG002 - no table is recorded yet
        return None

    def population(self, name: str, on: date) -> frozenset[str] | None:
        group = name.removeprefix("list:").removeprefix("group:")
        return self._registry.members(group, on) if group in self._group_ids else None

    def certified_on(self, key: str) -> date | None:  # noqa: ARG002 - no certificate is recorded yet
        return None

    def knows_treaty(self, treaty: str) -> bool:
        return isinstance(self._other(treaty), Treaty)

    def entered_into_force_on(self, treaty: str) -> date | None:
        state = self._other(treaty)
        if not isinstance(state, Treaty):
            return None
        outcome = outcome_of(state, world=self, as_of=date.max)
        return None if outcome is None else outcome.entry_into_force_on

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        state = self._other(treaty)
        if not isinstance(state, Treaty):
            return None
        own, rule = state.participations.get(participant), state.rule
        outcome = outcome_of(state, world=self, as_of=on)
        if own is None or rule is None or outcome is None:
            return False
        if outcome.in_force():
            return any(binding.binds(on) for binding in bindings(own, rule, outcome, known_days(state)))
        return any(life.on <= on and (life.taken_back_on is None or on < life.taken_back_on) for life in own.lives)
