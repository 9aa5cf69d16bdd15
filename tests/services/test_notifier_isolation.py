"""A bad endpoint harms nobody but itself, and its owner hears of it."""

import threading
from datetime import datetime

import pytest

from tests.services.notifier_world import OTHER, FakeStatus, Notifier, Receiver, Reply, eventually, milestone, notifier
from treaty_notifier.loops.paces import Paces


def place(body: dict[str, object]) -> int:
    """Which milestone it was, by its number."""
    data = body["data"]
    assert isinstance(data, dict)
    return int(str(data["milestone_id"])[-12:], 16)


def told(receiver: Receiver) -> list[str]:
    return [one.json["type"] for one in receiver.received]


def test_in_a_lane_that_keeps_its_order_nothing_passes_a_message_that_fails(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.script = [Reply(204), Reply(500), Reply(503), Reply(204), Reply(500)]
    subscription = running_notifier.subscribe(receiver.url, order="fifo")

    fake_status.record(*(milestone(number) for number in range(1, 7)))

    received = receiver.wait_for(9)
    assert subscription["order"] == "fifo"
    assert [(place(one.json), one.answered) for one in received] == [
        (1, 204),
        (2, 500),
        (2, 503),
        (2, 204),
        (3, 500),
        (3, 204),
        (4, 204),
        (5, 204),
        (6, 204),
    ]


def test_a_message_that_is_given_up_lets_the_next_one_pass(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.script = [Reply(500), Reply(500)]
    with notifier(sqlite_dsn, fake_status, schedule_seconds="0,0.05") as service:
        service.subscribe(receiver.url, order="fifo")
        fake_status.record(milestone(1), milestone(2))
        received = receiver.wait_for(3)

    assert [place(one.json) for one in received] == [1, 1, 2]


@pytest.mark.parametrize("beside", ["test", "resend", "replay"])
def test_in_a_lane_that_keeps_its_order_nothing_that_runs_beside_the_feed_holds_it_up(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver, beside: str
) -> None:
    # Whatever fails is tried again in an hour: longer than anybody waits here.
    with notifier(sqlite_dsn, fake_status, schedule_seconds="0,3600") as service:
        path = f"/v1/subscriptions/{service.subscribe(receiver.url, order='fifo')['id']}"
        fake_status.record(milestone(1), milestone(2))
        first, _ = receiver.wait_for(2)
        eventually(lambda: service.delivery(first.id)["state"] == "delivered")
        receiver.script = [Reply(400)]
        asked = {
            "test": lambda: service.call("POST", f"{path}/test"),
            "resend": lambda: service.call("POST", f"/v1/deliveries/{first.id}/redeliver"),
            "replay": lambda: service.call("POST", f"{path}/replay", json={"replay_from": 1}),
        }[beside]()
        assert asked.status_code == 202
        receiver.wait_for(3)

        fake_status.record(milestone(3))

        last = receiver.wait_for(4)[-1]
        assert (place(last.json), last.json["sequence"], last.answered) == (3, 3, 204)


def test_an_endpoint_that_fails_on_and_on_is_asked_with_one_message_and_then_gets_everything(
    database_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.usual = Reply(500)
    # Many attempts, so that nothing is given up while the endpoint is down.
    with notifier(database_dsn, fake_status, schedule_seconds=",".join(["0", *["0.05"] * 60])) as service:
        path = f"/v1/subscriptions/{service.subscribe(receiver.url)['id']}"
        fake_status.record(*(milestone(number) for number in range(1, 41)))
        eventually(lambda: service.call("GET", path).json()["circuit"] == "open")
        # Five open the circuit; seven more were under way by then. After that there are only canaries.
        assert len(receiver.received) < 40
        assert service.call("GET", path).json()["failing_since"] is not None
        assert "treaty_notifier_circuits_open 1.0" in service.client.get("/metrics").text
        receiver.usual = Reply(204)
        eventually(lambda: {place(one.json) for one in receiver.received if one.answered == 204} == set(range(1, 41)))
        eventually(lambda: service.call("GET", path).json()["circuit"] == "closed")
        assert service.call("GET", path).json()["failing_since"] is None


def test_a_rate_that_the_subscriber_set_is_kept(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url, rate_per_minute=120)
    path = f"/v1/subscriptions/{subscription['id']}"
    fake_status.record(*(milestone(number) for number in range(1, 7)))
    receiver.wait_for(6)
    eventually(lambda: {one["state"] for one in running_notifier.deliveries(subscription)} == {"delivered"})

    begun = sorted(
        datetime.fromisoformat(attempt["started_at"])
        for one in running_notifier.deliveries(subscription)
        for attempt in running_notifier.delivery(one["id"])["attempts"]
    )
    # Two a second, the first two at once: the sixth cannot begin before the second second is over.
    assert (begun[5] - begun[0]).total_seconds() > 1.9
    assert running_notifier.call("PATCH", path, json={"rate_per_minute": 0}).json()["rate_per_minute"] is None
    assert running_notifier.call("PATCH", path, json={"rate_per_minute": -1}).status_code == 422


def test_an_answer_may_end_the_message_or_the_subscription(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}"
    receiver.script = [Reply(500, headers={"webhook-delivery": "abort-message"})]
    fake_status.record(milestone(1))
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(subscription)] == ["dead"])
    assert running_notifier.call("GET", path).json()["state"] == "active"

    receiver.script = [Reply(204, headers={"webhook-delivery": "disable"})]
    fake_status.record(milestone(2))
    eventually(lambda: running_notifier.call("GET", path).json()["state"] == "disabled")
    assert len(receiver.received) == 2


def test_who_asks_for_it_is_told_what_became_of_the_endpoints_of_the_same_key(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    desk, stranger = Receiver(), Receiver()
    try:
        running_notifier.subscribe(desk.url, types=["endpoint.*"])
        running_notifier.subscribe(stranger.url, types=["endpoint.*"], key=OTHER)
        failing = running_notifier.subscribe(receiver.url)
        receiver.usual = Reply(500)
        fake_status.record(milestone(1))
        (exhausted,) = desk.wait_for(1)
        receiver.usual = Reply(410)
        fake_status.record(milestone(2))
        disabled = desk.wait_for(2)[1]
    finally:
        desk.close()
        stranger.close()

    assert told(desk) == ["endpoint.exhausted", "endpoint.disabled"]
    assert told(stranger) == []
    assert exhausted.json["data"]["subscription"] == failing["id"]
    assert exhausted.json["data"]["deliveries"] == [receiver.received[0].id]
    assert disabled.json["data"]["reason"] == "the endpoint answered 410 Gone"
    numbers = running_notifier.client.get("/metrics").text
    assert 'treaty_notifier_endpoint_notices_total{kind="disabled"} 1.0' in numbers


def test_only_failures_bring_a_notice_then_the_end_and_the_owner_may_begin_again(
    database_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    desk = Receiver()
    receiver.usual = Reply(500)
    try:
        with notifier(
            database_dsn, fake_status, disable_after_hours=1 / 3600, schedule_seconds=",".join(["0", *["0.1"] * 200])
        ) as service:
            service.subscribe(desk.url, types=["endpoint.*"])
            path = f"/v1/subscriptions/{service.subscribe(receiver.url)['id']}"
            fake_status.record(milestone(1))
            desk.wait_for(2)
            assert told(desk) == ["endpoint.failing", "endpoint.disabled"]
            assert service.call("GET", path).json()["state"] == "disabled"
            assert "every attempt failed for" in service.call("GET", path).json()["state_reason"]

            receiver.usual = Reply(204)
            assert service.call("PATCH", path, json={"state": "active"}).json()["state"] == "active"
            eventually(lambda: receiver.received[-1].answered == 204)
            assert service.call("GET", path).json()["failing_since"] is None
    finally:
        desk.close()


def test_whoever_pauses_what_was_disabled_may_begin_again_all_the_same(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.usual = Reply(500)
    with notifier(
        sqlite_dsn, fake_status, disable_after_hours=1 / 3600, schedule_seconds=",".join(["0", *["0.1"] * 200])
    ) as service:
        path = f"/v1/subscriptions/{service.subscribe(receiver.url)['id']}"
        fake_status.record(milestone(1))
        eventually(lambda: service.call("GET", path).json()["state"] == "disabled")
        since = service.call("GET", path).json()["failing_since"]

        service.call("PATCH", path, json={"state": "paused"})
        again = service.call("PATCH", path, json={"state": "active"}).json()

    assert again["failing_since"] is None or again["failing_since"] > since


def test_an_endpoint_that_answers_again_is_told_to_whoever_was_told_that_it_failed(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    desk = Receiver()
    receiver.usual = Reply(500)
    try:
        with notifier(
            sqlite_dsn, fake_status, disable_after_hours=12 / 3600, schedule_seconds=",".join(["0", *["0.2"] * 200])
        ) as service:
            service.subscribe(desk.url, types=["endpoint.*"])
            service.subscribe(receiver.url)
            fake_status.record(milestone(1))
            (failing,) = desk.wait_for(1)
            receiver.usual = Reply(204)
            desk.wait_for(2)
    finally:
        desk.close()

    assert told(desk) == ["endpoint.failing", "endpoint.recovered"]
    assert failing.json["data"]["disabled_after"] > failing.json["data"]["failing_since"]
    assert failing.json["sequence"] is None


def test_an_endpoint_is_slow_when_more_than_one_in_twenty_answers_takes_two_seconds() -> None:
    paces = Paces()
    for seconds in [0.1] * 19 + [2.5]:
        paces.note("a", seconds)
    assert not paces.is_slow("a")
    paces.note("a", 2.5)
    assert paces.is_slow("a")
    assert not paces.is_slow("b")
    for _ in range(20):
        paces.note("a", 0.1)
    assert not paces.is_slow("a")


def told_at_the_desk(receiver: Receiver) -> list[str]:
    return [one.json["type"] for one in list(receiver.received) if one.path.endswith("/desk")]


def test_an_endpoint_that_falls_far_behind_is_told_of_and_so_is_its_catching_up(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    held = threading.Event()
    with notifier(sqlite_dsn, fake_status, lag_notice_seconds=0.2, deadline_seconds=10) as service:
        service.subscribe(receiver.url + "/slow", order="fifo")
        service.subscribe(receiver.url + "/desk", types=["endpoint.lagging", "endpoint.caught_up"])
        receiver.script = [Reply(hold=held)]
        fake_status.record(milestone(1), milestone(2), milestone(3))

        eventually(lambda: "endpoint.lagging" in told_at_the_desk(receiver))
        eventually(lambda: "treaty_notifier_lag_seconds 0.0" not in service.call("GET", "/metrics", key=None).text)
        held.set()
        eventually(lambda: told_at_the_desk(receiver) == ["endpoint.lagging", "endpoint.caught_up"])

        lagging = next(one.json for one in receiver.received if one.json["type"] == "endpoint.lagging")
        assert lagging["data"]["messages_behind"] == 3
