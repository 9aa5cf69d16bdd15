"""The treaties as this process knows them: folded from the log, kept while they are current."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final, Protocol
from uuid import UUID

from treaty_events import Fact, Recorded, UnknownEventName, stream_of
from treaty_status.application.event_log import EventLog, LoggedEvent
from treaty_status.domain.settled import Settled
from treaty_status.domain.treaty import State, Undefined, evolve

MOST_KEPT: Final = 8_192
"""Treaties kept folded in memory; the world has a few thousand multilateral ones."""


class Codec(Protocol):
    """Events to and from the readable bodies in the log."""

    def encode(self, event: Fact) -> tuple[str, bytes]:
        """The topic and the body."""

    def decode(self, topic: str, body: bytes) -> Fact:
        """The event.

        Raises:
            UnknownEventName: a newer version wrote it.
        """


@dataclass(frozen=True, slots=True)
class Known:
    """A treaty's state, the log position of its last event, and what was settled when it was last announced.

    ``recorded_at`` is the latest instant at which any of its events was recorded; None where there is none.
    """

    state: State
    position: int
    settled: Settled | None = None
    recorded_at: datetime | None = None

    def and_then(self, facts: Sequence[Fact], position: int) -> "Known":
        """After further events of its stream, the last of them at that position."""
        return Known(evolve(self.state, facts), position, recorded_at=latest(self.recorded_at, facts))


def latest(so_far: datetime | None, facts: Iterable[Fact]) -> datetime | None:
    """The latest instant at which anything was recorded; the clocks of several machines need not agree."""
    instants = [fact.recorded.at for fact in facts]
    return max(instants if so_far is None else [so_far, *instants], default=None)


class Treaties:
    """Loads and keeps states. Safe to use from any thread: states never change in place."""

    def __init__(self, log: EventLog, codec: Codec) -> None:
        self._log = log
        self._codec = codec
        self._kept: OrderedDict[str, Known] = OrderedDict()
        self._stale: set[UUID] = set()
        self._streams: dict[UUID, str] = {}
        self._lock = Lock()

    def get(self, treaty: str) -> Known:
        """What is known of a treaty; read from the log unless it is kept and current."""
        known = self._kept.get(treaty)
        if known is not None and not self._stale:
            return known
        return self._current(treaty, known)

    def kept(self, treaty: str) -> Known | None:
        """What is known of a treaty without asking the log; None unless it is kept and current."""
        known = self._kept.get(treaty)
        if known is None or (self._stale and stream_of(treaty) in self._stale):
            return None
        return known

    def kept_ids(self) -> list[str]:
        """The ids of the treaties that are kept."""
        with self._lock:
            return list(self._kept)

    def refresh(self, treaty: str) -> Known:
        """The treaty with everything that the log holds of it now."""
        return self._read_on(treaty, self._kept.get(treaty) or Known(Undefined(treaty), 0))

    def put(self, treaty: str, known: Known) -> None:
        """Keep what was just committed, unless something newer is kept."""
        with self._lock:
            kept = self._kept.get(treaty)
            if kept is None or kept.state.version <= known.state.version:
                self._kept[treaty] = known
                self._streams[stream_of(treaty)] = treaty
            self._trim()

    def forget(self, treaty: str) -> None:
        """Drop what is kept of a treaty."""
        with self._lock:
            self._kept.pop(treaty, None)

    def saw(self, stream: UUID, version: int) -> None:
        """Somebody's event was seen in the log: what is kept of that stream may be behind."""
        treaty = self._streams.get(stream)
        known = None if treaty is None else self._kept.get(treaty)
        if known is not None and known.state.version < version:
            with self._lock:
                self._stale.add(stream)

    def _current(self, treaty: str, known: Known | None) -> Known:
        if known is not None and stream_of(treaty) not in self._stale:
            return known
        return self._read_on(treaty, known or Known(Undefined(treaty), 0))

    def _read_on(self, treaty: str, known: Known) -> Known:
        stream = stream_of(treaty)
        with self._lock:
            self._stale.discard(stream)
        logged = self._log.read_stream(stream, after=known.state.version)
        if logged:
            known = known.and_then(self._facts(logged), logged[-1].position)
        if known.state.version:
            self.put(treaty, known)
        return known

    def _facts(self, logged: list[LoggedEvent]) -> list[Fact]:
        return [decoded(self._codec, event) for event in logged]

    def _trim(self) -> None:
        while len(self._kept) > MOST_KEPT:
            treaty, _ = self._kept.popitem(last=False)
            self._streams.pop(stream_of(treaty), None)


def decoded(codec: Codec, event: LoggedEvent) -> Fact:
    """The event, or a bare fact that changes nothing where its name is from a newer version."""
    try:
        return codec.decode(event.topic, event.body)
    except UnknownEventName:
        return PARKED


PARKED: Final = Fact(treaty="", recorded=Recorded(at=datetime.min.replace(tzinfo=UTC), by=""))
"""Stands for an event of a newer version: it keeps its place in the stream and says nothing."""
