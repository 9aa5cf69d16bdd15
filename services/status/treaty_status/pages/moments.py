"""The legal day and the instant that an address asks for."""

import re
from datetime import UTC, date, datetime
from typing import Final

from treaty_status.domain.iso import iso_date

FIRST_YEAR: Final = 1600
LAST_YEAR: Final = 2999
"""Treaties have their days between; a rule's arithmetic then stays inside the calendar."""


class NotADay(ValueError):
    """The text names no day of the calendar."""


class NotAnInstant(ValueError):
    """The text names no instant."""


class NotAPosition(ValueError):
    """The text names no position of the log."""


MOST_DIGITS: Final = 15
_CHOSEN: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
"""What a browser's field for day and hour sends."""


def day(text: str) -> date:
    """The day asked for.

    Raises:
        NotADay: not ``YYYY-MM-DD``, no such day, or in no treaty's lifetime.
    """
    try:
        found = iso_date(text)
    except ValueError as fault:
        raise NotADay(str(fault)) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise NotADay(f"The year lies between {FIRST_YEAR} and {LAST_YEAR} (got: {found.year}).")
    return found


def instant(text: str) -> datetime:
    """The instant asked for, in UTC; it has a day, an hour and a zone. A blank stands for the plus that it once was.

    Raises:
        NotAnInstant: it has not, or there is no such instant.
    """
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
        if "T" not in text or found.tzinfo is None:
            raise NotAnInstant("An instant has a day, an hour and a zone.")
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise NotAnInstant(str(fault)) from None


def chosen_instant(text: str) -> datetime:
    """The instant of a form, whose field knows no zone and says that it is UTC; else as ``instant``.

    Raises:
        NotAnInstant: there is no such instant.
    """
    return instant(f"{text}Z" if _CHOSEN.fullmatch(text) else text)


def position(text: str) -> int:
    """The position asked for.

    Raises:
        NotAPosition: not a whole number from 1 on.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS and int(text) > 0):
        raise NotAPosition("A position is a whole number from 1 on.")
    return int(text)


def written_instant(moment: datetime) -> str:
    """An instant in an address: 2026-11-21T10:04:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
