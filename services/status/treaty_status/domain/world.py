"""What the law needs to know beyond one treaty's own facts."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, Protocol

from treaty_status.domain.certificates import Attestation
from treaty_status.domain.tables import Table


class Period(NamedTuple):
    """A participant under a treaty: bound from a day (None: the treaty is not in force), left on a day, by a clause."""

    bound_on: date | None
    left_on: date | None
    leaving_clause: str | None


class Periods(NamedTuple):
    """Everyone's periods under a treaty; ``entails``: who leaves it leaves its protocols with it."""

    treaty: str
    entails: bool
    of: Mapping[str, tuple[Period, ...]]


class World(Protocol):
    """Participants, groups, tables and other treaties, as the rules may ask for them. None means: not known."""

    def kind(self, participant: str) -> str:
        """``state``, ``reio``, ``io``, ``territory``, ``entity`` or ``predecessor``."""

    def name(self, participant: str, lang: str) -> str:
        """The participant's name in a language."""

    def person(self, participant: str) -> str:
        """Who continues it today, itself if nobody does: the depositary lists earlier acts under the later name."""

    def existed(self, participant: str, on: date) -> bool:
        """Was it there on that day?"""

    def members(self, organisation: str, on: date) -> frozenset[str]:
        """The member States of an organisation on a day; empty when it has none that we know."""

    def organisations_of(self, participant: str, on: date) -> frozenset[str]:
        """The integration organisations a State belonged to on a day."""

    def groups_of(self, participant: str, on: date) -> frozenset[str]:
        """Every group it belonged to on a day."""

    def knows_group(self, group: str) -> bool:
        """Do we hold this group's membership at all?"""

    def gatherings(self) -> tuple[str, ...]:
        """The groups whose first and last consents are worth telling."""

    def table(self, name: str) -> Table | None:
        """What participants weigh, exactly."""

    def population(self, name: str, on: date) -> frozenset[str] | None:
        """Who belongs to a named population on a day."""

    def turning_days(self, population: str) -> frozenset[date]:
        """The days on which a population may change, that of ``parties_to:`` another treaty included."""

    def certificates(self, key: str) -> tuple[Attestation, ...]:
        """What was certified under this key elsewhere than in the treaty's own record."""

    def knows_treaty(self, treaty: str) -> bool:
        """Is that treaty in our record?"""

    def entered_into_force_on(self, treaty: str) -> date | None:
        """The day another treaty entered into force."""

    def parties_of(self, treaty: str, on: date) -> frozenset[str] | None:
        """The parties (or, before force, the contracting States) of another treaty on a day."""

    def periods_of(self, treaty: str) -> Periods | None:
        """From when until when another treaty binds each of its participants."""

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        """Was it a party (or, before force, a contracting State) of another treaty on a day?"""
