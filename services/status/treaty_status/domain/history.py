"""History in bulk: many acts of one treaty, decided one after another in legal order, each against those before it.

An act is checked as if it were recorded alone, except for what only clauses could say of a treaty whose clauses are not
on record. What is refused stops nothing else. The cost of an act does not depend on how many went before.

Old lines are no news: what the acts cross is put on record as already said, one announcement at the end says that the
history is there. What is of today or lies ahead, and what corrects something that was told as news, is announced like
anything else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, NamedTuple

from treaty_events import (
    EVENT_OF,
    Action,
    Cause,
    Details,
    Evidence,
    Fact,
    ImportFinished,
    Override,
    ParticipantAct,
    Recorded,
    TreatyDefined,
    stream_of,
)
from treaty_events.actions import AT_SIGNATURE
from treaty_status.domain.announcements import Change, changes, spoken_titles
from treaty_status.domain.assessment import outcome_of, participant_milestones, treaty_milestones
from treaty_status.domain.checks import Case, Warned, objections, shared_evidence, warnings
from treaty_status.domain.contradictions import contradiction_lines
from treaty_status.domain.decisions import Circumstances, Decision, defined
from treaty_status.domain.duplicates import renewed
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.lines import Milestone
from treaty_status.domain.old_news import never_told, told
from treaty_status.domain.participation import Act, Participation, participation
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.settled import Settled, settled_by
from treaty_status.domain.treaty import State, Treaty, Undefined, evolve
from treaty_status.domain.world import World

TABLE: Final = "table:"
"""How the id of an import begins that read a complete table."""

NEEDS_A_RULE: Final = frozenset({"V3"})
"""Whether a treaty may be ratified without a signature is for its clauses; while none are on record, nobody objects."""
OF_THE_CLAUSES: Final = frozenset({"V1", "V2", "V3", "V4", "V5", "V6"})
"""What final clauses object to, and a depositary may have seen otherwise."""
Identity = tuple[str, Action, date]
"""What makes two acts the same, whichever file tells of them: who, what, on which day."""


class HistoricAct(NamedTuple):
    """One act of a history. ``more`` holds further fields of the act's event."""

    participant: str
    action: Action
    act_date: date
    evidence: tuple[Evidence, ...] = ()
    more: Mapping[str, Any] | None = None


class AlreadyOnRecord(NamedTuple):
    """The same act stands in the record, at this version; ``retracted``: it was taken out since, and stays out."""

    retracted: bool
    version: int


Verdict = None | AlreadyOnRecord | Refusal
"""None: recorded now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordHistory:
    """Put many acts of one treaty on record at once.

    ``run`` is the id of the import, ``source`` says in words where the acts come from. ``define`` is the header under
    which the treaty is put on record if it is not there yet. ``table`` has the filled cells of each participant's row
    where the source claims to be complete; a source that lost some is refused.
    """

    treaty: str
    acts: tuple[HistoricAct, ...]
    run: str
    source: str
    define: Details | None = None
    table: Mapping[str, int] | None = None


class RetractedBefore(Refusal):
    """The act stands in the record and was retracted; bringing it in again does not undo that."""

    slug, title = "retracted-before", "The act was recorded before and retracted."


class NotTheDepositarys(Refusal):
    """A history holds what the depositary recorded; what others say is a claim."""

    slug, title, check = "not-the-depositarys", "The act does not rest on the depositary's record.", "V14"


@dataclass(frozen=True, slots=True)
class HistoryDecision(Decision):
    """A decision, with a verdict for each act in the order given.

    By their place in that order: ``versions`` of the acts recorded now, and ``doubts``, what to know about them.
    """

    verdicts: tuple[Verdict, ...] = ()
    versions: Mapping[int, int] = field(default_factory=dict)
    doubts: Mapping[int, tuple[Warned, ...]] = field(default_factory=dict)


class TableShrank(Refusal):
    """A table that claims to be complete has less than what was read from it before."""

    slug, title = "table-shrank", "The table has shrunk."


def decide_history(
    state: State, order: RecordHistory, now: Circumstances, *, settled: Settled | None = None
) -> HistoryDecision:
    """The facts that follow from a history.

    Raises:
        Refusal: the treaty is not on record, or the table shrank; single acts are refused in the verdicts.
    """
    treaty, opening = _opened(state, order, now)
    now = replace(now, today=_today(treaty, now.today))
    _refuse_shrunk(treaty, order, now.world)
    recorded = replace(now.recorded, imported=order.run)
    taken = take(treaty, order.acts, world=now.world, today=now.today, recorded=recorded)
    if not taken.events:
        return HistoryDecision((), state, settled, verdicts=taken.verdicts)
    after, outcome = taken.treaty, outcome_of(taken.treaty, world=now.world, as_of=now.today)
    now_settled = settled_by(after, outcome, today=now.today)
    quiet = settled is not None and settled.holds(now_settled)
    only = {event.participant for event in taken.events} if quiet else None
    found = crossed(after, outcome, only, now)
    said = said_as_history(after, found, now, order.run)
    digest = import_finished(
        after, taken.events, len(found), outcome, run=order.run, source=order.source, recorded=now.recorded
    )
    final = evolve(after, (*said, digest))
    return HistoryDecision(
        (*opening, *taken.events, *said, digest),
        final,
        now_settled,
        verdicts=taken.verdicts,
        versions=taken.versions,
        doubts=taken.doubts,
    )


def _opened(state: State, order: RecordHistory, now: Circumstances) -> tuple[Treaty, tuple[Fact, ...]]:
    if not isinstance(state, Undefined) or order.define is None:
        return defined(state), ()
    opening = TreatyDefined(treaty=order.treaty, recorded=now.recorded, details=order.define)
    return defined(evolve(state, [opening])), (opening,)


def _today(treaty: Treaty, today: date) -> date:
    return today if treaty.livemode else treaty.rehearsal_day or today


# ---- a table that lost something -------------------------------------------------------------------------------------
def _refuse_shrunk(treaty: Treaty, order: RecordHistory, world: World) -> None:
    if order.table is None:
        return
    held = Counter(
        act.event.participant
        for act in treaty.acts.values()
        if not act.retracted and (act.event.recorded.imported or "").startswith(TABLE)
    )
    # Rows of predecessors are replaced by their successors' in the depositary's tables.
    lost = sorted(
        name for name, acts in held.items() if acts > order.table.get(name, 0) and world.kind(name) != "predecessor"
    )
    if lost:
        names = ", ".join(world.name(name, "en") for name in lost[:5])
        raise TableShrank(
            f"The table has less than was read from it before: cells of {len(lost)} participants are gone ({names}).",
            way_out="Fetch it again; if the depositary did remove them, allow it to shrink and correct the acts.",
            facts={"treaty": treaty.id, "participants": lost[:50], "lost": len(lost)},
        )


# ---- the acts --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Taken:
    """The facts to append, the treaty after them, a verdict for each act in the order given, the rest by place."""

    events: tuple[ParticipantAct, ...]
    treaty: Treaty
    verdicts: tuple[Verdict, ...]
    versions: Mapping[int, int]
    doubts: Mapping[int, tuple[Warned, ...]]


def take(
    treaty: Treaty,
    acts: Sequence[HistoricAct],
    *,
    world: World,
    today: date,
    recorded: Recorded,
    overruling: str | None = None,
) -> Taken:
    """Decide a history. The treaty passed in is left as it was.

    ``overruling`` is the reason why objections that the clauses raise are overruled, each act keeping it for ever.
    """
    stream = stream_of(treaty.id)
    known = {identity(act): (act.retracted, act.version) for act in treaty.acts.values()}
    recorded_acts, participations = dict(treaty.acts), dict(treaty.participations)
    after = replace(treaty, acts=recorded_acts, participations=participations)
    clauses = treaty.rule is not None or bool(treaty.windows)
    verdicts: list[Verdict] = [None] * len(acts)
    events: list[ParticipantAct] = []
    versions: dict[int, int] = {}
    doubts: dict[int, tuple[Warned, ...]] = {}
    papers = _Papers(treaty)
    version = treaty.version
    for index in sorted(range(len(acts)), key=lambda n: _legal_order(acts[n])):
        act = acts[index]
        key = (act.participant, act.action, act.act_date)
        if key in known:
            verdicts[index] = AlreadyOnRecord(*known[key])
            continue
        event = historic_event(treaty.id, act, recorded)
        case = Case(after, event, world, today)
        found = objections(case, clauses=clauses)
        overruled: tuple[Warned, ...] = ()
        if overruling is not None:
            event, overruled = _overruled(event, raised := list(found), overruling)
            case, found = replace(case, act=event), iter(raised)
        passed = _passed_over(treaty, event)
        refusal = next((one for one in found if one.check is None or one.check not in passed), None)
        if refusal is not None:
            verdicts[index] = refusal
            continue
        doubted = (*overruled, *warnings(case, historic=True), *papers.shared(event, world))
        if doubted:
            doubts[index] = doubted
        event = renewed(case)
        version += 1
        known[key] = False, version
        versions[index] = version
        events.append(event)
        recorded_acts[version] = Act(stream, version, event)
        _take_part(participations, recorded_acts[version])
    return Taken(tuple(events), replace(after, version=version), tuple(verdicts), versions, doubts)


class _Papers:
    """Which act each document was evidence for; a look-up, so that an act costs the same however many went before."""

    def __init__(self, treaty: Treaty) -> None:
        self._first: dict[str, ParticipantAct] = {}
        for act in treaty.acts.values():
            if not act.retracted:
                self._keep(act.event)

    def shared(self, act: ParticipantAct, world: World) -> Iterator[Warned]:
        """V15, once for an act; then its own documents are known as well."""
        known = (self._first.get(one.sha256) for one in act.evidence if one.sha256 is not None)
        other = next((one for one in known if one is not None and one.participant != act.participant), None)
        self._keep(act)
        if other is not None:
            yield shared_evidence(other, world)

    def _keep(self, act: ParticipantAct) -> None:
        for one in act.evidence:
            if one.sha256 is not None:
                self._first.setdefault(one.sha256, act)


def _overruled(
    act: ParticipantAct, raised: Iterable[Refusal], reason: str
) -> tuple[ParticipantAct, tuple[Warned, ...]]:
    """The act with what the clauses object to it overruled, and what was."""
    its = [one for one in raised if one.check in OF_THE_CLAUSES]
    if not its:
        return act, ()
    checks = tuple(dict.fromkeys(one.check for one in its if one.check is not None))
    told = tuple(Warned(str(one.check), f"Overruled: {one.detail}") for one in its)
    return replace(act, override=Override(checks=checks, reason=reason)), told


def _passed_over(treaty: Treaty, act: ParticipantAct) -> frozenset[str]:
    """Checks whose objections do not stop an act: those its bringer overruled, and those only a rule could raise."""
    overruled = frozenset(act.override.checks) if act.override else frozenset[str]()
    return overruled if treaty.rule is not None else overruled | NEEDS_A_RULE


def _legal_order(act: HistoricAct) -> tuple[date, int]:
    """Whoever signs and ratifies on one day signs first; a reservation of that day is known when it ratifies."""
    return act.act_date, 0 if act.action in AT_SIGNATURE else 1 if act.action is Action.RESERVATION else 2


def identity(act: Act) -> Identity:
    """Who, what, on which day."""
    return act.event.participant, act.event.action, act.event.act_date


def historic_event(treaty: str, act: HistoricAct, recorded: Recorded) -> ParticipantAct:
    """The event that records an act."""
    return EVENT_OF[act.action](
        treaty=treaty,
        recorded=recorded,
        participant=act.participant,
        action=act.action,
        act_date=act.act_date,
        evidence=act.evidence,
        **(act.more or {}),
    )


def _take_part(participations: dict[str, Participation], act: Act) -> None:
    """Into the copy of ``take`` alone; no other treaty holds it yet."""
    name = act.event.participant
    own = participations.get(name)
    participations[name] = participation(name, (act,) if own is None else (*own.acts, act))


# ---- what they cross -------------------------------------------------------------------------------------------------
def crossed(treaty: Treaty, outcome: Outcome | None, only: set[str] | None, now: Circumstances) -> list[Change]:
    """What the facts say otherwise than was said; of all participants, or of a few."""
    holding: dict[str, Milestone] = {line.key: line for line in treaty_milestones(treaty, outcome, now.world)}
    whom = treaty.participations if only is None else only
    for name in whom:
        holding.update(
            (line.key, line) for line in participant_milestones(treaty, treaty.participations[name], outcome)
        )
    said_beside = contradiction_lines(treaty, outcome, now.world, as_of=now.today)
    holding.update((line.key, line) for line in said_beside)
    keys = holding.keys() | _spoken_of(treaty, only)
    return changes(treaty.announced, holding, keys, today=now.today)


def _spoken_of(treaty: Treaty, only: set[str] | None) -> Iterable[str]:
    if only is None:
        return treaty.announced.keys()
    return {
        key
        for key, said in treaty.announced.items()
        if not said.kind.startswith("participant.") or key.rsplit(":", 2)[1] in only
    }


def said_as_history(treaty: Treaty, found: Iterable[Change], now: Circumstances, run: str) -> list[Fact]:
    """What is settled in silence, what is on record as said, and what is news."""
    return told(
        treaty,
        found,
        lambda change: never_told(treaty, change, today=now.today),
        world=now.world,
        today=now.today,
        cause=Cause(kind="import"),
        recorded=now.recorded,
        imported=run,
    )


def import_finished(
    treaty: Treaty,
    acts: Sequence[ParticipantAct],
    milestones: int,
    outcome: Outcome | None,
    *,
    run: str,
    source: str,
    recorded: Recorded,
) -> ImportFinished:
    """The one announcement that stands for a history; ``acts`` are those that it brought, at least one."""
    return ImportFinished(
        treaty=treaty.id,
        recorded=recorded,
        run=run,
        source=source,
        acts=len(acts),
        participants=len({act.participant for act in acts}),
        first_act_on=min(act.act_date for act in acts),
        last_act_on=max(act.act_date for act in acts),
        milestones=milestones,
        titles=spoken_titles(treaty),
        livemode=treaty.livemode,
        signatures=sum(1 for own in treaty.participations.values() if own.signature is not None),
        consents=sum(1 for own in treaty.participations.values() if own.current is not None),
        threshold_on=None if outcome is None else outcome.threshold_on,
        entry_into_force_on=None if outcome is None else outcome.entry_into_force_on,
    )
