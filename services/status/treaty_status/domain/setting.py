"""The world as one treaty's clauses see it: with its own signatories, its own lists and tables, its own parent."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from treaty_status.domain.certificates import Proof
from treaty_status.domain.rule import OF_OBJECTIONS, PARENTS_PARTIES, PARTIES_TO, Certified, TreatyRule, parent_named
from treaty_status.domain.tables import Table
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

SIGNATORIES: Final = frozenset({"signatories", "signatories_now", "signatories_at_adoption"})
AT_ADOPTION: Final = "_at_adoption"
"""Ends the name of a population that is frozen as it was on the day of adoption."""


class Setting:
    """Answers what clauses ask for; None and a name among ``unknown`` where nobody has recorded it.

    ``days`` are the days of the treaty's story. What the rule itself states comes first, then what the world knows.
    """

    def __init__(self, world: World, rule: TreatyRule, treaty: Treaty, days: Mapping[str, date | None]) -> None:
        self.world = world
        self.days = days
        self._rule = rule
        self._treaty = treaty
        self._populations: dict[tuple[str, date], frozenset[str] | None] = {}

    # ---- groups and lists -------------------------------------------------------------------------------------------
    def knows_group(self, group: str) -> bool:
        """Do we hold its members at all?"""
        return self._list(group) is not None or self.world.knows_group(group)

    def belongs(self, participant: str, group: str, on: date) -> bool:
        """Is it on the list, or was it in the group on that day?"""
        listed = self._list(group)
        if listed is not None:
            person = self.world.person
            return person(participant) in map(person, listed)
        return group in self.world.groups_of(participant, on)

    def _list(self, name: str) -> frozenset[str] | None:
        if not self._rule.lists:
            return None
        plain = name.removeprefix("list:")
        return next((one.everyone for one in self._rule.lists if one.list == plain), None)

    # ---- tables and certificates ------------------------------------------------------------------------------------
    def table(self, name: str) -> Table | None:
        """What participants weigh: as recorded for the treaty, else as its rule says, else as the world knows."""
        plain = name.removesuffix(OF_OBJECTIONS)
        recorded = self._treaty.table(plain)
        if recorded is not None:
            return recorded
        stated = next((one for one in self._rule.tables if one.table == plain), None)
        return self.world.table(plain) if stated is None else stated.exact

    def proof(self, condition: Certified) -> Proof:
        """What was certified under a key: as recorded for the treaty, else as the world knows."""
        found = self._treaty.certified(condition.key) or self.world.certificates(condition.key)
        need = None if condition.at_least is None else Fraction(condition.at_least)
        return Proof(condition.key, found, need=need, unit=condition.unit)

    # ---- populations ------------------------------------------------------------------------------------------------
    def population(self, name: str, on: date) -> frozenset[str] | None:
        """Who belonged to a population on a day, as the persons they are today; None where that is not known."""
        key = (name, on)
        if key not in self._populations:
            found = self._population(name.removesuffix(OF_OBJECTIONS), on)
            self._populations[key] = None if found is None else frozenset(map(self.world.person, found))
        return self._populations[key]

    def _population(self, name: str, on: date) -> frozenset[str] | None:
        known = self._list(name)
        if known is None:
            known = self.world.population(name, on)
        if known is not None:
            return known
        day = self.days.get("adoption") if name.endswith(AT_ADOPTION) else on
        if day is None:
            return None
        if name in SIGNATORIES:
            return frozenset(
                own.participant
                for own in self._treaty.participations.values()
                if own.signature is not None and own.signature.event.act_date <= day
            )
        parent = self.parent_named(name)
        return None if parent is None else self.world.parties_of(parent, day)

    def turning_days(self, name: str) -> frozenset[date]:
        """The days on which a population may change without any consent to this treaty."""
        plain = name.removesuffix(OF_OBJECTIONS)
        if plain.endswith(AT_ADOPTION) or self._list(plain) is not None:
            return frozenset()
        if plain in SIGNATORIES:
            signed = (own.signature for own in self._treaty.participations.values())
            return frozenset(act.event.act_date for act in signed if act is not None)
        parent = self.parent_named(plain)
        return self.world.turning_days(plain if parent is None else f"{PARTIES_TO}{parent}")

    def parent_named(self, population: str) -> str | None:
        """The other treaty whose parties make a population."""
        named = parent_named(self._rule, population)
        if named is None and population.removesuffix(OF_OBJECTIONS) in PARENTS_PARTIES:
            return next(iter(self._treaty.details.parents), None)
        return named
