"""Old news: lines that rest on an imported history, found when it had long been brought in.

The order must not matter. Had the rule (or the parent treaty, or a version of this service that knows the line) been
there before the import, the import would have settled the line without telling anybody; so it is settled now. What
was once told as news stays news when it turns out otherwise, and so is a line whose day is today's or still to come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from treaty_events import (
    Cause,
    Fact,
    HistorySettled,
    Kind,
    MilestonesSettled,
    ParticipantAct,
    Recorded,
    SettledMilestone,
    milestone_key,
)
from treaty_status.domain.announcements import Change, announcements, spoken_titles
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.holds import four_eyes
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

SETTLED_BY: Final = frozenset({"definition", "rule", "table", "day", "other_treaty"})
"""Causes that bring no act of this treaty: what they find to be old was old already. An act or a correction of its own
is today's news."""


def never_told(treaty: Treaty, change: Change, *, today: date) -> bool:
    """Does the change speak of a day gone by, and of a line nobody was told of as news?

    What waits for a second person is news that was not told yet: no import lets it go, or makes history of it.
    """
    if change.key in treaty.held:
        return False
    said = treaty.announced.get(change.key)
    return (said is None or said.as_history) and change.occurred_on < today


@dataclass(frozen=True, slots=True)
class Past:
    """How far back a treaty's record is an imported history.

    ``run`` and ``until``: the last import, and the day (UTC) it was recorded. ``news_from``: the earliest day of an act
    or certificate that was recorded as news, of anyone and of each participant; no day where there is none.
    """

    run: str
    until: date
    news_from: date
    own_news_from: dict[str, date]
    outcome: Outcome | None

    def holds(self, change: Change) -> bool:
        """Does the line rest on imported acts alone, and did its day come before the last import?"""
        return change.occurred_on <= self.until and change.occurred_on < self._news_from(change)

    def _news_from(self, change: Change) -> date:
        if not change.kind.startswith("participant."):
            return self.news_from
        own = self.own_news_from.get(change.params, date.max)
        if change.kind is not Kind.PARTICIPANT_BOUND or self.outcome is None:
            return own
        # Bound by the entry into force itself: that is everybody's line.
        together = change.occurred_on == self.outcome.entry_into_force_on
        threshold_on = self.outcome.threshold_on
        by_news = together and threshold_on is not None and self.news_from <= threshold_on
        return date.min if by_news else own


def past_of(treaty: Treaty, outcome: Outcome | None) -> Past | None:
    """The imported past of a treaty; None where nothing was imported."""
    acts: list[ParticipantAct] = [act.event for act in treaty.acts.values() if not act.retracted]
    last = max(
        (act.recorded for act in acts if act.recorded.imported is not None), key=lambda one: one.at, default=None
    )
    if last is None or last.imported is None:
        return None
    own: dict[str, date] = {}
    for act in acts:
        if act.recorded.imported is None:
            own[act.participant] = min(act.act_date, own.get(act.participant, date.max))
    certified = (one.event.certified_on for one in treaty.certificates if not one.retracted)
    news_from = min((*own.values(), *certified), default=date.max)
    return Past(last.imported, last.at.date(), news_from, own, outcome)


def told_or_settled(
    treaty: Treaty,
    found: Iterable[Change],
    outcome: Outcome | None,
    *,
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
    moved_by: str | None = None,
    released: frozenset[str] = frozenset(),
) -> list[Fact]:
    """What to append about these changes; what is old is settled in silence, and one announcement says that it is.

    ``treaty`` is the state after the facts that caused them. ``moved_by`` is the import of another treaty that caused
    them: what follows from a history is history.
    """
    changes = list(found)
    if moved_by is not None:
        return _followed(treaty, changes, outcome, world, today, cause, recorded, moved_by)
    past = past_of(treaty, outcome) if changes and cause.kind in SETTLED_BY else None
    if past is None:
        return news_of(treaty, changes, world=world, today=today, cause=cause, recorded=recorded, released=released)

    def is_old(change: Change) -> bool:
        return never_told(treaty, change, today=today) and past.holds(change)

    return settled_where(
        is_old, treaty, changes, outcome, world=world, today=today, cause=cause, recorded=recorded, imported=past.run
    )


def settled_where(
    is_old: Callable[[Change], bool],
    treaty: Treaty,
    found: Iterable[Change],
    outcome: Outcome | None,
    *,
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
    imported: str,
) -> list[Fact]:
    """What to append where some changes are old: those in silence, under the id of what brought them in, and one
    announcement that they are there; the others as news.
    """
    changes = list(found)
    said = told(treaty, changes, is_old, world=world, today=today, cause=cause, recorded=recorded, imported=imported)
    old = sum(map(is_old, changes))
    return [*said, _digest(treaty, old, outcome, cause, recorded)] if old else said


def _followed(
    treaty: Treaty,
    changes: list[Change],
    outcome: Outcome | None,
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
    run: str,
) -> list[Fact]:
    def is_old(change: Change) -> bool:
        return never_told(treaty, change, today=today)

    return settled_where(
        is_old, treaty, changes, outcome, world=world, today=today, cause=cause, recorded=recorded, imported=run
    )


def told(
    treaty: Treaty,
    found: Iterable[Change],
    is_old: Callable[[Change], bool],
    *,
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
    imported: str,
) -> list[Fact]:
    """The old lines of the treaty, marked as history; those of single participants, settled; then the news."""
    silent: list[SettledMilestone] = []
    old: list[Change] = []
    news: list[Change] = []
    for change in found:
        if not is_old(change):
            news.append(change)
        elif change.kind.startswith("participant."):
            silent.append(_settled(change))
        else:
            old.append(change)
    historic = replace(recorded, imported=imported)
    spoken: dict[str, int] = {}
    said = announcements(treaty, old, world=world, today=today, cause=cause, recorded=historic, spoken=spoken)
    if silent:
        _count(treaty, silent, spoken)
        said.append(MilestonesSettled(treaty=treaty.id, recorded=historic, milestones=tuple(silent)))
    return [*said, *news_of(treaty, news, world=world, today=today, cause=cause, recorded=recorded, spoken=spoken)]


def _count(treaty: Treaty, silent: Iterable[SettledMilestone], spoken: dict[str, int]) -> None:
    """Lines that were settled have a revision more, as the state that follows will say."""
    for one in silent:
        key = milestone_key(treaty.id, one.kind, one.params, one.occurrence)
        said = treaty.announced.get(key)
        spoken[key] = spoken.get(key, 0 if said is None else said.revision) + 1


def news_of(
    treaty: Treaty,
    found: Iterable[Change],
    *,
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
    released: frozenset[str] = frozenset(),
    spoken: dict[str, int] | None = None,
) -> list[Fact]:
    """What is announced now; where the treaty is kept under four eyes, also what waits and what waits no longer."""
    spoken = {} if spoken is None else spoken
    seen = four_eyes(treaty, found, cause=cause, recorded=recorded, released=released)
    said = (
        announcements(treaty, changes, world=world, today=today, cause=why, recorded=recorded, spoken=spoken)
        for why, changes in seen.said
    )
    return [*seen.facts, *(fact for one in said for fact in one)]


def _settled(change: Change) -> SettledMilestone:
    attributed = () if change.milestone is None else sorted(action for _, action in change.milestone.attributed)
    return SettledMilestone(
        kind=change.kind,
        params=change.params,
        occurrence=change.occurrence,
        status=change.status,
        occurred_on=change.occurred_on,
        actions=tuple(attributed),
    )


def _digest(
    treaty: Treaty, milestones: int, outcome: Outcome | None, cause: Cause, recorded: Recorded
) -> HistorySettled:
    return HistorySettled(
        treaty=treaty.id,
        recorded=recorded,
        cause=cause,
        milestones=milestones,
        titles=spoken_titles(treaty),
        livemode=treaty.livemode,
        signatures=sum(1 for own in treaty.participations.values() if own.signature is not None),
        consents=sum(1 for own in treaty.participations.values() if own.current is not None),
        rule_version=treaty.rule_version or None,
        threshold_on=None if outcome is None else outcome.threshold_on,
        entry_into_force_on=None if outcome is None else outcome.entry_into_force_on,
    )
