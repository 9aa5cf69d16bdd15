"""The smallest sets of further consents that would meet the condition on a day, and what else it waits for.

Every way in which the condition can hold is looked at by itself: one track, and one part of each ``any``. What is
missing of a table, a population or another treaty makes the way unknown; nothing is supposed about it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, combinations
from typing import Final, NamedTuple

from treaty_events import Action
from treaty_status.domain.checks import Case, objections
from treaty_status.domain.covering import Budget, Cover, Covers, StoppedBy, smallest_covers
from treaty_status.domain.dates import TREATY
from treaty_status.domain.decisions import Circumstances, RecordAct, event_for
from treaty_status.domain.eligibility import is_open_to, knows_who
from treaty_status.domain.evaluation import Days, consents, into_force, known_days
from treaty_status.domain.gauges import Consent, Reading, gauge
from treaty_status.domain.measures import Leaf, Measure, fed, whole_numbers
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.rule import All, Any_, Condition, Count, Everyone, Share, Track, TreatyRule, Weight
from treaty_status.domain.setting import Setting
from treaty_status.domain.tables import NOTHING
from treaty_status.domain.treaty import Treaty

MOST_WAYS: Final = 32
"""Ways of meeting one condition that are looked at."""
MOST_ORGANISATIONS: Final = 3
"""Organisations whose instrument stands in for their members', looked at with and without."""
ENTITIES: Final = frozenset({"reio", "io"})
BY_SIGNATORY: Final = (
    Action.RATIFICATION,
    Action.ACCEPTANCE,
    Action.APPROVAL,
    Action.CONSENT_TO_BE_BOUND,
    Action.ACCESSION,
    Action.DEFINITIVE_SIGNATURE,
)
BY_OTHERS: Final = (
    Action.ACCESSION,
    Action.CONSENT_TO_BE_BOUND,
    Action.DEFINITIVE_SIGNATURE,
    Action.RATIFICATION,
    Action.ACCEPTANCE,
    Action.APPROVAL,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone whose consent would count on the day, and the acts that it takes, in order."""

    participant: str
    acts: tuple[Action, ...]
    signatory: bool


@dataclass(frozen=True, slots=True)
class Path:
    """One of the smallest sets under one track; ``waits_for`` are conditions that no deposit meets."""

    track: Track
    cover: Cover
    waits_for: tuple[Reading, ...]
    entry_into_force_on: date | None


@dataclass(frozen=True, slots=True)
class Paths:
    """What was found, and those it names; where nothing was found, all who could consent.

    ``exhausted``: all the smallest sets are there; else ``stopped_by`` says what ended the search, if one was ended.
    ``unknown`` names what is missing to follow some way; ``closed`` is how many ways no consent of these can open.
    """

    found: tuple[Path, ...]
    candidates: tuple[Candidate, ...]
    at_least: int | None
    exhausted: bool
    stopped_by: StoppedBy | None
    unknown: tuple[str, ...]
    closed: int


def shortest_paths(
    treaty: Treaty, names: Iterable[str], now: Circumstances, *, limit: int, budget: Budget | None = None
) -> Paths:
    """The smallest sets among ``names`` that would meet the condition on the day of the circumstances.

    For a treaty whose threshold has not been crossed by that day, with the acts up to it.
    """
    rule = treaty.rule
    if rule is None:
        return Paths((), (), None, exhausted=False, stopped_by=None, unknown=("rule",), closed=0)
    return _Finder(treaty, rule, now, limit, budget or Budget()).paths(names)


# ---- ways ------------------------------------------------------------------------------------------------------------
class _Way(NamedTuple):
    """Conditions that meet the whole when they hold together."""

    track: Track
    parts: tuple[Condition, ...]


def _ways(rule: TreatyRule, day: date) -> list[_Way]:
    return [_Way(track, parts) for track in rule.in_force if _applies(track, day) for parts in _choices(track.when)]


def _applies(track: Track, day: date) -> bool:
    late = track.threshold_before is not None and day >= track.threshold_before
    return not late and (track.threshold_from is None or day >= track.threshold_from)


def _choices(condition: Condition) -> list[tuple[Condition, ...]]:
    """One part of each ``any``, every part of each ``all``; one more than are looked at, at most."""
    match condition:
        case Any_(of=parts):
            return [choice for part in parts for choice in _choices(part)][: MOST_WAYS + 1]
        case All(of=parts):
            found: list[tuple[Condition, ...]] = [()]
            for part in parts:
                found = [(*one, *more) for one in found for more in _choices(part)][: MOST_WAYS + 1]
            return found
        case _:
            return [(condition,)]


# ---- the search ------------------------------------------------------------------------------------------------------
class _Variant(NamedTuple):
    """Organisations that consent as well, and members that consent although it costs their organisation its place."""

    joining: tuple[str, ...]
    giving_way: tuple[str, ...]


class _Finder:
    def __init__(self, treaty: Treaty, rule: TreatyRule, now: Circumstances, limit: int, budget: Budget) -> None:
        self._treaty = treaty
        self._now = now
        self._limit = limit
        self._budget = budget
        self._day = now.today
        self._days: Days = known_days(treaty) | {
            f"{TREATY}{other}": now.world.entered_into_force_on(other) for other in rule.waits_for
        }
        self._setting = Setting(now.world, rule, treaty, self._days)
        self._living = _living(rule, treaty, self._days, now)
        self._ways = _ways(rule, self._day)
        self._measures: dict[Leaf, Measure] = {}
        self._given: dict[str, Consent] = {}
        self._complete = len(self._ways) <= MOST_WAYS
        self._joining = rule.joining
        self._stopped: list[tuple[int, StoppedBy]] = []
        self._least: list[int] = []

    def paths(self, names: Iterable[str]) -> Paths:
        ways = self._ways[:MOST_WAYS]
        for leaf in (part for way in ways for part in way.parts):
            if isinstance(leaf, Count | Weight | Share | Everyone) and leaf not in self._measures:
                self._measures[leaf] = Measure(leaf, self._setting, self._living, self._day)
        candidates = self._candidates(names)
        unknown = self._unknown_who()
        found: list[Path] = []
        closed = 0
        for way in ways:
            waits_for, missing, shut = self._besides(way)
            unknown += missing
            if missing:
                continue
            paths = [] if shut else self._under(way, waits_for)
            closed += not paths
            found += paths
        best = _smallest(found)
        kept = best[: self._limit]
        most = max((path.cover.size for path in kept), default=None)
        ended = [by for least, by in self._stopped if most is None or least <= most]
        stopped = "limit" if len(kept) < len(best) else next(iter(ended), None)
        used = {name for path in kept for name in _named(path.cover)}
        return Paths(
            found=tuple(kept),
            candidates=tuple(one for one in candidates if not found or one.participant in used),
            at_least=min(self._least, default=None),
            exhausted=self._complete and not unknown and stopped is None,
            stopped_by=stopped,
            unknown=tuple(dict.fromkeys(unknown)),
            closed=closed,
        )

    def _besides(self, way: _Way) -> tuple[tuple[Reading, ...], list[str], bool]:
        """What a way waits for beside consents, what is not known of it, and whether it is shut for good."""
        waits_for: list[Reading] = []
        unknown: list[str] = []
        shut = False
        for part in way.parts:
            if isinstance(part, Count | Weight | Share | Everyone):
                unknown += self._measures[part].unknown
                continue
            reading = fed(gauge(part, self._setting), self._living).reading(self._day)
            if reading.met is None:
                unknown += reading.unknown or (reading.subject or reading.op,)
            elif reading.met is False:
                shut = shut or (reading.op == "not_blocked" and reading.on is not None and reading.on <= self._day)
                waits_for.append(reading)
        return tuple(waits_for), unknown, shut

    def _under(self, way: _Way, waits_for: tuple[Reading, ...]) -> list[Path]:
        measures = [self._measures[part] for part in way.parts if isinstance(part, Count | Weight | Share | Everyone)]
        force = self._force(way.track, waits_for)
        found: list[Path] = []
        for variant in self._variants(measures):
            covers = self._covered(measures, variant)
            if covers is None:
                continue
            self._least.append(covers.at_least + len(variant.joining))
            if covers.stopped_by is not None:
                self._stopped.append((covers.at_least + len(variant.joining), covers.stopped_by))
            for cover in covers.found:
                whole = _with(cover, variant.joining)
                if all(one.met_with(map(self._given.__getitem__, whole.example)) for one in measures):
                    found.append(Path(way.track, whole, waits_for, force))
                else:
                    self._complete = False
        return found

    def _covered(self, measures: Sequence[Measure], variant: _Variant) -> Covers | None:
        apart = {
            member
            for name in (*variant.joining, *(self._standing_in(measures) - set(variant.giving_way)))
            for member in self._now.world.members(name, self._day)
        }
        pool = [
            name
            for name, consent in self._given.items()
            if name not in apart and (consent.kind != "reio" or self._adds_plainly(name, measures))
        ]
        needs = []
        for one in measures:
            joined = sum((one.brings(self._given[name]) for name in variant.joining), NOTHING)
            lost = len(one.standing_in().intersection(variant.giving_way))
            brought = {name: one.brings(self._given[name]) for name in pool}
            needs.append(whole_numbers(one.missing() - joined + lost, brought, strictly=one.strictly))
        costing = {name for need in needs for name, value in need.values.items() if value < 0}
        if costing:  # whoever makes a ratio smaller is left out, and with it sets that could afford it
            self._complete = False
        return smallest_covers(
            [name for name in pool if name not in costing], needs, limit=self._limit, budget=self._budget
        )

    # ---- organisations ----------------------------------------------------------------------------------------------
    def _variants(self, measures: Sequence[Measure]) -> Iterator[_Variant]:
        joining = [name for name, one in self._given.items() if one.kind == "reio"]
        joining = [name for name in joining if not self._adds_plainly(name, measures)]
        standing = sorted(self._standing_in(measures))
        # Where one condition counts an organisation beside its members and another does not, it may take both at once.
        mixed = len({one.policy for one in measures} - {"never"}) > 1
        beyond = (mixed or any(one.rounds_organisations for one in measures)) and (joining or standing)
        if beyond or len(joining) + len(standing) > MOST_ORGANISATIONS:
            self._complete = False
        joining, standing = joining[:MOST_ORGANISATIONS], standing[:MOST_ORGANISATIONS]
        for more in _subsets(joining):
            for fewer in _subsets(standing):
                yield _Variant(more, fewer)

    def _adds_plainly(self, name: str, measures: Sequence[Measure]) -> bool:
        """Is its consent one like any other here, whatever its members do?"""
        return all(one.policy in {"counts", "never"} for one in measures) or not self._now.world.members(
            name, self._day
        )

    def _standing_in(self, measures: Sequence[Measure]) -> frozenset[str]:
        return frozenset(chain.from_iterable(one.standing_in() for one in measures))

    # ---- candidates -------------------------------------------------------------------------------------------------
    def _candidates(self, names: Iterable[str]) -> list[Candidate]:
        """Those whose consent is possible and would bring something, signatories first."""
        there = {one.participant for one in self._living}
        asked = (name for name in dict.fromkeys(names) if name not in there)
        found = [one for name in asked if (one := self._candidate(name)) is not None]
        found.sort(key=lambda one: not one.signatory)
        given = self._given
        self._given = {one.participant: given[one.participant] for one in found}
        return found

    def _candidate(self, name: str) -> Candidate | None:
        own = self._treaty.participations.get(name)
        kind = self._now.world.kind(name)
        signatory = own is not None and own.signature is not None
        if not signatory and not self._is_open_to(name):
            return None
        order = BY_SIGNATORY if signatory else BY_OTHERS
        for action in (Action.FORMAL_CONFIRMATION, *order) if kind in ENTITIES else order:
            consent = Consent(name, action, self._day, None, kind)
            if any(not one.unknown and one.brings(consent) > 0 for one in self._measures.values()):
                acts = self._admissible(name, action, signatory=signatory)
                if acts:
                    self._given[name] = consent
                    return Candidate(name, acts, signatory)
        return None

    def _unknown_who(self) -> list[str]:
        joining = self._joining
        known = joining is None or knows_who(joining, self._setting, on=self._day)
        return [] if joining is None or known else [f"group:{joining.who}"]

    def _is_open_to(self, name: str) -> bool:
        return self._joining is None or is_open_to(self._joining, name, self._setting, on=self._day) is True

    def _admissible(self, name: str, action: Action, *, signatory: bool) -> tuple[Action, ...]:
        """The acts by which it could consent on the day, if nothing stands against them."""
        against = {one.slug for one in self._objections(name, action)}
        if not against:
            return (action,)
        signs_first = against == {"signature-missing"} and not signatory
        if signs_first and not any(self._objections(name, Action.SIGNATURE)):
            return (Action.SIGNATURE, action)
        return ()

    def _objections(self, name: str, action: Action) -> Iterator[Refusal]:
        order = RecordAct(treaty=self._treaty.id, action=action, participant=name, act_date=self._day)
        act = event_for(order, self._now.recorded)
        yield from objections(Case(self._treaty, act, self._now.world, self._day))

    def _force(self, track: Track, waits_for: Sequence[Reading]) -> date | None:
        """The day of entry into force that would follow, where every day that is waited for is known."""
        days = [self._day, *(reading.on for reading in waits_for if reading.on is not None)]
        if len(days) <= len(waits_for):
            return None
        return into_force(track, self._days, threshold_on=max(days))[0]


def _living(rule: TreatyRule, treaty: Treaty, days: Days, now: Circumstances) -> list[Consent]:
    given = consents(rule, treaty, days=days, world=now.world, as_of=now.today)
    there = [one for one in given if one.until is None or one.until > now.today]
    return sorted(there, key=lambda one: one.on)


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, n) for n in range(len(names) + 1))


def _with(cover: Cover, joining: tuple[str, ...]) -> Cover:
    if not joining:
        return cover
    return Cover(cover.size + len(joining), (*joining, *cover.everyone), cover.picks, (*joining, *cover.example))


def _named(cover: Cover) -> Iterator[str]:
    yield from cover.everyone
    for pick in cover.picks:
        yield from pick.of


def _smallest(found: Sequence[Path]) -> list[Path]:
    """The smallest that wait for nothing; and those that wait, where they need fewer."""
    at_once = min((path.cover.size for path in found if not path.waits_for), default=None)
    later = [path for path in found if path.waits_for and (at_once is None or path.cover.size < at_once)]
    least = min((path.cover.size for path in later), default=None)
    return [
        *(path for path in found if not path.waits_for and path.cover.size == at_once),
        *(path for path in later if path.cover.size == least),
    ]
