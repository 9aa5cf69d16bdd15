"""Four eyes on what cannot be unsaid: thresholds, entries into force and ends wait for a second key or a time limit.

Only the announcement waits. A hold remembers what would have been said; if the facts change before anybody looked,
it is overtaken, and what was wrong was never told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from treaty_events import Cause, Details, Fact, HoldEnd, HoldEnded, Kind, MilestoneHeld, Recorded
from treaty_status.domain import refusals as no
from treaty_status.domain.announcements import Change
from treaty_status.domain.treaty import CLOCK, Held, Treaty

KEPT_UNDER_FOUR_EYES: Final = frozenset(
    {Kind.THRESHOLD, Kind.ENTRY_INTO_FORCE, Kind.ENTRY_INTO_FORCE_COUNTDOWN, Kind.TERMINATED}
)
NOBODY_IN_PARTICULAR: Final = frozenset({CLOCK})
"""What the service itself recorded needs one person, not two."""
EVERYTHING: Final = "*"
"""Stands for every line that waits."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What may be said now, by cause, and the facts that record what waits and what no longer does."""

    facts: tuple[Fact, ...]
    said: tuple[tuple[Cause, tuple[Change, ...]], ...]


def four_eyes(
    treaty: Treaty, found: Iterable[Change], *, cause: Cause, recorded: Recorded, released: frozenset[str] = frozenset()
) -> Seen:
    """Part what may be said from what has to wait. ``released``: the keys of lines that a second person let go."""
    found = list(found)
    if treaty.details.four_eyes is None and not treaty.held:
        return Seen((), ((cause, tuple(found)),))
    waiting: dict[str, list[Change]] = {}
    free: list[Change] = []
    for change in found:
        if change.kind in KEPT_UNDER_FOUR_EYES:
            waiting.setdefault(change.key, []).append(change)
        else:
            free.append(change)
    facts: list[Fact] = [_ended(treaty, key, HoldEnd.OVERTAKEN, recorded) for key in treaty.held if key not in waiting]
    said: list[tuple[Cause, tuple[Change, ...]]] = [(cause, tuple(free))]
    for key, changes in waiting.items():
        held = treaty.held.get(key)
        end = _end(treaty, held, changes, recorded.at, released)
        if end is not None and held is not None:
            facts.append(_ended(treaty, key, end, recorded))
            said.append((held.cause, tuple(changes)))
        elif treaty.details.four_eyes is None:
            said.append((cause, tuple(changes)))
        elif held is None or not _same(held, changes):
            hours = treaty.details.four_eyes.hours
            facts.append(_hold(treaty, changes, cause, recorded, until=recorded.at + timedelta(hours=hours)))
    return Seen(tuple(facts), tuple(one for one in said if one[1]))


def not_waiting(treaty: Treaty, found: Iterable[Change]) -> list[Change]:
    """The changes but those that wait for a second person: nothing is amiss while they do."""
    found = list(found)
    return [
        change
        for change in found
        if not ((held := treaty.held.get(change.key)) and _same(held, [one for one in found if one.key == change.key]))
    ]


def may_lift(treaty: Treaty, details: Details, by: str) -> None:
    """May this person put a header on record that no longer asks for four eyes?

    Raises:
        SecondKeyNeeded: something waits that the same key recorded; lifting would announce it.
    """
    own = sorted(name for name, one in treaty.held.items() if one.by == by) if details.four_eyes is None else []
    if own:
        raise no.SecondKeyNeeded(
            f"What {by} recorded waits for a second person; without four_eyes_hours it would be announced at once.",
            way_out="Send the header with four_eyes_hours, or let the holder of another key release what waits first.",
            facts={"treaty": treaty.id, "keys": own, "until": min(treaty.held[name].until for name in own).isoformat()},
        )


def _end(
    treaty: Treaty, held: Held | None, changes: list[Change], at: datetime, released: frozenset[str]
) -> HoldEnd | None:
    if held is None:
        return None
    if treaty.details.four_eyes is None:
        return HoldEnd.LIFTED
    if not _same(held, changes):
        return None
    if changes[-1].key in released or EVERYTHING in released:
        return HoldEnd.RELEASED
    return HoldEnd.EXPIRED if at >= held.until else None


def _same(held: Held, changes: list[Change]) -> bool:
    """Does the hold speak of just these changes?"""
    statuses = tuple(change.status for change in changes)
    return held.statuses == statuses and held.occurred_on == changes[-1].occurred_on


def _hold(treaty: Treaty, changes: list[Change], cause: Cause, recorded: Recorded, *, until: datetime) -> MilestoneHeld:
    last = changes[-1]
    return MilestoneHeld(
        treaty=treaty.id,
        recorded=recorded,
        key=last.key,
        kind=last.kind,
        params=last.params,
        occurrence=last.occurrence,
        statuses=tuple(change.status for change in changes),
        occurred_on=last.occurred_on,
        until=until,
        cause=cause,
    )


def _ended(treaty: Treaty, key: str, end: HoldEnd, recorded: Recorded) -> HoldEnded:
    return HoldEnded(treaty=treaty.id, recorded=recorded, key=key, hold=treaty.held[key].event_id, end=end)


def may_release(treaty: Treaty, key: str, by: str) -> frozenset[str]:
    """The keys that a person lets go.

    Raises:
        NothingHeld: nothing waits there.
        SecondKeyNeeded: the same key recorded what caused it.
    """
    held = treaty.held if key == EVERYTHING else {key: treaty.held[key]} if key in treaty.held else {}
    if not held:
        raise no.NothingHeld(
            "No announcement of this treaty waits." if key == EVERYTHING else f"No announcement waits about {key}.",
            way_out="What waits is listed under held at …/milestones.",
            facts={"treaty": treaty.id, "held": sorted(treaty.held)},
        )
    own = sorted(name for name, one in held.items() if one.by == by and one.by not in NOBODY_IN_PARTICULAR)
    if own:
        raise no.SecondKeyNeeded(
            f"{by} recorded what this rests on; four eyes means that another person looks.",
            way_out="Let the holder of another key release it, or wait until the time is up.",
            facts={"treaty": treaty.id, "keys": own, "until": min(held[name].until for name in own).isoformat()},
        )
    return frozenset(held)
