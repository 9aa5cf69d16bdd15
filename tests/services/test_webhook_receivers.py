"""Libraries by other people verify what we sign, and refuse what was tampered with: PyPI, npm and plain node crypto."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from treaty_events.catalogue import MILESTONES
from treaty_notifier.ed25519 import entry_of, public_bytes, public_text
from treaty_notifier.messages import FeedEvent, body
from treaty_notifier.webhook_signature import Signer, secret_text, webhook_headers

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


def with_node(sent: Iterable[Sent], *, library: str = "standardwebhooks") -> list[bool]:
    node = shutil.which("node")
    if node is None or not (RECEIVERS / "node_modules" / "svix").is_dir():
        pytest.skip("needs node, and npm ci in tests/receivers")
    lines = "".join(json.dumps({"library": library, **vars(one)}) + "\n" for one in sent)
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


# ---- the matrix: twelve cases, and what each receiver with each key must say -----------------------------------------
OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
SYMMETRIC = {"old secret": secret_text(OLD), "new secret": secret_text(NEW), "foreign secret": secret_text(FOREIGN)}
ASYMMETRIC = {
    name: public_text(public_bytes(seed))
    for name, seed in (("old key", OLD), ("new key", NEW), ("foreign key", FOREIGN))
}
BODY = '{"type":"treaty.threshold.reached","data":{}}'


@dataclass(frozen=True)
class Case:
    """``accepted`` names whose signature stands in the header and still holds."""

    accepted: set[str]
    secrets: tuple[bytes, ...] = ()
    keys: tuple[bytes, ...] = ()
    body: str = BODY
    age_seconds: int = 0
    is_reversed: bool = False
    arrives_as: str | None = None
    arrives_under: str = "msg_a"

    def sent(self, key: str) -> Sent:
        signer = Signer(self.secrets, keys=[entry_of(seed) for seed in self.keys])
        timestamp = int(time.time()) - self.age_seconds
        headers = signer.headers(webhook_id="msg_a", timestamp=timestamp, body=self.body.encode())
        if self.is_reversed:
            entries = headers["webhook-signature"].split(" ")
            headers["webhook-signature"] = " ".join(reversed(entries))
        return Sent(key, headers | {"webhook-id": self.arrives_under}, self.arrives_as or self.body)


CASES = {
    "plain": Case({"new secret"}, secrets=(NEW,)),
    "rotation": Case({"old secret", "new secret", "old key", "new key"}, secrets=(NEW, OLD), keys=(NEW, OLD)),
    "rotation, the other way round": Case({"old secret", "new secret"}, secrets=(NEW, OLD), is_reversed=True),
    "both schemes": Case({"new secret", "new key"}, secrets=(NEW,), keys=(NEW,)),
    "both schemes, the other way round": Case({"new secret", "new key"}, secrets=(NEW,), keys=(NEW,), is_reversed=True),
    "the key alone": Case({"new key"}, keys=(NEW,)),
    "an altered body": Case(set(), secrets=(NEW,), keys=(NEW,), arrives_as=BODY.replace("reached", "revoked")),
    "an altered id": Case(set(), secrets=(NEW,), keys=(NEW,), arrives_under="msg_b"),
    "six minutes old": Case(set(), secrets=(NEW,), keys=(NEW,), age_seconds=360),
    "six minutes ahead": Case(set(), secrets=(NEW,), keys=(NEW,), age_seconds=-360),
    "four minutes old": Case({"new secret", "new key"}, secrets=(NEW,), keys=(NEW,), age_seconds=240),
    "letters of every language": Case(
        {"new secret", "new key"}, secrets=(NEW,), keys=(NEW,), body='{"title":"Công ước 🖋 条約"}'
    ),
}


@pytest.mark.parametrize(
    ("receiver", "keys"),
    [
        (with_python, SYMMETRIC),
        (with_node, SYMMETRIC),
        (partial(with_node, library="svix"), SYMMETRIC),
        (partial(with_node, library="crypto"), ASYMMETRIC),
    ],
    ids=["PyPI standardwebhooks", "npm standardwebhooks", "npm svix", "node crypto"],
)
def test_each_receiver_accepts_exactly_what_was_signed_with_its_key(receiver: Verifier, keys: dict[str, str]) -> None:
    asked = [(name, case, holder) for name, case in CASES.items() for holder in keys]

    said = receiver(case.sent(keys[holder]) for _, case, holder in asked)

    expected = {(name, holder): holder in case.accepted for name, case, holder in asked}
    assert dict(zip(expected, said, strict=True)) == expected
