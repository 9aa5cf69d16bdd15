"""The end of the log as this process has seen it: nothing skipped, the newest events at hand, listeners told."""

import logging
from bisect import bisect_right
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from typing import Final

from treaty_status.application.event_log import EventLog, LoggedEvent, LogUnavailable
from treaty_status.application.treaties import Treaties

LOG = logging.getLogger(__name__)
MOST_KEPT: Final = 4_096
"""Events at hand for those who follow; whoever is further behind reads the log."""
PAGE: Final = 500
HEARTBEAT: Final = 1.0
"""Seconds after which the log is looked at in any case, should a wake-up have been lost."""
RETRY: Final = 0.5
"""Seconds between two attempts while the log does not answer."""


class Tail:
    """Follows the log in a thread of its own. What this process commits is handed in and not read again.

    Positions ascend in commit order, so what follows the last position seen without a hole is complete; after a hole
    the log is asked.
    """

    def __init__(self, log: EventLog, treaties: Treaties) -> None:
        self._log = log
        self._treaties = treaties
        self._lock = Lock()
        self._after = 0
        self._positions: list[int] = []
        self._events: list[LoggedEvent] = []
        self._listeners: list[Callable[[], None]] = []
        self._awake = Event()
        self._stopped = False
        self._thread: Thread | None = None
        self.seen = 0
        """Every event up to this position has been seen."""

    def start(self) -> None:
        """Begin at the log's present end.

        Raises:
            LogUnavailable: the log does not answer.
        """
        self.seen = self._after = self._log.head()
        self._thread = Thread(target=self._run, name="log tail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._stopped = True
        self._awake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def is_alive(self) -> bool:
        """Does it still follow?"""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """The log may have grown. Returns at once."""
        self._awake.set()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` (from any thread; it must return at once) whenever ``seen`` has moved."""
        self._listeners.append(listener)

    def own(self, events: Sequence[LoggedEvent]) -> None:
        """These were just committed by this process, in this order."""
        with self._lock:
            fresh = [event for event in events if event.position > self.seen]
            follows = bool(fresh) and fresh[0].position == self.seen + 1
            complete = follows and fresh[-1].position == self.seen + len(fresh)
            if complete:
                self._extend(fresh)
        if complete:
            self._tell()
        elif fresh:
            self._awake.set()

    def page(self, *, after: int, limit: int) -> list[LoggedEvent] | None:
        """Events past a position, from memory; None when it lies further back than what is at hand."""
        with self._lock:
            if after < self._after:
                return None
            first = bisect_right(self._positions, after)
            return self._events[first : first + limit]

    def _extend(self, events: list[LoggedEvent]) -> None:
        self._events.extend(events)
        self._positions.extend(event.position for event in events)
        self.seen = self._positions[-1]
        if len(self._events) > 2 * MOST_KEPT:
            gone = len(self._events) - MOST_KEPT
            self._after = self._positions[gone - 1]
            del self._events[:gone]
            del self._positions[:gone]

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _run(self) -> None:
        while not self._stopped:
            self._awake.wait(HEARTBEAT)
            self._awake.clear()
            try:
                self._catch_up()
            except LogUnavailable:
                LOG.warning("The log does not answer; it is asked again.", exc_info=True)
                self._pause()

    def _pause(self) -> None:
        if not self._stopped:
            self._awake.wait(RETRY)
            self._awake.set()

    def _catch_up(self) -> None:
        while not self._stopped and self._read_on():
            pass

    def _read_on(self) -> bool:
        """Take in one page; True when there may be more."""
        read = self._log.read(after=self.seen, limit=PAGE)
        with self._lock:
            fresh = [event for event in read if event.position > self.seen]
            if fresh:
                self._extend(fresh)
        for event in fresh:
            self._treaties.saw(event.stream, event.version)
        if fresh:
            self._tell()
        return len(read) == PAGE
