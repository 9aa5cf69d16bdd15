"""One row per line spoken of, and the days on which something will have to be said without any further act."""

from collections.abc import Iterable, Sequence
from datetime import date

from treaty_status.application.views import MilestoneRow
from treaty_status.domain.assessment import participant_milestones, treaty_lines_ahead
from treaty_status.domain.contradictions import days_of_claims
from treaty_status.domain.evaluation import Binding, Outcome
from treaty_status.domain.lines import Milestone
from treaty_status.domain.participation import Participation
from treaty_status.domain.treaty import Announced, Treaty
from treaty_status.domain.world import World

Days = tuple[date, ...]


def milestone_row(treaty: str, key: str, said: Announced) -> MilestoneRow:
    """What was last said about a line."""
    return MilestoneRow(
        treaty=treaty,
        key=key,
        kind=said.kind,
        status=said.status.value,
        revision=said.revision,
        occurred_on=said.occurred_on,
        entry_into_force_on=said.entry_into_force,
    )


def treaty_days(treaty: Treaty, outcome: Outcome | None, world: World, *, after: date) -> Days:
    """The days past a day on which a line of the treaty itself falls due."""
    lines = treaty_lines_ahead(treaty, outcome, world, after=after)
    return (*_past(lines, after), *days_of_claims(treaty.claims, after=after))


def participant_days(
    treaty: Treaty, own: Participation, outcome: Outcome | None, bound: Sequence[Binding], *, after: date
) -> Days:
    """The days past a day on which a line of one participant falls due."""
    ahead = any(day is not None and day > after for binding in bound for day in (binding.effect_on, binding.leaves_on))
    return _past(participant_milestones(treaty, own, outcome), after) if ahead else ()


def _past(lines: Iterable[Milestone], after: date) -> Days:
    return tuple(day for line in lines for day in (line.due, line.lost_on) if day is not None and day > after)
