"""Groups that gather under a treaty: the first of them to consent, the day all of them had, and everyone's."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from treaty_events import Kind, Progress
from treaty_status.domain.evaluation import NOBODY, Outcome, Who
from treaty_status.domain.lines import Lines, Milestone
from treaty_status.domain.parties import Span, consenting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

ALL_STATES: Final = "all_states"
"""Every State that the registry holds, whether a Member of the United Nations or not."""
UNIVERSAL: Final = ("un_members", ALL_STATES)
"""Populations whose last consent makes a treaty universal; that one of them consents is no news of its own."""


def group_lines(treaty: Treaty, outcome: Outcome | None, world: World) -> Iterator[Milestone]:
    """The first and the last consent of every group whose members are known, and universality."""
    groups = world.gatherings()
    if not groups or not any(own.lives for own in treaty.participations.values()):
        return
    lines, spans = Lines(treaty), consenting(treaty, outcome, world)
    yield from _firsts(spans, groups, lines, world)
    for group in (*groups, *UNIVERSAL):
        kind = Kind.UNIVERSALITY if group in UNIVERSAL else Kind.GROUP_COMPLETE
        for n, (on, lost_on, who, size) in enumerate(_complete(group, spans, world), start=1):
            progress = Progress(have=size, need=size)
            yield lines.line(kind, group, on, occurrence=n, lost_on=lost_on, attributed=who, progress=progress)


def _firsts(spans: Iterable[Span], groups: Iterable[str], lines: Lines, world: World) -> Iterator[Milestone]:
    """Membership is judged on the day of consent."""
    told = frozenset(groups)
    first: dict[str, tuple[date, set[tuple[str, str]]]] = {}
    for span in spans:
        who = (span.consent.participant, span.consent.action.value)
        for group in world.groups_of(span.consent.participant, span.since) & told:
            day, names = first.get(group, (date.max, set()))
            if span.since < day:
                first[group] = (span.since, {who})
            elif span.since == day:
                names.add(who)
    for group, (day, names) in first.items():
        yield lines.line(Kind.GROUP_FIRST, group, day, attributed=frozenset(names))


Whole = tuple[date, date | None, Who, int]
"""From a day on all of them had consented; until a day; those who completed it; how many they are."""


def _complete(group: str, spans: list[Span], world: World) -> Iterator[Whole]:
    began = min(span.since for span in spans)
    turning = sorted(day for day in world.turning_days(group) if day > began)
    consented = {world.person(span.consent.participant) for span in spans}
    if not any(_all_of(world, group, day) <= consented for day in (began, *turning)):
        return
    yield from _wholes(group, spans, {began, *turning}, world)


def _all_of(world: World, group: str, day: date) -> frozenset[str]:
    """Its members on a day; where nobody is known to belong, somebody unnamed, who never consents."""
    members = world.population(group, day) or frozenset()
    return frozenset(map(world.person, members)) or frozenset({""})


def _wholes(group: str, spans: list[Span], turning: set[date], world: World) -> Iterator[Whole]:
    ends = {span.until for span in spans if span.until is not None}
    living: dict[str, int] = {}
    members: frozenset[str] = frozenset()
    missing: set[str] = set()
    since: tuple[date, Who, int] | None = None
    begun = _by_day((span.since, span) for span in spans)
    ended = _by_day((span.until, span) for span in spans if span.until is not None)
    for day in sorted({*turning, *begun, *ends}):
        for span in ended.get(day, ()):
            living[world.person(span.consent.participant)] -= 1
        for span in begun.get(day, ()):
            person = world.person(span.consent.participant)
            living[person] = living.get(person, 0) + 1
        if day in turning:
            members = _all_of(world, group, day)
            missing = {one for one in members if not living.get(one)}
        else:
            moved = {world.person(span.consent.participant) for span in (*begun.get(day, ()), *ended.get(day, ()))}
            missing = (missing - moved) | {one for one in moved & members if not living.get(one)}
        if not missing and since is None:
            since = day, _of_the_day(begun.get(day, ()), members, world), len(members)
        elif missing and since is not None:
            yield since[0], day, since[1], since[2]
            since = None
    if since is not None:
        yield since[0], None, since[1], since[2]


def _by_day(spans: Iterable[tuple[date, Span]]) -> dict[date, list[Span]]:
    days: dict[date, list[Span]] = {}
    for day, span in spans:
        days.setdefault(day, []).append(span)
    return days


def _of_the_day(spans: Iterable[Span], members: frozenset[str], world: World) -> Who:
    found = frozenset(
        (span.consent.participant, span.consent.action.value)
        for span in spans
        if world.person(span.consent.participant) in members
    )
    return found or NOBODY
