"""From events to rows: states are folded on from batch to batch, and rows worked out once per treaty and batch.

What is kept in memory changes only when the rows were written: ``keep`` after a commit, ``forget`` after anything else.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from treaty_events import Fact, UnknownEventName, stream_of
from treaty_status.application.event_log import EventLog, LoggedEvent, LogUnavailable
from treaty_status.application.treaties import PARKED, Codec, decoded
from treaty_status.application.views import Failing, Parked
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.treaty import State, Treaty, Undefined, evolve
from treaty_status.projections.changes import Changes
from treaty_status.projections.standing import QUIET, Evaluated, Standing, Told, evaluated, standing
from treaty_status.registry import Registry

LOG = logging.getLogger(__name__)
MOST_KEPT: Final = 4_096
"""Treaties kept folded in memory between batches."""
MOST_WORDS: Final = 500
"""Characters kept of what went wrong."""
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class NotItsNextEventError(Exception):
    """A stream's events did not come one after another; the log is damaged, or was read wrongly."""


@dataclass(slots=True)
class _Batch:
    """What is being folded, on top of what is kept."""

    end: int
    """The position up to which the log is looked at."""
    told: dict[str, Told] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    names: dict[UUID, str] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    """Treaties whose rule may read otherwise after this batch."""
    failing: dict[str, Failing] = field(default_factory=dict)


class Folding:
    """The states behind one read model's rows. Used by one thread."""

    def __init__(self, log: EventLog, codec: Codec, registry: Registry, *, most_kept: int = MOST_KEPT) -> None:
        self._log = log
        self._codec = codec
        self._most_kept = most_kept
        self._kept: OrderedDict[str, Standing] = OrderedDict()
        self._others: dict[str, Told] = {}
        self._names: dict[UUID, str] = {}
        self._rests_on: dict[str, frozenset[str]] = {}
        self._failing: dict[str, Failing] = {}
        self._batch = _Batch(0)
        self._asked: set[str] = set()
        self._world = RecordedWorld(registry, self._other)

    @property
    def failing(self) -> bool:
        """Is any treaty behind?"""
        return bool(self._failing)

    def resume(self, rests_on: dict[str, tuple[str, ...]], failing: Iterable[Failing]) -> None:
        """Begin with what the rows say of dependences and failures."""
        self.forget()
        self._rests_on = {treaty: frozenset(others) for treaty, others in rests_on.items()}
        self._failing = {one.treaty: one for one in failing}

    def take(self, events: Sequence[LoggedEvent], *, end: int) -> Changes:
        """What these events change, given that the log is read up to position ``end``."""
        self._batch = _Batch(end)
        touched = self._fold(events)
        resting = self._resting_on(touched)
        self._batch.moved.update(resting)
        touched.update(resting)
        return self._changes(touched)

    def retry(self, *, end: int) -> Changes:
        """Work out once more the rows of the treaties that failed."""
        self._batch = _Batch(end)
        return self._changes(dict.fromkeys(self._failing))

    def gather(self, events: Sequence[LoggedEvent]) -> None:
        """Fold events of the whole log, from its beginning, without working out any row yet."""
        if events:
            self._batch.end = events[-1].position
            self._fold(events)

    def gathered(self, together: int) -> Iterator[Changes]:
        """The rows of everything gathered, so many treaties at a time; nothing is kept."""
        names = list(self._batch.told)
        for start in range(0, len(names), together):
            yield self._changes(names[start : start + together])
            self._batch.standings.clear()
            self._batch.failing.clear()
            self._batch.parked = []
        if self._batch.parked or self._batch.failing:
            yield self._changes(())

    def alone(self, treaty: str, *, end: int) -> Changes:
        """The rows of one treaty as the log up to a position tells them; nothing is kept but the others it rests on."""
        if self._batch.end != end or len(self._others) > self._most_kept:
            self.forget()
        self._batch = _Batch(end)
        return self._changes((treaty,))

    def keep(self) -> None:
        """The changes were written."""
        batch = self._batch
        for treaty, found in batch.standings.items():
            self._kept[treaty] = found
            self._kept.move_to_end(treaty)
            self._others.pop(treaty, None)
            self._depend(treaty, found.evaluated.rests_on)
            self._failing.pop(treaty, None)
        for treaty, failure in batch.failing.items():
            self._kept.pop(treaty, None)
            self._others.pop(treaty, None)
            self._failing[treaty] = failure
        self._names |= batch.names
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)
        self._batch = _Batch(batch.end)

    def forget(self) -> None:
        """Nothing that is kept can be relied on."""
        self._kept.clear()
        self._others.clear()
        self._batch = _Batch(0)

    def _depend(self, treaty: str, others: frozenset[str]) -> None:
        if others:
            self._rests_on[treaty] = others
        else:
            self._rests_on.pop(treaty, None)

    # ---- events to states --------------------------------------------------------------------------------------------
    def _fold(self, events: Sequence[LoggedEvent]) -> dict[str, None]:
        streams: dict[UUID, list[LoggedEvent]] = {}
        for event in events:
            streams.setdefault(event.stream, []).append(event)
        touched: dict[str, None] = {}
        for stream, logged in streams.items():
            try:
                facts = [self._decoded(event) for event in logged]
                name = self._name(stream, facts)
                if name is not None and self._fold_on(name, logged, facts):
                    touched[name] = None
                    self._batch.failing.pop(name, None)
            except LogUnavailable:
                raise
            except Exception as problem:  # noqa: BLE001 - one treaty's fault is written down and never stops the others
                self._fails(self._name_in(logged), logged[-1].position, problem)
        return touched

    def _decoded(self, event: LoggedEvent) -> Fact:
        try:
            return self._codec.decode(event.topic, event.body)
        except UnknownEventName:
            treaty = self._names.get(event.stream) or treaty_in(event.body)
            self._batch.parked.append(Parked(position=event.position, topic=event.topic, treaty=treaty))
            return PARKED

    def _name(self, stream: UUID, facts: Iterable[Fact]) -> str | None:
        """The treaty that a stream is about; None while only unknown events speak of it."""
        known = self._names.get(stream) or next((fact.treaty for fact in facts if fact is not PARKED), None)
        if known is not None:
            self._batch.names[stream] = known
        return known

    def _name_in(self, logged: Sequence[LoggedEvent]) -> str:
        stream = logged[0].stream
        return self._names.get(stream) or treaty_in(logged[0].body) or str(stream)

    def _fold_on(self, name: str, logged: Sequence[LoggedEvent], facts: Sequence[Fact]) -> bool:
        """Fold these events on what is known; False when they were all known."""
        told = self._known(name)
        if told is None and logged[0].version == 1:
            told = Told(Undefined(name), 0, BEGINNING)
        if told is not None:
            fresh = [
                (event, fact) for event, fact in zip(logged, facts, strict=True) if event.version > told.state.version
            ]
            if not fresh:
                return False
            if fresh[0][0].version == told.state.version + 1:
                self._batch.told[name] = folded(told, fresh)
                if any(type(fact) not in QUIET for _, fact in fresh):
                    self._batch.moved.add(name)
                return True
        self._batch.told[name] = self._load(name)
        self._batch.moved.add(name)
        return True

    def _known(self, name: str) -> Told | None:
        told = self._batch.told.get(name)
        if told is None and name in self._kept:
            told = self._kept[name].told
        return told

    def _load(self, name: str) -> Told:
        """The stream as the log holds it up to the end of the batch; what came later will be told later."""
        logged = self._log.read_stream(stream_of(name))
        pairs = [(event, decoded(self._codec, event)) for event in logged if event.position <= self._batch.end]
        told = Told(Undefined(name), 0, BEGINNING)
        return folded(told, pairs) if pairs else told

    # ---- states to rows ----------------------------------------------------------------------------------------------
    def _changes(self, treaties: Iterable[str]) -> Changes:
        changes = Changes(parked=self._batch.parked)
        for name in treaties:
            try:
                self._work_out(name, changes)
            except LogUnavailable:
                raise
            except Exception as problem:  # noqa: BLE001 - as above
                self._fails(name, self._batch.end, problem)
        changes.failing = list(self._batch.failing.values())
        changes.recovered = self._failing.keys() & self._batch.standings.keys()
        return changes

    def _work_out(self, name: str, changes: Changes) -> None:
        told = self._known(name) or self._load(name)
        if not isinstance(told.state, Treaty):
            return
        before = self._kept.get(name)
        evaluated_now = self._evaluated(name, told, told.state, before)
        found, own = standing(told, told.state, before, evaluated_now, self._world)
        self._batch.standings[name] = found
        changes.add(own)

    def _evaluated(self, name: str, told: Told, treaty: Treaty, before: Standing | None) -> Evaluated:
        if before is not None and name not in self._batch.moved and before.told is not told:
            return before.evaluated
        self._asked = set()
        return evaluated(treaty, self._world, recorded_at=told.recorded_at, asked=self._asked)

    def _other(self, treaty: str) -> State:
        """Another treaty at the end of this batch; whoever asks, rests on it."""
        self._asked.add(treaty)
        told = self._known(treaty) or self._others.get(treaty)
        if told is None:
            told = self._others[treaty] = self._load(treaty)
        return told.state

    def _resting_on(self, touched: Iterable[str]) -> dict[str, None]:
        moved = set(touched)
        return {name: None for name, others in self._rests_on.items() if not others.isdisjoint(moved)}

    def _fails(self, name: str, position: int, problem: Exception) -> None:
        LOG.warning("The rows of %s cannot be worked out.", name, exc_info=problem)
        words = f"{type(problem).__name__}: {problem}"[:MOST_WORDS]
        self._batch.failing[name] = Failing(treaty=name, position=position, problem=words)


def folded(told: Told, events: Sequence[tuple[LoggedEvent, Fact]]) -> Told:
    """A stream folded on with its next events.

    Raises:
        NotItsNextEventError: they are not the next.
    """
    first, last = events[0][0], events[-1][0]
    if first.version != told.state.version + 1 or last.version != told.state.version + len(events):
        raise NotItsNextEventError(
            f"The events read of {told.state.id} do not follow version {told.state.version} one by one "
            f"(first: {first.version}, last: {last.version}, {len(events)} events)."
        )
    facts = [fact for _, fact in events]
    recorded_at = max((fact.recorded.at for fact in facts), default=told.recorded_at)
    return Told(evolve(told.state, facts), last.position, max(told.recorded_at, recorded_at))


def treaty_in(body: bytes) -> str | None:
    """The treaty that an unreadable event says it is about."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    treaty = said.get("treaty") if isinstance(said, dict) else None
    return treaty if isinstance(treaty, str) else None
