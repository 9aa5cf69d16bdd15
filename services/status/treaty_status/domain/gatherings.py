"""Groups that gather under a treaty: the first of them to consent, the day all of them had, and everyone's."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from treaty_events import Kind, Progress
from treaty_status.domain.evaluation import NOBODY, Outcome, Who
from treaty_status.domain.gauges import Consent
from treaty_status.domain.lines import Lines, Milestone
from treaty_status.domain.parties import consenting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World

ALL_STATES: Final = "all_states"
"""Every State that the registry holds, whether a Member of the United Nations or not."""
UNIVERSAL: Final = ("un_members", ALL_STATES)
"""Populations whose last consent makes a treaty universal; that one of them consents is no news of its own."""


def group_lines(treaty: Treaty, outcome: Outcome | None, world: World) -> Iterator[Milestone]:
    """The first and the last consent of every group whose members are known, and universality."""
    groups = world.gatherings()
    if not groups:
        return
    lines, given = Lines(treaty), consenting(treaty, outcome, world)
    if not given:
        return
    yield from _firsts(given, groups, lines, world)
    consented, began = frozenset(world.person(one.participant) for one in given), min(one.on for one in given)
    for group in (*groups, *UNIVERSAL):
        kind = Kind.UNIVERSALITY if group in UNIVERSAL else Kind.GROUP_COMPLETE
        for n, (on, lost_on, who, size) in enumerate(_complete(group, given, consented, began, world), start=1):
            progress = Progress(have=size, need=size)
            yield lines.line(kind, group, on, occurrence=n, lost_on=lost_on, attributed=who, progress=progress)


def _firsts(given: Iterable[Consent], groups: Iterable[str], lines: Lines, world: World) -> Iterator[Milestone]:
    """Membership is judged on the day of consent."""
    told = frozenset(groups)
    first: dict[str, tuple[date, set[tuple[str, str]]]] = {}
    for one in given:
        for group in world.groups_of(one.participant, one.on) & told:
            day, names = first.get(group, (date.max, set()))
            if one.on < day:
                first[group] = (one.on, {(one.participant, one.action.value)})
            elif one.on == day:
                names.add((one.participant, one.action.value))
    for group, (day, names) in first.items():
        yield lines.line(Kind.GROUP_FIRST, group, day, attributed=frozenset(names))


Whole = tuple[date, date | None, Who, int]
"""From a day on all of them had consented; until a day; those who completed it; how many they are."""


def _complete(
    group: str, given: list[Consent], consented: frozenset[str], began: date, world: World
) -> Iterator[Whole]:
    turning = [day for day in world.turning_days(group) if day > began]
    if any(_all_consented(group, day, consented, world) for day in (began, *turning)):
        yield from _wholes(group, given, {began, *turning}, world)


def _all_consented(group: str, day: date, consented: frozenset[str], world: World) -> bool:
    """Has every member of that day consented at some time? Almost always no, so the cheap question comes first."""
    members = world.population(group, day)
    if members is None or not 0 < len(members) <= len(consented):
        return False
    return all(world.person(member) in consented for member in members)


def _all_of(world: World, group: str, day: date) -> frozenset[str]:
    """Its members on a day; where nobody is known to belong, somebody unnamed, who never consents."""
    members = world.population(group, day) or frozenset()
    return frozenset(map(world.person, members)) or frozenset({""})


def _wholes(group: str, given: list[Consent], turning: set[date], world: World) -> Iterator[Whole]:
    ends = {one.until for one in given if one.until is not None}
    living: dict[str, int] = {}
    members: frozenset[str] = frozenset()
    missing: set[str] = set()
    since: tuple[date, Who, int] | None = None
    begun = _by_day((one.on, one) for one in given)
    ended = _by_day((one.until, one) for one in given if one.until is not None)
    for day in sorted({*turning, *begun, *ends}):
        for one in ended.get(day, ()):
            living[world.person(one.participant)] -= 1
        for one in begun.get(day, ()):
            person = world.person(one.participant)
            living[person] = living.get(person, 0) + 1
        if day in turning:
            members = _all_of(world, group, day)
            missing = {one for one in members if not living.get(one)}
        else:
            moved = {world.person(one.participant) for one in (*begun.get(day, ()), *ended.get(day, ()))}
            missing = (missing - moved) | {one for one in moved & members if not living.get(one)}
        if not missing and since is None:
            since = day, _of_the_day(begun.get(day, ()), members, world), len(members)
        elif missing and since is not None:
            yield since[0], day, since[1], since[2]
            since = None
    if since is not None:
        yield since[0], None, since[1], since[2]


def _by_day(given: Iterable[tuple[date, Consent]]) -> dict[date, list[Consent]]:
    days: dict[date, list[Consent]] = {}
    for day, one in given:
        days.setdefault(day, []).append(one)
    return days


def _of_the_day(given: Iterable[Consent], members: frozenset[str], world: World) -> Who:
    found = frozenset((one.participant, one.action.value) for one in given if world.person(one.participant) in members)
    return found or NOBODY
