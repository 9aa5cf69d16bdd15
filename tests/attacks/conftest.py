"""Every attack runs under recorded dials, whether it asks for them or not."""

from collections.abc import Iterator

import pytest

from tests.attacks.attack_world import Dials, recorded_dials
from tests.services.notifier_world import FakeStatus, Notifier, Receiver, notifier


@pytest.fixture(autouse=True)
def dials(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dials]:
    with recorded_dials(monkeypatch) as recorded:
        yield recorded


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
