"""The demonstration, as a newcomer starts it: real processes, a verified webhook, and nothing left behind."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey

COMMAND = [sys.executable, "-m", "treaty_status.main", "demo", "--port", "0", "--notifier-port", "0", "--pace", "0"]
PATIENCE_SECONDS = 120
LINES = ("first instrument", "half-way", "five to go", "threshold reached", "entry into force scheduled")


def environment() -> dict[str, str]:
    """A wide terminal without colours."""
    return {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


def services_of(folder: Path) -> list[int]:
    """The processes that name this folder in their arguments."""
    found = []
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if str(folder).encode() in arguments.read_bytes():
                found.append(int(arguments.parent.name))
    return found


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """One that stays up, ended in any case."""
    child = subprocess.Popen(
        [*COMMAND, "--folder", str(tmp_path / "demo")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
        cwd=tmp_path,
    )
    with child:
        yield child
        if child.poll() is None:
            child.kill()


def read_until(child: "subprocess.Popen[str]", words: str) -> str:
    """What the child prints, up to a line with these words."""
    assert child.stdout is not None
    ends_at, printed = time.monotonic() + PATIENCE_SECONDS, ""
    os.set_blocking(child.stdout.fileno(), False)
    while words not in printed:
        assert time.monotonic() < ends_at, printed
        assert child.poll() is None, printed
        select.select([child.stdout], [], [], 1.0)
        printed += os.read(child.stdout.fileno(), 65536).decode() if _readable(child) else ""
    return printed


def _readable(child: "subprocess.Popen[str]") -> bool:
    return bool(select.select([child.stdout], [], [], 0)[0])


def test_forty_hypothetical_deposits_come_back_as_verified_webhooks(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    told = subprocess.run(
        [*COMMAND, "--exit", "--folder", str(folder)],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr
    missing = [line for line in LINES if f"✓ verified  {line}" not in told.stdout]
    assert not missing, told.stdout
    assert "NOT VERIFIED" not in told.stdout
    assert re.search(r"72 signatures of 72", told.stdout)
    assert services_of(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_stays_up_until_it_is_told_to_end_and_leaves_nothing_behind(
    demonstration: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals
) -> None:
    read_until(demonstration, "Ctrl-C ends everything")
    assert len(services_of(tmp_path / "demo")) == 3  # itself and both services

    demonstration.send_signal(number)

    assert demonstration.wait(timeout=30) == 0
    assert services_of(tmp_path / "demo") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent was killed")
def test_killed_outright_it_leaves_nothing_behind_either(
    demonstration: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    read_until(demonstration, "Loading the record")

    demonstration.kill()
    demonstration.wait(timeout=30)

    ends_at = time.monotonic() + 30
    while services_of(tmp_path / "demo") and time.monotonic() < ends_at:
        time.sleep(0.1)
    assert services_of(tmp_path / "demo") == []
