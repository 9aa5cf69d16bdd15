"""Libraries by other people verify what we sign, and refuse what was tampered with: PyPI, npm and plain node crypto."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from benchmarks.receivers import main

from tests.receivers.matrix import (
    CASES,
    EXPECTED,
    RECEIVERS,
    NoReceiver,
    Sent,
    Verifier,
    expected,
    said,
    with_node,
    with_python,
)
from treaty_events.catalogue import MILESTONES
from treaty_notifier.messages import FeedEvent, body
from treaty_notifier.webhook_signature import secret_text, webhook_headers

P = ParamSpec("P")
R = TypeVar("R")
SAMPLES = Path(__file__).parent.parent.parent / "events" / "samples"
SECRET, ANOTHER = secret_text(b"s" * 32), secret_text(b"t" * 32)


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


@pytest.fixture(params=[with_python, with_node], ids=["PyPI", "npm"])
def verify(request: pytest.FixtureRequest) -> Verifier:
    return or_skipped(request.param)


def or_skipped(ask: Callable[P, R]) -> Callable[P, R]:
    """Skips where the machine lacks what the receiver is written in."""

    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(*args, **kwargs)
        except NoReceiver as reason:
            pytest.skip(str(reason))

    return asked


def test_a_webhook_of_every_milestone_is_genuine(verify: Verifier) -> None:
    sent = [webhook(kind) for kind in MILESTONES]

    assert verify(sent) == [True] * len(sent)


def test_a_wrong_secret_an_altered_body_an_altered_id_and_a_stale_timestamp_are_refused(verify: Verifier) -> None:
    good = webhook("treaty.threshold.reached")
    tampered = [
        replace(good, key=ANOTHER),
        replace(good, body=good.body.replace("reached", "revoked")),
        replace(good, headers=good.headers | {"webhook-id": "msg_b"}),
        replace(good, headers=good.headers | {"webhook-timestamp": str(int(time.time()) - 1)}),
        webhook("treaty.threshold.reached", sent_at=int(time.time()) - 301),
        webhook("treaty.threshold.reached", sent_at=int(time.time()) + 400),
    ]

    assert verify([good, *tampered]) == [True, *[False] * len(tampered)]


# ---- the matrix ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_each_receiver_accepts_exactly_what_was_signed_with_its_key(receiver: str) -> None:
    scheme, _ = RECEIVERS[receiver]

    assert or_skipped(said)(receiver) == expected(scheme)


def test_every_case_is_expected_something_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert {case for case, _ in expected("v1")} == set(CASES)

    assert main() == 0

    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("13 cases x 7 receivers x 3 keys: ")
    met, _, asked, *_ = told.split(": ")[1].split()
    assert met == asked


def test_a_wrong_expectation_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.receivers.matrix.EXPECTED", EXPECTED.replace(" - ", " ok ", 1))

    assert main() == 1
