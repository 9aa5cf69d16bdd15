"""What the notifier refuses to start with."""

import resource

import pytest
from typer.testing import CliRunner

from treaty_notifier.main import cli
from treaty_notifier.open_files import WANTED, allow_connections
from treaty_notifier.settings import Settings


def test_a_lease_shorter_than_three_deadlines_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREATY_NOTIFIER_LEASE_SECONDS", "44")

    told = CliRunner().invoke(cli, ["serve"])

    assert told.exit_code == 2
    assert "at least three deadlines" in told.output
    assert "lease_seconds: 44" in told.output
    assert "45 or more" in told.output


def test_a_lease_of_three_deadlines_is_the_default_and_a_longer_one_is_kept() -> None:
    assert Settings(deadline_seconds=2).lane_lease_seconds == 6
    assert Settings(deadline_seconds=2, lease_seconds=60).lane_lease_seconds == 60


def test_as_many_files_may_be_open_as_the_system_admits() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        allow_connections()
        raised, kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert raised == (WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard))
    assert kept == hard
