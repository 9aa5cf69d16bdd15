"""SQLAlchemy engines with the settings that the log's own connections have."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.event import listen

from treaty_status.store.sqlite import LOCK_TIMEOUT


def sqlite_engine(path: Path) -> sa.Engine:
    """Write-ahead log, commits on the disk, transactions begun by us and not by the driver.

    A transaction that writes must write first: SQLite refuses at once to write on what was read before others wrote.
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), hide_parameters=True, connect_args={"timeout": LOCK_TIMEOUT}
    )
    listen(engine, "connect", _configure)
    listen(engine, "begin", _begin)
    return engine


def postgres_engine(dsn: str) -> sa.Engine:
    """Connections are checked when taken, so a restarted server costs nobody an error."""
    url = sa.make_url(dsn).set(drivername="postgresql+psycopg")
    return sa.create_engine(
        url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 5, "keepalives_idle": 5}
    )


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
