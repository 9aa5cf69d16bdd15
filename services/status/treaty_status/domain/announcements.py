"""What to say now: the difference between the milestones that hold and those already announced.

``revoked`` and ``cancelled``: the facts no longer say so, we were wrong. ``lost``: a later act ended what was true.
Nothing that was said is rewritten; the same key is spoken of again under the next revision.

Names: a line that is crossed names those whose acts crossed it; taken back, it names those that were named, so that
whoever follows one participant hears of it. A line to come names nobody: more may join it without its day moving.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from treaty_events import Attribution, Cause, Fact, Kind, MilestoneAnnounced, Recorded, Severity, Status, milestone_id
from treaty_status.domain.evaluation import NOBODY, Who
from treaty_status.domain.lines import Milestone
from treaty_status.domain.treaty import Announced, Treaty, contradicted
from treaty_status.domain.world import World

LIVE: Final = frozenset({Status.REACHED, Status.REVISED})
AHEAD: Final = frozenset({Status.SCHEDULED, Status.RESCHEDULED})
SCHEDULED_KINDS: Final = frozenset({Kind.ENTRY_INTO_FORCE})
NAMES_EVERYONE: Final = frozenset({Kind.THRESHOLD, Kind.ENTRY_INTO_FORCE, Kind.GROUP_COMPLETE, Kind.UNIVERSALITY})
"""Kinds whose attribution is part of the message: another deposit of the same day revises it. For the others, only a
name that has to be taken back does."""
STATE_OF_THE_RECORD: Final = (Status.REVOKED, Status.CANCELLED)
SPEAKING_LANGUAGES: Final[tuple[str, ...]] = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Change:
    """One announcement to make about one milestone."""

    key: str
    kind: Kind
    params: str
    occurrence: int
    status: Status
    occurred_on: date
    milestone: Milestone | None
    named: Who = NOBODY


def changes(
    announced: Mapping[str, Announced], holding: Mapping[str, Milestone], keys: Iterable[str], *, today: date
) -> list[Change]:
    """What to say about these keys, in the order of their legal days; what was wrong is taken back first."""
    found = [change for key in keys for change in _about(key, announced.get(key), holding.get(key), today)]
    return sorted(found, key=_telling_order)


def _telling_order(change: Change) -> tuple[bool, date, int, str]:
    return change.status not in STATE_OF_THE_RECORD, change.occurred_on, _RANK[change.kind], change.key


_ACTS_OF_ONE: Final = {Kind.PARTICIPANT_SIGNATURE, Kind.PARTICIPANT_CONSENT, Kind.PARTICIPANT_WITHDRAWAL}
"""Told before what they bring about for the treaty."""
_RANK: Final = {
    kind: rank
    for rank, kind in enumerate(
        (
            Kind.PARTICIPANT_SIGNATURE,
            Kind.PARTICIPANT_CONSENT,
            Kind.PARTICIPANT_WITHDRAWAL,
            *(kind for kind in Kind if kind not in _ACTS_OF_ONE),
        )
    )
}


def _about(key: str, said: Announced | None, milestone: Milestone | None, today: date) -> Iterator[Change]:
    if milestone is None:
        if said is not None:
            yield from _vanished(key, said)
    elif milestone.due > today:
        yield from _coming(said, milestone)
    else:
        yield from _reached(said, milestone, today)


def _vanished(key: str, said: Announced) -> Iterator[Change]:
    kind, params, occurrence = _parts(key, said.kind)
    status = Status.CANCELLED if said.status in AHEAD else Status.REVOKED
    if said.status not in STATE_OF_THE_RECORD:
        yield Change(key, kind, params, occurrence, status, said.occurred_on, None, said.attributed)


def _parts(key: str, kind: str) -> tuple[Kind, str, int]:
    _, _, rest = key.partition(f":{kind}:")
    params, _, occurrence = rest.rpartition(":")
    return Kind(kind), params, int(occurrence)


def _coming(said: Announced | None, milestone: Milestone) -> Iterator[Change]:
    if said is not None and said.status in LIVE | {Status.LOST}:
        yield replace(_change(milestone, Status.REVOKED, on=said.occurred_on), named=said.attributed)
        said = None
    if milestone.kind not in SCHEDULED_KINDS:
        return
    if said is None or said.status not in AHEAD:
        yield _change(milestone, Status.SCHEDULED)
    elif said.occurred_on != milestone.occurred_on:
        yield _change(milestone, Status.RESCHEDULED)


def _reached(said: Announced | None, milestone: Milestone, today: date) -> Iterator[Change]:
    lost = milestone.lost_on is not None and milestone.lost_on <= today
    if said is not None and said.status is Status.LOST:
        if not lost:
            yield _change(milestone, Status.REACHED)
        elif milestone.lost_on is not None and milestone.lost_on != said.occurred_on:
            yield _change(milestone, Status.LOST, on=milestone.lost_on)
        return
    if said is None or said.status not in LIVE:
        if said is None and milestone.overtaken_on is not None and milestone.overtaken_on <= today:
            return
        yield _change(milestone, Status.REACHED)
    elif _reads_otherwise(said, milestone):
        yield _change(milestone, Status.REVISED)
    if lost and milestone.lost_on is not None:
        yield _change(milestone, Status.LOST, on=milestone.lost_on)


def _reads_otherwise(said: Announced, milestone: Milestone) -> bool:
    if said.occurred_on != milestone.occurred_on:
        return True
    follows = None if milestone.consequence is None else milestone.consequence.entry_into_force
    if said.entry_into_force != follows or said.contradicted != contradicted(milestone.contradiction):
        return True
    if milestone.kind in NAMES_EVERYONE:
        return said.attributed != milestone.attributed
    return not said.attributed <= milestone.attributed


def _change(milestone: Milestone, status: Status, *, on: date | None = None) -> Change:
    return Change(
        milestone.key,
        milestone.kind,
        milestone.params,
        milestone.occurrence,
        status,
        on or milestone.occurred_on,
        milestone,
        NOBODY if status in AHEAD else milestone.attributed,
    )


# ---- in words of the log ---------------------------------------------------------------------------------------------
def announcements(
    treaty: Treaty,
    found: Iterable[Change],
    *,
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
    spoken: dict[str, int] | None = None,
) -> list[Fact]:
    """The events that say so. ``treaty`` is the state after the facts that caused them.

    ``spoken`` has the last revision of each line that was spoken of since, in the same decision, and is kept up: what
    is said in several voices (as history, as news) still counts through.
    """
    titles = spoken_titles(treaty)
    revisions = {} if spoken is None else spoken
    events: list[Fact] = []
    for change in found:
        said = treaty.announced.get(change.key)
        last = revisions.get(change.key, 0 if said is None else said.revision)
        revisions[change.key] = last + 1
        events.append(_event(treaty, change, last, titles, world, today, cause, recorded))
    return events


def spoken_titles(treaty: Treaty) -> dict[str, str]:
    """The titles that travel with every announcement: short where there is a short one."""
    titles = treaty.details.titles | (treaty.details.short_titles or {})
    spoken = {lang: titles[lang] for lang in SPEAKING_LANGUAGES if lang in titles}
    return spoken or titles


def _event(
    treaty: Treaty,
    change: Change,
    last: int,
    titles: dict[str, str],
    world: World,
    today: date,
    cause: Cause,
    recorded: Recorded,
) -> MilestoneAnnounced:
    milestone = change.milestone
    return MilestoneAnnounced(
        treaty=treaty.id,
        recorded=recorded,
        key=change.key,
        milestone_id=str(milestone_id(change.key)),
        kind=change.kind,
        params=change.params,
        occurrence=change.occurrence,
        status=change.status,
        revision=last + 1,
        supersedes=last or None,
        occurred_on=change.occurred_on,
        time_zone=treaty.details.depositary.time_zone,
        late_by_days=_late(change, today),
        titles=titles,
        livemode=treaty.livemode,
        cause=cause,
        clause=None if milestone is None else milestone.clause,
        attributed_to=_attribution(change.named, world.name),
        progress=None if milestone is None else milestone.progress,
        consequence=None if milestone is None else milestone.consequence,
        contradiction=None if milestone is None else milestone.contradiction,
        severity=_severity(treaty, change),
    )


ADVISED_ON: Final = frozenset({Kind.THRESHOLD, Kind.ENTRY_INTO_FORCE, Kind.TERMINATED})
"""Kinds that people act on once a treaty is said to be in force."""


def _severity(treaty: Treaty, change: Change) -> Severity | None:
    """Critical, where it is taken back after the treaty had been said to be in force."""
    if change.kind not in ADVISED_ON or change.status is not Status.REVOKED:
        return None
    said = (one for one in treaty.announced.values() if one.kind == Kind.ENTRY_INTO_FORCE)
    return Severity.CRITICAL if any(one.status in LIVE for one in said) else None


def _late(change: Change, today: date) -> int:
    due = change.occurred_on
    if change.milestone is not None and change.status is not Status.LOST:
        due = change.milestone.due
    return max(0, (today - due).days)


def _attribution(named: Who, name: Callable[[str, str], str]) -> tuple[Attribution, ...]:
    return tuple(
        Attribution(participant=participant, action=action, name=name(participant, "en"))
        for participant, action in sorted(named)
    )
