"""What any test may ask for: real databases, fresh for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import NoPostgres, cluster, fresh_database
from treaty_status.application.event_log import EventLog
from treaty_status.store import open_log

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, one for the whole run."""
    try:
        with cluster() as address:
            yield address
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture
def postgres_dsn(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    with fresh_database(postgres_server) as address:
        yield address


@pytest.fixture
def sqlite_dsn(tmp_path: Path) -> str:
    """The address of a SQLite file of this test's own."""
    return f"sqlite:///{tmp_path / 'treaty.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_dsn(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, once for each kind that outlives a process."""
    return str(request.getfixturevalue(f"{request.param}_dsn"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def log_dsn(request: pytest.FixtureRequest) -> str:
    """The address of an empty log, once for each kind."""
    return "memory:" if request.param == "memory" else str(request.getfixturevalue(f"{request.param}_dsn"))


@pytest.fixture
def event_log(log_dsn: str) -> Iterator[EventLog]:
    """An empty log, once for each kind."""
    log = open_log(log_dsn)
    yield log
    log.close()
