"""What the law needs to know beyond one treaty's own facts."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Protocol


class World(Protocol):
    """Participants, groups, tables and other treaties, as the rules may ask for them. None means: not known."""

    def kind(self, participant: str) -> str:
        """``state``, ``reio``, ``io``, ``territory``, ``entity`` or ``predecessor``."""

    def name(self, participant: str, lang: str) -> str:
        """The participant's name in a language."""

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

    def table(self, name: str) -> Mapping[str, Fraction] | None:
        """Weights by participant, as exact fractions of the table's whole."""

    def population(self, name: str, on: date) -> frozenset[str] | None:
        """Who belongs to a named population on a day."""

    def certified_on(self, key: str) -> date | None:
        """The day a fact was certified under this key."""

    def knows_treaty(self, treaty: str) -> bool:
        """Is that treaty in our record?"""

    def entered_into_force_on(self, treaty: str) -> date | None:
        """The day another treaty entered into force."""

    def is_party(self, treaty: str, participant: str, on: date) -> bool | None:
        """Was it a party (or, before force, a contracting State) of another treaty on a day?"""
