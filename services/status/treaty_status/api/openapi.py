"""What the OpenAPI document says beyond the routes: bodies, problems, keys, and the webhooks of the notifier."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI

from treaty_events.catalogue import MILESTONES
from treaty_status.api.bodies import (
    ActionBody,
    ClaimBody,
    ClosingBody,
    CorrectionBody,
    DayBody,
    ImportedActBody,
    RehearsalBody,
    ReleaseBody,
    TreatyBody,
)
from treaty_status.api.certificate_bodies import BODIES as CERTIFICATE_BODIES
from treaty_status.api.examples import BODIES, IMPORTED, MILESTONE, PROBLEM, RECEIPT
from treaty_status.api.questions import WhatIfBody
from treaty_status.api.reassessment_body import ANSWER, ReassessmentBody
from treaty_status.api.schemas import ANSWERED_BY, SCHEMAS
from treaty_status.domain.rule import TreatyRule

Document = dict[str, Any]
TAGS: Final[list[Document]] = [
    {"name": "treaties", "description": "Where a treaty stands, who takes part, and why"},
    {"name": "recording", "description": "Acts, corrections, claims, definitions and rehearsals; with a key"},
    {"name": "feed", "description": "Every event from a position on"},
    {"name": "registry", "description": "Participants and their names"},
    {"name": "keys", "description": "Who may write"},
    {"name": "operations", "description": "Health, release, numbers, problems"},
    {"name": "webhooks", "description": "What the notifier sends to those who subscribed there"},
]
_REF: Final = "#/components/schemas/{name}"
_BODIES: Final = (
    ActionBody,
    ClaimBody,
    ClosingBody,
    CorrectionBody,
    DayBody,
    ImportedActBody,
    ReassessmentBody,
    RehearsalBody,
    ReleaseBody,
    TreatyBody,
    WhatIfBody,
    *CERTIFICATE_BODIES,
)
_TEXTS: Final = {
    "400": "It cannot be read: not JSON, or a header that conditions the request is malformed",
    "401": "No key, or one that is not known",
    "403": "The key lacks the scope",
    "404": "There is no such thing",
    "409": "It contradicts what is recorded",
    "410": "The rehearsal is closed",
    "412": "The treaty has changed since the version in If-Match",
    "413": "The body is too large",
    "415": "The body is not sent as JSON",
    "422": "A field is not of its kind, or a rule of the treaty refuses the act",
    "503": "The record cannot be reached now; try again after Retry-After",
}
NDJSON: Final = "application/x-ndjson"
BY_LINE: Final = frozenset({"import_acts"})
"""Operations that answer line by line."""
QUESTIONS: Final = frozenset({"ask_what_if"})
"""Operations that are sent a body and write nothing."""
_READING: Final = ("404", "410", "422", "503")
_ASKING: Final = ("400", "404", "409", "410", "413", "415", "422", "503")
_WRITING: Final = tuple(_TEXTS)
_CONDITIONS: Final[list[Document]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Up to 200 visible ASCII characters. The same key and body again: the first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    {
        "name": "If-Match",
        "in": "header",
        "description": 'The version of the treaty that is meant, as "84", or the ETag of its document.',
        "schema": {"type": "string"},
    },
]


def takes(body: type[msgspec.Struct], example: str, *, required: bool = True) -> Document:
    """The request body of a route that reads its body itself, and what every writing route shares."""
    content = {
        "schema": {"$ref": _REF.format(name=body.__name__)},
        "examples": {name: {"summary": name, "value": value} for name, value in BODIES[example].items()},
    }
    return {
        "requestBody": {"required": required, "content": {"application/json": content}},
        "parameters": _CONDITIONS,
        "security": [{"key": []}],
    }


def asks(body: type[msgspec.Struct], example: str) -> Document:
    """The request body of a question: nothing is written, so no key is needed and no condition is kept."""
    found = takes(body, example)
    return {"requestBody": found["requestBody"]}


def takes_lines(example: str) -> Document:
    """The request body of a route that reads one JSON object a line; OpenAPI can only say in words what a line is."""
    lines = "\n".join(msgspec.json.encode(value).decode() for value in BODIES[example].values())
    schema = {
        "type": "string",
        "description": "One `ImportedActBody` a line (see the schemas), in UTF-8, each ended by a line feed.",
    }
    content = {"schema": schema, "examples": {"two acts": {"summary": "two acts", "value": f"{lines}\n"}}}
    return {"requestBody": {"required": True, "content": {NDJSON: content}}, "security": [{"key": []}]}


def describe(app: FastAPI) -> None:
    """Complete the document that the framework makes, once, when it is first asked for."""
    build = app.openapi

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(build())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _completed(document: Document) -> Document:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= (
        SCHEMAS
        | _body_schemas()
        | {
            "Problem": _PROBLEM,
            "Receipt": _RECEIPT,
            "ImportedLine": _IMPORTED_LINE,
            "Milestone": _MILESTONE,
            "Webhook": _WEBHOOK,
            "Reassessment": ANSWER,
        }
    )
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    document["webhooks"] = {name: _webhook(name) for name in MILESTONES}
    plain: Document = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _complete(path: str, method: str, operation: Document) -> None:
    responses: Document = operation["responses"]
    responses.pop("422", None)
    for told in responses.values():
        for content in told.get("content", {}).values():
            content.pop("itemSchema", None)  # a word of OpenAPI 3.2
    if not path.startswith("/v1/"):
        if path == "/problems/{slug}":
            responses["404"] = _problem("404")
        return
    asking = operation["operationId"] in QUESTIONS
    writes = method in {"put", "post", "delete"} and not asking
    statuses = _WRITING if writes else _ASKING if asking else _READING
    if path.startswith("/v1/keys") and not writes:
        statuses = ("401", "503")
    responses |= {status: _problem(status) for status in statuses}
    if (answered := ANSWERED_BY.get(operation["operationId"])) is not None:
        content = responses["200"].setdefault("content", {}).setdefault("application/json", {})
        content["schema"] = {"$ref": _REF.format(name=answered)}
    if operation["operationId"] in BY_LINE:
        schema = {"type": "string", "description": "One `ImportedLine` for each line sent, with its number."}
        lines = "".join(msgspec.json.encode(one).decode() + "\n" for one in IMPORTED)
        responses["200"]["content"] = {NDJSON: {"schema": schema, "example": lines}}
        return
    for status in ("200", "201"):
        if writes and status in responses and answered is None:
            content = {"schema": {"$ref": _REF.format(name="Receipt")}, "example": RECEIPT}
            responses[status]["content"] = {"application/json": content}


def _problem(status: str) -> Document:
    content = {"schema": {"$ref": _REF.format(name="Problem")}}
    return {"description": _TEXTS[status], "content": {"application/problem+json": content}}


def _body_schemas() -> Document:
    _, components = msgspec.json.schema_components(_BODIES, ref_template=_REF)
    rule = TreatyRule.model_json_schema(ref_template=_REF.replace("{name}", "{model}"))
    parts: Mapping[str, Document] = rule.pop("$defs")
    components["TreatyBody"]["properties"]["rule"] = {
        "anyOf": [{"$ref": _REF.format(name="TreatyRule")}, {"type": "null"}]
    }
    return {**components, **parts, "TreatyRule": rule}


# ---- webhooks --------------------------------------------------------------------------------------------------------
def _webhook(name: str) -> Document:
    return {
        "post": {
            "summary": name,
            "description": "Sent by the notifier to its subscribers, signed as Standard Webhooks describe.",
            "operationId": name.replace(".", "_"),
            "tags": ["webhooks"],
            "parameters": [
                _header("webhook-id", "The same on every attempt; remember it to recognise a repetition."),
                _header("webhook-timestamp", "Seconds since 1970 UTC, of this attempt."),
                _header("webhook-signature", "One v1 entry for each secret, one v1a entry for each key."),
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _message(name)}},
            },
            "responses": {
                "2XX": {"description": "Received; anything else is tried again"},
                "410": {"description": "Send nothing here any more"},
            },
        }
    }


def _header(name: str, text: str) -> Document:
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}


def _message(name: str) -> Document:
    return {"allOf": [{"$ref": _REF.format(name="Webhook")}, {"properties": {"type": {"const": name}}}]}


_WEBHOOK: Final[Document] = {
    "type": "object",
    "description": "What the notifier sends. Its own document has the other types and forms too.",
    "required": ["type", "timestamp", "data", "sequence", "previous_id", "watermark"],
    "properties": {
        "type": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time", "description": "When the event was recorded."},
        "data": {"$ref": _REF.format(name="Milestone")},
        "sequence": {"type": ["integer", "null"], "description": "1, 2, 3 … of the subscription without a gap."},
        "previous_id": {"type": ["string", "null"], "description": "The webhook-id of the number before."},
        "watermark": {"type": ["integer", "null"], "description": "Up to it everything was delivered or given up."},
    },
}
_TEXT: Final = {"type": "string"}
_DAY: Final = {"type": "string", "format": "date"}
_UUID: Final = {"type": "string", "format": "uuid"}
_MILESTONE: Final[Document] = {
    "type": "object",
    "description": "One announcement of one line that was crossed, will be crossed, or was not crossed after all.",
    "required": ["event_id", "position", "livemode", "treaty", "key", "kind", "status", "revision", "occurred_on"],
    "properties": {
        "event_id": _UUID,
        "position": {"type": "integer", "description": "Place in the whole log."},
        "livemode": {"type": "boolean", "description": "False in a rehearsal."},
        "treaty": _TEXT,
        "titles": {"type": "object", "additionalProperties": _TEXT},
        "key": {"type": "string", "description": "Names the line for ever."},
        "milestone_id": _UUID,
        "kind": _TEXT,
        "params": _TEXT,
        "occurrence": {"type": "integer", "minimum": 1},
        "status": {"enum": ["reached", "revised", "revoked", "lost", "scheduled", "rescheduled", "cancelled"]},
        "revision": {"type": "integer", "minimum": 1, "description": "Counts what was said about this line."},
        "supersedes": {"type": ["integer", "null"]},
        "occurred_on": _DAY,
        "time_zone": _TEXT,
        "late_by_days": {"type": "integer", "minimum": 0},
        "provisional": {"type": "boolean"},
        "clause": {"type": ["string", "null"]},
        "attributed_to": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["participant", "action"],
                "properties": {"participant": _TEXT, "action": _TEXT, "name": {"type": ["string", "null"]}},
            },
        },
        "progress": {
            "type": ["object", "null"],
            "properties": {"have": {"type": "integer"}, "need": {"type": "integer"}},
        },
        "consequence": {"type": ["object", "null"], "properties": {"entry_into_force": _DAY, "clause": _TEXT}},
        "severity": {
            "enum": ["critical"],
            "description": "Only where what had been said of a treaty in force is taken back.",
        },
        "cause": {
            "type": "object",
            "properties": {
                "kind": _TEXT,
                "event_ids": {"type": "array", "items": _UUID},
                "software": {"type": ["string", "null"], "description": "The release that looked at everything again."},
                "reason": {"type": ["string", "null"], "description": "Why it did."},
            },
        },
    },
    "example": MILESTONE,
}
_RECEIPT: Final[Document] = {
    "type": "object",
    "description": "What was recorded, durably, with every milestone it caused.",
    "required": ["treaty", "event_id", "position", "version", "recorded_as", "milestones", "warnings"],
    "properties": {
        "treaty": _TEXT,
        "event_id": {"type": ["string", "null"], "format": "uuid"},
        "position": {"type": ["integer", "null"], "description": "Place of the last event in the whole log."},
        "version": {"type": "integer", "description": "The treaty's version after it."},
        "recorded_as": {
            "enum": ["act", "certificate", "table", "claim", "correction", "definition", "release", "nothing"]
        },
        "milestones": {"type": "array", "items": {"type": "object"}},
        "held": {
            "type": "array",
            "description": "Announcements that wait for the holder of a second key.",
            "items": {
                "type": "object",
                "properties": {"key": _TEXT, "until": {"type": "string", "format": "date-time"}},
            },
        },
        "warnings": {
            "type": "array",
            "items": {"type": "object", "properties": {"code": _TEXT, "message": _TEXT}},
        },
        "dry_run": {"type": "boolean"},
    },
}
_IMPORTED_LINE: Final[Document] = {
    "type": "object",
    "description": "What became of one line of an import.",
    "required": ["line", "result"],
    "properties": {
        "line": {"type": "integer", "minimum": 1, "description": "Its place among the lines sent, blank ones counted."},
        "result": {"enum": ["recorded", "already", "problem", "noted"]},
        "treaty": _TEXT,
        "event_id": {"type": "string", "format": "uuid", "description": "Of the act, now or before."},
        "version": {"type": "integer", "description": "The act's place in its treaty's history."},
        "position": {
            "type": ["integer", "null"],
            "description": "Place in the whole log; with news, of the last event.",
        },
        "milestones": {"type": "array", "items": {"type": "object"}, "description": "With news: what it crossed."},
        "warnings": {
            "type": "array",
            "items": {"type": "object", "properties": {"code": _TEXT, "message": _TEXT}},
        },
        "dry_run": {"type": "boolean"},
        "problem": {"$ref": _REF.format(name="Problem")},
    },
}
_PROBLEM: Final[Document] = {
    "type": "object",
    "description": "RFC 9457. Further members are the facts of the case.",
    "required": ["type", "title", "status", "detail", "way_out"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem; its meaning can be read at this address."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The fact and the rule, in a sentence."},
        "way_out": {"type": "string", "description": "What can be done now."},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"pointer": _TEXT, "detail": _TEXT}},
        },
        "suggestions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": _TEXT, "name": _TEXT, "score": {"type": "integer"}},
            },
        },
    },
    "example": PROBLEM,
}
