"""The service's own keys: v1a beside v1, published, rotated, and chosen."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from standardwebhooks import Webhook

from tests.services.notifier_world import FakeStatus, Notifier, Received, Receiver, milestone, notifier
from treaty_notifier.ed25519 import entry_of, is_genuine, jwk, key_name, keys_of, public_bytes, public_key, public_text


def entries(webhook: Received) -> list[str]:
    return webhook.headers["webhook-signature"].split(" ")


def signed_by(webhook: Received, whpk: str) -> bool:
    signed = f"{webhook.id}.{webhook.headers['webhook-timestamp']}.".encode() + webhook.body
    return any(is_genuine(public_key(whpk), signed=signed, entry=entry) for entry in entries(webhook))


def test_the_first_vector_of_rfc_8032_comes_out() -> None:
    # Source: RFC 8032, section 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b"
    )

    assert public_bytes(seed) == public
    assert entry_of(seed)(b"") == "v1a," + base64.b64encode(bytes.fromhex(signature)).decode()


def test_the_key_and_its_name_are_those_of_rfc_8037() -> None:
    # Source: RFC 8037, appendices A.2 and A.3.
    public = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")

    assert jwk(public)["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key_name(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(seed=st.binary(min_size=32, max_size=32), signed=st.binary(max_size=200), other=st.binary(max_size=200))
def test_a_signature_holds_for_what_was_signed_and_for_nothing_else(seed: bytes, signed: bytes, other: bytes) -> None:
    public, entry = public_bytes(seed), entry_of(seed)(signed)

    assert is_genuine(public, signed=signed, entry=entry)
    assert is_genuine(public, signed=other, entry=entry) == (other == signed)
    assert not is_genuine(public, signed=signed, entry=entry.replace("v1a,", "v1,"))
    assert public_key(public_text(public)) == public
    assert Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() == public


@pytest.mark.parametrize("given_text", ["whpk_", "whpk_AAAA", "whpk_é", "whsec_" + "A" * 44])
def test_what_is_no_public_key_is_refused(given_text: str) -> None:
    with pytest.raises(ValueError, match="public key"):
        public_key(given_text)


def test_a_webhook_carries_both_signatures_and_the_key_is_published(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    (webhook,) = receiver.wait_for(1)

    assert [entry.partition(",")[0] for entry in entries(webhook)] == ["v1", "v1a"]
    Webhook(subscription["secret"]).verify(webhook.body, webhook.headers)
    (key,) = subscription["keys"]
    assert key["valid_until"] is None
    assert signed_by(webhook, key["public_key"])
    answer = running_notifier.client.get("/.well-known/webhook-keys.json")
    assert answer.json() == {"keys": [jwk(public_key(key["public_key"]))]}
    assert [one["kid"] for one in answer.json()["keys"]] == [key["kid"]]


def test_a_subscriber_chooses_how_its_webhooks_are_signed(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url, signatures=["v1a"])
    fake_status.record(milestone(1))
    (first,) = receiver.wait_for(1)
    path = f"/v1/subscriptions/{subscription['id']}"
    changed = running_notifier.call("PATCH", path, json={"signatures": ["v1"]}).json()
    fake_status.record(milestone(2))
    second = receiver.wait_for(2)[1]

    assert [entry.partition(",")[0] for entry in entries(first)] == ["v1a"]
    assert signed_by(first, subscription["keys"][0]["public_key"])
    assert changed["signatures"] == ["v1"]
    assert [entry.partition(",")[0] for entry in entries(second)] == ["v1"]
    assert running_notifier.call("PATCH", path, json={"signatures": []}).status_code == 422


def test_a_rotated_key_overlaps_with_the_one_before_and_then_ends(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}"
    first = subscription["keys"][0]["public_key"]
    rotated = running_notifier.call("POST", f"{path}/key/rotate").json()
    fake_status.record(milestone(1))
    (overlapping,) = receiver.wait_for(1)
    second, third = (
        rotated["keys"][0]["public_key"],
        running_notifier.call("POST", f"{path}/key/rotate", json={"overlap_seconds": 0}).json()["keys"][0][
            "public_key"
        ],
    )
    fake_status.record(milestone(2))
    alone = receiver.wait_for(2)[1]

    assert [key["public_key"] for key in rotated["keys"]] == [second, first]
    assert rotated["keys"][1]["valid_until"] == rotated["previous_valid_until"]
    assert signed_by(overlapping, first)
    assert signed_by(overlapping, second)
    assert signed_by(alone, third)
    assert not signed_by(alone, second)
    assert signed_by(alone, first)  # as long as was told
    assert [one["public_key"] for one in running_notifier.call("GET", path).json()["keys"]] == [third, first]
    assert len(running_notifier.client.get("/.well-known/webhook-keys.json").json()["keys"]) == 2


def test_no_cache_keeps_an_answer_that_holds_a_secret_and_the_sixth_at_once_is_refused(
    running_notifier: Notifier, receiver: Receiver
) -> None:
    created = running_notifier.call("POST", "/v1/subscriptions", json={"url": receiver.url})
    path = f"/v1/subscriptions/{created.json()['id']}"
    rotations = [running_notifier.call("POST", f"{path}/secret/rotate") for _ in range(5)]

    assert [one.status_code for one in (created, *rotations)] == [201, 200, 200, 200, 200, 409]
    assert {one.headers.get("cache-control") for one in (created, *rotations[:4])} == {"no-store"}
    assert rotations[4].json()["type"].endswith("rotation-refused")
    assert rotations[0].json()["previous_valid_until"] in rotations[4].json()["detail"]


def test_what_was_kept_is_verified_with_a_key_that_is_published_though_it_signs_no_more(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path, retired = f"/v1/subscriptions/{subscription['id']}", "/.well-known/retired-webhook-keys.json"
    fake_status.record(milestone(1))
    (kept,) = receiver.wait_for(1)
    rotated = running_notifier.call("POST", f"{path}/key/rotate", json={"overlap_seconds": 0}).json()
    (first,) = running_notifier.client.get(retired).json()["keys"]
    running_notifier.call("DELETE", path)
    answer = running_notifier.client.get(retired)
    page = running_notifier.client.get(retired, params={"limit": 1})

    assert signed_by(kept, public_text(keys_of({"keys": [first]})[0]))
    assert first["retired_at"] == rotated["previous_valid_until"]
    assert running_notifier.client.get("/.well-known/webhook-keys.json").json() == {"keys": []}
    by_kid = sorted(answer.json()["keys"], key=lambda one: str(one["kid"]))
    assert answer.json()["keys"] == by_kid
    assert {one["kid"] for one in by_kid} == {first["kid"], rotated["keys"][0]["kid"]}
    assert running_notifier.client.get(page.links["next"]["url"]).json()["keys"] == by_kid[1:]


def test_a_key_is_rotated_by_its_owner_only(running_notifier: Notifier, receiver: Receiver) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}/key/rotate"

    assert running_notifier.call("POST", path, key="ts_other").status_code == 404


def test_a_subscription_of_an_earlier_release_gets_its_key_at_the_next_start(
    tmp_path: Path, fake_status: FakeStatus, receiver: Receiver
) -> None:
    dsn = f"sqlite:///{tmp_path / 'notifier.db'}"
    with notifier(dsn, fake_status) as service:
        subscription = service.subscribe(receiver.url)
    engine = create_engine(dsn)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE dossiers"))  # as the release before left it
    engine.dispose()

    with notifier(dsn, fake_status) as service:
        (key,) = service.call("GET", f"/v1/subscriptions/{subscription['id']}").json()["keys"]
        service.call("POST", f"/v1/subscriptions/{subscription['id']}/test")
        (webhook,) = receiver.wait_for(1)

    assert signed_by(webhook, key["public_key"])
    Webhook(subscription["secret"]).verify(webhook.body, webhook.headers)
