"""The facts as statements speak of them: how many had signed or consented on a day, and how far the record was read.

Days are legal days and numbers those at their end.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final, Literal, NamedTuple

from treaty_events import CONSENT, Action
from treaty_events.actions import SIGNING
from treaty_status.domain.evaluation import Outcome, bindings, known_days
from treaty_status.domain.partial_dates import Span
from treaty_status.domain.participation import Act, Life, Participation
from treaty_status.domain.treaty import Claim, Treaty
from treaty_status.domain.world import World

Family = Literal["signature", "consent"]
"""Signing, or expressing consent to be bound in whatever form."""
DAY: Final = timedelta(days=1)
STATES: Final = "states"
APPROVAL: Final = "domestic_approval"
"""What a statement about a parliament or a government at home is about."""
ORGANISATIONS: Final = frozenset({"reio", "io"})


def family_of(action: Action) -> Family | None:
    """The family that an act belongs to; None for what neither signs nor consents."""
    if action in SIGNING:
        return "signature"
    return "consent" if action in CONSENT else None


class Entry(NamedTuple):
    """One who signed or consented: the act, its day, and the first day on which that no longer held."""

    on: date
    participant: str
    act: Act
    until: date


@dataclass(frozen=True)
class Series:
    """Everyone of one family and population, in the order of days."""

    entries: tuple[Entry, ...]

    @cached_property
    def starts(self) -> list[date]:
        """The days on which they began."""
        return sorted(entry.on for entry in self.entries)

    @cached_property
    def ends(self) -> list[date]:
        """The days from which they no longer held."""
        return sorted(entry.until for entry in self.entries if entry.until < date.max)

    def at(self, day: date) -> int:
        """How many there were at the end of a day."""
        return bisect_right(self.starts, day) - bisect_right(self.ends, day)

    def within(self, first: date, last: date) -> int:
        """How many began on these days."""
        return bisect_right(self.starts, last) - bisect_left(self.starts, first)

    def standing(self, day: date) -> list[Entry]:
        """Those of that day."""
        return [entry for entry in self.entries if entry.on <= day < entry.until]

    @cached_property
    def turning(self) -> list[date]:
        """The days on which the number changed."""
        return sorted({*self.starts, *self.ends})

    def turning_in(self, first: date, last: date) -> list[date]:
        """Of those, the ones from a first to a last day."""
        return self.turning[bisect_left(self.turning, first) : bisect_right(self.turning, last)]


@dataclass(frozen=True)
class Ledger:
    """One treaty's facts up to the end of a legal day. ``outcome`` is where its rule stood then, if it has one."""

    treaty: Treaty
    world: World
    as_of: date
    outcome: Outcome | None = None
    _series: dict[tuple[Family, str | None, date | None], Series | None] = field(default_factory=dict, compare=False)

    def series(self, family: Family, among: str | None = None, *, on: date | None = None) -> Series | None:
        """Those of a family, of a population as it was on a day; None where we hold no such population."""
        day = None if among in {None, STATES} else on or self.as_of
        key = (family, among, day)
        if key not in self._series:
            self._series[key] = self._narrowed(family, among, day)
        return self._series[key]

    def everyone(self, family: Family) -> Series:
        """Those of a family, whoever they are."""
        found = self.series(family)
        return found if found is not None else Series(())

    @cached_property
    def approvals(self) -> dict[str, list[Claim]]:
        """The statements that a parliament or government approved the treaty at home, by participant."""
        found: dict[str, list[Claim]] = {}
        for claim in self.treaty.claims:
            if claim.event.about == APPROVAL and claim.event.participant is not None:
                found.setdefault(claim.event.participant, []).append(claim)
        return found

    def entries_of(self, participant: str, family: Family) -> list[Entry]:
        """What one participant did of a family."""
        own = self.treaty.participations.get(participant)
        if own is None:
            return []
        found = self._signatures((own,)) if family == "signature" else self._consents((own,))
        return [entry for entry in found if entry.on <= self.as_of]

    def unread(self, family: Family) -> Span | None:
        """The days of which the record cannot say that there were not more; None: there are none such.

        They begin after the last day that was read from the depositary, where the header names one, and end where the
        next act of the family on record shows that somebody keeps it up again.
        """
        read = self.treaty.details.last_read_on
        if read is None or read == date.max:
            return None
        starts = self.everyone(family).starts
        after = bisect_right(starts, read)
        first, last = read + DAY, starts[after] - DAY if after < len(starts) else date.max
        return Span(first, last) if first <= last else None

    def rules_out(self, until: date) -> bool:
        """Can the record say that something did not happen up to this day?

        Only where it is known to have been read up to then: a deposit of yesterday may well be on its way.
        """
        declared = self.treaty.details.last_read_on
        return declared is not None and until <= min(declared, self.as_of)

    def _narrowed(self, family: Family, among: str | None, day: date | None) -> Series | None:
        if among is None:
            people = self.treaty.participations.values()
            found = self._signatures(people) if family == "signature" else self._consents(people)
            return Series(tuple(sorted((one for one in found if one.on <= self.as_of), key=_legal_order)))
        everyone = self.everyone(family).entries
        if among == STATES:
            return Series(tuple(one for one in everyone if self.world.kind(one.participant) not in ORGANISATIONS))
        members = None if day is None else self.world.population(among, day)
        if members is None:
            return None
        return Series(tuple(one for one in everyone if one.participant in members))

    def _signatures(self, people: Iterable[Participation]) -> list[Entry]:
        signed = [own.signature for own in people if own.signature is not None]
        return [Entry(act.event.act_date, act.event.participant, act, date.max) for act in signed]

    def _consents(self, people: Iterable[Participation]) -> list[Entry]:
        found = []
        for own in people:
            ends = self._ends(own)
            for n, life in enumerate(own.lives):
                found.append(Entry(life.on, own.participant, life.consent, _first(life.taken_back_on, ends[n])))
        return found

    def _ends(self, own: Participation) -> list[date | None]:
        """For each life, the day on which a denunciation took effect."""
        rule = self.treaty.rule
        if rule is None or self.outcome is None or not any(_denounced(life) for life in own.lives):
            return [None] * len(own.lives)
        return [one.leaves_on for one in bindings(own, rule, self.outcome, known_days(self.treaty))]


def _legal_order(entry: Entry) -> tuple[date, str]:
    return entry.on, entry.participant


def _denounced(life: Life) -> bool:
    return life.standing_notice is not None


def _first(*days: date | None) -> date:
    return min((day for day in days if day is not None), default=date.max)
