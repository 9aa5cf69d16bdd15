"""From living consents to the day the condition held: one sweep through the days on which anything changed.

The *threshold date* is the first day at whose end the whole condition holds. Evaluation is three-valued: a missing
table, population or parent makes an answer unknown and says what is missing; it never invents a date.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

from treaty_events import Action, InstrumentDeposited
from treaty_status.domain.dates import TREATY, add_months, missing_days
from treaty_status.domain.endings import ended
from treaty_status.domain.gauges import Consent, Gauge, Reading, gauge, named_day
from treaty_status.domain.participation import Act, Life, Notice, Participation
from treaty_status.domain.rule import Each, Leaving, Track, TreatyRule
from treaty_status.domain.setting import Setting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import Period, Periods, World

NEVER: Final = date.max
Days = Mapping[str, date | None]
Who = frozenset[tuple[str, str]]
"""Participants, and the acts by which they brought a condition nearer."""
NOBODY: Final[Who] = frozenset()


class Mark(NamedTuple):
    """How far the worst part of the condition was at the end of a day on which something changed.

    ``percent`` is rounded down; ``missing`` is how many instruments would complete the whole, None where instruments
    alone cannot. ``given`` are the consents of that day that count.
    """

    on: date
    have: int
    need: int
    percent: int
    missing: int | None
    given: tuple[Consent, ...] = ()

    @property
    def who(self) -> Who:
        """Those whose consents of that day count."""
        return frozenset((consent.participant, consent.action.value) for consent in self.given)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The day a track's condition held, and the day of entry into force that follows; ``lost_on``: undone by law."""

    track: Track
    threshold_on: date
    entry_into_force_on: date | None
    mark: Mark
    lost_on: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the rule stands at the end of a legal day, and how it got there.

    ``crossing`` is the one that stands; ``lost`` are earlier ones that withdrawals of consent undid before force.
    """

    as_of: date
    crossing: Crossing | None
    met: bool | None
    track: Track
    reading: Reading
    marks: tuple[Mark, ...]
    unknown: tuple[str, ...]
    lost: tuple[Crossing, ...] = ()
    in_doubt_since: date | None = None
    """From this day on it was not known whether the condition held: that it holds later does not tell since when."""
    ended_on: date | None = None
    """The day on which the treaty ended by its own clauses: too few parties, a fixed day, a condition."""
    ended_by: str | None = None
    """The clause by which it ended."""
    given: tuple[Consent, ...] = ()
    """Every consent given by the end of the day, with the day on which it ended, and those that are held back."""
    elsewhere: Days = field(default_factory=dict)
    """The days on which other treaties entered into force that this one's clauses count from."""
    turns: tuple[date, ...] = field(default=(), compare=False)
    """The days up to the one asked for on which what is counted, or what is needed, changes."""
    parent: Periods | None = None
    """Who is bound by the parent treaty from when until when, as far as that is known."""

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
        if self.ended_on is not None and self.ended_on <= self.as_of:
            return False
        return self.entry_into_force_on is not None and self.entry_into_force_on <= self.as_of


def evaluate(rule: TreatyRule, treaty: Treaty, *, world: World, as_of: date) -> Outcome:
    """Every track is followed; the one that leads into force first wins."""
    elsewhere = {f"{TREATY}{other}": world.entered_into_force_on(other) for other in rule.waits_for}
    setting = Setting(world, rule, treaty, {**known_days(treaty), **elsewhere} if elsewhere else known_days(treaty))
    given = consents(rule, treaty, days=setting.days, world=world, as_of=as_of)
    found, parent = _evaluated(rule, given, setting, as_of), _parent(rule, world)
    if found.crossing is None:
        return replace(found, given=tuple(given), parent=parent)
    if _leaving_depends_on_force(rule, treaty):
        days = {**setting.days, "threshold": found.threshold_on, "eif": found.entry_into_force_on}
        given = consents(rule, treaty, days=days, world=world, as_of=as_of)
        found = _evaluated(rule, given, setting, as_of)
    found = replace(found, given=tuple(given), parent=parent)
    if elsewhere:
        found = replace(found, elsewhere=elsewhere)
    if rule.endings or rule.below_threshold == "terminates":
        found = _with_its_end(found, rule, given, setting)
    return found


def _with_its_end(found: Outcome, rule: TreatyRule, given: list[Consent], setting: Setting) -> Outcome:
    threshold_on, force = found.threshold_on, found.entry_into_force_on
    if threshold_on is None or force is None:
        return found
    end = ended(rule, found.track, given, setting, threshold_on=threshold_on, force=force, as_of=found.as_of)
    return found if end is None else replace(found, ended_on=end[0], ended_by=end[1])


def _parent(rule: TreatyRule, world: World) -> Periods | None:
    joining = rule.joining
    return None if joining is None or joining.parent is None else world.periods_of(joining.parent)


def _leaving_depends_on_force(rule: TreatyRule, treaty: Treaty) -> bool:
    """Must the day of force be known before it can be said when a denunciation takes effect?"""
    if not rule.leaving or not any(life.notices for own in treaty.participations.values() for life in own.lives):
        return False
    story = dict.fromkeys(("received", "specified", "adoption", "opening", "circulated", "own"), NEVER)
    clause = rule.leaving[0]
    return bool(
        missing_days(clause.takes_effect, story, trigger="received")
        or (clause.not_before is not None and missing_days(clause.not_before, story, trigger="bound"))
    )


def _evaluated(rule: TreatyRule, given: list[Consent], setting: Setting, as_of: date) -> Outcome:
    runs = [follow(track, rule, given, setting, as_of) for track in rule.in_force]
    crossed = [run for run in runs if run.crossing is not None and not _perhaps_earlier(run, runs, setting.days)]
    if crossed:
        found = min(crossed, key=_first_into_force)
    else:
        found = next((run for run in runs if _fits(run.track, as_of)), runs[0])
    if len(runs) == 1:
        return found
    found = replace(found, turns=tuple(sorted({day for run in runs for day in run.turns})))
    if crossed:
        return found
    unknown = tuple(dict.fromkeys(name for run in runs for name in run.unknown))
    met = None if any(run.met is None or run.crossing is not None for run in runs) else found.met
    return replace(found, unknown=unknown, met=met, crossing=None)


def _perhaps_earlier(run: Outcome, runs: list[Outcome], days: Days) -> bool:
    """May another track, of which something is not known, have led into force before this one?"""
    for other in runs:
        since = other.in_doubt_since
        if other is not run and since is not None:
            at_best = into_force(other.track, days, threshold_on=since)[0]
            if at_best is None or at_best < (run.entry_into_force_on or NEVER):
                return True
    return False


def _first_into_force(run: Outcome) -> tuple[date, date]:
    return run.entry_into_force_on or NEVER, run.threshold_on or NEVER


def known_days(treaty: Treaty) -> dict[str, date | None]:
    """The days of a treaty's story that its clauses may refer to."""
    opens = [window.opens_on for window in treaty.windows]
    if not opens and treaty.rule is not None and treaty.rule.joining is not None:
        opens = [day for day in (treaty.rule.joining.signature_from,) if day is not None]
    found: dict[str, date | None] = {"adoption": treaty.details.adopted_on, "opening": min(opens, default=None)}
    told = None if treaty.rule is None else treaty.rule.days
    if told is not None:
        found["adoption"] = found["adoption"] or told.adoption
        found["opening"] = found["opening"] or told.opening
        found["circulated"] = told.circulated
    return found


def consents(rule: TreatyRule, treaty: Treaty, *, days: Days, world: World, as_of: date) -> list[Consent]:
    """Every consent given by the end of a day and not retracted, with the day from which it no longer counts."""
    found: list[Consent] = []
    parent, kind = _parent(rule, world), world.kind
    for name, own in treaty.participations.items():
        plain = own.plain_consent
        if not own.lives and not own.held:
            continue
        if plain is None or parent is not None:
            found.extend(_lives(name, own, rule, days=days, world=world, parent=parent, as_of=as_of))
        elif plain[0] <= as_of:
            found.append(Consent(name, plain[1], plain[0], None, kind(name)))
    if rule.may_be_blocked:
        found.extend(_objections(treaty, world, as_of))
    return found


def _lives(
    name: str,
    own: Participation,
    rule: TreatyRule,
    *,
    days: Days,
    world: World,
    parent: Periods | None,
    as_of: date,
) -> Iterator[Consent]:
    """The consents of one participant, whatever became of each of them."""
    for life in own.lives:
        act = life.consent.event
        if act.act_date <= as_of:
            until = _ends_on(life, rule, days) if life.taken_back is not None or life.notices else None
            if parent is not None or life.followed_on is not None:
                until = _first(until, _left_with(parent, name, life, rule), life.followed_on)
            given = Consent(name, act.action, act.act_date, until, world.kind(name))
            if life.deferred_until is None:
                yield given
            else:
                yield from _deferred(given, life.deferred_until, as_of)
    if own.held and own.current is None:
        yield _held_back(own.held[-1], world.kind(name))


def _deferred(consent: Consent, day: date, as_of: date) -> Iterator[Consent]:
    """A consent that is deferred until a day: first as one that waits, and from its day on as one that counts."""
    until = consent.until
    waits_until = day if until is None else min(day, until)
    yield consent._replace(until=waits_until, held="deferred", deferred_until=day)
    if day <= as_of and (until is None or day < until):
        yield consent._replace(on=day, deposited_on=consent.on)


def _held_back(deposit: Act, kind: str) -> Consent:
    event = deposit.event
    held = event.deposit_status.value if isinstance(event, InstrumentDeposited) else "pending"
    return Consent(event.participant, event.action, event.act_date, None, kind, held)


def _objections(treaty: Treaty, world: World, as_of: date) -> Iterator[Consent]:
    for name, own in treaty.participations.items():
        for since, until in own.objections:
            if since <= as_of:
                yield Consent(name, Action.OBJECTION, since, until, world.kind(name))


def _ends_on(life: Life, rule: TreatyRule, days: Days) -> date | None:
    story = {"threshold": None, "eif": None, **days, "own": life.counts_from}
    story["specified"] = life.consent.event.effect_date
    story["bound"] = _effect(life, rule, story)[0]
    ends = [life.taken_back_on, _leaving(life, rule, story)[0]]
    return min((day for day in ends if day is not None), default=None)


def follow(track: Track, rule: TreatyRule, given: list[Consent], setting: Setting, as_of: date) -> Outcome:
    """Where one track stands, and how it got there: one sweep through the days on which anything changed."""
    root = gauge(track.when, setting)
    days = setting.days
    in_doubt_since: date | None = None
    wanting: tuple[str, ...] = ()  # for want of what the answer was in doubt
    begun, ended = _changes(given, as_of)
    marks: list[Mark] = []
    crossing: Crossing | None = None
    lost: list[Crossing] = []
    passed_over = False  # the condition came to hold outside this track's guard; it does not apply while that lasts
    calendar = [day for day in root.dates() if day <= as_of]
    turns = tuple(sorted({*begun, *ended, *calendar}))
    for day in turns:
        for consent in ended.get(day, ()):
            root.remove(consent)
        come = begun.get(day, ())
        for consent in come:
            root.add(consent)
        if crossing is not None and (rule.latch or (crossing.entry_into_force_on or NEVER) <= day):
            continue
        met = root.met(day)
        mark = _mark(day, root, come)
        if crossing is not None:
            if met is not False:
                continue
            lost.append(replace(crossing, lost_on=day))
            crossing = None
        marks.append(mark)
        if met is not True:
            passed_over = False
            if met is None and in_doubt_since is None and _fits(track, day):
                in_doubt_since = day
                wanting = root.reading(day).unknown
        elif in_doubt_since is not None:
            pass  # it holds, and nobody can say since when
        elif not passed_over and _fits(track, day):
            crossing = Crossing(track, day, into_force(track, days, threshold_on=day)[0], mark)
        else:
            passed_over = True
    reading = root.reading(as_of)
    # Once the condition has held, it no longer matters what was not needed to know it.
    unknown = (
        [*root.unknown(), *wanting]
        if crossing is None
        else into_force(track, days, threshold_on=crossing.threshold_on)[1]
    )
    met = reading.met
    if crossing is None and met:  # it holds: nobody can say since when, or it came to hold outside the track's guards
        met = None if in_doubt_since is not None else False
    named = tuple(dict.fromkeys(unknown))
    return Outcome(as_of, crossing, met, track, reading, tuple(marks), named, tuple(lost), in_doubt_since, turns=turns)


def into_force(track: Track, days: Days, *, threshold_on: date) -> tuple[date | None, list[str]]:
    """The day of entry into force that follows from a threshold date; or None, and what is missing to name it."""
    return named_day(track.then, {**days, "threshold": threshold_on}, trigger="threshold")


def into_force_if_met_on(rule: TreatyRule, days: Days, day: date) -> date | None:
    """When the treaty would enter into force if its condition were met on that day."""
    fitting = (into_force(track, days, threshold_on=day)[0] for track in rule.in_force if _fits(track, day))
    return min((found for found in fitting if found is not None), default=None)


def _fits(track: Track, day: date) -> bool:
    not_late = track.threshold_before is None or day < track.threshold_before
    return not_late and (track.threshold_from is None or day >= track.threshold_from)


def _mark(day: date, root: Gauge, given: Iterable[Consent]) -> Mark:
    have, need, done, whole, missing = root.progress(day)
    counted = tuple([consent for consent in given if root.counts(consent)])
    return Mark(day, have, need, 100 * done // whole, missing, counted)


Changes = Mapping[date, list[Consent]]


def _changes(given: Iterable[Consent], as_of: date) -> tuple[Changes, Changes]:
    """The consents by the day from which they count, and by the day from which they no longer do."""
    begun: dict[date, list[Consent]] = {}
    ended: dict[date, list[Consent]] = {}
    for consent in given:
        on, until = consent.on, consent.until
        if until is None:
            begun.setdefault(on, []).append(consent)
        elif on < until:  # one taken back on the day it was given was not there at the end of that day
            begun.setdefault(on, []).append(consent)
            if until <= as_of:
                ended.setdefault(until, []).append(consent)
    return begun, ended


# ---- one participant ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Binding:
    """When one consent binds its giver, by which clause; and when a denunciation ends that."""

    life: Life
    effect_on: date | None
    clause: str | None
    leaves_on: date | None
    leaving_clause: str | None
    left_with: str | None = None
    """The parent treaty that it left, which is why it leaves this one, too."""

    def binds(self, day: date) -> bool:
        """Is it bound at the end of that day?"""
        if self.effect_on is None or self.effect_on > day:
            return False
        if self.life.taken_back_on is not None and self.life.taken_back_on <= day:
            return False
        return self.leaves_on is None or self.leaves_on > day


RESIDUAL_CLAUSE: Final = "24(3) VCLT"
"""Where the clauses are silent, a State that joins is bound from its own consent, never before the treaty itself."""
SUCCESSION_CLAUSE: Final = "23 VSSRT"
"""Vienna Convention on Succession of States in respect of Treaties: a party from the date of succession."""


def bindings(own: Participation, rule: TreatyRule, outcome: Outcome, days: Days) -> tuple[Binding, ...]:
    """For each life of a participant, its own day of effect and its end."""
    return tuple(_binding(life, own, rule, outcome, days) for life in own.lives)


def _binding(life: Life, own: Participation, rule: TreatyRule, outcome: Outcome, days: Days) -> Binding:
    if outcome.entry_into_force_on is None and not life.notices and outcome.parent is None:
        return Binding(life, None, None, None, None)  # nothing binds yet, and nobody leaves
    story = _story(life, outcome, days)
    objector = outcome.threshold_on is not None and own.objects_on(outcome.threshold_on)
    effect_on, clause = _effect(life, rule, story, objector=objector)
    if effect_on is not None and life.taken_back_on is not None and life.taken_back_on <= effect_on:
        effect_on = clause = None  # it ended before it could bind
    effect_on, clause = _not_before_the_parent(life, own.participant, rule, outcome.parent, (effect_on, clause))
    story["bound"] = effect_on
    leaves_on, leaving_clause = _leaving(life, rule, story)
    with_parent = _left_with(outcome.parent, own.participant, life, rule)
    if outcome.parent is None or with_parent is None or (leaves_on is not None and leaves_on <= with_parent):
        return Binding(life, effect_on, clause, leaves_on, leaving_clause)
    cited = _cascading_clause(life, own.participant, rule, outcome.parent)
    return Binding(life, effect_on, clause, with_parent, cited, outcome.parent.treaty)


# ---- under a parent treaty -------------------------------------------------------------------------------------------
def _under(parent: Periods | None, name: str, life: Life) -> Period | None:
    """The period under the parent treaty that a consent rests on: the first that had not ended by then."""
    periods = () if parent is None else parent.of.get(name, ())
    return next((one for one in periods if one.left_on is None or one.left_on > life.counts_from), None)


def _not_before_the_parent(
    life: Life, name: str, rule: TreatyRule, parent: Periods | None, day: tuple[date | None, str | None]
) -> tuple[date | None, str | None]:
    """Who must be a party to the parent is bound by this treaty no sooner than by that one."""
    rests_on, effect_on = _under(parent, name, life), day[0]
    if rests_on is None or effect_on is None or (rests_on.bound_on is not None and rests_on.bound_on <= effect_on):
        return day
    return rests_on.bound_on, None if rule.joining is None else rule.joining.clause


def _left_with(parent: Periods | None, name: str, life: Life, rule: TreatyRule) -> date | None:
    """The day on which leaving the parent treaty ends this consent as well, where either treaty says so."""
    if parent is None or not (parent.entails or _follows_its_parent(rule)):
        return None
    rests_on = _under(parent, name, life)
    return None if rests_on is None else rests_on.left_on


def _follows_its_parent(rule: TreatyRule) -> bool:
    return any(clause.cascades_to == "parent_leaves_this" for clause in rule.leaving)


def _cascading_clause(life: Life, name: str, rule: TreatyRule, parent: Periods) -> str | None:
    if _follows_its_parent(rule):
        return rule.leaving[0].clause
    rests_on = _under(parent, name, life)
    return None if rests_on is None or rests_on.leaving_clause is None else f"{rests_on.leaving_clause} {parent.treaty}"


def _first(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _story(life: Life, outcome: Outcome, days: Days) -> dict[str, date | None]:
    return {
        **days,
        **outcome.elsewhere,
        "threshold": outcome.threshold_on,
        "eif": outcome.entry_into_force_on,
        "own": life.counts_from,
        "specified": life.consent.event.effect_date,
        "circulated": life.consent.event.circulated_on or days.get("circulated"),
    }


def _effect(life: Life, rule: TreatyRule, story: Days, *, objector: bool = False) -> tuple[date | None, str | None]:
    each = next((each for each in rule.for_each if _applies(each, life, story)), None)
    if objector and each is not None and each.except_objectors:
        return None, None
    eif, own = story["eif"], story["own"]
    if eif is None or own is None:
        return None, None  # which clause it will be, the first parties' or the later joiner's, is open until then
    succeeded_on = getattr(life.consent.event, "succeeded_on", None)
    if life.consent.event.action is Action.SUCCESSION and succeeded_on is not None:
        return max(succeeded_on, eif), SUCCESSION_CLAUSE
    if each is None and "for_each" in rule.not_recorded:
        return None, None
    if each is None:
        day: date | None = max(own, eif)
    else:
        day = named_day(each.then, story, trigger="own")[0]
    clause = RESIDUAL_CLAUSE if each is None else each.clause
    if day is None:
        return None, clause
    if rule.floor_each_at_eif:
        day = max(day, eif)
    specified = story["specified"]
    return (day if specified is None else max(day, specified)), clause


def _applies(each: Each, life: Life, story: Days) -> bool:
    if each.modes is not None and life.consent.event.action not in each.modes:
        return False
    threshold, eif = story["threshold"], story["eif"]
    match each.own:
        case None:
            return True
        case "by_threshold":
            return threshold is not None and life.counts_from <= threshold
        case "before_eif":
            return eif is not None and life.counts_from < eif
        case "from_eif":
            return eif is not None and life.counts_from >= eif


def _leaving(life: Life, rule: TreatyRule, story: Days) -> tuple[date | None, str | None]:
    """The first denunciation that was not taken back before it took effect (VCLT art. 68), and the clause."""
    for notice in life.notices:
        effect_on = _denounced_from(notice, rule, story)
        if not _taken_back_in_time(notice, rule, effect_on):
            return effect_on, rule.leaving[0].clause if rule.leaving else None
    return None, None


def _denounced_from(notice: Notice, rule: TreatyRule, story: Days) -> date | None:
    specified = notice.notified.event.effect_date
    if not rule.leaving:
        return specified  # no clause to compute from: only a day that the notice itself names is known
    clause = rule.leaving[0]
    received = _taken_as_received(notice.notified.event.act_date, clause, story)
    return named_day(clause.takes_effect, {**story, "received": received, "specified": specified}, trigger="received")[
        0
    ]


def _taken_back_in_time(notice: Notice, rule: TreatyRule, effect_on: date | None) -> bool:
    if notice.revoked is None:
        return False
    override = notice.revoked.event.override
    if override is not None and "V9" in override.checks:
        return True  # all parties agreed, and the depositary took it: somebody answered for that
    if rule.leaving and not rule.leaving[0].revocable_before_effect:
        return False
    return effect_on is None or notice.revoked.event.act_date < effect_on


class Anyway(NamedTuple):
    """A notice under a clause on leaving: the day on which it is taken as received, and that of its effect."""

    clause: Leaving
    received_on: date | None
    effect_on: date | None


def effective_anyway(life: Life, rule: TreatyRule, outcome: Outcome, days: Days, *, notified: date) -> Anyway | None:
    """What becomes of a notice of withdrawal, given in time or not; None where no clause says."""
    if not rule.leaving:
        return None
    clause = rule.leaving[0]
    story = _story(life, outcome, days)
    story["bound"] = _effect(life, rule, story)[0]
    received = _taken_as_received(notified, clause, story)
    story |= {"received": received, "specified": None}
    return Anyway(clause, received, named_day(clause.takes_effect, story, trigger="received")[0])


def _taken_as_received(notified: date, clause: Leaving, story: Days) -> date | None:
    """The first day, from the notice on, on which it can be given; None while that is not known."""
    if clause.not_before is None:
        return notified
    opens = named_day(clause.not_before, {**story, "received": notified}, trigger="bound")[0]
    if opens is None or notified <= opens or clause.window is None:
        return opens if opens is None else max(notified, opens)
    years = clause.window.every_years
    rounds = (notified.year - opens.year) // years
    last = add_months(opens, 12 * years * rounds)
    if notified < last:
        last = add_months(opens, 12 * years * (rounds - 1))
    if notified < add_months(last, clause.window.open_months):
        return notified
    return add_months(last, 12 * years)
