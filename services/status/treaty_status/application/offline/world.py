"""The world of an assessment: the registry, and what the files say beyond it."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from treaty_status.application.offline.evidence import Evidence
from treaty_status.application.offline.people import Belonging, Roster
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.certificates import Attestation
from treaty_status.domain.rule import PARTIES_TO
from treaty_status.domain.tables import Table
from treaty_status.domain.treaty import Treaty, Undefined
from treaty_status.registry import Kind, Registry


class OfflineWorld(RecordedWorld):
    """Participants, groups, tables and other treaties as files and registry tell them. None means: not known.

    A group whose name is an organisation's id, alone or before ``_member`` or ``_members``, is its membership: beside
    the members that the registry knows, unless it has some whom only the files know. Then the files invent it.
    """

    def __init__(self, registry: Registry, roster: Roster, evidence: Evidence, others: Mapping[str, Treaty]) -> None:
        super().__init__(registry, lambda treaty: others.get(treaty) or Undefined(treaty))
        self._roster = roster
        self._evidence = evidence
        self._others = others
        self._kinds = {**self._kinds, **{own: person.kind for own, person in roster.people.items()}}
        described = (own for own, person in roster.people.items() if person.kind == Kind.REIO)
        self._organisations = (*self._organisations, *described)
        self._groups: dict[str, list[tuple[str, Belonging]]] = {}
        for own, person in roster.people.items():
            for belonging in person.groups:
                self._groups.setdefault(belonging.group, []).append((own, belonging))

    # ---- participants -----------------------------------------------------------------------------------------------
    def _name(self, participant: str, lang: str) -> str:
        person = self._roster.people.get(participant)
        if person is not None and person.names:
            return person.names.get(lang) or person.names["en"]
        return super()._name(participant, lang)

    def existed(self, participant: str, on: date) -> bool:
        return participant in self._roster.people or super().existed(participant, on)

    def _members(self, organisation: str, on: date) -> frozenset[str]:
        names = {organisation, self._roster.given(organisation)}
        own = [f"{name}{ending}" for name in names for ending in ("", "_member", "_members")]
        described = frozenset(one for group in own for one in self._in(group, on))
        invented = any(self._registry.get(one) is None for group in own for one, _ in self._groups.get(group, ()))
        return described if invented else super()._members(organisation, on) | described

    # ---- groups and populations -------------------------------------------------------------------------------------
    def _in(self, group: str, on: date) -> Iterable[str]:
        return (own for own, belonging in self._groups.get(group, ()) if belonging.holds(on))

    def _groups_of(self, participant: str, on: date) -> frozenset[str]:
        person = self._roster.people.get(participant)
        described = () if person is None else (one.group for one in person.groups if one.holds(on))
        listed = (name for name, members in self._evidence.lists.items() if participant in members)
        return super()._groups_of(participant, on) | frozenset(described) | frozenset(listed)

    def knows_group(self, group: str) -> bool:
        return group in self._groups or group in self._evidence.lists or super().knows_group(group)

    def _population(self, name: str, on: date) -> frozenset[str] | None:
        plain = name.removeprefix("list:").removeprefix("group:")
        if plain in self._evidence.lists:
            return self._evidence.lists[plain]
        registered = super()._population(name, on)
        described = [one for one in self._spellings(plain) if one in self._groups]
        if not described:
            return registered
        return frozenset(who for one in described for who in self._in(one, on)) | (registered or frozenset())

    @staticmethod
    def _spellings(population: str) -> tuple[str, ...]:
        """A file may say of a participant that it is a party to a treaty by the treaty's id alone."""
        if not population.startswith(PARTIES_TO):
            return (population,)
        treaty = population.removeprefix(PARTIES_TO)
        return population, f"party_to:{treaty}", treaty

    def _turning_days(self, group_id: str) -> frozenset[date]:
        days = set(super()._turning_days(group_id))
        for _, belonging in self._groups.get(group_id, ()):
            if belonging.first is not None:
                days.add(belonging.first)
            if belonging.last is not None and belonging.last < date.max:
                days.add(belonging.last + timedelta(days=1))
        return frozenset(days)

    def turning_days(self, population: str) -> frozenset[date]:
        described = [one for one in self._spellings(population) if one in self._groups]
        own = frozenset(day for one in described for day in self._turning_days(one))
        return own | super().turning_days(population)

    # ---- tables and certificates ------------------------------------------------------------------------------------
    def table(self, name: str) -> Table | None:
        return self._evidence.tables.get(name)

    def certificates(self, key: str) -> tuple[Attestation, ...]:
        return self._evidence.certified.get(key, ())

    # ---- other treaties ---------------------------------------------------------------------------------------------
    def knows_treaty(self, treaty: str) -> bool:
        """A list of its parties, its acts, or the day of its entry into force is enough."""
        if treaty in self._evidence.in_force or treaty in self._others:
            return True
        return self.population(f"{PARTIES_TO}{treaty}", date.min) is not None

    def entered_into_force_on(self, treaty: str) -> date | None:
        return self._evidence.in_force.get(treaty) or super().entered_into_force_on(treaty)

    def parties_of(self, treaty: str, on: date) -> frozenset[str] | None:
        listed = self.population(f"{PARTIES_TO}{treaty}", on)
        return super().parties_of(treaty, on) if listed is None else listed

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        parties = self.parties_of(treaty, on)
        return None if parties is None else participant in parties
