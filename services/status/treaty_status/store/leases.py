"""The right to be the only one: it ends with its process, so nobody has to wait for a time to run out."""

import contextlib
import fcntl
from pathlib import Path
from threading import Lock
from typing import IO, Final

import psycopg

from treaty_status.application.views import ViewsUnavailable
from treaty_status.store.postgres import Connection, connect, is_alive

_TRY: Final = "SELECT pg_try_advisory_lock(715520, hashtext(%s))"


class FileLease:
    """A lock on a small file beside the database."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def held(self) -> bool:
        """Take it if it is free; whether it is ours now."""
        if self._file is None:
            try:
                file = self._path.open("ab")
            except OSError as problem:
                raise ViewsUnavailable(f"The file {self._path} cannot be opened ({problem}); try again.") from problem
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._file = file
        return True

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None


class AdvisoryLease:
    """A lock of a PostgreSQL session of its own, which the server ends when the connection breaks."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Take it if it is free; whether it is ours now."""
        try:
            if self._connection is not None and is_alive(self._connection):
                self._connection.execute("SELECT 1")
                return True
            self.release()
            return self._taken()
        except psycopg.Error as problem:
            self.release()
            raise ViewsUnavailable(f"The read model's database does not answer ({problem}); try again.") from problem

    def release(self) -> None:
        """Give it back."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def _taken(self) -> bool:
        connection = connect(self._dsn)
        row = connection.execute(_TRY, (self._name,)).fetchone()
        if row is not None and row[0]:
            self._connection = connection
            return True
        connection.close()
        return False


class MemoryLease:
    """A lock among the threads of this process."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._ours = False

    def held(self) -> bool:
        """Take it if it is free; whether it is ours now."""
        self._ours = self._ours or self._lock.acquire(blocking=False)
        return self._ours

    def release(self) -> None:
        """Give it back."""
        if self._ours:
            self._ours = False
            self._lock.release()
