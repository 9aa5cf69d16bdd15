"""The log in memory: the twin for tests and trials, gone with its process."""

from collections import defaultdict
from collections.abc import Sequence
from threading import RLock
from uuid import UUID

from treaty_status.application.event_log import LoggedEvent, NewEvent, Reply
from treaty_status.store.batch import first_versions, key_taken, refuse_disorder, version_conflict


class MemoryLog:
    """An event log without a database; the promises are those of ``EventLog``."""

    def __init__(self) -> None:
        self._log: list[LoggedEvent] = []
        self._streams: defaultdict[UUID, list[LoggedEvent]] = defaultdict(list)
        self._replies: dict[str, Reply] = {}
        self._lock = RLock()

    def append(self, events: Sequence[NewEvent], replies: Sequence[Reply] = ()) -> list[int]:
        """Keep all of it or none of it."""
        refuse_disorder(events)
        with self._lock:
            keys = {reply.key for reply in replies}
            if len(keys) < len(replies) or not keys.isdisjoint(self._replies):
                raise key_taken(replies, self._replies.__contains__)
            if any(self._version(stream) + 1 != version for stream, version in first_versions(events).items()):
                raise version_conflict(events, self._version)
            self._replies.update((reply.key, reply) for reply in replies)
            return [self._keep(event) for event in events]

    def read_stream(self, stream: UUID, *, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """The events of one stream past a version."""
        with self._lock:
            events = self._streams[stream][max(after, 0) :] if stream in self._streams else []
            return events if limit is None else events[: max(limit, 0)]

    def read(self, *, after: int, limit: int) -> list[LoggedEvent]:
        """The events of the whole log past a position."""
        with self._lock:
            start = max(after, 0)
            return self._log[start : start + max(limit, 0)]

    def probe(self) -> None:
        """Memory can always be written."""

    def head(self) -> int:
        """The last position."""
        return len(self._log)

    def reply(self, key: str) -> Reply | None:
        """What was answered under this key."""
        return self._replies.get(key)

    def close(self) -> None:
        """Nothing to let go of."""

    def _version(self, stream: UUID) -> int:
        return len(self._streams[stream]) if stream in self._streams else 0

    def _keep(self, event: NewEvent) -> int:
        logged = LoggedEvent(len(self._log) + 1, event.stream, event.version, event.topic, event.body)
        self._log.append(logged)
        self._streams[event.stream].append(logged)
        return logged.position
