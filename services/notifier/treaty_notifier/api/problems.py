"""Refusals as RFC 9457 problem documents: the one table from what is refused to HTTP."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from treaty_notifier import errors

LOG = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5  # how soon to ask again when the status service did not answer
BODY_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One kind of problem; ``slug`` is the end of its type, ``/problems/{slug}``, where ``meaning`` can be read."""

    slug: str
    status: int
    title: str
    meaning: str


_REFUSALS: dict[type[errors.NotifierRefusal], Problem] = {
    errors.EndpointRefused: Problem(
        slug="endpoint-refused",
        status=422,
        title="This endpoint would never be dialled",
        meaning="Endpoints are public https addresses; the operator may allow networks of their own.",
    ),
    errors.HeaderRefused: Problem(
        slug="header-refused",
        status=422,
        title="Not a header field of yours",
        meaning="Fields that frame the request or are the notifier's own (webhook-*, content-type …) are not for you.",
    ),
    errors.TlsRefused: Problem(
        slug="tls-refused",
        status=422,
        title="Not certificates that a connection could be made with",
        meaning="PEM texts that are valid now: a client certificate with its own private key, and authorities.",
    ),
    errors.HostLimit: Problem(
        slug="host-limit",
        status=429,
        title="Too many new hosts within an hour",
        meaning="The operator limits to how many hosts one key may point endpoints within an hour.",
    ),
    errors.EndpointDoesNotConsent: Problem(
        slug="endpoint-does-not-consent",
        status=422,
        title="The endpoint does not consent",
        meaning="Endpoints of CloudEvents are asked by OPTIONS first, and answer with WebHook-Allowed-Origin.",
    ),
    errors.ExamTooSoon: Problem(
        slug="exam-too-soon",
        status=429,
        title="Examined a moment ago",
        meaning="A host is examined at most once in ten seconds, so that nobody is made a target of exams.",
    ),
    errors.ExamTooLong: Problem(
        slug="exam-too-long",
        status=409,
        title="An exam would take too long at this rate",
        meaning="An exam keeps the subscription's rate_per_minute; below 10 its pauses would exceed half a minute.",
    ),
    errors.ProbeLimit: Problem(
        slug="test-limit",
        status=429,
        title="Too many tests and copies within a minute",
        meaning="The operator limits how many tests and copies under new ids one key may ask for within a minute.",
    ),
    errors.TypePatternRefused: Problem(
        slug="type-pattern-refused",
        status=422,
        title="Not a pattern of message types",
        meaning="Dotted words; * stands for one word or, at the end, for any tail.",
    ),
    errors.GroupUnknown: Problem(
        slug="group-unknown",
        status=422,
        title="No such group of participants",
        meaning="Groups are those of the status service's registry.",
    ),
    errors.ParticipantUnknown: Problem(
        slug="participant-unknown",
        status=422,
        title="No such participant",
        meaning="Filters name participants by their id in the status service's registry, such as fra or eu.",
    ),
    errors.TreatyUnknown: Problem(
        slug="treaty-unknown",
        status=422,
        title="No such treaty",
        meaning="Filters name treaties and open rehearsals by the id under which the status service holds them.",
    ),
    errors.StartLiesAhead: Problem(
        slug="start-lies-ahead",
        status=422,
        title="Nothing was recorded there yet",
        meaning="A replay begins at a position or instant of the past; without replay_from, with what comes next.",
    ),
    errors.SubscriptionUnknown: Problem(
        slug="subscription-unknown",
        status=404,
        title="No such subscription",
        meaning="It does not exist, or this key does not own it; the two are not told apart.",
    ),
    errors.DeliveryUnknown: Problem(
        slug="delivery-unknown",
        status=404,
        title="No such delivery",
        meaning="It does not exist, or this key does not own its subscription.",
    ),
    errors.SubscriptionNotActive: Problem(
        slug="subscription-not-active",
        status=409,
        title="The subscription is not active",
        meaning="Nothing is sent while it is paused or disabled; PATCH its state to active first.",
    ),
    errors.ReplayUnknown: Problem(
        slug="replay-unknown",
        status=404,
        title="No such replay",
        meaning="The subscription has no replay of this id.",
    ),
    errors.GapRefused: Problem(
        slug="gap-refused",
        status=422,
        title="Not a stretch of a feed",
        meaning="A gap goes from a number to the same or a higher one, or begins after a number.",
    ),
    errors.SubscriptionLimit: Problem(
        slug="subscription-limit",
        status=409,
        title="No more subscriptions for this key",
        meaning="The operator limits how many subscriptions one key may own.",
    ),
    errors.RotationRefused: Problem(
        slug="rotation-refused",
        status=409,
        title="Too many sign at once",
        meaning="A former secret or key signs until the end that was told, and one header carries five of a kind.",
    ),
    errors.KeyRefused: Problem(
        slug="key-refused",
        status=401,
        title="A key is needed",
        meaning="Send Authorization: Bearer with a key of the status service.",
    ),
    errors.ScopeMissing: Problem(
        slug="scope-missing",
        status=403,
        title="This key may not do that",
        meaning="Subscriptions need the scope subscribe.",
    ),
    errors.StatusUnreachable: Problem(
        slug="status-unreachable",
        status=503,
        title="The status service does not answer",
        meaning="Keys and groups are asked of the status service; deliveries go on meanwhile.",
    ),
    errors.OutboxUnavailable: Problem(
        slug="database-unavailable",
        status=503,
        title="The notifier's database cannot be used now",
        meaning="A full disk, a lock, or a server that does not answer; nothing was changed, and nothing is lost.",
    ),
}
_INVALID = Problem(
    slug="invalid-request",
    status=422,
    title="The request does not say what it must",
    meaning="Each entry of errors points at a field and says what is wrong with it.",
)
_MALFORMED = Problem(
    slug="malformed-json",
    status=400,
    title="The body is not JSON",
    meaning="Nothing was read of it.",
)
_TOO_LARGE = Problem(
    slug="body-too-large",
    status=413,
    title="The body is too large",
    meaning=f"A request body holds at most {BODY_LIMIT_BYTES} bytes.",
)
_FAULT = Problem(
    slug="fault",
    status=500,
    title="Something is wrong on our side",
    meaning="Nothing was changed by this request, or all of it; asking again is safe for reads.",
)
EVERY_PROBLEM = {problem.slug: problem for problem in (*_REFUSALS.values(), _INVALID, _MALFORMED, _TOO_LARGE, _FAULT)}


def install(app: FastAPI) -> None:
    """Every refusal of this application becomes a problem document."""
    app.add_exception_handler(errors.NotifierRefusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def problem_of(refusal: errors.NotifierRefusal) -> Problem:
    """What it is over HTTP; a fault where the table does not know it."""
    return _REFUSALS.get(type(refusal), _FAULT)


def problem_response(
    problem: Problem,
    *,
    detail: str,
    facts: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    return JSONResponse(
        {
            "type": f"/problems/{problem.slug}",
            "title": problem.title,
            "status": problem.status,
            "detail": detail,
            **(facts or {}),
        },
        status_code=problem.status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )


def nul_in_address() -> JSONResponse:
    return problem_response(
        _INVALID, detail="The address holds the character NUL (%00), which no id and no query has; leave it out"
    )


def body_too_large() -> JSONResponse:
    return problem_response(_TOO_LARGE, detail=_TOO_LARGE.meaning)


async def _refused(_request: Request, refusal: Exception) -> JSONResponse:
    problem = _REFUSALS.get(type(refusal))  # type: ignore[arg-type]  # Starlette hands over any Exception
    if problem is None:
        raise refusal
    headers = {}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    if isinstance(refusal, errors.TooOften):
        headers["retry-after"] = str(max(1, math.ceil(refusal.retry_after_seconds)))
    return problem_response(problem, detail=str(refusal), headers=headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(one["type"] == "json_invalid" for one in found):
        return problem_response(_MALFORMED, detail="The request body is not well-formed JSON")
    facts = [{"pointer": _pointer(one["loc"]), "detail": one["msg"]} for one in found]
    return problem_response(_INVALID, detail=_INVALID.title, facts={"errors": facts})


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for this class only)
    if error.status_code == _TOO_LARGE.status:
        return body_too_large()
    if error.status_code == _MALFORMED.status:  # bytes that are no text at all
        return problem_response(_MALFORMED, detail="The request body is not well-formed JSON")
    status = HTTPStatus(error.status_code)
    problem = Problem(slug="http", status=status.value, title=status.phrase, meaning=status.description)
    return problem_response(problem, detail=status.description or status.phrase, headers=error.headers)


async def _fault(request: Request, error: Exception) -> JSONResponse:
    LOG.error("A request ended by a fault", exc_info=error, extra={"facts": {"path": request.url.path}})
    return problem_response(_FAULT, detail="The fault is in our log; what went wrong is not for this answer")


def _pointer(location: tuple[int | str, ...]) -> str:
    where, *rest = location
    path = "/".join(str(part) for part in rest)
    return f"/{path}" if where == "body" else f"{where}:{path}"
