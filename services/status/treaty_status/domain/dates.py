"""The arithmetic of final clauses: civil dates, the day of the act is day zero.

Source: for each form, a clause that uses it, such as UNCAC art. 68(1) (days after), UNCLOS art. 308(1) (months after),
Budapest Convention art. 36(3) (first of the month following), Mine Ban Convention art. 17(1) (first of the nth month).
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import assert_never

from treaty_status.domain.rule import (
    DateExpr,
    Earlier,
    EndOfPeriod,
    FirstOfNextMonth,
    FirstOfNthMonth,
    InForceOf,
    Later,
    NextDayOfYear,
    On,
    Plus,
    Ref,
)

TREATY = "treaty:"
"""Before a treaty's id: the name, among the days, of the day on which that treaty entered into force."""
OPTIONAL_REFS = frozenset({"specified"})
"""Days that need not exist: beside others in a comparison they are passed over when absent."""


class DateOutOfRange(ValueError):
    """Raised when an expression leads past the year 9999."""


def add_months(day: date, months: int) -> date:
    """The same day number so many months later, clamped to the month's end."""
    years, month0 = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        raise DateOutOfRange(f"{months} months after {day} lies past the year 9999.")
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def first_of_month(day: date, *, months_later: int) -> date:
    """The first day of the month so many months after the month of a day."""
    return add_months(day.replace(day=1), months_later)


def resolve(expr: DateExpr, days: Mapping[str, date | None], *, trigger: str) -> date | None:
    """The day that an expression names, or None while a day it needs is not known.

    ``days`` holds the days by their reference name; ``trigger`` is the one meant where the expression names none.

    Raises:
        DateOutOfRange: the day lies past the year 9999.
    """
    match expr:
        case Ref(name=name):
            return days.get(name)
        case On(date=day):
            return day
        case InForceOf(treaty=treaty):
            return days.get(f"{TREATY}{treaty}")
        case Plus(of=of):
            start = days.get(trigger) if of is None else resolve(of, days, trigger=trigger)
            return None if start is None else _plus(start, expr)
        case FirstOfNextMonth(of=of, from_a_first=convention):
            start = resolve(of, days, trigger=trigger)
            if start is None or (start.day == 1 and convention == "that_day"):
                return start
            return first_of_month(start, months_later=1)
        case FirstOfNthMonth(n=n, of=of):
            start = days.get(trigger) if of is None else resolve(of, days, trigger=trigger)
            return None if start is None else first_of_month(start, months_later=n)
        case NextDayOfYear(of=of):
            start = days.get(trigger) if of is None else resolve(of, days, trigger=trigger)
            return None if start is None else _next_day_of_year(start, expr)
        case EndOfPeriod(since=since, of=of):
            start = days.get(trigger) if of is None else resolve(of, days, trigger=trigger)
            first = resolve(since, days, trigger=trigger)
            return None if start is None or first is None else _end_of_period(start, first, expr)
        case Later(of=parts):
            return _extreme(parts, days, trigger, latest=True)
        case Earlier(of=parts):
            return _extreme(parts, days, trigger, latest=False)
        case _:
            assert_never(expr)


def missing_days(expr: DateExpr, days: Mapping[str, date | None], *, trigger: str) -> list[str]:
    """The reference names of the days that an expression needs and nobody knows."""
    match expr:
        case Ref(name=name):
            return [] if days.get(name) is not None or name in OPTIONAL_REFS else [name]
        case On():
            return []
        case InForceOf(treaty=treaty):
            return [] if days.get(f"{TREATY}{treaty}") is not None else [f"{TREATY}{treaty}"]
        case Plus(of=None) | FirstOfNthMonth(of=None) | NextDayOfYear(of=None):
            return [] if days.get(trigger) is not None else [trigger]
        case EndOfPeriod(since=since, of=of):
            start = Ref(op="ref", name=trigger) if of is None else of  # type: ignore[arg-type]  # triggers are RefNames
            return [name for part in (start, since) for name in missing_days(part, days, trigger=trigger)]
        case Plus(of=of) | FirstOfNthMonth(of=of) | NextDayOfYear(of=of) | FirstOfNextMonth(of=of):
            return [] if of is None else missing_days(of, days, trigger=trigger)
        case Later(of=parts) | Earlier(of=parts):
            return [name for part in parts for name in missing_days(part, days, trigger=trigger)]
        case _:
            assert_never(expr)


def _plus(start: date, expr: Plus) -> date:
    moved = add_months(start, expr.months + 12 * expr.years)
    days = expr.days + (expr.reckoned == "day_after_expiry")
    try:
        return moved + timedelta(days=days)
    except OverflowError:
        raise DateOutOfRange(f"{days} days after {moved} lies past the year 9999.") from None


def _next_day_of_year(start: date, expr: NextDayOfYear) -> date:
    this_year = start.replace(month=expr.month, day=expr.day)
    if this_year > start or (this_year == start and expr.from_that_day == "that_day"):
        return this_year
    if start.year == date.max.year:
        raise DateOutOfRange(f"The next such day after {start} lies past the year 9999.")
    return this_year.replace(year=start.year + 1)


def _end_of_period(notice: date, first: date, expr: EndOfPeriod) -> date:
    """The first end of a period that lies far enough after the notice."""
    earliest = add_months(notice, expr.notice_months)
    periods = max(1, (earliest.year - first.year) // expr.years)
    while (end := add_months(first, 12 * expr.years * periods)) < earliest:
        periods += 1
    return end


def _extreme(
    parts: tuple[DateExpr, ...], days: Mapping[str, date | None], trigger: str, *, latest: bool
) -> date | None:
    known = []
    for part in parts:
        day = resolve(part, days, trigger=trigger)
        if day is not None:
            known.append(day)
        elif not (isinstance(part, Ref) and part.name in OPTIONAL_REFS):
            return None
    if not known:
        return None
    return max(known) if latest else min(known)
