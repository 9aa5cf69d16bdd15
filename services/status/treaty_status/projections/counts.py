"""Counts from day to day: most move with acts alone, and some by themselves, when a deferred instrument begins to count
or somebody leaves with the parent treaty."""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from treaty_status.application.views import CountsFrom, ParticipationRow
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.counting import Counted, instruments_counted
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

LIVING: Final = frozenset({"party", "contracting"})


class CountedFrom(NamedTuple):
    """What the condition shows from a day on."""

    on: date
    counted: Counted


def counted_by_day(treaty: Treaty, outcome: Outcome | None, world: World, *, after: date) -> tuple[CountedFrom, ...]:
    """What the condition shows at the end of a day and of every later day on which that changes by itself.

    ``outcome`` is as of the last of all days; where nothing moves after the day it is that of the day as well.
    """
    if outcome is None:
        return (CountedFrom(date.min, (None, None)),)
    ahead = [day for day in outcome.turns if day > after]
    if not ahead:
        return (CountedFrom(date.min, instruments_counted(outcome.reading)),)
    return tuple(
        CountedFrom(on, _counted(treaty, world, day)) for on, day in [(date.min, after), *((day, day) for day in ahead)]
    )


def _counted(treaty: Treaty, world: World, day: date) -> Counted:
    found = outcome_of(treaty, world=world, as_of=day)
    return (None, None) if found is None else instruments_counted(found.reading)


def counts_by_day(
    counted: tuple[CountedFrom, ...], rows: Iterable[ParticipationRow], *, today: date
) -> tuple[CountsFrom, ...]:
    """The counts of a day, and those of every later day on which one of them changes by itself."""
    consenting = [row for row in rows if row.consent_on is not None]
    leaving = {row.leaves_on for row in consenting if row.leaves_on is not None and row.leaves_on > today}
    days = sorted({today, *leaving, *(step.on for step in counted if step.on > today)})
    found: list[CountsFrom] = []
    for day in days:
        have, need = next(step.counted for step in reversed(counted) if step.on <= day)
        consents = sum(1 for row in consenting if row.status(day) in LIVING)
        step = CountsFrom(on=day, consents=consents, counted=have, needed=need)
        if not found or (step.consents, step.counted, step.needed) != (
            found[-1].consents,
            found[-1].counted,
            found[-1].needed,
        ):
            found.append(step)
    return tuple(found)
