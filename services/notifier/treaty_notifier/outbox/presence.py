"""Which owners of leases are still at work, as the operating system or the database server knows it.

A process that was killed cannot say goodbye; without this its lanes would wait until their leases expire. The leases
stay the last word for one that is frozen or cut off.
"""

import glob
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from treaty_notifier.outbox.engine import Database

try:
    import fcntl
except ImportError:  # pragma: no cover  (a system without file locks: leases then expire by time)
    fcntl = None  # type: ignore[assignment]  # the module is optional

LEFT_SECONDS = 60.0
LOCK_CLASS = 740_231  # the first half of every advisory lock that says "this notifier lives"

_HELD = """
    SELECT objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND classid = :ours AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Presence(Protocol):
    def enter(self, owner: str) -> None: ...

    def absent(self, owners: list[str]) -> list[str]:
        """Those of the owners that are gone. Give it owners that held leases *before* this is asked."""

    def leave(self) -> None: ...


class FilePresence:
    """SQLite: each owner holds a lock on a small file of its own beside the database, which ends with its process."""

    def __init__(self, database: str | None) -> None:
        self._database = database if database and database != ":memory:" else None
        self._files: dict[str, IO[bytes] | None] = {}

    def enter(self, owner: str) -> None:
        if owner in self._files:
            return
        file = None
        if self._database is not None and fcntl is not None:
            self._sweep()
            file = self._path(owner).open("ab")
            fcntl.flock(file, fcntl.LOCK_EX)
        self._files[owner] = file

    def absent(self, owners: list[str]) -> list[str]:
        return [owner for owner in owners if owner not in self._files and self._is_gone(owner)]

    def leave(self) -> None:
        for owner, file in self._files.items():
            if file is not None:
                self._path(owner).unlink(missing_ok=True)
                file.close()
        self._files = {}

    def _sweep(self) -> None:
        """Take away what killed processes have left; what is young may be somebody's who is about to lock it."""
        database = Path(f"{self._database}")
        for path in database.parent.glob(f"{glob.escape(database.name)}.*.lock"):
            with suppress(FileNotFoundError):  # somebody else sweeps as well
                if time.time() - path.stat().st_mtime > LEFT_SECONDS:
                    self._is_gone(path.name.removeprefix(f"{database.name}.").removesuffix(".lock"))

    def _is_gone(self, owner: str) -> bool:
        if self._database is None:
            return True
        if fcntl is None:  # pragma: no cover  (nobody can be asked; leases then expire by time)
            return False
        try:
            with self._path(owner).open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._path(owner).unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def _path(self, owner: str) -> Path:
        return Path(f"{self._database}.{owner}.lock")


class ServerPresence:
    """PostgreSQL: an advisory lock on a connection of its own, which the server drops with the connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._owner: str | None = None

    def enter(self, owner: str) -> None:
        self._owner = owner
        self._hold()

    def absent(self, owners: list[str]) -> list[str]:
        """Those whose lock nobody holds; ours is taken again first if its connection was lost."""
        if self._owner is not None and not self._is_held():
            self._hold()
        with self._database.reading() as connection:
            held = set(connection.execute(text(_HELD), {"ours": LOCK_CLASS}).scalars())
        return [owner for owner in owners if _number(owner) & 0xFFFFFFFF not in held]

    def leave(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _hold(self) -> None:
        self.leave()
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(
            text("SELECT pg_advisory_lock(:ours, :owner)"), {"ours": LOCK_CLASS, "owner": _number(self._owner or "")}
        )
        self._connection = connection

    def _is_held(self) -> bool:
        try:
            return self._connection is not None and self._connection.execute(text("SELECT 1")).scalar() == 1
        except DBAPIError:
            return False


def presence_in(database: Database) -> Presence:
    if database.is_sqlite:
        return FilePresence(database.engine.url.database)
    return ServerPresence(database)


def _number(owner: str) -> int:
    """A signed 32-bit number for an owner; two owners with the same one only lose the shortcut."""
    return zlib.crc32(owner.encode()) - 2**31
