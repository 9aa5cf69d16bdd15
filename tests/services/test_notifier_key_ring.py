"""Secrets at rest, fields of the subscriber's own, and answers that are not kept for ever."""

import base64
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from standardwebhooks import Webhook

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, Reply, eventually, milestone, notifier
from treaty_notifier.custom_headers import checked_headers
from treaty_notifier.errors import HeaderRefused
from treaty_notifier.key_ring import ring_keys
from treaty_notifier.outbox import SqlOutbox
from treaty_notifier.sealed_box import KeyRingLacksKey, RingBox
from treaty_notifier.service import open_outbox
from treaty_notifier.settings import Settings

OLD, NEW = (base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))


def box(*keys: str) -> RingBox:
    return RingBox(ring_keys(" ".join(keys)), new_nonce=lambda size: b"x" * size)


@given(secret=st.binary(min_size=1, max_size=100))
def test_what_was_sealed_is_opened_by_its_key_wherever_on_the_ring_it_hangs(secret: bytes) -> None:
    sealed = box(OLD).seal(secret, place="a")

    assert secret not in sealed or len(secret) < 4
    assert box(NEW, OLD).open(sealed, place="a") == secret
    assert box(NEW).open(box(NEW, OLD).renewed(sealed, place="a"), place="a") == secret
    assert box(OLD).renewed(sealed, place="a") == sealed


@given(secret=st.binary(min_size=24, max_size=64))
def test_what_was_stored_before_there_was_a_ring_is_read_as_it_is(secret: bytes) -> None:
    assert box(NEW).open(secret, place="a") == secret
    assert box().seal(secret, place="a") == secret
    assert box(NEW).open(box(NEW).renewed(secret, place="a"), place="a") == secret


def test_without_its_key_or_altered_it_is_refused_and_never_guessed() -> None:
    sealed = box(OLD).seal(b"s" * 32, place="a")

    for ring in (box(), box(NEW)):
        with pytest.raises(KeyRingLacksKey, match="not on the ring"):
            ring.open(sealed, place="a")
    with pytest.raises(KeyRingLacksKey, match="altered"):
        box(OLD).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), place="a")


def test_a_secret_that_was_moved_to_another_row_does_not_open_there() -> None:
    sealed = box(OLD).seal(b"s" * 32, place="secrets/sub_a/1")

    for elsewhere in ("secrets/sub_b/1", "secrets/sub_a/2", "headers/sub_a"):
        with pytest.raises(KeyRingLacksKey, match="moved to another row"):
            box(OLD).open(sealed, place=elsewhere)


def test_what_an_earlier_release_sealed_for_no_place_opens_and_is_bound_at_the_next_start() -> None:
    key, nonce = base64.b64decode(OLD), b"x" * 12
    name = box(OLD).seal(b"", place="")[5:13]
    earlier = b"tnk1:" + name + nonce + AESGCM(key).encrypt(nonce, b"s" * 32, b"tnk1:")

    assert box(OLD).open(earlier, place="secrets/sub_a/1") == b"s" * 32
    bound = box(OLD).renewed(earlier, place="secrets/sub_a/1")

    assert bound != earlier
    assert box(OLD).open(bound, place="secrets/sub_a/1") == b"s" * 32
    with pytest.raises(KeyRingLacksKey):
        box(OLD).open(bound, place="secrets/sub_b/1")


def test_whoever_writes_to_the_database_cannot_make_one_endpoint_trust_anothers_secret(
    tmp_path: Path, fake_status: FakeStatus, receiver: Receiver
) -> None:
    """Else the owner of one subscription could have another's webhooks signed with a secret that he knows."""
    file = tmp_path / "notifier.db"
    settings = Settings(database=f"sqlite:///{file}", keyring=SecretStr(OLD))
    with notifier(settings.database, fake_status, keyring=OLD) as service:
        mine, yours = (service.subscribe(receiver.url, headers={"x-desk": name}) for name in ("mine", "yours"))
    for table, column in (("secrets", "sealed"), ("dossiers", "headers"), ("dossiers", "signing_keys")):
        copy = tmp_path / f"{table}-{column}.db"
        shutil.copy(file, copy)
        with sqlite3.connect(copy) as connection:
            taken = f"(SELECT {column} FROM {table} WHERE subscription_id = ?)"
            connection.execute(
                f"UPDATE {table} SET {column} = {taken} WHERE subscription_id = ?", (mine["id"], yours["id"])
            )
        connection.close()
        with pytest.raises(KeyRingLacksKey, match=yours["id"]):
            open_outbox(settings.model_copy(update={"database": f"sqlite:///{copy}"}))


@pytest.mark.parametrize("text", ["abc", base64.b64encode(b"k" * 31).decode(), f"{OLD},é"])
def test_a_key_of_the_ring_is_32_bytes(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        ring_keys(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"Host": "internal"},
        {"content-length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"webhook-id": "msg_x"},
        {"Proxy-Authorization": "x"},
        {"Signature-Input": "x"},
        {"content-type": "text/plain"},
        {"connection": "close"},
        {"x-a": "one\r\nx-b: two"},
        {"x-a": "\0"},
        {"x-a": ""},
        {"x-a": " led by a space"},
        {"x a": "1"},
        {"x-é": "1"},
        {"x-a": "é"},
        {"x-a": "1", "X-A": "2"},
        {f"x-{number}": "1" for number in range(21)},
        {"x-a": "a" * 2001},
        {f"x-{number}": "a" * 1900 for number in range(3)},
    ],
)
def test_a_field_that_frames_the_request_or_is_the_notifiers_own_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(HeaderRefused):
        checked_headers(fields)


def test_fields_of_the_subscribers_own_go_on_every_webhook_and_are_not_read_back(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url, headers={"Authorization": "Bearer of-the-gateway", "X-Desk": "7"})
    path = f"/v1/subscriptions/{made['id']}"
    fake_status.record(milestone(1))
    (first,) = receiver.wait_for(1)
    changed = running_notifier.call("PATCH", path, json={"headers": {}}).json()
    fake_status.record(milestone(2))
    second = receiver.wait_for(2)[1]

    assert (first.headers["authorization"], first.headers["x-desk"]) == ("Bearer of-the-gateway", "7")
    assert made["header_names"] == ["authorization", "x-desk"]
    assert "of-the-gateway" not in running_notifier.call("GET", path).text
    assert changed["header_names"] == []
    assert "x-desk" not in second.headers
    refused = running_notifier.call("PATCH", path, json={"headers": {"webhook-id": "x"}})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/header-refused")


def test_the_database_holds_no_secret_once_there_is_a_ring_and_the_ring_turns(
    tmp_path: Path, fake_status: FakeStatus, receiver: Receiver
) -> None:
    file = tmp_path / "notifier.db"
    dsn = f"sqlite:///{file}"
    with notifier(dsn, fake_status) as service:
        made = service.subscribe(receiver.url, headers={"x-token": "token-of-the-gateway"})
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    assert secret in rows(file)  # the control: without a ring it lies open

    for ring in (OLD, f"{NEW},{OLD}", NEW):
        with notifier(dsn, fake_status, keyring=ring) as service:
            service.call("POST", f"/v1/subscriptions/{made['id']}/test")
            webhook = receiver.wait_for(len(receiver.received) + 1)[-1]
            Webhook(made["secret"]).verify(webhook.body, webhook.headers)
            assert webhook.headers["x-token"] == "token-of-the-gateway"
        held = rows(file)
        assert secret not in held
        assert secret.hex().encode() not in held
        assert b"token-of-the-gateway" not in held
        assert b"token-of-the-gateway".hex().encode() not in held


def test_a_start_without_the_key_that_sealed_is_refused(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status, keyring=OLD) as service:
        service.subscribe(receiver.url)

    for ring in ("", NEW):
        with pytest.raises(KeyRingLacksKey, match="put it back behind the current one"):
            open_outbox(Settings(database=sqlite_dsn, keyring=SecretStr(ring)))
    open_outbox(Settings(database=sqlite_dsn, keyring=SecretStr(f"{NEW} {OLD}"))).close()


def rows(file: Path) -> bytes:
    """Everything that the tables say now; pages that were let go of are the file system's matter."""
    with sqlite3.connect(file) as connection:
        found = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("secrets", "dossiers")]
    connection.close()
    return b"\n".join(
        value if isinstance(value, bytes) else str(value).encode() for table in found for row in table for value in row
    )


def test_answers_are_forgotten_after_their_time_and_what_was_attempted_is_not(
    running_notifier: Notifier, sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.usual = Reply(200, body=b"a stranger's words")
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    receiver.wait_for(1)
    eventually(lambda: running_notifier.deliveries(subscription)[0]["state"] == "delivered")
    delivery = running_notifier.deliveries(subscription)[0]["id"]
    assert running_notifier.delivery(delivery)["attempts"][0]["response"] == "a stranger's words"

    beside = SqlOutbox(sqlite_dsn, new_key=b"k" * 32, clock=lambda: datetime.now(UTC))
    assert beside.forget_answers(before=datetime.now(UTC) - timedelta(days=1), limit=10) == 0
    assert beside.forget_answers(before=datetime.now(UTC) + timedelta(days=1), limit=10) == 1
    assert beside.forget_answers(before=datetime.now(UTC) + timedelta(days=1), limit=10) == 0
    beside.close()

    (attempt,) = running_notifier.delivery(delivery)["attempts"]
    assert (attempt["response"], attempt["status_code"], attempt["outcome"]) == ("", 200, "ok")


def test_an_attempt_says_where_its_time_went(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    for number in (1, 2):
        fake_status.record(milestone(number))
        receiver.wait_for(number)
        eventually(lambda: {one["state"] for one in running_notifier.deliveries(subscription)} == {"delivered"})
    second, first = (
        running_notifier.delivery(one["id"])["attempts"][0]["phases"]
        for one in running_notifier.deliveries(subscription)
    )

    assert (first["is_kept"], second["is_kept"]) == (False, True)
    assert first["dns_ms"] >= 0
    assert first["connect_ms"] >= 0
    assert first["first_byte_ms"] >= 0
    assert (second["dns_ms"], second["connect_ms"], first["tls_ms"], first["tls_version"]) == (None,) * 4
