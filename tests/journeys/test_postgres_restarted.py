"""PostgreSQL ends in the middle of everything and comes back: both services say so, lose nothing and go on."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.houses import House, key, notifier_house, receiver, status_house, synthetic
from tests.postgres import NoPostgres, OwnCluster, fresh_database, own_cluster
from tests.services.notifier_world import eventually
from treaty_status.registry import Capacity, load_registry

pytestmark = pytest.mark.journey
STATES = [one.id for one in load_registry().all() if one.capacity is Capacity.UN_MEMBER and one.exists_from is None]
ACTS = 60
TYPE = "treaty.consent.recorded"


@pytest.fixture
def server() -> Iterator[OwnCluster]:
    try:
        with own_cluster() as found:
            yield found
    except NoPostgres as reason:
        pytest.skip(str(reason))


def test_postgres_that_crashes_and_comes_back_costs_nobody_anything(server: OwnCluster, tmp_path: Path) -> None:
    with (
        fresh_database(server.address) as facts,
        fresh_database(server.address) as notices,
        status_house(facts, tmp_path) as status,
        notifier_house(notices, status, tmp_path, TREATY_NOTIFIER_SCHEDULE_SECONDS="0,0.1,0.1,0.1") as herald,
        receiver() as endpoint,
    ):
        bearer = {"authorization": f"Bearer {key(facts, tmp_path)}"}
        asked = httpx.post(
            f"{herald.url}/v1/subscriptions", headers=bearer, json={"url": endpoint.url, "types": [TYPE]}, timeout=30
        )
        endpoint.secret = asked.json()["secret"]
        defined = httpx.put(f"{status.url}/v1/treaties/CRASH", json=synthetic("CRASH"), headers=bearer, timeout=30)
        assert defined.status_code == 201

        answers: list[int] = []
        recording = threading.Thread(target=_record, args=(status, bearer, answers))
        recording.start()
        eventually(lambda: len(endpoint.arrived) >= ACTS // 3, seconds=60)
        server.crash()
        eventually(lambda: _faults(status).get("database") == "it does not answer", seconds=10)
        eventually(lambda: _faults(herald).get("database") == "it does not answer", seconds=10)
        assert "treaty_log_writable 0.0" in _numbers(status)
        assert "treaty_notifier_database_up 0.0" in _numbers(herald)
        refused = httpx.get(f"{herald.url}/v1/subscriptions", headers=bearer, timeout=10)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        for house in (status, herald):
            assert httpx.get(f"{house.url}/livez", timeout=5).status_code == 200

        server.start()
        eventually(lambda: _faults(status) == {}, seconds=30)
        eventually(lambda: _faults(herald) == {}, seconds=30)
        recording.join(60)
        eventually(lambda: len({id_ for id_, _ in endpoint.arrived}) >= ACTS, seconds=60)

        assert answers[-1] == 201
        assert "treaty_log_writable 1.0" in _numbers(status)
        assert "treaty_notifier_database_up 1.0" in _numbers(herald)
        page = httpx.get(f"{status.url}/v1/feed?after=0&limit=1000", timeout=30).json()["events"]
        recorded = [event["id"] for event in page if event["type"] == TYPE]
        assert len(recorded) == ACTS
        named: dict[str, set[str]] = {}
        for id_, message in endpoint.arrived:
            named.setdefault(message["data"]["event_id"], set()).add(id_)
        assert set(named) == set(recorded)
        assert all(len(ids) == 1 for ids in named.values())
        for house in (status, herald):
            assert house.child is not None
            assert house.child.poll() is None, "it ended instead of waiting"

        server.crash()  # and whoever is asked to end meanwhile ends in order
        codes = {}
        for house in (herald, status):
            assert house.child is not None
            house.child.terminate()
            codes[house.module] = house.child.wait(15)
        server.start()
        assert codes["treaty_notifier"] == 0, herald.said()
        assert codes["treaty_status"] in (0, -signal.SIGTERM), status.said()  # its server hands the signal on


def _record(status: House, bearer: dict[str, str], answers: list[int]) -> None:
    """Each act until it is taken: sent again with its own key it is recorded once."""
    with httpx.Client(base_url=status.url, headers=bearer, timeout=30) as desk:
        for state in STATES[:ACTS]:
            body = {"action": "accession", "participant": state, "act_date": "2020-05-01"}
            while True:
                answer = desk.post(
                    "/v1/treaties/CRASH/actions", json=body, headers={"idempotency-key": f"crash-{state}"}
                )
                answers.append(answer.status_code)
                if answer.status_code != 503:
                    break
                time.sleep(0.1)
            time.sleep(0.02)


def _faults(house: House) -> dict[str, str]:
    answer = httpx.get(f"{house.url}/readyz", timeout=10)
    found: dict[str, str] = answer.json()["faults"]
    assert (answer.status_code == 503) == bool(found)
    return found


def _numbers(house: House) -> str:
    answer = httpx.get(f"{house.url}/metrics", timeout=10)
    assert answer.status_code == 200
    return answer.text
