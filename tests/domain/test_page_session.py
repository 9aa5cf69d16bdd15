"""Whoever signed in to the pages is known by a sealed cookie, for eight hours and to these notifiers alone."""

from datetime import UTC, datetime, timedelta

from treaty_notifier.page_session import GOOD_FOR, opened_session, sealed_session

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY, NONCE = b"k" * 32, b"n" * 12


def test_a_session_is_opened_by_the_same_notifier_until_its_time_is_up() -> None:
    value = sealed_session("Bearer ts_x", instance_key=KEY, until=NOON + GOOD_FOR, nonce=NONCE)

    assert "ts_x" not in value
    assert opened_session(value, instance_key=KEY, now=NOON) == "Bearer ts_x"
    assert opened_session(value, instance_key=KEY, now=NOON + GOOD_FOR - timedelta(seconds=1)) == "Bearer ts_x"
    assert opened_session(value, instance_key=KEY, now=NOON + GOOD_FOR) is None


def test_what_is_altered_cut_or_another_notifier_s_opens_nothing() -> None:
    value = sealed_session("Bearer ts_x", instance_key=KEY, until=NOON + GOOD_FOR, nonce=NONCE)

    assert opened_session(value, instance_key=b"o" * 32, now=NOON) is None
    for place in range(0, len(value), 7):
        other = "A" if value[place] != "A" else "B"
        assert opened_session(value[:place] + other + value[place + 1 :], instance_key=KEY, now=NOON) is None
        assert opened_session(value[:place], instance_key=KEY, now=NOON) is None
    for nonsense in ("", "é", "=" * 40, "\x00"):
        assert opened_session(nonsense, instance_key=KEY, now=NOON) is None
