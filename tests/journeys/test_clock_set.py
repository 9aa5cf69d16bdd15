"""The machine's clock is set by ten minutes, either way, while deliveries are under way, retried and paused."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.services.notifier_world import (
    FakeStatus,
    Notifier,
    Received,
    Receiver,
    Reply,
    eventually,
    milestone,
    notifier,
)

pytestmark = pytest.mark.journey
TEN_MINUTES = 600.0
MESSAGES = 30


class Wall:
    """The wall clock of the notifier's machine."""

    def __init__(self) -> None:
        self.set_by = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.set_by)


@contextmanager
def world() -> Iterator[tuple[FakeStatus, Receiver, Wall]]:
    status, receiver = FakeStatus(), Receiver()
    try:
        yield status, receiver, Wall()
    finally:
        receiver.close()
        status.close()


@pytest.mark.parametrize("step", [TEN_MINUTES, -TEN_MINUTES])
def test_what_is_under_way_and_what_waits_goes_on_as_if_nothing_had_been(database_dsn: str, step: float) -> None:
    with (
        world() as (status, receiver, wall),
        notifier(database_dsn, status, clock=wall, schedule_seconds="0,1,1,1,1,1,1", deadline_seconds=2) as service,
    ):
        plain = service.subscribe(receiver.url + "/plain")
        ordered = service.subscribe(receiver.url + "/ordered", order="fifo")
        limited = service.subscribe(receiver.url + "/limited", rate_per_minute=600)
        service.subscribe(receiver.url + "/watch", types=["notifier.*"])
        held = threading.Event()
        receiver.script = [Reply(hold=held), Reply(503), Reply(503), Reply(503, {"retry-after": "1"}), Reply(hold=held)]
        for number in range(1, MESSAGES // 2 + 1):
            status.record(milestone(number))
        receiver.wait_for(5)

        wall.set_by = step
        eventually(lambda: told(service), seconds=20)
        held.set()
        for number in range(MESSAGES // 2 + 1, MESSAGES + 1):
            status.record(milestone(number))

        paths = {"plain": plain, "ordered": ordered, "limited": limited}
        eventually(lambda: accepted(receiver) == dict.fromkeys(paths, MESSAGES), seconds=60)
        is_file = database_dsn.startswith("sqlite")
        notice = "notifier.clock_set" if is_file else "notifier.clock_off"
        eventually(lambda: [one["type"] for one in notices(receiver)] == [notice], seconds=20)
        numbers = service.call("GET", "/metrics", key=None).text
        readiness = service.call("GET", "/readyz", key=None)
        received = list(receiver.received)

    for path in paths:
        ids = [one.id for one in received if one.path.endswith(path)]
        assert len(set(ids)) == MESSAGES
    firsts = list(dict.fromkeys(one.json["sequence"] for one in received if one.path.endswith("ordered")))
    assert firsts == list(range(1, MESSAGES + 1))
    late = [one for one in received if one.path.endswith("plain") and one.json["sequence"] > MESSAGES // 2]
    assert {round(seconds_off(one) / 100) for one in late} == {round(step / 100)}
    with pytest.raises(WebhookVerificationError):  # which is why a wrong clock has to be told
        Webhook(plain["secret"]).verify(late[0].body, late[0].headers)
    assert notices(receiver)[0]["data"]["seconds"] == pytest.approx(step, abs=2)
    if is_file:
        assert readiness.status_code == 200
        assert readiness.json()["clock_set_by_seconds"] == pytest.approx(step, abs=2)
        assert "treaty_notifier_clock_steps_total 1.0" in numbers
    else:
        assert readiness.status_code == 503
        way = "ahead of" if step > 0 else "behind"
        assert f"s {way} the database's clock" in readiness.json()["faults"]["clock"]
        assert readiness.json()["clock_skew_seconds"] == pytest.approx(step, abs=2)


def told(service: Notifier) -> bool:
    """Has the service noticed?"""
    facts = service.call("GET", "/readyz", key=None).json()
    return bool(facts.get("clock_set_by_seconds")) or abs(facts.get("clock_skew_seconds", 0.0)) > 1


def accepted(receiver: Receiver) -> dict[str, int]:
    found: dict[str, set[str]] = {}
    for one in list(receiver.received):
        if one.answered == 204 and not one.path.endswith("watch"):
            found.setdefault(one.path.rpartition("/")[2], set()).add(one.id)
    return {path: len(ids) for path, ids in found.items()}


def notices(receiver: Receiver) -> list[dict[str, Any]]:
    return [one.json for one in list(receiver.received) if one.path.endswith("watch") and one.answered == 204]


def seconds_off(webhook: Received) -> float:
    """How far its timestamp is from the time at which this runs."""
    return int(webhook.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()
