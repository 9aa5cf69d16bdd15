"""``POST /v1/import``: acts of any treaties, one a line, streamed in; one line of answer for each, streamed out.

Sending and reading may go on side by side, and need not: whoever reads only after the last line was sent is waited for.
What was not sent to the end was not asked for: of a body that breaks off, only what was settled before is recorded.
"""

import asyncio
import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Receive, Scope, Send

from treaty_status.api.imported_lines import Entry, LineImport, Wanted, too_many
from treaty_status.api.line_cutter import LineCutter
from treaty_status.api.openapi import takes_lines
from treaty_status.api.problems import invalid
from treaty_status.api.refusals import NotJson
from treaty_status.api.surface import TheSurface, allowed
from treaty_status.application.keys import Scope as KeyScope

router = APIRouter(tags=["recording"])
LINES: Final = "application/x-ndjson"
KINDS: Final = frozenset({LINES, "application/ndjson", "application/jsonl", "application/x-jsonlines"})
MOST_LINES: Final = 100_000
HELD: Final = 20_000
"""Lines held until they are decided together, in legal order; so most imports are one order for each treaty."""
NEWS_HELD: Final = 256
IDLE_SECONDS: Final = 2.0
"""Who sends nothing for so long waits for answers."""
CHUNKS_AHEAD: Final = 16
"""Chunks taken from the sender while earlier ones are decided; then it has to wait."""
CHUNKS_THROWN_AWAY: Final = 4_096
"""Read on after the last line that is taken, so that a sender that does not listen yet gets to hear of it."""
BROKEN_OFF: Final = object()
Chunks = asyncio.Queue[bytes | object | None]
"""Pieces of the body; None at its end, ``BROKEN_OFF`` where the sender went away before."""
Answers = asyncio.Queue[bytes | None]


@router.post(
    "/v1/import",
    operation_id="import_acts",
    summary="Record many acts, one a line",
    openapi_extra=takes_lines("imported_act"),
    responses={
        200: {
            "description": "One line for each line sent: `recorded` with its event, `already`, or a `problem`",
        }
    },
)
async def import_acts(
    *,
    request: Request,
    surface: TheSurface,
    news: Annotated[
        bool,
        Query(description="Record each act in the order of the lines as POST …/actions does; what it crosses is news."),
    ] = False,
    define: Annotated[
        bool,
        Query(description="Put treaties on record that are not there, with a bare header and no rule. Needs `define`."),
    ] = False,
    source: Annotated[
        str | None, Query(min_length=1, max_length=300, description="Where the acts come from, in words.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Answer each line, and record nothing.")] = False,
) -> Response:
    """A history: acts are decided in legal order, whatever the order of the lines; old lines are put on record without
    news, and one announcement a treaty says that the history is there. A bad line is answered with its number and
    stops nothing else. Sending the same lines again records nothing twice. Up to 100,000 lines. The first may be an
    `ImportHeadBody`, for tables that claim to be complete; it is answered `noted`.
    """
    key = await allowed(request, surface, KeyScope.RECORD)
    if define:
        await allowed(request, surface, KeyScope.DEFINE)
    _must_be_lines(request.headers.get("content-type"))
    if news and (dry_run or define):
        what = "dry_run" if dry_run else "define"
        raise invalid(
            (what, "With news each act meets a record that the acts before it have changed; nothing is only tried"),
            way_out=f"Leave {what} out, or try the lines as history.",
        )
    wanted = Wanted(source=source or f"import by {key.name}", news=news, define=define, dry_run=dry_run)
    return _Answer(LineImport(surface, key, wanted))


def _must_be_lines(content_type: str | None) -> None:
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise NotJson(
            f"The body is sent as {kind or 'nothing that says what it is'}.",
            way_out=f"Send one JSON object a line with Content-Type: {LINES}.",
            facts={"content_type": kind or None},
        )


class _Answer(Response):
    """Reads, decides and answers side by side, so that none of them waits for another without need."""

    def __init__(self, lines: LineImport) -> None:
        super().__init__()
        self._lines = lines
        self._limit = lines.surface.body_limit_bytes

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        chunks: Chunks = asyncio.Queue(CHUNKS_AHEAD)
        answers: Answers = asyncio.Queue()
        headers = [(b"content-type", LINES.encode()), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        reading = asyncio.create_task(_read(receive, chunks))
        deciding = asyncio.create_task(self._decide(chunks, answers))
        try:
            while (answer := await answers.get()) is not None:
                await send({"type": "http.response.body", "body": answer, "more_body": True})
            await deciding
            await send({"type": "http.response.body", "body": b""})
        finally:
            for task in (reading, deciding):
                task.cancel()
            await asyncio.gather(reading, deciding, return_exceptions=True)

    async def _decide(self, chunks: Chunks, answers: Answers) -> None:
        try:
            await self._lines_of(chunks, answers)
        finally:
            answers.put_nowait(None)

    async def _lines_of(self, chunks: Chunks, answers: Answers) -> None:
        cutter, digest = LineCutter(limit_bytes=self._limit), hashlib.sha256()
        most = NEWS_HELD if self._lines.wanted.news else HELD
        held: list[Entry] = []
        while True:
            try:
                chunk = await asyncio.wait_for(chunks.get(), IDLE_SECONDS if held else None)
            except TimeoutError:
                await self._settle(held, digest.hexdigest(), answers)
                continue
            if chunk is BROKEN_OFF:
                return
            text = chunk if isinstance(chunk, bytes) else b""
            digest.update(text)
            for line in cutter.last() if chunk is None else cutter.lines(text):
                if line.number > MOST_LINES:
                    await self._settle(held, digest.hexdigest(), answers)
                    answers.put_nowait(too_many(line.number, MOST_LINES))
                    await _throw_away(chunks)
                    return
                entry = self._lines.entry(line)
                if entry is not None:
                    held.append(entry)
                if len(held) >= most:
                    await self._settle(held, digest.hexdigest(), answers)
            if chunk is None:
                await self._settle(held, digest.hexdigest(), answers)
                return

    async def _settle(self, held: list[Entry], digest: str, answers: Answers) -> None:
        if held:
            self._lines.digest = digest
            answers.put_nowait(await self._lines.settle(held))
            held.clear()


async def _read(receive: Receive, chunks: Chunks) -> None:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            await chunks.put(BROKEN_OFF)
            return
        if body := message.get("body", b""):
            await chunks.put(body)
        if not message.get("more_body", False):
            await chunks.put(None)
            return


async def _throw_away(chunks: Chunks) -> None:
    for _ in range(CHUNKS_THROWN_AWAY):
        if not isinstance(await chunks.get(), bytes):
            return
