"""One document told over HTTP: its ETag, both clocks, the address at which it stays, and how long it may be kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Request, Response

from treaty_status.api.answers import Answer, Question
from treaty_status.api.at_hand import OPEN, Kept
from treaty_status.api.clocks import Clocks
from treaty_status.api.conditions import is_unchanged
from treaty_status.api.surface import Surface
from treaty_status.api.workbench import Workbench
from treaty_status.application.documents import View

JSON: Final = "application/json"
ASK_AGAIN: Final = "no-cache"
FOR_EVER: Final = "public, max-age=31536000, immutable"
Maker = Callable[[View], Any]
Naming = Callable[[Answer], str]


def document_headers(
    answer: Answer, media_type: str = JSON, *, lasts: bool = False, file: str | None = None
) -> dict[str, str]:
    """What every document carries. It may be kept, and is to be asked for again with its ETag unless it ``lasts``."""
    found = {
        "content-type": media_type,
        "etag": answer.etag,
        "cache-control": FOR_EVER if lasts else ASK_AGAIN,
        **OPEN,
    }
    if answer.permanent is not None:
        found["link"] = f'<{answer.permanent}>; rel="cite-as"'
    if media_type != JSON:
        found |= echoed(answer)
    if file is not None:
        found["content-disposition"] = f'attachment; filename="{file}"'
    return found


def echoed(answer: Answer) -> dict[str, str]:
    """Both clocks and the place in the log, for documents that cannot say so themselves."""
    return {
        "x-as-of": answer.as_of.isoformat(),
        "x-known-at": instant(answer.known_at),
        "x-position": str(answer.position),
    }


def instant(moment: datetime | None) -> str:
    """An instant in a header field."""
    return "" if moment is None else moment.isoformat()


async def tell(
    request: Request,
    surface: Surface,
    clocks: Clocks,
    asked: Question,
    maker: Maker,
    *,
    media_type: str = JSON,
    file: Naming | None = None,
    workbench: Workbench | None = None,
) -> Response:
    """Answer with a document, or with 304 where the reader has it; ``workbench``: it takes its time to work out.

    Raises:
        UnknownTreaty: there is none under this id, or there was none then.
        RehearsalOver: it was a rehearsal, and is closed.
        PositionAhead: the log has not come so far.
        TooManyQuestions: too many of those that take their time are waiting.
    """
    kept = await answered(
        surface,
        Address(request.scope["path"], request.scope["query_string"]),
        clocks,
        asked,
        maker,
        media_type=media_type,
        file=file,
        workbench=workbench,
    )
    headers = {name.decode(): value.decode("latin-1") for name, value in kept.headers[1:]}
    if is_unchanged(request.headers.get("if-none-match"), kept.answer.etag):
        return Response(status_code=304, headers=headers)
    return Response(kept.answer.body, headers=headers)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a document was asked for."""

    path: str
    query: bytes


async def answered(
    surface: Surface,
    address: Address,
    clocks: Clocks,
    asked: Question,
    maker: Maker,
    *,
    media_type: str = JSON,
    file: Naming | None = None,
    workbench: Workbench | None = None,
) -> Kept:
    """The document with its header fields, the length first; kept for its address where it may be. Raises as ``tell``
    does.
    """
    version = surface.at_hand.version(asked.treaty)
    if workbench is None:
        answer = await surface.answers.answer(asked, maker)
    else:
        answer = await surface.answers.worked_out(asked, maker, workbench)
    name = None if file is None else file(answer)
    headers = document_headers(answer, media_type, lasts=clocks.lasts, file=name)
    raw = [(b"content-length", str(len(answer.body)).encode())]
    raw += [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    kept = Kept(answer, raw, asked.treaty, None if clocks.lasts else version, clocks.as_of is not None)
    if clocks.lasts or (version is not None and surface.answers.has_passed(clocks.known_at)):
        surface.at_hand.keep(address.path, address.query, kept)
    return kept
