"""Numbers that others give, held against the number of the day they speak of.

A statement of a day may have been made in its morning: what stood at the end of the day before is admitted as well. A
month or a year is contradicted only if no day of it makes the number right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from treaty_events import Bound, ClaimRecorded, ClaimVerdict, Tier
from treaty_status.domain.claim_days import said_on
from treaty_status.domain.ledger import STATES, Family, Ledger, Series
from treaty_status.domain.partial_dates import Span, span
from treaty_status.domain.treaty import Claim
from treaty_status.domain.verdicts import Grounds, Verdict

FAMILY_OF: Final[dict[str, Family]] = {
    "signatures": "signature",
    "signatures_by_states": "signature",
    "signatures_on_day": "signature",
    "consents": "consent",
}
"""What a number is of, by what a statement is about."""
MOST_EVENTS: Final = 10
"""Single events named under a verdict; more are told by their number and the address of the table."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A claimed number, and the days it may speak of."""

    event: ClaimRecorded
    ledger: Ledger
    family: Family
    among: str | None
    value: int
    days: Span
    series: Series

    @property
    def of_days(self) -> bool:
        """Is it how many signed on these days, and not how many had by then?"""
        return self.event.about == "signatures_on_day"

    @property
    def only_grows(self) -> bool:
        """Does more than was counted make it right all the more?"""
        return self.event.bound in {Bound.AT_LEAST, Bound.MORE_THAN}

    @property
    def last(self) -> date:
        """The last day it may speak of, as far as the facts go."""
        return min(self.days.last, self.ledger.as_of)

    def at(self, day: date, series: Series | None = None) -> int:
        """The record's number for it at the end of a day."""
        counted = self.series if series is None else series
        return counted.within(self.days.first, day) if self.of_days else counted.at(day)

    def fits(self, have: int) -> bool:
        """Is that what was claimed?"""
        return fits(have, self.value, self.event.bound)

    def candidates(self) -> list[date]:
        """The days at whose end the number may have been what was meant."""
        if self.of_days:
            return [self.last]
        opening = () if self.event.measured_on is not None else (_day_before(self.days.first),)
        return [*opening, *self.series.turning_in(self.days.first, self.last), self.last]


def fits(have: int, value: int, bound: Bound | None) -> bool:
    """Is a number what was claimed? A round figure is right within a twentieth."""
    match bound:
        case None | Bound.EXACTLY:
            return have == value
        case Bound.ABOUT:
            return abs(have - value) <= max(1, value // 20)
        case Bound.AT_LEAST:
            return have >= value
        case Bound.AT_MOST:
            return have <= value
        case Bound.MORE_THAN:
            return have > value
        case Bound.FEWER_THAN:
            return have < value


def judge_number(claim: Claim, ledger: Ledger) -> Verdict:
    """What the record says to a claimed number of signatures or consents."""
    event = claim.event
    family = FAMILY_OF[event.about]
    among = STATES if event.about == "signatures_by_states" and event.among is None else event.among
    speaks_of = event.act_date if event.about == "signatures_on_day" else event.measured_on
    days = span(speaks_of) or said_on(claim)
    if days is None or event.value is None:
        return _not_shown(ledger, family, "not_structured", event.value)
    if days.first > ledger.as_of:
        return _not_shown(ledger, family, "not_yet", event.value)
    series = ledger.series(family, among, on=min(days.last, ledger.as_of))
    if series is None:
        return _not_shown(ledger, family, "population_unknown", event.value)
    return _judged(_Question(event, ledger, family, among, event.value, days, series))


def _judged(asked: _Question) -> Verdict:
    unread = asked.ledger.unread(asked.family)
    candidates = asked.candidates()
    known = [day for day in candidates if unread is None or not unread.holds(day)]
    days = candidates if asked.only_grows else known
    right = [day for day in days if asked.fits(asked.at(day)) and _besides_stand(asked, day)]
    if right:
        return _right(asked, right)
    if asked.days.last > asked.ledger.as_of:
        return _verdict(asked, ClaimVerdict.NOT_SHOWN, because="not_yet")
    if known and (mixed_up := _mixed_up(asked, known)) is not None:
        return mixed_up
    if unread is not None and unread.holds(asked.last) and _may_have_grown_to(asked):
        beyond = _verdict(asked, ClaimVerdict.NOT_SHOWN, because="beyond_the_record")
        return replace(beyond, read_until=_day_before(unread.first))
    if asked.event.tier is Tier.OFFICIAL_DEPOSITARY:
        return _verdict(asked, ClaimVerdict.RECORD_DIFFERS)
    return _wrong(asked)


def _may_have_grown_to(asked: _Question) -> bool:
    """Of days that nobody read the number can only have grown: less than it was before is wrong all the same."""
    have, value = asked.at(asked.last), asked.value
    match asked.event.bound:
        case Bound.AT_MOST | Bound.FEWER_THAN:
            return asked.fits(have)
        case Bound.ABOUT:
            return value + max(1, value // 20) >= have
        case _:
            return value >= have


# ---- right -----------------------------------------------------------------------------------------------------------
def _right(asked: _Question, days: list[date]) -> Verdict:
    event = asked.event
    stands = event.measured_on is not None or asked.of_days or asked.fits(asked.at(asked.ledger.as_of))
    if event.bound not in {None, Bound.EXACTLY}:
        kind = ClaimVerdict.APPROXIMATE
    else:
        kind = ClaimVerdict.RIGHT if stands else ClaimVerdict.RIGHT_AT_ITS_TIME
    first, until = _run(asked, days[-1])
    return _verdict(asked, kind, on=days[-1], right_from=first, right_until=until)


def _run(asked: _Question, day: date) -> tuple[date | None, date | None]:
    """The first and the last day of the stretch around a day at whose ends the number was right; None: until today."""
    if asked.of_days:
        return None, None
    turning = asked.series.turning
    first = max((one for one in turning if one <= day), default=None)
    after = min((one for one in turning if one > day), default=None)
    return first, None if after is None else _day_before(after)


def _besides_stand(asked: _Question, day: date) -> bool:
    """Those said to come on top had to be there, and are not to be among those counted."""
    if not asked.event.besides:
        return True
    there = {one.participant for one in asked.ledger.everyone(asked.family).standing(day)}
    counted = {one.participant for one in asked.series.standing(day)}
    return all(one in there and one not in counted for one in asked.event.besides)


# ---- one thing taken for another -------------------------------------------------------------------------------------
def _mixed_up(asked: _Question, days: Iterable[date]) -> Verdict | None:
    for day in reversed(list(days)):
        found = _population_mixed_up(asked, day) or _signature_for_ratification(asked, day)
        if found is not None:
            return found
    return None


def _population_mixed_up(asked: _Question, day: date) -> Verdict | None:
    """The number is that of everyone, and was told of some."""
    if asked.among is None:
        return None
    everyone = asked.ledger.everyone(asked.family)
    if asked.fits(asked.at(day, everyone)):
        counted = {one.participant for one in asked.series.standing(day)}
        odd = [one for one in everyone.standing(day) if one.participant not in counted]
        if asked.event.besides:
            kind = ClaimVerdict.DOUBLE_COUNTS_THE_ORGANISATION
        elif asked.among == STATES:
            kind = ClaimVerdict.COUNTS_THE_ORGANISATION_AS_A_STATE
        else:
            kind = ClaimVerdict.WRONG_POPULATION
        return _verdict(asked, kind, on=day, event_ids=tuple(one.act.event_id for one in odd))
    states = asked.ledger.series(asked.family, STATES)
    if asked.among != STATES and states is not None and asked.fits(asked.at(day, states)):
        counted = {one.participant for one in asked.series.standing(day)}
        odd = [one for one in states.standing(day) if one.participant not in counted]
        return _verdict(asked, ClaimVerdict.WRONG_POPULATION, on=day, event_ids=tuple(one.act.event_id for one in odd))
    return None


def _signature_for_ratification(asked: _Question, day: date) -> Verdict | None:
    """So many had signed; none of them need have ratified."""
    if asked.family != "consent":
        return None
    for among in dict.fromkeys((asked.among, STATES, None)):
        signed = asked.ledger.series("signature", among, on=day)
        number = 0 if signed is None else signed.at(day)
        if number and asked.fits(number) and number <= asked.value + 1 + asked.value // 10:
            odd = among is None and asked.among == STATES
            also = (ClaimVerdict.COUNTS_THE_ORGANISATION_AS_A_STATE,) if odd else ()
            grounds = Grounds(rows="signatures", on=day, count=number, among=among)
            kind = ClaimVerdict.CONFUSES_SIGNATURE_WITH_RATIFICATION
            return Verdict(
                kind=kind, grounds=grounds, on=day, have=asked.at(day), claimed=asked.value, also=also, true_on=day
            )
    return None


# ---- wrong -----------------------------------------------------------------------------------------------------------
def _wrong(asked: _Question) -> Verdict:
    if asked.of_days:
        return _verdict(asked, ClaimVerdict.WRONG_COUNT)
    ever = [day for day in asked.series.turning if asked.fits(asked.at(day))]
    first, until = _run(asked, ever[0]) if ever else (None, None)
    return _verdict(
        asked, ClaimVerdict.WRONG_COUNT, right_from=first, right_until=until, passed_on=None if ever else _passed(asked)
    )


def _passed(asked: _Question) -> date | None:
    """The day in whose course the number went past what was claimed; the record keeps no hours."""
    if asked.event.bound not in {None, Bound.EXACTLY}:
        return None
    below = 0
    for day in asked.series.turning:
        now = asked.at(day)
        if below < asked.value < now:
            return day
        below = now
    return None


def _verdict(
    asked: _Question,
    kind: ClaimVerdict,
    *,
    on: date | None = None,
    right_from: date | None = None,
    right_until: date | None = None,
    passed_on: date | None = None,
    because: str | None = None,
    event_ids: tuple[str, ...] = (),
) -> Verdict:
    day = on or asked.last
    have = asked.at(day)
    rows = "signatures" if asked.family == "signature" else "consents"
    few = event_ids if len(event_ids) <= MOST_EVENTS else ()
    return Verdict(
        kind=kind,
        grounds=Grounds(rows=rows, on=day, count=have, among=asked.among, event_ids=few),
        on=day,
        have=have,
        claimed=asked.value,
        right_from=right_from,
        right_until=right_until,
        passed_on=passed_on,
        because=because,
    )


def _not_shown(ledger: Ledger, family: Family, because: str, claimed: int | None) -> Verdict:
    have = ledger.everyone(family).at(ledger.as_of)
    rows = "signatures" if family == "signature" else "consents"
    return Verdict(
        kind=ClaimVerdict.NOT_SHOWN,
        grounds=Grounds(rows=rows, on=ledger.as_of, count=have),
        on=ledger.as_of,
        have=have,
        claimed=claimed,
        because=because,
    )


def _day_before(day: date) -> date:
    return day - timedelta(days=1) if day > date.min else day
