"""The append-only log as the application sees it: rows in, rows out, in one order for everybody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID


class VersionConflict(Exception):
    """Somebody else appended to a stream first, or a version was skipped; reload and decide again.

    ``streams`` names the streams of the batch that are behind (all of them, when that can no longer be told), so that
    a batch of several submissions can go on without those.
    """

    def __init__(self, message: str, *, streams: frozenset[UUID] = frozenset()) -> None:
        super().__init__(message)
        self.streams = streams


class KeyTaken(Exception):
    """Somebody else used an idempotency key first; read their reply instead.

    ``keys`` names the keys of the batch that are taken.
    """

    def __init__(self, message: str, *, keys: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.keys = keys


class LogUnavailable(Exception):
    """The database did not answer or cannot write; nothing was appended, or it is not known. Try again: it is safe.

    A second attempt with the same versions and keys cannot write twice. When it meets VersionConflict or KeyTaken,
    the first attempt (or somebody else) was there: look the key up with ``reply``, or read the stream. ``reason`` says
    in a few words what is wrong.
    """

    def __init__(self, message: str, *, reason: str = "it does not answer") -> None:
        super().__init__(message)
        self.reason = reason


class NewEvent(NamedTuple):
    """An event on its way into the log; ``version`` counts from 1 in its stream without gaps."""

    stream: UUID
    version: int
    topic: str
    body: bytes


class LoggedEvent(NamedTuple):
    """An event in the log; ``position`` is its place in the whole log, ascending in commit order, holes allowed."""

    position: int
    stream: UUID
    version: int
    topic: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered under an idempotency key, kept in the transaction of the events it answers for.

    ``key`` already contains who asked; ``fingerprint`` is the SHA-256 (hex) of the request; ``stream`` and ``version``
    name the first event written (version 0: none), from which positions are looked up; ``body`` is the rest.
    """

    key: str
    fingerprint: str
    stream: UUID
    version: int
    body: bytes
    recorded_at: datetime


class EventLog(Protocol):
    """Append and read. Append-only is enforced by the database itself."""

    def append(self, events: Sequence[NewEvent], replies: Sequence[Reply] = ()) -> list[int]:
        """Write all events and replies in one durable transaction; the positions, in the order given.

        Raises:
            VersionConflict: a version is taken, or leaves a gap; nothing was written.
            KeyTaken: an idempotency key is taken; nothing was written. It wins over VersionConflict when both hold.
            LogUnavailable: the database cannot; nothing was written, or (connection lost in commit) it is not known.

        Events of one stream stand in ascending order without gaps; an empty batch writes nothing.
        """

    def read_stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """The events of one stream past a version, in order; at most ``limit``, all where it is None."""

    def read(self, *, after: int, limit: int) -> list[LoggedEvent]:
        """The events of the whole log past a position, in order, at most ``limit``."""

    def probe(self) -> None:
        """Make sure that an event could be written now: commits something that nobody reads, within a second or two.

        Raises:
            LogUnavailable: none could; the file is locked or gone, the disk is full, the server only reads.
        """

    def head(self) -> int:
        """The last position; 0 when the log is empty."""

    def reply(self, key: str) -> Reply | None:
        """What was answered under this idempotency key."""

    def close(self) -> None:
        """Let go of every connection."""


class LogWatcher(Protocol):
    """Tells soon after a commit of any process, and at the latest every half second, that it is worth reading."""

    def start(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` (from the watcher's own daemon thread) after every commit seen.

        Returns when the watch is set up: a commit after that is not missed, so read once after starting.
        """

    def nudge(self) -> None:
        """This process has just committed."""

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
