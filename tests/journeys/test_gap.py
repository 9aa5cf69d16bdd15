"""A subscriber that was down for a day: the sender has given up, and it finds exactly what it missed."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from tests.journeys.test_notifier_killed import Process, world
from tests.services.notifier_world import DESK, FakeStatus, eventually, milestone

pytestmark = pytest.mark.journey
COMMAND = (sys.executable, "-m", "treaty_notifier.main")


class Listener:
    """``treaty-notifier listen --out`` on one port, again and again."""

    def __init__(self, out: Path, *, secret: str, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.out, self.log, self.secret = out, log, secret
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "listen", "--port", str(self.port), "--secret", self.secret, "--out", str(self.out)],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        eventually(self._accepts, seconds=30)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def said(self) -> str:
        return self.log.read_text()

    def kept(self) -> list[int]:
        if not self.out.exists():
            return []
        return sorted(json.loads(line)["sequence"] for line in self.out.read_text().splitlines())

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


def changed(process: Process, subscription: str, **fields: object) -> None:
    answer = httpx.patch(
        f"{process.url}/v1/subscriptions/{subscription}",
        json=fields,
        headers={"authorization": f"Bearer {DESK}"},
        trust_env=False,
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def states(process: Process, subscription: str) -> list[str]:
    answer = httpx.get(
        f"{process.url}/v1/subscriptions/{subscription}/deliveries?limit=200",
        headers={"authorization": f"Bearer {DESK}"},
        trust_env=False,
        timeout=10,
    )
    return [one["state"] for one in answer.json()["deliveries"]]


def record(status: FakeStatus, numbers: Sequence[int]) -> None:
    for number in numbers:
        status.record(milestone(number), hole=number % 3)


def test_a_subscriber_that_was_down_for_a_day_finds_exactly_its_gap(database_dsn: str, tmp_path: Path) -> None:
    log = tmp_path / "notifier.log"
    quick = ("--schedule-seconds", "0,0.05,0.05")  # a day of retries, given up after a tenth of a second
    with world() as (status, receiver):
        process = Process(database_dsn, status, log=log, arguments=quick)
        made = httpx.post(
            f"{process.url}/v1/subscriptions",
            json={"url": receiver.url},
            headers={"authorization": f"Bearer {DESK}"},
            trust_env=False,
            timeout=10,
        ).json()
        listener = Listener(tmp_path / "kept.ndjson", secret=made["secret"], log=tmp_path / "listener.log")
        listener.start()
        changed(process, made["id"], url=listener.url)
        record(status, range(1, 6))
        eventually(lambda: listener.kept() == [1, 2, 3, 4, 5], seconds=30)

        listener.kill()
        record(status, range(6, 21))
        eventually(lambda: states(process, made["id"]).count("dead") >= 5, seconds=30)
        process.kill()  # and the notifier dies as well, in the middle of it
        process = Process(database_dsn, status, log=log, arguments=quick)
        eventually(lambda: states(process, made["id"]).count("dead") == 15, seconds=60)
        listener.start()
        record(status, range(21, 24))
        eventually(lambda: listener.kept() == [1, 2, 3, 4, 5, 21, 22, 23], seconds=30)
        eventually(lambda: "Missing: 6 to 20" in listener.said(), seconds=10)
        listener.kill()

        asked = ("reconcile", "--url", process.url, "--subscription", made["id"], "--key", DESK)
        state = ("--state", str(listener.out))
        shown = command(*asked, "--have", str(listener.out), "--json")
        first = command(*asked, *state)
        second = command(*asked, *state)
        checked = command("verify", "--database", database_dsn, "--status-url", status.url)
        assert process.stop() == 0

        assert shown.returncode == 1, shown.stderr
        assert json.loads(shown.stderr)["gaps"] == [{"from": 6, "to": 20}]
        assert [json.loads(line)["sequence"] for line in shown.stdout.splitlines()] == list(range(6, 21))
        assert (first.returncode, first.stderr) == (1, "Missing and fetched: 6 to 20 (15 of 23).\n")
        assert (second.returncode, second.stderr) == (0, "Whole: everything up to number 23 is held.\n")
        assert listener.kept() == list(range(1, 24))
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert checked.stdout.startswith("Green: 1 subscriptions, 23 numbered messages")
