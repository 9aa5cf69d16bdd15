"""A treaty as its events tell it: state, and how each event changes it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, assert_never

from treaty_events import (
    Cause,
    ClaimRecorded,
    Contradiction,
    Details,
    Fact,
    FactCertified,
    FactCorrected,
    FactReinstated,
    FactRetracted,
    HoldEnded,
    MilestoneAnnounced,
    MilestoneHeld,
    MilestonesSettled,
    ParticipantAct,
    RehearsalClosed,
    RehearsalDayReached,
    RuleAmended,
    RuleSet,
    SignatureWindow,
    SignatureWindowsSet,
    Status,
    TableSet,
    TreatyDefined,
    TreatyDetailsAmended,
    event_id,
    milestone_key,
    stream_of,
)
from treaty_status.domain.amendments import amended, amended_certificate
from treaty_status.domain.certificates import Attestation, Certificate, under
from treaty_status.domain.participation import Act, Participation, participation
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.tables import RecordedTable, Table, recorded_table


@dataclass(frozen=True, slots=True)
class Announced:
    """What we last said about one milestone; ``dates`` and ``attributed`` are what a revision is judged by.

    ``late_by_days``: how long after its legal day we last said so. ``as_history``: it came with an import, so nobody
    was told. ``said_at``: when.
    """

    kind: str
    status: Status
    revision: int
    occurred_on: date
    attributed: frozenset[tuple[str, str]]
    entry_into_force: date | None
    as_history: bool = False
    late_by_days: int = 0
    contradicted: tuple[str, int | None] | None = None
    said_at: datetime | None = None


def contradicted(one: Contradiction | None) -> tuple[str, int | None] | None:
    """What a contradiction says: the verdict, and the record's number. Another one revises it."""
    return None if one is None else (one.verdict.value, one.have)


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement beside the facts, and when we heard it."""

    event_id: str
    version: int
    event: ClaimRecorded


@dataclass(frozen=True, slots=True)
class Held:
    """What waits for a second person: what would be said of a line, who recorded what it rests on, and until when."""

    event_id: str
    statuses: tuple[Status, ...]
    occurred_on: date
    until: datetime
    by: str
    cause: Cause


CLOCK: Final = "clock"
"""In whose name the service records what a day brought."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """Nothing is recorded under this id."""

    id: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Treaty:
    """A treaty in our record, up to one version of its stream. Never changed in place."""

    id: str
    version: int
    details: Details
    rehearsal_of: str | None = None
    rehearsal_day: date | None = None
    closed: bool = False
    windows: tuple[SignatureWindow, ...] = ()
    rule: TreatyRule | None = None
    rule_version: int = 0
    acts: Mapping[int, Act] = field(default_factory=dict)
    """By the version at which each was recorded."""
    participations: dict[str, Participation] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    announced: dict[str, Announced] = field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    """In the order in which they were recorded."""
    tables: dict[str, tuple[RecordedTable, ...]] = field(default_factory=dict)
    """By name, every version of each; the last one counts."""
    held: dict[str, Held] = field(default_factory=dict)
    """By the key of the line that nobody was told of yet."""

    @property
    def livemode(self) -> bool:
        """False for a rehearsal, which is never counted and never mixed with the record."""
        return self.rehearsal_of is None

    def act(self, event_id: str) -> Act | None:
        """The act that an event recorded."""
        return next((act for act in self.acts.values() if act.event_id == event_id), None)

    def certificate(self, event_id: str) -> Certificate | None:
        """The certificate that an event recorded."""
        return next((one for one in self.certificates if one.event_id == event_id), None)

    def certified(self, key: str) -> tuple[Attestation, ...]:
        """What the living certificates under a key say."""
        return under(key, self.certificates)

    def table(self, name: str) -> Table | None:
        """The table of that name as its last version has it; None where none was recorded."""
        versions = self.tables.get(name)
        return None if versions is None else versions[-1].exact


State = Undefined | Treaty


def evolve(state: State, events: Iterable[Fact]) -> State:
    """The state after these events of the treaty's stream, given in order; the state passed in is left as it was."""
    draft = _Draft(state)
    for event in events:
        draft.apply(event)
    return draft.finished()


def before(treaty: Treaty, day: date) -> Treaty:
    """The treaty as the acts and certificates up to the end of a legal day tell it; tables are of no day."""
    if any(one.event.certified_on > day for one in treaty.certificates):
        by_then = tuple(one for one in treaty.certificates if one.event.certified_on <= day)
        treaty = replace(treaty, certificates=by_then)
    then, absent = {}, set()
    differs = False
    for name, whole in treaty.participations.items():
        own = whole.by(day)
        if own is None:
            absent.add(name)
        else:
            then[name] = own
        differs = differs or (own is not whole and bool(whole.acts))
    for name in _retracted(treaty, day) & absent if absent else ():
        then[name] = Participation(name)
    if not differs and len(then) == len(treaty.participations):
        return treaty
    return replace(treaty, acts=ActsUntil(treaty.acts, day), participations=then)


def _retracted(treaty: Treaty, day: date) -> set[str]:
    """Who is on record by an act of that day or an earlier one that was recorded and retracted."""
    return {act.event.participant for act in treaty.acts.values() if act.retracted and act.event.act_date <= day}


class ActsUntil(Mapping[int, Act]):
    """The acts up to the end of a legal day; picked out when they are first asked for, which most readings never do."""

    __slots__ = ("_day", "_found", "_whole")

    def __init__(self, whole: Mapping[int, Act], day: date) -> None:
        self._whole = whole
        self._day = day
        self._found: dict[int, Act] | None = None

    def _acts(self) -> dict[int, Act]:
        if self._found is None:
            self._found = {key: act for key, act in self._whole.items() if act.event.act_date <= self._day}
        return self._found

    def __getitem__(self, version: int) -> Act:
        return self._acts()[version]

    def __iter__(self) -> Iterator[int]:
        return iter(self._acts())

    def __len__(self) -> int:
        return len(self._acts())


def without(treaty: Treaty, act: Act) -> Treaty:
    """The treaty as all its other acts tell it."""
    acts = {key: one for key, one in treaty.acts.items() if one is not act}
    afresh = {act.event.participant}
    return replace(treaty, acts=acts, participations=_participations(acts, treaty.participations, afresh=afresh))


def _participations(
    acts: dict[int, Act], known: dict[str, Participation], *, afresh: set[str]
) -> dict[str, Participation]:
    """Those who acted, as these acts tell it; only those ``afresh`` differ from what is known."""
    grouped: dict[str, list[Act]] = {}
    for act in acts.values():
        grouped.setdefault(act.event.participant, []).append(act)
    return {name: participation(name, own) if name in afresh else known[name] for name, own in grouped.items()}


class _Draft:
    """One copy of the state, changed in place while a batch of events is applied, then frozen again."""

    def __init__(self, state: State) -> None:
        self.version = state.version
        self._defined: Treaty | None = state if isinstance(state, Treaty) else None
        self._id = state.id
        self._stream = stream_of(state.id)
        self._acts: dict[int, Act] | None = None
        self._version_of: dict[str, int] | None = None
        self._announced: dict[str, Announced] | None = None
        self._touched: set[str] = set()
        self._added: dict[str, list[Act]] = {}

    def apply(self, event: Fact) -> None:
        self.version += 1
        if isinstance(event, MilestoneAnnounced):
            self._announce(event)
        elif isinstance(event, MilestonesSettled):
            self._settle(event)
        elif isinstance(event, ParticipantAct):
            self._put(Act(self._stream, self.version, event))
        elif isinstance(event, FactCorrected | FactRetracted | FactReinstated):
            self._correct(event)
        else:
            self._describe(event)

    def _own_id(self) -> str:
        return event_id(self._stream, self.version)

    def finished(self) -> State:
        if self._defined is None:
            return Undefined(self._id, self.version)
        treaty = self._defined
        if self._acts is None and self._announced is None:
            return replace(treaty, version=self.version)
        acts = treaty.acts if self._acts is None else self._acts
        return replace(
            treaty,
            version=self.version,
            acts=acts,
            participations=self._participations(treaty, acts),
            announced=treaty.announced if self._announced is None else self._announced,
        )

    def _participations(self, treaty: Treaty, acts: Mapping[int, Act]) -> dict[str, Participation]:
        if not self._touched and not self._added:
            return treaty.participations
        changed = dict(treaty.participations)
        for name, added in self._added.items():
            known = changed.get(name)
            changed[name] = participation(name, added if known is None else (*known.acts, *added))
        if self._touched:
            own: dict[str, list[Act]] = {name: [] for name in self._touched}
            for act in acts.values():
                if act.event.participant in own:
                    own[act.event.participant].append(act)
            changed |= {name: participation(name, its) for name, its in own.items()}
        return changed

    def _put(self, act: Act) -> None:
        if self._acts is None:
            self._acts = dict(self._treaty.acts)
        before_it = self._acts.get(act.version)
        self._acts[act.version] = act
        if before_it is None:
            self._added.setdefault(act.event.participant, []).append(act)
        else:
            self._touched |= {before_it.event.participant, act.event.participant}

    def _announce(self, event: MilestoneAnnounced) -> None:
        if self._announced is None:
            self._announced = dict(self._treaty.announced)
        self._announced[event.key] = Announced(
            kind=event.kind,
            status=event.status,
            revision=event.revision,
            occurred_on=event.occurred_on,
            attributed=frozenset((who.participant, who.action) for who in event.attributed_to),
            entry_into_force=None if event.consequence is None else event.consequence.entry_into_force,
            as_history=event.recorded.imported is not None,
            late_by_days=event.late_by_days,
            said_at=event.recorded.at,
            contradicted=contradicted(event.contradiction),
        )

    def _settle(self, event: MilestonesSettled) -> None:
        if self._announced is None:
            self._announced = dict(self._treaty.announced)
        for one in event.milestones:
            key = milestone_key(self._id, one.kind, one.params, one.occurrence)
            said = self._announced.get(key)
            self._announced[key] = Announced(
                kind=one.kind,
                status=one.status,
                revision=1 if said is None else said.revision + 1,
                occurred_on=one.occurred_on,
                attributed=frozenset((one.params, action) for action in one.actions),
                entry_into_force=None,
                as_history=True,
                said_at=event.recorded.at,
            )

    def _correct(self, event: FactCorrected | FactRetracted | FactReinstated) -> None:
        acts = self._treaty.acts if self._acts is None else self._acts
        target = acts.get(self._recorded_at(event.target, acts))
        if target is None:
            self._correct_certificate(event)
            return
        by = (*target.corrected_by, self._own_id())
        match event:
            case FactCorrected(fields=fields):
                self._put(replace(target, event=amended(target.event, fields), corrected_by=by))
            case FactRetracted():
                self._put(replace(target, retracted=True, corrected_by=by))
            case FactReinstated():
                self._put(replace(target, retracted=False, corrected_by=by))
            case _:
                assert_never(event)

    def _correct_certificate(self, event: FactCorrected | FactRetracted | FactReinstated) -> None:
        target = self._treaty.certificate(event.target)
        if target is None:
            return
        now = replace(
            target,
            event=amended_certificate(target.event, event.fields) if isinstance(event, FactCorrected) else target.event,
            retracted=target.retracted if isinstance(event, FactCorrected) else isinstance(event, FactRetracted),
            corrected_by=(*target.corrected_by, self._own_id()),
        )
        others = (now if one is target else one for one in self._treaty.certificates)
        self._defined = replace(self._treaty, certificates=tuple(others))

    def _recorded_at(self, target: str, acts: Mapping[int, Act]) -> int:
        """The version at which the act with an event id was recorded; 0 when there is none."""
        if self._version_of is None or len(self._version_of) != len(acts):
            self._version_of = {act.event_id: version for version, act in acts.items()}
        return self._version_of.get(target, 0)

    def _describe(self, event: Fact) -> None:
        match event:
            case TreatyDefined(details=details, rehearsal_of=of, starts_on=day):
                self._defined = Treaty(self._id, self.version, details, rehearsal_of=of, rehearsal_day=day)
            case TreatyDetailsAmended(details=details):
                self._defined = replace(self._treaty, details=details)
            case SignatureWindowsSet(windows=windows):
                self._defined = replace(self._treaty, windows=windows)
            case RuleSet(rule=rule, version=version) | RuleAmended(rule=rule, version=version):
                self._defined = replace(self._treaty, rule=TreatyRule.model_validate(rule), rule_version=version)
            case TableSet(name=name):
                table = recorded_table(event, self._own_id())
                tables = {**self._treaty.tables, name: (*self._treaty.tables.get(name, ()), table)}
                self._defined = replace(self._treaty, tables=tables)
            case FactCertified():
                certificate = Certificate(self._stream, self.version, event)
                self._defined = replace(self._treaty, certificates=(*self._treaty.certificates, certificate))
            case ClaimRecorded():
                claims = (*self._treaty.claims, Claim(self._own_id(), self.version, event))
                self._defined = replace(self._treaty, claims=claims)
            case RehearsalDayReached(on=day):
                self._defined = replace(self._treaty, rehearsal_day=day)
            case MilestoneHeld():
                self._defined = replace(self._treaty, held={**self._treaty.held, event.key: self._held(event)})
            case HoldEnded(key=key):
                waiting = {name: one for name, one in self._treaty.held.items() if name != key}
                self._defined = replace(self._treaty, held=waiting)
            case RehearsalClosed():
                self._defined = replace(self._treaty, closed=True)
            case _:
                pass  # a fact that this version does not know changes nothing it can say

    def _held(self, event: MilestoneHeld) -> Held:
        by, earlier = event.recorded.by, self._treaty.held.get(event.key)
        if earlier is not None and by == CLOCK:  # a day that comes does not make a second person of the first
            by = earlier.by
        return Held(self._own_id(), event.statuses, event.occurred_on, event.until, by, event.cause)

    @property
    def _treaty(self) -> Treaty:
        if self._defined is None:
            raise LookupError(f"The stream of {self._id} does not begin with its definition.")
        return self._defined
