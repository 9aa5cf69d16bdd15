"""Neighbours that a service test may ask for."""

from collections.abc import Iterator

import pytest

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, notifier


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
