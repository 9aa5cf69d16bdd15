"""What a database that cannot be used says, in the operator's words."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from treaty_notifier.errors import OutboxUnavailable

ROOM_BYTES = 1024 * 1024  # what the next commits may need beside the file

FULL = "the disk is full"
LOCKED = "it is locked by somebody else"
READ_ONLY = "it only reads"
BROKEN = "the disk refuses to write or to read"
SILENT = "it does not answer"

_SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: BROKEN,
}
_POSTGRES = {"53100": FULL, "55P03": LOCKED, "40P01": LOCKED, "25006": READ_ONLY, "58030": BROKEN}


@contextmanager
def outages_named(engine: Engine) -> Iterator[None]:
    """Faults of the database itself as OutboxUnavailable; what is wrong with a statement of ours passes through."""
    driver = engine.dialect.loaded_dbapi
    try:
        yield
    except (OperationalError, InterfaceError, driver.OperationalError, driver.InterfaceError) as fault:
        said = fault.orig if isinstance(fault, DBAPIError) and fault.orig is not None else fault
        if getattr(said, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise  # a statement of ours: SQLite's module gives it the same class
        raise OutboxUnavailable(reason_of(said), said=str(said).strip().partition("\n")[0]) from fault
    except PoolExhausted as fault:
        raise OutboxUnavailable(SILENT, said="every connection is waiting") from fault


def reason_of(fault: BaseException) -> str:
    """From the driver's own code."""
    if isinstance(fault, sqlite3.Error):
        return _SQLITE.get(getattr(fault, "sqlite_errorcode", 0) & 0xFF, SILENT)
    return _POSTGRES.get(getattr(fault, "sqlstate", None) or "", SILENT)


def look_for_room(database: Path, *, wanted: int = ROOM_BYTES) -> None:
    """Take some room beside a file and give it back; a commit that only rewrites pages would not notice its lack.

    Raises:
        OutboxUnavailable: there is not so much.
    """
    try:
        with tempfile.TemporaryFile(dir=database.parent) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, wanted)
            else:  # pragma: no cover  (a system that cannot promise room)
                file.write(bytes(wanted))
                file.flush()
    except OSError as fault:
        raise OutboxUnavailable(FULL, said=f"{fault.strerror} for {wanted} bytes beside {database}") from fault
