"""Standard Webhooks, pinned by a known vector and read by a stranger's verifier."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from treaty_notifier.proof import Trust, proved_by
from treaty_notifier.webhook_signature import (
    WebhookSignatureRefused,
    secret_bytes,
    secret_text,
    webhook_headers,
    webhook_signature,
)

OLD, NEW = b"o" * 32, b"n" * 32
BODY = '{"type":"treaty.threshold.reached","data":{"title":"Công ước 🖋"}}'.encode()


def signed(*secrets: bytes, body: bytes = BODY) -> dict[str, str]:
    return webhook_headers(webhook_id="msg_a", timestamp=int(datetime.now(UTC).timestamp()), body=body, secrets=secrets)


def test_the_vector_of_the_specification_comes_out() -> None:
    # Source: standard-webhooks, libraries' shared test vector.
    signature = webhook_signature(
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
        secrets=[secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_stranger_verifies_it() -> None:
    Webhook(secret_text(NEW)).verify(BODY, signed(NEW))


@given(st.text(max_size=200), st.binary(min_size=24, max_size=64))
def test_a_stranger_verifies_any_text_under_any_secret(text: str, secret: bytes) -> None:
    body = text.encode("utf-8", "replace")

    Webhook(secret_text(secret)).verify(body, signed(secret, body=body), json_parse=False)


def test_while_a_rotation_overlaps_either_secret_verifies() -> None:
    headers = signed(NEW, OLD)

    Webhook(secret_text(NEW)).verify(BODY, headers)
    Webhook(secret_text(OLD)).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(b"x" * 32)).verify(BODY, headers)


def test_what_was_altered_or_is_old_is_refused_by_a_stranger_and_by_us() -> None:
    good = signed(NEW)
    old = str(int(good["webhook-timestamp"]) - 301)
    for secret, body, headers in (
        (OLD, BODY, good),
        (NEW, BODY + b" ", good),
        (NEW, BODY, good | {"webhook-id": "msg_b"}),
        (NEW, BODY, good | {"webhook-timestamp": old}),
        (NEW, BODY, good | {"webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret_text(secret)).verify(body, headers)
        with pytest.raises(WebhookSignatureRefused):
            ours(headers, body=body, secret=secret)


def test_our_own_verifier_accepts_what_a_stranger_signed() -> None:
    now = datetime.now(UTC)
    signature = Webhook(secret_text(NEW)).sign("msg_a", now, BODY.decode())
    headers = {
        "webhook-id": "msg_a",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1a,AAAA v1,AAAA {signature}",
    }

    ours(headers, body=BODY, secret=NEW)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "٣"])
def test_a_timestamp_that_is_no_whole_number_is_refused(timestamp: str) -> None:
    with pytest.raises(WebhookSignatureRefused, match="whole number"):
        ours(signed(NEW) | {"webhook-timestamp": timestamp}, body=BODY, secret=NEW)


@pytest.mark.parametrize("text", ["whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", secret_text(b"x" * 65), "ключ"])
def test_a_secret_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        secret_bytes(text)


def test_a_secret_reads_back() -> None:
    assert secret_bytes(secret_text(NEW)) == NEW


def ours(headers: dict[str, str], *, body: bytes, secret: bytes) -> None:
    proved_by(headers, body, trust=Trust(secrets=(secret,)), now_seconds=datetime.now(UTC).timestamp())
