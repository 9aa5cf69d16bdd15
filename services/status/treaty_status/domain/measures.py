"""What is missing of one condition, and what one more consent would bring: read off the condition's own gauge.

Nothing is counted a second time here; a gauge is asked before and after.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import lcm

from treaty_status.domain.covering import Need
from treaty_status.domain.gauges import Consent, Gauge, Roll, gauge
from treaty_status.domain.rule import Count, Everyone, Share, Weight
from treaty_status.domain.setting import Setting
from treaty_status.domain.tables import NOTHING

Leaf = Count | Weight | Share | Everyone
"""Conditions that consents meet, and nothing else does."""


class Measure:
    """What is missing of one condition, and what a consent would bring; read off the condition's own gauge."""

    def __init__(self, leaf: Leaf, setting: Setting, living: Sequence[Consent], day: date) -> None:
        self._leaf = leaf
        self._setting = setting
        self._day = day
        self.gauge = fed(gauge(leaf, setting), living)
        self._states_alone = fed(gauge(leaf, setting), [one for one in living if one.kind != "reio"])
        self._roll = Roll(leaf.who, setting)
        for one in living:
            self._roll.add(one)
        self.reading = self.gauge.reading(day)
        self.unknown = self.reading.unknown or (
            () if self.reading.have is not None else (self.reading.subject or leaf.op,)
        )

    @property
    def policy(self) -> str:
        """How organisations are counted here."""
        match self._leaf:
            case Everyone():
                return "counts"  # where everyone is asked for by name, an organisation that is named is one of them
            case Weight(who=who) if who.reio == "not_additional":
                return "never"
            case Share() if self.rounds_organisations:
                return "not_additional"
            case Count(who=who) | Weight(who=who) | Share(who=who):
                return who.reio

    @property
    def rounds_organisations(self) -> bool:
        """Of a population an organisation is one, for as long as any member is not counted: taken here as if one
        member were enough to end that. What is found suffices; there may be more."""
        leaf = self._leaf
        return isinstance(leaf, Share) and leaf.who.reio == "as_members" and not leaf.from_anyone

    def standing_in(self) -> frozenset[str]:
        """The organisations counted here whose instrument stops counting once a member's is."""
        if self.policy != "not_additional":
            return frozenset()
        return frozenset(one.participant for one in self.reading.counted if one.kind == "reio")

    def missing(self) -> Fraction:
        """How much is missing; not positive where the condition holds."""
        if self._measured_by_others:
            return -sum((self._surplus(name) for name in self._roll.states), NOTHING)
        return Fraction(self.reading.need or 0) - Fraction(self.reading.have or 0)

    @property
    def strictly(self) -> bool:
        """Must what is missing be exceeded?"""
        return self.reading.exceeded

    def brings(self, consent: Consent) -> Fraction:
        """What this consent would add, beside States that are there already."""
        if self._measured_by_others:
            return self._surplus(consent.participant) if self._admits(consent) else NOTHING
        as_it_stands = consent.kind == "reio" or self.policy == "as_members"
        on = self.gauge if as_it_stands else self._states_alone
        before = on.reading(self._day).have or 0
        on.add(consent)
        after = on.reading(self._day).have or 0
        on.remove(consent)
        return Fraction(after) - Fraction(before)

    @property
    def _measured_by_others(self) -> bool:
        return isinstance(self._leaf, Weight) and self._leaf.over is not None

    def _surplus(self, name: str) -> Fraction:
        """In a ratio of two sums: what someone adds to the one beyond what it adds to the other, times the ratio."""
        assert isinstance(self._leaf, Weight)  # noqa: S101 - asked only where one table is measured by another
        table, over = self._setting.table(self._leaf.table), self._setting.table(self._leaf.over or "")
        own = NOTHING if table is None else table.values.get(name, NOTHING)
        measured = NOTHING if over is None else over.values.get(name, NOTHING)
        return own - Fraction(self._leaf.at_least) * measured

    def _admits(self, consent: Consent) -> bool:
        self._roll.add(consent)
        admitted = self._roll.states.get(consent.participant) == consent
        self._roll.remove(consent)
        return admitted

    def met_with(self, added: Iterable[Consent]) -> bool:
        """Does the condition hold with these as well? The last word on every set."""
        those = list(added)
        for one in those:
            self.gauge.add(one)
        met = self.gauge.met(self._day)
        for one in reversed(those):
            self.gauge.remove(one)
        return met is True


def fed(empty: Gauge, living: Iterable[Consent]) -> Gauge:
    """A gauge with the consents that live."""
    for one in living:
        empty.add(one)
    return empty


def whole_numbers(missing: Fraction, brought: Mapping[str, Fraction], *, strictly: bool) -> Need:
    """The same in whole numbers, exactly; what must be exceeded needs one more."""
    scale = lcm(missing.denominator, *(value.denominator for value in brought.values()))
    amount = int(missing * scale) + strictly
    return Need(amount, {name: int(value * scale) for name, value in brought.items()})
