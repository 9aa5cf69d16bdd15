"""The events of one treaty as lines: all that is stored, or what stood there at some point, or what a day had seen."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Query, Request, Response

from treaty_events import stream_of
from treaty_status.api.answers import Answer
from treaty_status.api.clocks import Clocks, TheClocks
from treaty_status.api.conditions import is_unchanged
from treaty_status.api.feed_lines import log_line
from treaty_status.api.surface import Surface, TheSurface
from treaty_status.api.telling import document_headers
from treaty_status.domain.decisions import defined

router = APIRouter(tags=["treaties"])
LINES: Final = "application/x-ndjson"
MOST: Final = 100_000


class _Dated(msgspec.Struct):
    """The legal day of an act, and that of a line; other events have none."""

    act_date: str | None = None
    occurred_on: str | None = None


_dated: Final = msgspec.json.Decoder(_Dated).decode


@dataclass(frozen=True, slots=True)
class Extent:
    """Which events are wanted."""

    after: int
    limit: int

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """As they stand in an address."""
        found = (("after", self.after, 0), ("limit", self.limit, MOST))
        return tuple((name, str(value)) for name, value, otherwise in found if value != otherwise)


@router.get(
    "/v1/treaties/{treaty}/log",
    operation_id="read_log",
    summary="The events of one treaty",
    responses={200: {"content": {LINES: {"schema": {"type": "string"}}}}},
)
async def read_log(
    *,
    request: Request,
    surface: TheSurface,
    clocks: TheClocks,
    treaty: str,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only events past this version.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = MOST,
) -> Response:
    """One event a line, in order of versions, as they were stored: NDJSON. With `as_of`, acts and lines of later legal
    days are left out; everything that has no legal day of its own stays.
    """
    answer = await asyncio.to_thread(_read, surface, clocks, treaty, Extent(after, limit))
    lasts = clocks.at_position is not None and clocks.edition is not None
    headers = document_headers(answer, LINES, lasts=lasts)
    if clocks.as_of is None:
        del headers["x-as-of"]
    if is_unchanged(request.headers.get("if-none-match"), answer.etag):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, headers=headers)


def _read(surface: Surface, clocks: Clocks, treaty: str, extent: Extent) -> Answer:
    then = surface.answers.then(treaty, clocks.until)
    known, state = then.known, defined(then.known.state)
    left = max(0, min(extent.limit, state.version - extent.after))
    events = surface.desk.log.read_stream(stream_of(treaty), after=extent.after, limit=left)
    told = [event for event in events if clocks.as_of is None or _has_come(event.body, clocks.as_of)]
    day = "" if clocks.as_of is None else f".{clocks.as_of.isoformat()}"
    return Answer(
        body=b"".join(log_line(event) + b"\n" for event in told),
        etag=f'"{state.version}.log{day}.{surface.answers.wording}"',
        versions=(state.version,),
        as_of=clocks.as_of or surface.answers.today(state),
        time_zone=state.details.depositary.time_zone,
        position=known.position,
        known_at=surface.answers.heard_at(clocks.known_at, known.recorded_at),
        permanent=_address(treaty, clocks, extent, known.position, surface.answers.edition),
    )


def _has_come(body: bytes, day: date) -> bool:
    dated = _dated(body)
    return (dated.act_date or dated.occurred_on or "") <= day.isoformat()


def _address(treaty: str, clocks: Clocks, extent: Extent, position: int, edition: int) -> str:
    day = () if clocks.as_of is None else (("as_of", clocks.as_of.isoformat()),)
    query = [*extent.parameters, *day, ("at_position", str(position)), ("edition", str(edition))]
    return f"/v1/treaties/{quote(treaty, safe='~')}/log?{urlencode(query)}"
