"""Serving lanes: lease, sign, send, book."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from treaty_notifier.deliveries import Answer, Failure, RetryIn, after_attempt, outcome_of
from treaty_notifier.loops.threads import Threads
from treaty_notifier.metrics import Metrics
from treaty_notifier.outbox import Outbox, Parcel, Sent, Settlement, Turn
from treaty_notifier.schedule import Schedule
from treaty_notifier.sender import OutgoingWebhook, Transport
from treaty_notifier.webhook_signature import webhook_headers

LOG = logging.getLogger(__name__)
REAP_SECONDS = 1.0  # how often leases of notifiers that died are looked for
GRACE_SECONDS = 1.0  # what a shutdown leaves to POSTs under way


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A lease outlives three whole deadlines; what a slow endpoint leaves of a turn by then waits for the next one."""

    deadline_seconds: float = 15.0
    lease_seconds: float = 45.0
    poll_seconds: float = 0.5
    lanes: int = 64
    parcels_per_turn: int = 64
    posts_per_lane: int = 8


@dataclass(frozen=True)
class _Finished:
    """A turn to be booked before its lease ends, in seconds of the event loop's clock."""

    settlement: Settlement
    expires: float


class Dispatcher:
    """Finds lanes by polling; ``wake`` only shortens the wait.

    ``jitter`` gives a number between -1 and 1. ``clock`` says the wall time that goes into ``webhook-timestamp``.
    """

    def __init__(
        self,
        outbox: Outbox,
        transport: Transport,
        *,
        owner: str,
        user_agent: str,
        schedule: Schedule,
        limits: Limits,
        threads: Threads,
        metrics: Metrics,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._transport = transport
        self._owner = owner
        self._user_agent = user_agent
        self._schedule = schedule
        self._limits = limits
        self._threads = threads
        self._metrics = metrics
        self._clock = clock
        self._jitter = jitter
        self._wake = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()
        self._done: asyncio.Queue[_Finished] = asyncio.Queue()

    def wake(self) -> None:
        """There may be something to send now."""
        self._wake.set()

    async def claim_forever(self) -> None:
        """Raises OutboxOwned when another process serves this store."""
        await self._threads.call(self._outbox.enter, owner=self._owner)
        reap_at = 0.0
        while True:
            if (now := asyncio.get_running_loop().time()) >= reap_at:
                await self._threads.call(self._outbox.reap)
                reap_at = now + REAP_SECONDS
            self._wake.clear()
            if await self._claim():
                continue
            try:
                async with asyncio.timeout(self._limits.poll_seconds):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def settle_forever(self) -> None:
        """Books everything that is finished in one commit; turns that end meanwhile share the next one."""
        while True:
            finished = [await self._done.get()]
            while not self._done.empty():
                finished.append(self._done.get_nowait())
            try:
                await self._settle(finished)
            except BaseException:
                # Kept for the next try while the lease holds; after it the turn is anybody's to repeat.
                for one in finished:
                    if asyncio.get_running_loop().time() < one.expires:
                        self._done.put_nowait(one)
                raise

    async def finish(self) -> None:
        """Let POSTs under way end, book what is known, give the leases back. Called when nothing claims any more."""
        if self._serving:
            await asyncio.wait(self._serving, timeout=GRACE_SECONDS)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        finished = [self._done.get_nowait() for _ in range(self._done.qsize())]
        if finished:
            await self._settle(finished)
        await self._threads.call(self._outbox.release, owner=self._owner)

    async def _claim(self) -> bool:
        room = self._limits.lanes - len(self._serving)
        if room <= 0:
            return False
        expires = asyncio.get_running_loop().time() + self._limits.lease_seconds
        claim = await self._threads.call(
            self._outbox.claim,
            owner=self._owner,
            lanes=room,
            batch=self._limits.parcels_per_turn,
            lease_seconds=self._limits.lease_seconds,
        )
        for turn in claim.turns:
            task = asyncio.create_task(self._serve(turn, expires=expires))
            self._serving.add(task)
            task.add_done_callback(self._served)
        return claim.has_more

    def _served(self, task: asyncio.Task[None]) -> None:
        self._serving.discard(task)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("A turn ended by a fault; its lane is served again later", exc_info=task.exception())

    async def _settle(self, finished: list[_Finished]) -> None:
        booked = await self._threads.call(self._outbox.settle, [one.settlement for one in finished])
        self._metrics.fenced.inc(booked.count(False))
        self._wake.set()

    async def _serve(self, turn: Turn, *, expires: float) -> None:
        """Send a turn's parcels, a few at a time, in order of their place in the log."""
        room = asyncio.Semaphore(self._limits.posts_per_lane)
        halted = asyncio.Event()

        async def one(parcel: Parcel) -> Sent | None:
            async with room:
                # Never start what could outlive the lease: somebody else might be sending it by then.
                if halted.is_set() or asyncio.get_running_loop().time() + self._limits.deadline_seconds > expires:
                    return None
                sent = await self._send(turn, parcel)
                if isinstance(sent.decision, RetryIn) and sent.decision.pause_seconds > 0:
                    halted.set()  # the endpoint asked to be left alone: what has not begun waits in the log
                return sent

        results = await asyncio.gather(*(one(parcel) for parcel in turn.parcels))
        unsent = [
            parcel.seq
            for parcel, sent in zip(turn.parcels, results, strict=True)
            if sent is None and not parcel.is_exception
        ]
        cursor = min(unsent) - 1 if unsent else turn.scanned_to
        known = tuple(sent for sent in results if sent is not None)
        self._done.put_nowait(_Finished(Settlement(lease=turn.lease, cursor=cursor, sent=known), expires))

    async def _send(self, turn: Turn, parcel: Parcel) -> Sent:
        started_at = self._clock()
        started = asyncio.get_running_loop().time()
        result = await self._transport.send(
            OutgoingWebhook(url=turn.url, headers=self._headers(turn, parcel, at=started_at), body=parcel.body),
            deadline_seconds=self._limits.deadline_seconds,
        )
        seconds = asyncio.get_running_loop().time() - started
        sent = self._sent(parcel, result, started_at=started_at, seconds=seconds)
        self._metrics.attempts.labels(outcome=sent.outcome.value).inc()
        self._metrics.attempt_seconds.observe(seconds)
        return sent

    def _headers(self, turn: Turn, parcel: Parcel, *, at: datetime) -> dict[str, str]:
        signed = webhook_headers(
            webhook_id=parcel.webhook_id, timestamp=int(at.timestamp()), body=parcel.body, secrets=turn.secrets
        )
        return {"content-type": "application/json", "user-agent": self._user_agent, **signed}

    def _sent(self, parcel: Parcel, result: Answer | Failure, *, started_at: datetime, seconds: float) -> Sent:
        decision = after_attempt(
            result, failures_before=parcel.failures, schedule=self._schedule, jitter=self._jitter()
        )
        answer = result if isinstance(result, Answer) else None
        return Sent(
            parcel=parcel,
            started_at=started_at,
            duration_ms=round(seconds * 1000),
            outcome=outcome_of(result),
            decision=decision,
            status_code=answer.status if answer else None,
            response=answer.body if answer else b"",
            is_clipped=answer.is_clipped if answer else False,
            location=answer.location if answer else None,
            peer=result.peer,
        )
