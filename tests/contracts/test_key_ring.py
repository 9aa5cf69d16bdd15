"""What the key ring promises, the same on SQLite, PostgreSQL and in memory."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from treaty_status.application.keys import Key, KeyNameTaken, KeyRing, MalformedKey, NoSuchKey, Scope
from treaty_status.store import open_engine, open_key_ring
from treaty_status.store.keys import REMEMBERED, DatabaseKeyRing

NOON = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def ring(log_dsn: str) -> Iterator[KeyRing]:
    ring = open_key_ring(log_dsn)
    yield ring
    ring.close()


def test_a_new_key_is_verified_by_its_secret(ring: KeyRing) -> None:
    key, secret = ring.create(name="treaty desk", scopes=[Scope.RECORD, Scope.DEFINE], now=NOON)

    assert key == Key(key.id, "treaty desk", frozenset({Scope.RECORD, Scope.DEFINE}), NOON)
    assert re.fullmatch(r"ts_[A-Za-z0-9_-]{43}", secret)
    assert ring.verify(secret) == key
    assert ring.verify(secret) == key


@pytest.mark.parametrize("stranger", ["", "ts_", "ts_" + "A" * 43, "ts_" + "é" * 43, "Bearer x", "ts_" + "A" * 100_000])
def test_a_secret_that_was_never_given_out_opens_nothing(ring: KeyRing, stranger: str) -> None:
    ring.create(name="desk", scopes=[Scope.RECORD], now=NOON)

    assert ring.verify(stranger) is None


def test_a_revoked_key_is_refused_at_once(ring: KeyRing) -> None:
    key, secret = ring.create(name="desk", scopes=[Scope.RECORD], now=NOON)
    other, other_secret = ring.create(name="other", scopes=[Scope.RECORD], now=NOON)
    assert ring.verify(secret) == key

    revoked = ring.revoke("desk", now=LATER)

    assert revoked.revoked_at == LATER
    assert ring.verify(secret) is None
    assert ring.verify(other_secret) == other


def test_a_key_is_revoked_by_its_id_too_and_once_only(ring: KeyRing) -> None:
    key, _ = ring.create(name="desk", scopes=[Scope.ADMIN], now=NOON)

    ring.revoke(key.id, now=LATER)

    assert ring.revoke("desk", now=LATER + timedelta(days=1)).revoked_at == LATER


def test_keys_are_listed_in_the_order_they_were_made(ring: KeyRing) -> None:
    hanoi = timezone(timedelta(hours=7))
    second, _ = ring.create(name="b", scopes=[Scope.SUBSCRIBE], now=LATER.astimezone(hanoi))
    first, _ = ring.create(name="a", scopes=[Scope.RECORD], now=NOON)

    assert ring.list() == [first, second]
    assert [key.created_at.tzinfo for key in ring.list()] == [UTC, UTC]


def test_a_name_is_given_once_even_after_revocation_because_events_bear_it(ring: KeyRing) -> None:
    ring.create(name="desk", scopes=[Scope.RECORD], now=NOON)
    ring.revoke("desk", now=LATER)

    with pytest.raises(KeyNameTaken, match="choose another"):
        ring.create(name="desk", scopes=[Scope.RECORD], now=LATER)
    assert len(ring.list()) == 1


@pytest.mark.parametrize("name", ["", " ", " desk", "a\nb", "x" * 65])
def test_a_name_must_be_one_that_people_can_read(ring: KeyRing, name: str) -> None:
    with pytest.raises(MalformedKey):
        ring.create(name=name, scopes=[Scope.RECORD], now=NOON)


def test_a_key_without_a_scope_is_refused(ring: KeyRing) -> None:
    with pytest.raises(MalformedKey, match="record, define, subscribe, admin"):
        ring.create(name="desk", scopes=[], now=NOON)


def test_revoking_a_key_that_does_not_exist_is_refused_without_repeating_a_pasted_secret(ring: KeyRing) -> None:
    _, secret = ring.create(name="desk", scopes=[Scope.RECORD], now=NOON)

    with pytest.raises(NoSuchKey, match="'nobody'"):
        ring.revoke("nobody", now=NOON)
    with pytest.raises(NoSuchKey) as refusal:
        ring.revoke(secret, now=NOON)
    assert secret not in str(refusal.value)


def test_an_administrator_may_everything_and_a_recorder_only_record() -> None:
    admin = Key("key_1", "admin", frozenset({Scope.ADMIN}), NOON)
    recorder = Key("key_2", "recorder", frozenset({Scope.RECORD}), NOON)

    assert all(admin.may(scope) for scope in Scope)
    assert [scope for scope in Scope if recorder.may(scope)] == [Scope.RECORD]
    assert not Key("key_3", "gone", frozenset(Scope), NOON, LATER).may(Scope.RECORD)


def test_keys_outlive_the_process_and_their_secrets_are_not_kept(
    database_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    first = open_key_ring(database_dsn)
    key, secret = first.create(name="desk", scopes=[Scope.RECORD], now=NOON)
    first.close()

    again = open_key_ring(database_dsn)
    assert again.verify(secret) == key
    again.close()
    engine = open_engine(database_dsn)
    with engine.connect() as connection:
        stored = repr(connection.exec_driver_sql("SELECT * FROM api_key").all())
    engine.dispose()
    assert "desk" in stored
    assert secret not in stored + caplog.text + repr(key)
    assert secret.removeprefix("ts_") not in stored + caplog.text


def test_a_key_revoked_by_another_process_is_refused_within_five_seconds(database_dsn: str) -> None:
    seconds = [100.0]
    here = DatabaseKeyRing(open_engine(database_dsn), clock=lambda: seconds[0])
    there = open_key_ring(database_dsn)
    key, secret = here.create(name="desk", scopes=[Scope.RECORD], now=NOON)
    assert here.verify(secret) == key

    there.revoke("desk", now=LATER)
    seconds[0] += REMEMBERED

    assert REMEMBERED <= 5
    assert here.verify(secret) is None
    here.close()
    there.close()
