"""What the OpenAPI document says beyond the routes: the webhooks that arrive, the key, the problems."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from treaty_notifier.api import contract


def document_webhooks(app: FastAPI) -> None:
    """Adds what may arrive at an endpoint."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = build()
            document["webhooks"] = contract.webhooks()
            components = document.setdefault("components", {})
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            for part, added in contract.components().items():
                components[part] = components.get(part, {}) | added
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
    "429": "Too soon after the last time, or too many within a minute or an hour; go on after Retry-After",
    "503": "The status service does not answer; try again after Retry-After",
}

_WAITING = ("429", "503")


def _refusals(operation: Mapping[str, Any]) -> dict[str, object]:
    statuses = set(_TEXTS) if "requestBody" in operation else set(_TEXTS) - {"400", "413"}
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    waits = {"headers": {"Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}}}}
    return {
        status: {"description": _TEXTS[status], "content": content} | (waits if status in _WAITING else {})
        for status in sorted(statuses)
    }
