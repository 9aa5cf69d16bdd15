"""Treaties as they stood on record earlier: up to an instant of recording, or up to a position in the log.

The course of a stream (where and when each of its events was recorded) and states on its way are kept, so that a
question about the past costs about what one about the present does, however long the log has grown.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from treaty_events import (
    Fact,
    HistorySettled,
    HoldEnded,
    ImportFinished,
    MilestoneAnnounced,
    MilestoneHeld,
    MilestonesSettled,
    stream_of,
)
from treaty_status.application.event_log import EventLog, LoggedEvent
from treaty_status.application.treaties import Codec, Known, Treaties, decoded, latest
from treaty_status.application.world import RecordedWorld, rests_on
from treaty_status.domain.refusals import Refusal, UnknownTreaty
from treaty_status.domain.treaty import State, Undefined

STEP: Final = 16
"""Versions between two states that are kept: no question folds more events than this."""
MOST_STATES: Final = 2_048
"""States on the way, of all treaties together."""
MOST_FACTS: Final = 16_384
"""Events read, of all treaties together."""
MOST_AT_HAND: Final = 256
"""States between them that were asked for."""
CONSEQUENCES: Final = (MilestoneAnnounced, MilestoneHeld, HoldEnded, MilestonesSettled, ImportFinished, HistorySettled)
"""What is recorded with the fact that caused it: no answer may stand between the two."""


class PositionAhead(Refusal):
    """The position asked for lies past the end of the log: what will stand there is not known."""

    slug, title = "position-ahead", "The log has not come so far."


@dataclass(frozen=True, slots=True)
class Until:
    """How much of the log is heard: what was recorded up to an instant, or up to a position. One of them is given."""

    known_at: datetime | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Then:
    """A treaty as it stood on record, in the world of that time.

    ``involved`` are the treaties that an answer may depend on, the one asked about first; ``position`` is the log
    position of the last event of any of them: everything up to it was heard, and nothing past it.
    """

    known: Known
    involved: dict[str, Known]
    position: int
    world: RecordedWorld


@dataclass(slots=True)
class _Course:
    """One stream as far as it was read: each event's position, the latest instant so far, its decision's end."""

    treaty: str
    facts: list[Fact] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    complete_to: int = 0
    """Every event of the stream up to this log position was read."""
    tip: Known | None = None
    marks: dict[int, Known] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    @property
    def length(self) -> int:
        return len(self.positions)

    def take(self, logged: Sequence[LoggedEvent], facts: Sequence[Fact], head: int) -> None:
        """Further events, which follow those read before; ``head`` was the end of the log before they were read."""
        first = self.length
        self._fold(logged, facts)
        before = self.instants[-1] if self.instants else None
        instants = []
        for fact in facts:
            before = latest(before, [fact])
            instants.append(before or fact.recorded.at)
        self.ends.extend(first + end for end in _decision_ends(facts))
        self.instants.extend(instants)
        self.facts.extend(facts)
        self.positions.extend(event.position for event in logged)
        self.complete_to = max(head, self.complete_to, self.positions[-1] if self.positions else 0)

    def _fold(self, logged: Sequence[LoggedEvent], facts: Sequence[Fact]) -> None:
        tip = self.tip or Known(Undefined(self.treaty), 0)
        done = 0
        while done < len(facts):
            until = min(len(facts), done + STEP - (self.length + done) % STEP)
            tip = tip.and_then(facts[done:until], logged[until - 1].position)
            done = until
            if (self.length + done) % STEP == 0:
                self.marks[self.length + done] = tip
        self.tip = tip

    def folded(self, version: int) -> Known:
        """The treaty at one version, worked out from the state that is kept before it."""
        known = self.marks.get(version - version % STEP) or Known(Undefined(self.treaty), 0)
        return known.and_then(self.facts[known.state.version : version], self.positions[version - 1])

    def version_at(self, position: int, *, whole: bool) -> int:
        """The version that the stream had reached at a log position; ``whole``: with the rest of that decision."""
        version = bisect_right(self.positions, position)
        return self.ends[version - 1] if whole and version else version

    def version_known_at(self, moment: datetime) -> int:
        """The version up to which everything had been recorded by an instant."""
        return bisect_right(self.instants, moment)


def _decision_ends(facts: Sequence[Fact]) -> list[int]:
    """Of each fact the number of the last one that was decided with it, counted from 1."""
    ends = [0] * len(facts)
    end = len(facts)
    for n in range(len(facts) - 1, -1, -1):
        follows = n + 1 < len(facts) and _belongs_to(facts[n + 1], facts[n])
        end = end if follows else n + 1
        ends[n] = end
    return ends


def _belongs_to(fact: Fact, one_before: Fact) -> bool:
    same = (fact.recorded.at, fact.recorded.by) == (one_before.recorded.at, one_before.recorded.by)
    return same and isinstance(fact, CONSEQUENCES)


class Past:
    """Answers what stood on record. Safe to use from any thread."""

    def __init__(self, log: EventLog, codec: Codec, treaties: Treaties) -> None:
        self._log = log
        self._codec = codec
        self._treaties = treaties
        self._courses: OrderedDict[str, _Course] = OrderedDict()
        self._at_hand: OrderedDict[tuple[str, int], Known] = OrderedDict()
        self._lock = Lock()

    def then(self, treaty: str, until: Until, world: RecordedWorld) -> Then:
        """The treaty with what was heard until then, and the world as the other treaties stood on record.

        Something recorded later than the instant asked for hides, in every treaty involved, all that follows it in the
        log: so there is always one position at which the log said just that.

        Raises:
            PositionAhead: the log has not come so far.
            UnknownTreaty: nothing of it was on record then, but is now. What never was is answered as undefined.
            LogUnavailable: the database does not answer.
        """
        reach = _Reach(self, until)
        involved = self._involved(treaty, reach)
        if isinstance(involved[treaty].state, Undefined):
            self._refuse_too_early(treaty, until)
        if len(involved) > 1 and until.known_at is not None:  # all of them are to be heard up to one end of the log
            reach = _Reach(self, until, head=self._log.head())
            involved = self._involved(treaty, reach)
        return Then(
            known=involved[treaty],
            involved=involved,
            position=max(one.position for one in involved.values()),
            world=world.hearing(reach.state),
        )

    def at_hand(self, treaty: str, until: Until, world: RecordedWorld) -> Then | None:
        """The same without asking the log; None where it would have to be asked, or other treaties are involved."""
        course = self._courses.get(treaty)
        if course is None or not self._reaches(course, until):
            return None
        if until.known_at is not None:
            version = course.version_known_at(until.known_at)
        else:
            version = course.version_at(until.position or 0, whole=True)
        known = self.state(course, version)
        if isinstance(known.state, Undefined) or rests_on(known.state):
            return None
        return Then(known, {treaty: known}, known.position, world)

    def _refuse_too_early(self, treaty: str, until: Until) -> None:
        course = self.course(treaty, until=until)
        if course.length:
            first_at = course.instants[0].isoformat().replace("+00:00", "Z")
            raise UnknownTreaty(
                f"Nothing of the treaty {treaty!r} was on record then; its record begins at {first_at}, "
                f"position {course.positions[0]}.",
                way_out="Ask for a later known_at or at_position; as_of may be any day all the same.",
                facts={"treaty": treaty, "recorded_from": first_at, "position_from": course.positions[0]},
            )

    def now(self, treaty: str, world: RecordedWorld) -> Then:
        """The treaty with all that the log holds now, and the world at that same position."""
        return self.then(treaty, Until(position=self._log.head()), world)

    def _involved(self, treaty: str, reach: "_Reach") -> dict[str, Known]:
        while True:
            bound = reach.bound
            found: dict[str, Known] = {}
            waiting = [treaty]
            while waiting:
                name = waiting.pop(0)
                if name not in found:
                    found[name] = reach.known(name)
                    waiting.extend(rests_on(found[name].state))
            if reach.bound == bound:
                return found

    # ---- courses ----------------------------------------------------------------------------------------------------
    def course(self, treaty: str, *, until: Until, head: int | None = None) -> _Course:
        """The course of a stream, read at least as far as the question goes; with ``head``, up to that position."""
        course = self._courses.get(treaty) or _Course(treaty)
        if (head is not None and course.complete_to < head) or not self._reaches(course, until):
            self._read_on(course)
        if until.position is not None and until.position > course.complete_to:
            raise PositionAhead(
                f"The log has not come to position {until.position}; its last is {course.complete_to}.",
                way_out="Ask for a position that the log has reached, or leave it out for the present state.",
                facts={"at_position": until.position, "head": course.complete_to},
            )
        return course

    def state(self, course: _Course, version: int) -> Known:
        """The treaty at one version of its stream."""
        live = self._treaties.kept(course.treaty)
        if live is not None and live.state.version == version and live.recorded_at is not None:
            return live
        tip, key = course.tip, (course.treaty, version)
        if tip is not None and tip.state.version == version:
            return tip
        known = course.marks.get(version) or self._at_hand.get(key)
        if known is None and not version:
            return Known(Undefined(course.treaty), 0)
        if known is None:
            known = course.folded(version)
            with self._lock:
                self._at_hand[key] = known
                while len(self._at_hand) > MOST_AT_HAND:
                    self._at_hand.popitem(last=False)
        return known

    def _reaches(self, course: _Course, until: Until) -> bool:
        if until.position is not None:
            return until.position <= course.complete_to
        if until.known_at is not None and course.instants and course.instants[-1] > until.known_at:
            return True
        live = self._treaties.kept(course.treaty)
        return live is not None and 0 < live.state.version <= course.length

    def _read_on(self, course: _Course) -> None:
        with course.lock:
            head = self._log.head()
            logged = self._log.read_stream(stream_of(course.treaty), after=course.length)
            course.take(logged, self._facts(logged), head)
        if course.length:  # whoever asks for what is not there fills no memory
            self._keep(course)

    def _keep(self, course: _Course) -> None:
        with self._lock:
            self._courses.setdefault(course.treaty, course)
            self._courses.move_to_end(course.treaty)
            states = sum(1 + len(one.marks) for one in self._courses.values())
            facts = sum(one.length for one in self._courses.values())
            while (states > MOST_STATES or facts > MOST_FACTS) and len(self._courses) > 1:
                _, dropped = self._courses.popitem(last=False)
                states -= 1 + len(dropped.marks)
                facts -= dropped.length

    def _facts(self, logged: Sequence[LoggedEvent]) -> list[Fact]:
        return [decoded(self._codec, event) for event in logged]


class _Reach:
    """How far one question hears: the same position for every treaty, so that no order of recording is mixed up."""

    def __init__(self, past: Past, until: Until, *, head: int | None = None) -> None:
        self._past = past
        self._until = until
        self._head = head
        self._known: dict[str, Known] = {}
        self.bound: int | None = until.position

    def state(self, treaty: str) -> State:
        """Any treaty, as the world of then is asked for it."""
        return self.known(treaty).state

    def known(self, treaty: str) -> Known:
        """The treaty with what was heard of it."""
        course = self._past.course(treaty, until=self._until, head=self._head)
        self._hear(course)
        if treaty not in self._known:
            version = course.version_at(self._bound(), whole=self._until.position is not None)
            self._known[treaty] = self._past.state(course, version)
        return self._known[treaty]

    def _bound(self) -> int:
        assert self.bound is not None  # noqa: S101 - a course was heard first
        return self.bound

    def _hear(self, course: _Course) -> None:
        """Whatever was recorded after the instant hides all that follows it."""
        if self._until.known_at is None:
            return
        version = course.version_known_at(self._until.known_at)
        hidden = version < course.length
        bound = course.positions[version] - 1 if hidden else self._head or course.complete_to
        if self.bound is None or bound < self.bound:
            self.bound = bound
            self._known.clear()
