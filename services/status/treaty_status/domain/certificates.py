"""Certified facts: what a condition that waits for one learns from the certificates under its key.

A certificate states a whole, never an addition to an earlier one: the fact holds from the first that reaches what the
rule asks for, and a lesser one that follows takes nothing back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

from treaty_events import FactCertified, event_id
from treaty_status.domain.foundations import Foundation

NEEDED_FACT: Final = "fact:"
"""Begins a requirement of a clause on leaving that is a fact to be certified."""


class Attestation(NamedTuple):
    """Something was certified: the day from which it holds, how much it was, by whom."""

    on: date
    quantity: Fraction | None = None
    unit: str | None = None
    by: str | None = None
    event_id: str | None = None


@dataclass(frozen=True)
class Certificate:
    """A certificate as it stands, with the corrections folded into it."""

    stream: UUID
    version: int
    event: FactCertified
    retracted: bool = False
    corrected_by: tuple[str, ...] = ()

    @cached_property
    def event_id(self) -> str:
        """The id of the event that recorded it."""
        return str(event_id(self.stream, self.version))

    @property
    def attestation(self) -> Attestation:
        """What it says, in exact numbers."""
        event = self.event
        quantity = None if event.quantity is None else Fraction(event.quantity)
        return Attestation(event.certified_on, quantity, event.unit, event.certified_by, self.event_id)


def under(key: str, certificates: Iterable[Certificate]) -> tuple[Attestation, ...]:
    """What the living certificates under a key say."""
    return tuple(one.attestation for one in certificates if one.event.key == key and not one.retracted)


class Proof:
    """The certificates under one key, beside what the rule asks of them.

    ``need`` is how much has to be certified, in ``unit`` (None: in whatever unit); without it any certificate will do.
    """

    def __init__(
        self, key: str, found: Iterable[Attestation], *, need: Fraction | None = None, unit: str | None = None
    ) -> None:
        self.key = key
        self.need = need
        self.unit = unit
        self._found = sorted(found, key=_by_day)
        self._first = next((one for one in self._found if self._reaches(one) is not False), None)

    @property
    def missing(self) -> list[str]:
        """What has to be known first: the quantity of a certificate that states none, or states it in another unit."""
        return [f"fact:{self.key}:quantity"] if self._first is not None and self._reaches(self._first) is None else []

    @property
    def on(self) -> date | None:
        """The day from which the fact holds; None while none is known."""
        return None if self._first is None or self.missing else self._first.on

    @property
    def days(self) -> list[date]:
        """The days on which more may have been certified than before."""
        return [one.on for one in self._found]

    def have(self, day: date) -> Fraction | None:
        """The most that was certified by the end of a day; None where the rule asks for no quantity."""
        if self.need is None:
            return None
        known = (one.quantity for one in self._found if one.on <= day and self._comparable(one))
        return max((quantity for quantity in known if quantity is not None), default=Fraction(0))

    def rests_on(self, day: date) -> tuple[Foundation, ...]:
        """The certificate by which it holds on a day; before that, the last one that did not suffice."""
        by_then = [one for one in self._found if one.on <= day]
        if not by_then:
            return ()
        one = self._first if self._first in by_then else by_then[-1]
        assert one is not None  # noqa: S101 - None is in no list of attestations
        return (Foundation("certificate", self.key, source=one.by, event_id=one.event_id, on=one.on),)

    def _reaches(self, one: Attestation) -> bool | None:
        if self.need is None:
            return True
        if one.quantity is None or not self._comparable(one):
            return None
        return one.quantity >= self.need

    def _comparable(self, one: Attestation) -> bool:
        return self.unit is None or one.unit == self.unit


def _by_day(one: Attestation) -> tuple[date, Fraction]:
    """Of several of one day, the one that says most."""
    return one.on, -(one.quantity or Fraction(0))
