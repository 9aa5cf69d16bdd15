"""Where the log lives: SQLite, PostgreSQL or memory, and who may write. Libraries' types stop here."""

from treaty_status.store.opening import UnknownDatabase, open_engine, open_key_ring, open_log, open_watcher

__all__ = ["UnknownDatabase", "open_engine", "open_key_ring", "open_log", "open_watcher"]
