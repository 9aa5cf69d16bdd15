"""A treaty looked at anew: every line that the facts cross, against every line that was announced.

A new release may know more kinds of lines, or evaluate better. A line of a day gone by that nobody was told of is no
news because we know it now: it is settled as history, and one announcement says so. An answer that was announced and
reads otherwise is news.
"""

from dataclasses import dataclass, replace
from datetime import date

from treaty_events import Cause, MilestoneAnnounced, MilestonesSettled
from treaty_status.domain.announcements import Change, changes
from treaty_status.domain.assessment import assess
from treaty_status.domain.contradictions import came_as_history, told_as_history
from treaty_status.domain.decisions import Circumstances, Decision, defined
from treaty_status.domain.holds import not_waiting
from treaty_status.domain.old_news import never_told, past_of, settled_where
from treaty_status.domain.settled import settled_by
from treaty_status.domain.treaty import State, Treaty, evolve
from treaty_status.domain.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassess:
    """Look at everything again. ``software`` is the release that does, ``reason`` why somebody asked it to."""

    treaty: str
    software: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReassessmentDecision(Decision):
    """What to append, where anything is."""

    @property
    def news(self) -> tuple[MilestoneAnnounced, ...]:
        """What is announced as news."""
        return tuple(said for said in self.milestones if said.recorded.imported is None)

    @property
    def settled_lines(self) -> int:
        """How many lines are put on record as history."""
        silent = sum(len(one.milestones) for one in self.events if isinstance(one, MilestonesSettled))
        return silent + len(self.milestones) - len(self.news)


def unsaid(treaty: Treaty, *, world: World, today: date) -> list[Change]:
    """What would have to be said on a day so that everything announced holds and everything that holds is announced.

    Nothing is left out, whatever was settled when the treaty was last looked at, but what waits for a second person.
    """
    return not_waiting(treaty, _differences(treaty, world=world, today=today))


def decide_reassessment(
    state: State, order: Reassess, now: Circumstances, *, spoken_on: date | None
) -> ReassessmentDecision:
    """The differences, and nothing where there are none. ``spoken_on`` is the legal day on which the treaty was last
    spoken of: what came later was for the clock to tell, and is news.

    Raises:
        Refusal: the treaty is not on record, or is a rehearsal that was closed.
    """
    treaty = defined(state)
    now = replace(now, today=now.today if treaty.livemode else treaty.rehearsal_day or now.today)
    last = now.today if spoken_on is None or not treaty.livemode else spoken_on
    outcome = assess(treaty, world=now.world, as_of=now.today).outcome
    found = _differences(treaty, world=now.world, today=now.today)
    beside = [change for change in found if came_as_history(treaty, change.milestone) is not None]
    cause = Cause(kind="reassessment", software=order.software, reason=order.reason)
    past = past_of(treaty, outcome)
    said = settled_where(
        lambda change: never_told(treaty, change, today=now.today) and _could_be_told(change, last),
        treaty,
        [change for change in found if change not in beside],
        outcome,
        world=now.world,
        today=now.today,
        cause=cause,
        recorded=now.recorded,
        imported=f"reassessment:{order.software}" if past is None else past.run,
    )
    claimed = told_as_history(treaty, beside, world=now.world, today=now.today, cause=cause, recorded=now.recorded)
    events = (*claimed, *said)
    settled = settled_by(treaty, outcome, today=now.today)
    return ReassessmentDecision(events, evolve(treaty, events), settled)


def _could_be_told(change: Change, last: date) -> bool:
    return change.milestone is None or change.milestone.due <= last


def _differences(treaty: Treaty, *, world: World, today: date) -> list[Change]:
    holding = assess(treaty, world=world, as_of=today).milestones
    return changes(treaty.announced, holding, holding.keys() | treaty.announced.keys(), today=today)
