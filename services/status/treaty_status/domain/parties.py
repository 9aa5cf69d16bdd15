"""From when until when each participant had consented, and was bound: what counts of groups and of parties rest on."""

from datetime import date
from typing import NamedTuple

from treaty_events import Action
from treaty_status.domain.evaluation import Binding, Outcome, bindings, known_days
from treaty_status.domain.gauges import Consent
from treaty_status.domain.participation import Life
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


class Span(NamedTuple):
    """A consent over a time: from the first day to the one on which it no longer held (None: it goes on)."""

    consent: Consent
    since: date
    until: date | None


def consenting(treaty: Treaty, outcome: Outcome | None, world: World) -> list[Consent]:
    """Every consent that counts, from the day it does until it was taken back or left.

    Where the treaty has no rule, nobody knows when a denunciation takes effect, and none does.
    """
    if outcome is not None:
        given = [one for one in outcome.given if one.held is None and one.action is not Action.OBJECTION]
    else:
        given = [
            _consent(name, life, world)._replace(until=life.taken_back_on)
            for name, own in treaty.participations.items()
            for life in own.lives
        ]
    return [one for one in given if one.until is None or one.on < one.until]


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


def _until(binding: Binding) -> date | None:
    ends = [day for day in (binding.life.taken_back_on, binding.leaves_on) if day is not None]
    return min(ends, default=None)


def _consent(name: str, life: Life, world: World) -> Consent:
    return Consent(name, life.consent.event.action, life.counts_from, None, world.kind(name))
