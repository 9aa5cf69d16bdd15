"""What may arrive at an endpoint, as OpenAPI's ``webhooks``: every type, in every form, with all of its fields.

What an event holds is told by the vocabulary's own classes, so that the document cannot say anything else.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from treaty_events.catalogue import MILESTONES, NAMES, category_of
from treaty_events.milestones import Status
from treaty_notifier.messages import TEST_TYPE
from treaty_notifier.operational import ENDPOINT_TYPES, NOTIFIER_TYPES, OPERATIONAL_TYPES

Document = dict[str, Any]
_REF: Final = "#/components/schemas/{name}"
_EXAMPLE_AT = "2026-11-21T10:04:00.123456Z"
_ENTRY = "v1a?,[A-Za-z0-9+/]+={0,2}"
TEST_TEXT = "Sent on request, to one subscription, whatever its filter says."
STANDARD, STRUCTURED = "application/json", "application/cloudevents+json"


def message_types() -> list[str]:
    """Every type a message may have; types that a newer status service adds pass through as well."""
    return [*NAMES, *OPERATIONAL_TYPES, TEST_TYPE]


def webhooks() -> Document:
    """The ``webhooks`` of the document, by type."""
    return {name: _webhook(name) for name in message_types()}


def components() -> Document:
    """What they refer to."""
    return {
        "schemas": _schemas(),
        "parameters": {one["name"]: one for one in _HEADERS},
        "responses": {
            "Received": {"description": "Received; anything else is tried again"},
            "Gone": {"description": "Send nothing here any more"},
        },
    }


def _schemas() -> Document:
    classes = sorted(set(NAMES.values()), key=lambda one: one.__name__)
    _, found = msgspec.json.schema_components(classes, ref_template=_REF)
    plain: Document = msgspec.json.decode(msgspec.json.encode(found))  # a default may be a tuple
    facts = {name: {**schema, **_in_one_line(schema)} for name, schema in plain.items()}
    messages = {
        name: {"type": "object", "properties": {"type": {"const": name}, "data": _data(name)}}
        for name in message_types()
    }
    return (
        facts
        | messages
        | {
            "Message": _MESSAGE,
            "CloudEvent": _CLOUD_EVENT,
            "EventPlace": _PLACE,
            "ClippedData": _CLIPPED,
            "EndpointNotice": _NOTICE,
            "ClockNotice": _CLOCK,
            "TestData": _TEST,
        }
    )


def _in_one_line(schema: Mapping[str, Any]) -> Document:
    return {"description": " ".join(schema["description"].split())} if "description" in schema else {}


def _webhook(name: str) -> Document:
    own = _ref(name)
    standard = {"title": "standard", "allOf": [_ref("Message"), own]}
    binary = {"title": "cloudevents-binary", "$ref": f"{own['$ref']}/properties/data"}
    structured = {"title": "cloudevents", "allOf": [_ref("CloudEvent"), own]}
    return {
        "post": {
            "summary": name,
            "description": _meaning(name),
            "operationId": name.replace(".", "_"),
            "tags": ["webhooks"],
            "parameters": [{"$ref": f"#/components/parameters/{one['name']}"} for one in _HEADERS],
            "requestBody": {
                "required": True,
                "content": {
                    STANDARD: {"schema": {"oneOf": [standard, binary]}, **_example(name)},
                    STRUCTURED: {"schema": structured},
                },
            },
            "responses": {
                "2XX": {"$ref": "#/components/responses/Received"},
                "410": {"$ref": "#/components/responses/Gone"},
            },
        }
    }


def _meaning(name: str) -> str:
    if name == TEST_TYPE:
        return TEST_TEXT
    if name in NOTIFIER_TYPES:
        return (
            "The clock of a notifier's machine, which goes into every signature, was set or differs from its "
            "database's; sent to subscriptions that name it among their types."
        )
    if name in ENDPOINT_TYPES:
        return "What became of another endpoint of the same key; sent to subscriptions that name it among their types."
    return f"A {category_of(name)} of the log, as the feed tells it."


def _data(name: str) -> Document:
    if name == TEST_TYPE:
        return _ref("TestData")
    if name in NOTIFIER_TYPES:
        return _ref("ClockNotice")
    if name in ENDPOINT_TYPES:
        return _ref("EndpointNotice")
    whole: list[Document] = [_ref(NAMES[name].__name__), _ref("EventPlace")]
    if name in MILESTONES:
        kind, _, status = name.removeprefix("treaty.").rpartition(".")
        whole.append({"properties": {"kind": {"const": kind}, "status": {"const": Status(status).value}, **_TOTAL}})
    return {"anyOf": [{"allOf": whole}, _ref("ClippedData")]}


def _ref(name: str) -> Document:
    return {"$ref": _REF.format(name=name)}


def _header(name: str, text: str, pattern: str, *, required: bool = True) -> Document:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": text,
        "schema": {"type": "string", "pattern": pattern},
    }


_HEADERS: Final = (
    _header("webhook-id", "The same on every attempt; remember it to recognise a repetition.", "^msg_[a-z0-9]+$"),
    _header("webhook-timestamp", "Seconds since 1970 UTC, of this attempt.", "^[0-9]{1,12}$"),
    _header(
        "webhook-signature",
        "One v1 entry for each secret and one v1a entry for each key that is valid now.",
        f"^{_ENTRY}( {_ENTRY})*$",
    ),
    *(
        _header(f"ce-{name}", "Where the format is cloudevents-binary.", pattern, required=False)
        for name, pattern in (
            ("specversion", r"^1\.0$"),
            ("id", "^msg_[a-z0-9]+$"),
            ("source", "^[!-~]+$"),
            ("type", "^[!-~]+$"),
            ("time", "^[!-~]+Z$"),
            ("subject", "^[!-~]+$"),
            ("sequence", "^[1-9][0-9]*$"),
            ("previousid", "^msg_[a-z0-9]+$"),
            ("watermark", "^[0-9]+$"),
            ("replay", "^true$"),
            ("resend", "^true$"),
            ("resendof", "^msg_[a-z0-9]+$"),
        )
    ),
)
_TEXT: Final = {"type": "string"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_ID: Final = {"type": "string", "pattern": "^msg_[a-z0-9]+$"}
_OBJECT: Final = {"type": "object"}
_TOTAL: Final = {
    "attributed_to_total": {"type": "integer", "description": "Only where attributed_to had to be clipped."}
}
_MESSAGE: Final[Document] = {
    "type": "object",
    "description": "The body of a webhook in the form of Standard Webhooks, below 20 kB. The same bytes on every "
    "attempt.",
    "required": ["type", "timestamp", "data", "sequence", "previous_id", "watermark"],
    "properties": {
        "type": _TEXT,
        "timestamp": {**_INSTANT, "description": "When the event was recorded."},
        "data": _OBJECT,
        "sequence": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "1, 2, 3 … of this subscription without a gap; null for tests, and for replays from before "
            "its beginning.",
        },
        "previous_id": {
            "anyOf": [_ID, {"type": "null"}],
            "description": "The webhook-id of the number before; a receiver that lacks it can pull exactly what it "
            "lacks.",
        },
        "watermark": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "When this message was taken up, everything up to this number was delivered or given up.",
        },
        "replay": {"const": True, "description": "Only in a replay."},
        "resend": {"const": True, "description": "Only where it was asked for once more."},
        "resend_of": {
            **_ID,
            "description": "Only in a copy under a webhook-id of its own: the webhook-id of the message itself, which "
            "is done with the copy.",
        },
    },
}
_CLOUD_EVENT: Final[Document] = {
    "type": "object",
    "description": "CloudEvents 1.0, structured. An attribute that says nothing is left out.",
    "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_ID, "description": "The webhook-id."},
        "source": {"type": "string", "format": "uri-reference", "minLength": 1},
        "type": _TEXT,
        "time": _INSTANT,
        "subject": {"type": "string", "description": "The treaty."},
        "datacontenttype": {"const": "application/json"},
        "sequence": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "As text, as its extension has it."},
        "previousid": _ID,
        "watermark": {"type": "integer", "minimum": 0},
        "replay": {"const": True},
        "resend": {"const": True},
        "resendof": _ID,
        "data": _OBJECT,
    },
}
_PLACE: Final[Document] = {
    "type": "object",
    "description": "Where an event stands in the log.",
    "required": ["event_id", "position", "livemode"],
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "position": {"type": "integer", "minimum": 1, "description": "Place in the whole log."},
        "livemode": {"type": "boolean", "description": "False in a rehearsal."},
    },
}
_CLIPPED: Final[Document] = {
    "type": "object",
    "description": "All that is said of an event whose data is longer than a webhook may be: read it in the feed, at "
    "its position.",
    "required": ["treaty", "clipped", "event_id", "position", "livemode"],
    "properties": {"treaty": {"type": ["string", "null"]}, "clipped": {"const": True}, **_PLACE["properties"]},
}
_TEST: Final[Document] = {
    "type": "object",
    "description": "Only that the way from here to there is open.",
    "required": ["subscription", "event_id", "livemode"],
    "properties": {"subscription": _TEXT, "event_id": _TEXT, "livemode": {"type": "boolean"}},
}
_CLOCK: Final[Document] = {
    "type": "object",
    "description": "What became of the clock of a notifier's machine.",
    "required": ["notifier", "seconds", "event_id", "livemode"],
    "properties": {
        "notifier": {"type": "string", "description": "One process, as long as it lives."},
        "seconds": {
            "type": "number",
            "description": "How far it is ahead of the database's clock, or by how much it was set; negative for back.",
        },
        "event_id": {"type": "string", "description": "The same for the same notice."},
        "livemode": {"const": True},
    },
}
_NOTICE: Final[Document] = {
    "type": "object",
    "description": "What became of an endpoint.",
    "required": ["subscription", "url", "state", "event_id", "livemode"],
    "properties": {
        "subscription": {"type": "string", "description": "Whose endpoint it is about."},
        "url": _TEXT,
        "state": {"type": "string", "description": "Of that subscription, when this was written."},
        "event_id": {"type": "string", "description": "The same for the same notice."},
        "livemode": {"const": True},
        "reason": {"type": "string", "description": "Why it was disabled."},
        "failing_since": _INSTANT,
        "disabled_after": {**_INSTANT, "description": "When only failures end in disabling."},
        "deliveries": {"type": "array", "items": _TEXT, "description": "Some of those given up."},
        "deliveries_total": {"type": "integer"},
        "messages_behind": {"type": "integer", "description": "Lines of the log that it has not come to yet."},
    },
}


def _example(name: str) -> Document:
    """An announcement, and what is no part of the log."""
    if name == TEST_TYPE:
        data: Document = {"subscription": "sub_…", "event_id": "3f0a…", "livemode": False}
    elif name in NOTIFIER_TYPES:
        data = {"notifier": "5f1c…", "seconds": 600.0, "event_id": "notifier:5f1c…:1", "livemode": True}
    elif name in ENDPOINT_TYPES:
        data = {
            "subscription": "sub_…",
            "url": "https://example.org/treaties",
            "state": "active",
            "event_id": "endpoint:sub_…:17",
            "livemode": True,
        }
    elif name == _MILESTONE_EXAMPLE_TYPE:
        data = _MILESTONE_EXAMPLE
    else:
        return {}
    numbers: Document = {"sequence": None, "previous_id": None, "watermark": None}
    if name == _MILESTONE_EXAMPLE_TYPE:
        numbers = {"sequence": 17, "previous_id": "msg_" + "a2b3c4d5" * 6 + "e6f7", "watermark": 16}
    return {"example": {"type": name, "timestamp": _EXAMPLE_AT, "data": data} | numbers}


_MILESTONE_EXAMPLE_TYPE: Final = "treaty.threshold.reached"
_MILESTONE_EXAMPLE: Final[Document] = {
    "key": "XVIII-16:threshold:65(1):1",
    "kind": "threshold",
    "status": "reached",
    "clause": "65(1)",
    "progress": {"have": 40, "need": 40},
    "consequence": {"entry_into_force": "2027-02-18", "clause": "65(1)"},
    "treaty": "XVIII-16",
    "recorded": {"at": _EXAMPLE_AT, "by": "key:treaty-desk"},
    "milestone_id": "0d9b3a6e-52a1-5d0e-9d4f-3d6f4a1f6f1a",
    "params": "65(1)",
    "occurrence": 1,
    "revision": 1,
    "supersedes": None,
    "occurred_on": "2026-11-20",
    "time_zone": "America/New_York",
    "late_by_days": 0,
    "titles": {"en": "United Nations Convention against Cybercrime"},
    "livemode": True,
    "cause": {"kind": "action", "event_ids": ["6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d"]},
    "provisional": False,
    "attributed_to": [{"participant": "fra", "action": "ratification", "name": "France"}],
    "event_id": "8f14e45f-ceea-567a-9d2b-1f0e3a5c7b90",
    "position": 412,
}
