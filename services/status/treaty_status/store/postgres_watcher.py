"""Noticing commits in PostgreSQL: LISTEN first, a look every half second, reconnect when cut."""

import psycopg

from treaty_status.application.event_log import LogUnavailable
from treaty_status.store.postgres import Connection, connect
from treaty_status.store.watcher import HEARTBEAT, Watcher


class PostgresWatcher(Watcher):
    """Listens on a connection of its own.

    Silence proves nothing (a cut network is silent too), so every half second of it the server is asked for a sign of
    life and the followers are told to look.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn
        self._connection: Connection | None = None

    def _set_up(self) -> None:
        try:
            self._listen()
        except psycopg.Error as problem:
            raise LogUnavailable(f"The log's database cannot be watched ({problem}); try again.") from problem

    def _wait(self) -> bool:
        try:
            if self._connection is None:
                self._listen()
                return True
            connection = self._connection
            rung, told = self._bell.wait(HEARTBEAT, beside=connection.fileno())
            if told:
                for _ in connection.notifies(timeout=0):
                    pass
            elif not rung and not self._stopped:
                connection.execute("SELECT 1")
        except psycopg.Error:  # cut off: try again, and let the followers find out for themselves
            self._let_go()
            self._bell.wait(HEARTBEAT)
        return True

    def _listen(self) -> Connection:
        connection = connect(self._dsn, tcp_user_timeout=2_000)
        try:
            connection.execute("LISTEN stored_events")
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
