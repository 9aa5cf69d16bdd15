"""Both services, and a subscriber that is down for a day: disabled, enabled again, and nothing is lost or guessed.

The day is one of seconds: the schedule and the patience of the notifier are settings.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.journeys.houses import House, key, notifier_house, receiver, status_house, synthetic
from tests.journeys.test_gap import Listener, command
from tests.postgres import fresh_database
from tests.services.notifier_world import eventually
from tests.webhook_contract import breaches

pytestmark = pytest.mark.journey
TREATIES = ("DAY-1", "DAY-2")
STATES = ("fra", "deu", "ita", "esp", "prt", "jpn", "bra", "ind", "ken", "vnm", "mex", "can", "che", "nor")
QUICK = {"TREATY_NOTIFIER_SCHEDULE_SECONDS": "0,0.1,0.1", "TREATY_NOTIFIER_DISABLE_AFTER_HOURS": "0.002"}


class World:
    """The two services, somebody who records, and a subscriber."""

    def __init__(self, status: House, notifier: House, bearer: dict[str, str]) -> None:
        self.status, self.notifier = status, notifier
        self.desk = httpx.Client(headers=bearer, timeout=30, trust_env=False)
        self.subscription = ""

    def define(self) -> None:
        for treaty in TREATIES:
            url = f"{self.status.url}/v1/treaties/{treaty}"
            assert self.desk.put(url, json=synthetic(treaty, need=6)).status_code == 201

    def accede(self, states: tuple[str, ...]) -> None:
        for state in states:
            for treaty in TREATIES:
                body = {"action": "accession", "participant": state, "act_date": "2020-05-01"}
                headers = {"idempotency-key": f"{treaty}-{state}"}
                url = f"{self.status.url}/v1/treaties/{treaty}/actions"
                assert self.desk.post(url, json=body, headers=headers).status_code == 201

    def subscribe(self, url: str, *types: str) -> dict[str, Any]:
        made = self.desk.post(f"{self.notifier.url}/v1/subscriptions", json={"url": url, "types": types})
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    def change(self, **fields: object) -> None:
        answer = self.desk.patch(f"{self.notifier.url}/v1/subscriptions/{self.subscription}", json=fields)
        assert answer.status_code == 200, answer.text

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.desk.get(f"{self.notifier.url}/v1/subscriptions/{self.subscription}").json()
        return found

    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        url = f"/v1/subscriptions/{self.subscription}/deliveries?limit=200"
        while url:
            answer = self.desk.get(self.notifier.url + url)
            found += answer.json()["deliveries"]
            url = answer.links.get("next", {}).get("url", "")
        return found

    def pulled(self) -> dict[int, str]:
        """Every body by its number."""
        page = self.desk.get(f"{self.notifier.url}/v1/subscriptions/{self.subscription}/messages?limit=500").json()
        assert not page["has_more"]
        return {one["sequence"]: one["payload"] for one in page["messages"]}


@contextmanager
def world(record: str, notices: str, folder: Path) -> Iterator[World]:
    with status_house(record, folder) as status, notifier_house(notices, status, folder, **QUICK) as notifier:
        one = World(status, notifier, {"authorization": f"Bearer {key(record, folder)}"})
        yield one
        one.desk.close()


@pytest.fixture
def notices_dsn(database_dsn: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The notifier's own database, of the same kind as the record's."""
    with ExitStack() as stack:
        if database_dsn.startswith("sqlite"):
            yield f"sqlite:///{tmp_path / 'notices.db'}"
        else:
            yield stack.enter_context(fresh_database(request.getfixturevalue("postgres_server")))


def settled(day: World) -> bool:
    """Everything was delivered or given up, as far as the feed goes."""
    states = {one["state"] for one in day.deliveries()}
    head = day.desk.get(f"{day.status.url}/v1/feed?after=0&limit=1").json()["head"]
    return states <= {"delivered", "dead"} and day.desk.get(f"{day.notifier.url}/readyz").json()["position"] == head


def stretches(numbers: set[int]) -> list[dict[str, int]]:
    found: list[dict[str, int]] = []
    for number in sorted(numbers):
        if found and found[-1]["to"] == number - 1:
            found[-1]["to"] = number
        else:
            found.append({"from": number, "to": number})
    return found


def test_a_subscriber_that_was_down_for_a_day_finds_exactly_its_gap_and_a_deleted_row_is_found(
    database_dsn: str, notices_dsn: str, tmp_path: Path
) -> None:
    with world(database_dsn, notices_dsn, tmp_path) as day, receiver() as watch:
        watcher = day.subscribe(watch.url, "endpoint.*")
        watch.secret = watcher["secret"]
        made = day.subscribe(watch.url + "/nobody", "treaty.*")
        day.subscription = made["id"]
        listener = Listener(tmp_path / "kept.ndjson", secret=made["secret"], log=tmp_path / "listener.log")
        listener.start()
        day.change(url=listener.url)
        day.define()
        day.accede(STATES[:3])
        eventually(lambda: settled(day) and len(listener.kept()) == len(day.deliveries()) > 0, seconds=60)
        before = set(listener.kept())

        listener.kill()  # in the evening
        day.accede(STATES[3:9])
        watch.wait_for({"endpoint.failing", "endpoint.disabled"}, seconds=90)
        assert day.seen()["state"] == "disabled"
        day.accede(STATES[9:12])  # nothing is sent any more, and everything keeps its number

        listener.start()  # in the morning
        day.change(state="active")
        day.accede(STATES[12:])
        eventually(lambda: settled(day), seconds=90)
        given_up = {one["sequence"] for one in day.deliveries() if one["state"] == "dead"}
        eventually(lambda: set(listener.kept()) | given_up == set(day.pulled()), seconds=60)
        listener.kill()

        every, kept = day.pulled(), set(listener.kept())
        assert set(every) == set(range(1, len(every) + 1))
        assert before < kept
        assert given_up
        assert kept == set(every) - given_up

        bearer = day.desk.headers["authorization"].removeprefix("Bearer ")
        asked = ("reconcile", "--url", day.notifier.url, "--subscription", day.subscription, "--key", bearer)
        shown = command(*asked, "--have", str(listener.out), "--json")
        first = command(*asked, "--state", str(listener.out))
        second = command(*asked, "--state", str(listener.out))
        assert shown.returncode == 1, shown.stderr
        assert json.loads(shown.stderr)["gaps"] == stretches(given_up)
        assert {json.loads(line)["sequence"] for line in shown.stdout.splitlines()} == given_up
        assert first.returncode == 1, first.stderr
        assert (second.returncode, second.stderr) == (0, f"Whole: everything up to number {len(every)} is held.\n")
        held = {one["sequence"]: one["payload"] for one in map(json.loads, listener.out.read_text().splitlines())}
        assert held == every
        assert len({json.loads(payload)["type"] for payload in held.values()}) >= 8
        assert [breach for payload in held.values() for breach in breaches({}, payload.encode())] == []

        verify = ("verify", "--database", notices_dsn, "--status-url", day.status.url)
        green = command(*verify)
        assert green.returncode == 0, green.stdout + green.stderr
        assert green.stdout.startswith("Green: 2 subscriptions")
    # With the services at rest, so that nobody is in the way of the deed; the record is asked alone.
    with status_house(database_dsn, tmp_path) as status:
        deleted(notices_dsn, f"DELETE FROM attempts WHERE sequence = {max(before)} AND number = 1")
        found = command("verify", "--database", notices_dsn, "--status-url", status.url)
    assert found.returncode == 1
    assert f"Number {max(before)} is booked as attempted, and no attempt is on record" in found.stdout


def deleted(dsn: str, statement: str) -> None:
    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()
