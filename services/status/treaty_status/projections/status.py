"""One row per treaty."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from treaty_status.application.views import ParticipationRow, TreatyRow
from treaty_status.domain.assessment import signature_closes_on
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.gauges import Reading
from treaty_status.domain.treaty import Treaty

COUNTING = frozenset({"count", "fraction", "everyone"})


def treaty_row(
    treaty: Treaty,
    outcome: Outcome | None,
    rows: Iterable[ParticipationRow],
    *,
    position: int,
    recorded_at: datetime,
    spoken_on: date,
    next_due_on: date | None,
    rests_on: Iterable[str],
) -> TreatyRow:
    """The row. ``spoken_on`` is the legal day on which the treaty was last spoken of: counts are of its end.

    A day on which a count changes without an act is a due day, so an event follows it and the row with it.
    """
    signatures, consents = _counts(rows, spoken_on)
    counted, needed = _progress(outcome)
    details = treaty.details
    return TreatyRow(
        id=treaty.id,
        rehearsal_of=treaty.rehearsal_of,
        rehearsal_day=treaty.rehearsal_day,
        closed=treaty.closed,
        version=treaty.version,
        position=position,
        titles=details.titles,
        short_titles=details.short_titles or {},
        adopted_on=details.adopted_on,
        depositary=details.depositary.id,
        time_zone=details.depositary.time_zone,
        signature_opens_on=min((window.opens_on for window in treaty.windows), default=None),
        signature_closes_on=signature_closes_on(treaty),
        signatures=signatures,
        consents=consents,
        counted=counted,
        needed=needed,
        threshold_on=None if outcome is None else outcome.threshold_on,
        entry_into_force_on=None if outcome is None else outcome.entry_into_force_on,
        ended_on=None if outcome is None else outcome.ended_on,
        clause=None if outcome is None else outcome.track.clause,
        next_due_on=next_due_on,
        rule_version=treaty.rule_version,
        rests_on=tuple(sorted(rests_on)),
        updated_at=recorded_at,
    )


def spoken_on(treaty: Treaty, recorded_at: datetime) -> date:
    """The legal day on which the treaty's last event was recorded; in a rehearsal, the day it has reached."""
    if not treaty.livemode and treaty.rehearsal_day is not None:
        return treaty.rehearsal_day
    return recorded_at.astimezone(ZoneInfo(treaty.details.depositary.time_zone)).date()


def _counts(rows: Iterable[ParticipationRow], day: date) -> tuple[int, int]:
    signatures = consents = 0
    for row in rows:
        if row.signed_on is not None:
            signatures += 1
        if row.consent_on is not None and row.status(day) in {"party", "contracting"}:
            consents += 1
    return signatures, consents


def _progress(outcome: Outcome | None) -> tuple[int | None, int | None]:
    if outcome is None:
        return None, None
    leaf = _leaf(outcome.reading)
    exact = isinstance(leaf.have, int) and isinstance(leaf.need, int)
    return (int(leaf.have or 0), int(leaf.need or 0)) if exact else (None, None)


def _leaf(reading: Reading) -> Reading:
    """The first part of the condition that counts instruments; the whole where none does."""
    nodes = [reading, *(_leaf(part) for part in reading.parts)]
    return next((node for node in nodes if node.op in COUNTING), nodes[0])
