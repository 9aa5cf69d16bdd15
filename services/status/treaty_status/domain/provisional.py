"""Provisional application of a whole treaty: from which day it is applied before, or without, its entry into force.

Commodity agreements say so in their final clauses: governments that only notified that they will apply the agreement
are counted beside those that deposited. Source: VCLT art. 25; International Tropical Timber Agreement 2006, art. 39(2).
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from treaty_events import Action
from treaty_status.domain.evaluation import NEVER, Outcome, follow, known_days
from treaty_status.domain.gauges import Consent
from treaty_status.domain.setting import Setting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


class Provisional(NamedTuple):
    """Where the clauses on provisional application stand. ``until``: the treaty's own entry into force.

    ``met`` is None where it is not known; ``unknown`` says what is missing.
    """

    met: bool | None
    threshold_on: date | None
    from_on: date | None
    until: date | None
    clause: str
    unknown: tuple[str, ...] = ()


def applied_provisionally(treaty: Treaty, outcome: Outcome, world: World) -> Provisional | None:
    """None for a treaty whose rule has no clause on it, and where its own entry into force came first."""
    rule, force = treaty.rule, outcome.entry_into_force_on
    if rule is None or not rule.provisional:
        return None
    setting = Setting(world, rule, treaty, {**known_days(treaty), **outcome.elsewhere})
    given = [*outcome.given, *_notices(treaty, world, outcome.as_of)]
    runs = [follow(track, rule, given, setting, outcome.as_of) for track in rule.provisional]
    found = min(runs, key=lambda run: run.entry_into_force_on or NEVER)
    first = found.entry_into_force_on
    if force is not None and (first is None or force <= first):
        return None
    met = found.met if found.crossing is None else True
    return Provisional(met, found.threshold_on, first, force, found.track.clause, found.unknown)


def _notices(treaty: Treaty, world: World, as_of: date) -> Iterator[Consent]:
    """Who notified that it will apply the treaty provisionally, until its instrument takes the notice's place."""
    for name, own in treaty.participations.items():
        made = (act.event for act in own.acts if act.event.action is Action.PROVISIONAL_APPLICATION)
        notice = next((event for event in made if event.act_date <= as_of), None)
        if notice is not None:
            deposited = min((life.counts_from for life in own.lives), default=None)
            yield Consent(name, notice.action, notice.act_date, deposited, world.kind(name))
