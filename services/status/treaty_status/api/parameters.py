"""Query parameters that several routes share."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator

from treaty_status.api.orders import FIRST_YEAR, LAST_YEAR
from treaty_status.domain.iso import IsoDate


def _in_a_treatys_lifetime(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"The year lies between {FIRST_YEAR} and {LAST_YEAR} (got: {day.year}).")
    return day


def _instant(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).replace(" ", "+"))
    except ValueError:
        raise ValueError("An instant is written like 2026-11-21T10:04:00Z.") from None
    if "T" not in str(value) or moment.tzinfo is None:
        raise ValueError("An instant has a day, an hour and a zone: 2026-11-21T10:04:00Z.")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:  # at the ends of the calendar there is no such moment in UTC
        raise ValueError(f"The year lies between {FIRST_YEAR} and {LAST_YEAR} (got: {moment.year}).")
    return moment.astimezone(UTC)


Day = Annotated[IsoDate, AfterValidator(_in_a_treatys_lifetime)]
AsOf = Annotated[
    Day | None,
    Query(
        description="The legal day, YYYY-MM-DD, at whose end the answer holds; today at the depositary if left out.",
        examples=["2025-10-25"],
    ),
]
KnownAt = Annotated[
    Annotated[datetime, BeforeValidator(_instant)] | None,
    Query(description="As this record knew it at an instant.", examples=["2026-11-21T10:04:00Z"]),
]
Lang = Annotated[
    str,
    Query(
        pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        max_length=12,
        description="Language of names and sentences; English where we have no other.",
        examples=["fr"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
Cursor = Annotated[str | None, Query(max_length=200, description="Where the page before ended; take it from `next`.")]
