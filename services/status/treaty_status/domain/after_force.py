"""What a treaty in force comes to: conferences and amendments due, protocols possible, too few parties, its end."""

from collections.abc import Iterator
from datetime import date

from treaty_events import Kind, Progress
from treaty_status.domain.evaluation import Outcome, Who, known_days
from treaty_status.domain.gauges import Gauge, gauge, named_day
from treaty_status.domain.lines import Lines, Milestone
from treaty_status.domain.parties import Span, bound
from treaty_status.domain.rule import Afterwards, All, Condition, Count, TreatyRule
from treaty_status.domain.rule import Who as WhoCounts
from treaty_status.domain.setting import Setting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


def after_force_lines(treaty: Treaty, rule: TreatyRule, outcome: Outcome, world: World) -> Iterator[Milestone]:
    """Lines that only a treaty in force, or one whose day of entry into force is known, can cross."""
    force = outcome.entry_into_force_on
    if force is None:
        return
    lines = Lines(treaty)
    if outcome.ended_on is not None:
        yield lines.line(Kind.TERMINATED, "all", outcome.ended_on, clause=outcome.ended_by)
    days = {**known_days(treaty), **outcome.elsewhere, "threshold": outcome.threshold_on, "eif": force}
    for clause in rule.afterwards:
        on = None if clause.on is None else named_day(clause.on, days, trigger="eif")[0]
        if on is not None and on >= force and (outcome.ended_on is None or on < outcome.ended_on):
            yield lines.line(_KIND[clause.what], clause.clause, on, clause=clause.clause)
    counted = [clause for clause in rule.afterwards if clause.parties is not None]
    needs = [] if outcome.ended_on is not None else _counts(outcome.track.when)
    if not needs and not any(len(treaty.participations) >= (clause.parties or 0) for clause in counted):
        return
    if not counted and not _anybody_left(treaty, outcome):
        return
    parties = bound(treaty, outcome, world)
    setting = Setting(world, rule, treaty, days)
    for clause in counted:
        yield from _numbers(clause, parties, setting, lines)
    if needs and any(span.until is not None for span in parties):
        yield from _below(needs, parties, setting, lines, clause=outcome.track.clause)


_KIND = {
    "conference_due": Kind.CONFERENCE_DUE,
    "amendments_open": Kind.AMENDMENTS_OPEN,
    "protocol_possible": Kind.PROTOCOL_POSSIBLE,
}


def _anybody_left(treaty: Treaty, outcome: Outcome) -> bool:
    if outcome.parent is not None:
        return True
    return any(not life.undisturbed for own in treaty.participations.values() for life in own.lives)


def _counts(condition: Condition) -> list[Count]:
    """The numbers of parties that the condition asked for; shares, weights and lists say nothing of falling below."""
    match condition:
        case Count():
            return [condition]
        case All(of=parts):
            return [count for part in parts for count in _counts(part)]
        case _:
            return []


def _numbers(clause: Afterwards, parties: list[Span], setting: Setting, lines: Lines) -> Iterator[Milestone]:
    at_least = clause.parties or 0
    who = clause.who or WhoCounts(kinds=("state",))
    need = gauge(Count(op="count", at_least=at_least, who=who), setting)
    steps = _sweep([need], parties)
    for n, (on, lost_on, names, have) in enumerate(_while(steps, holds=True), start=1):
        yield lines.line(
            _KIND[clause.what],
            clause.clause,
            on,
            occurrence=n,
            lost_on=lost_on,
            attributed=names,
            progress=Progress(have=have, need=at_least),
            clause=clause.clause,
        )


def _below(
    needs: list[Count], parties: list[Span], setting: Setting, lines: Lines, *, clause: str
) -> Iterator[Milestone]:
    """Fewer parties than the condition asked for: the treaty stays in force, VCLT art. 55, and people should know."""
    steps = _sweep([gauge(need, setting) for need in needs], parties)
    least = max(need.at_least for need in needs)
    once_enough = False
    kept = []
    for step in steps:
        once_enough = once_enough or step[1]
        if once_enough:
            kept.append(step)
    for n, (on, back_on, names, have) in enumerate(_while(kept, holds=False), start=1):
        yield lines.line(
            Kind.PARTIES_BELOW_THRESHOLD,
            clause,
            on,
            occurrence=n,
            lost_on=back_on,
            attributed=names,
            progress=Progress(have=have, need=least),
            clause=clause,
        )


Step = tuple[date, bool, int, Who, Who]
"""The end of a day: whether all the numbers are there, how many the worst has, who came and who left."""


def _sweep(gauges: list[Gauge], parties: list[Span]) -> list[Step]:
    days = sorted({day for span in parties for day in (span.since, span.until) if day is not None})
    begun: dict[date, list[Span]] = {}
    ended: dict[date, list[Span]] = {}
    for span in parties:
        begun.setdefault(span.since, []).append(span)
        if span.until is not None:
            ended.setdefault(span.until, []).append(span)
    steps: list[Step] = []
    for day in days:
        for one in gauges:
            for span in ended.get(day, ()):
                one.remove(span.consent)
            for span in begun.get(day, ()):
                one.add(span.consent)
        have = min(one.progress(day).have for one in gauges)
        met = all(one.met(day) is not False for one in gauges)
        steps.append((day, met, have, _names(begun.get(day, ())), _left(ended.get(day, ()))))
    return steps


def _names(spans: "list[Span] | tuple[()]") -> Who:
    return frozenset((span.consent.participant, span.consent.action.value) for span in spans)


def _left(spans: "list[Span] | tuple[()]") -> Who:
    return frozenset((span.consent.participant, "withdrawal_notified") for span in spans)


def _while(steps: list[Step], *, holds: bool) -> Iterator[tuple[date, date | None, Who, int]]:
    """Each time the numbers began to be there (or not to be), until when, who brought that about, and how many."""
    since: tuple[date, Who, int] | None = None
    for day, met, have, came, left in steps:
        if met is holds and since is None:
            since = day, came if holds else left, have
        elif met is not holds and since is not None:
            yield since[0], day, since[1], since[2]
            since = None
    if since is not None:
        yield since[0], None, since[1], since[2]
