"""Thousands behind, one endpoint that never answers and one that is gone: what is new reaches everybody else."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.services.notifier_world import FakeStatus, Receiver, Reply, eventually, milestone, notifier
from treaty_notifier.deliveries import Dead, Decision, Outcome, RetryIn
from treaty_notifier.feed import page_of
from treaty_notifier.messages import drafts
from treaty_notifier.outbox import Dossier, Sent, Settlement, SqlOutbox, Start
from treaty_notifier.service import new_key
from treaty_notifier.subscriptions import Filter, Subscription

BEHIND = 2_000
HEALTHY = 20
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def silent() -> Iterator[Receiver]:
    """An endpoint that takes a message and says nothing until it is let go."""
    receiver = Receiver()
    receiver.usual = Reply(hold=threading.Event())
    yield receiver
    assert receiver.usual.hold is not None
    receiver.usual.hold.set()
    receiver.close()


@pytest.fixture
def gone() -> str:
    """An address where nobody listens any more."""
    receiver = Receiver()
    receiver.close()
    return receiver.url


def subscribe(outbox: SqlOutbox, id_: str, url: str, *, after: int = 0, types: tuple[str, ...] = ()) -> None:
    subscription = Subscription(
        id=id_, owner="key-desk", url=url, description="", filter=Filter(types=types), created_at=NOW
    )
    outbox.add_subscription(
        subscription, secret=b"s" * 32, start=Start(after_position=after), dossier=Dossier(keys=(new_key(),))
    )


def fail(outbox: SqlOutbox, decision: Decision, *, count: int) -> None:
    """A turn of the only lane there is, all of it ended badly."""
    (turn,) = outbox.claim(owner="before", lanes=1, batch=count, lease_seconds=45).turns
    sent = [
        Sent(parcel=parcel, started_at=NOW, duration_ms=1, outcome=Outcome.TIMEOUT, decision=decision)
        for parcel in turn.parcels
    ]
    outbox.settle([Settlement(lease=turn.lease, cursor=turn.scanned_to, sent=tuple(sent))])


def fill(dsn: str, status: FakeStatus, *, silent: str, gone: str, healthy: Receiver) -> None:
    """What an evening of trouble leaves behind, written as the service writes it."""
    status.record(*(milestone(number) for number in range(1, BEHIND + 1)))
    page = page_of({"events": status.events, "next": BEHIND, "head": BEHIND})
    outbox = SqlOutbox(dsn, new_key=b"k" * 32, clock=lambda: datetime.now(UTC))
    try:
        subscribe(outbox, "sub_gone", gone)
        outbox.append(drafts(page.events), expected=0, position=BEHIND)
        fail(outbox, Dead(reason="all 10 attempts failed", is_exhausted=True), count=300)
        fail(outbox, RetryIn(delay_seconds=0), count=200)
        subscribe(outbox, "sub_silent", silent)
        for number in range(HEALTHY):
            subscribe(outbox, f"sub_{number}", f"{healthy.url}/{number}", after=BEHIND)
            subscribe(outbox, f"sub_looking_{number}", healthy.url, types=("never.comes",))
    finally:
        outbox.close()


def test_what_is_new_reaches_everybody_else_however_far_some_are_behind(
    database_dsn: str, fake_status: FakeStatus, receiver: Receiver, silent: Receiver, gone: str
) -> None:
    fill(database_dsn, fake_status, silent=silent.url, gone=gone, healthy=receiver)

    with notifier(database_dsn, fake_status, deadline_seconds=15) as running:
        silent.wait_for(8)
        fake_status.record(milestone(BEHIND + 1))
        received = receiver.wait_for(HEALTHY)

        assert len(silent.received) == 8, "so many are under way at once, and none of them has ended"
        assert {one.path for one in received} == {f"/hook/{number}" for number in range(HEALTHY)}
        assert len(received) == len({one.id for one in received}) == HEALTHY

        given_up = running.deliveries({"id": "sub_gone"}, state="dead")
        assert [one["state"] for one in given_up] == ["dead"] * 50
        eventually(lambda: running.call("GET", "/v1/subscriptions/sub_gone").json()["circuit"] == "open")
        assert silent.usual.hold is not None
        silent.usual.hold.set()
        silent.wait_for(64)
        eventually(lambda: _lag(running.call("GET", "/metrics").text) < BEHIND)

    assert len(receiver.received) == HEALTHY


def _lag(metrics: str) -> float:
    return float(next(line for line in metrics.splitlines() if line.startswith("treaty_notifier_max_lag ")).split()[1])
