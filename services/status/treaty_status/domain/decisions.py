"""Decide: an order, the state it meets, and the facts to append; or a refusal, and nothing happens.

Every decision ends in the same step: what the facts now say is compared with what was announced, and the difference
is appended with them. So a line is announced exactly once, however it came to be crossed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Literal

from treaty_events import (
    EVENT_OF,
    Action,
    Cause,
    ClaimRecorded,
    CorrectionReason,
    DepositStatus,
    Details,
    Evidence,
    Fact,
    FactCorrected,
    FactReinstated,
    FactRetracted,
    InstrumentDeposited,
    Kind,
    MilestoneAnnounced,
    Override,
    ParticipantAct,
    Recorded,
    RehearsalClosed,
    RehearsalDayReached,
    RuleAmended,
    RuleSet,
    SignatureWindow,
    SignatureWindowsSet,
    Tier,
    TreatyDefined,
    TreatyDetailsAmended,
    event_id,
    stream_of,
)
from treaty_status.domain import refusals as no
from treaty_status.domain.amendments import amended, amended_certificate
from treaty_status.domain.announcements import changes
from treaty_status.domain.assessment import outcome_of, participant_milestones, treaty_milestones
from treaty_status.domain.certificates import Certificate
from treaty_status.domain.certifying import (
    Certify,
    SetTable,
    certificate_facts,
    checked_certificate,
    doubts_about,
    refuse_table,
    table_facts,
)
from treaty_status.domain.checks import Case, Warned, held_back, misdated, objections, warnings
from treaty_status.domain.contradictions import (
    came_as_history,
    concerned,
    contradiction_lines,
    days_of_claims,
    key_of,
    told_as_history,
)
from treaty_status.domain.duplicates import made_void, renewed
from treaty_status.domain.holds import EVERYTHING, may_lift, may_release
from treaty_status.domain.lines import Milestone
from treaty_status.domain.old_news import told_or_settled
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.settled import Settled, settled_by
from treaty_status.domain.treaty import Claim, State, Treaty, Undefined, before, evolve, without
from treaty_status.domain.world import World

CONTRADICTION: Final = Kind.CLAIM_CONTRADICTION.value
OF_ONE: Final = ("participant.", CONTRADICTION)
"""How the kinds begin whose lines belong to one participant, or to one statement."""


# ---- orders ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Define:
    """Put a treaty into the record, or amend what is there; parts left out stay as they are."""

    treaty: str
    details: Details
    windows: tuple[SignatureWindow, ...]
    rule: TreatyRule | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAct:
    """Record one act of one participant. ``extra`` holds what only some acts have, such as a predecessor."""

    treaty: str
    action: Action
    participant: str
    act_date: date
    place: str | None = None
    effect_date: date | None = None
    circulated_on: date | None = None
    depositary_ref: str | None = None
    tier: Tier = Tier.OFFICIAL_DEPOSITARY
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    override: Override | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordClaim:
    """Keep a statement beside the facts. ``imported``: the id of the import that brings it in as history."""

    treaty: str
    claim: dict[str, Any]
    imported: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """Say that an act happened otherwise, never happened, or did happen after all."""

    treaty: str
    target: str
    kind: Literal["corrected", "retracted", "reinstated"]
    reason: CorrectionReason
    fields: dict[str, Any] = field(default_factory=dict)
    explanation: str | None = None
    evidence: tuple[Evidence, ...] = ()
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachDay:
    """The clock says that a day has come at the depositary."""

    treaty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourMoved:
    """Another treaty that this one rests on has moved; ``imported``: as an import made it, so that it is no news."""

    treaty: str
    imported: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold:
    """A second person has seen what waits: say it. ``key`` names one line; left out, everything that waits."""

    treaty: str
    key: str = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRehearsal:
    """Copy a treaty as it stands into a stream of its own, to practise in."""

    treaty: str
    of: Treaty
    starts_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRehearsalDay:
    """Let a day come in a rehearsal."""

    treaty: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRehearsal:
    """End a rehearsal; it is no longer shown."""

    treaty: str
    reason: str | None = None


Order = (
    Define
    | RecordAct
    | RecordClaim
    | Certify
    | SetTable
    | ReleaseHold
    | Correct
    | ReachDay
    | NeighbourMoved
    | OpenRehearsal
    | MoveRehearsalDay
    | CloseRehearsal
)


# ---- answers ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Decision:
    """What to append, the state after it, and what the person who asked should know."""

    events: tuple[Fact, ...]
    state: State
    settled: Settled | None
    warnings: tuple[Warned, ...] = ()

    @property
    def milestones(self) -> tuple[MilestoneAnnounced, ...]:
        """The announcements among the events."""
        return tuple(event for event in self.events if isinstance(event, MilestoneAnnounced))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The day at the depositary, the world, and who records this when."""

    today: date
    world: World
    recorded: Recorded


def decide(state: State, order: Order, now: Circumstances, *, settled: Settled | None = None) -> Decision:
    """The facts that follow from an order, with every milestone they cause.

    Raises:
        Refusal: it cannot be recorded; the reason is the exception.
    """
    now = replace(now, today=effective_day(state, order, now.today))
    facts, warned, cause = _facts(state, order, now)
    moved_by = order.imported if isinstance(order, NeighbourMoved) else None
    released = frozenset({order.key}) if isinstance(order, ReleaseHold) else frozenset()
    return _concluded(state, facts, warned, cause, now, settled, moved_by=moved_by, released=released)


def effective_day(state: State, order: Order, today: date) -> date:
    """Today at the depositary; in a rehearsal, the day it has reached, which an act dated later moves on."""
    if isinstance(order, OpenRehearsal):
        return order.starts_on
    if not isinstance(state, Treaty) or state.livemode:
        return today
    day = state.rehearsal_day or today
    if isinstance(order, RecordAct) and order.tier is Tier.OFFICIAL_DEPOSITARY:
        return max(day, order.act_date)
    if isinstance(order, Certify) and order.tier is Tier.OFFICIAL_DEPOSITARY:
        return max(day, order.certified_on)
    return max(day, order.on) if isinstance(order, MoveRehearsalDay) else day


def _facts(state: State, order: Order, now: Circumstances) -> tuple[list[Fact], list[Warned], str]:
    if isinstance(order, Define):
        facts = _defined(state, order, now)
        amended_rule = isinstance(state, Treaty) and any(isinstance(fact, RuleSet | RuleAmended) for fact in facts)
        return facts, [], "rule" if amended_rule else "definition"
    if isinstance(order, OpenRehearsal):
        return _rehearsal(state, order, now), [], "definition"
    treaty = defined(state)
    match order:
        case RecordAct():
            facts, warned = _act(treaty, order, now)
            return facts, warned, "action"
        case RecordClaim():
            return [_claim(order, now)], [], "claim"
        case Certify():
            facts, warned = certificate_facts(treaty, order, today=now.today, recorded=now.recorded)
            return [*_moved_on(treaty, order.certified_on, order.tier, now), *facts], warned, "certificate"
        case SetTable():
            return *table_facts(treaty, order, recorded=now.recorded), "table"
        case ReleaseHold(key=key):
            may_release(treaty, key, now.recorded.by)
            return [], [], "release"
        case Correct():
            fact = _correction(treaty, order, now)
            return [fact], [*_overruled(treaty, fact, order, now), *_doubts(treaty, order, now)], "correction"
        case ReachDay():
            return [], [], "day"
        case NeighbourMoved():
            return [], [], "other_treaty"
        case MoveRehearsalDay(on=day):
            return _day_moved(treaty, day, now), [], "day"
        case CloseRehearsal(reason=reason):
            _must_be_rehearsal(treaty)
            return [RehearsalClosed(treaty=treaty.id, recorded=now.recorded, reason=reason)], [], "definition"


def defined(state: State) -> Treaty:
    """The treaty, if there is one and it is not a closed rehearsal."""
    if isinstance(state, Undefined):
        raise no.UnknownTreaty(
            f"No treaty is recorded under the id {state.id!r}.",
            way_out="List the treaties at /v1/treaties, or define this one with PUT.",
            facts={"treaty": state.id},
        )
    if state.closed:
        raise no.RehearsalOver(
            f"The rehearsal {state.id} was closed.",
            way_out="Open another with POST …/rehearsals.",
            facts={"treaty": state.id},
        )
    return state


# ---- the treaty itself -----------------------------------------------------------------------------------------------
def _defined(state: State, order: Define, now: Circumstances) -> list[Fact]:
    who: dict[str, Any] = {"treaty": order.treaty, "recorded": now.recorded}
    if isinstance(state, Undefined):
        found: list[Fact] = [TreatyDefined(**who, details=order.details)]
        if order.windows:
            found.append(SignatureWindowsSet(**who, windows=order.windows))
        if order.rule is not None:
            found.append(RuleSet(**who, version=1, rule=plain(order.rule), reason=order.reason))
        return found
    treaty = defined(state)
    found = []
    if order.details != treaty.details:
        may_lift(treaty, order.details, now.recorded.by)
        found.append(TreatyDetailsAmended(**who, details=order.details))
    if order.windows != treaty.windows:
        found.append(SignatureWindowsSet(**who, windows=order.windows))
    if order.rule is not None and order.rule != treaty.rule:
        kind = RuleSet if treaty.rule is None else RuleAmended
        found.append(kind(**who, version=treaty.rule_version + 1, rule=plain(order.rule), reason=order.reason))
    return found


def plain(rule: TreatyRule) -> dict[str, Any]:
    """The rule as the JSON document that is stored."""
    return rule.model_dump(mode="json", exclude_defaults=True)


# ---- acts ------------------------------------------------------------------------------------------------------------
def _act(treaty: Treaty, order: RecordAct, now: Circumstances) -> tuple[list[Fact], list[Warned]]:
    act = event_for(order, now.recorded)
    if order.tier is not Tier.OFFICIAL_DEPOSITARY:
        return [_as_claim(act, now.today)], [
            Warned("V14", "Only the depositary's own record moves a count; this was kept as a claim.")
        ]
    case = Case(treaty, act, now.world, now.today)
    overruled = set(order.override.checks) if order.override else set()
    warned: list[Warned] = []
    for refusal in objections(case):
        if refusal.check is None or refusal.check not in overruled:
            raise refusal
        warned.append(Warned(refusal.check, f"Overruled: {refusal.detail}"))
    if isinstance(act, InstrumentDeposited) and "deposit_status" not in order.extra and held_back(case):
        case = replace(case, act=replace(act, deposit_status=DepositStatus.PENDING))
        warned.append(Warned("V11", "Deposited with a reservation that is not admitted; recorded as pending."))
    return [*_moved_on(treaty, act.act_date, act.tier, now), renewed(case)], [*warned, *warnings(case)]


def event_for(order: RecordAct, recorded: Recorded) -> ParticipantAct:
    """The event that records an act."""
    return EVENT_OF[order.action](
        treaty=order.treaty,
        recorded=recorded,
        participant=order.participant,
        action=order.action,
        act_date=order.act_date,
        place=order.place,
        effect_date=order.effect_date,
        circulated_on=order.circulated_on,
        depositary_ref=order.depositary_ref,
        tier=order.tier,
        evidence=order.evidence,
        note=order.note,
        override=order.override,
        **order.extra,
    )


def _claim(order: RecordClaim, now: Circumstances) -> ClaimRecorded:
    recorded = replace(now.recorded, imported=order.imported)
    return ClaimRecorded(**{"heard_on": now.today} | order.claim, treaty=order.treaty, recorded=recorded)


def _as_claim(act: ParticipantAct, today: date) -> ClaimRecorded:
    return ClaimRecorded(
        treaty=act.treaty,
        recorded=act.recorded,
        claimed_on=today.isoformat(),
        heard_on=today,
        source=act.evidence[0].source if act.evidence else act.recorded.by,
        url=act.evidence[0].url if act.evidence else None,
        statement=f"{act.participant}: {act.action.value}, {act.act_date}",
        about="participant_act",
        tier=act.tier,
        participant=act.participant,
        action=act.action,
        act_date=act.act_date.isoformat(),
        note=act.note,
        evidence=act.evidence,
    )


def _moved_on(treaty: Treaty, day: date, tier: Tier, now: Circumstances) -> list[Fact]:
    """In a rehearsal the calendar follows what is recorded as a fact."""
    if treaty.livemode or treaty.rehearsal_day is None or day <= treaty.rehearsal_day:
        return []
    if tier is not Tier.OFFICIAL_DEPOSITARY:
        return []
    return [RehearsalDayReached(treaty=treaty.id, recorded=now.recorded, on=day)]


def _correction(treaty: Treaty, order: Correct, now: Circumstances) -> Fact:
    target = treaty.act(order.target) or treaty.certificate(order.target)
    if target is None:
        refuse_table(treaty, order.target)
        raise no.UnknownFact(
            f"The treaty {treaty.id} has no act or certificate with the event id {order.target}.",
            way_out="Take the event id of the act itself from …/log, also to change what an earlier correction says.",
            facts={"treaty": treaty.id, "target": order.target},
        )
    common: dict[str, Any] = {
        "treaty": treaty.id,
        "recorded": now.recorded,
        "target": order.target,
        "reason": order.reason,
        "explanation": order.explanation,
        "evidence": order.evidence,
        "override": order.override,
    }
    facts = {"treaty": treaty.id, "target": order.target}
    if order.kind == "corrected":
        if isinstance(target, Certificate):
            checked_certificate(treaty, target, order.fields, today=now.today, facts=facts)
            return FactCorrected(**common, fields=order.fields)
        return FactCorrected(**common, fields=_checked_fields(treaty, target.event, order, now, facts))
    if target.retracted is (order.kind == "retracted"):
        noun = "certificate" if isinstance(target, Certificate) else "act"
        raise no.NothingChanged(
            f"The {noun} is {'already' if target.retracted else 'not'} retracted.",
            way_out="Look at its history in …/log.",
            facts=facts,
        )
    return (FactRetracted if order.kind == "retracted" else FactReinstated)(**common)


def _overruled(treaty: Treaty, fact: Fact, order: Correct, now: Circumstances) -> list[Warned]:
    """A correction that makes a second consent of one is refused, unless V7 is overruled with a reason."""
    target, after = treaty.act(order.target), evolve(treaty, [fact])
    if target is None or not isinstance(after, Treaty):
        return []
    refusal = made_void(treaty, after, target, world=now.world)
    if refusal is None:
        return []
    if order.override is None or "V7" not in order.override.checks:
        raise refusal
    return [Warned("V7", f"Overruled: {refusal.detail}")]


def _doubts(treaty: Treaty, order: Correct, now: Circumstances) -> list[Warned]:
    """What would have been objected to the act as it reads now. The depositary may have done just that, so it stands;
    but whoever hit the wrong row should know at once.
    """
    target = treaty.act(order.target) or treaty.certificate(order.target)
    if target is None or order.kind == "retracted" or (target.retracted and order.kind == "corrected"):
        return []
    if isinstance(target, Certificate):
        return doubts_about(treaty, target, amended_certificate(target.event, order.fields), today=now.today)
    act = amended(target.event, order.fields)
    others = without(treaty, target)
    if order.kind == "corrected" and act.participant == target.event.participant:
        others = before(others, act.act_date)  # a later life of its own is no second consent
    overruled = set(act.override.checks) if act.override else set()
    return [
        Warned(str(refusal.facts.get("check", refusal.slug)), f"Recorded all the same: {refusal.detail}")
        for refusal in objections(Case(others, act, now.world, now.today))
        if refusal.check not in overruled and not isinstance(refusal, no.AlreadyContracting)  # refused, or overruled
    ]


def _checked_fields(
    treaty: Treaty, act: ParticipantAct, order: Correct, now: Circumstances, facts: dict[str, Any]
) -> dict[str, Any]:
    try:
        after = amended(act, order.fields)
    except ValueError as error:
        raise no.FieldNotCorrectable(
            str(error), way_out="Name only fields of the act, with values of their kind.", facts=facts
        ) from error
    if after == act:
        raise no.NothingChanged("The act already reads so.", way_out="Say what was different.", facts=facts)
    if after.tier is not Tier.OFFICIAL_DEPOSITARY:
        raise no.FieldNotCorrectable(
            "An act rests on the depositary's record; a lesser source makes a claim, not an act.",
            way_out="Retract the act if the depositary did not record it, and keep the statement as a claim.",
            facts=facts,
        )
    for refusal in misdated(Case(treaty, after, now.world, now.today)):
        raise refusal
    return order.fields


# ---- rehearsals ------------------------------------------------------------------------------------------------------
def _rehearsal(state: State, order: OpenRehearsal, now: Circumstances) -> list[Fact]:
    if isinstance(state, Treaty):
        raise no.TreatyExists(
            f"The id {order.treaty} is taken.", way_out="Choose another.", facts={"treaty": order.treaty}
        )
    who: dict[str, Any] = {"treaty": order.treaty, "recorded": now.recorded}
    source = before(order.of, order.starts_on)
    found: list[Fact] = [
        TreatyDefined(**who, details=source.details, rehearsal_of=source.id, starts_on=order.starts_on),
        SignatureWindowsSet(**who, windows=source.windows),
    ]
    if source.rule is not None:
        found.append(RuleSet(**who, version=1, rule=plain(source.rule), reason=f"copied from {source.id}"))
    for versions in source.tables.values():
        table = replace(versions[-1].event, treaty=order.treaty, recorded=now.recorded, version=1)
        found.append(replace(table, reason=f"copied from {source.id}"))
    found += [
        replace(one.event, treaty=order.treaty, recorded=now.recorded)
        for one in source.certificates
        if not one.retracted
    ]
    acts = sorted((act for act in source.acts.values() if not act.retracted), key=lambda act: act.version)
    return [*found, *(_copied(act.event, order, now) for act in acts)]


def _copied(act: ParticipantAct, order: OpenRehearsal, now: Circumstances) -> ParticipantAct:
    """Into the rehearsal; what was history stays history."""
    recorded = replace(now.recorded, imported=act.recorded.imported)
    return replace(act, treaty=order.treaty, recorded=recorded)


def _day_moved(treaty: Treaty, day: date, now: Circumstances) -> list[Fact]:
    _must_be_rehearsal(treaty)
    if treaty.rehearsal_day is not None and day <= treaty.rehearsal_day:
        raise no.NothingChanged(
            f"The rehearsal has already reached {treaty.rehearsal_day}.",
            way_out="A rehearsal's calendar only moves on; open another to go back.",
            facts={"treaty": treaty.id, "day": treaty.rehearsal_day.isoformat()},
        )
    return [RehearsalDayReached(treaty=treaty.id, recorded=now.recorded, on=day)]


def _must_be_rehearsal(treaty: Treaty) -> None:
    if treaty.livemode:
        raise no.NotARehearsal(
            f"{treaty.id} is the record itself.", way_out="Open a rehearsal of it.", facts={"treaty": treaty.id}
        )


# ---- the last step of every decision ---------------------------------------------------------------------------------
def _concluded(
    state: State,
    facts: list[Fact],
    warned: list[Warned],
    cause: str,
    now: Circumstances,
    settled: Settled | None,
    *,
    moved_by: str | None,
    released: frozenset[str],
) -> Decision:
    after = evolve(state, facts)
    if isinstance(after, Undefined) or after.closed:
        return Decision(tuple(facts), after, None, tuple(warned))
    stream = stream_of(after.id)
    ids = tuple(
        event_id(stream, state.version + n)
        for n, fact in enumerate(facts, start=1)
        if not isinstance(fact, RehearsalDayReached) or cause == "day"
    )
    said, now_settled = _announce(
        state, after, facts, Cause(kind=cause, event_ids=ids), now, settled, moved_by, released
    )
    return Decision((*facts, *said), evolve(after, said), now_settled, tuple(warned))


def _announce(
    state: State,
    after: Treaty,
    facts: list[Fact],
    cause: Cause,
    now: Circumstances,
    settled: Settled | None,
    moved_by: str | None,
    released: frozenset[str],
) -> tuple[list[Fact], Settled]:
    outcome = outcome_of(after, world=now.world, as_of=now.today)
    now_settled = settled_by(after, outcome, today=now.today)
    quiet = cause.kind in {"action", "claim"} and settled is not None and settled.holds(now_settled)
    touched = {fact.participant for fact in facts if isinstance(fact, ParticipantAct)}
    only = touched if quiet and isinstance(state, Treaty) else None
    beside = after.claims if only is None else concerned(after, facts, since=state.version)
    against = contradiction_lines(after, outcome, now.world, as_of=now.today, of=beside)
    whom = after.participations if only is None else only & after.participations.keys()
    own = [line for name in whom for line in participant_milestones(after, after.participations[name], outcome)]
    holding = {line.key: line for line in (*treaty_milestones(after, outcome, now.world), *own, *against)}
    ahead = min((_next_day(own, now.today), *days_of_claims(beside, after=now.today)))
    if only is not None and settled is not None:
        ahead = min(ahead, settled.quiet_until or settled.today)
    now_settled = replace(now_settled, quiet_until=ahead)
    keys = holding.keys() | _said_before(after, only, beside)
    found = changes(after.announced, holding, keys, today=now.today)
    old = [change for change in found if came_as_history(after, change.milestone) is not None]
    news = [change for change in found if change not in old] if old else found
    said = told_or_settled(
        after,
        news,
        outcome,
        world=now.world,
        today=now.today,
        cause=cause,
        recorded=now.recorded,
        moved_by=moved_by,
        released=released,
    )
    beside_it = told_as_history(after, old, world=now.world, today=now.today, cause=cause, recorded=now.recorded)
    return [*beside_it, *said], now_settled


def _next_day(lines: Iterable[Milestone], today: date) -> date:
    """The first day to come on which one of these lines is crossed, or crossed back."""
    days = (day for line in lines for day in (line.due, line.lost_on) if day is not None and day > today)
    return min(days, default=date.max)


def _said_before(treaty: Treaty, only: Iterable[str] | None, beside: Iterable[Claim]) -> set[str]:
    """Keys already spoken of that have to be compared: all of them, or the treaty's own and those of a few."""
    if only is None:
        return set(treaty.announced)
    those = tuple(f":{name}:" for name in only)
    own = {
        key
        for key, said in treaty.announced.items()
        if not said.kind.startswith(OF_ONE) or (any(name in key for name in those) and said.kind != CONTRADICTION)
    }
    return own | (treaty.announced.keys() & {key_of(treaty, claim) for claim in beside})
