"""Noticing that somebody committed: this process, or any other on the same database."""

import contextlib
import select
import socket
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Final

from treaty_status.application.event_log import LogUnavailable
from treaty_status.store.sqlite import connect

HEARTBEAT: Final = 0.5
"""Seconds after which the followers are told to look in any case."""
BUSY: Final = 0.004
IDLE: Final = 0.008
IDLE_AFTER: Final = 10.0
"""Seconds between two looks at a SQLite file, soon after a commit and long after the last one."""


class Bell:
    """Wakes a thread that waits on file descriptors; ringing twice is ringing once."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair()
        self._inside.settimeout(0)
        self._outside.settimeout(0)
        self._poll = select.poll()
        self._poll.register(self._inside, select.POLLIN)

    def ring(self) -> None:
        """Wake the waiting thread, or let its next wait return at once."""
        with contextlib.suppress(BlockingIOError, OSError):  # full: it has rung already; closed: nobody waits
            self._outside.send(b"!")

    def wait(self, seconds: float, *, beside: int | None = None) -> tuple[bool, bool]:
        """Wait for the bell, or for ``beside`` to have something to read: (rung, readable)."""
        if beside is not None:
            self._poll.register(beside, select.POLLIN)
        try:
            ready = {descriptor for descriptor, _ in self._poll.poll(seconds * 1000)}
        finally:
            if beside is not None:
                self._poll.unregister(beside)
        rung = self._inside.fileno() in ready
        if rung:
            with contextlib.suppress(BlockingIOError):
                self._inside.recv(4096)
        return rung, beside in ready

    def close(self) -> None:
        """Let go of the descriptors."""
        self._inside.close()
        self._outside.close()


class Watcher(ABC):
    """The thread and its bell; what it listens to beside the bell is a matter of the database.

    ``wake`` must return soon and not raise: it usually sets an event that the followers wait for.
    """

    def __init__(self) -> None:
        self._bell = Bell()
        self._stopped = False
        self._thread: Thread | None = None

    def start(self, wake: Callable[[], None]) -> None:
        """Set the watch up, then call ``wake`` from a daemon thread after every commit seen.

        Raises:
            LogUnavailable: the database does not answer.
        """
        self._set_up()
        self._thread = Thread(target=self._run, args=(wake,), name="log watcher", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """This process has just committed."""
        self._bell.ring()

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._stopped = True
        self._bell.ring()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
        self._let_go()
        self._bell.close()

    def _run(self, wake: Callable[[], None]) -> None:
        while not self._stopped:
            if self._wait() and not self._stopped:
                wake()

    @abstractmethod
    def _set_up(self) -> None: ...

    @abstractmethod
    def _wait(self) -> bool:
        """Wait a while; whether it is worth reading."""

    @abstractmethod
    def _let_go(self) -> None: ...


class MemoryWatcher(Watcher):
    """Only this process can write to memory, so its own word is enough."""

    def _set_up(self) -> None:
        pass

    def _wait(self) -> bool:
        rung, _ = self._bell.wait(HEARTBEAT)
        return rung

    def _let_go(self) -> None:
        pass


class SqliteWatcher(Watcher):
    """Asks SQLite for its data version, which changes when another connection of any process commits.

    A look takes a few microseconds. Median from a commit to the wake-up: half the interval.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._version = -1
        self._committed = self._told = monotonic()

    def _set_up(self) -> None:
        try:
            self._version = self._look()
        except sqlite3.Error as problem:
            raise LogUnavailable(
                f"The log's file cannot be watched (file: {self._path}, SQLite says: {problem}); try again."
            ) from problem

    def _wait(self) -> bool:
        now = monotonic()
        rung, _ = self._bell.wait(IDLE if now - self._committed > IDLE_AFTER else BUSY)
        changed = self._has_changed()
        now = monotonic()
        if changed:
            self._committed = now
        if changed or rung or now - self._told >= HEARTBEAT:
            self._told = now
            return True
        return False

    def _has_changed(self) -> bool:
        try:
            version = self._look()
        except sqlite3.Error:  # the next look opens anew; meanwhile the followers find out for themselves
            self._let_go()
            return False
        changed, self._version = version != self._version, version
        return changed

    def _look(self) -> int:
        if self._connection is None:
            self._connection = connect(self._path)
            self._connection.execute("PRAGMA query_only = ON")
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
