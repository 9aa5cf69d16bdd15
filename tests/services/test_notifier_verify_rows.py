"""Every row of the notifier's record, deleted by itself: ``treaty-notifier verify`` says what is missing."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Table, delete, select

from tests.services.notifier_world import (
    FakeStatus,
    Notifier,
    Receiver,
    Reply,
    deposit,
    eventually,
    milestone,
    notifier,
)
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.evidence import READ, Evidence, NoRecord
from treaty_notifier.outbox.tables import exceptions, metadata, secrets
from treaty_notifier.verifying import verify

Key = tuple[object, ...]
NO_RECORD = {"notices", "keepers", "introductions", "retired_keys"}
"""What says nothing of what was sent: notices last until their owners are told, and what came of them is a message;
keepers are processes at work; introductions are endpoints that were asked before, and retired keys
sign no more. Every other table is read."""


def a_day_that_is_not_over(dsn: str, status: FakeStatus, well: Receiver, ill: Receiver) -> None:
    """Delivered, given up, retrying, not attempted yet; tests, resends, a replay that ended and one that has not."""
    ill.script, ill.usual = [Reply(400, headers={"webhook-delivery": "abort-message"})], Reply(500)
    with notifier(dsn, status, schedule_seconds="0,0.05,3600") as service:
        status.record(*(milestone(number) for number in range(1, 4)))
        narrow = service.subscribe(well.url, groups=["eu_members"])
        wide = service.subscribe(f"{well.url}/all", types=["treaty.*"])
        sick = service.subscribe(ill.url)
        path = "/v1/subscriptions"
        status.record(milestone(4))
        eventually(lambda: service.deliveries(sick, state="dead"))
        status.record(milestone(5), deposit("fra"))
        eventually(lambda: [len(tried(service, one)) for one in service.deliveries(sick, state="retrying")] == [2])
        service.call("PATCH", f"{path}/{narrow['id']}", json={"treaties": ["I-1"]})
        status.record(milestone(6), milestone(7, treaty="I-1"))
        eventually(lambda: len(service.deliveries(wide)) == 5 and len(service.deliveries(narrow)) == 3)
        service.call("POST", f"{path}/{narrow['id']}/test")
        service.call("POST", f"{path}/{wide['id']}/replay", json={"replay_from": 2})
        eventually(
            lambda: service.call("GET", f"{path}/{wide['id']}/replays").json()["replays"][0]["state"] == "finished"
        )
        held = service.call("POST", f"{path}/{wide['id']}/replay", json={"replay_from": 2, "per_second": 1}).json()
        service.call("PATCH", f"{path}/{wide['id']}/replays/{held['id']}", json={"state": "paused"})
        again = service.deliveries(wide)[0]["id"]
        service.call("POST", f"/v1/deliveries/{again}/redeliver")
        service.call("POST", f"/v1/deliveries/{again}/redeliver", json={"as_new": True})
        eventually(lambda: {one["state"] for one in service.deliveries(wide)} == {"delivered"})
        eventually(lambda: service.call("GET", f"{path}/{sick['id']}").json()["circuit"] == "open")
        service.call("POST", f"{path}/{sick['id']}/test")  # which waits, since the endpoint is left alone now
        service.call("POST", f"{path}/{wide['id']}/secret/rotate", json={"overlap_seconds": 600})


def tried(service: Notifier, delivery: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.delivery(delivery["id"])["attempts"]
    return found


@pytest.fixture
def ill() -> Iterator[Receiver]:
    """An endpoint that is not well."""
    endpoint = Receiver()
    yield endpoint
    endpoint.close()


def findings(connection: Connection, database: Database, status: FakeStatus) -> list[str]:
    """What is said of the record as this transaction sees it."""
    with (
        httpx.Client(base_url=status.url, trust_env=False) as client,
        Driver(connection, is_sqlite=database.is_sqlite, clock=lambda: datetime.now(UTC)) as driver,
    ):
        try:
            return [one.sentence for one in verify(Evidence(connection, driver), client).findings]
        except NoRecord as reason:
            return [str(reason)]


def keys(connection: Connection, table: Table) -> list[Key]:
    with connection.begin():
        return [tuple(row) for row in connection.execute(select(*table.primary_key.columns))]


def without(connection: Connection, database: Database, status: FakeStatus, row: tuple[Table, Key]) -> list[str]:
    """What is said when one row is not there. It is put back."""
    table, key = row
    with connection.begin() as deed:
        ours = [column == value for column, value in zip(table.primary_key.columns, key, strict=True)]
        assert connection.execute(delete(table).where(*ours)).rowcount == 1
        found = findings(connection, database, status)
        deed.rollback()
        return found


def test_whichever_row_is_deleted_it_is_found(
    database_dsn: str,
    fake_status: FakeStatus,
    receiver: Receiver,
    ill: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a_day_that_is_not_over(database_dsn, fake_status, receiver, ill)
    database = Database(database_dsn)
    with database.engine.connect() as connection:
        with connection.begin():
            assert findings(connection, database, fake_status) == []
            owed = {tuple(row) for row in connection.execute(select(exceptions.c.state, exceptions.c.failures > 0))}
            leaving = connection.execute(select(secrets.primary_key.columns).where(secrets.c.expires_at.is_not(None)))
            overlapping = {tuple(row) for row in leaving}
        said = {
            table.name: {
                key: without(connection, database, fake_status, (table, key)) for key in keys(connection, table)
            }
            for table in metadata.sorted_tables
            if table.name not in NO_RECORD
        }
    database.close()

    assert NO_RECORD.isdisjoint(table.name for table in READ)
    with capsys.disabled():
        for name, rows in said.items():
            sys.stdout.write(f"\n  {name:16} {sum(map(bool, rows.values()))} of {len(rows)} found when deleted")
    assert owed == {("dead", True), ("retrying", True), ("retrying", False)}
    assert len(overlapping) == 1
    # The secret that is on its way out is needed by nobody; everything else is.
    unnoticed = {(name, key) for name, rows in said.items() for key, sentences in rows.items() if not sentences}
    assert unnoticed == {(secrets.name, key) for key in overlapping}
    assert all(said.values())  # no table is passed over because it happens to be empty
