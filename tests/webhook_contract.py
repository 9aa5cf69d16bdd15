"""Every webhook that a test receives is held against what the notifier's document says of it.

The document is open: a receiver passes over what it does not know. The test is not: what is sent and not documented
breaks the contract too.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

DOCS = Path(__file__).parent.parent / "docs"
SENDER, STATUS = DOCS / "notifier.openapi.json", DOCS / "openapi.json"
Document = dict[str, Any]


def breaches(headers: Mapping[str, str], body: bytes, *, undocumented: Collection[str] = ()) -> list[str]:
    """What is wrong with one webhook, in the words of the document; nothing where it keeps the contract.

    ``headers`` are in small letters; of ``undocumented`` types nothing can be said.
    """
    try:
        content = json.loads(body)
    except ValueError as fault:
        return [f"the body is no JSON: {fault}"]
    form, kind = _form(headers), headers.get("ce-type") or (content.get("type") if isinstance(content, dict) else None)
    if kind in undocumented:
        return []
    if not isinstance(kind, str) or kind not in _webhooks(SENDER):
        return [f"no webhook of this type is documented: {kind}"]
    found = [*_of(_body(SENDER, kind, form), content, kind), *_in_headers(headers, kind)]
    if form == "standard" and kind in _webhooks(STATUS):
        found += _of(_body(STATUS, kind, None), content, f"{kind} (as the status service documents it)")
    return found


def documented_types() -> frozenset[str]:
    return frozenset(_webhooks(SENDER))


def _form(headers: Mapping[str, str]) -> str:
    if headers.get("content-type", "").startswith("application/cloudevents+json"):
        return "cloudevents"
    return "cloudevents-binary" if "ce-id" in headers else "standard"


def _in_headers(headers: Mapping[str, str], kind: str) -> list[str]:
    """Fields that are there are as the document has them; an exam leaves one out on purpose."""
    parameters = _document(SENDER)["components"]["parameters"]
    known = [parameters[one["$ref"].rpartition("/")[2]] for one in _webhooks(SENDER)[kind]["post"]["parameters"]]
    schemas = {one["name"]: one["schema"] for one in known}
    found = [
        f"{kind}: {name}: {error.message}"
        for name, schema in schemas.items()
        if name in headers
        for error in Draft202012Validator(schema).iter_errors(headers[name])
    ]
    return found + [
        f"{kind}: {name} is not documented" for name in headers if name[:3] == "ce-" and name not in schemas
    ]


def _of(validator: Draft202012Validator, content: object, kind: str) -> list[str]:
    if validator.is_valid(content):
        return []
    return [
        f"{kind}: {'/'.join(str(part) for part in error.instance_path)}: {error.message[:300]}"
        for outer in validator.iter_errors(content)
        for error in _inmost(outer)
    ]


def _inmost(error: ValidationError) -> list[ValidationError]:
    """Why the first of several was not it: the others are for what is rare."""
    branches = getattr(error.kind, "context", None)
    return [inner for one in branches[0] for inner in _inmost(one)] if branches else [error]


@cache
def _body(source: Path, kind: str, form: str | None) -> Draft202012Validator:
    content = _webhooks(source)[kind]["post"]["requestBody"]["content"]
    schema = content["application/cloudevents+json" if form == "cloudevents" else "application/json"]["schema"]
    if form is not None:
        (schema,) = [one for one in schema.get("oneOf", [schema]) if one["title"] == form]
        schema = _closed(schema, source=source)
    components = _document(source)["components"]  # which are what its references lead to
    return Draft202012Validator({**schema, "components": components}, validate_formats=True)


def _closed(schema: Document, *, source: Path) -> Document:
    """The schema without room for what is not documented, in the body and in its data."""
    own = schema["allOf"][-1] if "allOf" in schema else schema
    found: Document = _document(source)
    for part in own["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    if "allOf" not in schema:
        return {**found, "unevaluatedProperties": False}
    known = found["properties"]
    data = {**known["data"], "unevaluatedProperties": False}
    inner = {"properties": {**known, "data": data}}
    return {**schema, "allOf": [*schema["allOf"][:-1], inner], "unevaluatedProperties": False}


def _webhooks(source: Path) -> Document:
    found: Document = _document(source)["webhooks"]
    return found


@cache
def _document(source: Path) -> Document:
    found: Document = json.loads(source.read_text(encoding="utf-8"))
    return found
