"""A body that comes in chunks, cut into lines; a line that is too long is told as such and held by nobody."""

from typing import Final, NamedTuple

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""Some programs begin every text with it; it says nothing."""


class Line(NamedTuple):
    """One line, counted from 1; ``text`` is None where it is longer than a line may be."""

    number: int
    text: bytes | None


class LineCutter:
    """Takes chunks as they come; holds at most one line of the length allowed."""

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._rest = bytearray()
        self._is_too_long = False
        self._number = 0

    def lines(self, chunk: bytes) -> list[Line]:
        """The lines that end in this chunk."""
        *ended, rest = chunk.split(b"\n")
        found = []
        for part in ended:
            self._hold(part)
            found.append(self._next())
        self._hold(rest)
        return found

    def last(self) -> list[Line]:
        """What stands after the last line break, if anything does."""
        return [self._next()] if self._rest or self._is_too_long else []

    def _hold(self, part: bytes) -> None:
        if self._is_too_long:
            return
        if len(self._rest) + len(part) > self._limit:
            self._is_too_long = True
            self._rest.clear()
        else:
            self._rest += part

    def _next(self) -> Line:
        self._number += 1
        text = None if self._is_too_long else bytes(self._rest)
        if self._number == 1 and text is not None:
            text = text.removeprefix(BYTE_ORDER_MARK)
        self._rest.clear()
        self._is_too_long = False
        return Line(self._number, text)
