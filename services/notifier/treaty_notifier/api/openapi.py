"""What the OpenAPI document says beyond the routes: the webhooks that arrive, the key, the problems."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

KINDS = (
    "signature.opening",
    "signature.closing_soon",
    "signature.closing",
    "signature.first",
    "signature.count",
    "consent.first",
    "consent.percent",
    "consent.remaining",
    "threshold",
    "entry_into_force",
    "entry_into_force.countdown",
    "participant.signature",
    "participant.consent",
    "participant.bound",
    "participant.withdrawal_notice",
    "participant.withdrawal_revocation",
    "participant.withdrawal",
)
STATUSES = ("reached", "revised", "revoked", "lost", "scheduled", "rescheduled", "cancelled")
FACTS = ("treaty.signature.recorded", "treaty.consent.recorded", "treaty.consent.withdrawn", "treaty.defined")
_READS = ("get", "head")


def document_webhooks(app: FastAPI) -> None:
    """Adds one webhook for each milestone kind and status, the commonest facts and the test event."""
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
    milestones = [f"treaty.{kind}.{status}" for kind in KINDS for status in STATUSES]
    return [*milestones, *FACTS, "webhook.test"]


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
            "operationId": name.replace(".", "_"),
            "tags": ["webhooks"],
            "parameters": [
                _header("webhook-id", "The same on every attempt; remember it to recognise a repetition."),
                _header("webhook-timestamp", "Seconds since 1970 UTC, of this attempt."),
                _header("webhook-signature", "One v1 entry for each secret that is valid now."),
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _body_schema(name)}}},
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
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": name},
            "timestamp": {"type": "string", "format": "date-time", "description": "When the event was recorded"},
            "data": {
                "type": "object",
                "required": ["event_id", "livemode"],
                "properties": {
                    "event_id": {"type": "string"},
                    "livemode": {"type": "boolean"},
                    "position": {"type": "integer", "description": "Place in the whole log"},
                    "treaty": {"type": ["string", "null"]},
                },
            },
        },
    }
