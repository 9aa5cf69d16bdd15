"""One connection to an endpoint: a request at a time, an answer at a time."""

import asyncio
from typing import cast

from treaty_notifier.sender.answer_reader import AnswerBroken, AnswerReader
from treaty_notifier.sender.deadlines import Deadlines
from treaty_notifier.sender.peer_facts import tls_facts


class ConnectionEnded(ConnectionError):
    """The other end closed before a single byte of an answer."""


class Connection(asyncio.Protocol):
    """``peer`` is the address it leads to; ``rests_since`` is when its last answer ended, on the loop's clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deadlines: Deadlines) -> None:
        self.answer = AnswerReader()
        self.peer = ""
        self.tls_version: str | None = None
        self.certificate_until: str | None = None
        self.answer_begun_at: float | None = None
        self.opened = self.rests_since = loop.time()
        self._loop = loop
        self._deadlines = deadlines
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def exchange(self, request: bytes, *, ends_at: float) -> AnswerReader:
        """Send a request and wait for the end of its answer; the connection is closed when that does not come.

        Whether it may be used again afterwards is for the caller to look at.

        ``ends_at`` is the deadline on the loop's clock.

        Raises:
            TimeoutError: the deadline came first.
            ConnectionEnded: it was closed before an answer began.
            AnswerBroken: what came is no answer.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionEnded("The connection is closed")
        self.answer.begin()
        self.answer_begun_at = None
        self._waiter = self._loop.create_future()
        self._deadlines.watch(self, ends_at, self._expire)
        self._transport.write(request)
        try:
            await self._waiter
        except BaseException:
            self.close()
            raise
        finally:
            self._deadlines.forget(self)
            self._waiter = None
        return self.answer

    @property
    def is_reusable(self) -> bool:
        """Whether another request may follow: the last answer is whole and said nothing against it."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and self.answer.may_go_on
            and not transport.get_write_buffer_size()
        )

    def close(self) -> None:
        """At once, without waiting for what may still be under way."""
        if self._transport is not None:
            self._transport.abort()

    # Called by the event loop

    def _expire(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(TimeoutError("The deadline of the answer"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own transport is no subclass of it
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        self.tls_version, self.certificate_until = tls_facts(transport)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.answer.may_go_on = False  # nobody asked: whatever it is, it must not answer the next request
            self.close()
            return
        if self.answer_begun_at is None:
            self.answer_begun_at = self._loop.time()
        try:
            self.answer.feed(data)
        except AnswerBroken as broken:
            self._waiter.set_exception(broken)
            return
        if self.answer.is_done:
            self._waiter.set_result(None)

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error)
        self._transport = None

    def _end(self, error: Exception | None) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if not self.answer.has_begun:
            waiter.set_exception(error or ConnectionEnded("The connection was closed before an answer"))
            return
        try:
            self.answer.end()
        except AnswerBroken as broken:
            waiter.set_exception(error or broken)
            return
        waiter.set_result(None)
