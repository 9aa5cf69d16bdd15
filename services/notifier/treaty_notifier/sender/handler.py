"""What aiohttp's connections know of themselves beyond its interface: when they were made, and of what."""

import asyncio
from dataclasses import dataclass

from aiohttp import ClientPayloadError, StreamReader
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES, Phases
from treaty_notifier.sender.answer_reader import HEAD_LIMIT_BYTES
from treaty_notifier.sender.peer_facts import tls_facts

SLICE_BYTES = 8_192  # what the library makes of thousands of heads in one piece is many times as large as they
_SWITCHING = 101


class NotingHandler(ResponseHandler):
    """Made when TCP is connected and told of its transport when TLS is agreed; times are the loop's clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.clock = loop.time
        self.connected_at = self.secured_at = self.clock()
        self.requests = 0
        self.is_asked = self._has_surplus = False
        self._body: StreamReader | None = None
        self._head_bytes = 0
        self.answer_begun_at: float | None = None
        self.peer = ""
        self.tls_version: str | None = None
        self.certificate_until: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.secured_at = self.clock()
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        self.tls_version, self.certificate_until = tls_facts(transport)
        super().connection_made(transport)

    def ask(self) -> None:
        """A request is about to be written."""
        self.requests += 1
        self.is_asked = True
        self.answer_begun_at = None
        self._body = None
        self._has_surplus = False
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        if not self.is_asked:
            self.abort()  # nobody asked: whatever it is, it must not answer the next request
            return
        if self.answer_begun_at is None:
            self.answer_begun_at = self.clock()
        for start in range(0, len(data) or 1, SLICE_BYTES):  # nothing at all asks the parser to go on
            piece = data[start : start + SLICE_BYTES]
            super().data_received(piece)
            if self._has_enough():
                self.force_close()
                return
            if self._body is None and self._note_head(len(piece)) > HEAD_LIMIT_BYTES:
                self.set_exception(ClientPayloadError("The answer has a longer head than an answer may have"))
                self.abort()
                return

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Called by the parser with each head. Interim answers are passed over, and a second answer is nobody's."""
        message, body = data
        if self._body is not None:
            self._has_surplus = True
        elif not 100 <= message.code < 200 or message.code == _SWITCHING:
            self._body = body
            super().feed_data(data, size)

    def _has_enough(self) -> bool:
        """Whether the rest of what came is for nobody: more body than is kept, or a second answer."""
        return self._has_surplus or (self._body is not None and self._body.total_bytes > ANSWER_LIMIT_BYTES)

    def _note_head(self, size: int) -> int:
        self._head_bytes += size
        return self._head_bytes


@dataclass
class Way:
    """What happened on the way to one answer; seconds of the event loop's clock."""

    is_blocked: bool = False
    began_at: float | None = None
    resolved_at: float | None = None
    handler: NotingHandler | None = None
    is_new: bool = False
    may_repeat: bool = False
    sent_at: float | None = None

    @property
    def peer(self) -> str | None:
        return None if self.handler is None else self.handler.peer

    def phases(self) -> Phases:
        handler = self.handler
        if handler is None:
            return Phases(dns_ms=_ms(self.began_at, self.resolved_at))
        connected = handler.connected_at if self.is_new else None
        return Phases(
            dns_ms=_ms(self.began_at, self.resolved_at) if self.is_new else None,
            connect_ms=_ms(self.resolved_at, connected),
            tls_ms=_ms(connected, handler.secured_at) if handler.tls_version is not None else None,
            first_byte_ms=_ms(self.sent_at, handler.answer_begun_at),
            is_kept=not self.is_new,
            tls_version=handler.tls_version,
            certificate_until=handler.certificate_until,
        )


def _ms(since: float | None, until: float | None) -> int | None:
    return None if since is None or until is None else round((until - since) * 1000)
