"""One row per treaty."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from treaty_status.application.views import ParticipationRow, TreatyRow
from treaty_status.domain.assessment import signature_closes_on
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.treaty import Treaty
from treaty_status.projections.counts import CountedFrom, counts_by_day


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
    counted: tuple[CountedFrom, ...],
) -> TreatyRow:
    """The row. ``spoken_on`` is the legal day on which the treaty was last spoken of: counts are of its end, and those
    of days on which they change without an act follow.
    """
    rows = list(rows)
    now, *ahead = counts_by_day(counted, rows, today=spoken_on)
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
        signatures=sum(1 for row in rows if row.signed_on is not None),
        consents=now.consents,
        counted=now.counted,
        needed=now.needed,
        counts_ahead=tuple(ahead),
        threshold_on=None if outcome is None else outcome.threshold_on,
        entry_into_force_on=None if outcome is None else outcome.entry_into_force_on,
        ended_on=None if outcome is None else outcome.ended_on,
        clause=None if outcome is None else outcome.track.clause,
        next_due_on=next_due_on,
        held_until=min((one.until for one in treaty.held.values()), default=None),
        rule_version=treaty.rule_version,
        rests_on=tuple(sorted(rests_on)),
        updated_at=recorded_at,
    )


def spoken_on(treaty: Treaty, recorded_at: datetime) -> date:
    """The legal day on which the treaty's last event was recorded; in a rehearsal, the day it has reached."""
    if not treaty.livemode and treaty.rehearsal_day is not None:
        return treaty.rehearsal_day
    return recorded_at.astimezone(ZoneInfo(treaty.details.depositary.time_zone)).date()
