"""From when until when each participant had consented, and was bound: what counts of groups and of parties rest on."""

from dataclasses import dataclass
from datetime import date

from treaty_status.domain.evaluation import Binding, Outcome, bindings, known_days
from treaty_status.domain.gauges import Consent
from treaty_status.domain.participation import Life, Participation
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


@dataclass(frozen=True, slots=True)
class Span:
    """A consent over a time: from the first day to the one on which it no longer held (None: it goes on)."""

    consent: Consent
    since: date
    until: date | None

    def covers(self, day: date) -> bool:
        """Did it hold at the end of that day?"""
        return self.since <= day and (self.until is None or day < self.until)


def consenting(treaty: Treaty, outcome: Outcome | None, world: World) -> list[Span]:
    """Every consent that counts, from the day it does until it was taken back or left."""
    found = []
    for name, own in treaty.participations.items():
        ends = _bindings_that_end(treaty, own, outcome)
        for n, life in enumerate(own.lives):
            until = life.taken_back_on if ends is None else _until(ends[n])
            if until is None or life.counts_from < until:
                found.append(Span(_consent(name, life, world), life.counts_from, until))
    return found


def bound(treaty: Treaty, outcome: Outcome, world: World) -> list[Span]:
    """Every party, from its own day of effect until it was no longer bound."""
    rule, days = treaty.rule, known_days(treaty)
    found = []
    for name, own in treaty.participations.items():
        for binding in () if rule is None else bindings(own, rule, outcome, days):
            since, until = binding.effect_on, _until(binding)
            if since is not None and (until is None or since < until):
                found.append(Span(_consent(name, binding.life, world), since, until))
    return found


def _bindings_that_end(treaty: Treaty, own: Participation, outcome: Outcome | None) -> tuple[Binding, ...] | None:
    """Where denunciations, or leaving a parent, may end a consent; None where only taking it back does."""
    if treaty.rule is None or outcome is None:
        return None
    if outcome.parent is None and not any(life.notices for life in own.lives):
        return None
    return bindings(own, treaty.rule, outcome, known_days(treaty))


def _until(binding: Binding) -> date | None:
    ends = [day for day in (binding.life.taken_back_on, binding.leaves_on) if day is not None]
    return min(ends, default=None)


def _consent(name: str, life: Life, world: World) -> Consent:
    return Consent(name, life.consent.event.action, life.counts_from, None, world.kind(name))
