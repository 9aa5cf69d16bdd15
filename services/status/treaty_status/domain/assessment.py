"""The milestones that hold: every line that the facts cross, with its legal day, and the day it was crossed back.

A milestone in the future is one that will be reached without any further act: the clock brings it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from treaty_events import Consequence, Kind, Progress
from treaty_status.domain.after_force import after_force_lines
from treaty_status.domain.contradictions import contradiction_lines
from treaty_status.domain.evaluation import (
    Binding,
    Crossing,
    Mark,
    Outcome,
    Who,
    bindings,
    evaluate,
    known_days,
)
from treaty_status.domain.gatherings import group_lines
from treaty_status.domain.lines import Lines, Milestone
from treaty_status.domain.participation import Life, Participation
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

SIGNATURE_COUNTS: Final = (10, 25, 50, 100)
CONSENT_PERCENTS: Final = (25, 50, 75, 90)
CONSENTS_REMAINING: Final = (10, 5, 3, 2, 1)
CLOSING_NOTICE_DAYS: Final = (90, 30, 7, 1)
COUNTDOWN_DAYS: Final = (60, 30, 7, 1)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What holds at the end of a legal day. ``outcome`` is None while the treaty has no rule."""

    as_of: date
    outcome: Outcome | None
    milestones: dict[str, Milestone]


def assess(treaty: Treaty, *, world: World, as_of: date) -> Assessment:
    """Everything that the facts say, of the treaty and of every participant."""
    outcome = outcome_of(treaty, world=world, as_of=as_of)
    found = [*treaty_milestones(treaty, outcome, world)]
    for own in treaty.participations.values():
        found.extend(participant_milestones(treaty, own, outcome))
    found.extend(contradiction_lines(treaty, outcome, world, as_of=as_of))
    return Assessment(as_of, outcome, {milestone.key: milestone for milestone in found})


def outcome_of(treaty: Treaty, *, world: World, as_of: date) -> Outcome | None:
    """Where the rule stands, if there is one."""
    return None if treaty.rule is None else evaluate(treaty.rule, treaty, world=world, as_of=as_of)


# ---- the treaty ------------------------------------------------------------------------------------------------------
def treaty_milestones(treaty: Treaty, outcome: Outcome | None, world: World) -> Iterator[Milestone]:
    """Lines that belong to the treaty as a whole."""
    lines = Lines(treaty)
    yield from _signature_window(treaty, lines)
    yield from _signatures(treaty, lines)
    yield from _first_consent(treaty, lines)
    if outcome is not None and treaty.rule is not None:
        yield from _approach(outcome, lines)
        yield from _crossings(outcome, lines)
        yield from after_force_lines(treaty, treaty.rule, outcome, world)
    yield from group_lines(treaty, outcome, world)


def treaty_lines_ahead(
    treaty: Treaty, outcome: Outcome | None, world: World, *, after: date, ahead: Collection[Participation] = ()
) -> Iterator[Milestone]:
    """Those of the treaty's lines that may lie past a day; ``ahead`` are the participants with own days past it.

    Lines that only acts can cross lie at acts' days, which are past: they are left out of the search unless the
    condition itself moves with the calendar, or an instrument that was deferred is still to count.
    """
    moves = outcome is not None and any(mark.on > after for mark in outcome.marks)
    if moves or any(life.counts_from > after for own in ahead if not own.plain_consent for life in own.lives):
        yield from treaty_milestones(treaty, outcome, world)
        return
    lines = Lines(treaty)
    yield from _signature_window(treaty, lines)
    if outcome is not None and treaty.rule is not None:
        if any(day is not None and day > after for one in _all_crossings(outcome) for day in _days_of(one)):
            yield from _crossings(outcome, lines)
        whose = treaty if ahead else replace(treaty, participations={})
        yield from after_force_lines(whose, treaty.rule, outcome, world)


def _signature_window(treaty: Treaty, lines: Lines) -> Iterator[Milestone]:
    if not treaty.windows:
        return
    yield lines.line(Kind.SIGNATURE_OPENING, "all", min(window.opens_on for window in treaty.windows))
    closes_on = signature_closes_on(treaty)
    if closes_on is not None:
        for days in CLOSING_NOTICE_DAYS:
            day = earlier(closes_on, days=days)
            yield lines.line(Kind.SIGNATURE_CLOSING_SOON, str(days), day, overtaken_on=closes_on)
        if closes_on < date.max:
            yield lines.line(Kind.SIGNATURE_CLOSING, "all", closes_on, due_on=closes_on + timedelta(days=1))


def earlier(day: date, *, days: int) -> date:
    """So many days before, or the first day of the calendar."""
    return date.fromordinal(max(1, day.toordinal() - days))


def signature_closes_on(treaty: Treaty) -> date | None:
    """The last day of the last window; None when one stays open."""
    closing = [window.closes_on for window in treaty.windows]
    return None if not closing or None in closing else max(day for day in closing if day is not None)


def _signatures(treaty: Treaty, lines: Lines) -> Iterator[Milestone]:
    by_day = _by_day(
        (own.signature.event.act_date, own.participant, own.signature.event.action.value)
        for own in treaty.participations.values()
        if own.signature is not None
    )
    total = 0
    for day, who in by_day:
        if not total:
            yield lines.line(Kind.SIGNATURE_FIRST, "all", day, attributed=who)
        for level in SIGNATURE_COUNTS:
            if total < level <= total + len(who):
                progress = Progress(have=total + len(who), need=level)
                yield lines.line(Kind.SIGNATURE_COUNT, str(level), day, attributed=who, progress=progress)
        total += len(who)


def _first_consent(treaty: Treaty, lines: Lines) -> Iterator[Milestone]:
    given = [(life.on, life.consent.event) for own in treaty.participations.values() for life in own.lives[:1]]
    if given:
        first = min(day for day, _ in given)
        who = frozenset((act.participant, act.action.value) for day, act in given if day == first)
        yield lines.line(Kind.CONSENT_FIRST, "all", first, attributed=who)


def _by_day(acts: Iterable[tuple[date, str, str]]) -> list[tuple[date, Who]]:
    days: dict[date, set[tuple[str, str]]] = {}
    for day, participant, action in acts:
        days.setdefault(day, set()).add((participant, action))
    return [(day, frozenset(days[day])) for day in sorted(days)]


def _approach(outcome: Outcome, lines: Lines) -> Iterator[Milestone]:
    """How the consents drew near, and drew back: one occurrence for each time a level was reached anew."""
    occurrences: dict[Level, int] = {}
    for level, mark, lost_on in crossings(outcome.marks):
        kind, params = level
        occurrences[level] = occurrence = occurrences.get(level, 0) + 1
        jumped = kind is Kind.CONSENT_REMAINING and mark.missing == 0
        yield lines.line(
            kind,
            str(params),
            mark.on,
            occurrence=occurrence,
            lost_on=lost_on,
            attributed=mark.who,
            progress=_progress(mark),
            clause=outcome.track.clause,
            overtaken_on=mark.on if jumped else None,
        )


Level = tuple[Kind, int]
"""So many percent of the worst condition, or so many instruments still missing."""


def crossings(marks: Iterable[Mark]) -> list[tuple[Level, Mark, date | None]]:
    """Each time a level began to hold, and the day it ceased to; None while it holds still."""
    found: list[tuple[Level, Mark, date | None]] = []
    open_since: dict[Level, Mark] = {}
    held: tuple[Level, ...] = ()
    for mark in marks:
        holding = levels(mark.percent, mark.missing, mark.need)
        if holding == held:
            continue
        found.extend((level, open_since.pop(level), mark.on) for level in held if level not in holding)
        open_since.update((level, mark) for level in holding if level not in held)
        held = holding
    return [*found, *((level, mark, None) for level, mark in open_since.items())]


@lru_cache(maxsize=4096)
def levels(percent: int, missing: int | None, need: int) -> tuple[Level, ...]:
    """The levels that hold at so many percent of the worst condition, and so many instruments missing of a number."""
    reached = [(Kind.CONSENT_PERCENT, level) for level in CONSENT_PERCENTS if percent >= level]
    if missing is not None:
        reached += [(Kind.CONSENT_REMAINING, level) for level in CONSENTS_REMAINING if missing <= level < need]
    return tuple(reached)


def _progress(mark: Mark) -> Progress | None:
    return Progress(have=mark.have, need=mark.need) if mark.need else None


def _crossings(outcome: Outcome, lines: Lines) -> Iterator[Milestone]:
    for n, crossing in enumerate(_all_crossings(outcome), start=1):
        yield from _crossing(crossing, n, lines)


def _all_crossings(outcome: Outcome) -> tuple[Crossing, ...]:
    return outcome.lost if outcome.crossing is None else (*outcome.lost, outcome.crossing)


def _days_of(crossing: Crossing) -> tuple[date | None, ...]:
    return crossing.threshold_on, crossing.entry_into_force_on, crossing.lost_on


def _crossing(crossing: Crossing, n: int, lines: Lines) -> Iterator[Milestone]:
    """A threshold that was lost is another the next time; the entry into force, which never was, remains the one."""
    clause, eif, lost_on = crossing.track.clause, crossing.entry_into_force_on, crossing.lost_on
    consequence = None if eif is None else Consequence(entry_into_force=eif, clause=clause)
    yield lines.line(
        Kind.THRESHOLD,
        clause,
        crossing.threshold_on,
        occurrence=n,
        attributed=crossing.mark.who,
        lost_on=lost_on,
        progress=_progress(crossing.mark),
        consequence=consequence,
        clause=clause,
    )
    if eif is None:
        return
    if lost_on is None:
        who = crossing.mark.who
        yield lines.line(Kind.ENTRY_INTO_FORCE, clause, eif, attributed=who, consequence=consequence, clause=clause)
    for days in COUNTDOWN_DAYS:
        day = earlier(eif, days=days)
        if crossing.threshold_on <= day and (lost_on is None or day < lost_on):
            yield lines.line(
                Kind.ENTRY_INTO_FORCE_COUNTDOWN,
                str(days),
                day,
                occurrence=n,
                lost_on=lost_on,
                consequence=consequence,
                clause=clause,
                overtaken_on=eif,
            )


# ---- one participant -------------------------------------------------------------------------------------------------
def participant_milestones(treaty: Treaty, own: Participation, outcome: Outcome | None) -> Iterator[Milestone]:
    """Lines that belong to one participant; a second life has a second occurrence."""
    lines = Lines(treaty)
    name = own.participant
    if own.signature is not None:
        act = own.signature.event
        yield lines.line(
            Kind.PARTICIPANT_SIGNATURE, name, act.act_date, attributed=frozenset({(name, act.action.value)})
        )
    bound = _bound(treaty, treaty.rule, own, outcome)
    notices = 0
    for n, life in enumerate(own.lives, start=1):
        who = frozenset({(name, life.consent.event.action.value)})
        yield lines.line(
            Kind.PARTICIPANT_CONSENT, name, life.on, occurrence=n, attributed=who, lost_on=life.taken_back_on
        )
        yield from _binding_lines(lines, name, n, bound[n - 1] if bound else None, who)
        yield from _notice_lines(lines, name, life, start=notices + 1)
        notices += len(life.notices)


def participant_lines_ahead(treaty: Treaty, own: Participation, bound: Sequence[Binding]) -> Iterator[Milestone]:
    """Those of a participant's lines that may lie past its last act: when it will be bound, and when it will have left.

    ``bound`` are its bindings, one for each of its lives.
    """
    lines = Lines(treaty)
    for n, binding in enumerate(bound, start=1):
        who = frozenset({(own.participant, binding.life.consent.event.action.value)})
        yield from _binding_lines(lines, own.participant, n, binding, who)


def _bound(treaty: Treaty, rule: TreatyRule | None, own: Participation, outcome: Outcome | None) -> tuple[Binding, ...]:
    if rule is None or outcome is None or outcome.entry_into_force_on is None:
        return ()  # nothing binds before there is a day of entry into force
    return bindings(own, rule, outcome, known_days(treaty))


def _binding_lines(lines: Lines, name: str, n: int, binding: Binding | None, who: Who) -> Iterator[Milestone]:
    if binding is None or binding.effect_on is None:
        return
    ends = (binding.life.taken_back_on, binding.leaves_on)
    if any(day is not None and day <= binding.effect_on for day in ends):
        return  # it ended before it could bind
    yield lines.line(
        Kind.PARTICIPANT_BOUND, name, binding.effect_on, occurrence=n, attributed=who, clause=binding.clause
    )
    if binding.leaves_on is not None:
        who_left = frozenset({(name, "withdrawal_notified")})
        yield lines.line(
            Kind.PARTICIPANT_WITHDRAWAL,
            name,
            binding.leaves_on,
            occurrence=n,
            attributed=who_left,
            clause=binding.leaving_clause,
        )


def _notice_lines(lines: Lines, name: str, life: Life, *, start: int) -> Iterator[Milestone]:
    for n, notice in enumerate(life.notices, start=start):
        act = notice.notified.event
        who = frozenset({(name, act.action.value)})
        yield lines.line(Kind.PARTICIPANT_WITHDRAWAL_NOTICE, name, act.act_date, occurrence=n, attributed=who)
        if notice.revoked is not None:
            revoked = notice.revoked.event
            who = frozenset({(name, revoked.action.value)})
            yield lines.line(
                Kind.PARTICIPANT_WITHDRAWAL_REVOCATION, name, revoked.act_date, occurrence=n, attributed=who
            )
