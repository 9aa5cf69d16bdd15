"""From a database's address to a verdict: is what it serves and what it announced what its events say?"""

from datetime import datetime

from treaty_status.projections.verifying import Report, Watched
from treaty_status.projections.verifying import verify as verify_rows
from treaty_status.registry import load_registry
from treaty_status.store import codec
from treaty_status.store.opening import MEMORY, UnknownDatabase, is_postgres, open_log, sqlite_path
from treaty_status.store.read_models import served_rows


class NothingToVerify(Exception):
    """There is no database at the address."""


def verify(
    dsn: str,
    *,
    now: datetime,
    treaty: str | None = None,
    every: bool = False,
    progress: Watched = lambda _done, _of: None,
) -> Report:
    """Compare what is served and what was announced with the log, beside whatever services run on it.

    Raises:
        NothingToVerify: there is no database. UnknownDatabase: not an address of ours.
        UnknownTreaty: the log has nothing of the treaty.
        LogUnavailable, ViewsUnavailable: the database cannot be used now.
    """
    if dsn == MEMORY:
        raise UnknownDatabase(
            "What is in memory cannot be verified from outside; name a file or a PostgreSQL database."
        )
    if not is_postgres(dsn) and not sqlite_path(dsn).exists():
        raise NothingToVerify(f"There is no database file {sqlite_path(dsn)}.")
    log = open_log(dsn)
    try:
        with served_rows(dsn) as rows:
            return verify_rows(
                log, codec, rows, load_registry(), now=now, treaty=treaty, every=every, progress=progress
            )
    finally:
        log.close()
