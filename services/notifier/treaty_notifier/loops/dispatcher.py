"""Serving lanes: sign, send, and hand in what became of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest

from treaty_notifier.consent import SenderName
from treaty_notifier.deliveries import Answer, Decision, Failure, Outcome, RetryIn, after_attempt, outcome_of
from treaty_notifier.endpoint_options import Order
from treaty_notifier.isolation import Circuit, Conduct, after_turn, pause_seconds
from treaty_notifier.loops.clerk import Clerk
from treaty_notifier.loops.letters import Helper, Letters
from treaty_notifier.loops.limits import Limits
from treaty_notifier.loops.paces import Paces
from treaty_notifier.loops.places import Places
from treaty_notifier.metrics import Metrics
from treaty_notifier.numbering import Occasion
from treaty_notifier.outbox import Parcel, Sent, Settlement, Turn
from treaty_notifier.schedule import Schedule
from treaty_notifier.sender import Transport

MANY = 8  # letters, or turns with a letter each
GRACE_SECONDS = 1.0  # what a shutdown leaves to POSTs under way


class Dispatcher:
    """Sends the turns that the clerk claims.

    ``jitter`` gives a number between -1 and 1. ``clock`` says the wall time that goes into ``webhook-timestamp``.
    ``helper`` signs beside us; without one everything is signed on the way out.
    """

    def __init__(
        self,
        clerk: Clerk,
        transport: Transport,
        *,
        user_agent: str,
        sender: SenderName,
        schedule: Schedule,
        limits: Limits,
        metrics: Metrics,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        helper: Helper | None = None,
    ) -> None:
        self._clerk = clerk
        self._transport = transport
        self._fields = {"user-agent": user_agent}
        self._sender = sender
        self._schedule = schedule
        self._limits = limits
        self._seconds = metrics.attempt_seconds
        self._attempts = {outcome: metrics.attempts.labels(outcome=outcome.value) for outcome in Outcome}
        self._clock = clock
        self._jitter = jitter
        self._helper = helper
        self._loop = asyncio.get_running_loop()
        self._serving: set[asyncio.Task[None]] = set()
        self._places = Places(limits, seconds=self._loop.time)
        self._paces = Paces()

    async def run(self) -> None:
        """Serves whenever the clerk may claim."""
        await self._clerk.run(serve=self._begin, room=self._places.room)

    async def finish(self) -> None:
        """Let POSTs under way end, book what is known, give the leases back. Called when nothing claims any more."""
        if self._serving:
            await asyncio.wait(self._serving, timeout=GRACE_SECONDS)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._clerk.finish()

    def _begin(self, turn: Turn, expires: float) -> None:
        self._places.take(turn)
        task = self._loop.create_task(self._serve(turn, expires=expires))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, turn: Turn, *, expires: float) -> None:
        try:
            sent = await self._send_all(turn, expires=expires)
        except Exception as fault:  # noqa: BLE001  (a turn that breaks is its own lane's trouble)
            self._places.leave(turn)
            self._clerk.broken(turn.lease, fault)
            return
        isolated = self._isolated(turn, sent)
        unsent = [parcel.seq for parcel in turn.parcels if parcel.seq not in sent and not parcel.is_exception]
        cursor = min(unsent) - 1 if unsent else turn.scanned_to
        settlement = replace(isolated, cursor=cursor, sent=tuple(sent.values()))
        self._places.leave(turn)  # before the clerk hears of it: the commit that books this turn claims the next one
        self._clerk.finished(settlement, expires=expires)

    def _isolated(self, turn: Turn, sent: dict[int, Sent]) -> Settlement:
        """What the endpoint's conduct and rate ask for after these attempts."""
        dossier, results = turn.dossier, [one.outcome is Outcome.OK for one in sent.values()]
        is_well = all(results)
        pause = 0.0
        if not is_well:
            conduct = after_turn(dossier.conduct, results, at=self._clock())
            pause = pause_seconds(conduct, schedule=self._schedule, jitter=self._jitter())
        is_limited = len(sent) == dossier.allowance.posts and len(sent) < len(turn.parcels)
        is_slow = self._paces.is_slow(turn.lease.subscription_id, was_slow=turn.is_slow)
        is_known = dossier.conduct != Conduct() or dossier.options.rate_per_minute is not None
        return Settlement(
            lease=turn.lease,
            cursor=turn.lease.cursor,
            sent=(),
            pause_seconds=max(pause, dossier.allowance.wait_seconds if is_limited else 0.0),
            is_notable=bool(sent) and (is_known or not is_well),
            is_slow=None if is_slow == turn.is_slow else is_slow,
        )

    async def _send_all(self, turn: Turn, *, expires: float) -> dict[int, Sent]:
        """Send a turn's parcels, a few at a time, in order of their place in the log; what was attempted, by place."""
        is_fifo, endpoint = turn.dossier.options.order is Order.FIFO, turn.lease.subscription_id
        parcels = allowed(turn, is_fifo=is_fifo)
        # What is claimed together begins together: asking somebody to help with a letter or two only costs time.
        is_many = max(len(parcels), len(self._serving)) >= MANY
        helper = self._helper if is_many else None
        letters = Letters(turn, parcels, sender=self._sender, usual=self._fields, helper=helper)
        waiting = iter(range(len(parcels)))
        sent: dict[int, Sent] = {}
        is_halted = False

        async def one_after_another() -> None:
            nonlocal is_halted
            for place in waiting:
                await letters.prepare(place, at=self._clock())
                # Never start what could outlive the lease: somebody else might be sending it by then.
                if is_halted or self._loop.time() + self._limits.deadline_seconds > expires:
                    return
                known = await self._send(letters, place, parcels[place])
                self._paces.note(endpoint, known.duration_ms / 1000)
                if is_fifo and _is_next_in_feed(known.parcel):
                    known = replace(known, decision=_holding(known.decision))
                sent[known.parcel.seq] = known  # in the order in which they end
                if known.outcome is not Outcome.OK:
                    # The endpoint asked to be left alone, or earned it: what has not begun waits in the log. A replay
                    # in order ends its turn, and the lane it has to itself is held back by what it owes now.
                    is_halted = is_halted or _asks_to_wait(known.decision) or _opens(turn, sent, at=known.started_at)
                    is_halted = is_halted or (is_fifo and _breaks_replay(known))

        at_once = 1 if is_fifo else min(self._limits.posts_per_lane, len(parcels))
        if at_once == 1:
            await one_after_another()
        else:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(one_after_another())
        return sent

    async def _send(self, letters: Letters, place: int, parcel: Parcel) -> Sent:
        started_at, started = self._clock(), self._loop.time()
        result = await self._transport.send(
            letters.outgoing(place, at=started_at), deadline_seconds=self._limits.deadline_seconds
        )
        seconds = self._loop.time() - started
        sent = self._sent(parcel, result, keeps_answers=letters.keeps_answers, started_at=started_at, seconds=seconds)
        self._attempts[sent.outcome].inc()
        self._seconds.observe(seconds)
        return sent

    def _sent(
        self,
        parcel: Parcel,
        result: Answer | Failure,
        *,
        keeps_answers: bool,
        started_at: datetime,
        seconds: float,
    ) -> Sent:
        decision = after_attempt(
            result, failures_before=parcel.failures, schedule=self._schedule, jitter=self._jitter()
        )
        answer = result if isinstance(result, Answer) else None
        body = answer.body if answer else b""
        kept = body[: self._limits.answer_bytes] if keeps_answers else b""
        return Sent(
            parcel=parcel,
            started_at=started_at,
            duration_ms=round(seconds * 1000),
            outcome=outcome_of(result),
            decision=decision,
            status_code=answer.status if answer else None,
            response=kept,
            is_clipped=bool(answer and answer.is_clipped) or len(kept) < len(body),
            location=answer.location if answer else None,
            peer=result.peer,
            phases=result.phases,
        )


def allowed(turn: Turn, *, is_fifo: bool) -> Sequence[Parcel]:
    """As many as may be sent now. Where not all may, retries and what is new take turns, or one would wait for ever."""
    posts = turn.dossier.allowance.posts
    if posts is None or posts >= len(turn.parcels):
        return turn.parcels
    if is_fifo:
        return turn.parcels[:posts]
    kinds = [[one for one in turn.parcels if one.is_exception is is_retry] for is_retry in (True, False)]
    first, second = kinds if turn.lease.epoch % 2 else kinds[::-1]
    return [one for pair in zip_longest(first, second) for one in pair if one is not None][:posts]


def _is_next_in_feed(parcel: Parcel) -> bool:
    """Whether it has its place before what comes after it. What runs beside the feed must never hold it up: a test
    that the endpoint does not know, what was asked for once more, a replay.
    """
    return parcel.occasion is Occasion.FEED and parcel.place is not None


def _breaks_replay(sent: Sent) -> bool:
    """In the replay's own lane, and to be tried again."""
    parcel = sent.parcel
    return parcel.occasion is Occasion.REPLAY and not parcel.is_exception and isinstance(sent.decision, RetryIn)


def _holding(decision: Decision) -> Decision:
    """In a lane that keeps its order nothing passes a message that is to be tried again."""
    if isinstance(decision, RetryIn):
        return replace(decision, pause_seconds=max(decision.pause_seconds, decision.delay_seconds))
    return decision


def _asks_to_wait(decision: Decision) -> bool:
    return isinstance(decision, RetryIn) and decision.pause_seconds > 0


def _opens(turn: Turn, sent: dict[int, Sent], *, at: datetime) -> bool:
    """Whether the circuit is open after these attempts."""
    results = [one.outcome is Outcome.OK for one in sent.values()]
    return after_turn(turn.dossier.conduct, results, at=at).circuit is Circuit.OPEN
