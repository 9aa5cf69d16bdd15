"""What the log promises, the same on SQLite, PostgreSQL and in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from treaty_events import stream_of
from treaty_status.application.event_log import EventLog, KeyTaken, LoggedEvent, NewEvent, Reply, VersionConflict
from treaty_status.store import UnknownDatabase, open_log

HANOI = stream_of("XVIII-16")
ROME = stream_of("XVIII-10")


def act(stream: UUID, version: int, body: bytes = b'{"participant":"fji"}') -> NewEvent:
    return NewEvent(stream, version, "treaty.consent.recorded", body)


def acts(stream: UUID, first: int, last: int) -> list[NewEvent]:
    return [act(stream, version) for version in range(first, last + 1)]


def answer(key: str, *, fingerprint: str = "0" * 64) -> Reply:
    at = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
    return Reply(key, fingerprint, HANOI, 1, b'{"warnings":[]}', at)


def versions(events: Sequence[LoggedEvent]) -> list[tuple[UUID, int]]:
    return [(event.stream, event.version) for event in events]


def test_a_new_log_is_empty(event_log: EventLog) -> None:
    assert event_log.head() == 0
    assert event_log.read(after=0, limit=10) == []
    assert event_log.read_stream(HANOI) == []
    assert event_log.reply("nobody") is None


def test_what_was_appended_is_read_back_in_the_order_given(event_log: EventLog) -> None:
    positions = event_log.append(
        [act(HANOI, 1, b'{"n":1}'), act(ROME, 1), act(HANOI, 2, '{"name":"Việt Nam"}'.encode())]
    )
    later = event_log.append([act(ROME, 2)])

    everything = event_log.read(after=0, limit=10)
    assert [event.position for event in everything] == [*positions, *later]
    assert sorted(positions + later) == positions + later
    assert versions(everything) == [(HANOI, 1), (ROME, 1), (HANOI, 2), (ROME, 2)]
    assert [event.body for event in event_log.read_stream(HANOI)] == [b'{"n":1}', '{"name":"Việt Nam"}'.encode()]
    assert event_log.head() == later[-1]


def test_reading_goes_on_after_a_position_or_a_version(event_log: EventLog) -> None:
    positions = event_log.append(acts(HANOI, 1, 5))

    assert [event.version for event in event_log.read(after=positions[1], limit=2)] == [3, 4]
    assert event_log.read(after=positions[-1], limit=10) == []
    assert event_log.read(after=0, limit=0) == []
    assert versions(event_log.read_stream(HANOI, after=3)) == [(HANOI, 4), (HANOI, 5)]


def test_a_version_that_is_taken_refuses_the_whole_batch(event_log: EventLog) -> None:
    event_log.append(acts(HANOI, 1, 2))

    with pytest.raises(VersionConflict) as refusal:
        event_log.append([act(ROME, 1), act(HANOI, 2)], [answer("k")])

    assert refusal.value.streams == {HANOI}
    assert versions(event_log.read(after=0, limit=10)) == [(HANOI, 1), (HANOI, 2)]
    assert event_log.reply("k") is None


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param([act(HANOI, 4)], id="past the stream"),
        pytest.param([act(HANOI, 3), act(HANOI, 5)], id="inside the batch"),
        pytest.param([act(HANOI, 4), act(HANOI, 3)], id="backwards"),
        pytest.param([act(HANOI, 3), act(HANOI, 3)], id="twice"),
        pytest.param([act(ROME, 2)], id="a stream without a beginning"),
        pytest.param([act(ROME, 0)], id="before the beginning"),
    ],
)
def test_a_version_may_not_be_skipped(event_log: EventLog, batch: list[NewEvent]) -> None:
    event_log.append(acts(HANOI, 1, 2))

    with pytest.raises(VersionConflict) as refusal:
        event_log.append(batch)

    assert refusal.value.streams == {batch[0].stream}
    assert len(event_log.read(after=0, limit=10)) == 2


def test_after_a_refusal_the_log_goes_on(event_log: EventLog) -> None:
    event_log.append([act(HANOI, 1)])
    with pytest.raises(VersionConflict):
        event_log.append([act(HANOI, 3)])

    event_log.append([act(HANOI, 2)])

    assert versions(event_log.read_stream(HANOI)) == [(HANOI, 1), (HANOI, 2)]


def test_a_reply_is_kept_with_the_events_it_answers_for(event_log: EventLog) -> None:
    event_log.append([act(HANOI, 1)], [answer("key of Fiji"), answer("key of Palau")])
    event_log.append([], [answer("nothing was written")])

    assert event_log.reply("key of Fiji") == answer("key of Fiji")
    assert event_log.reply("nothing was written") == answer("nothing was written")
    assert event_log.head() == 1


def test_an_idempotency_key_is_good_for_one_reply(event_log: EventLog) -> None:
    event_log.append([act(HANOI, 1)], [answer("k")])

    with pytest.raises(KeyTaken) as refusal:
        event_log.append([act(HANOI, 2)], [answer("new"), answer("k", fingerprint="f" * 64)])

    assert refusal.value.keys == {"k"}
    assert event_log.reply("k") == answer("k")
    assert event_log.reply("new") is None
    assert event_log.read_stream(HANOI, after=1) == []


def test_a_repeated_request_is_told_of_its_key_before_its_version(event_log: EventLog) -> None:
    event_log.append([act(HANOI, 1)], [answer("k")])

    with pytest.raises(KeyTaken):
        event_log.append([act(HANOI, 1)], [answer("k")])


def test_one_key_twice_in_a_batch_is_refused(event_log: EventLog) -> None:
    with pytest.raises(KeyTaken) as refusal:
        event_log.append([act(HANOI, 1)], [answer("k"), answer("k")])

    assert refusal.value.keys == {"k"}
    assert event_log.head() == 0


def test_an_empty_batch_changes_nothing(event_log: EventLog) -> None:
    assert event_log.append([]) == []
    assert event_log.head() == 0


def test_a_batch_may_be_large(event_log: EventLog) -> None:
    positions = event_log.append(acts(HANOI, 1, 2_000), [answer(f"k{n}") for n in range(500)])

    assert len(set(positions)) == 2_000
    assert [event.version for event in event_log.read(after=0, limit=5_000)] == list(range(1, 2_001))


def test_reopening_finds_everything(database_dsn: str) -> None:
    first = open_log(database_dsn)
    first.append(acts(HANOI, 1, 3), [answer("k")])
    first.close()

    again = open_log(database_dsn)
    assert versions(again.read_stream(HANOI)) == [(HANOI, 1), (HANOI, 2), (HANOI, 3)]
    assert again.reply("k") == answer("k")
    with pytest.raises(VersionConflict):
        again.append([act(HANOI, 3)])
    again.close()


@pytest.mark.parametrize("address", ["mysql://u:secret@host/db", "sqlite://", "sqlite:///", "treaty.db", ""])
def test_an_address_that_is_no_log_is_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(UnknownDatabase, match="No log can be kept there") as refusal:
        open_log(address)
    assert "secret" not in str(refusal.value)
