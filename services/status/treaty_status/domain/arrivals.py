"""What became known at one instant of the past, put on record as of that instant: acts, changes, removals.

It replays what a follower of the depositary's record saw, so that ``known_at`` has a history to look back on. All of it
is history, told to nobody; when the replay ends, one announcement says that it is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, NamedTuple

from treaty_events import (
    Action,
    Cause,
    CorrectionReason,
    Details,
    Evidence,
    Fact,
    FactCorrected,
    FactReinstated,
    FactRetracted,
    Recorded,
    RuleSet,
    TreatyDefined,
)
from treaty_status.domain.amendments import amended
from treaty_status.domain.assessment import outcome_of
from treaty_status.domain.checks import Case, misdated
from treaty_status.domain.decisions import Circumstances, defined, plain
from treaty_status.domain.history import (
    AlreadyOnRecord,
    HistoricAct,
    HistoryDecision,
    Verdict,
    crossed,
    identity,
    import_finished,
    said_as_history,
    take,
)
from treaty_status.domain.old_news import told
from treaty_status.domain.participation import Act
from treaty_status.domain.refusals import Refusal, UnknownFact
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.settled import settled_by
from treaty_status.domain.treaty import State, Treaty, Undefined, evolve

AS_IT_STOOD: Final = "as the depositary's record had it when it was seen"
"""Why what our clauses object to is recorded all the same: the replay is of that record, not of our reading."""


class ActOn(NamedTuple):
    """What was done, on which day."""

    action: Action
    on: date


class Arrived(NamedTuple):
    """What one participant's act became: ``before`` None, it arrived; ``after`` None, it was removed."""

    participant: str
    before: ActOn | None
    after: ActOn | None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Under which header, and with which rule, a treaty is put on record when its replay begins."""

    details: Details
    rule: TreatyRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordArrivals:
    """Put on record what arrived at one instant; ``run`` is the id of the replay, ``source`` tells it in words."""

    treaty: str
    run: str
    source: str
    arrived: tuple[Arrived, ...]
    opening: Opening | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndReplay:
    """Nothing more will arrive: settle what came since, and say that the history is there."""

    treaty: str
    run: str
    source: str


def decide_arrivals(state: State, order: RecordArrivals, now: Circumstances) -> HistoryDecision:
    """The facts that follow from an instant of the past, with a verdict for each arrival in the order given.

    Raises:
        Refusal: the treaty is not on record, and the order does not open it.
    """
    recorded = replace(now.recorded, imported=order.run)
    treaty, opening = _opened(state, order, recorded)
    verdicts: list[Verdict] = [None] * len(order.arrived)
    facts: list[Fact] = []
    come: list[int] = []
    for index, one in enumerate(order.arrived):
        found = _changed(treaty, one, recorded, now)
        if found is None:
            come.append(index)
        elif isinstance(found, Fact):
            facts.append(found)
            treaty = defined(evolve(treaty, [found]))
        else:
            verdicts[index] = found
    acts = [_act(order.arrived[index]) for index in come]
    taken = take(treaty, acts, world=now.world, today=now.today, recorded=recorded, overruling=AS_IT_STOOD)
    for index, verdict in zip(come, taken.verdicts, strict=True):
        verdicts[index] = verdict
    doubts = {come[place]: doubted for place, doubted in taken.doubts.items()}
    events = [*opening, *facts, *taken.events]
    if not events:
        return HistoryDecision((), state, None, verdicts=tuple(verdicts))
    decision = _concluded(taken.treaty, events, order.run, replace(now, recorded=recorded))
    return replace(decision, verdicts=tuple(verdicts), doubts=doubts)


def decide_end(state: State, order: EndReplay, now: Circumstances) -> HistoryDecision:
    """What the days since the last arrival brought, settled, and one announcement; nothing if none of it is there."""
    treaty = defined(state)
    acts = [act.event for act in treaty.acts.values() if act.event.recorded.imported == order.run]
    if not acts:
        return HistoryDecision((), state, None)
    outcome = outcome_of(treaty, world=now.world, as_of=now.today)
    found = crossed(treaty, outcome, None, now)
    said = said_as_history(treaty, found, now, order.run)
    digest = import_finished(
        treaty, acts, len(treaty.announced), outcome, run=order.run, source=order.source, recorded=now.recorded
    )
    after = evolve(treaty, (*said, digest))
    return HistoryDecision((*said, digest), after, settled_by(treaty, outcome, today=now.today))


def _opened(state: State, order: RecordArrivals, recorded: Recorded) -> tuple[Treaty, list[Fact]]:
    if not isinstance(state, Undefined) or order.opening is None:
        return defined(state), []
    opening = order.opening
    found: list[Fact] = [TreatyDefined(treaty=order.treaty, recorded=recorded, details=opening.details)]
    if opening.rule is not None:
        reason = "in force throughout the replay"
        found.append(
            RuleSet(treaty=order.treaty, recorded=recorded, version=1, rule=plain(opening.rule), reason=reason)
        )
    return defined(evolve(state, found)), found


def _concluded(treaty: Treaty, events: Sequence[Fact], run: str, now: Circumstances) -> HistoryDecision:
    outcome = outcome_of(treaty, world=now.world, as_of=now.today)
    said = told(
        treaty,
        crossed(treaty, outcome, None, now),
        lambda _: True,
        world=now.world,
        today=now.today,
        cause=Cause(kind="import"),
        recorded=now.recorded,
        imported=run,
    )
    settled = settled_by(treaty, outcome, today=now.today)
    return HistoryDecision((*events, *said), evolve(treaty, said), settled)


# ---- one arrival -----------------------------------------------------------------------------------------------------
def _act(one: Arrived) -> HistoricAct:
    assert one.after is not None  # noqa: S101 - only what arrived is taken
    return HistoricAct(one.participant, one.after.action, one.after.on, one.evidence)


def _changed(treaty: Treaty, one: Arrived, recorded: Recorded, now: Circumstances) -> "Fact | Verdict":
    """The fact about an earlier fact; None where it is an act that was not there before."""
    about: dict[str, Any] = {
        "treaty": treaty.id,
        "recorded": recorded,
        "reason": CorrectionReason.DEPOSITARY_CORRECTION,
        "evidence": one.evidence,
    }
    if one.before is None:
        again = _found(treaty, one.participant, one.after)
        return FactReinstated(**about, target=again.event_id) if again is not None and again.retracted else None
    target = _found(treaty, one.participant, one.before)
    if target is None or target.retracted:
        return _not_there(treaty, one)
    if one.after is None:
        return FactRetracted(**about, target=target.event_id)
    return _corrected(treaty, target, one.after, about, now)


def _corrected(
    treaty: Treaty, target: Act, after: ActOn, about: dict[str, Any], now: Circumstances
) -> "FactCorrected | Refusal":
    fields: dict[str, Any] = {}
    if target.event.action is not after.action:
        fields["action"] = after.action.value
    if target.event.act_date != after.on:
        fields["act_date"] = after.on.isoformat()
    for refusal in misdated(Case(treaty, amended(target.event, fields), now.world, now.today)):
        return refusal
    return FactCorrected(**about, target=target.event_id, fields=fields)


def _found(treaty: Treaty, participant: str, what: ActOn | None) -> Act | None:
    """The living act that says this, else one that was retracted."""
    if what is None:
        return None
    same = [act for act in treaty.acts.values() if identity(act) == (participant, what.action, what.on)]
    return next((act for act in same if not act.retracted), same[0] if same else None)


def _not_there(treaty: Treaty, one: Arrived) -> "AlreadyOnRecord | Refusal":
    again = _found(treaty, one.participant, one.after)
    if again is not None and not again.retracted:
        return AlreadyOnRecord(retracted=False, version=again.version)
    was = one.before
    return UnknownFact(
        f"The record holds no act of {one.participant} that was {was.action.value if was else '?'}"
        f" of {was.on if was else '?'}.",
        way_out="Look at the treaty's log; what was refused when it arrived cannot change later.",
        facts={"treaty": treaty.id, "participant": one.participant},
    )
