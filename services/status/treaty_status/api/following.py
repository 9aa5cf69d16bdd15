"""The feed over HTTP: a page, a page that is waited for, lines, or a stream; resumed by position."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.responses import StreamingResponse

from treaty_status.api.feed import Feed, Wanted
from treaty_status.api.feed_lines import wanted
from treaty_status.api.problems import invalid
from treaty_status.api.surface import Surface, TheSurface

router = APIRouter(tags=["feed"])
LAST: Final = 2**53
EVENT_STREAM: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
RECONNECT_MILLISECONDS: Final = 1_000


@router.get(
    "/v1/feed",
    operation_id="read_feed",
    summary="Every event from a position on",
    responses={
        200: {
            "description": "A page; lines or a stream where Accept asks for them",
            "content": {
                LINES: {"schema": {"type": "string"}},
                EVENT_STREAM: {"schema": {"type": "string"}},
            },
        }
    },
)
async def read_feed(
    request: Request,
    surface: TheSurface,
    after: Annotated[
        int | None, Query(ge=0, le=LAST, description="The position of the last event that you have; 0 from the start.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many events.")] = 100,
    types: Annotated[
        str | None,
        Query(max_length=2_000, description="Names separated by commas; * stands for any tail: treaty.threshold.*"),
    ] = None,
    wait: Annotated[
        float, Query(ge=0, le=30, description="Seconds to wait for the first event when there is none yet.")
    ] = 0,
    last_event_id: Annotated[str | None, Header(description="What a stream resumes from.")] = None,
) -> Response:
    """In the order of the log, without gaps; ask again after `next`, which moves past what `types` leaves out.

    `Accept: text/event-stream` gives a stream that never ends (id: position, event: type), `application/x-ndjson` one
    event a line.
    """
    accept, chosen = request.headers.get("accept", ""), wanted(types)
    start = after if after is not None else 0
    if EVENT_STREAM in accept:
        start = _resumed(last_event_id, otherwise=start)
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        if request.scope.get("asked_head"):
            return Response(headers=headers, media_type=EVENT_STREAM)
        stream = _events(surface, start, chosen)
        return StreamingResponse(stream, headers=headers, media_type=EVENT_STREAM)
    with surface.metrics.following.track_inprogress():
        page = await surface.feed.page(
            after=start, limit=limit, wanted=chosen, wait_seconds=0 if request.scope.get("asked_head") else wait
        )
    headers = {"cache-control": "no-cache", "x-next-position": str(page.next), "x-head-position": str(page.head)}
    if LINES in accept:
        body = b"".join(line.data + b"\n" for line in page.lines)
        return Response(body, headers=headers, media_type=LINES)
    return Response(page.document(), headers=headers, media_type="application/json")


def _resumed(last_event_id: str | None, *, otherwise: int) -> int:
    if last_event_id is None or not last_event_id.strip():
        return otherwise
    if not last_event_id.strip().isdecimal() or int(last_event_id) > LAST:
        raise invalid(("Last-Event-ID", "It is the position of an event, a whole number"))
    return int(last_event_id)


async def _events(surface: Surface, after: int, chosen: Wanted) -> AsyncIterator[bytes]:
    with surface.metrics.following.track_inprogress():
        yield f"retry: {RECONNECT_MILLISECONDS}\n: following after {after}\n\n".encode()
        async with aclosing(_bunches(surface.feed, after, chosen)) as bunches:
            async for bunch in bunches:
                yield bunch


async def _bunches(feed: Feed, after: int, chosen: Wanted) -> AsyncGenerator[bytes]:
    async for lines in feed.lines(after=after, wanted=chosen):
        if lines:
            yield b"".join(
                f"id: {line.position}\nevent: {line.type}\ndata: ".encode() + line.data + b"\n\n" for line in lines
            )
        else:
            yield b": still here\n\n"
    yield b": the service is closing; come again\n\n"
