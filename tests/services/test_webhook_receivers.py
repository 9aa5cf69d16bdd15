"""Two libraries by other people verify a webhook of every milestone, and refuse what was tampered with."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from treaty_events.catalogue import MILESTONES
from treaty_notifier.messages import FeedEvent, body
from treaty_notifier.webhook_signature import secret_text, webhook_headers

RECEIVERS = Path(__file__).parent.parent / "receivers"
SAMPLES = Path(__file__).parent.parent.parent / "events" / "samples"
SECRET, ANOTHER = secret_text(b"s" * 32), secret_text(b"t" * 32)
SECONDS = 60


@dataclass(frozen=True)
class Sent:
    """What a receiver holds: the secret it was given, and a request."""

    secret: str
    headers: dict[str, str]
    body: str


Verifier = Callable[[Iterable[Sent]], list[bool]]


def with_python(sent: Iterable[Sent]) -> list[bool]:
    return [_genuine(one) for one in sent]


def _genuine(one: Sent) -> bool:
    try:
        Webhook(one.secret).verify(one.body, one.headers)
    except WebhookVerificationError:
        return False
    return True


def with_node(sent: Iterable[Sent]) -> list[bool]:
    node = shutil.which("node")
    if node is None or not (RECEIVERS / "node_modules").is_dir():
        pytest.skip("needs node, and npm ci in tests/receivers")
    lines = "".join(json.dumps(vars(one)) + "\n" for one in sent)
    told = subprocess.run(
        [node, str(RECEIVERS / "verify.mjs")], input=lines, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return [line == "verified" for line in told.stdout.splitlines()]


def webhook(kind: str, *, sent_at: int | None = None) -> Sent:
    """A webhook of this type as it leaves the notifier."""
    event = FeedEvent(
        position=7,
        event_id="5a1f8a9e-4d1f-5c0e-9d55-6f3b7f0f2a11",
        type=kind,
        category="milestone",
        treaty="XVIII-16",
        livemode=True,
        recorded_at=datetime(2026, 11, 21, 10, 4, tzinfo=UTC),
        data=json.loads((SAMPLES / f"{kind}.json").read_text(encoding="utf-8")),
    )
    content = body(event)
    timestamp = int(time.time()) if sent_at is None else sent_at
    headers = webhook_headers(webhook_id="msg_a", timestamp=timestamp, body=content, secrets=[b"s" * 32])
    return Sent(SECRET, headers, content.decode())


both = pytest.mark.parametrize("verify", [with_python, with_node], ids=["PyPI", "npm"])


@both
def test_a_webhook_of_every_milestone_is_genuine(verify: Verifier) -> None:
    sent = [webhook(kind) for kind in MILESTONES]

    assert verify(sent) == [True] * len(sent)


@both
def test_a_wrong_secret_an_altered_body_an_altered_id_and_a_stale_timestamp_are_refused(verify: Verifier) -> None:
    good = webhook("treaty.threshold.reached")
    tampered = [
        replace(good, secret=ANOTHER),
        replace(good, body=good.body.replace("reached", "revoked")),
        replace(good, headers=good.headers | {"webhook-id": "msg_b"}),
        replace(good, headers=good.headers | {"webhook-timestamp": str(int(time.time()) - 1)}),
        webhook("treaty.threshold.reached", sent_at=int(time.time()) - 301),
        webhook("treaty.threshold.reached", sent_at=int(time.time()) + 400),
    ]

    assert verify([good, *tampered]) == [True, *[False] * len(tampered)]
