"""Rows and the log in processes of their own: seen from elsewhere, and killed at any moment."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from threading import Event

import pytest

from tests.builders import acceded, hanoi, signed
from tests.office import REGISTRY, Office
from treaty_status.projections.rebuilding import compare, rebuild
from treaty_status.projections.runner import ProjectionFollower
from treaty_status.store import codec, open_log
from treaty_status.store.read_models import ServedModel, open_read_model

SOON = 20.0
"""Seconds after which a test gives up."""
KILLS = 4
STATES = [one.id for one in REGISTRY.all() if one.kind.value == "state" and one.exists_until is None][:60]

FOLLOW = """
import sys
from treaty_status.projections.runner import ProjectionFollower
from treaty_status.registry import load_registry
from treaty_status.store import codec, open_log
from treaty_status.store.read_models import open_read_model
log, model = open_log(sys.argv[1]), open_read_model(sys.argv[1])
follower = ProjectionFollower(log, codec, model, load_registry(), batch=3)
follower.start()
print("following", flush=True)
sys.stdin.read()
"""
REBUILD = """
import sys
from treaty_status.store.read_models import rebuild
print("rebuilding", flush=True)
while True:
    rebuild(sys.argv[1])
"""


def started(program: str, dsn: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", program, dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(SOON)
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def until(model: ServedModel, position: int) -> None:
    waited = Event()
    for _ in range(int(SOON / 0.02)):
        if model.position() >= position:
            return
        waited.wait(0.02)
    raise AssertionError(f"The rows are at {model.position()} after {SOON} s, and the log at {position}.")


@pytest.fixture
def office(database_dsn: str) -> Iterator[Office]:
    log = open_log(database_dsn)
    office = Office(log)
    yield office
    office.close()
    log.close()


@pytest.fixture
def model(database_dsn: str) -> Iterator[ServedModel]:
    model = open_read_model(database_dsn)
    yield model
    model.close()


def test_what_one_process_records_another_shows(office: Office, model: ServedModel, database_dsn: str) -> None:
    other = started(FOLLOW, database_dsn)
    office.define("A", hanoi(1))
    (receipt,) = office.record("A", acceded("fji", on="2026-01-02"))

    assert receipt.position is not None
    until(model, receipt.position)

    kill(other)
    row = model.treaty("A")
    assert row is not None
    assert row.consents == 1


def test_a_follower_killed_at_any_moment_leaves_rows_and_checkpoint_together(
    office: Office, model: ServedModel, database_dsn: str
) -> None:
    office.define("A", hanoi(20))
    waited = Event()
    for n in range(KILLS):
        follower = started(FOLLOW, database_dsn)
        for state in STATES[n * 10 : n * 10 + 10]:
            office.record("A", signed(state, on="2026-01-02"), acceded(state, on="2026-01-02"))
        waited.wait(random.uniform(0.0, 0.2))
        kill(follower)
        found = compare(office.log, codec, model, REGISTRY)
        assert found is None, str(found)

    last = ProjectionFollower(office.log, codec, model, REGISTRY)
    last.start()
    until(model, office.log.head())
    last.stop()
    assert compare(office.log, codec, model, REGISTRY) is None


def test_a_rebuild_killed_at_any_moment_leaves_what_was_served(
    office: Office, model: ServedModel, database_dsn: str
) -> None:
    office.define("A", hanoi(20))
    for state in STATES[:25]:
        office.record("A", acceded(state, on="2026-01-02"))
    follower = ProjectionFollower(office.log, codec, model, REGISTRY)
    follower.start()
    waited = Event()
    for _ in range(KILLS):
        builder = started(REBUILD, database_dsn)
        waited.wait(random.uniform(0.05, 0.5))
        kill(builder)

    office.record("A", acceded(STATES[30], on="2026-01-03"))
    until(model, office.log.head())
    assert compare(office.log, codec, model, REGISTRY) is None
    rebuild(office.log, codec, model, REGISTRY)  # and whoever comes after clears away what was left
    assert compare(office.log, codec, model, REGISTRY) is None
    follower.stop()
