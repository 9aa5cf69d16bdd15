"""The forms in which a webhook may arrive: Standard Webhooks' own, or CloudEvents 1.0. Pure.

Source: cloudevents, spec.md and bindings/http-protocol-binding.md, version 1.0.2. Whatever the form, the body that is
sent is the body that is signed, and it is the same on every attempt because it is made from the numbered message alone.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote

_STRUCTURED = "application/cloudevents+json"
_DIGITS = 16
_STANDARD = ("type", "timestamp", "data", "sequence", "previous_id", "watermark")
_EXTENSIONS = {
    "previous_id": "previousid",
    "watermark": "watermark",
    "replay": "replay",
    "resend": "resend",
    "resend_of": "resendof",
}
# What a ce- field may hold as it is: visible ASCII but for the quotation mark and the percent sign.
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


class Format(StrEnum):
    STANDARD = "standard"
    STRUCTURED = "cloudevents"
    BINARY = "cloudevents-binary"


def shaped(body: bytes, *, webhook_id: str, source: str, form: Format) -> tuple[dict[str, str], bytes]:
    """The header fields of the form, and the bytes to sign and send.

    ``body`` is a numbered message; ``source`` is a URI reference that says whose events these are.
    """
    if form is Format.STANDARD:
        return {"content-type": "application/json"}, body
    message: dict[str, Any] = json.loads(body)
    attributes = _attributes(message, webhook_id=webhook_id, source=source)
    if form is Format.STRUCTURED:
        event = {**attributes, "datacontenttype": "application/json", "data": message["data"]}
        return {"content-type": f"{_STRUCTURED}; charset=utf-8"}, _compact(event)
    fields = {f"ce-{name}": quote(_text(value), safe=_PLAIN) for name, value in attributes.items()}
    return {"content-type": "application/json", **fields}, _compact(message["data"])


def read(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """What a webhook says, whatever its form: the message as the standard form has it. ``headers`` in small letters.

    Without content where the body is no JSON object.
    """
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return {}
    if "ce-id" in headers:
        said = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
        return _message(said, content)
    if headers.get("content-type", "").startswith(_STRUCTURED):
        return _message(content, content.get("data"))
    return content


def standard_body(record: Mapping[str, Any]) -> bytes:
    """The body in the standard form, byte for byte, of what ``listen --out`` kept, whatever form it came in.

    What came as ``cloudevents-binary`` is kept with the ``timestamp`` that its fields said; without it the payload is
    given back as it is.
    """
    payload = str(record.get("payload")).encode()
    try:
        content = json.loads(payload)
    except ValueError:
        return payload
    if not isinstance(content, dict):
        return payload
    if "specversion" in content:
        message = _message(content, content.get("data"))
    elif "timestamp" in record:
        message = {**record, "data": content}
    else:
        return payload
    marks = {name: message[name] for name in ("replay", "resend", "resend_of") if message.get(name)}
    return _compact({name: message.get(name) for name in _STANDARD} | marks)


def _message(attributes: Mapping[str, Any], data: object) -> dict[str, Any]:
    """Back to the names of the standard form; numbers are text in a field, and ``sequence`` always."""
    found: dict[str, Any] = {"type": attributes.get("type"), "timestamp": attributes.get("time"), "data": data}
    found |= {name: attributes.get(told) for name, told in _EXTENSIONS.items() if told in attributes}
    found |= {name: _whole(attributes.get(name)) for name in ("sequence", "watermark")}
    return {"previous_id": None, **found, **{name: True for name in ("replay", "resend") if found.get(name)}}


def _whole(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def _attributes(message: dict[str, Any], *, webhook_id: str, source: str) -> dict[str, object]:
    """Null says nothing and is left out; ``sequence`` is text, as its extension has it."""
    attributes: dict[str, object] = {
        "specversion": "1.0",
        "id": webhook_id,
        "source": source,
        "type": message["type"],
        "time": message["timestamp"],
    }
    treaty = message["data"].get("treaty")
    if treaty:
        attributes["subject"] = treaty
    if message.get("sequence") is not None:
        attributes["sequence"] = str(message["sequence"])
    extensions = {_EXTENSIONS[name]: value for name, value in message.items() if name in _EXTENSIONS}
    return attributes | {name: value for name, value in extensions.items() if value is not None}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compact(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
