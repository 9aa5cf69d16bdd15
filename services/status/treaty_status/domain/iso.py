"""Civil dates as text: ``YYYY-MM-DD`` and nothing else."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def iso_date(text: str) -> date:
    """The civil date that a text names.

    Raises:
        ValueError: not ``YYYY-MM-DD``, or no such day. Numbers, timestamps and other ISO 8601 forms are refused.
    """
    if not _ISO.fullmatch(text):
        raise ValueError(f"A date is written YYYY-MM-DD (got: {text[:40]!r}).")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"There is no such day in the calendar: {text}.") from None


def _strictly(value: Any) -> Any:
    if type(value) is date:  # a datetime is a date, too, and is not wanted here
        return value
    if isinstance(value, str):
        return iso_date(value)
    raise ValueError(f"A date is written YYYY-MM-DD, as text (got: {str(value)[:40]!r}).")


IsoDate = Annotated[date, BeforeValidator(_strictly)]
"""A date field that admits ``YYYY-MM-DD`` only; a plain date field would read ``0`` as 1970-01-01."""
