"""What the OpenAPI document says beyond the routes: the webhooks that arrive, the key, the problems."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from treaty_events.catalogue import NAMES, category_of
from treaty_notifier.messages import MILESTONE, TEST_TYPE
from treaty_notifier.operational import OPERATIONAL_TYPES

TEST_TEXT = "Sent on request, to one subscription, whatever its filter says."
_EXAMPLE_AT = "2026-11-21T10:04:00.123456Z"


def document_webhooks(app: FastAPI) -> None:
    """Adds one webhook for each event of the shared vocabulary, and the test event."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = build()
            document["webhooks"] = {name: _webhook(name) for name in message_types()}
            document.setdefault("components", {})["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def document_problems(app: FastAPI) -> None:
    """Every operation under /v1 needs a key and may answer with a problem document."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        document = build()
        document["components"]["schemas"]["Problem"] = _PROBLEM
        for path, operations in document["paths"].items():
            if path.startswith("/v1/"):
                for operation in operations.values():
                    operation["security"] = [{"key": []}]
                    operation["responses"] |= _refusals(operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def message_types() -> list[str]:
    """Every type a message may have; types that a newer status service adds pass through as well."""
    return [*NAMES, *OPERATIONAL_TYPES, TEST_TYPE]


def _meaning(name: str) -> str:
    if name == TEST_TYPE:
        return TEST_TEXT
    if name in OPERATIONAL_TYPES:
        return "What became of another endpoint of the same key; sent to subscriptions that name it among their types."
    return f"A {category_of(name)} of the log, as the feed tells it."


_PROBLEM: Mapping[str, object] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/endpoint-refused"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_TEXTS = {
    "400": "The body is not JSON",
    "401": "No key, or one that is unknown",
    "403": "The key lacks the scope",
    "404": "No such thing of yours",
    "409": "Not in this state",
    "413": "The body is too large",
    "422": "The request does not say what it must",
    "429": "Too soon after the last time",
    "503": "The status service does not answer; try again after Retry-After",
}


def _refusals(operation: Mapping[str, Any]) -> dict[str, object]:
    statuses = set(_TEXTS) if "requestBody" in operation else set(_TEXTS) - {"400", "413"}
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _TEXTS[status], "content": content} for status in sorted(statuses)}


def _webhook(name: str) -> dict[str, object]:
    return {
        "post": {
            "summary": name,
            "description": _meaning(name),
            "operationId": name.replace(".", "_"),
            "tags": ["webhooks"],
            "parameters": [
                _header("webhook-id", "The same on every attempt; remember it to recognise a repetition."),
                _header("webhook-timestamp", "Seconds since 1970 UTC, of this attempt."),
                _header(
                    "webhook-signature",
                    "One v1 entry for each secret and one v1a entry for each key that is valid now.",
                ),
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _body_schema(name), "example": _example(name)}},
            },
            "responses": {
                "2XX": {"description": "Received; anything else is tried again"},
                "410": {"description": "Send nothing here any more"},
            },
        }
    }


def _header(name: str, text: str) -> dict[str, object]:
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}


def _body_schema(name: str) -> dict[str, object]:
    return {
        "type": "object",
        "required": ["type", "timestamp", "data", "sequence", "previous_id", "watermark"],
        "properties": {
            "type": {"const": name},
            "timestamp": {"type": "string", "format": "date-time", "description": "When the event was recorded"},
            "data": {"type": "object", "required": ["event_id", "livemode"], "properties": _data_schema(name)},
            **_NUMBERS,
        },
    }


_NUMBERS: Mapping[str, object] = {
    "sequence": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "1, 2, 3 … of this subscription without a gap; null for tests, and for replays from before its "
        "beginning",
    },
    "previous_id": {
        "type": ["string", "null"],
        "description": "The webhook-id of the number before; a receiver that lacks it can pull exactly what it lacks",
    },
    "watermark": {
        "type": ["integer", "null"],
        "minimum": 0,
        "description": "When this message was taken up, everything up to this number was delivered or given up",
    },
    "replay": {"const": True, "description": "Only in a replay"},
    "resend": {"const": True, "description": "Only where it was asked for once more"},
}


def _data_schema(name: str) -> dict[str, object]:
    always: dict[str, object] = {
        "event_id": {"type": "string"},
        "livemode": {"type": "boolean", "description": "false for rehearsals and tests"},
        "position": {"type": "integer", "description": "Place in the whole log; absent from test events"},
        "treaty": {"type": ["string", "null"]},
    }
    if name in OPERATIONAL_TYPES:
        return always | _ENDPOINT
    return always | (_MILESTONE if name != TEST_TYPE and category_of(name) == MILESTONE else {})


_ENDPOINT: dict[str, object] = {
    "subscription": {"type": "string", "description": "Whose endpoint it is about"},
    "url": {"type": "string"},
    "state": {"type": "string", "description": "Of that subscription, when this was written"},
    "reason": {"type": "string", "description": "Why it was disabled"},
    "failing_since": {"type": "string", "format": "date-time"},
    "disabled_after": {"type": "string", "format": "date-time", "description": "When only failures end in disabling"},
    "deliveries": {"type": "array", "items": {"type": "string"}, "description": "Some of those given up"},
    "deliveries_total": {"type": "integer"},
}
_MILESTONE: dict[str, object] = {
    "milestone_id": {"type": "string", "description": "The same for every revision of one milestone"},
    "kind": {"type": "string"},
    "status": {"type": "string"},
    "revision": {"type": "integer", "description": "Counts what was said about this milestone"},
    "supersedes": {"type": ["integer", "null"]},
    "occurred_on": {"type": "string", "format": "date", "description": "The legal day, in time_zone"},
    "time_zone": {"type": "string"},
    "late_by_days": {"type": "integer"},
    "attributed_to": {"type": "array", "items": {"type": "object"}},
    "attributed_to_total": {"type": "integer", "description": "Only where attributed_to had to be clipped"},
    "titles": {"type": "object", "additionalProperties": {"type": "string"}},
}


def _example(name: str) -> dict[str, object]:
    data: dict[str, object] = {"event_id": "8f14e45f-ceea-567a-9d2b-1f0e3a5c7b90", "livemode": name != TEST_TYPE}
    if name in OPERATIONAL_TYPES:
        data |= {"subscription": "sub_…", "url": "https://example.org/treaties", "state": "active"}
    elif name != TEST_TYPE:
        data |= {"treaty": "XVIII-16", "position": 412}
    numbers: dict[str, object] = {"sequence": None, "previous_id": None, "watermark": None}
    if name != TEST_TYPE:
        previous = "msg_" + "a2b3c4d5" * 6 + "e6f7"
        numbers = {"sequence": 17, "previous_id": previous, "watermark": 16}
    return {"type": name, "timestamp": _EXAMPLE_AT, "data": data} | numbers
