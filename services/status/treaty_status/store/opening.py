"""From a database's address to the adapters that speak to it."""

from pathlib import Path

from treaty_status.application.event_log import EventLog
from treaty_status.store.memory import MemoryLog


class UnknownDatabase(ValueError):
    """The address names no database that we can keep a log in."""


def sqlite_path(dsn: str) -> Path | None:
    """The file that an address means: three slashes relative, four absolute; None when it is not SQLite's."""
    scheme, separator, rest = dsn.partition(":///")
    return Path(rest) if scheme == "sqlite" and separator and rest else None


def is_postgres(dsn: str) -> bool:
    """Whether an address is PostgreSQL's."""
    return dsn.startswith(("postgresql://", "postgres://"))


def open_log(dsn: str) -> EventLog:
    """The log at an address; made if it does not exist.

    ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``memory:``, or a PostgreSQL address in libpq's words, such
    as ``postgresql://user@/name?host=/run/postgresql``.

    Raises:
        UnknownDatabase: none of these.
        LogUnavailable: the database cannot be used now.
    """
    if dsn == "memory:":
        return MemoryLog()
    if path := sqlite_path(dsn):
        from treaty_status.store.sqlite import SqliteLog  # noqa: PLC0415 - only what the address needs

        return SqliteLog(path)
    if is_postgres(dsn):
        from treaty_status.store.postgres import PostgresLog  # noqa: PLC0415 - its driver is an extra

        return PostgresLog(dsn)
    raise unknown(dsn)


def unknown(dsn: str) -> UnknownDatabase:
    """The refusal of an address; what follows the scheme may hold a password and is not repeated."""
    return UnknownDatabase(
        f"No log can be kept there (address begins: {dsn.partition(':')[0][:20]!r}); "
        "use sqlite:///file.db, postgresql://user@host/name or memory:."
    )
