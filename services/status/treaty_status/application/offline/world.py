"""The world of an assessment: the registry, and what the files say beyond it. Implements the domain's World."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from treaty_status.application.offline.acts import ActLine
from treaty_status.application.offline.evidence import Evidence
from treaty_status.application.offline.people import Belonging, Roster
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.participation import Participation
from treaty_status.domain.rule import PARTIES_TO
from treaty_status.domain.tables import Table
from treaty_status.registry import Kind


class OfflineWorld:
    """Participants, groups, tables and other treaties as files and registry tell them. None means: not known.

    A group whose name is an organisation's id, alone or before ``_member`` or ``_members``, is its membership.
    """

    def __init__(
        self,
        registered: RecordedWorld,
        roster: Roster,
        evidence: Evidence,
        others: Mapping[str, Mapping[str, Participation]],
    ) -> None:
        self._registered = registered
        self._roster = roster
        self._evidence = evidence
        self._others = others
        self._groups: dict[str, list[tuple[str, Belonging]]] = {}
        for own, person in roster.people.items():
            for belonging in person.groups:
                self._groups.setdefault(belonging.group, []).append((own, belonging))

    # ---- participants -----------------------------------------------------------------------------------------------
    def kind(self, participant: str) -> str:
        person = self._roster.people.get(participant)
        return self._registered.kind(participant) if person is None else person.kind

    def name(self, participant: str, lang: str) -> str:
        person = self._roster.people.get(participant)
        if person is not None and person.names:
            return person.names.get(lang) or person.names["en"]
        return self._registered.name(participant, lang)

    def existed(self, participant: str, on: date) -> bool:
        return participant in self._roster.people or self._registered.existed(participant, on)

    def members(self, organisation: str, on: date) -> frozenset[str]:
        names = {organisation, self._roster.given(organisation)}
        own = (f"{name}{ending}" for name in names for ending in ("", "_member", "_members"))
        described = frozenset(one for group in own for one in self._in(group, on))
        return self._registered.members(organisation, on) | described

    def organisations_of(self, participant: str, on: date) -> frozenset[str]:
        described = (own for own, person in self._roster.people.items() if person.kind == Kind.REIO)
        found = frozenset(one for one in described if participant in self.members(one, on))
        return found | self._registered.organisations_of(participant, on)

    # ---- groups and populations -------------------------------------------------------------------------------------
    def _in(self, group: str, on: date) -> Iterable[str]:
        return (own for own, belonging in self._groups.get(group, ()) if belonging.holds(on))

    def groups_of(self, participant: str, on: date) -> frozenset[str]:
        person = self._roster.people.get(participant)
        described = () if person is None else (one.group for one in person.groups if one.holds(on))
        listed = (name for name, members in self._evidence.lists.items() if participant in members)
        return self._registered.groups_of(participant, on) | frozenset(described) | frozenset(listed)

    def knows_group(self, group: str) -> bool:
        return group in self._groups or group in self._evidence.lists or self._registered.knows_group(group)

    def population(self, name: str, on: date) -> frozenset[str] | None:
        plain = name.removeprefix("list:").removeprefix("group:")
        if plain in self._evidence.lists:
            return self._evidence.lists[plain]
        registered = self._registered.population(name, on)
        if plain not in self._groups:
            return registered
        return frozenset(self._in(plain, on)) | (registered or frozenset())

    def turning_days(self, population: str) -> frozenset[date]:
        if population.startswith(PARTIES_TO):
            lives = (
                (life.on, life.taken_back_on)
                for own in self._others.get(population.removeprefix(PARTIES_TO), {}).values()
                for life in own.lives
            )
            return frozenset(day for life in lives for day in life if day is not None)
        plain = population.removeprefix("list:").removeprefix("group:")
        days = set(self._registered.turning_days(population))
        for _, belonging in self._groups.get(plain, ()):
            if belonging.first is not None:
                days.add(belonging.first)
            if belonging.last is not None and belonging.last < date.max:
                days.add(belonging.last + timedelta(days=1))
        return frozenset(days)

    # ---- tables and certificates ------------------------------------------------------------------------------------
    def table(self, name: str) -> Table | None:
        return self._evidence.tables.get(name)

    def certified_on(self, key: str) -> date | None:
        return self._evidence.certified.get(key)

    # ---- other treaties ---------------------------------------------------------------------------------------------
    def knows_treaty(self, treaty: str) -> bool:
        listed = self.population(f"{PARTIES_TO}{treaty}", date.min) is not None
        return listed or treaty in self._others or treaty in self._evidence.in_force

    def entered_into_force_on(self, treaty: str) -> date | None:
        return self._evidence.in_force.get(treaty)

    def parties_of(self, treaty: str, on: date) -> frozenset[str] | None:
        listed = self.population(f"{PARTIES_TO}{treaty}", on)
        if listed is not None or treaty not in self._others:
            return listed
        return frozenset(name for name, own in self._others[treaty].items() if _contracting(own, on))

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        parties = self.parties_of(treaty, on)
        return None if parties is None else participant in parties


def _contracting(own: Participation, on: date) -> bool:
    return any(life.on <= on and (life.taken_back_on is None or on < life.taken_back_on) for life in own.lives)


def of_treaty(line: ActLine, treaty: str) -> bool:
    """Is the act one under this treaty? A line that names none is."""
    return line.treaty is None or line.treaty == treaty
