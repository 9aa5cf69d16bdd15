"""The judge of the chaos runs: what it counts as lost, renamed, disordered, forged and repeated."""

from benchmarks.chaos.ledger import Answer, Receipt, judge


def receipt(
    sequence: int, *, lane: str = "a", name: str = "", answer: Answer = Answer.OK, is_genuine: bool = True
) -> Receipt:
    return Receipt(
        lane=lane,
        webhook_id=name or f"{lane}-{sequence}",
        event=f"event-{sequence}",
        sequence=sequence,
        answer=answer,
        is_genuine=is_genuine,
    )


EVENTS = ["event-1", "event-2", "event-3"]
WHOLE = [receipt(1), receipt(2), receipt(3)]


def test_a_lane_that_received_everything_once_and_in_order_is_good() -> None:
    found = judge(WHOLE, lanes={"a": True}, events=EVENTS)

    assert (found.owed, found.lost, found.duplicates, found.is_good) == (3, 0, 0, True)


def test_what_nobody_received_is_lost_and_so_is_what_was_only_refused() -> None:
    found = judge([receipt(1), receipt(2, answer=Answer.REFUSED)], lanes={"a": True}, events=EVENTS)

    assert (found.lost, found.is_good) == (2, False)


def test_an_answer_that_came_late_or_never_does_not_undo_the_receipt() -> None:
    late, unsaid = receipt(2, answer=Answer.LATE), receipt(3, answer=Answer.UNSAID)

    assert judge([receipt(1), late, unsaid], lanes={"a": True}, events=EVENTS).is_good


def test_a_repetition_under_the_same_id_is_a_duplicate_and_under_another_one_is_not_forgiven() -> None:
    repeated = judge([*WHOLE, receipt(2)], lanes={"a": True}, events=EVENTS)
    renamed = judge([*WHOLE, receipt(2, name="another")], lanes={"a": True}, events=EVENTS)

    assert (repeated.duplicates, repeated.second_ids, repeated.is_good) == (1, 0, True)
    assert (renamed.second_ids, renamed.is_good) == (1, False)


def test_only_first_receipts_have_an_order_and_only_lanes_that_keep_it_must() -> None:
    stale_repetition = [receipt(1), receipt(2), receipt(1), receipt(3)]
    passed_over = [receipt(2), receipt(1), receipt(3)]

    assert judge(stale_repetition, lanes={"a": True}, events=EVENTS).is_good
    assert judge(passed_over, lanes={"a": True}, events=EVENTS).disordered == 1
    elsewhere = judge(passed_over, lanes={"a": False}, events=EVENTS)
    assert (elsewhere.disordered, elsewhere.disordered_elsewhere, elsewhere.is_good) == (0, 1, True)


def test_a_first_receipt_that_was_refused_counts_for_the_order() -> None:
    refused_then_taken = [receipt(2, answer=Answer.REFUSED), receipt(1), receipt(2), receipt(3)]

    assert judge(refused_then_taken, lanes={"a": True}, events=EVENTS).disordered == 1


def test_what_is_not_genuine_and_what_nobody_recorded_is_named() -> None:
    found = judge([*WHOLE, receipt(3, is_genuine=False), receipt(4)], lanes={"a": True}, events=EVENTS)

    assert (found.forged, found.strange, found.is_good) == (1, 1, False)
