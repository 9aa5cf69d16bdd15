"""CloudEvents 1.0, structured and binary, and an endpoint that is asked before it is sent anything."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.v1.http import from_http
from standardwebhooks import Webhook

from tests.receivers.matrix import NoReceiver, node
from tests.services.notifier_world import FakeStatus, Notifier, Receiver, milestone
from treaty_notifier.formats import Format, read, shaped

BODY = json.dumps(
    {
        "type": "treaty.threshold.reached",
        "timestamp": "2026-11-21T10:04:00.000000Z",
        "data": {"treaty": "XVIII-16", "title": "Công ước", "livemode": True},
        "sequence": 7,
        "previous_id": None,
        "watermark": 6,
        "replay": True,
    }
).encode()


class Consenting(Receiver):
    """An endpoint that answers OPTIONS with what it is told to."""

    def __init__(self) -> None:
        self.consent = {"webhook-allowed-origin": "treaty-notifier", "webhook-allowed-rate": "120"}
        self.status = 200
        self.asked: list[dict[str, str]] = []
        super().__init__()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver, usual = self, super()._handler()

        class Handler(usual):  # type: ignore[misc, valid-type]  # the class is made anew for each receiver
            def do_OPTIONS(self) -> None:  # noqa: N802  (the base class calls it so)
                receiver.asked.append({name.lower(): value for name, value in self.headers.items()})
                self.answer(receiver.status, b"", receiver.consent)

        return Handler


@pytest.fixture
def consenting() -> Iterator[Consenting]:
    fake = Consenting()
    yield fake
    fake.close()


def test_a_structured_event_has_the_attributes_and_leaves_out_what_says_nothing() -> None:
    fields, body = shaped(BODY, webhook_id="msg_a", source="urn:x", form=Format.STRUCTURED)

    assert fields == {"content-type": "application/cloudevents+json; charset=utf-8"}
    assert json.loads(body) == {
        "specversion": "1.0",
        "id": "msg_a",
        "source": "urn:x",
        "type": "treaty.threshold.reached",
        "time": "2026-11-21T10:04:00.000000Z",
        "subject": "XVIII-16",
        "sequence": "7",
        "watermark": 6,
        "replay": True,
        "datacontenttype": "application/json",
        "data": {"treaty": "XVIII-16", "title": "Công ước", "livemode": True},
    }


@pytest.mark.parametrize("form", Format)
def test_whatever_the_form_it_is_read_as_the_same_message(form: Format) -> None:
    for known in (json.loads(BODY), json.loads(BODY) | {"previous_id": "msg_b", "watermark": None, "sequence": None}):
        fields, body = shaped(json.dumps(known).encode(), webhook_id="msg_a", source="urn:x", form=form)

        assert read(fields, body) == known


def test_what_is_no_message_is_read_as_nothing() -> None:
    for body in (b"", b"[1]", b"\xff", b'"x"'):
        assert read({}, body) == {}
    assert read({"content-type": "application/cloudevents+json"}, b'{"sequence": "many"}')["sequence"] is None


def test_a_binary_event_has_its_attributes_in_fields_of_plain_ascii() -> None:
    fields, body = shaped(
        BODY.replace(b"XVIII-16", 'Hà Nội "1"'.replace('"', '\\"').encode()),
        webhook_id="msg_a",
        source="urn:x",
        form=Format.BINARY,
    )

    assert fields["content-type"] == "application/json"
    assert (fields["ce-id"], fields["ce-sequence"], fields["ce-replay"]) == ("msg_a", "7", "true")
    assert fields["ce-subject"] == "H%C3%A0%20N%E1%BB%99i%20%221%22"
    assert all(value.isascii() for value in fields.values())
    assert json.loads(body)["livemode"] is True


Parser = Callable[[Mapping[str, str], bytes], dict[str, Any]]


def with_core_bindings(fields: Mapping[str, str], body: bytes) -> dict[str, Any]:
    event = from_http_event(HTTPMessage(headers=dict(fields), body=body))
    return {**event.get_attributes(), "data": event.get_data()}


def with_the_first_binding(fields: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """It takes fields as they are and decodes no percent sign."""
    event = from_http(dict(fields), body)
    return {**event.get_attributes(), "data": event.get_data()}


def with_npm(fields: Mapping[str, str], body: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(node("parse.mjs", json.dumps({"headers": fields, "body": body.decode()})))
    except NoReceiver as reason:
        pytest.skip(str(reason))
    assert told.pop("valid") is True
    return told


parsers = pytest.mark.parametrize(
    "parse", [with_core_bindings, with_the_first_binding, with_npm], ids=["PyPI", "PyPI, version 1", "npm"]
)


@parsers
@pytest.mark.parametrize("form", [Format.STRUCTURED, Format.BINARY])
def test_the_libraries_of_others_read_what_is_sent(parse: Parser, form: Format) -> None:
    message = json.loads(BODY) | {"previous_id": "msg_before"}
    fields, body = shaped(json.dumps(message).encode(), webhook_id="msg_a", source="urn:x", form=form)

    event = parse(fields, body)

    at = event.pop("time")
    instant = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    assert instant == datetime(2026, 11, 21, 10, 4, tzinfo=UTC)
    numbers = {"watermark": 6, "replay": True} if form is Format.STRUCTURED else {"watermark": "6", "replay": "true"}
    assert event == numbers | {
        "specversion": "1.0",
        "id": "msg_a",
        "source": "urn:x",
        "type": "treaty.threshold.reached",
        "datacontenttype": "application/json",
        "subject": "XVIII-16",
        "sequence": "7",
        "previousid": "msg_before",
        "data": {"treaty": "XVIII-16", "title": "Công ước", "livemode": True},
    }


@pytest.mark.parametrize("form", ["cloudevents", "cloudevents-binary"])
def test_an_endpoint_that_consented_gets_events_that_verify(
    running_notifier: Notifier, fake_status: FakeStatus, consenting: Consenting, form: str
) -> None:
    made = running_notifier.subscribe(consenting.url, format=form)
    fake_status.record(milestone(1))
    (webhook,) = consenting.wait_for(1)

    assert consenting.asked[0]["webhook-request-origin"] == "treaty-notifier"
    assert (made["format"], made["rate_per_minute"]) == (form, 120)
    assert webhook.headers["webhook-request-origin"] == "treaty-notifier"
    Webhook(made["secret"]).verify(webhook.body, webhook.headers)
    assert all(value.isascii() and value.isprintable() for value in webhook.headers.values())
    event: dict[str, Any] = webhook.json
    if form == "cloudevents":
        assert (event["id"], event["type"], event["sequence"]) == (webhook.id, "treaty.threshold.reached", "1")
    else:
        assert webhook.headers["ce-id"] == webhook.id
        assert webhook.headers["ce-type"] == "treaty.threshold.reached"
        assert event["treaty"] == "XVIII-16"
    for parse in (with_core_bindings, with_the_first_binding, with_npm):
        read = parse(webhook.headers, webhook.body)
        assert (read["id"], read["type"], read["sequence"]) == (webhook.id, "treaty.threshold.reached", "1")
        assert read["data"]["event_id"]


@pytest.mark.parametrize(
    ("status", "consent"),
    [(405, {}), (200, {}), (200, {"webhook-allowed-origin": "elsewhere"}), (302, {"webhook-allowed-origin": "*"})],
)
def test_an_endpoint_that_does_not_consent_is_not_subscribed(
    running_notifier: Notifier, consenting: Consenting, status: int, consent: dict[str, str]
) -> None:
    consenting.status, consenting.consent = status, consent

    answer = running_notifier.call("POST", "/v1/subscriptions", json={"url": consenting.url, "format": "cloudevents"})

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/endpoint-does-not-consent")
    assert running_notifier.call("GET", "/v1/subscriptions").json()["subscriptions"] == []


def test_an_endpoint_is_asked_again_when_its_form_changes_and_when_it_moves(
    running_notifier: Notifier, consenting: Consenting, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url, rate_per_minute=60)
    path = f"/v1/subscriptions/{made['id']}"

    refused = running_notifier.call("PATCH", path, json={"format": "cloudevents"})
    moved = running_notifier.call("PATCH", path, json={"format": "cloudevents", "url": consenting.url})
    back = running_notifier.call("PATCH", path, json={"url": receiver.url})

    assert refused.status_code == back.status_code == 422
    assert (moved.json()["format"], moved.json()["rate_per_minute"]) == ("cloudevents", 60)
    assert consenting.asked[0]["webhook-request-rate"] == "60"
    assert running_notifier.call("GET", path).json()["url"] == consenting.url
