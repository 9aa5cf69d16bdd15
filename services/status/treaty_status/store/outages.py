"""What a database that cannot be used says, in the operator's words."""

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

ROOM_BYTES: Final = 1024 * 1024
"""What the next commits may need beside the file."""
FULL: Final = "the disk is full"
LOCKED: Final = "it is locked by somebody else"
READ_ONLY: Final = "it only reads"
BROKEN: Final = "the disk refuses to write or to read"
SILENT: Final = "it does not answer"

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: BROKEN,
}
_POSTGRES: Final = {"53100": FULL, "55P03": LOCKED, "57014": LOCKED, "25006": READ_ONLY, "58030": BROKEN}


class NoRoom(Exception):
    """The disk has too little room for what may come."""


def reason_of(problem: BaseException) -> str:
    """From the driver's own code."""
    if isinstance(problem, NoRoom):
        return FULL
    if isinstance(problem, sqlite3.Error):
        return _SQLITE.get(getattr(problem, "sqlite_errorcode", 0) & 0xFF, SILENT)
    return _POSTGRES.get(getattr(problem, "sqlstate", None) or "", SILENT)


def look_for_room(database: Path, *, wanted: int = ROOM_BYTES) -> None:
    """Take some room beside a file and give it back; a commit that only rewrites pages would not notice its lack.

    Raises:
        NoRoom: there is not so much.
    """
    try:
        with tempfile.TemporaryFile(dir=database.absolute().parent) as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, wanted)
            else:  # pragma: no cover - a system that cannot promise room
                file.write(bytes(wanted))
                file.flush()
    except OSError as problem:
        raise NoRoom(f"{problem.strerror} for {wanted} bytes beside {database}") from problem
