"""What a receiver holds, and what it can prove that it lacks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treaty_notifier.holdings import Gap, Holdings, HoldingsUnreadable, read


def held(*numbers: int, watermark: int = 0) -> Holdings:
    holdings = Holdings(watermark=watermark)
    for number in numbers:
        holdings.note(sequence=number, webhook_id=f"msg_{number}")
    return holdings


@given(st.sets(st.integers(min_value=1, max_value=60)), st.integers(min_value=0, max_value=70))
def test_what_is_held_and_what_is_lacking_are_together_everything(numbers: set[int], up_to: int) -> None:
    lacking = {n for gap in held(*numbers).lacks(up_to=up_to) for n in range(gap.first, gap.last + 1)}

    assert lacking == set(range(1, up_to + 1)) - numbers


def test_only_what_the_sender_is_done_with_is_missing_for_certain() -> None:
    holdings = held(1, 2, 5, 9, watermark=6)

    assert holdings.lacks(up_to=9) == [Gap(3, 4), Gap(6, 8)]
    assert holdings.proven_gaps == [Gap(3, 4), Gap(6, 6)]
    assert [str(gap) for gap in holdings.proven_gaps] == ["3 to 4", "6"]


def test_a_message_that_does_not_follow_on_the_one_before_is_noticed() -> None:
    holdings = held(1, 2)

    assert holdings.note(sequence=3, webhook_id="msg_3", previous_id="msg_2") is None
    said = holdings.note(sequence=4, webhook_id="msg_4", previous_id="msg_x")
    assert said is not None
    assert "does not follow" in said
    again = holdings.note(sequence=2, webhook_id="msg_y")
    assert again is not None
    assert "two ids" in again


def test_what_was_sent_again_as_new_holds_its_number_and_contradicts_nothing() -> None:
    """Asked for under an id of its own, before or after the message itself, it is no second message of its number."""
    holdings = held(1, 2)

    assert holdings.note(sequence=2, webhook_id="msg_new", previous_id="msg_1", is_resent=True) is None
    assert holdings.note(sequence=3, webhook_id="msg_3", previous_id="msg_2") is None
    assert holdings.note(sequence=4, webhook_id="msg_other", previous_id="msg_3", is_resent=True) is None
    assert holdings.lacks(up_to=4) == []
    assert holdings.note(sequence=5, webhook_id="msg_5", previous_id="msg_4") is None
    assert holdings.note(sequence=4, webhook_id="msg_4", previous_id="msg_3") is None
    assert (holdings.ids[2], holdings.ids[4], holdings.resent) == ("msg_2", "msg_4", set())


def test_holdings_are_read_from_what_listen_keeps_from_numbers_and_from_ids() -> None:
    record = json.dumps({"sequence": 4, "webhook_id": "msg_four", "watermark": 3})
    an_id = "msg_" + "a2b3c4d5" * 6

    found = read(["# mine", "", "1-2, 7", record, an_id, "9..10", '{"sequence": null, "webhook_id": "msg_test"}'])

    assert sorted(found.ids) == [1, 2, 4, 7, 9, 10]
    assert (found.ids[4], found.watermark, found.whole_to) == ("msg_four", 3, 2)
    assert found.loose_ids == {an_id, "msg_test"}


@pytest.mark.parametrize("line", ["five", "5-2", "{broken", '{"type": "x"}', "0", "msg_", "[1]"])
def test_a_line_that_says_nothing_of_what_is_held_is_refused_by_its_place(line: str) -> None:
    with pytest.raises(HoldingsUnreadable, match="line: 2"):
        read(["1", line])
