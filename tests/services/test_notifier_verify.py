"""``treaty-notifier verify``: what the events imply, beside what was sent; whatever is tampered with is found."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.services.notifier_world import (
    FakeStatus,
    Receiver,
    Reply,
    deposit,
    eventually,
    milestone,
    notifier,
)
from treaty_notifier.verifying import run


@dataclass
class House:
    """A notifier's record after a busy day, and the feed that it followed."""

    database: str
    status: FakeStatus

    def verify(self, *, subscription: str | None = None) -> int:
        return run(self.database, status_url=self.status.url, subscription=subscription, as_json=False)

    def tamper(self, statement: str) -> None:
        address = self.database.replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(address)
        with engine.begin() as connection:
            assert connection.execute(text(statement)).rowcount > 0
        engine.dispose()


def busy_day(dsn: str, status: FakeStatus, receiver: Receiver) -> None:
    """Facts and milestones, refusals and a dead delivery, a test, a change of filter, a resend and a replay."""
    with notifier(dsn, status) as service:
        first = service.subscribe(receiver.url, groups=["eu_members"])
        second = service.subscribe(f"{receiver.url}/all", types=["treaty.*"])
        path = f"/v1/subscriptions/{first['id']}"
        receiver.script = [Reply(500)] * 6
        status.record(*(milestone(number) for number in range(1, 6)), deposit("fra"))
        eventually(lambda: len(service.deliveries(second)) == 6)
        eventually(
            lambda: not service.deliveries(first, state="pending") and not service.deliveries(first, state="retrying")
        )
        service.call("PATCH", path, json={"treaties": ["I-1"]})
        status.record(milestone(6), milestone(7, treaty="I-1"), deposit("deu"))
        eventually(lambda: len(service.deliveries(first)) == 6)
        service.call("POST", f"{path}/test")
        known = service.deliveries(second)[0]["id"]
        eventually(lambda: service.delivery(known)["state"] == "delivered")
        service.call("POST", f"/v1/deliveries/{known}/redeliver")
        eventually(lambda: len(service.delivery(known)["attempts"]) == 2)
        service.call("POST", f"/v1/subscriptions/{second['id']}/replay", json={"replay_from": 2})
        new = service.call("POST", f"/v1/deliveries/{known}/redeliver", json={"as_new": True}).json()["delivery"]
        eventually(lambda: service.delivery(new)["state"] == "delivered")
        for one in (first, second):
            eventually(
                lambda one=one: {item["state"] for item in service.deliveries(one)} <= {"delivered", "dead"}  # type: ignore[misc]  # bound now
            )
        eventually(lambda: len(service.delivery(known)["attempts"]) == 3)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, FakeStatus]]:
    status, receiver = FakeStatus(), Receiver()
    file = tmp_path_factory.mktemp("busy") / "notifier.db"
    busy_day(f"sqlite:///{file}", status, receiver)
    yield file, status
    receiver.close()
    status.close()


@pytest.fixture
def house(busy: tuple[Path, FakeStatus], tmp_path: Path) -> House:
    """A copy of the busy day, to be tampered with."""
    file, status = busy
    for one in file.parent.glob("notifier.db*"):
        shutil.copy(one, tmp_path / one.name)
    return House(f"sqlite:///{tmp_path / 'notifier.db'}", status)


def test_a_busy_day_is_green(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert house.verify() == 0

    said = capsys.readouterr().out
    assert said.startswith("Green: 2 subscriptions, 15 numbered messages")
    assert said.count("\n") == 1


NUMBERED = "occasion = 'feed' AND sequence"
TAMPERED = {
    "an attempt is deleted": (f"DELETE FROM attempts WHERE {NUMBERED} = 6", "no attempt is on record"),
    "the last attempt is deleted": (
        "DELETE FROM attempts WHERE id = (SELECT max(id) FROM attempts)",
        "attempts were booked, and",
    ),
    "an attempt is made up": (
        "INSERT INTO attempts SELECT id + 1000, webhook_id, subscription_id, seq, number, started_at, duration_ms,"
        " outcome, status_code, response, is_clipped, location, peer, next_attempt_at, sequence, occasion, phases,"
        " body_hash FROM attempts WHERE id = 1",
        "attempts were booked, and",
    ),
    "a lane is deleted": ("DELETE FROM lanes WHERE cursor > 0 AND id LIKE 'sub_%'", "has no lane"),
    "a subscription is deleted past the service": (
        "DELETE FROM subscriptions WHERE filter_changes = 1",
        "of a subscription that is not there: lane",
    ),
    "the secrets are deleted": ("DELETE FROM secrets", "lacks its secret"),
    "a first attempt is deleted": (
        "DELETE FROM attempts WHERE id = (SELECT min(id) FROM attempts WHERE outcome = 'http_error')",
        "these attempts are on record",
    ),
    "another id was sent": (f"UPDATE attempts SET webhook_id = 'msg_x' WHERE {NUMBERED} = 5", "as msg_x, and its id"),
    "another body was sent": (f"UPDATE attempts SET body_hash = x'00' WHERE {NUMBERED} = 4", "sent another body"),
    "another number was sent": (f"UPDATE attempts SET sequence = 9 WHERE {NUMBERED} = 2", "is on record as 9"),
    "attempts were booked in another order": (
        f"UPDATE attempts SET id = id + 1000 WHERE {NUMBERED} = 1",
        "was attempted before number 1",
    ),
    "numbers are deleted": ("DELETE FROM stretches WHERE first_sequence = 1", "number"),
    "another id is said to be before": (
        "UPDATE stretches SET previous_id = 'msg_y' WHERE first_sequence > 1",
        "was said to follow msg_y",
    ),
    "a watermark runs ahead": ("UPDATE stretches SET watermark = 99", "carries a watermark of 99"),
    "the lane has skipped a message": ("UPDATE lanes SET sequence = sequence - 1", "has come past line"),
    "a message is altered": (
        "UPDATE messages SET body = CAST(replace(CAST(body AS TEXT), 'reached', 'revoked') AS BLOB) WHERE position = 3",
        "not as the feed tells it",
    ),
    "a message is deleted": ("DELETE FROM messages WHERE position = 3", "lacks what the feed tells (position: 3"),
    "a message is made up": (
        "INSERT INTO messages SELECT seq + 100, 99, 'made-up', type, category, treaty, livemode, participants,"
        " recorded_at, audience, body FROM messages WHERE position = 3",
        "that the feed does not tell",
    ),
    "what nobody asked for was sent": (
        "UPDATE attempts SET subscription_id = (SELECT id FROM subscriptions WHERE filter_changes = 1)"
        " WHERE occasion = 'feed' AND seq = (SELECT seq FROM messages WHERE position = 7)",
        "did not ask for",
    ),
}


@pytest.mark.parametrize("deed", TAMPERED)
def test_whatever_is_tampered_with_is_found(house: House, deed: str, capsys: pytest.CaptureFixture[str]) -> None:
    statement, expected = TAMPERED[deed]
    house.tamper(statement)

    assert house.verify() == 1

    said = capsys.readouterr().out
    assert said.startswith("Differs: ")
    assert expected in said


def test_it_is_green_on_postgresql_too_and_finds_a_deleted_delivery(
    postgres_dsn: str, fake_status: FakeStatus, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    busy_day(postgres_dsn, fake_status, receiver)
    house = House(postgres_dsn, fake_status)
    assert house.verify() == 0
    house.tamper("DELETE FROM attempts WHERE sequence = 3")

    assert house.verify() == 1

    assert "Number 3 is booked as attempted, and no attempt is on record" in capsys.readouterr().out


def test_one_subscription_can_be_verified_alone_and_the_report_is_json_on_request(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.tamper("DELETE FROM attempts WHERE sequence = 8")  # only the one that wants everything has come so far
    engine = create_engine(house.database)
    with engine.connect() as connection:
        other, wide = connection.execute(text("SELECT id FROM subscriptions ORDER BY filter_changes DESC")).scalars()
    engine.dispose()

    assert house.verify(subscription=other) == 0
    assert house.verify(subscription="sub_zzz") == 2
    capsys.readouterr()
    assert run(house.database, status_url=house.status.url, subscription=wide, as_json=True) == 1

    report = json.loads(capsys.readouterr().out)
    assert (report["green"], report["differences"][0]["sequence"], report["differences"][0]["kind"]) == (
        False,
        8,
        "missing",
    )


def test_what_cannot_be_compared_is_said_plainly(
    house: House, tmp_path: Path, fake_status: FakeStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = run(f"sqlite:///{tmp_path / 'none.db'}", status_url=house.status.url, subscription=None, as_json=False)
    other_feed = run(house.database, status_url=fake_status.url, subscription=None, as_json=False)
    nobody = run(house.database, status_url="http://127.0.0.1:9", subscription=None, as_json=False)

    assert (absent, other_feed, nobody) == (2, 2, 2)
    said = capsys.readouterr().err
    for reason in ("There is no such file", "The feed is shorter", "does not answer"):
        assert reason in said
    assert not (tmp_path / "none.db").exists()
