"""A receiver that reads the notifier's public keys from where they are published."""

import json
from pathlib import Path

import pytest

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, milestone
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.key_book import REST_SECONDS, KeyBook, KeysUnreadable
from treaty_notifier.listener import Believed, verdict
from treaty_notifier.proof import Trust
from treaty_notifier.webhook_signature import WebhookSignatureRefused

KEYS = "/.well-known/webhook-keys.json"


def test_a_key_made_since_is_found_in_the_set_and_forgers_make_nobody_ask_all_day(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    clock = 0.0
    book = KeyBook(Trust(), f"{running_notifier.client.base_url}{KEYS}", monotonic_seconds=lambda: clock)
    book.open()  # before there is any key
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    (webhook,) = receiver.wait_for(1)
    now = float(webhook.headers["webhook-timestamp"])

    with pytest.raises(WebhookSignatureRefused):
        book.proved_by(webhook.headers, webhook.body, now_seconds=now)
    clock += REST_SECONDS

    assert book.proved_by(webhook.headers, webhook.body, now_seconds=now) == (Scheme.V1A,)
    assert made["keys"][0]["public_key"].startswith("whpk_")


def test_the_keys_may_be_in_a_file_for_years(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver, tmp_path: Path
) -> None:
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    (webhook,) = receiver.wait_for(1)
    now = float(webhook.headers["webhook-timestamp"])
    file = tmp_path / "keys.json"
    file.write_text(running_notifier.client.get(KEYS).text)

    for believed, proved in (
        (Believed(key_set=str(file)), (Scheme.V1A,)),
        (Believed(public_keys=[made["keys"][0]["public_key"]]), (Scheme.V1A,)),
        (Believed(secrets=[made["secret"]]), (Scheme.V1,)),
        (Believed(secrets=[made["secret"]], key_set=str(file)), (Scheme.V1, Scheme.V1A)),
    ):
        found = verdict(webhook.headers, webhook.body, book=believed.book(), now_seconds=now)
        assert (found.word, found.proved_by, found.is_refusal) == ("verified", proved, False)
        altered = verdict(webhook.headers, webhook.body + b" ", book=believed.book(), now_seconds=now)
        assert altered.is_refusal
    assert Believed().book() is None
    assert verdict(webhook.headers, webhook.body, book=None, now_seconds=now).word == "unverified"


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"keys": 1}', json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519"}]})]
)
def test_where_there_is_no_key_set_that_is_said(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(KeysUnreadable, match="no key set"):
        Believed(key_set=str(file)).book()
    with pytest.raises(KeysUnreadable, match="no key set"):
        Believed(key_set="http://127.0.0.1:9/keys.json").book()
