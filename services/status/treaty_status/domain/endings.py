"""The day on which a treaty ends by its own clauses: too few parties, a fixed day, or a condition that came to hold."""

from collections.abc import Iterable, Iterator
from datetime import date

from treaty_status.domain.gauges import Consent, gauge, named_day
from treaty_status.domain.rule import Condition, Count, Track, TreatyRule
from treaty_status.domain.setting import Setting

Ended = tuple[date, str | None]
"""The day, and the clause it follows from."""


def ended(
    rule: TreatyRule,
    track: Track,
    given: list[Consent],
    setting: Setting,
    *,
    threshold_on: date,
    force: date,
    as_of: date,
) -> Ended | None:
    """The first end there is after entry into force; None while nothing ends it.

    ``setting`` has the days of the treaty's story; ``given`` the consents given by the end of ``as_of``.
    """
    found = _endings(rule, track, given, setting, threshold_on, force, as_of)
    return min(found, key=lambda one: one[0], default=None)


def _endings(
    rule: TreatyRule, track: Track, given: list[Consent], setting: Setting, threshold_on: date, force: date, as_of: date
) -> Iterator[Ended]:
    if rule.below_threshold == "terminates" and (few := _too_few(rule, track, given, force, as_of)) is not None:
        yield few, track.clause if rule.ends_below is None else rule.ends_below.clause
    days = {**setting.days, "threshold": threshold_on, "eif": force}
    for ending in rule.endings:
        if ending.on is not None:
            on = named_day(ending.on, days, trigger="eif")[0]
        else:
            on = None if ending.when is None else _first_held(ending.when, given, setting, force, as_of)
        if on is not None and on >= force:
            yield on, ending.clause


def _too_few(rule: TreatyRule, track: Track, given: list[Consent], force: date, as_of: date) -> date | None:
    """The first day after entry into force on which a denunciation leaves too few."""
    least = track.when.at_least if isinstance(track.when, Count) else None
    least = least if rule.ends_below is None else rule.ends_below.parties
    if least is None:
        return None
    ends = sorted({one.until for one in given if one.until is not None and force < one.until <= as_of})
    return next((day for day in ends if _living(given, day) < least), None)


def _living(given: Iterable[Consent], day: date) -> int:
    return sum(1 for one in given if not one.held and one.on <= day and (one.until is None or day < one.until))


def _first_held(condition: Condition, given: list[Consent], setting: Setting, force: date, as_of: date) -> date | None:
    root = gauge(condition, setting)
    days = {day for one in given for day in (one.on, one.until) if day is not None and day <= as_of}
    for day in sorted({*days, force, *(day for day in root.dates() if day <= as_of)}):
        for one in given:
            if one.until == day and one.on < day:
                root.remove(one)
            if one.on == day and (one.until is None or one.until > day):
                root.add(one)
        if day >= force and root.met(day) is True:
            return day
    return None
