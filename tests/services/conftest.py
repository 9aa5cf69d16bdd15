"""Neighbours that a service test may ask for."""

from collections.abc import Iterator

import pytest

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, notifier
from tests.services.status_world import Status, load_convention, status


@pytest.fixture
def fake_status() -> Iterator[FakeStatus]:
    """A status service that says what it is told to."""
    fake = FakeStatus()
    yield fake
    fake.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint on this machine."""
    fake = Receiver()
    yield fake
    fake.close()


@pytest.fixture
def running_notifier(sqlite_dsn: str, fake_status: FakeStatus) -> Iterator[Notifier]:
    """The notifier on SQLite, with quick retries, allowed to dial this machine."""
    with notifier(sqlite_dsn, fake_status) as running:
        yield running


@pytest.fixture
def service(sqlite_dsn: str) -> Iterator[Status]:
    """The status service on SQLite, empty."""
    with status(sqlite_dsn) as running:
        yield running


@pytest.fixture
def service_anywhere(database_dsn: str) -> Iterator[Status]:
    """The status service, empty, once for each kind of database."""
    with status(database_dsn) as running:
        yield running


@pytest.fixture(scope="module")
def hanoi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    """The status service with the convention, its signatures and claims; for tests that only read."""
    with status(f"sqlite:///{tmp_path_factory.mktemp('hanoi') / 'treaty.db'}") as running:
        load_convention(running, claims=True)
        running.settled()
        yield running
