"""Reading one answer after another from the bytes of a connection, bounded in every direction.

The stranger at the other end may send header fields without end, a body without end, one byte a second, or something
that is no HTTP at all. What is kept is at most 16 KiB of the body and five header fields; what is read before that is
counted, and time is the caller's deadline.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES

LOWEST_STATUS = 100
FIELDS_LIMIT = 100
HEAD_LIMIT_BYTES = 32_768  # of status line and header fields, interim answers included
WIRE_LIMIT_BYTES = HEAD_LIMIT_BYTES + 8 * ANSWER_LIMIT_BYTES  # sixteen kilobytes in chunks of a byte fit in
FIELD_VALUE_LIMIT = 2000
_KEPT = frozenset(
    {b"location", b"retry-after", b"webhook-delivery", b"webhook-allowed-origin", b"webhook-allowed-rate"}
)


class AnswerBroken(Exception):
    """What came is no answer in HTTP/1.1, or one that exceeds what an answer may be."""


class AnswerReader:
    """One for each connection; ``begin`` before each request. The parser calls the methods that begin with ``on_``.

    ``has_begun`` is true from the first byte of an answer, ``is_done`` when nothing more of it is wanted, and
    ``may_go_on`` says whether the connection is fit for another request then.
    """

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        self.status = 0
        self.body = b""
        self.fields: dict[bytes, str] = {}
        self.has_begun = self.is_done = self.is_clipped = self.may_go_on = False
        self._is_framed = self._has_head = False
        self._field_count = self._head_bytes = self._wire_bytes = 0

    def feed(self, data: bytes) -> None:
        """Raises AnswerBroken."""
        self.has_begun = True
        self._wire_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.is_done:
                raise AnswerBroken("The answer is no HTTP/1.1") from error
            self.may_go_on = False  # the answer is whole; what follows it is not ours
        if self.is_done:
            return
        if self._wire_bytes > (WIRE_LIMIT_BYTES if self._has_head else HEAD_LIMIT_BYTES):
            raise AnswerBroken("The answer is longer than an answer may be")

    def end(self) -> None:
        """The other end has closed: that ends a body whose length was not told. Raises AnswerBroken for any other."""
        if self._has_head and not self._is_framed:
            self.is_done = True
        elif not self.is_done:
            raise AnswerBroken("The connection ended within the answer")

    # Called by the parser

    def on_message_begin(self) -> None:
        if self.is_done:
            raise AnswerBroken("An answer that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._field_count += 1
        self._head_bytes += len(name) + len(value)
        if self._field_count > FIELDS_LIMIT or self._head_bytes > HEAD_LIMIT_BYTES:
            raise AnswerBroken("The answer has more header fields than an answer may have")
        name = name.lower()
        if name == b"content-length" or (name == b"transfer-encoding" and b"chunked" in value.lower()):
            self._is_framed = True
        elif name in _KEPT and not self._has_head:
            # Bytes that are no UTF-8 would be stored by no database.
            self.fields.setdefault(name, value[:FIELD_VALUE_LIMIT].decode("utf-8", "backslashreplace"))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < LOWEST_STATUS:
            raise AnswerBroken("The status is none of HTTP")
        self._has_head = True

    def on_body(self, data: bytes) -> None:
        if self.is_clipped:
            return
        room = ANSWER_LIMIT_BYTES - len(self.body)
        self.body = self.body + data[:room] if self.body else data[:room]
        if len(data) > room:
            self.is_done = self.is_clipped = True

    def on_message_complete(self) -> None:
        if self.is_done:
            return  # clipped before
        if self.status < 200:
            # An interim answer such as 103: the one that counts follows, within the same bounds.
            self._has_head = self._is_framed = False
            self.fields.clear()
            return
        self.is_done = True
        self.may_go_on = self._parser.should_keep_alive()
