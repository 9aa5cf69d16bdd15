"""The notifier through its front door: an event goes into the feed, a signed webhook comes out."""

from collections.abc import Iterator

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


@pytest.fixture
def status() -> Iterator[FakeStatus]:
    fake = FakeStatus()
    yield fake
    fake.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    fake = Receiver()
    yield fake
    fake.close()


@pytest.fixture
def service(sqlite_dsn: str, status: FakeStatus) -> Iterator[Notifier]:
    with notifier(sqlite_dsn, status) as running:
        yield running


def test_a_milestone_arrives_signed_so_that_a_stranger_can_verify_it(
    service: Notifier, status: FakeStatus, receiver: Receiver
) -> None:
    subscription = service.subscribe(receiver.url)

    status.record(milestone(1))

    (webhook,) = receiver.wait_for(1)
    assert Webhook(subscription["secret"]).verify(webhook.body, webhook.headers) == webhook.json
    assert webhook.json["type"] == MILESTONE
    assert webhook.json["timestamp"] == "2026-11-21T10:00:01.000000Z"
    assert webhook.json["data"]["position"] == 1
    assert webhook.json["data"]["livemode"] is True
    assert webhook.headers["content-type"] == "application/json"
    assert webhook.id.startswith("msg_")
    eventually(lambda: [one["state"] for one in service.deliveries(subscription)] == ["delivered"])


def test_a_wrong_secret_an_altered_body_an_altered_id_and_an_old_timestamp_are_refused_by_a_stranger(
    service: Notifier, status: FakeStatus, receiver: Receiver
) -> None:
    secret = service.subscribe(receiver.url)["secret"]
    status.record(milestone(1))
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


def test_a_fact_is_sent_only_to_who_asked_for_facts(service: Notifier, status: FakeStatus, receiver: Receiver) -> None:
    service.subscribe(receiver.url)
    service.subscribe(receiver.url + "/facts", types=["treaty.consent.*"], groups=["eu_members"])

    status.record(deposit("usa"), deposit("deu"), milestone(1))

    eventually(lambda: len(receiver.received) == 2)
    assert {(one.path, one.json["type"]) for one in receiver.received} == {
        ("/hook", MILESTONE),
        ("/hook/facts", "treaty.consent.recorded"),
    }


def test_a_refused_delivery_is_tried_again_under_the_same_id(
    service: Notifier, status: FakeStatus, receiver: Receiver
) -> None:
    subscription = service.subscribe(receiver.url)
    receiver.script = [Reply(500, body=b"not now"), Reply(404)]

    status.record(milestone(1))

    first, second, third = receiver.wait_for(3)
    assert first.id == second.id == third.id
    assert first.body == third.body
    eventually(lambda: service.deliveries(subscription)[0]["state"] == "delivered")
    attempts = service.delivery(first.id)["attempts"]
    assert [(one["number"], one["status_code"], one["outcome"]) for one in attempts] == [
        (1, 500, "http_error"),
        (2, 404, "http_error"),
        (3, 204, "ok"),
    ]
    assert attempts[0]["response"] == "not now"
    assert attempts[0]["next_attempt_at"] is not None
    assert attempts[2]["next_attempt_at"] is None
