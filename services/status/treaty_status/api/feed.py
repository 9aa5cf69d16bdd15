"""Every event from a position on, in order and without gaps: a page, a page that is waited for, or a stream."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final
from uuid import UUID

from treaty_status.api.feed_lines import feed_line, type_of
from treaty_status.application.event_log import EventLog, LoggedEvent
from treaty_status.application.tail import Tail
from treaty_status.application.treaties import Treaties
from treaty_status.domain.treaty import Treaty

MOST_SCANNED: Final = 5_000
"""Events looked at for one page, however few of them a filter lets through; ``next`` then says where to go on."""
PAGE: Final = 500
PING_SECONDS: Final = 15.0
INLINE: Final = 64
"""Events turned into lines on the event loop itself; more are left to a thread."""
Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Line:
    """One event, ready to be sent."""

    position: int
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """``next`` is the position to ask after next time; ``head`` the last position of the log, never a reader's own."""

    after: int
    lines: tuple[Line, ...]
    next: int
    head: int

    def document(self) -> bytes:
        """The page as JSON."""
        head = f'{{"after":{self.after},"head":{self.head},"next":{self.next},"events":['
        return b"".join((head.encode(), b",".join(line.data for line in self.lines), b"]}"))


class Feed:
    """Pages from memory where it reaches, from the log where it does not; waits end when the service closes."""

    def __init__(self, log: EventLog, tail: Tail, treaties: Treaties) -> None:
        self._log = log
        self._tail = tail
        self._treaties = treaties
        self._livemode: dict[UUID, bool] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = False
        self.closing = False

    def open(self) -> None:
        """Take calls from the tail on this event loop."""
        self._loop = asyncio.get_running_loop()
        self.closing = False
        self._tail.listen(self._moved)

    def close(self) -> None:
        """End every wait and every stream soon. May be called from a signal handler or another thread."""
        self.closing = True
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._ring)

    async def page(self, *, after: int, limit: int, wanted: Wanted, wait_seconds: float) -> Page:
        """The next events after a position; when there are none, the first to come within the time given."""
        deadline, reached = monotonic() + wait_seconds, after
        while True:
            page = await self._page(reached, limit, wanted)
            reached, left = page.next, deadline - monotonic()
            if page.lines or self.closing or left <= 0:
                return replace(page, after=after, head=await self._head(page))
            if reached >= self._tail.seen:
                await self._news(reached, left)

    async def lines(self, *, after: int, wanted: Wanted) -> AsyncIterator[list[Line]]:
        """All events after a position as they come, in bunches; an empty one every 15 seconds shows there is life."""
        while not self.closing:
            page = await self.page(after=after, limit=PAGE, wanted=wanted, wait_seconds=PING_SECONDS)
            after = page.next
            yield list(page.lines)

    # ---- pages ------------------------------------------------------------------------------------------------------
    async def _head(self, page: Page) -> int:
        """A reader ahead of what was seen here may have heard from another process, or reads some other log."""
        return page.head if page.next <= page.head else await asyncio.to_thread(self._log.head)

    async def _page(self, after: int, limit: int, wanted: Wanted) -> Page:
        head = self._tail.seen
        at_hand = self._tail.page(after=after, limit=INLINE + 1)  # no more than INLINE: it is all there is
        if at_hand is not None and len(at_hand) <= INLINE and all(event.stream in self._livemode for event in at_hand):
            lines = [self._line(event) for event in at_hand if wanted(type_of(event))]
            return self._told(after, lines[:limit], at_hand, limit, head)
        return await asyncio.to_thread(self._scan, after, limit, wanted, head)

    def _told(self, after: int, lines: list[Line], read: list[LoggedEvent], limit: int, head: int) -> Page:
        cut = len(lines) == limit
        reached = lines[-1].position if cut else (read[-1].position if read else after)
        return Page(after, tuple(lines), reached, max(head, reached if read else 0))

    def _scan(self, after: int, limit: int, wanted: Wanted, head: int) -> Page:
        lines: list[Line] = []
        reached, scanned = after, 0
        while len(lines) < limit and scanned < MOST_SCANNED:
            read = self._tail.page(after=reached, limit=limit)
            if read is None:
                read = self._log.read(after=reached, limit=limit)
            if not read:
                break
            for event in read:
                reached = event.position
                if wanted(type_of(event)):
                    lines.append(self._line(event))
                    if len(lines) == limit:
                        break
            scanned += len(read)
        return Page(after, tuple(lines), reached, max(head, reached if scanned else 0))

    def _line(self, event: LoggedEvent) -> Line:
        return Line(event.position, type_of(event), feed_line(event, self._livemode_of))

    def _livemode_of(self, stream: UUID, treaty: str) -> bool:
        """Whether a treaty is the record itself, which never changes; asked of the log once."""
        known = self._livemode.get(stream)
        if known is None:
            state = self._treaties.get(treaty).state
            known = self._livemode[stream] = not isinstance(state, Treaty) or state.livemode
        return known

    # ---- waiting ----------------------------------------------------------------------------------------------------
    async def _news(self, after: int, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        if self._tail.seen > after or self.closing:  # asked only now, so that nothing can fall between
            self._waiting.discard(future)
            return
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)

    def _moved(self) -> None:
        loop = self._loop
        if self._waiting and not self._rung and loop is not None and not loop.is_closed():
            self._rung = True
            loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        self._rung = False
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
