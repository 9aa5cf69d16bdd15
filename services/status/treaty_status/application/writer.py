"""The one writer of a process: orders are decided one after another and committed together.

While one group is on its way to the disk the next one gathers, so groups form by themselves. What is kept in memory
changes only after the commit. Another process may be first: then everything is read again and decided again.
"""

import json
import random
import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable, Sequence
from concurrent.futures import Future as ThreadFuture
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final
from zoneinfo import ZoneInfo

from treaty_events import (
    ClaimRecorded,
    Fact,
    FactCertified,
    HoldEnded,
    MilestoneAnnounced,
    MilestoneHeld,
    ParticipantAct,
    Recorded,
    RehearsalDayReached,
    TableSet,
    event_id,
    name_of,
    stream_of,
)
from treaty_status.application.event_log import (
    EventLog,
    KeyTaken,
    LoggedEvent,
    LogUnavailable,
    NewEvent,
    Reply,
    VersionConflict,
)
from treaty_status.application.submissions import (
    AnyOrder,
    KeyReused,
    Receipt,
    RecordedSince,
    StaleVersion,
    Submission,
    TooBusy,
    Unavailable,
)
from treaty_status.application.treaties import Codec, Known, Treaties, latest
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.arrivals import EndReplay, RecordArrivals, decide_arrivals, decide_end
from treaty_status.domain.decisions import Circumstances, Decision, Define, OpenRehearsal, decide
from treaty_status.domain.history import HistoryDecision, RecordHistory, decide_history
from treaty_status.domain.reassessment import Reassess, ReassessmentDecision, decide_reassessment
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.treaty import State, Treaty
from treaty_status.registry import Registry

MOST_TOGETHER: Final = 512
MOST_ATTEMPTS: Final = 40
TOGETHER_ATTEMPTS: Final = 3
"""After so many conflicts a group is decided one by one, so that somebody always gets through."""

Outcome = Receipt | BaseException
Clock = Callable[[], datetime]
Committed = Callable[[list[LoggedEvent]], None]
"""Told, in the writer's thread, what was just committed, in order."""


@dataclass(slots=True)
class _Waiting:
    submission: Submission
    future: "Future[Receipt] | ThreadFuture[Receipt]"
    loop: AbstractEventLoop | None


@dataclass(slots=True)
class _Group:
    """What is being decided together, on top of what is committed."""

    working: dict[str, Known] = field(default_factory=dict)
    events: list[NewEvent] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    keys: dict[str, tuple[str, int]] = field(default_factory=dict)
    outcomes: list[Outcome | int] = field(default_factory=list)
    """A receipt, a refusal, or the index of the earlier submission under the same key."""
    events_of: dict[int, range] = field(default_factory=dict)
    """Index of a submission to the indexes of its events; it is told the position of the last, a history of all."""


def today_at(zone: str, now: datetime) -> date:
    """The calendar day in a time zone."""
    return now.astimezone(ZoneInfo(zone)).date()


class Writer:
    """Takes submissions from any thread or event loop; answers each after its events are durable."""

    def __init__(
        self,
        log: EventLog,
        codec: Codec,
        treaties: Treaties,
        registry: Registry,
        *,
        clock: Clock,
        committed: Committed = lambda _: None,
    ) -> None:
        self._log = log
        self._codec = codec
        self._treaties = treaties
        self._clock = clock
        self._committed = committed
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._group = _Group()
        self._world = RecordedWorld(registry, self._other)
        self._committed_at: float | None = None
        self._thread = Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was handed in, then end."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def is_alive(self) -> bool:
        """Does the thread run?"""
        return self._thread.is_alive()

    @property
    def seconds_since_commit(self) -> float | None:
        """How long ago the log took something from this writer; None where it refused since, or was never asked."""
        return None if self._committed_at is None else time.monotonic() - self._committed_at

    def submit(self, submission: Submission) -> "Future[Receipt]":
        """Hand in from an event loop; await the receipt."""
        loop = get_running_loop()
        future: Future[Receipt] = loop.create_future()
        self._queue.put(_Waiting(submission, future, loop))
        return future

    def record(self, submission: Submission, *, timeout_seconds: float = 30.0) -> Receipt:
        """Hand in from a thread and wait for the receipt."""
        return self.hand_in(submission).result(timeout=timeout_seconds)

    def hand_in(self, submission: Submission) -> "ThreadFuture[Receipt]":
        """Hand in from a thread; what is handed in while a group is on its way to the disk is committed together."""
        future: ThreadFuture[Receipt] = ThreadFuture()
        self._queue.put(_Waiting(submission, future, None))
        return future

    # ---- the thread ---------------------------------------------------------------------------------------------
    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            waiting = [first]
            ends = self._gather(waiting)
            self._answer(waiting, self._settle([one.submission for one in waiting]))
            if ends:
                return

    def _gather(self, waiting: list[_Waiting]) -> bool:
        while len(waiting) < MOST_TOGETHER:
            try:
                one = self._queue.get_nowait()
            except Empty:
                return False
            if one is None:
                return True
            waiting.append(one)
        return False

    def _answer(self, waiting: list[_Waiting], outcomes: Sequence[Outcome]) -> None:
        by_loop: dict[AbstractEventLoop, list[tuple[Future[Receipt], Outcome]]] = {}
        for one, outcome in zip(waiting, outcomes, strict=True):
            if one.loop is not None and isinstance(one.future, Future):
                by_loop.setdefault(one.loop, []).append((one.future, outcome))
            elif isinstance(one.future, ThreadFuture):
                _resolve(one.future, outcome)
        for loop, pairs in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve_all, pairs)

    def _settle(self, submissions: list[Submission]) -> list[Outcome]:
        """The outcome of each; never raises, so that the writer never dies of one order."""
        try:
            settled = self._together(submissions)
        except BaseException as error:  # noqa: BLE001 - a fault of ours is told to everyone who waits, and the writer goes on
            self._drop()
            return [error] * len(submissions)
        if settled is not None:
            return settled
        return [outcome for one in submissions for outcome in self._alone(one)]

    def _together(self, submissions: list[Submission]) -> list[Outcome] | None:
        for attempt in range(TOGETHER_ATTEMPTS):
            outcomes = self._attempt(submissions, look_up_keys=attempt > 0)
            if outcomes is not None:
                return outcomes
        return None

    def _alone(self, submission: Submission) -> list[Outcome]:
        for attempt in range(MOST_ATTEMPTS):
            outcomes = self._attempt([submission], look_up_keys=True)
            if outcomes is not None:
                return outcomes
            time.sleep(random.uniform(0, 0.002) * (1 + attempt))  # noqa: S311 - spreads rivals, keeps no secret
        return [
            TooBusy(
                "Others changed the treaty at every attempt.", way_out="Send it again, with the same Idempotency-Key."
            )
        ]

    def _attempt(self, submissions: list[Submission], *, look_up_keys: bool) -> list[Outcome] | None:
        """Decide and commit; None when somebody else was first and everything was read again."""
        group = self._group = _Group()
        for index, submission in enumerate(submissions):
            group.outcomes.append(self._decide(index, submission, group, look_up_keys))
        try:
            positions = self._log.append(group.events, group.replies) if group.events or group.replies else []
        except (VersionConflict, KeyTaken):
            for treaty in group.working:
                self._treaties.refresh(treaty)
            return None
        except LogUnavailable as error:
            self._committed_at = None
            self._drop()
            return [self._unavailable(outcome, error) for outcome in group.outcomes]
        self._keep(group, positions)
        return [self._told(index, group, positions) for index in range(len(submissions))]

    def _drop(self) -> None:
        for treaty in self._group.working:
            self._treaties.forget(treaty)

    def _unavailable(self, outcome: "Outcome | int", error: LogUnavailable) -> Outcome:
        if isinstance(outcome, Refusal):
            return outcome
        refusal = Unavailable(
            f"The log did not take the events: {error.reason}.", way_out="Send it again, with the same Idempotency-Key."
        )
        refusal.__cause__ = error
        return refusal

    def _keep(self, group: _Group, positions: list[int]) -> None:
        if not positions:
            return
        self._committed_at = time.monotonic()
        last = {event.stream: position for event, position in zip(group.events, positions, strict=True)}
        for treaty, known in group.working.items():
            position = last.get(stream_of(treaty))
            if position is not None:
                self._treaties.put(treaty, replace(known, position=position))
        self._committed(
            [
                LoggedEvent(position, event.stream, event.version, event.topic, event.body)
                for event, position in zip(group.events, positions, strict=True)
            ]
        )

    def _told(self, index: int, group: _Group, positions: list[int]) -> Outcome:
        outcome = group.outcomes[index]
        if isinstance(outcome, int):
            earlier = self._told(outcome, group, positions)
            return replace(earlier, replayed=True) if isinstance(earlier, Receipt) else earlier
        its = group.events_of.get(index)
        if not isinstance(outcome, Receipt) or its is None:
            return outcome
        every = tuple(positions[its.start : its.stop]) if outcome.verdicts else ()
        return replace(outcome, position=positions[its[-1]], positions=every)

    # ---- one order --------------------------------------------------------------------------------------------------
    def _decide(self, index: int, submission: Submission, group: _Group, look_up_keys: bool) -> "Outcome | int":  # noqa: FBT001 - private
        idempotency = submission.idempotency
        if idempotency is not None:
            if idempotency.key in group.keys:
                fingerprint, earlier = group.keys[idempotency.key]
                return earlier if fingerprint == idempotency.fingerprint else _reused()
            if look_up_keys and (told := self._told_before(submission)) is not None:
                return told
        try:
            receipt = self._decided(index, submission, group)
        except Refusal as refusal:
            return refusal if idempotency is None or look_up_keys else self._told_before(submission) or refusal
        if idempotency is not None and not submission.dry_run:
            group.keys[idempotency.key] = (idempotency.fingerprint, index)
        return receipt

    def _decided(self, index: int, submission: Submission, group: _Group) -> Receipt:
        order = submission.order
        known = group.working.get(order.treaty) or self._treaties.get(order.treaty)
        self._must_be_current(submission, known.state)
        now = self._instant(submission, known)
        recorded = Recorded(at=now, by=submission.by)
        circumstances = Circumstances(
            today=today_at(_zone(known.state, submission), now), world=self._world, recorded=recorded
        )
        decision = _decision(known, order, circumstances)
        receipt = _receipt(order.treaty, known.state, decision, dry_run=submission.dry_run)
        if submission.dry_run:
            return receipt
        group.working[order.treaty] = Known(
            decision.state, known.position, decision.settled, latest(known.recorded_at, decision.events)
        )
        self._enlist(index, known.state, decision, group, order.treaty)
        if submission.idempotency is not None:
            group.replies.append(_reply(submission, receipt, known.state, now))
        return receipt

    def _instant(self, submission: Submission, known: Known) -> datetime:
        at, last = submission.recorded_at, known.recorded_at
        if at is not None and last is not None and last > at:
            raise RecordedSince(
                f"The last fact of {submission.order.treaty} was recorded at {last.isoformat()}, and this is to be"
                f" recorded as of {at.isoformat()}.",
                way_out="Replay into an empty record, or under another treaty's id.",
                facts={"treaty": submission.order.treaty, "last": last.isoformat(), "as_of": at.isoformat()},
            )
        return self._clock() if at is None else at

    def _must_be_current(self, submission: Submission, state: State) -> None:
        expected = submission.expected_version
        if expected is not None and expected != state.version:
            raise StaleVersion(
                f"You expected version {expected}, and the treaty is at version {state.version}.",
                way_out="Read it again and decide anew.",
                facts={"expected": expected, "version": state.version},
            )

    def _enlist(self, index: int, state: State, decision: Decision, group: _Group, treaty: str) -> None:
        stream, first = stream_of(treaty), len(group.events)
        for n, event in enumerate(decision.events, start=1):
            topic, body = self._codec.encode(event)
            group.events.append(NewEvent(stream, state.version + n, topic, body))
        if decision.events:
            group.events_of[index] = range(first, len(group.events))

    def _told_before(self, submission: Submission) -> Outcome | None:
        idempotency = submission.idempotency
        reply = None if idempotency is None else self._log.reply(idempotency.key)
        if reply is None or idempotency is None:
            return None
        if reply.fingerprint != idempotency.fingerprint:
            return _reused()
        body = json.loads(reply.body)
        position = None
        if reply.version:
            logged = self._log.read_stream(reply.stream, after=reply.version - 1)
            position = next((event.position for event in logged if event.version == body["version"]), None)
        return Receipt(
            **{
                **body,
                "milestones": tuple(body["milestones"]),
                "held": tuple(body.get("held", ())),
                "warnings": tuple(body["warnings"]),
            },
            position=position,
            replayed=True,
        )

    def _other(self, treaty: str) -> State:
        known = self._group.working.get(treaty) or self._treaties.get(treaty)
        return known.state


def _decision(known: Known, order: AnyOrder, circumstances: Circumstances) -> Decision:
    if isinstance(order, RecordHistory):
        return decide_history(known.state, order, circumstances, settled=known.settled)
    if isinstance(order, RecordArrivals):
        return decide_arrivals(known.state, order, circumstances)
    if isinstance(order, EndReplay):
        return decide_end(known.state, order, circumstances)
    if isinstance(order, Reassess):
        return decide_reassessment(known.state, order, circumstances, spoken_on=_spoken_on(known))
    return decide(known.state, order, circumstances, settled=known.settled)


def _spoken_on(known: Known) -> date | None:
    if known.recorded_at is None or not isinstance(known.state, Treaty):
        return None
    return today_at(known.state.details.depositary.time_zone, known.recorded_at)


def _zone(state: State, submission: Submission) -> str:
    order = submission.order
    if isinstance(order, RecordHistory) and order.define is not None and not isinstance(state, Treaty):
        return order.define.depositary.time_zone
    if isinstance(order, RecordArrivals) and order.opening is not None and not isinstance(state, Treaty):
        return order.opening.details.depositary.time_zone
    if isinstance(order, Define):
        return order.details.depositary.time_zone
    if isinstance(order, OpenRehearsal):
        return order.of.details.depositary.time_zone
    return state.details.depositary.time_zone if isinstance(state, Treaty) else "UTC"


def _reused() -> KeyReused:
    return KeyReused(
        "The key was used before, and what was asked then was not this.",
        way_out="Use a new key for a new request; send the same body to have the first answer again.",
    )


def _receipt(treaty: str, before: State, decision: Decision, *, dry_run: bool) -> Receipt:
    stream = stream_of(treaty)
    told = next(
        (
            (n, fact)
            for n, fact in enumerate(decision.events, start=1)
            if not isinstance(fact, MilestoneAnnounced | RehearsalDayReached)
        ),
        None,
    )
    receipt = Receipt(
        treaty=treaty,
        event_id=None if told is None or dry_run else event_id(stream, before.version + told[0]),
        position=None,
        version=before.version if dry_run else decision.state.version,
        recorded_as="nothing" if told is None else _recorded_as(told[1], decision),
        milestones=tuple(_brief(milestone) for milestone in decision.milestones),
        held=tuple(_waiting(fact) for fact in decision.events if isinstance(fact, MilestoneHeld)),
        **_of_a_history(decision),
        warnings=tuple({"code": warned.code, "message": warned.message} for warned in decision.warnings),
        dry_run=dry_run,
    )
    if not isinstance(decision, ReassessmentDecision):
        return receipt
    recorded_as = "reassessment" if decision.events else "nothing"
    news = tuple(map(_brief, decision.news))
    return replace(
        receipt, event_id=None, recorded_as=recorded_as, milestones=news, outcome={"settled": decision.settled_lines}
    )


def _of_a_history(decision: Decision) -> dict[str, Any]:
    if not isinstance(decision, HistoryDecision):
        return {}
    return {"verdicts": decision.verdicts, "versions": decision.versions, "doubts": decision.doubts}


def _recorded_as(fact: Fact, decision: Decision) -> str:
    if isinstance(decision, HistoryDecision):
        return "history"
    if isinstance(fact, ParticipantAct):
        return "act"
    if isinstance(fact, ClaimRecorded):
        return "claim"
    if isinstance(fact, FactCertified | TableSet):
        return "certificate" if isinstance(fact, FactCertified) else "table"
    if isinstance(fact, HoldEnded):
        return "release"
    return "correction" if name_of(fact).startswith("treaty.fact.") else "definition"


def _brief(milestone: MilestoneAnnounced) -> dict[str, Any]:
    follows = milestone.consequence
    return {
        "type": name_of(milestone),
        "key": milestone.key,
        "revision": milestone.revision,
        "occurred_on": milestone.occurred_on.isoformat(),
        **(
            {}
            if milestone.progress is None
            else {"progress": {"have": milestone.progress.have, "need": milestone.progress.need}}
        ),
        **({} if follows is None else {"entry_into_force": follows.entry_into_force.isoformat()}),
        **({} if milestone.recorded.imported is None else {"as_history": True}),
    }


def _waiting(held: MilestoneHeld) -> dict[str, Any]:
    return {
        "key": held.key,
        "statuses": [status.value for status in held.statuses],
        "occurred_on": held.occurred_on.isoformat(),
        "until": held.until.isoformat(),
    }


def _reply(submission: Submission, receipt: Receipt, before: State, now: datetime) -> Reply:
    assert submission.idempotency is not None  # noqa: S101 - asked only for submissions with a key
    body = {
        "treaty": receipt.treaty,
        "event_id": receipt.event_id,
        "version": receipt.version,
        "recorded_as": receipt.recorded_as,
        "milestones": receipt.milestones,
        "held": receipt.held,
        "warnings": receipt.warnings,
    }
    wrote = receipt.version > before.version
    return Reply(
        key=submission.idempotency.key,
        fingerprint=submission.idempotency.fingerprint,
        stream=stream_of(receipt.treaty),
        version=before.version + 1 if wrote else 0,
        body=json.dumps(body).encode(),
        recorded_at=now,
    )


def _resolve(future: "Future[Receipt] | ThreadFuture[Receipt]", outcome: Outcome) -> None:
    if future.done():
        return
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _resolve_all(pairs: "list[tuple[Future[Receipt], Outcome]]") -> None:
    for future, outcome in pairs:
        _resolve(future, outcome)
