"""Where one treaty stands in the projection, and what its rows have to change to when events arrive."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from treaty_events import (
    ClaimRecorded,
    DeclarationMade,
    Fact,
    HistorySettled,
    HoldEnded,
    ImportFinished,
    MilestoneAnnounced,
    MilestoneHeld,
    MilestonesSettled,
    ProvisionallyApplied,
    RehearsalClosed,
    RehearsalDayReached,
    ReservationMade,
    Signed,
    TerritorialApplicationDeclared,
)
from treaty_status.application.views import ParticipationRow, TreatyRow
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.evaluation import Binding, Outcome, bindings, known_days
from treaty_status.domain.gauges import Reading
from treaty_status.domain.participation import Participation
from treaty_status.domain.treaty import State, Treaty
from treaty_status.domain.world import Periods, World
from treaty_status.projections.changes import Changes
from treaty_status.projections.counts import CountedFrom, counted_by_day
from treaty_status.projections.milestones import Days, milestone_row, participant_days, treaty_days
from treaty_status.projections.participation import participation_row
from treaty_status.projections.status import spoken_on, treaty_row

QUIET: frozenset[type[Fact]] = frozenset(
    {
        Fact,  # stands for an event of a newer version, which says nothing
        Signed,
        ReservationMade,
        DeclarationMade,
        ProvisionallyApplied,
        TerritorialApplicationDeclared,
        ClaimRecorded,
        MilestoneAnnounced,
        MilestonesSettled,
        ImportFinished,
        HistorySettled,
        RehearsalDayReached,
        RehearsalClosed,
        MilestoneHeld,
        HoldEnded,
    }
)
"""Facts that no rule looks at: the condition reads the same after them. (Objections may block, so rules do.)"""


@dataclass(frozen=True, slots=True)
class Told:
    """A stream folded up to its last event that was read: its log position, and the instant it was recorded."""

    state: State
    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Basis:
    """What the rows of all participants rest on beside their own acts."""

    rule_version: int
    threshold_on: date | None
    entry_into_force_on: date | None
    known: tuple[date | None, ...]
    elsewhere: Mapping[str, date | None]
    parent: Periods | None


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Where a rule stands whatever day it is, what is counted from day to day, and the treaties that this rests on."""

    outcome: Outcome | None
    counted: tuple[CountedFrom, ...]
    rests_on: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """A treaty's rows as they were last written, and what they were worked out from."""

    told: Told
    treaty: Treaty
    evaluated: Evaluated
    basis: Basis
    rows: dict[str, ParticipationRow] = field(default_factory=dict)
    own_days: Days = ()
    participants_days: dict[str, Days] = field(default_factory=dict)


def evaluated(treaty: Treaty, world: World, *, recorded_at: datetime, asked: Set[str]) -> Evaluated:
    """Where the rule stands, without the reasons, which fill memory.

    ``asked`` gathers the treaties that the world is asked about.
    """
    outcome = outcome_of(treaty, world=world, as_of=date.max)
    counted = counted_by_day(treaty, outcome, world, after=spoken_on(treaty, recorded_at))
    if outcome is not None:
        outcome = replace(outcome, reading=_bare(outcome.reading), turns=())
    return Evaluated(outcome, counted, frozenset(asked - {treaty.id}))


def _bare(reading: Reading) -> Reading:
    parts = tuple(_bare(part) for part in reading.parts)
    return Reading(op=reading.op, met=reading.met, have=reading.have, need=reading.need, parts=parts)


def standing(
    told: Told, treaty: Treaty, before: Standing | None, found: Evaluated, world: World
) -> tuple[Standing, Changes]:
    """The rows of a treaty, and how they differ from those before; without any before, they replace all there is.

    ``found`` is that of ``evaluated``, or the one before where nothing moved it.
    """
    outcome = found.outcome
    day = spoken_on(treaty, told.recorded_at)
    basis = _basis(treaty, outcome)
    afresh = before is None or before.basis != basis
    rows, days, changes = _participants(treaty, None if afresh else before, outcome, day)
    changes.gone = [] if before is None else [(treaty.id, name) for name in before.rows if name not in rows]
    if before is None:
        changes.replaced.add(treaty.id)
    else:
        changes.participations = [row for row in changes.participations if before.rows.get(row.participant) != row]
    said = {} if before is None else before.treaty.announced
    changes.milestones = [
        milestone_row(treaty.id, key, one) for key, one in treaty.announced.items() if said.get(key) is not one
    ]
    own_days = _own_days(treaty, before, outcome, day, world)
    now = Standing(told, treaty, found, basis, rows, own_days, days)
    changes.treaties.append(_row(now, day))
    return now, changes


def _basis(treaty: Treaty, outcome: Outcome | None) -> Basis:
    return Basis(
        treaty.rule_version,
        None if outcome is None else outcome.threshold_on,
        None if outcome is None else outcome.entry_into_force_on,
        tuple(known_days(treaty).values()),
        {} if outcome is None else outcome.elsewhere,
        None if outcome is None else outcome.parent,
    )


def _participants(
    treaty: Treaty, before: Standing | None, outcome: Outcome | None, day: date
) -> tuple[dict[str, ParticipationRow], dict[str, Days], Changes]:
    rows = {} if before is None else dict(before.rows)
    days = {} if before is None else dict(before.participants_days)
    seen: dict[str, Participation] = {} if before is None else before.treaty.participations
    changes = Changes()
    known = known_days(treaty)
    for name, own in treaty.participations.items():
        if seen.get(name) is own:
            continue
        bound = _bound(treaty, own, outcome, known)
        row = participation_row(treaty.id, own, bound)
        rows.pop(name, None)
        days.pop(name, None)
        if row is not None:
            rows[name] = row
            changes.participations.append(row)
        if ahead := participant_days(treaty, own, outcome, bound, after=day):
            days[name] = ahead
    return rows, days, changes


def _bound(
    treaty: Treaty, own: Participation, outcome: Outcome | None, known: Mapping[str, date | None]
) -> tuple[Binding, ...]:
    if treaty.rule is None or outcome is None or not own.lives:
        return ()
    return bindings(own, treaty.rule, outcome, known)


def _own_days(treaty: Treaty, before: Standing | None, outcome: Outcome | None, day: date, world: World) -> Days:
    if (
        before is not None
        and _same_beside(before.treaty, treaty)
        and _reads_alike(before.evaluated.outcome, outcome, day)
    ):
        return before.own_days
    return treaty_days(treaty, outcome, world, after=day)


def _same_beside(before: Treaty, now: Treaty) -> bool:
    """Do the windows and the statements, whose days come without any act, stand as they did?"""
    return before.windows is now.windows and before.claims is now.claims


def _reads_alike(before: Outcome | None, now: Outcome | None, day: date) -> bool:
    """Do both lead to the same days to come? Days past, on which acts brought the condition nearer, may differ."""
    if before is now or before is None or now is None:
        return before is now
    past = all(not one.marks or one.marks[-1].on <= day for one in (before, now))
    return past and before.crossing == now.crossing and before.lost == now.lost


def _row(found: Standing, day: date) -> TreatyRow:
    ahead = [due for due in found.own_days if due > day]
    ahead += [due for days in found.participants_days.values() for due in days if due > day]
    return treaty_row(
        found.treaty,
        found.evaluated.outcome,
        found.rows.values(),
        position=found.told.position,
        recorded_at=found.told.recorded_at,
        spoken_on=day,
        next_due_on=None if found.treaty.closed else min(ahead, default=None),
        rests_on=found.evaluated.rests_on,
        counted=found.evaluated.counted,
    )
