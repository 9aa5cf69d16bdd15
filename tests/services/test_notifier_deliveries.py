"""The notifier through its front door: an event goes into the feed, a signed webhook comes out."""

import threading

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.services.notifier_world import (
    MILESTONE,
    FakeStatus,
    Notifier,
    Receiver,
    Reply,
    altered,
    deposit,
    eventually,
    milestone,
    notifier,
)


def test_a_milestone_arrives_signed_so_that_a_stranger_can_verify_it(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)

    fake_status.record(milestone(1))

    (webhook,) = receiver.wait_for(1)
    assert Webhook(subscription["secret"]).verify(webhook.body, webhook.headers) == webhook.json
    assert webhook.json["type"] == MILESTONE
    assert webhook.json["timestamp"] == "2026-11-21T10:00:01.000000Z"
    assert webhook.json["data"]["position"] == 1
    assert webhook.json["data"]["livemode"] is True
    assert webhook.headers["content-type"] == "application/json"
    assert webhook.id.startswith("msg_")
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(subscription)] == ["delivered"])


def test_a_wrong_secret_an_altered_body_an_altered_id_and_an_old_timestamp_are_refused_by_a_stranger(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    secret = running_notifier.subscribe(receiver.url)["secret"]
    fake_status.record(milestone(1))
    (webhook,) = receiver.wait_for(1)
    old = str(int(webhook.headers["webhook-timestamp"]) - 301)

    Webhook(secret).verify(webhook.body, webhook.headers)  # the control: as it came it is good
    for key, body, headers in (
        (altered(secret), webhook.body, webhook.headers),
        (secret, webhook.body.replace(b"fra", b"deu"), webhook.headers),
        (secret, webhook.body, webhook.headers | {"webhook-id": webhook.id + "a"}),
        (secret, webhook.body, webhook.headers | {"webhook-timestamp": old}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(body, headers)


def test_a_fact_is_sent_only_to_who_asked_for_facts(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    running_notifier.subscribe(receiver.url)
    running_notifier.subscribe(receiver.url + "/facts", types=["treaty.consent.*"], groups=["eu_members"])

    fake_status.record(deposit("usa"), deposit("deu"), milestone(1))

    eventually(lambda: len(receiver.received) == 2)
    assert {(one.path, one.json["type"]) for one in receiver.received} == {
        ("/hook", MILESTONE),
        ("/hook/facts", "treaty.consent.recorded"),
    }


def test_a_refused_delivery_is_tried_again_under_the_same_id(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    receiver.script = [Reply(500, body=b"not now"), Reply(404)]

    fake_status.record(milestone(1))

    first, second, third = receiver.wait_for(3)
    assert first.id == second.id == third.id
    assert first.body == third.body
    eventually(lambda: running_notifier.deliveries(subscription)[0]["state"] == "delivered")
    attempts = running_notifier.delivery(first.id)["attempts"]
    assert [(one["number"], one["status_code"], one["outcome"]) for one in attempts] == [
        (1, 500, "http_error"),
        (2, 404, "http_error"),
        (3, 204, "ok"),
    ]
    assert attempts[0]["response"] == "not now"
    assert attempts[0]["next_attempt_at"] is not None
    assert attempts[2]["next_attempt_at"] is None


def test_a_redirect_is_a_failure_and_is_not_followed(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    inner = Receiver()
    receiver.script = [Reply(302, headers={"location": inner.url})]
    running_notifier.subscribe(receiver.url)

    fake_status.record(milestone(1))

    first, _second = receiver.wait_for(2)
    eventually(lambda: len(running_notifier.delivery(first.id)["attempts"]) == 2)
    attempt = running_notifier.delivery(first.id)["attempts"][0]
    assert (attempt["outcome"], attempt["location"]) == ("redirect", inner.url)
    assert inner.received == []
    inner.close()


def test_a_slow_endpoint_is_cut_off_and_does_not_hold_up_another(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    slow = Receiver()
    slow.usual = Reply(hold=threading.Event())
    with notifier(sqlite_dsn, fake_status, deadline_seconds=0.3) as service:
        late = service.subscribe(slow.url)
        service.subscribe(receiver.url)

        fake_status.record(milestone(1), milestone(2))

        assert len(receiver.wait_for(2)) == 2
        eventually(lambda: {one["state"] for one in service.deliveries(late)} == {"dead"})
        dead = service.delivery(slow.received[0].id)
        assert {one["outcome"] for one in dead["attempts"]} == {"timeout"}
        assert dead["reason"] == "all 4 attempts failed"
    assert slow.usual.hold is not None
    slow.usual.hold.set()
    slow.close()


def test_an_endpoint_that_is_gone_is_left_alone(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.usual = Reply(410)
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}"

    fake_status.record(milestone(1))

    eventually(lambda: running_notifier.call("GET", path).json()["state"] == "disabled")
    assert running_notifier.call("GET", path).json()["state_reason"] == "the endpoint answered 410 Gone"
    refused = running_notifier.call("POST", f"{path}/test")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/subscription-not-active")
    fake_status.record(milestone(2))
    receiver.usual = Reply()
    assert running_notifier.call("PATCH", path, json={"state": "active"}).json()["state"] == "active"
    assert [one.json["data"]["milestone_id"][-1] for one in receiver.wait_for(2)] == ["1", "2"]


def test_retry_after_holds_back_everything_for_that_endpoint(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.script = [Reply(429, headers={"retry-after": "1"})]
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    receiver.wait_for(1)
    eventually(lambda: running_notifier.deliveries(subscription)[0]["state"] == "retrying")

    fake_status.record(milestone(2))

    first, second, third = receiver.wait_for(3)
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert {second.id, third.id} > {first.id}


def test_a_delivery_sent_again_keeps_its_id_and_its_number(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    receiver.wait_for(1)
    eventually(lambda: running_notifier.deliveries(subscription)[0]["state"] == "delivered")
    delivery_id = running_notifier.deliveries(subscription)[0]["id"]

    answer = running_notifier.call("POST", f"/v1/deliveries/{delivery_id}/redeliver")

    assert (answer.status_code, answer.json()) == (202, {"delivery": delivery_id})
    first, second = receiver.wait_for(2)
    assert first.id == second.id == delivery_id
    assert second.json == first.json | {"resend": True}
    eventually(lambda: len(running_notifier.delivery(delivery_id)["attempts"]) == 2)
    assert running_notifier.delivery(delivery_id)["payload"].encode() == first.body


def test_a_test_event_arrives_whatever_the_filter_says(running_notifier: Notifier, receiver: Receiver) -> None:
    subscription = running_notifier.subscribe(receiver.url, treaties=["I-1"])

    answer = running_notifier.call("POST", f"/v1/subscriptions/{subscription['id']}/test")

    (webhook,) = receiver.wait_for(1)
    assert (answer.status_code, answer.json()["delivery"]) == (202, webhook.id)
    assert webhook.json["type"] == "webhook.test"
    Webhook(subscription["secret"]).verify(webhook.body, webhook.headers)


def test_during_a_rotation_both_secrets_verify_each_until_the_end_that_was_told(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}/secret/rotate"

    second = running_notifier.call("POST", path).json()
    fake_status.record(milestone(1))
    overlapping = receiver.wait_for(1)[0]
    third = running_notifier.call("POST", path, json={"overlap_seconds": 0}).json()
    fake_status.record(milestone(2))
    alone = receiver.wait_for(2)[1]

    for secret in (subscription["secret"], second["secret"]):
        Webhook(secret).verify(overlapping.body, overlapping.headers)
    for secret in (subscription["secret"], third["secret"]):  # the first was told a day, the second no time at all
        Webhook(secret).verify(alone.body, alone.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(second["secret"]).verify(alone.body, alone.headers)


def test_a_replay_sends_the_past_again_under_the_ids_it_had(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1), milestone(2), milestone(3))
    before = sorted(receiver.wait_for(3), key=lambda one: int(one.json["data"]["position"]))
    eventually(lambda: {one["state"] for one in running_notifier.deliveries(subscription)} == {"delivered"})

    answer = running_notifier.call(
        "POST", f"/v1/subscriptions/{subscription['id']}/replay", json={"replay_from": before[1].json["timestamp"]}
    )

    assert (answer.status_code, answer.json()["messages_at_most"]) == (202, 2)
    again = receiver.wait_for(5)[3:]
    assert sorted(one.id for one in again) == sorted(one.id for one in before[1:])
    again.sort(key=lambda one: int(one.json["sequence"]))
    assert [one.json for one in again] == [one.json | {"replay": True} for one in before[1:]]


def test_a_subscription_hears_of_what_comes_after_it_unless_it_asks_for_more(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    fake_status.record(milestone(1), milestone(2))
    running_notifier.subscribe(receiver.url + "/new")
    running_notifier.subscribe(receiver.url + "/old", replay_from=2)

    fake_status.record(milestone(3), hole=5)

    receiver.wait_for(3)
    heard = sorted((one.path, one.json["data"]["position"]) for one in receiver.received)
    assert heard == [("/hook/new", 8), ("/hook/old", 2), ("/hook/old", 8)]


def test_rehearsals_are_heard_only_by_who_asked_for_them(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    running_notifier.subscribe(receiver.url + "/live")
    running_notifier.subscribe(receiver.url + "/all", livemode="all", treaties=["XVIII-16~r1"])

    fake_status.record(milestone(1, treaty="XVIII-16~r1", livemode=False), milestone(2))

    receiver.wait_for(2)
    assert sorted((one.path, one.json["data"]["livemode"]) for one in receiver.received) == [
        ("/hook/all", False),
        ("/hook/live", True),
    ]


def test_a_paused_subscription_is_told_when_it_resumes(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}"
    running_notifier.call("PATCH", path, json={"state": "paused"})
    fake_status.record(milestone(1))
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(subscription)] == ["pending"])
    waiting = running_notifier.deliveries(subscription)[0]["id"]
    assert running_notifier.delivery(waiting)["state"] == "pending"
    assert receiver.received == []

    running_notifier.call("PATCH", path, json={"state": "active"})

    assert receiver.wait_for(1)[0].id == waiting


def test_an_unknown_type_of_event_passes_through(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.undocumented = frozenset({"treaty.something.new"})
    running_notifier.subscribe(receiver.url, types=["*"])

    fake_status.record(
        {"type": "treaty.something.new", "category": "novel", "treaty": None, "livemode": True, "data": {}}
    )

    assert receiver.wait_for(1)[0].json["type"] == "treaty.something.new"


def test_deliveries_go_on_while_the_status_service_is_away(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.script = [Reply(500), Reply(500)]
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    receiver.wait_for(1)
    fake_status.is_down = True

    receiver.wait_for(3)
    eventually(lambda: running_notifier.client.get("/readyz").status_code == 503)
    assert "feed" in running_notifier.client.get("/readyz").json()["faults"]
    fake_status.is_down = False
    fake_status.record(milestone(2))

    receiver.wait_for(4)
    eventually(lambda: running_notifier.client.get("/readyz").status_code == 200)
    assert len(running_notifier.deliveries(subscription)) == 2


def test_a_restart_loses_nothing_and_repeats_nothing(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status) as service:
        subscription = service.subscribe(receiver.url)
        fake_status.record(milestone(1))
        receiver.wait_for(1)
        eventually(lambda: service.deliveries(subscription)[0]["state"] == "delivered")
    fake_status.record(milestone(2))

    with notifier(sqlite_dsn, fake_status):
        receiver.wait_for(2)

    assert [one.json["data"]["position"] for one in receiver.received] == [1, 2]
    assert len(set(receiver.ids())) == 2


def test_two_notifiers_on_one_database_send_each_message_under_one_id(
    postgres_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    numbers = range(1, 101)
    with notifier(postgres_dsn, fake_status) as one, notifier(postgres_dsn, fake_status) as other:
        subscriptions = [one.subscribe(f"{receiver.url}/{n}") for n in range(3)]
        for number in numbers:
            fake_status.record(milestone(number))

        receiver.wait_for(300)
        for subscription in subscriptions:
            eventually(lambda s=subscription: len(other.deliveries(s, state="pending")) == 0)  # type: ignore[misc]

    by_message: dict[tuple[str, str], set[str]] = {}
    for webhook in receiver.received:
        by_message.setdefault((webhook.path, webhook.json["data"]["milestone_id"]), set()).add(webhook.id)
    assert len(by_message) == 300
    assert all(len(ids) == 1 for ids in by_message.values())
    assert len({next(iter(ids)) for ids in by_message.values()}) == 300
