"""From living consents to the day the condition held: one sweep through the days on which anything changed.

The *threshold date* is the first day at whose end the whole condition holds. Evaluation is three-valued: a missing
table, population or parent makes an answer unknown and says what is missing; it never invents a date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from treaty_status.domain.dates import resolve
from treaty_status.domain.gauges import Consent, Gauge, Reading, gauge
from treaty_status.domain.participation import Life, Participation
from treaty_status.domain.rule import Each, Track, TreatyRule
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

NEVER: Final = date.max


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the worst condition was at the end of a day on which something changed."""

    on: date
    have: int
    need: int
    share: Fraction
    instruments_only: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """The day a track's condition held, and the day of entry into force that follows."""

    track: Track
    threshold_on: date
    entry_into_force_on: date | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the rule stands at the end of a legal day, and how it got there."""

    as_of: date
    crossing: Crossing | None
    met: bool | None
    track: Track
    reading: Reading
    marks: tuple[Mark, ...]
    unknown: tuple[str, ...]

    @property
    def threshold_on(self) -> date | None:
        """The first day at whose end the whole condition held."""
        return None if self.crossing is None else self.crossing.threshold_on

    @property
    def entry_into_force_on(self) -> date | None:
        """The treaty's own day of entry into force, past or to come."""
        return None if self.crossing is None else self.crossing.entry_into_force_on

    def in_force(self) -> bool:
        """Was it in force at the end of the day?"""
        return self.entry_into_force_on is not None and self.entry_into_force_on <= self.as_of


def consents(treaty: Treaty, world: World) -> list[Consent]:
    """Every consent ever given and not retracted, with the day from which it no longer counts."""
    found = []
    for own in treaty.participations.values():
        for life in own.lives:
            kind = world.kind(own.participant)
            found.append(Consent(own.participant, life.consent.event.action, life.on, life.taken_back_on, kind))
    return found


def evaluate(rule: TreatyRule, treaty: Treaty, *, world: World, as_of: date) -> Outcome:
    """Every track is followed; the one that leads into force first wins."""
    given = [consent for consent in consents(treaty, world) if consent.on <= as_of]
    days = known_days(treaty)
    runs = [_follow(track, rule, given, days, world, as_of) for track in rule.in_force]
    crossed = [run for run in runs if run.crossing is not None]
    return min(crossed, key=_first_into_force) if crossed else runs[0]


def _first_into_force(run: Outcome) -> tuple[date, date]:
    return run.entry_into_force_on or NEVER, run.threshold_on or NEVER


def known_days(treaty: Treaty) -> dict[str, date | None]:
    """The days of a treaty's story that its clauses may refer to."""
    opens = [window.opens_on for window in treaty.windows]
    return {"adoption": treaty.details.adopted_on, "opening": min(opens, default=None)}


def _follow(
    track: Track, rule: TreatyRule, given: list[Consent], days: Mapping[str, date | None], world: World, as_of: date
) -> Outcome:
    root = gauge(track.when, world, days)
    changes = _changes(given, root, as_of)
    marks: list[Mark] = []
    crossing: Crossing | None = None
    for day in sorted(changes):
        for consent in changes[day].ended:
            root.remove(consent)
        for consent in changes[day].given:
            root.add(consent)
        met = root.met(day)
        if crossing is None:
            marks.append(_mark(day, root.progress(day)))
            if met and _fits(track, day):
                crossing = Crossing(track, day, resolve(track.then, {**days, "threshold": day}, trigger="threshold"))
            elif met:
                break  # the threshold date lies outside this track's guard; the track can no longer apply
        elif not met and not rule.latch and (crossing.entry_into_force_on or NEVER) > day:
            crossing = None
            marks.append(_mark(day, root.progress(day)))
    reading = root.reading(as_of)
    return Outcome(as_of, crossing, reading.met, track, reading, tuple(marks), tuple(root.unknown()))


def _fits(track: Track, day: date) -> bool:
    not_late = track.threshold_before is None or day < track.threshold_before
    return not_late and (track.threshold_from is None or day >= track.threshold_from)


def _mark(day: date, progress: tuple[int, int, Fraction, bool]) -> Mark:
    return Mark(day, *progress)


@dataclass(slots=True)
class _Day:
    given: list[Consent]
    ended: list[Consent]


def _changes(given: Iterable[Consent], root: Gauge, as_of: date) -> dict[date, _Day]:
    changes: dict[date, _Day] = {day: _Day([], []) for day in root.dates() if day <= as_of}
    for consent in given:
        if consent.until is not None and consent.until <= consent.on:
            continue  # taken back on the day it was given: at the end of that day it was not there
        changes.setdefault(consent.on, _Day([], [])).given.append(consent)
        if consent.until is not None and consent.until <= as_of:
            changes.setdefault(consent.until, _Day([], [])).ended.append(consent)
    return changes


# ---- one participant ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Binding:
    """When one consent binds its giver, by which clause; and when a denunciation ends that."""

    life: Life
    effect_on: date | None
    clause: str | None
    leaves_on: date | None
    leaving_clause: str | None

    def binds(self, day: date) -> bool:
        """Is it bound at the end of that day?"""
        if self.effect_on is None or self.effect_on > day:
            return False
        if self.life.taken_back_on is not None and self.life.taken_back_on <= day:
            return False
        return self.leaves_on is None or self.leaves_on > day


def bindings(
    own: Participation, rule: TreatyRule, outcome: Outcome, days: Mapping[str, date | None]
) -> tuple[Binding, ...]:
    """For each life of a participant, its own day of effect and its end."""
    return tuple(_binding(life, rule, outcome, days) for life in own.lives)


def _binding(life: Life, rule: TreatyRule, outcome: Outcome, days: Mapping[str, date | None]) -> Binding:
    story = {
        **days,
        "threshold": outcome.threshold_on,
        "eif": outcome.entry_into_force_on,
        "own": life.on,
        "specified": life.consent.event.effect_date,
        "circulated": life.consent.event.circulated_on,
    }
    effect_on, clause = _effect(life, rule, story)
    leaves_on, leaving_clause = _leaving(life, rule, story)
    return Binding(life, effect_on, clause, leaves_on, leaving_clause)


def _effect(life: Life, rule: TreatyRule, story: Mapping[str, date | None]) -> tuple[date | None, str | None]:
    each = next((each for each in rule.for_each if _applies(each, life, story)), None)
    if each is None or story["eif"] is None:
        return None, None if each is None else each.clause
    day = resolve(each.then, story, trigger="own")
    if day is None:
        return None, each.clause
    if rule.floor_each_at_eif:
        day = max(day, story["eif"])
    specified = story["specified"]
    return (day if specified is None else max(day, specified)), each.clause


def _applies(each: Each, life: Life, story: Mapping[str, date | None]) -> bool:
    if each.modes is not None and life.consent.event.action not in each.modes:
        return False
    threshold, eif = story["threshold"], story["eif"]
    match each.own:
        case None:
            return True
        case "by_threshold":
            return threshold is not None and life.on <= threshold
        case "before_eif":
            return eif is not None and life.on < eif
        case "from_eif":
            return eif is not None and life.on >= eif


def _leaving(life: Life, rule: TreatyRule, story: Mapping[str, date | None]) -> tuple[date | None, str | None]:
    notice = life.standing_notice
    if notice is None or not rule.leaving:
        return None, None
    clause = rule.leaving[0]
    received = {**story, "received": notice.notified.event.act_date, "specified": notice.notified.event.effect_date}
    return resolve(clause.takes_effect, received, trigger="received"), clause.clause


def withdrawal_effect(
    notified_on: date, specified: date | None, rule: TreatyRule, days: Mapping[str, date | None]
) -> date | None:
    """The day on which a denunciation received on a day takes effect."""
    if not rule.leaving:
        return None
    story = {**days, "received": notified_on, "specified": specified}
    return resolve(rule.leaving[0].takes_effect, story, trigger="received")
