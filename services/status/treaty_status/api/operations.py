"""For operators: is it alive, is it ready, which release, what numbers; whose key; what a problem means."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from treaty_status.api.problems import meaning
from treaty_status.api.refusals import NotFound
from treaty_status.api.surface import Surface, TheSurface
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.views import ViewsUnavailable

router = APIRouter(tags=["operations"])
Document = dict[str, Any]
PATIENCE_SECONDS: Final = 2.0
RECENT_SECONDS: Final = 5.0
"""A commit so long ago shows that the log can be written."""
FAR_BEHIND: Final = 100_000
"""Events by which the lists may lag before the service says it is not ready."""


@router.get("/livez", operation_id="livez", summary="The process answers")
async def livez() -> Document:
    """Nothing else is looked at."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="The service can do its work",
    responses={503: {"description": "It cannot; faults says why"}},
)
@router.get("/healthz", include_in_schema=False)
async def readyz(surface: TheSurface) -> JSONResponse:
    """The log can be read and written, the lists answer, and the writer, the tail and the clock live."""
    facts: Document = {}
    faults = _dead(surface)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            facts["head"] = await asyncio.to_thread(surface.desk.log.head)
            facts["views_position"] = await asyncio.to_thread(surface.desk.views.position)
    except LogUnavailable as outage:
        faults["database"] = outage.reason
    except ViewsUnavailable:
        faults["database"] = "the lists do not answer"
    except TimeoutError:
        faults["database"] = "it does not answer in time"
    else:
        facts["views_lag"] = max(0, facts["head"] - facts["views_position"])
        if facts["views_lag"] > FAR_BEHIND:
            faults["views"] = "far behind the log"
    if "database" not in faults and (problem := await _unwritable(surface)) is not None:
        faults["log"] = problem
    steps = surface.desk.clock_task.steps
    if steps is not None and steps.count:
        facts["clock_set_by_seconds"] = round(steps.set_by_seconds, 3)
    body = {"status": "unready" if faults else "ready", "faults": faults, **facts}
    return JSONResponse(body, status_code=503 if faults else 200, headers={"cache-control": "no-store"})


async def _unwritable(surface: Surface) -> str | None:
    """Why nothing could be recorded now; not asked of the database while its own work shows that something can."""
    since = surface.desk.writer.seconds_since_commit
    if since is not None and since < RECENT_SECONDS:
        return None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.to_thread(surface.desk.log.probe)
    except LogUnavailable as outage:
        return f"cannot be written: {outage.reason}"
    except TimeoutError:
        return "cannot be written: it does not answer in time"
    return None


def _dead(surface: Surface) -> dict[str, str]:
    desk = surface.desk
    parts = {"writer": desk.writer.is_alive(), "tail": desk.tail.is_alive(), "clock": desk.clock_task.is_alive()}
    return {name: "has ended" for name, alive in parts.items() if not alive}


@router.get("/version", operation_id="version", summary="Which release this is")
async def version(surface: TheSurface) -> Document:
    """Name and version."""
    return {"name": "treaty-status", "version": surface.desk.version}


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(surface: TheSurface) -> Response:
    """Requests, recording times, and how far the log and the lists have come."""
    gauges = {
        "treaty_log_position": ("The last position seen in the log.", float(surface.desk.tail.seen)),
        "treaty_log_writable": ("1 while something can be recorded.", float(await _unwritable(surface) is None)),
    }
    steps = surface.desk.clock_task.steps
    if steps is not None:
        gauges["treaty_clock_steps"] = ("How often this machine's clock was set.", float(steps.count))
    try:
        position = await asyncio.to_thread(surface.desk.views.position)
    except ViewsUnavailable:
        pass
    else:
        gauges["treaty_views_position"] = ("The position the lists have digested.", float(position))
    return Response(surface.metrics.text(gauges), media_type="text/plain; version=0.0.4")


@router.get(
    "/v1/keys/self",
    operation_id="read_own_key",
    summary="Whose key this is",
    tags=["keys"],
    openapi_extra={"security": [{"key": []}]},
)
async def read_own_key(request: Request, surface: TheSurface) -> JSONResponse:
    """Id, name and scopes of the key in the request; how other services verify a key of this one."""
    key = await surface.access.holder(request.headers.get("authorization"))
    body = {"id": key.id, "name": key.name, "scopes": sorted(key.scopes)}
    return JSONResponse(body, headers={"cache-control": "no-store"})


@router.get("/problems/{slug}", operation_id="read_problem", summary="What a problem means")
async def read_problem(slug: str) -> Document:
    """The title, the status and the circumstances of one type of problem."""
    found = meaning(slug)
    if found is None:
        raise NotFound("There is no problem of this type.", way_out="Take the type from a problem document.")
    return found
