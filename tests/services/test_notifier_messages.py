"""The feed of a subscription by its numbers: what was pushed can be pulled, and a gap fetched exactly."""

import threading

from tests.services.notifier_world import (
    ADMIN,
    OTHER,
    FakeStatus,
    Notifier,
    Receiver,
    Reply,
    deposit,
    eventually,
    milestone,
)


def messages(service: Notifier, subscription: dict[str, str], **asked: object) -> dict[str, object]:
    answer = service.call("GET", f"/v1/subscriptions/{subscription['id']}/messages", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_what_is_pulled_is_what_was_sent(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1), deposit("fra"), milestone(2), milestone(3))
    sent = sorted(receiver.wait_for(3), key=lambda one: int(one.json["sequence"]))
    eventually(lambda: {one["state"] for one in running_notifier.deliveries(subscription)} == {"delivered"})

    page = messages(running_notifier, subscription)

    known = page["messages"]
    assert isinstance(known, list)
    assert [(one["sequence"], one["id"], one["payload"].encode()) for one in known] == [
        (number, one.id, one.body) for number, one in enumerate(sent, start=1)
    ]
    assert [one["previous_id"] for one in known] == [None, sent[0].id, sent[1].id]
    assert {one["state"] for one in known} == {"delivered"}
    assert (page["next"], page["head"], page["watermark"], page["has_more"]) == (3, 3, 3, False)
    one = running_notifier.delivery(sent[1].id)
    assert (one["sequence"], one["payload"].encode()) == (2, sent[1].body)
    assert [attempt["occasion"] for attempt in one["attempts"]] == ["feed"]


def test_a_subscriber_that_was_down_pulls_exactly_its_gap(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1), milestone(2))
    receiver.wait_for(2)
    receiver.usual = Reply(410)
    fake_status.record(*(milestone(number) for number in range(3, 8)))
    path = f"/v1/subscriptions/{subscription['id']}"
    eventually(lambda: running_notifier.call("GET", path).json()["state"] == "disabled")

    gap = messages(running_notifier, subscription, **{"from": 3, "to": 5})
    rest = messages(running_notifier, subscription, after=5)

    assert [one["sequence"] for one in gap["messages"]] == [3, 4, 5]  # type: ignore[attr-defined]  # a list
    assert [one["sequence"] for one in rest["messages"]] == [6, 7]  # type: ignore[attr-defined]  # a list


def test_a_pull_waits_for_the_first_message(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    threading.Timer(0.3, lambda: fake_status.record(milestone(1))).start()

    page = messages(running_notifier, subscription, wait=20)

    assert [one["sequence"] for one in page["messages"]] == [1]  # type: ignore[attr-defined]  # a list
    assert messages(running_notifier, subscription, after=1)["messages"] == []


def test_pages_follow_one_another(running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(*(milestone(number) for number in range(1, 6)))
    receiver.wait_for(5)
    path, seen = f"/v1/subscriptions/{subscription['id']}/messages?limit=2", []
    while path:
        answer = running_notifier.call("GET", path)
        seen += [one["sequence"] for one in answer.json()["messages"]]
        path = answer.links.get("next", {}).get("url", "")

    assert seen == [1, 2, 3, 4, 5]


def test_a_replay_is_slow_on_request_and_can_be_looked_at_paused_and_ended(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(*(milestone(number) for number in range(1, 6)))
    receiver.wait_for(5)
    eventually(lambda: {one["state"] for one in running_notifier.deliveries(subscription)} == {"delivered"})
    path = f"/v1/subscriptions/{subscription['id']}/replays"

    asked = {"replay_from": 1, "per_second": 1}
    made = running_notifier.call("POST", path.removesuffix("s"), json=asked).json()
    receiver.wait_for(6)
    paused = running_notifier.call("PATCH", f"{path}/{made['id']}", json={"state": "paused"}).json()
    listed = running_notifier.call("GET", path).json()["replays"]
    one = running_notifier.call("GET", f"{path}/{made['id']}").json()
    ended = running_notifier.call("DELETE", f"{path}/{made['id']}")

    assert (made["state"], made["per_second"], made["messages_at_most"]) == ("running", 1, 5)
    assert (paused["state"], one["state"], [item["id"] for item in listed]) == ("paused", "paused", [made["id"]])
    assert ended.status_code == 204
    assert running_notifier.call("GET", f"{path}/{made['id']}").json()["state"] == "cancelled"
    unknown = running_notifier.call("GET", f"{path}/rep_x")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/replay-unknown")
    assert running_notifier.call("GET", path, key=OTHER).status_code == 404
    assert receiver.received[5].json["replay"] is True


def test_a_message_can_be_sent_again_under_an_id_of_its_own(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    (first,) = receiver.wait_for(1)
    eventually(lambda: running_notifier.deliveries(subscription)[0]["state"] == "delivered")

    answer = running_notifier.call("POST", f"/v1/deliveries/{first.id}/redeliver", json={"as_new": True})

    second = receiver.wait_for(2)[1]
    assert answer.json()["delivery"] == second.id != first.id
    assert second.json == first.json | {"resend": True, "resend_of": first.id}
    eventually(lambda: running_notifier.delivery(second.id)["state"] == "delivered")
    assert [one["sequence"] for one in messages(running_notifier, subscription)["messages"]] == [1]  # type: ignore[attr-defined]  # a list


def test_nobody_pulls_what_is_anothers_and_no_gap_ends_before_it_begins(
    running_notifier: Notifier, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}/messages"

    assert running_notifier.call("GET", path, key=OTHER).status_code == 404
    assert running_notifier.call("GET", path, key=None).status_code == 401
    assert running_notifier.call("GET", path, key=ADMIN).status_code == 200
    for asked in ("?from=5&to=4", "?after=5&to=5", "?after=1&from=2"):
        refused = running_notifier.call("GET", path + asked)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/gap-refused")
    assert running_notifier.call("GET", path + "?limit=501").status_code == 422
