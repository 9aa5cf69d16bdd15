"""Which of the days that rows name have come at their depositaries, and what has waited long enough."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from treaty_status.application.views import Due


def due_of(rows: Iterable[tuple[Any, ...]], now: datetime) -> list[Due]:
    """Of (treaty, version, due day, zone, held until), those whose day or instant has come."""
    found = []
    for treaty, version, on, zone, held_until in rows:
        today = now.astimezone(ZoneInfo(zone)).date()
        waited = held_until is not None and held_until <= now
        if waited or (on is not None and on <= today):
            day = today if on is None else on
            found.append(Due(treaty=treaty, version=version, on=day, today=today, time_zone=zone, waited=waited))
    return found
