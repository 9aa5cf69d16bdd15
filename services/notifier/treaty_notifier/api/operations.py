"""For operators: is it alive, is it ready, what version, what numbers; and what each problem means."""

import asyncio
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from treaty_notifier.api.desk import TheDesk
from treaty_notifier.api.problems import EVERY_PROBLEM
from treaty_notifier.errors import OutboxUnavailable

router = APIRouter(tags=["operations"])
DATABASE_SECONDS = 2.0


def own_version() -> str:
    try:
        return version("treaty-status")
    except PackageNotFoundError:
        return "0+unknown"


@router.get("/livez", operation_id="livez", summary="The process answers")
async def livez() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz", operation_id="readyz", summary="The service can do its work", response_class=JSONResponse)
async def readyz(desk: TheDesk) -> JSONResponse:
    """200 when the outbox answers, the loops run and the feed is being followed; else 503 with what is wrong."""
    health = desk.health()
    faults, facts = dict(health.faults), dict(health.facts)
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            progress = await desk.call(desk.outbox.progress)
            facts |= {"position": progress.position, "messages": progress.seq}
            await desk.call(desk.outbox.probe)
    except OutboxUnavailable as outage:
        faults["database"] = outage.reason
    except TimeoutError:
        faults["database"] = "it does not answer in time"
    except Exception as error:  # noqa: BLE001  (whatever the database does, the answer is that it is not ready)
        faults["database"] = type(error).__name__
    body = {"status": "unready" if faults else "ready", "faults": faults, **facts}
    return JSONResponse(body, status_code=503 if faults else 200)


@router.get("/version", operation_id="version", summary="Which release this is")
async def read_version() -> dict[str, str]:
    return {"name": "treaty-notifier", "version": own_version()}


@router.get("/metrics", operation_id="metrics", summary="Prometheus", response_class=PlainTextResponse)
async def metrics(desk: TheDesk) -> Response:
    """Without the counts of the outbox, and ``treaty_notifier_database_up 0``, while the database cannot be used."""
    census = None
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            census = await desk.call(desk.outbox.census)
            desk.metrics.circuits_open.set(await desk.call(desk.outbox.dossiers.circuits_open))
            await desk.call(desk.outbox.probe)
        desk.metrics.database_up.set(1)
    except (OutboxUnavailable, TimeoutError):
        desk.metrics.database_up.set(0)
    return Response(desk.metrics.text(census), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/problems/{slug}", operation_id="problem", summary="What a problem means")
async def problem(slug: str) -> dict[str, object]:
    found = EVERY_PROBLEM.get(slug)
    if found is None:
        raise HTTPException(404)
    return {"type": f"/problems/{slug}", "status": found.status, "title": found.title, "meaning": found.meaning}
