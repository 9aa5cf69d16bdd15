"""Days, months and years as statements name them: a span of legal days."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Span:
    """From a first to a last legal day; both belong to it."""

    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Is the day one of them?"""
        return self.first <= day <= self.last

    def meets(self, other: "Span") -> bool:
        """Do they share a day?"""
        return self.first <= other.last and other.first <= self.last


@lru_cache(maxsize=16_384)
def span(text: str | None) -> Span | None:
    """The days that ``2025``, ``2025-10`` or ``2025-10-25`` may mean; None where it means none."""
    try:
        match [int(part) for part in (text or "").split("-")]:
            case [year]:
                return Span(date(year, 1, 1), date(year, 12, 31))
            case [year, month]:
                return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
            case [year, month, day]:
                return Span(date(year, month, day), date(year, month, day))
            case _:
                return None
    except ValueError:
        return None
