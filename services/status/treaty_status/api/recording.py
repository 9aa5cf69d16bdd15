"""Writing: a key with the right scope, a bounded JSON body, one order, a durable answer."""

import asyncio
import secrets
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import APIRouter, Query, Request, Response

from treaty_status.api import orders
from treaty_status.api.bodies import (
    ActionBody,
    ClaimBody,
    ClosingBody,
    CorrectionBody,
    DayBody,
    RehearsalBody,
    ReleaseBody,
    TreatyBody,
)
from treaty_status.api.conditions import expected_version, idempotency
from treaty_status.api.intake import decoded, must_be_json, read_body
from treaty_status.api.openapi import takes
from treaty_status.api.problems import invalid
from treaty_status.api.receipts import created_status, defined_status, receipt_body, receipt_headers
from treaty_status.api.surface import Surface, TheSurface, allowed
from treaty_status.application.keys import Key, Scope
from treaty_status.application.spellings import must_be_told_apart
from treaty_status.application.submissions import IdempotencyKey, Receipt, StaleVersion, Submission
from treaty_status.domain.decisions import (
    CloseRehearsal,
    MoveRehearsalDay,
    OpenRehearsal,
    Order,
    ReleaseHold,
    defined,
)
from treaty_status.domain.treaty import Treaty

router = APIRouter(tags=["recording"])
Shape = TypeVar("Shape", bound=msgspec.Struct)
MOST_ATTEMPTS: Final = 5
REHEARSAL: Final = "~"
"""Parts the treaty's id from the rehearsal's own word."""

DryRun = Annotated[bool, Query(description="Answer what would follow, with checks and milestones, and record nothing.")]
ACTION = msgspec.json.Decoder(ActionBody)
_TREATY = msgspec.json.Decoder(TreatyBody)
_CORRECTION = msgspec.json.Decoder(CorrectionBody)
_CLAIM = msgspec.json.Decoder(ClaimBody)
_REHEARSAL = msgspec.json.Decoder(RehearsalBody)
_RELEASE = msgspec.json.Decoder(ReleaseBody)
_DAY = msgspec.json.Decoder(DayBody)
_CLOSING = msgspec.json.Decoder(ClosingBody)


# ---- one request -----------------------------------------------------------------------------------------------------
async def body_of(
    request: Request, surface: Surface, decoder: "msgspec.json.Decoder[Shape]", *, optional: bool = False
) -> Shape:
    """The body of a request in its documented shape; where it is ``optional``, none means an empty object."""
    headers = request.headers
    raw = await read_body(request.receive, declared=headers.get("content-length"), limit_bytes=surface.body_limit_bytes)
    if optional and not raw:
        raw = b"{}"
    else:
        must_be_json(headers.get("content-type"))
    return decoded(raw, decoder)


def asked_once(request: Request, key: Key, treaty: str, body: msgspec.Struct) -> IdempotencyKey | None:
    """The request's idempotency key, made the asker's own."""
    return idempotency(
        request.headers.get("idempotency-key"),
        key=key,
        treaty=treaty,
        what=f"{request.method} {request.url.path}",
        body=orders.canonical(body),
    )


async def recorded(
    request: Request, surface: Surface, key: Key, order: Order, *, body: msgspec.Struct, dry_run: bool = False
) -> Receipt:
    """Hand an order in and wait for its durable receipt."""
    submission = Submission(
        order=order,
        by=f"key:{key.name}",
        idempotency=None if dry_run else asked_once(request, key, order.treaty, body),
        expected_version=expected_version(request.headers.get("if-match")),
        dry_run=dry_run,
    )
    with surface.metrics.recorded.time():
        return await surface.desk.writer.submit(submission)


def told(receipt: Receipt, status: int, **headers: str) -> Response:
    """The receipt as a response."""
    return Response(receipt_body(receipt), status_code=status, headers=receipt_headers(receipt) | headers)


# ---- the treaty itself -----------------------------------------------------------------------------------------------
@router.put(
    "/v1/treaties/{treaty}",
    operation_id="define_treaty",
    summary="Define or amend a treaty",
    openapi_extra=takes(TreatyBody, "treaty"),
    responses={200: {"description": "Amended, or as it was"}, 201: {"description": "Defined"}},
)
async def define_treaty(*, request: Request, surface: TheSurface, treaty: str, dry_run: DryRun = False) -> Response:
    """Titles, depositary and its zone, windows of signature, the rule; whatever differs from the record is an event."""
    key = await allowed(request, surface, Scope.DEFINE)
    orders.identifier(treaty, "treaty")
    body = await body_of(request, surface, _TREATY)
    receipt = await _defined(request, surface, key, treaty, body, dry_run=dry_run)
    return told(receipt, 200 if dry_run else defined_status(receipt), location=f"/v1/treaties/{treaty}")


async def _defined(
    request: Request, surface: Surface, key: Key, treaty: str, body: TreatyBody, *, dry_run: bool
) -> Receipt:
    """Windows that are left out stay as they are, so the order is for the version that they were read from."""
    wanted = expected_version(request.headers.get("if-match"))
    for attempt in range(1, MOST_ATTEMPTS + 1):
        state = (await asyncio.to_thread(surface.desk.treaties.get, treaty)).state
        standing = state.windows if isinstance(state, Treaty) else ()
        if not isinstance(state, Treaty) and REHEARSAL in treaty:
            raise invalid(("treaty", f"An id with {REHEARSAL} is a rehearsal's; open one with POST …/rehearsals"))
        if not isinstance(state, Treaty):
            await asyncio.to_thread(must_be_told_apart, treaty, surface.desk.treaties, surface.desk.views)
        order = orders.definition(body, treaty=treaty, standing_windows=standing)
        depends = body.signature_windows is msgspec.UNSET and isinstance(state, Treaty)
        submission = Submission(
            order=order,
            by=f"key:{key.name}",
            idempotency=None if dry_run else asked_once(request, key, treaty, body),
            expected_version=state.version if wanted is None and depends else wanted,
            dry_run=dry_run,
        )
        try:
            return await surface.desk.writer.submit(submission)
        except StaleVersion:
            if wanted is not None or attempt == MOST_ATTEMPTS:
                raise
    raise AssertionError("the loop returns or raises")


# ---- acts ------------------------------------------------------------------------------------------------------------
@router.post(
    "/v1/treaties/{treaty}/actions",
    operation_id="record_action",
    summary="Record one act of one participant",
    openapi_extra=takes(ActionBody, "action"),
    status_code=201,
    responses={200: {"description": "Only asked (dry_run): what would follow"}, 201: {"description": "Recorded"}},
)
async def record_action(*, request: Request, surface: TheSurface, treaty: str, dry_run: DryRun = False) -> Response:
    """Signature, ratification, accession, withdrawal … The answer comes when the act and every milestone it causes are
    durable. Acts below the depositary's own tier are kept as claims.
    """
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, ACTION)
    order = orders.act(body, treaty=treaty, registry=surface.desk.registry)
    receipt = await recorded(request, surface, key, order, body=body, dry_run=dry_run)
    return told(receipt, created_status(receipt))


@router.post(
    "/v1/treaties/{treaty}/corrections",
    operation_id="record_correction",
    summary="Correct, retract or reinstate an act or a certificate",
    openapi_extra=takes(CorrectionBody, "correction"),
    status_code=201,
    responses={200: {"description": "Only asked (dry_run): what would follow"}, 201: {"description": "Recorded"}},
)
async def record_correction(*, request: Request, surface: TheSurface, treaty: str, dry_run: DryRun = False) -> Response:
    """Nothing is edited: a later fact says what was wrong with an earlier one, and milestones follow."""
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, _CORRECTION)
    order = orders.correction(body, treaty=treaty, registry=surface.desk.registry)
    receipt = await recorded(request, surface, key, order, body=body, dry_run=dry_run)
    return told(receipt, created_status(receipt))


@router.post(
    "/v1/treaties/{treaty}/claims",
    operation_id="record_claim",
    summary="Keep a statement beside the facts",
    openapi_extra=takes(ClaimBody, "claim"),
    status_code=201,
    responses={201: {"description": "Kept"}},
)
async def record_claim(request: Request, surface: TheSurface, treaty: str) -> Response:
    """What press, governments or organisations said. It moves no count; contradictions are shown."""
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, _CLAIM)
    order = orders.claim(body, treaty=treaty, registry=surface.desk.registry)
    receipt = await recorded(request, surface, key, order, body=body)
    return told(receipt, created_status(receipt))


@router.post(
    "/v1/treaties/{treaty}/releases",
    operation_id="release_announcements",
    summary="Release what waits for a second person",
    openapi_extra=takes(ReleaseBody, "release", required=False),
    responses={200: {"description": "Announced"}},
)
async def release_announcements(
    *, request: Request, surface: TheSurface, treaty: str, dry_run: DryRun = False
) -> Response:
    """Where a treaty is kept under four eyes: the holder of another key than the one that recorded the fact lets its
    announcement go. What waits is listed under ``held`` at …/milestones.
    """
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, _RELEASE, optional=True)
    order = ReleaseHold(treaty=treaty) if body.key is None else ReleaseHold(treaty=treaty, key=body.key)
    return told(await recorded(request, surface, key, order, body=body, dry_run=dry_run), 200)


# ---- rehearsals ------------------------------------------------------------------------------------------------------
@router.post(
    "/v1/treaties/{treaty}/rehearsals",
    operation_id="open_rehearsal",
    summary="Open a rehearsal of a treaty",
    openapi_extra=takes(RehearsalBody, "rehearsal", required=False),
    status_code=201,
    responses={201: {"description": "Opened; its id is in the answer and in Location"}},
)
async def open_rehearsal(request: Request, surface: TheSurface, treaty: str) -> Response:
    """A copy as of a legal day, in a stream of its own, with its own calendar: for practice, never counted, never
    mixed. Its acts and webhooks carry livemode false.
    """
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, _REHEARSAL, optional=True)
    source = defined((await asyncio.to_thread(surface.desk.treaties.get, treaty)).state)
    of = source.rehearsal_of or source.id
    starts_on = orders.optional_day(body.starts_on, "/starts_on") or surface.answers.today(source)
    chosen = _rehearsal_id(body.id, of) if body.id is not None else _new_id(asked_once(request, key, of, body), of)
    order = OpenRehearsal(treaty=chosen, of=source, starts_on=starts_on)
    receipt = await recorded(request, surface, key, order, body=body)
    answer = msgspec.json.encode(
        {
            **msgspec.json.decode(receipt_body(receipt)),
            "id": chosen,
            "rehearsal_of": source.id,
            "livemode": False,
            "starts_on": starts_on.isoformat(),
        }
    )
    headers = receipt_headers(receipt) | {"location": f"/v1/treaties/{chosen}"}
    return Response(answer, status_code=201, headers=headers)


def _rehearsal_id(text: str, of: str) -> str:
    found = orders.identifier(text, "/id")
    if not found.startswith(f"{of}{REHEARSAL}"):
        raise invalid(("/id", f"A rehearsal's id begins with its treaty's: {of}{REHEARSAL}…"))
    return found


def _new_id(asked: IdempotencyKey | None, of: str) -> str:
    """Six hexadecimal digits: random, or the same again for a request that is sent again."""
    if asked is None:
        return f"{of}{REHEARSAL}{secrets.token_hex(3)}"
    return f"{of}{REHEARSAL}{orders.digest(asked.key)[:6]}"


@router.post(
    "/v1/treaties/{treaty}/day",
    operation_id="move_rehearsal_day",
    summary="Let a day come in a rehearsal",
    openapi_extra=takes(DayBody, "day"),
    responses={200: {"description": "The day has come, with every milestone it brings"}},
)
async def move_rehearsal_day(request: Request, surface: TheSurface, treaty: str) -> Response:
    """A rehearsal's calendar is moved by hand or by its acts, and only forwards."""
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, _DAY)
    order = MoveRehearsalDay(treaty=treaty, on=orders.day(body.on, "/on"))
    return told(await recorded(request, surface, key, order, body=body), 200)


@router.delete(
    "/v1/treaties/{treaty}",
    operation_id="close_rehearsal",
    summary="Close a rehearsal",
    openapi_extra=takes(ClosingBody, "closing", required=False),
    responses={200: {"description": "Closed; it is no longer shown"}},
)
async def close_rehearsal(request: Request, surface: TheSurface, treaty: str) -> Response:
    """Rehearsals only: the record itself is append-only. Its events stay in the log."""
    key = await allowed(request, surface, Scope.DEFINE)
    body = await body_of(request, surface, _CLOSING, optional=True)
    order = CloseRehearsal(treaty=treaty, reason=body.reason)
    return told(await recorded(request, surface, key, order, body=body), 200)
