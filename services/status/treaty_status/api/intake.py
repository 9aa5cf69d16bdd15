"""Bodies as they come in: bounded, JSON only, and exactly of the shape that is documented."""

import re
from typing import Final, TypeVar

import msgspec
from starlette.types import Receive

from treaty_status.api.problems import invalid
from treaty_status.api.refusals import BadRequest, BodyTooLarge, InvalidRequest, MalformedJson, NotJson
from treaty_status.api.shapes import way_out
from treaty_status.domain.refusals import Refusal

Shape = TypeVar("Shape")
_AT: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_NUL: Final = b"\\u0000"


async def read_body(receive: Receive, *, declared: str | None, limit_bytes: int) -> bytes:
    """The whole body, whether its length was declared or it came in chunks.

    Raises:
        BodyTooLarge: it is longer than the limit; reading stops there.
        BadRequest: the sender went away.
    """
    if declared is not None and declared.isdecimal() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and message["type"] == "http.request":
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        return body
    parts, size = [body], len(body)
    while message.get("more_body", False) and message["type"] == "http.request":
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit_bytes:
            raise _too_large(limit_bytes)
    if message["type"] != "http.request":
        raise BadRequest("The body ended before it was complete.", way_out="Send it again.")
    return b"".join(parts)


def must_be_json(content_type: str | None) -> None:
    """Refuse a body that says it is something else, or does not say what it is.

    A page of another origin can send a form without being asked; it cannot send JSON.

    Raises:
        NotJson: the header is missing or names another kind.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return
    raise NotJson(
        f"The body is sent as {kind or 'nothing that says what it is'}.",
        way_out="Send it with Content-Type: application/json.",
        facts={"content_type": kind or None},
    )


def decoded(body: bytes, decoder: "msgspec.json.Decoder[Shape]") -> Shape:
    """The body in its documented shape.

    Raises:
        MalformedJson: not JSON, or not UTF-8, or nested beyond reason.
        InvalidRequest: JSON of another shape; the pointer says where.
    """
    if _NUL in body:
        raise invalid(("", "A text holds the character NUL (\\u0000), which no text needs"))
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _of_another_shape(str(error), decoder.type) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedJson(
            f"The body cannot be read as JSON ({error}).", way_out="Send one JSON object in UTF-8."
        ) from None
    except RecursionError:
        raise MalformedJson("The body is nested too deeply.", way_out="Send one JSON object in UTF-8.") from None


def _too_large(limit_bytes: int) -> Refusal:
    return BodyTooLarge(
        f"A body holds at most {limit_bytes} bytes here.",
        way_out="Send less at once, or ask the operator to raise TREATY_BODY_LIMIT_BYTES.",
        facts={"limit_bytes": limit_bytes},
    )


def _of_another_shape(message: str, shape: object) -> InvalidRequest:
    found = _AT.search(message)
    path = "" if found is None else found["path"]
    text = message if found is None else message[: found.start()]
    what = (pointer(path), text.replace("`", ""))
    instead = way_out(shape, [name or index for name, index in _STEP.findall(path)], text)
    return invalid(what) if instead is None else invalid(what, way_out=instead)


def pointer(path: str) -> str:
    """A JSON pointer (RFC 6901) for a path such as ``.evidence[0].source``."""
    return "".join(f"/{name or index}" for name, index in _STEP.findall(path))
