"""A bad endpoint harms nobody but itself, and is never disabled without a notice."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treaty_notifier.isolation import (
    PATIENCE,
    Circuit,
    Conduct,
    NoticeKind,
    after_turn,
    allowance,
    conduct_document,
    conduct_of,
    forgiven,
    judged,
    pause_seconds,
    ramp_room,
    spent,
)
from treaty_notifier.schedule import Schedule

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TURNS = st.lists(st.lists(st.booleans(), min_size=1, max_size=12), max_size=12)


def after(*turns: list[bool]) -> Conduct:
    conduct = Conduct()
    for turn in turns:
        conduct = after_turn(conduct, turn, at=NOON)
    return conduct


def test_five_failures_in_a_row_open_the_circuit_and_four_do_not() -> None:
    assert after([False] * 4).circuit is Circuit.CLOSED
    assert after([False] * 4, [True], [False] * 4).circuit is Circuit.CLOSED
    assert after([False] * 4, [False]).circuit is Circuit.OPEN


def test_half_of_twenty_opens_the_circuit_and_fewer_do_not() -> None:
    assert after([False, True] * 9).circuit is Circuit.CLOSED
    assert after([False, True] * 10, [False]).circuit is Circuit.OPEN
    assert after([False, True, True] * 20).circuit is Circuit.CLOSED


def test_one_canary_goes_first_then_two_four_and_eight() -> None:
    conduct, rooms = after([False] * 5), []
    while conduct.circuit is not Circuit.CLOSED:
        room = ramp_room(conduct)
        assert room is not None
        rooms.append(room)
        conduct = after_turn(conduct, [True] * room, at=NOON)

    assert rooms == [1, 2, 4, 8]
    assert ramp_room(conduct) is None
    assert conduct == Conduct()


def test_a_canary_that_fails_opens_the_circuit_once_more_and_for_longer() -> None:
    schedule = Schedule(delays_seconds=(0, 5, 300, 1800), jitter_share=0)
    first = after([False] * 5)
    second = after_turn(first, [False], at=NOON)
    third = after_turn(second, [False], at=NOON)

    assert [pause_seconds(one, schedule=schedule, jitter=0) for one in (first, second, third)] == [5, 300, 900]
    assert (second.openings, ramp_room(second)) == (2, 1)


def test_what_was_under_way_when_the_circuit_opened_does_not_open_it_again() -> None:
    assert after([False] * 12).openings == 1


@given(turns=TURNS)
def test_an_endpoint_that_answers_well_is_soon_as_if_nothing_had_been(turns: list[list[bool]]) -> None:
    conduct = after(*turns, [True] * 40)

    assert conduct == Conduct()
    assert conduct_document(conduct) == {}


@given(turns=TURNS)
def test_a_conduct_is_read_back_as_it_was_written(turns: list[list[bool]]) -> None:
    conduct = spent(after(*turns), 3, rate_per_minute=600, at=NOON)

    assert conduct_of(json.loads(json.dumps(conduct_document(conduct)))) == conduct


@given(turns=TURNS)
def test_an_open_circuit_lets_one_through_and_always_waits(turns: list[list[bool]]) -> None:
    conduct = after(*turns)
    pause = pause_seconds(conduct, schedule=Schedule(), jitter=1)

    assert (pause > 0) == (conduct.circuit is Circuit.OPEN)
    assert (conduct.circuit is Circuit.OPEN) <= (ramp_room(conduct) == 1)


@given(
    rate=st.integers(min_value=1, max_value=600_000),
    steps=st.lists(
        st.tuples(st.floats(min_value=0, max_value=30), st.integers(min_value=0, max_value=64)), max_size=40
    ),
)
def test_a_bucket_never_lets_more_through_than_its_rate_and_one_burst(
    rate: int, steps: list[tuple[float, int]]
) -> None:
    conduct, at, sent, began = Conduct(), NOON, 0, NOON
    for seconds, wanted in steps:
        at += timedelta(seconds=seconds)
        room = allowance(conduct, rate_per_minute=rate, at=at).posts
        assert room is not None
        posts = min(wanted, room)
        conduct = spent(conduct, posts, rate_per_minute=rate, at=at)
        sent += posts

    elapsed = (at - began).total_seconds()
    assert sent <= max(1, rate / 60) + elapsed * rate / 60 + 0.001


@given(rate=st.integers(min_value=1, max_value=60_000))
def test_whoever_waits_as_long_as_the_bucket_says_may_send_one(rate: int) -> None:
    full = allowance(Conduct(), rate_per_minute=rate, at=NOON)
    assert full.posts is not None
    emptied = spent(Conduct(), full.posts, rate_per_minute=rate, at=NOON)

    later = NOON + timedelta(seconds=full.wait_seconds, microseconds=1)

    assert (allowance(emptied, rate_per_minute=rate, at=later).posts or 0) >= 1
    assert allowance(Conduct(), rate_per_minute=None, at=NOON).posts is None


@pytest.mark.parametrize(
    ("hours", "is_noticed", "notices", "is_disabled"),
    [
        (59, False, (), False),
        (60, False, (NoticeKind.FAILING,), False),
        (119, True, (), False),
        (120, True, (NoticeKind.DISABLED,), True),
        (500, False, (NoticeKind.FAILING,), False),  # a notice always comes first
    ],
)
def test_half_of_the_patience_brings_a_notice_and_its_end_disables(
    hours: int, is_noticed: bool, notices: tuple[NoticeKind, ...], is_disabled: bool
) -> None:
    conduct = Conduct(failing_since=NOON, is_noticed=is_noticed)

    found = judged(conduct, was=conduct, at=NOON + timedelta(hours=hours), patience=PATIENCE)

    assert (found.notices, found.disables is not None) == (notices, is_disabled)


def test_one_success_ends_the_failing_and_is_told_to_whoever_was_told_of_it() -> None:
    failing = Conduct(failing_since=NOON, is_noticed=True)
    well = after_turn(failing, [True], at=NOON)

    assert judged(well, was=failing, at=NOON).notices == (NoticeKind.RECOVERED,)
    assert judged(well, was=Conduct(failing_since=NOON), at=NOON).notices == ()


def test_whoever_is_made_active_again_begins_with_a_canary() -> None:
    assert ramp_room(forgiven()) == 1
    assert forgiven().failing_since is None
