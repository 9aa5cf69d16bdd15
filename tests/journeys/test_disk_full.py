"""A disk that is full: each service says so, refuses what it cannot keep, loses nothing and goes on by itself."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journeys.houses import House, key, notifier_house, receiver, status_house, synthetic
from tests.services.notifier_world import eventually
from treaty_status.registry import Capacity, load_registry

pytestmark = pytest.mark.journey
STATES = [one.id for one in load_registry().all() if one.capacity is Capacity.UN_MEMBER and one.exists_from is None]
TYPE = "treaty.consent.recorded"
MOUNTED = 'mount -t tmpfs -o size=12m none "$0" && cp -a "$1"/. "$0" && shift && exec "$@"'
FULL = "the disk is full"


class SmallDisk:
    """Twelve megabytes that only one process and this test can see. ``before`` runs a command on it, and on a copy of
    what ``seed`` holds.
    """

    def __init__(self, folder: Path) -> None:
        self.mount, self.seed = folder / "disk", folder / "seed"
        self.mount.mkdir(parents=True)
        self.seed.mkdir()
        self.before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, str(self.mount))
        self.before += (str(self.seed),)

    def fill(self, house: House) -> None:
        """To the last byte."""
        ballast = self._inside(house) / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self, house: House) -> None:
        (self._inside(house) / "ballast").unlink()

    def _inside(self, house: House) -> Path:
        assert house.child is not None
        return Path(f"/proc/{house.child.pid}/root{self.mount}")


@pytest.fixture
def disk(tmp_path: Path) -> SmallDisk:
    found = SmallDisk(tmp_path / "small")
    if shutil.which("unshare") is None:
        pytest.skip("A small disk needs a mount namespace, and there is no unshare here.")
    tried = subprocess.run([*found.before, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"A small disk needs a mount namespace ({tried.stderr.strip()}).")
    return found


def test_a_notifier_on_a_full_disk_sends_nothing_that_it_could_not_book_and_then_everything(
    disk: SmallDisk, tmp_path: Path
) -> None:
    facts = f"sqlite:///{tmp_path}/facts.db"
    with (
        status_house(facts, tmp_path) as status,
        notifier_house(f"sqlite:///{disk.mount}/notices.db", status, tmp_path, before=disk.before) as herald,
        receiver() as endpoint,
    ):
        bearer = {"authorization": f"Bearer {key(facts, tmp_path)}"}
        asked = {"url": endpoint.url, "types": [TYPE]}
        made = httpx.post(f"{herald.url}/v1/subscriptions", headers=bearer, json=asked, timeout=30)
        endpoint.secret = made.json()["secret"]
        httpx.put(f"{status.url}/v1/treaties/FULL", json=synthetic("FULL"), headers=bearer, timeout=30)
        with recorder(status, bearer) as record:
            for state in STATES[:10]:
                assert record(state).status_code == 201
            eventually(lambda: len(endpoint.arrived) == 10, seconds=30)

            disk.fill(herald)
            eventually(lambda: faults(herald).get("database") == FULL, seconds=15)
            for state in STATES[10:60]:
                assert record(state).status_code == 201
            refused = httpx.post(f"{herald.url}/v1/subscriptions", headers=bearer, json=asked, timeout=30)
            assert "treaty_notifier_database_up 0.0" in numbers(herald)
            assert faults(herald)["database"] == FULL

        disk.free(herald)
        eventually(lambda: faults(herald) == {}, seconds=30)
        eventually(lambda: len({id_ for id_, _ in endpoint.arrived}) == 60, seconds=60)
        assert "treaty_notifier_database_up 1.0" in numbers(herald)
        assert len({message["data"]["event_id"] for _, message in endpoint.arrived}) == 60
        assert refused.status_code in (201, 503)  # some room may have been left inside the file
        assert endpoint.refused == []


def test_a_record_on_a_full_disk_is_read_and_not_written_until_there_is_room(disk: SmallDisk, tmp_path: Path) -> None:
    with status_house(f"sqlite:///{disk.seed}/facts.db", tmp_path):
        bearer = {"authorization": f"Bearer {key(f'sqlite:///{disk.seed}/facts.db', tmp_path)}"}
    with status_house(f"sqlite:///{disk.mount}/facts.db", tmp_path, before=disk.before) as status:
        httpx.put(f"{status.url}/v1/treaties/FULL", json=synthetic("FULL"), headers=bearer, timeout=30)
        with recorder(status, bearer) as record:
            assert record(STATES[0]).status_code == 201
            disk.fill(status)
            eventually(lambda: faults(status).get("log") == f"cannot be written: {FULL}", seconds=20)
            assert "treaty_log_writable 0.0" in numbers(status)
            taken = [state for state in STATES[1:120] if record(state).status_code == 201]
            last = record(STATES[120])
            assert (last.status_code, last.json()["type"]) == (503, "/problems/log-unavailable")
            assert "disk" in last.json()["detail"]
            assert consents(status) == 1 + len(taken)

            disk.free(status)
            eventually(lambda: faults(status) == {}, seconds=20)
            assert record(STATES[120]).status_code == 201
            eventually(lambda: consents(status) == 2 + len(taken), seconds=20)
            assert "treaty_log_writable 1.0" in numbers(status)


@contextmanager
def recorder(status: House, bearer: dict[str, str]) -> Iterator["Recorder"]:
    with httpx.Client(base_url=status.url, headers=bearer, timeout=30) as desk:
        yield Recorder(desk)


class Recorder:
    """One accession of a State, always under the same key."""

    def __init__(self, desk: httpx.Client) -> None:
        self._desk = desk

    def __call__(self, state: str) -> httpx.Response:
        body = {"action": "accession", "participant": state, "act_date": "2020-05-01"}
        return self._desk.post("/v1/treaties/FULL/actions", json=body, headers={"idempotency-key": f"full-{state}"})


def consents(status: House) -> int:
    answer = httpx.get(f"{status.url}/v1/treaties/FULL", timeout=10)
    assert answer.status_code == 200
    return int(answer.json()["counts"]["consents"])


def faults(house: House) -> dict[str, str]:
    answer = httpx.get(f"{house.url}/readyz", timeout=10)
    found: dict[str, str] = answer.json()["faults"]
    assert (answer.status_code == 503) == bool(found)
    return found


def numbers(house: House) -> str:
    answer = httpx.get(f"{house.url}/metrics", timeout=10)
    assert answer.status_code == 200
    return answer.text
