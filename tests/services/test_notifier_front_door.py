"""What the notifier's front door refuses, and how it says so."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from tests.services.notifier_world import (
    ADMIN,
    DESK,
    OTHER,
    READER,
    FakeStatus,
    Notifier,
    Receiver,
    eventually,
    milestone,
    notifier,
)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notifier]:
    """One notifier for all tests that only knock and are refused."""
    fake = FakeStatus()
    with notifier(f"sqlite:///{tmp_path_factory.mktemp('door') / 'notifier.db'}", fake) as running:
        yield running
    fake.close()


GOOD = {"url": "https://192.0.2.1/"}


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert (found["type"], found["status"]) == (f"/problems/{slug}", status)
    assert found["title"]
    assert found["detail"]
    return found


def test_a_subscription_is_read_back_without_its_secret(running_notifier: Notifier, receiver: Receiver) -> None:
    made = running_notifier.call(
        "POST",
        "/v1/subscriptions",
        json={
            "url": receiver.url,
            "types": ["treaty.threshold.*"],
            "treaties": ["XVIII-16"],
            "participants": ["fra"],
            "groups": ["eu_members"],
            "description": "the desk",
        },
    )

    created = made.json()
    read = running_notifier.call("GET", made.headers["location"]).json()
    assert created.pop("secret").startswith("whsec_")
    assert read == created
    assert read == {
        "id": read["id"],
        "url": receiver.url,
        "description": "the desk",
        "types": ["treaty.threshold.*"],
        "treaties": ["XVIII-16"],
        "participants": ["fra"],
        "groups": ["eu_members"],
        "livemode": "live",
        "history": False,
        "signatures": ["v1", "v1a"],
        "order": "any",
        "rate_per_minute": None,
        "format": "standard",
        "keeps_answers": True,
        "header_names": [],
        "tls": None,
        "circuit": "closed",
        "failing_since": None,
        "keys": read["keys"],
        "state": "active",
        "state_reason": None,
        "owner": "key-desk",
        "created_at": read["created_at"],
    }


def test_a_change_replaces_the_parts_it_names(running_notifier: Notifier, receiver: Receiver) -> None:
    made = running_notifier.subscribe(receiver.url, types=["treaty.threshold.*"], treaties=["XVIII-16"])
    path = f"/v1/subscriptions/{made['id']}"

    changed = running_notifier.call("PATCH", path, json={"treaties": ["I-1"], "url": receiver.url + "/2"}).json()

    assert (changed["types"], changed["treaties"]) == (["treaty.threshold.*"], ["I-1"])
    assert running_notifier.call("GET", path).json() == changed
    problem(running_notifier.call("PATCH", path, json={"treaties": None}), 422, "invalid-request")
    problem(running_notifier.call("PATCH", path, json={"state": "disabled"}), 422, "invalid-request")
    problem(running_notifier.call("PATCH", path, json={"url": "https://10.0.0.1/"}), 422, "endpoint-refused")


def test_two_changes_at_once_are_both_kept(database_dsn: str, fake_status: FakeStatus, receiver: Receiver) -> None:
    with notifier(database_dsn, fake_status) as service, ThreadPoolExecutor(2) as both:
        path = f"/v1/subscriptions/{service.subscribe(receiver.url)['id']}"
        for number in range(1, 11):
            changes = {"rate_per_minute": 1000 + number}, {"headers": {"x-number": str(number)}, "history": True}
            list(both.map(lambda change: service.call("PATCH", path, json=change).raise_for_status(), changes))
            found = service.call("GET", path).json()
            assert (found["rate_per_minute"], found["header_names"]) == (1000 + number, ["x-number"])
            service.call("PATCH", path, json={"rate_per_minute": 0, "headers": {}})


def test_no_address_is_sent_the_fields_that_were_meant_for_another(
    database_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(database_dsn, fake_status) as service:
        made = service.subscribe(f"{receiver.url}/a", headers={"x-for": "a"})
        for number in range(40):
            name = "ba"[number % 2]
            fake_status.record(milestone(2 * number + 1), milestone(2 * number + 2))
            change = {"url": f"{receiver.url}/{name}", "headers": {"x-for": name}}
            service.call("PATCH", f"/v1/subscriptions/{made['id']}", json=change).raise_for_status()
        received = receiver.wait_for(80)

    assert [one.path for one in received] == [f"/hook/{one.headers['x-for']}" for one in received]


def test_a_deleted_subscription_is_gone_with_its_deliveries(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    (webhook,) = receiver.wait_for(1)

    assert running_notifier.call("DELETE", f"/v1/subscriptions/{made['id']}").status_code == 204

    problem(running_notifier.call("GET", f"/v1/subscriptions/{made['id']}"), 404, "subscription-unknown")
    problem(running_notifier.call("GET", f"/v1/deliveries/{webhook.id}"), 404, "delivery-unknown")


def test_a_subscription_of_another_owner_is_not_there(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    (webhook,) = receiver.wait_for(1)
    path = f"/v1/subscriptions/{made['id']}"

    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"state": "paused"}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret/rotate", None),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/replay", {"replay_from": 0}),
        ("GET", f"{path}/deliveries", None),
    ):
        found = problem(running_notifier.call(method, where, key=OTHER, json=body), 404, "subscription-unknown")
        assert receiver.url not in json.dumps(found)
    for method, where in (("GET", ""), ("POST", "/redeliver")):
        problem(
            running_notifier.call(method, f"/v1/deliveries/{webhook.id}{where}", key=OTHER), 404, "delivery-unknown"
        )
    assert running_notifier.call("GET", "/v1/subscriptions", key=OTHER).json()["subscriptions"] == []
    assert running_notifier.call("GET", path).json()["state"] == "active"


def test_an_administrator_sees_every_subscription(running_notifier: Notifier, receiver: Receiver) -> None:
    ids = {running_notifier.subscribe(receiver.url, key=key)["id"] for key in (DESK, OTHER)}

    listed = running_notifier.call("GET", "/v1/subscriptions", key=ADMIN).json()["subscriptions"]

    assert {one["id"] for one in listed} == ids


def test_lists_are_read_page_by_page(running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver) -> None:
    made = [running_notifier.subscribe(receiver.url)["id"] for _ in range(3)]
    fake_status.record(milestone(1), milestone(2), milestone(3))
    receiver.wait_for(9)

    ids, where = [], "/v1/subscriptions?limit=2"
    while where:
        answer = running_notifier.call("GET", where)
        ids += [one["id"] for one in answer.json()["subscriptions"]]
        where = answer.links.get("next", {}).get("url", "")
    positions, where = [], f"/v1/subscriptions/{made[0]}/deliveries?limit=2"
    while where:
        answer = running_notifier.call("GET", where)
        positions += [one["position"] for one in answer.json()["deliveries"]]
        where = answer.links.get("next", {}).get("url", "")

    assert ids == sorted(made)
    assert positions == [3, 2, 1]


def test_a_key_is_needed_and_it_must_carry_the_scope(door: Notifier) -> None:
    for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer"}, {"authorization": "Bearer nobody"}):
        answer = door.client.get("/v1/subscriptions", headers=headers)
        problem(answer, 401, "key-refused")
        assert answer.headers["www-authenticate"] == "Bearer"
    found = problem(door.call("GET", "/v1/subscriptions", key=READER), 403, "scope-missing")
    assert READER not in json.dumps(found)


def test_without_the_status_service_nobody_is_let_in_and_told_when_to_come_back(
    running_notifier: Notifier, fake_status: FakeStatus
) -> None:
    fake_status.is_down = True

    answer = running_notifier.call("GET", "/v1/subscriptions")

    problem(answer, 503, "status-unreachable")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": 5}, "/url"),
        (GOOD | {"colour": "red"}, "/colour"),
        (GOOD | {"types": "treaty.*"}, "/types"),
        (GOOD | {"types": [""] * 51}, "/types"),
        (GOOD | {"treaties": ["no spaces"]}, "/treaties/0"),
        (GOOD | {"participants": [""]}, "/participants/0"),
        (GOOD | {"livemode": "yes"}, "/livemode"),
        (GOOD | {"description": "x" * 501}, "/description"),
        (GOOD | {"replay_from": -1}, "/replay_from"),
        (GOOD | {"replay_from": True}, "/replay_from"),
        (GOOD | {"description": "the\0desk"}, "/description"),
        (GOOD | {"replay_from": "0"}, "/replay_from"),
        (GOOD | {"replay_from": "2026-11-21"}, "/replay_from"),
        (GOOD | {"replay_from": "2026-11-21T10:00:00"}, "/replay_from"),
        ([], "/"),
    ],
)
def test_a_body_that_does_not_say_what_it_must_is_refused_at_the_field(
    door: Notifier, body: object, pointer: str
) -> None:
    found = problem(door.call("POST", "/v1/subscriptions", json=body), 422, "invalid-request")

    assert found["errors"][0]["pointer"].startswith(pointer)


@pytest.mark.parametrize(
    ("part", "slug", "named"),
    [
        ({"participants": ["fra", "atlantis", "France"]}, "participant-unknown", "France, atlantis"),
        ({"treaties": ["XVIII-16", "XVIII-99"]}, "treaty-unknown", "XVIII-99"),
        ({"groups": ["no-such"]}, "group-unknown", "no-such"),
        ({"replay_from": 2}, "start-lies-ahead", "last position: 0"),
        ({"replay_from": "2999-01-01T00:00:00Z"}, "start-lies-ahead", "future"),
    ],
)
def test_a_filter_that_could_never_match_is_refused_when_it_is_made(
    running_notifier: Notifier, receiver: Receiver, part: dict[str, object], slug: str, named: str
) -> None:
    body = {"url": receiver.url} | part
    assert named in problem(running_notifier.call("POST", "/v1/subscriptions", json=body), 422, slug)["detail"]

    made = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{made['id']}"
    if "replay_from" in part:
        answer = running_notifier.call("POST", f"{path}/replay", json=part)
    else:
        answer = running_notifier.call("PATCH", path, json=part)
    problem(answer, 422, slug)
    assert running_notifier.call("GET", path).json()["treaties"] == []


def test_a_filter_keeps_what_it_named_although_the_treaty_has_gone_since(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url, treaties=["XVIII-16~r1"])
    fake_status.no_treaties.add("XVIII-16~r1")
    path = f"/v1/subscriptions/{made['id']}"
    changed = running_notifier.call("PATCH", path, json={"treaties": ["XVIII-16", "XVIII-16~r1"]})
    assert changed.status_code == 200, changed.text


def test_names_cannot_be_checked_while_the_status_service_does_not_answer(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url)
    fake_status.is_down = True
    answer = running_notifier.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"treaties": ["XVIII-16"]})
    problem(answer, 503, "status-unreachable")


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://localhost:1/",
        "ftp://example.org/",
        "https://user:pw@192.0.2.1/",
        "http://8.8.8.8/",
    ],
)
def test_an_endpoint_that_would_never_be_dialled_is_refused(door: Notifier, url: str) -> None:
    problem(door.call("POST", "/v1/subscriptions", json={"url": url}), 422, "endpoint-refused")


def test_loopback_is_refused_where_the_operator_does_not_allow_it(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status, allow_networks="") as service:
        for host in ("127.0.0.1", "localhost"):
            for scheme in ("http", "https"):
                answer = service.call("POST", "/v1/subscriptions", json={"url": f"{scheme}://{host}:{receiver.port}/"})
                problem(answer, 422, "endpoint-refused")

    assert receiver.received == []


def test_an_endpoint_that_was_allowed_once_is_not_dialled_when_it_is_no_longer(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status) as service:
        subscription = service.subscribe(receiver.url)
    with notifier(sqlite_dsn, fake_status, allow_networks="") as service:
        service.call("POST", f"/v1/subscriptions/{subscription['id']}/test")

        eventually(lambda: service.deliveries(subscription)[0]["state"] == "dead")
        assert service.deliveries(subscription)[0]["last_outcome"] == "blocked_address"

    assert receiver.received == []


def test_other_refusals_name_the_fact_and_the_way_out(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status, subscriptions_per_owner=1) as service:
        for fields, slug in (
            ({"types": ["treaty.thresh*"]}, "type-pattern-refused"),
            ({"types": ["treaty.thresold.*"]}, "type-pattern-refused"),
            ({"groups": ["no_such"]}, "group-unknown"),
        ):
            answer = service.call("POST", "/v1/subscriptions", json={"url": receiver.url, **fields})
            problem(answer, 422, slug)
        service.subscribe(receiver.url)
        problem(service.call("POST", "/v1/subscriptions", json={"url": receiver.url}), 409, "subscription-limit")


def test_malformed_json_and_a_body_over_the_limit_are_refused(door: Notifier) -> None:
    headers = {"content-type": "application/json"}

    for body in (b"{", b'{"url": ', b"\xff"):
        problem(door.call("POST", "/v1/subscriptions", content=body, headers=headers), 400, "malformed-json")
    large = json.dumps({"url": "https://192.0.2.1/", "description": "x" * 70_000}).encode()
    problem(door.call("POST", "/v1/subscriptions", content=large, headers=headers), 413, "body-too-large")
    chunks = iter([large[:40_000], large[40_000:]])
    problem(door.call("POST", "/v1/subscriptions", content=chunks, headers=headers), 413, "body-too-large")


def test_what_is_not_there_and_what_is_not_done_are_problems_too(door: Notifier) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/subscriptions", 405),
        ("GET", "/problems/x", 404),
    ):
        answer = door.call(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/version", "/metrics", "/openapi.json", "/docs", "/problems/key-refused"]
)
def test_head_is_get_without_the_body(door: Notifier, path: str) -> None:
    eventually(lambda: door.client.get("/readyz").status_code == 200)
    get, head = door.client.get(path), door.client.head(path)

    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_readiness_says_how_far_the_feed_was_read(running_notifier: Notifier, fake_status: FakeStatus) -> None:
    fake_status.record(milestone(1), milestone(2))

    eventually(lambda: running_notifier.client.get("/readyz").json().get("feed_position") == 2)

    assert running_notifier.client.get("/readyz").json() == {
        "status": "ready",
        "faults": {},
        "role": "serving",
        "feed_head": 2,
        "feed_position": 2,
        "position": 2,
        "messages": 2,
    }


def test_a_feed_that_became_shorter_is_told_and_not_followed(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status) as service:
        fake_status.record(milestone(1), milestone(2))
        eventually(lambda: service.client.get("/readyz").json().get("feed_position") == 2)
        fake_status.events.clear()

        eventually(lambda: service.client.get("/readyz").json()["faults"].get("feed") == "FeedError")

        assert service.client.get("/readyz").status_code == 503


def test_the_numbers_count_attempts_and_name_nobody(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    subscription = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1))
    receiver.wait_for(1)
    eventually(lambda: running_notifier.deliveries(subscription)[0]["state"] == "delivered")

    text = running_notifier.client.get("/metrics").text

    assert 'treaty_notifier_attempts_total{outcome="ok"} 1.0' in text
    assert "treaty_notifier_subscriptions 1.0" in text
    assert "treaty_notifier_feed_position 1.0" in text
    assert subscription["id"] not in text
    assert str(receiver.port) not in text


def test_the_document_is_valid_and_names_every_webhook(door: Notifier) -> None:
    document = door.client.get("/openapi.json").json()

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {"treaty.threshold.reached", "treaty.consent.recorded", "webhook.test"} <= set(document["webhooks"])
    assert document["paths"]["/v1/subscriptions"]["post"]["security"] == [{"key": []}]


def test_the_documentation_page_needs_no_network(door: Notifier) -> None:
    page = door.client.get("/docs").text

    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs-assets/{asset}" in page
        assert door.client.get(f"/docs-assets/{asset}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "{path}/deliveries?before=1000000000000000000000000000000", None),
        ("GET", "/v1/subscriptions?after=%00", None),
        ("GET", "/v1/subscriptions/sub%00", None),
        ("GET", "/v1/deliveries/msg%00", None),
        ("POST", "{path}/replay", {"replay_from": "0001-01-01T00:00:00+14:00"}),
        ("POST", "{path}/replay", {"replay_from": "9999-12-31T23:59:59-14:00"}),
        ("PATCH", "{path}", {"description": "half a pair: \ud800"}),
    ],
)
def test_what_no_database_could_hold_is_refused_and_is_no_fault_of_ours(
    door: Notifier, method: str, path: str, body: dict[str, Any] | None
) -> None:
    found = door.call(
        method,
        path.format(path="/v1/subscriptions/sub_none"),
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )

    problem(found, 422, "invalid-request")


def test_a_host_in_punycode_that_means_nothing_is_refused(door: Notifier) -> None:
    problem(door.call("POST", "/v1/subscriptions", json={"url": "https://xn--a/"}), 422, "endpoint-refused")
