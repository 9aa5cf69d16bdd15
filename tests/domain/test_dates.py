"""The arithmetic of final clauses, against days that depositaries have published.

Source of the published days: status tables and registration records of the treaties named; the clause is named beside
each table.
"""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.builders import day, later, plus, ref
from treaty_status.domain.dates import DateOutOfRange, add_months, first_of_month, resolve
from treaty_status.domain.rule import DateExpr

EXPR: TypeAdapter[Any] = TypeAdapter(DateExpr)
THREE_MONTHS_THEN_FIRST = {"op": "first_of_next_month", "of": plus(months=3)}
SIXTY_DAYS_THEN_FIRST = {"op": "first_of_next_month", "of": plus(days=60)}


def after(trigger: str | None, expr: dict[str, Any], **known: str | None) -> str | None:
    """The day that an expression names, in ISO text, counted from a trigger."""
    days = {"threshold": None if trigger is None else day(trigger)}
    days |= {name: None if text is None else day(text) for name, text in known.items()}
    found = resolve(EXPR.validate_python(expr), days, trigger="threshold")
    return None if found is None else found.isoformat()


@pytest.mark.parametrize(
    ("deposited", "days", "binds"),
    [
        ("2020-10-24", 90, "2021-01-22"),  # prohibition of nuclear weapons, art. 15
        ("2025-09-19", 120, "2026-01-17"),  # marine biodiversity (BBNJ), art. 68(1)
        ("2016-10-05", 30, "2016-11-04"),  # Paris Agreement, art. 21(1)
        ("2016-10-20", 30, "2016-11-19"),  # Paris Agreement, art. 21(3)
        ("2016-12-23", 30, "2017-01-22"),
        ("2017-02-15", 30, "2017-03-17"),
        ("2020-11-16", 30, "2020-12-16"),
        ("1989-05-19", 90, "1989-08-17"),  # Montreal Protocol, art. 16(3)
        ("1990-09-18", 90, "1990-12-17"),
        ("1999-10-08", 90, "2000-01-06"),
        ("2004-06-17", 90, "2004-09-15"),
        ("2027-04-05", 90, "2027-07-04"),  # cybercrime, art. 65(1)
        ("2019-09-06", 90, "2019-12-05"),  # Basel Convention, art. 17(5)
        ("1996-10-31", 180, "1997-04-29"),  # chemical weapons, art. XXI(1)
        ("1996-06-28", 30, "1996-07-28"),  # Part XI Agreement, art. 6(1)
    ],
)
def test_the_day_of_deposit_is_day_zero(deposited: str, days: int, binds: str) -> None:
    assert after(deposited, plus(days=days)) == binds


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("1993-11-16", 12, "1994-11-16"),  # law of the sea, art. 308(1)
        ("2012-08-20", 12, "2013-08-20"),  # maritime labour, art. VIII(3)
        ("2023-06-26", 24, "2025-06-26"),  # Hong Kong Convention, art. 17(1)
        ("2025-05-01", 3, "2025-08-01"),  # Hong Kong Convention, art. 17(3)
        ("2026-01-31", 3, "2026-04-30"),
        ("2024-01-31", 1, "2024-02-29"),  # a leap year
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("1900-01-31", 1, "1900-02-28"),  # no leap year: a century that 400 does not divide
        ("2000-01-31", 1, "2000-02-29"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-11-30", 3, "2026-02-28"),
    ],
)
def test_months_keep_the_day_number_and_stop_at_the_months_end(start: str, months: int, end: str) -> None:
    assert after(start, plus(months=months)) == end


def test_a_year_is_twelve_months_and_not_365_days() -> None:
    assert after("2027-03-01", plus(years=1)) == "2028-03-01"
    assert after("2027-03-01", plus(days=365)) == "2028-02-29"


def test_three_months_are_not_ninety_days() -> None:
    assert after("2027-01-31", plus(months=3)) == "2027-04-30"
    assert after("2027-01-31", plus(days=90)) == "2027-05-01"


def test_months_are_counted_before_days() -> None:
    assert after("2027-01-31", plus(months=1, days=1)) == "2027-03-01"


@pytest.mark.parametrize(
    ("deposited", "binds"),
    [
        ("2004-03-18", "2004-07-01"),  # Convention on Cybercrime (Budapest), art. 36(3)
        ("2006-10-12", "2007-02-01"),  # art. 36(4)
        ("2010-03-15", "2010-07-01"),
        ("2012-06-13", "2012-10-01"),
        ("2016-11-16", "2017-03-01"),
        ("2010-02-18", "2010-06-01"),  # Protocol No. 14 to the human rights convention, art. 19
        ("2010-11-30", "2011-03-01"),  # 28 February, then the first of the next month
        ("2010-03-01", "2010-07-01"),  # the sum is itself a first of a month: the next month's, by convention
    ],
)
def test_the_first_of_the_month_following_three_months(deposited: str, binds: str) -> None:
    assert after(deposited, THREE_MONTHS_THEN_FIRST) == binds


def test_the_first_of_the_month_after_the_sixtieth_day() -> None:
    assert after("2002-04-11", SIXTY_DAYS_THEN_FIRST) == "2002-07-01"  # Rome Statute, art. 126(1)


@pytest.mark.parametrize(
    ("trigger", "nth", "binds"),
    [
        ("1998-09-16", 6, "1999-03-01"),  # mine ban, art. 17(1)
        ("1998-09-01", 6, "1999-03-01"),
        ("1998-09-30", 6, "1999-03-01"),
        ("1983-09-16", 3, "1983-12-01"),  # child abduction, art. 43
        ("2024-12-31", 1, "2025-01-01"),
    ],
)
def test_the_first_of_the_nth_month_counts_from_the_month_of_the_trigger(trigger: str, nth: int, binds: str) -> None:
    assert after(trigger, {"op": "first_of_nth_month", "n": nth}) == binds


def test_whichever_is_the_later_and_the_earlier() -> None:
    both = [plus(days=180), plus(years=2, of=ref("opening"))]

    assert after("1996-10-31", later(*both), opening="1993-01-13") == "1997-04-29"  # chemical weapons, art. XXI(1)
    assert after("1994-01-01", later(*both), opening="1993-01-13") == "1995-01-13"
    assert after("1996-10-31", {"op": "earlier", "of": both}, opening="1993-01-13") == "1995-01-13"


def test_a_comparison_with_an_unknown_day_is_unknown() -> None:
    assert after("1996-10-31", later(plus(days=180), plus(years=2, of=ref("opening")))) is None
    assert after(None, plus(days=90)) is None


def test_a_day_that_the_instrument_need_not_name_is_passed_over() -> None:
    leaving = later(plus(years=1, of=ref("received")), ref("specified"))

    assert after(None, leaving, received="2019-11-04", specified=None) == "2020-11-04"
    assert after(None, leaving, received="2019-11-04", specified="2021-06-30") == "2021-06-30"
    assert after(None, leaving, received="2019-11-04", specified="2020-01-01") == "2020-11-04"


def test_a_fixed_day_stands_whatever_the_trigger() -> None:
    assert after("1988-12-16", {"op": "on", "date": "1989-01-01"}) == "1989-01-01"  # Montreal Protocol, art. 16(1)
    assert after("2017-11-17", later(plus(days=90), {"op": "on", "date": "2019-01-01"})) == "2019-01-01"  # Kigali, IV


@pytest.mark.parametrize(
    "expr",
    [
        plus(days=1),
        plus(months=1),
        plus(years=1),
        {"op": "first_of_next_month", "of": plus(days=0)},
        {"op": "first_of_nth_month", "n": 1},
    ],
)
def test_nothing_is_invented_past_the_year_9999(expr: dict[str, Any]) -> None:
    with pytest.raises(DateOutOfRange):
        after("9999-12-31", expr)


def test_the_last_day_of_the_calendar_can_be_reached() -> None:
    assert after("9999-12-30", plus(days=1)) == "9999-12-31"
    assert add_months(date(9998, 12, 31), 12) == date.max
    assert first_of_month(date(9999, 11, 30), months_later=1) == date(9999, 12, 1)
