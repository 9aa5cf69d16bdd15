"""Where the log lives: SQLite, PostgreSQL or memory, and who may write. Libraries' types stop here."""

from treaty_status.store.opening import UnknownDatabase, open_log

__all__ = ["UnknownDatabase", "open_log"]
