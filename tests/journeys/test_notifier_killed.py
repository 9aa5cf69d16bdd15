"""kill -9 of the notifier at any moment: nothing is lost, and nothing arrives under a second id."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from tests.services.notifier_world import DESK, FakeStatus, Receiver, Reply, deposit, eventually, milestone

pytestmark = pytest.mark.journey
MILESTONES = 120
KILLS = 4


class Process:
    """``treaty-notifier serve`` as it is run by hand."""

    def __init__(self, dsn: str, status: FakeStatus, *, log: Path, arguments: tuple[str, ...] = ()) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "treaty_notifier.main", "serve"),
                *("--port", str(port), "--database", dsn, "--status-url", status.url),
                *("--allow-network", "127.0.0.0/8", "--schedule-seconds", ",".join(["0"] + ["0.1"] * 200)),
                *arguments,
            ],
            env={**os.environ, "TREATY_NOTIFIER_DEADLINE_SECONDS": "2"},
            stdout=self._log,
            stderr=self._log,
        )
        eventually(self._answers, seconds=60)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        self._log.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code of an orderly end, which takes three seconds at most."""
        self._process.send_signal(number)
        code = self._process.wait(3)
        self._log.close()
        return code

    def _answers(self) -> bool:
        assert self._process.poll() is None, "the notifier did not start; see its log"
        try:
            return httpx.get(f"{self.url}/livez", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def world() -> Iterator[tuple[FakeStatus, Receiver]]:
    status, receiver = FakeStatus(), Receiver()
    try:
        yield status, receiver
    finally:
        receiver.close()
        status.close()


def subscribe(process: Process, url: str) -> dict[str, str]:
    answer = httpx.post(
        f"{process.url}/v1/subscriptions",
        json={"url": url},
        headers={"authorization": f"Bearer {DESK}"},
        trust_env=False,
        timeout=10,
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def test_every_milestone_arrives_under_one_id_though_the_notifier_is_killed(database_dsn: str, tmp_path: Path) -> None:
    chance = random.Random(16)  # which moments: the same in every run
    with world() as (status, receiver):
        log = tmp_path / "notifier.log"
        process = Process(database_dsn, status, log=log)
        secrets = {path: subscribe(process, receiver.url + path)["secret"] for path in ("/a", "/b")}
        # Some answers are refusals, and some come so late that a kill falls between the POST and its booking.
        receiver.script = [
            Reply(500) if chance.random() < 0.1 else Reply(204, hold=_Late(chance.uniform(0, 0.02)))
            for _ in range(8 * MILESTONES)
        ]
        killed_at = sorted(chance.sample(range(10, 2 * MILESTONES - 20), KILLS))

        feeding = threading.Thread(target=_feed, args=(status,), daemon=True)
        feeding.start()
        for count in killed_at:
            receiver.wait_for(count, seconds=60)
            process.kill()
            process = Process(database_dsn, status, log=log)
        feeding.join(60)

        wanted = {(path, number) for path in secrets for number in range(1, MILESTONES + 1)}
        eventually(lambda: _accepted(receiver) == wanted, seconds=90)
        assert process.stop() == 0

    ids: dict[tuple[str, int], set[str]] = {}
    for webhook in receiver.received:
        path = "/" + webhook.path.rpartition("/")[2]
        ids.setdefault((path, webhook.json["data"]["occurrence"]), set()).add(webhook.id)
        Webhook(secrets[path]).verify(webhook.body, webhook.headers)
    assert all(len(found) == 1 for found in ids.values())
    assert len({next(iter(found)) for found in ids.values()}) == 2 * MILESTONES


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_notifier_within_three_seconds_even_while_an_endpoint_is_slow(
    sqlite_dsn: str, tmp_path: Path, number: int
) -> None:
    with world() as (status, receiver):
        receiver.usual = Reply(hold=threading.Event())
        process = Process(sqlite_dsn, status, log=tmp_path / "notifier.log")
        subscribe(process, receiver.url)
        status.record(milestone(1))
        receiver.wait_for(1)

        assert process.stop(number) == 0

        assert receiver.usual.hold is not None
        receiver.usual.hold.set()


class _Late(threading.Event):
    """An answer that is held back for a moment."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(self._seconds)


def _feed(status: FakeStatus) -> None:
    for number in range(1, MILESTONES + 1):
        status.record(deposit("fra"), milestone(number), hole=number % 3)
        threading.Event().wait(0.01)


def _accepted(receiver: Receiver) -> set[tuple[str, int]]:
    return {
        ("/" + one.path.rpartition("/")[2], one.json["data"]["occurrence"])
        for one in list(receiver.received)
        if one.answered == 204
    }
