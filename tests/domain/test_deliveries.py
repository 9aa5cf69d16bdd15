"""What follows from an answer, and what a message is made of."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from treaty_notifier.deliveries import (
    Answer,
    Dead,
    Decision,
    Delivered,
    DeliveryState,
    Failure,
    Outcome,
    RetryIn,
    after_attempt,
    delivery_state,
    outcome_of,
    retry_after_seconds,
)
from treaty_notifier.messages import BODY_LIMIT_BYTES, FeedEvent, body, draft, identity, probe_draft, webhook_id
from treaty_notifier.schedule import Schedule

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def decided(result: Answer | Failure, *, failures_before: int = 0) -> Decision:
    return after_attempt(result, failures_before=failures_before, schedule=Schedule(), jitter=0)


def event(**changes: object) -> FeedEvent:
    fields: dict[str, object] = {
        "position": 412,
        "event_id": "0b0e",
        "type": "treaty.threshold.reached",
        "category": "milestone",
        "treaty": "XVIII-16",
        "livemode": True,
        "recorded_at": datetime(2026, 11, 21, 10, 4, 0, 123456, tzinfo=UTC),
        "data": {"milestone_id": "5f1d", "revision": 2, "titles": {"vi": "Công ước"}},
    }
    return FeedEvent(**(fields | changes))  # type: ignore[arg-type]  # the fields above with some replaced


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    assert decided(Answer(status=status)) == Delivered()


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308, 400, 401, 404, 429, 500, 502, 503, 504])
def test_everything_else_is_tried_again(status: int) -> None:
    assert decided(Answer(status=status)) == RetryIn(delay_seconds=5)


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.DNS_ERROR, Outcome.BLOCKED_ADDRESS, Outcome.TLS_ERROR])
def test_no_answer_is_tried_again(outcome: Outcome) -> None:
    assert decided(Failure(outcome=outcome), failures_before=1) == RetryIn(delay_seconds=300)


def test_after_the_last_attempt_a_delivery_is_dead_and_says_why() -> None:
    assert decided(Answer(status=500), failures_before=9) == Dead(reason="all 10 attempts failed", is_exhausted=True)


@pytest.mark.parametrize("answer", [Answer(status=410), Answer(status=204, control="disable")])
def test_an_endpoint_that_is_gone_or_says_so_is_left_alone(answer: Answer) -> None:
    decision = decided(answer)

    assert isinstance(decision, Dead)
    assert decision.disables


def test_an_endpoint_may_give_up_one_message() -> None:
    assert decided(Answer(status=500, control="abort-message")) == Dead(
        reason="the endpoint answered webhook-delivery: abort-message"
    )
    assert decided(Answer(status=200, control="abort-message")) == Delivered()


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_back_the_whole_endpoint(status: int) -> None:
    assert decided(Answer(status=status, retry_after_seconds=120)) == RetryIn(delay_seconds=120, pause_seconds=120)
    # The schedule's own delay, when it is longer, is kept for this message.
    assert decided(Answer(status=status, retry_after_seconds=120), failures_before=1) == RetryIn(
        delay_seconds=300, pause_seconds=120
    )


def test_retry_after_means_nothing_on_other_answers() -> None:
    assert decided(Answer(status=500, retry_after_seconds=120)) == RetryIn(delay_seconds=5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 7 ", 7),
        ("999999999999999", 86400),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 2099 23:59:59 GMT", 86400),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, now=NOON) == seconds


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (Answer(status=204), Outcome.OK),
        (Answer(status=302), Outcome.REDIRECT),
        (Answer(status=410), Outcome.GONE),
        (Answer(status=500), Outcome.HTTP_ERROR),
        (Failure(outcome=Outcome.TIMEOUT), Outcome.TIMEOUT),
    ],
)
def test_an_attempt_ends_in_a_class(result: Answer | Failure, outcome: Outcome) -> None:
    assert outcome_of(result) is outcome


def test_what_is_owed_decides_the_state_and_then_whether_any_attempt_went_well() -> None:
    assert delivery_state([], owed=None) is DeliveryState.PENDING
    assert delivery_state([], owed=DeliveryState.RETRYING) is DeliveryState.PENDING
    assert delivery_state([Outcome.OK], owed=DeliveryState.RETRYING) is DeliveryState.RETRYING
    assert delivery_state([Outcome.TIMEOUT, Outcome.OK], owed=None) is DeliveryState.DELIVERED
    assert delivery_state([Outcome.GONE], owed=DeliveryState.DEAD) is DeliveryState.DEAD


def test_a_body_has_type_timestamp_and_data_and_reads_as_it_was_written() -> None:
    assert body(event()).decode() == (
        '{"type":"treaty.threshold.reached","timestamp":"2026-11-21T10:04:00.123456Z","data":{"milestone_id":"5f1d",'
        '"revision":2,"titles":{"vi":"Công ước"},"event_id":"0b0e","position":412,"livemode":true}}'
    )


def test_the_same_event_gives_the_same_bytes_whatever_zone_its_instant_came_in() -> None:
    elsewhere = event().recorded_at.astimezone(timezone(timedelta(hours=9)))

    assert draft(event(recorded_at=elsewhere)).body == draft(event()).body


def test_a_long_attribution_is_clipped_and_says_how_long_it_was() -> None:
    everybody = [{"participant": f"p{n:03}", "name": "A State with a long name " * 4} for n in range(193)]

    content = json.loads(body(event(data={"attributed_to": everybody})))

    assert len(body(event(data={"attributed_to": everybody}))) < BODY_LIMIT_BYTES
    assert content["data"]["attributed_to_total"] == 193
    assert content["data"]["attributed_to"] == everybody[: len(content["data"]["attributed_to"])]


def test_data_too_long_for_a_webhook_is_left_to_the_feed() -> None:
    content = json.loads(body(event(data={"rule": "x" * 30_000})))

    assert content["data"] == {
        "treaty": "XVIII-16",
        "clipped": True,
        "event_id": "0b0e",
        "position": 412,
        "livemode": True,
    }


def test_everyone_an_event_names_can_be_filtered_by() -> None:
    data = {"participant": "usa", "attributed_to": [{"participant": "fra"}, {"participant": "deu"}, "odd"]}

    assert draft(event(data=data)).participants == {"usa", "fra", "deu"}


def test_a_milestone_keeps_its_identity_when_the_log_is_rebuilt() -> None:
    assert identity(event()) == identity(event(event_id="another", position=7)) == "5f1d:2"
    assert identity(event(data={"milestone_id": "5f1d", "revision": 3})) != identity(event())
    assert identity(event(category="fact")) == "0b0e"


def test_a_webhook_id_is_one_for_each_notifier_subscription_message_and_generation() -> None:
    given = {"instance_key": b"k" * 32, "subscription_id": "sub_a", "identity": "5f1d:2"}

    ids = {
        webhook_id(**given),  # type: ignore[arg-type]  # the three above
        webhook_id(**(given | {"instance_key": b"l" * 32})),  # type: ignore[arg-type]  # one replaced
        webhook_id(**(given | {"subscription_id": "sub_b"})),  # type: ignore[arg-type]  # one replaced
        webhook_id(**(given | {"identity": "5f1d:3"})),  # type: ignore[arg-type]  # one replaced
        webhook_id(**given, generation=1),  # type: ignore[arg-type]  # the three above
    }

    assert len(ids) == 5
    # Pinned: a change here would give every message of every running notifier a second id.
    assert webhook_id(**given) == "msg_rdldow2jysnv76cscpkdffeeikjt5blagcdy7ltmmx3ebp2nemga"  # type: ignore[arg-type]  # the three above


def test_a_test_event_is_for_one_subscription_and_not_live() -> None:
    probe = probe_draft(subscription_id="sub_a", test_id="t1", at=NOON)

    assert probe.audience == "sub_a"
    assert json.loads(probe.body)["data"] == {"subscription": "sub_a", "event_id": "t1", "livemode": False}
