"""SIGKILL in the middle of concurrent submissions: every act that was acknowledged is there once."""

import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.houses import House, key, status_house, synthetic
from treaty_status.registry import Capacity, load_registry
from treaty_status.store.read_models import compare

pytestmark = pytest.mark.journey

TREATIES = [f"KILL-{n}" for n in range(5)]
STATES = [one.id for one in load_registry().all() if one.capacity is Capacity.UN_MEMBER and one.exists_from is None][
    :100
]
SUBMISSIONS = [(treaty, state) for state in STATES for treaty in TREATIES]
CLIENTS = 24


class Desk:
    """Sends submissions until the service is gone, and remembers what was acknowledged."""

    def __init__(self, house: House, secret: str) -> None:
        self._house = house
        self._secret = secret
        self.acknowledged: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()
        self.enough = threading.Event()

    def send(self, submissions: list[tuple[str, str]], *, kill_after: int | None) -> None:
        with httpx.Client(
            base_url=self._house.url, timeout=30, headers={"authorization": f"Bearer {self._secret}"}
        ) as http:
            for treaty, state in submissions:
                if self.enough.is_set():
                    return
                body = {"action": "accession", "participant": state, "act_date": "2020-05-05"}
                try:
                    answer = http.post(
                        f"/v1/treaties/{treaty}/actions", json=body, headers={"idempotency-key": f"{treaty}-{state}"}
                    )
                except httpx.TransportError:
                    return
                assert answer.status_code == 201, answer.text
                with self._lock:
                    self.acknowledged[treaty, state] = answer.json()
                    if kill_after is not None and len(self.acknowledged) >= kill_after:
                        self.enough.set()
                        self._house.kill()
                        kill_after = None

    def send_all(self, *, kill_after: int | None) -> None:
        self.enough.clear()
        with ThreadPoolExecutor(CLIENTS) as pool:
            shares = [SUBMISSIONS[n::CLIENTS] for n in range(CLIENTS)]
            for done in [pool.submit(self.send, share, kill_after=kill_after) for share in shares]:
                done.result()


def recorded(house: House) -> Counter[tuple[str, str]]:
    """Every accession in the log, counted."""
    found: Counter[tuple[str, str]] = Counter()
    for treaty in TREATIES:
        lines = httpx.get(f"{house.url}/v1/treaties/{treaty}/log", timeout=30).text.splitlines()
        for event in map(json.loads, lines):
            if event["type"] == "treaty.consent.recorded":
                found[treaty, event["data"]["participant"]] += 1
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_every_acknowledged_act_survives_a_kill_and_is_there_once(database_dsn: str, tmp_path: Path, seed: int) -> None:
    kill_after = random.Random(seed).randint(20, 450)
    with status_house(database_dsn, tmp_path) as house:
        desk = Desk(house, key(database_dsn, tmp_path))
        for treaty in TREATIES:
            told = httpx.put(
                f"{house.url}/v1/treaties/{treaty}",
                json=synthetic(treaty),
                headers={"authorization": f"Bearer {desk._secret}"},
                timeout=30,
            )
            assert told.status_code == 201, told.text

        desk.send_all(kill_after=kill_after)
        acknowledged = dict(desk.acknowledged)
        house.start()
        after_restart = recorded(house)

        assert len(acknowledged) >= kill_after
        assert all(after_restart[act] == 1 for act in acknowledged)
        assert max(after_restart.values()) == 1

        desk.send_all(kill_after=None)  # everything once more, under the same keys
        finally_there = recorded(house)
        told_again = {act: desk.acknowledged[act]["event_id"] for act in acknowledged}

        assert finally_there == Counter(SUBMISSIONS)
        assert told_again == {act: receipt["event_id"] for act, receipt in acknowledged.items()}
        for treaty in TREATIES:
            status = httpx.get(f"{house.url}/v1/treaties/{treaty}", timeout=30).json()
            assert (status["counts"]["consents"], status["force"]["threshold_on"]) == (100, "2020-05-05")
    assert compare(database_dsn) is None
