"""The demonstration's receiver believes what the holder of the secret sent, and nothing else."""

import json
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from treaty_status.demo.receiver import Arrived, Receiver, is_genuine
from treaty_status.demo.services import port_near

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 21, 10, 4, tzinfo=UTC)
BODY = '{"type":"treaty.threshold.reached","data":{"treaty":"XVIII-16~a1b2c3"}}'


def headers(*, at: datetime = NOW, body: str = BODY) -> dict[str, str]:
    """What a stranger's library puts on a webhook."""
    return {
        "webhook-id": "msg_a",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_a", at, body),
    }


def genuine(given: dict[str, str], *, body: str = BODY, secret: str = SECRET) -> bool:
    return is_genuine(given, body.encode(), secret=secret, now_seconds=NOW.timestamp())


def test_what_a_stranger_signed_is_genuine() -> None:
    assert genuine(headers())


def test_during_a_rotation_one_of_two_signatures_is_enough() -> None:
    given = headers()

    assert genuine(given | {"webhook-signature": f"v1,AAAA {given['webhook-signature']}"})


@pytest.mark.parametrize(
    ("given", "body", "secret"),
    [
        (headers(), BODY + " ", SECRET),
        (headers(), BODY, "whsec_" + "A" * 32),
        (headers() | {"webhook-id": "msg_b"}, BODY, SECRET),
        (headers() | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY, SECRET),
        (headers() | {"webhook-timestamp": "soon"}, BODY, SECRET),
        (headers(at=NOW - timedelta(seconds=301)), BODY, SECRET),
        (headers(at=NOW + timedelta(seconds=301)), BODY, SECRET),
        ({}, BODY, SECRET),
    ],
    ids=["body", "secret", "id", "timestamp", "no time", "stale", "early", "unsigned"],
)
def test_what_was_altered_or_is_not_of_now_is_refused(given: dict[str, str], body: str, secret: str) -> None:
    assert not genuine(given, body=body, secret=secret)


def send(url: str, *, at: datetime, signature: str | None = None) -> int:
    given = headers(at=at)
    request = urllib.request.Request(
        url, data=BODY.encode(), headers=given | ({"webhook-signature": signature} if signature else {})
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def test_it_tells_each_webhook_once_and_answers_401_to_a_forgery() -> None:
    told: list[Arrived] = []
    now = datetime.now(UTC)
    with Receiver(told.append) as receiver:
        receiver.trust(SECRET)
        answers = [send(receiver.url, at=now), send(receiver.url, at=now), send(receiver.url, at=now, signature="v1,A")]
        assert receiver.has("treaty.threshold.reached", within_seconds=0)
        assert not receiver.has("treaty.entry_into_force.reached", within_seconds=0)

    good = Arrived("msg_a", verified=True, type="treaty.threshold.reached", data=json.loads(BODY)["data"])
    assert answers == [204, 204, 401]
    assert told == [good, replace(good, verified=False, type="?", data={})]


def test_a_forgery_that_comes_first_does_not_hide_the_webhook_itself() -> None:
    told: list[Arrived] = []
    now = datetime.now(UTC)
    with Receiver(told.append) as receiver:
        receiver.trust(SECRET)
        send(receiver.url, at=now, signature="v1,A")
        send(receiver.url, at=now)
        assert receiver.has("treaty.threshold.reached", within_seconds=0)
        assert receiver.verified == 1


def test_zero_means_any_free_port() -> None:
    assert port_near(0, usual=8000) > 0
    assert port_near(4711, usual=8000) == 4711
