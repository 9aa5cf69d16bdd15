"""Checks 2, 16, 17, 19 and 20 of the list (B.1): what subscribers ask, are told, and may have us do to others."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.attacks.attack_world import NO_CONTENT, SOMEBODY, Dials, Listener, unguarded
from tests.services.notifier_world import DESK, OTHER, FakeStatus, Notifier, Receiver, Reply, eventually, notifier
from treaty_notifier.deliveries import Outcome
from treaty_notifier.outbox import SqlOutbox

ORIGIN_ALLOWED = b"HTTP/1.1 200 OK\r\nwebhook-allowed-origin: treaty-notifier\r\ncontent-length: 0\r\n\r\n"


# 2: refused at creation, what can be


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/", "https://localhost/"),
        *("https://[::ffff:10.0.0.1]/", "https://0x7f000001/", f"http://{SOMEBODY}/"),
    ],
)
def test_an_endpoint_inside_is_refused_when_it_is_named_and_when_it_is_changed(
    sqlite_dsn: str, fake_status: FakeStatus, url: str, dials: Dials
) -> None:
    with notifier(sqlite_dsn, fake_status, allow_networks="") as service:
        made = service.subscribe(f"https://{SOMEBODY}/hook")
        for answer in (
            service.call("POST", "/v1/subscriptions", json={"url": url}),
            service.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"url": url}),
        ):
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/endpoint-refused")

    assert dials.strangers == []


def test_what_came_past_creation_is_still_not_dialled(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    """The control of the check at creation: past it, it saves well and fails for ever; the guard at the dial holds."""
    with planted(sqlite_dsn, fake_status, receiver.url.replace("http:", "https:")) as (service, planted_id):
        service.call("POST", f"/v1/subscriptions/{planted_id}/test")
        eventually(lambda: service.deliveries({"id": planted_id})[0]["last_outcome"] == "blocked_address")

    assert receiver.received == []


# 19: whatever leaves, leaves through the same guard


def test_tests_exams_and_questions_for_consent_are_guarded_like_every_webhook(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    """The classic hole: only the worker is guarded. Here a stored endpoint turned out to be inside."""
    inside = f"https://127.0.0.1:{receiver.port}/"
    with planted(sqlite_dsn, fake_status, inside) as (service, planted_id):
        path = f"/v1/subscriptions/{planted_id}"
        exam = service.call("POST", f"{path}/exam").json()
        service.call("POST", f"{path}/test")
        eventually(lambda: service.deliveries({"id": planted_id})[0]["last_outcome"] == "blocked_address")
        asked = service.call("PATCH", path, json={"format": "cloudevents"})
        attempt = service.delivery(service.deliveries({"id": planted_id})[0]["id"])["attempts"][0]

    assert exam["grade"] == "F"
    assert exam["questions"][0]["outcome"] == "blocked_address"
    assert {one["mark"] for one in exam["questions"][1:]} == {"not_asked"}
    assert (asked.status_code, asked.json()["type"]) == (422, "/problems/endpoint-does-not-consent")
    assert "blocked_address" in asked.json()["detail"]
    assert (attempt["peer"], attempt["phases"]["connect_ms"]) == (None, None)
    assert receiver.received == []
    # The control: an ordinary client delivers the test message.
    assert unguarded(receiver.url).status_code == 204


def test_a_name_that_moved_inside_is_not_examined_there(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with planted(sqlite_dsn, fake_status, f"https://localhost:{receiver.port}/") as (service, planted_id):
        exam = service.call("POST", f"/v1/subscriptions/{planted_id}/exam").json()

    assert exam["questions"][0]["outcome"] == "blocked_address"
    assert receiver.received == []


# 16: what an endpoint answered


HOSTILE_BODY = b"</pre><script>alert(document.cookie)</script>\x1b]0;owned\x07 root:x:0:0"


def test_what_an_endpoint_answered_is_seen_by_its_owner_alone_and_as_text(
    running_notifier: Notifier, receiver: Receiver
) -> None:
    receiver.usual = Reply(200, body=HOSTILE_BODY, headers={"content-type": "text/html"})
    delivery = delivered(running_notifier, running_notifier.subscribe(receiver.url))

    own = running_notifier.call("GET", f"/v1/deliveries/{delivery}")
    others = running_notifier.call("GET", f"/v1/deliveries/{delivery}", key=OTHER)
    nobody = running_notifier.call("GET", f"/v1/deliveries/{delivery}", key=None)

    assert own.json()["attempts"][0]["response"] == HOSTILE_BODY.decode()
    assert own.headers["content-type"] == "application/json"
    assert own.headers["x-content-type-options"] == "nosniff"
    assert (others.status_code, nobody.status_code) == (404, 401)
    assert "root:x" not in others.text + nobody.text
    # The control: text put into a page as it came is a script.
    assert re.search(r"<script>", f"<pre>{own.json()['attempts'][0]['response']}</pre>")


@pytest.mark.parametrize(("settings", "fields"), [({"answer_bytes": 0}, {}), ({}, {"keeps_answers": False})])
def test_where_answers_are_not_kept_nothing_reflected_can_be_read(
    sqlite_dsn: str,
    fake_status: FakeStatus,
    receiver: Receiver,
    settings: dict[str, Any],
    fields: dict[str, Any],
) -> None:
    """An answer that can be read back makes a request that one may only send into one that reads."""
    receiver.usual = Reply(200, body=b"root:x:0:0")
    with notifier(sqlite_dsn, fake_status, **settings) as service:
        made = service.subscribe(receiver.url, **fields)
        (attempt,) = service.delivery(delivered(service, made))["attempts"]

        assert (attempt["response"], attempt["response_clipped"], attempt["status_code"]) == ("", True, 200)
        # The control: otherwise it is kept.
        if fields:
            service.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"keeps_answers": True})
            (kept,) = service.delivery(delivered(service, made))["attempts"]
            assert kept["response"] == "root:x:0:0"


def test_of_an_answer_as_much_is_kept_as_the_operator_says(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    receiver.usual = Reply(500, body=b"abcdefghij")
    with notifier(sqlite_dsn, fake_status, answer_bytes=4) as service:
        made = service.subscribe(receiver.url)
        attempt = service.delivery(first_tried(service, made))["attempts"][0]

    assert (attempt["response"], attempt["response_clipped"]) == ("abcd", True)


# 17: classes, and no words of our network


def test_a_failure_is_told_as_a_class_and_says_nothing_of_the_inside(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    """Open, closed, silent and filtered ports of the inside must look alike to whoever asks for them."""
    told = {}
    is_open = receiver
    with Listener() as was_open, notifier(sqlite_dsn, fake_status) as service:
        was_open.close()
        for name, url in {
            "closed": was_open.url,
            "no tls": is_open.url.replace("http:", "https:"),
            "unknown": "https://unknown.example/",
        }.items():
            made = service.subscribe(url)
            attempt = service.delivery(first_tried(service, made))["attempts"][0]
            told[name] = attempt["outcome"]
            words = json.dumps(attempt)
            assert not re.search(r"errno|refused|getaddrinfo|ssl\.|traceback|python|ECONN", words, re.IGNORECASE), words
    with planted(sqlite_dsn + ".inside", fake_status, "https://127.0.0.1:1/") as (service, planted_id):
        inside = set()
        for port in (is_open.port, was_open.port, 22, 6379):
            url = f"https://127.0.0.1:{port}/"
            refused = service.call("PATCH", f"/v1/subscriptions/{planted_id}", json={"url": url})
            assert refused.status_code == 422
            inside.add(re.sub(r"\d+", "", refused.json()["detail"]) if port > 1024 and port != 6379 else None)

    assert told == {"closed": "connect_error", "no tls": "tls_error", "unknown": "dns_error"}
    assert set(told.values()) <= set(Outcome)
    assert len(inside - {None}) == 1  # an open port of the inside and a closed one are refused in the same words
    # The control: an ordinary client's own words tell a closed port from an open one, and name what answered.
    with pytest.raises(httpx.ConnectError, match="refused"):
        unguarded(was_open.url)


# 20: nobody is made a cannon


def test_one_key_points_endpoints_to_so_many_hosts_within_an_hour_and_no_more(
    sqlite_dsn: str, fake_status: FakeStatus, dials: Dials
) -> None:
    """Deleting and making anew does not help, nor does changing; hosts that were named already do not count again."""
    with notifier(sqlite_dsn, fake_status, new_hosts_per_hour=3) as service:

        def made(host: str, key: str = DESK) -> httpx.Response:
            return service.call("POST", "/v1/subscriptions", key=key, json={"url": f"https://{host}.example/"})

        first = made("one").json()
        assert [made(host).status_code for host in ("one", "two", "three", "ONE")] == [201] * 4
        looked_up = len(dials.looked_up)
        refused = made("four")
        moved = service.call("PATCH", f"/v1/subscriptions/{first['id']}", json={"url": "https://four.example/"})
        service.call("DELETE", f"/v1/subscriptions/{first['id']}")
        again = made("five")
        assert len(dials.looked_up) == looked_up  # nobody was asked for the address of what is refused

        for answer in (refused, moved, again):
            assert (answer.status_code, answer.json()["type"]) == (429, "/problems/host-limit")
            assert "limit: 3" in answer.json()["detail"]
            assert 3500 < int(answer.headers["retry-after"]) <= 3600
        assert made("four", OTHER).status_code == 201  # another key is another owner
        assert service.call("GET", "/problems/host-limit").status_code == 200


def test_without_that_limit_one_key_has_us_knock_wherever_it_likes(
    sqlite_dsn: str, fake_status: FakeStatus, dials: Dials
) -> None:
    """The control; and endpoints inside the operator's own networks are nobody's victims."""
    with Listener() as endpoint, notifier(sqlite_dsn, fake_status, new_hosts_per_hour=1) as service:
        for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            answer = service.call(
                "POST", "/v1/subscriptions", json={"url": f"http://{host}:{endpoint.port}/", "description": host}
            )
            assert answer.status_code == 201, answer.text
    with notifier(sqlite_dsn, fake_status, new_hosts_per_hour=100) as service:
        before = len(dials.looked_up)
        for number in range(20):
            service.subscribe(f"https://victim-{number}.example/")
        assert len(dials.looked_up) >= before + 20


def test_one_key_holds_so_many_endpoints_and_no_more(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status, subscriptions_per_owner=2) as service:
        statuses = [service.call("POST", "/v1/subscriptions", json={"url": receiver.url}).status_code for _ in range(3)]

    assert statuses == [201, 201, 409]


def test_where_the_operator_says_so_an_endpoint_that_was_not_asked_is_sent_nothing(
    sqlite_dsn: str, fake_status: FakeStatus
) -> None:
    with (
        Listener(NO_CONTENT) as victim,
        Listener(ORIGIN_ALLOWED) as willing,
        notifier(sqlite_dsn, fake_status, consent="every") as service,
    ):
        refused = service.call("POST", "/v1/subscriptions", json={"url": victim.url})
        made = service.subscribe(willing.url)
        moved = service.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"url": victim.url})
        delivered(service, made)

        for answer in (refused, moved):
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/endpoint-does-not-consent")
            assert "format standard" not in answer.json()["detail"]
        assert [request.partition(b" ")[0] for request in victim.requests] == [b"OPTIONS", b"OPTIONS"]
        assert [request.partition(b" ")[0] for request in willing.requests] == [b"OPTIONS", b"POST"]


def test_by_default_an_endpoint_of_standard_webhooks_is_believed(running_notifier: Notifier) -> None:
    """The control: whoever knows an address can have it sent a test message, once it is subscribed."""
    with Listener() as victim:
        delivered(running_notifier, running_notifier.subscribe(victim.url))

        assert [request.partition(b" ")[0] for request in victim.requests] == [b"POST"]


def test_exams_of_one_endpoint_are_seconds_apart(running_notifier: Notifier, receiver: Receiver) -> None:
    path = f"/v1/subscriptions/{running_notifier.subscribe(receiver.url)['id']}/exam"
    first, second = (running_notifier.call("POST", path) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 429)


def delivered(service: Notifier, subscription: dict[str, Any]) -> str:
    """A test message, once it arrived."""
    delivery = first_tried(service, subscription)
    eventually(lambda: service.delivery(delivery)["state"] == "delivered")
    return delivery


def first_tried(service: Notifier, subscription: dict[str, Any]) -> str:
    """A test message, once its first attempt is over."""
    delivery = str(service.call("POST", f"/v1/subscriptions/{subscription['id']}/test").json()["delivery"])
    eventually(lambda: service.delivery(delivery)["attempts"])
    return delivery


@contextmanager
def planted(dsn: str, status: FakeStatus, url: str) -> Iterator[tuple[Notifier, str]]:
    """A notifier that allows nothing inside, with an endpoint that its front door would never have taken."""
    with notifier(dsn, status, allow_networks="") as service:
        made = service.subscribe(f"https://{SOMEBODY}/")
    outbox = SqlOutbox(dsn, new_key=b"k" * 32, clock=lambda: datetime.now(UTC))
    outbox.change_subscription(made["id"], url=url)
    outbox.close()
    with notifier(dsn, status, allow_networks="", schedule_seconds="0,60") as service:
        yield service, made["id"]
