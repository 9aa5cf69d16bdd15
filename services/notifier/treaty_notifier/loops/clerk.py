"""Keeping the books: everything that moves the outbox goes through one commit after another.

A page of the feed, the turns that are finished and the lanes that are free are handed in together, and what a page
brings is claimed in the commit that writes it: the sender has it in hand without reading it again.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from treaty_notifier.errors import OutboxOwned, OutboxUnavailable, PositionTaken
from treaty_notifier.loops.limits import Limits
from treaty_notifier.loops.places import Room
from treaty_notifier.loops.threads import Threads
from treaty_notifier.metrics import Metrics
from treaty_notifier.outbox import Exchange, Lease, Outbox, Page, Progress, Settlement, Turn, Wish

LOG = logging.getLogger(__name__)
T = TypeVar("T")
MOST_FAULTS = 3  # of one lane's turns in a row, before it is left alone for longer
SHORT_PARK_SECONDS = 5.0
LONG_PARK_SECONDS = 3600.0
STANDBY_SECONDS = 0.25  # between two looks at whether the store is free


@dataclass(frozen=True)
class _Finished:
    """A turn to be booked before its lease ends, in seconds of the event loop's clock."""

    settlement: Settlement
    expires: float


@dataclass(frozen=True)
class _Arrived:
    """A page to be written, and who waits for it."""

    page: Page
    written: asyncio.Future[Progress]


class Clerk:
    """Finds lanes by polling; ``wake`` only shortens the wait.

    ``entered`` is set while it is known to be at work; while another process serves the store it stands by. ``run``
    calls ``serve`` with each turn that was claimed and the moment its lease ends, on the loop's clock, and asks
    ``room`` which more lanes may be served now.
    """

    def __init__(self, outbox: Outbox, *, owner: str, limits: Limits, threads: Threads, metrics: Metrics) -> None:
        self._outbox = outbox
        self._owner = owner
        self._limits = limits
        self._threads = threads
        self._metrics = metrics
        self.entered = asyncio.Event()
        self._something = asyncio.Event()
        self._next_due = math.inf
        self._finished: list[_Finished] = []
        self._broken: list[tuple[Lease, BaseException]] = []
        self._arrived: list[_Arrived] = []
        self._faults: Counter[str] = Counter()
        self._is_news_out = False  # messages that just came go before whatever is late
        self._under_way: asyncio.Future[Any] | None = None  # whatever the last call gives

    def wake(self) -> None:
        """There may be something to send now."""
        self._something.set()

    def finished(self, settlement: Settlement, *, expires: float) -> None:
        """A turn has ended and is to be booked; those that end until then share its commit."""
        self._finished.append(_Finished(settlement, expires))
        self.wake()

    def broken(self, lease: Lease, fault: BaseException) -> None:
        """A turn ended by a fault of ours: nothing of it is known."""
        self._broken.append((lease, fault))
        self.wake()

    async def write(self, page: Page) -> Progress:
        """The page and its position, committed; its messages are on their way when this returns.

        Raises:
            PositionTaken: somebody else has moved the position; nothing was written.
        """
        arrived = _Arrived(page, asyncio.get_running_loop().create_future())
        self._arrived.append(arrived)
        self.wake()
        return await arrived.written

    async def run(self, *, serve: Callable[[Turn, float], None], room: Callable[[], Room]) -> None:
        """Serves whenever the store may be served by this process, and stands by otherwise."""
        while True:
            await self._enter()
            try:
                while True:
                    self._something.clear()
                    if not await self._turn_over(serve=serve, room=room()):
                        await self._rest()
            except OutboxOwned as owned:
                LOG.warning("Passed over while it stood still. %s", owned)
            finally:
                self.entered.clear()
                self._metrics.serving.set(0)

    async def _enter(self) -> None:
        seconds = self._limits.lease_seconds
        is_told = False
        while True:
            try:
                await self._call(lambda: self._outbox.enter(owner=self._owner, lease_seconds=seconds))
            except OutboxOwned as owned:
                if not is_told:
                    LOG.info(str(owned))
                is_told = True
                await asyncio.sleep(min(STANDBY_SECONDS, seconds / 4))
                continue
            self.entered.set()
            self._metrics.serving.set(1)
            return

    async def finish(self) -> None:
        """Book what is known and give the leases back. Called when nothing claims any more and nothing is sent."""
        if self._under_way is not None:
            await asyncio.wait([self._under_way])
        finished = [one.settlement for one in self._finished]
        with suppress(OutboxOwned, OutboxUnavailable):  # what cannot be booked comes again, under the same ids
            if finished:
                self._note(await self._exchange(settlements=finished))
            await self._call(lambda: self._outbox.release(owner=self._owner))

    async def _turn_over(self, *, serve: Callable[[Turn, float], None], room: Room) -> bool:
        """One commit. Whether there may be more to claim at once."""
        expires = asyncio.get_running_loop().time() + self._limits.lease_seconds
        broken, self._broken = self._broken, []
        for lease, fault in broken:
            await self._leave_alone(lease, fault)
        finished, self._finished = _together(self._finished, attempts=self._limits.attempts_per_commit)
        arrived = self._arrived.pop(0) if self._arrived else None
        if not finished and arrived is None and room.lanes <= 0:
            return False
        settlements = [one.settlement for one in finished]
        page = arrived.page if arrived is not None else None
        self._is_news_out = self._is_news_out or page is not None
        try:
            done = await self._exchange(settlements=settlements, page=page, wish=self._wish(room))
        except OutboxOwned:
            self._metrics.fenced.inc(len(finished))
            self._arrived = [*([arrived] if arrived is not None else []), *self._arrived]
            raise
        except BaseException as fault:
            if arrived is not None and not arrived.written.done():
                arrived.written.set_exception(fault)
            if not finished or not isinstance(fault, Exception):
                raise
            await self._settle_one_by_one(finished)
            return True
        self._note(done)
        for turn in done.claim.turns:
            serve(turn, expires)
        for one in settlements:
            self._faults.pop(one.lease.lane_id, None)
        if arrived is not None and not arrived.written.done():
            _tell(arrived.written, done)
        is_all = room.lanes > 0 and not done.claim.has_more
        was_news_out, self._is_news_out = self._is_news_out, self._is_news_out and not is_all
        return done.claim.has_more or (was_news_out and is_all) or bool(self._arrived or self._finished)

    async def _rest(self) -> None:
        """Until something is handed in, a retry is due, or it is time to look all the same."""
        if self._something.is_set():
            return
        due_seconds = max(0.0, self._next_due - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(min(due_seconds, self._limits.poll_seconds)):
                await self._something.wait()
        except TimeoutError:
            pass

    async def _settle_one_by_one(self, finished: list[_Finished]) -> None:
        """One of them broke the commit of all: the others must not be repeated for its sake."""
        for place, one in enumerate(finished):
            try:
                self._note(await self._exchange(settlements=[one.settlement]))
            except Exception as fault:  # noqa: BLE001  (whatever it is, it is this lane's)
                try:
                    await self._leave_alone(one.settlement.lease, fault)
                except Exception:
                    # The store itself does not answer. Kept while the lease holds, then anybody's to repeat.
                    now = asyncio.get_running_loop().time()
                    self._finished = [kept for kept in finished[place:] if now < kept.expires] + self._finished
                    raise

    async def _leave_alone(self, lease: Lease, fault: BaseException) -> None:
        """What cannot be booked is repeated a few times, under the same ids, and then seldom."""
        faults = self._faults[lease.lane_id] + 1
        seconds = LONG_PARK_SECONDS if faults >= MOST_FAULTS else SHORT_PARK_SECONDS
        await self._call(lambda: self._outbox.park(lease, seconds=seconds))
        self._faults[lease.lane_id] = faults
        self._metrics.parked.inc()
        LOG.error(
            "A turn ended by a fault of ours; its lane is left alone for a while",
            exc_info=fault,
            extra={"facts": {"lane": lease.lane_id, "faults_in_a_row": faults, "seconds": seconds}},
        )

    def _wish(self, room: Room) -> Wish | None:
        if room.lanes <= 0:
            return None
        return Wish(
            owner=self._owner,
            lanes=room.lanes,
            slow_lanes=room.slow,
            late_lanes=self._late_lanes(room),
            batch=self._limits.parcels_per_turn,
            slow_batch=self._limits.parcels_per_slow_turn,
            lease_seconds=self._limits.lease_seconds,
        )

    def _late_lanes(self, room: Room) -> int:
        """While something new is being given out, what is late keeps going, and no more."""
        if not self._is_news_out:
            return room.late
        return max(0, room.late - self._limits.late_lanes + self._limits.late_lanes_at_least)

    def _note(self, done: Exchange) -> None:
        self._metrics.fenced.inc(done.booked.count(False))
        if done.claim_seconds is not None:
            self._metrics.claim_seconds.observe(done.claim_seconds)
        if done.due_seconds is not None:
            self._next_due = asyncio.get_running_loop().time() + done.due_seconds

    async def _exchange(
        self, *, settlements: list[Settlement], page: Page | None = None, wish: Wish | None = None
    ) -> Exchange:
        return await self._call(lambda: self._outbox.exchange(settlements=settlements, page=page, wish=wish))

    async def _call(self, work: Callable[[], T]) -> T:
        """On the thread that keeps the books. Once begun it ends, even when nobody waits for it any more."""
        under_way = self._under_way = self._threads.start(work)
        return await asyncio.shield(under_way)


def _together(finished: list[_Finished], *, attempts: int) -> tuple[list[_Finished], list[_Finished]]:
    """What is booked in one commit, at least one turn and the short ones first, and what waits for the next."""
    if sum(len(one.settlement.sent) for one in finished) <= attempts:
        return finished, []
    ordered = sorted(finished, key=lambda one: len(one.settlement.sent))
    size = 0
    for place, one in enumerate(ordered):
        size += len(one.settlement.sent)
        if place and size > attempts:
            return ordered[:place], ordered[place:]
    return ordered, []


def _tell(written: asyncio.Future[Progress], done: Exchange) -> None:
    if done.progress is None:
        raise AssertionError("A page that was handed in has no progress")
    if done.is_taken:
        written.set_exception(PositionTaken(done.progress.position))
    else:
        written.set_result(done.progress)
