"""Everything worked out from the events alone, and compared with what is served and what was announced.

The log is read up to the position it had at the start; a service may go on appending meanwhile. One treaty is looked at
after another, so that memory holds one of them and those it rests on, however long the log is.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from treaty_events import Fact, UnknownEventName, event_id, name_of, stream_of
from treaty_status.application.event_log import EventLog, LoggedEvent, LogUnavailable
from treaty_status.application.reassessing import first_events
from treaty_status.application.treaties import PARKED, Codec
from treaty_status.application.world import RecordedWorld
from treaty_status.application.writer import today_at
from treaty_status.domain.announcements import Change
from treaty_status.domain.coherence import Coherence, Finding
from treaty_status.domain.reassessment import unsaid
from treaty_status.domain.treaty import Announced, State, Treaty, Undefined, evolve
from treaty_status.projections.folding import Folding, treaty_in
from treaty_status.projections.read_model import Contents, ServedRows
from treaty_status.projections.runner import is_of_this_log
from treaty_status.projections.status import spoken_on
from treaty_status.registry import Registry

OTHERS_KEPT: Final = 64
"""Treaties that others rest on, kept read while one after another asks for them."""
WORLDS_AFRESH: Final = 1_000
"""Treaties looked at before what is remembered of the others is dropped."""
Watched = Callable[[int, int], None]
"""Told after each treaty: how many were looked at, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNow:
    """A line that the clock has not told yet. ``because``: the day that has come, or the treaty that moved."""

    treaty: str
    key: str
    status: str
    occurred_on: date
    because: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What was looked at, up to which position of the log, and what was found. ``rows_at``: None where no rows are."""

    position: int
    rows_at: int | None = None
    treaties: int = 0
    events: int = 0
    milestones: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    due: list[DueNow] = field(default_factory=list)

    @property
    def green(self) -> bool:
        """Is everything as the events say?"""
        return not self.findings


class UnknownTreaty(Exception):
    """No event of the log is about the treaty that was asked for."""


def verify(
    log: EventLog,
    codec: Codec,
    rows: ServedRows | None,
    registry: Registry,
    *,
    now: datetime,
    treaty: str | None = None,
    every: bool = False,
    progress: Watched = lambda _done, _of: None,
) -> Report:
    """Compare everything with the log, or what is about one treaty; ``every``: go on after the first finding.

    Raises:
        UnknownTreaty: there is no such treaty.
        LogUnavailable, ViewsUnavailable: the database does not answer.
    """
    end = log.head()
    rows_at = None if rows is None else rows.checkpoint().position
    report = Report(position=end, rows_at=rows_at)
    streams = _streams(log, codec, end) if treaty is None else {stream_of(treaty): treaty}
    for finding in _found(_Inspection(log, codec, rows, registry, now, end, report), streams, treaty, progress):
        report.findings.append(finding)
        if not every:
            break
    return report


def _streams(log: EventLog, codec: Codec, end: int) -> dict[UUID, str]:
    """Every stream, and the treaty that it is about, in the order in which they begin."""
    return {event.stream: _name_in(codec, event) for event in first_events(log, end=end)}


def _name_in(codec: Codec, event: LoggedEvent) -> str:
    try:
        return codec.decode(event.topic, event.body).treaty
    except Exception:  # noqa: BLE001 - whatever is wrong with it is found when its treaty is looked at
        return treaty_in(event.body) or str(event.stream)


def _found(
    inspection: "_Inspection", streams: dict[UUID, str], treaty: str | None, progress: Watched
) -> Iterator[Finding]:
    yield from inspection.checkpoint()
    for done, (stream, name) in enumerate(streams.items(), start=1):
        events = inspection.read(stream)
        if not events and treaty is not None:
            raise UnknownTreaty(f"No event is about a treaty {treaty!r}.")
        yield from inspection.treaty(name, stream, events)
        progress(done, len(streams))
        if done % WORLDS_AFRESH == 0:
            inspection.forget()
    if treaty is None:
        yield from inspection.strays(set(streams.values()))


class _Others:
    """Treaties as the log tells them up to one position, which may be set back and forth. Used by one thread."""

    def __init__(self, read: Callable[[UUID], list[LoggedEvent]], codec: Codec) -> None:
        self._read = read
        self._codec = codec
        self._streams: OrderedDict[str, list[tuple[int, Fact]]] = OrderedDict()
        self._states: dict[tuple[str, int], State] = {}
        self.until = 0
        self.asked: set[str] = set()

    def get(self, treaty: str) -> State:
        """The treaty at ``until``; the same object for the same state, by which the world knows it again."""
        self.asked.add(treaty)
        told = self._streams.get(treaty)
        if told is None:
            told = self._streams[treaty] = [
                (event.position, self._decoded(event)) for event in self._read(stream_of(treaty))
            ]
            self._trim()
        facts = [fact for position, fact in told if position <= self.until]
        at = (treaty, len(facts))
        if at not in self._states:
            self._states[at] = evolve(Undefined(treaty), facts)
        return self._states[at]

    def moved_since(self, position: int) -> list[str]:
        """Those asked for that have an event past a position."""
        return [name for name in sorted(self.asked) if (told := self._streams.get(name)) and told[-1][0] > position]

    def _decoded(self, event: LoggedEvent) -> Fact:
        try:
            return self._codec.decode(event.topic, event.body)
        except Exception:  # noqa: BLE001 - found and named when that treaty itself is looked at
            return PARKED

    def _trim(self) -> None:
        while len(self._streams) > OTHERS_KEPT:
            gone, _ = self._streams.popitem(last=False)
            for at in [at for at in self._states if at[0] == gone]:
                del self._states[at]


class _Inspection:
    """One pass over the treaties."""

    def __init__(
        self,
        log: EventLog,
        codec: Codec,
        rows: ServedRows | None,
        registry: Registry,
        now: datetime,
        end: int,
        report: Report,
    ) -> None:
        self._log = log
        self._codec = codec
        self._rows = rows
        self._registry = registry
        self._now = now
        self._end = end
        self._report = report
        self._folding = Folding(log, codec, registry, most_kept=OTHERS_KEPT)
        self._on_the_clock: set[str] | None = None
        self.forget()

    def forget(self) -> None:
        """Drop what is remembered of the treaties that others rest on."""
        self._others = _Others(self.read, self._codec)
        self._world = RecordedWorld(self._registry, self._others.get)

    def read(self, stream: UUID) -> list[LoggedEvent]:
        """The events of a stream up to the position that the log had at the start."""
        return [event for event in self._log.read_stream(stream) if event.position <= self._end]

    # ---- one treaty --------------------------------------------------------------------------------------------------
    def treaty(self, name: str, stream: UUID, events: list[LoggedEvent]) -> Iterator[Finding]:
        """What is wrong with a treaty; where its stream is damaged, what follows from that is not told as well."""
        self._report.treaties += 1
        self._report.events += len(events)
        facts: list[Fact] = []
        damaged = [*_stream(name, stream, events), *self._decode(name, stream, events, facts)]
        if damaged:
            yield from damaged
            return
        coherence = Coherence(name)
        yield from coherence.findings(facts)
        try:
            state = evolve(Undefined(name), facts)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the finding
            yield _unfoldable(name, facts, problem)
            return
        if isinstance(state, Treaty):
            self._report.milestones += len(state.announced)
            yield from self._milestones(state, events[-1].position, facts, coherence)
        yield from self._served(name)

    def _decode(self, name: str, stream: UUID, events: list[LoggedEvent], facts: list[Fact]) -> Iterator[Finding]:
        for event in events:
            try:
                fact = self._codec.decode(event.topic, event.body)
            except UnknownEventName as problem:
                yield _event(name, event, event.topic, f"a name that this version does not know ({problem})")
                continue
            except Exception as problem:  # noqa: BLE001 - whatever it is, it is the finding
                yield _event(name, event, event.topic, f"a body that cannot be read ({problem})")
                continue
            facts.append(fact)
            if stream_of(fact.treaty) != stream:
                yield _event(name, event, f"of the treaty {fact.treaty}", "that another treaty's stream holds it")
            elif name_of(fact) != event.topic.partition("@")[0]:
                yield _event(name, event, event.topic, f"a body that says {name_of(fact)}")

    # ---- what was announced ------------------------------------------------------------------------------------------
    def _milestones(self, treaty: Treaty, position: int, facts: list[Fact], coherence: Coherence) -> Iterator[Finding]:
        if treaty.closed:
            return  # nothing more is said of it
        last = spoken_on(treaty, max(fact.recorded.at for fact in facts))
        today = last if not treaty.livemode else max(last, today_at(treaty.details.depositary.time_zone, self._now))
        self._report.due.extend(_waited_long_enough(treaty, self._now))
        self._others.asked.clear()
        try:
            now = self._unsaid(treaty, self._end, today)
            moved = self._others.moved_since(position)
            wrong = {change.key for change in self._unsaid(treaty, position, last)} if now else set()
        except LogUnavailable:
            raise
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the finding
            words = f"that they cannot be worked out ({type(problem).__name__}: {problem})"
            yield Finding(kind="milestone", treaty=treaty.id, about="its milestones", said="them", holds=words)
            return
        for change in now:
            if change.key in wrong:
                yield _milestone(treaty, change, coherence)
            elif self._will_be_told(treaty, position):
                self._report.due.append(_due(treaty, change, today, moved if today == last else []))
            else:
                yield replace(
                    _milestone(treaty, change, coherence), about=f"{change.key}, which the clock is not going to tell"
                )

    def _unsaid(self, treaty: Treaty, until: int, today: date) -> list[Change]:
        self._others.until = until
        return unsaid(treaty, world=self._world, today=today)

    def _will_be_told(self, treaty: Treaty, position: int) -> bool:
        """Will the clock order the day, or a look? It goes by the rows; a rehearsal's day is for whoever rehearses."""
        if self._rows is None or not treaty.livemode or self._others.asked - {treaty.id}:
            return True
        if self._rows.checkpoint().position < position:
            return True
        if self._on_the_clock is None:
            self._on_the_clock = {due.treaty for due in self._rows.due(now=self._now)}
        return treaty.id in self._on_the_clock

    # ---- what is served ----------------------------------------------------------------------------------------------
    def checkpoint(self) -> Iterator[Finding]:
        """Are the rows of this log at all? If not, they are not looked at any further."""
        if self._rows is None:
            return
        at = self._rows.checkpoint()
        if not is_of_this_log(self._log, at):
            self._rows = None
            yield Finding(
                kind="checkpoint",
                treaty=None,
                about=f"position {at.position}, up to which the rows are worked out",
                said=f"the event {at.anchor}",
                holds=_at(self._log, at.position),
            )

    def _served(self, name: str) -> Iterator[Finding]:
        if self._rows is None:
            return
        served = self._rows.contents_of(name)
        rebuilt = Contents(served.checkpoint)
        rebuilt.add(self._folding.alone(name, end=served.checkpoint.position))
        for table, ours, theirs in served.beside(rebuilt):
            self._report.rows += len(ours)
            for key in sorted(ours.keys() | theirs.keys()):
                yield from _row(name, table, key, ours.get(key), theirs.get(key))
        for one in served.failing.values():
            yield Finding(
                kind="row",
                treaty=name,
                about="its rows",
                said=f"that they cannot be worked out ({one.problem})",
                holds=f"the log up to position {one.position}",
            )

    def strays(self, known: set[str]) -> Iterator[Finding]:
        """Rows of treaties that the log has nothing of."""
        if self._rows is None:
            return
        for name in sorted(self._rows.spoken_of() - known):
            if not self._log.read_stream(stream_of(name)):
                holds = "that no event is about this treaty"
                yield Finding(kind="row", treaty=name, about="its rows", said="rows", holds=holds)
        for one in self._rows.parked():
            if one.position <= self._end:
                read = self._log.read(after=one.position - 1, limit=1)
                if not read or (read[0].position, read[0].topic) != (one.position, one.topic):
                    about = f"the parked event at position {one.position}"
                    holds = _at(self._log, one.position)
                    yield Finding(kind="row", treaty=one.treaty, about=about, said=one.topic, holds=holds)


# ---- in words --------------------------------------------------------------------------------------------------------
def _stream(name: str, stream: UUID, events: list[LoggedEvent]) -> Iterator[Finding]:
    due = 1
    for event in events:
        if event.version != due:
            yield Finding(
                kind="stream",
                treaty=name,
                about=f"position {event.position}",
                said=f"version {event.version} ({event.topic})",
                holds=f"that version {due} is missing",
                event_id=event_id(stream, due),
            )
        due = event.version + 1
    for before, after in pairwise(events):
        if after.position <= before.position:
            yield Finding(
                kind="stream",
                treaty=name,
                about=f"version {after.version} ({after.topic})",
                said=f"position {after.position}",
                holds=f"that version {before.version} ({before.topic}) was recorded before it, at {before.position}",
                event_id=event_id(stream, after.version),
            )


def _event(name: str, event: LoggedEvent, said: str, holds: str) -> Finding:
    return Finding(
        kind="event",
        treaty=name,
        about=f"version {event.version} at position {event.position}",
        said=said,
        holds=holds,
        event_id=event_id(event.stream, event.version),
    )


def _unfoldable(name: str, facts: list[Fact], problem: Exception) -> Finding:
    version = next(n for n in range(1, len(facts) + 1) if not _folds(name, facts[:n]))
    return Finding(
        kind="event",
        treaty=name,
        about=f"version {version}",
        said=name_of(facts[version - 1]),
        holds=f"that it cannot follow what is before it ({type(problem).__name__}: {problem})",
        event_id=event_id(stream_of(name), version),
    )


def _folds(name: str, facts: list[Fact]) -> bool:
    try:
        evolve(Undefined(name), facts)
    except Exception:  # noqa: BLE001 - whatever it is, it was told already
        return False
    return True


def _milestone(treaty: Treaty, change: Change, coherence: Coherence) -> Finding:
    said = treaty.announced.get(change.key)
    version = coherence.told.get(change.key)
    spoke = None if version is None else event_id(stream_of(treaty.id), version)
    return Finding(
        kind="milestone",
        treaty=treaty.id,
        about=change.key,
        said="nothing" if said is None else _spoken(said),
        holds=_holding(change),
        event_id=_cause(treaty, change) or spoke,
    )


def _spoken(said: Announced) -> str:
    who = f" by {_names(name for name, _ in said.attributed)}" if said.attributed else ""
    follows = "" if said.entry_into_force is None else f", entry into force {said.entry_into_force}"
    return f"{said.status.value} on {said.occurred_on}{who}{follows} (revision {said.revision})"


def _holding(change: Change) -> str:
    line = change.milestone
    if line is None:
        return f"nothing of it ({change.status.value})"
    who = f" by {_names(name for name, _ in line.attributed)}" if line.attributed else ""
    follows = "" if line.consequence is None else f", entry into force {line.consequence.entry_into_force}"
    return f"{change.status.value} on {change.occurred_on}{who}{follows}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _cause(treaty: Treaty, change: Change) -> str | None:
    """The last event that speaks of the acts to which a line is due; None where no act is."""
    if change.milestone is None:
        return None
    acts = [
        act
        for act in treaty.acts.values()
        if (act.event.participant, act.event.action.value) in change.milestone.attributed
    ]
    if not acts:
        return None
    last = max(acts, key=lambda act: (act.event.act_date, act.version))
    return last.corrected_by[-1] if last.corrected_by else last.event_id


def _due(treaty: Treaty, change: Change, today: date, moved: list[str]) -> DueNow:
    because = f"{', '.join(moved)} moved" if moved else f"it is {today} at the depositary"
    return DueNow(
        treaty=treaty.id,
        key=change.key,
        status=change.status.value,
        occurred_on=change.occurred_on,
        because=because,
    )


def _waited_long_enough(treaty: Treaty, now: datetime) -> Iterator[DueNow]:
    for key, held in treaty.held.items():
        if held.until <= now:
            status, because = held.statuses[-1].value, f"nobody stopped it until {held.until.isoformat()}"
            yield DueNow(treaty=treaty.id, key=key, status=status, occurred_on=held.occurred_on, because=because)


def _row(name: str, table: str, key: Any, served: Any, rebuilt: Any) -> Iterator[Finding]:
    if served == rebuilt:
        return
    about = f"the {table} row" if table == "treaty" else f"the {table} row {key[1]}"
    if served is None or rebuilt is None:
        said, holds = ("no row", "a row") if served is None else ("a row", "that there is none")
        yield Finding(kind="row", treaty=name, about=about, said=said, holds=holds)
        return
    for one in fields(served):
        ours, theirs = getattr(served, one.name), getattr(rebuilt, one.name)
        if ours != theirs:
            yield Finding(
                kind="row", treaty=name, about=f"{about}, {one.name}", said=_value(ours), holds=_value(theirs)
            )


def _value(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _at(log: EventLog, position: int) -> str:
    read = log.read(after=position - 1, limit=1)
    if not read or read[0].position != position:
        return "that the log has no event there"
    return f"the event {read[0].stream}:{read[0].version}"
