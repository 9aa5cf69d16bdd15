"""Refusals as problem documents (RFC 9457): the type can be looked up, the facts can be read by a program."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Send

from treaty_status.api.errors import every_refusal, status_of
from treaty_status.api.refusals import BadRequest, BodyTooLarge, Fault, InvalidRequest, MethodNotAllowed, NotFound
from treaty_status.application.editions import EditionOver
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.submissions import Unavailable
from treaty_status.domain.dates import DateOutOfRange
from treaty_status.domain.refusals import Refusal

LOG = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 1
_RESERVED: Final = frozenset({"type", "title", "status", "detail", "way_out"})


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says no: its status, its headers in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def problem_of(refusal: Refusal, *, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem document of a refusal."""
    status = status_of(refusal)
    document = {
        "type": f"/problems/{refusal.slug}",
        "title": refusal.title,
        "status": status,
        "detail": refusal.detail,
        "way_out": refusal.way_out,
        **{name: value for name, value in refusal.facts.items() if name not in _RESERVED},
    }
    body = msgspec.json.encode(document)
    told = {"content-type": MEDIA_TYPE, "cache-control": "no-store", "access-control-allow-origin": "*"}
    if status == 401:
        told["www-authenticate"] = 'Bearer realm="treaty-status"'
    if status == 503:
        told["retry-after"] = str(RETRY_AFTER_SECONDS)
    return Problem(status, told | dict(headers or {}), body)


def refusal_of(error: Exception) -> Refusal:
    """What a reader is told of an exception: a refusal is told as it is, a fault only as that."""
    match error:
        case Refusal():
            return error
        case LogUnavailable():
            return Unavailable(
                "The database behind the record does not answer.", way_out="Ask again in a moment; it is safe."
            )
        case DateOutOfRange():
            return InvalidRequest(str(error), way_out="Check the rule's dates and durations.", facts={"errors": []})
        case _:
            LOG.error("A request ended by a fault.", exc_info=error)
            return Fault(
                "What went wrong stands in the log of the service.",
                way_out="Send it again with the same Idempotency-Key, or tell the operator the time of this answer.",
            )


def invalid(*errors: tuple[str, str], way_out: str = "Correct what is pointed at and send it again.") -> InvalidRequest:
    """The refusal of fields: each as (JSON pointer or parameter name, what is wrong)."""
    pointer, text = errors[0]
    more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidRequest(
        f"{pointer or 'The body'}: {text.rstrip('.')}.{more}",
        way_out=way_out,
        facts={"errors": [{"pointer": where, "detail": what} for where, what in errors]},
    )


async def send_problem(send: Send, problem: Problem, *, head: bool = False) -> None:
    """The problem as ASGI messages."""
    headers = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
    headers.append((b"content-length", str(len(problem.body)).encode()))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else problem.body})


def response_of(problem: Problem) -> Response:
    """The problem as Starlette sends it."""
    return Response(problem.body, status_code=problem.status, headers=problem.headers)


def install(app: FastAPI) -> None:
    """Every refusal, fault and error of the framework becomes a problem document."""
    for kind in (Refusal, LogUnavailable, DateOutOfRange, Exception):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(EditionOver, _retold)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_request: Request, error: Exception) -> Response:
    return response_of(problem_of(refusal_of(error)))


async def _retold(_request: Request, error: Exception) -> Response:
    refusal = refusal_of(error)
    return response_of(problem_of(refusal, headers={"location": str(refusal.facts["retold_at"])}))


async def _invalid(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    told = [(_pointer(one["loc"]), _told(one)) for one in found]
    return response_of(problem_of(invalid(*told or [("", "The request is not valid")])))


def _told(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


def _pointer(location: tuple[int | str, ...]) -> str:
    where, *rest = location
    path = "/".join(str(part) for part in rest)
    return f"/{path}" if where == "body" else path


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    path = request.url.path
    refusal: Refusal
    match error.status_code:
        case 404:
            refusal = NotFound(f"There is nothing at {path}.", way_out="The addresses are listed at /docs.")
        case 405:
            allowed = (error.headers or {}).get("Allow", "")
            refusal = MethodNotAllowed(
                f"{path} does not take {request.method}.",
                way_out=f"It takes: {allowed}." if allowed else "See /docs.",
                facts={"method": request.method},
            )
        case 413:
            refusal = BodyTooLarge("The body is longer than this service takes.", way_out="Send less at once.")
        case status if status >= 500:
            refusal = refusal_of(error)
        case _:
            refusal = BadRequest(str(error.detail), way_out="See /docs.")
    return response_of(problem_of(refusal, headers={k.lower(): v for k, v in (error.headers or {}).items()}))


def meaning(slug: str) -> dict[str, Any] | None:
    """What stands under a problem's type: its title, its status, when it arises."""
    for kind in every_refusal():
        if kind.slug == slug:
            told = kind("", way_out="")
            words = " ".join((kind.__doc__ or "").split())
            return {
                "type": f"/problems/{slug}",
                "title": kind.title,
                "status": status_of(told),
                "meaning": words,
                "can_be_overruled_as": kind.check,
            }
    return None
