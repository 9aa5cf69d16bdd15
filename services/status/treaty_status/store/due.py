"""Which of the days that rows name have come at their depositaries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from treaty_status.application.views import Due


def due_of(rows: Iterable[tuple[Any, ...]], now: datetime) -> list[Due]:
    """Of (treaty, version, due day, zone), those whose day has come there."""
    found = []
    for treaty, version, on, zone in rows:
        today = now.astimezone(ZoneInfo(zone)).date()
        if on <= today:
            found.append(Due(treaty=treaty, version=version, on=on, today=today, time_zone=zone))
    return found
