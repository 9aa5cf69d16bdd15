"""``treaty-status verify``, as an operator types it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.services.status_world import load_convention, status
from treaty_status.main import cli
from treaty_status.store.read_models import views_path

WIDE = {"COLUMNS": "400", "NO_COLOR": "1", "TERM": "dumb"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["verify", *arguments], env=WIDE)


@pytest.fixture
def database(sqlite_dsn: str) -> str:
    """The convention with its signatures, as a service left it."""
    with status(sqlite_dsn) as service:
        load_convention(service, claims=True)
        service.settled()
    return sqlite_dsn


def spoil(database: str) -> None:
    with sqlite3.connect(views_path(database)) as connection:
        connection.execute("UPDATE treaty_row SET signatures = 73")
        connection.execute("DELETE FROM participation_row WHERE participant = 'vnm'")


def test_a_record_that_is_as_its_events_say_is_green(database: str) -> None:
    told = run("--database", database)

    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("Green: 1 treaties, ")
    assert "Differs" not in told.stdout


def test_the_first_difference_is_told_in_words_with_a_way_out(database: str) -> None:
    spoil(database)

    told = run("--database", database)

    assert told.exit_code == 1
    assert "Differs: XVIII-16, the treaty row, signatures: said is 73; what holds is 72." in told.stdout
    assert "treaty-status rebuild" in told.stdout
    assert "vnm" not in told.stdout


def test_every_difference_is_told_when_asked_for(database: str) -> None:
    spoil(database)

    told = run("--database", database, "--all", "--json")

    assert told.exit_code == 1
    document: dict[str, Any] = json.loads(told.stdout)
    assert document["green"] is False
    assert [one["about"] for one in document["differences"]] == [
        "the treaty row, signatures",
        "the participation row vnm",
    ]
    assert document["events"] > 72


@pytest.mark.parametrize("treaty", [["--treaty", "NO-1"], []])
def test_what_is_not_there_cannot_be_verified(database: str, tmp_path: Path, treaty: list[str]) -> None:
    where = database if treaty else f"sqlite:///{tmp_path / 'absent.db'}"

    told = run("--database", where, *treaty)

    assert told.exit_code == 2
    assert "Nothing was verified." in told.stderr
    assert not (tmp_path / "absent.db").exists()


def test_it_runs_beside_a_service(sqlite_dsn: str) -> None:
    with status(sqlite_dsn) as service:
        load_convention(service)

        assert run("--database", sqlite_dsn, "--treaty", "XVIII-16").exit_code == 0
