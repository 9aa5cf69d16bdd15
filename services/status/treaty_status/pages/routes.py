"""Pages for people: the list of treaties and the page of one. They work without any script."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from treaty_status.application.documents import view
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.past import Past, PositionAhead, Then, Until
from treaty_status.application.treaties import Treaties
from treaty_status.application.views import TreatyQuery, TreatyRow, Views, ViewsUnavailable
from treaty_status.application.world import RecordedWorld, rests_on
from treaty_status.application.writer import today_at
from treaty_status.domain.treaty import Treaty
from treaty_status.pages.addresses import HOME, Here, address, treaty_path
from treaty_status.pages.files import FOLDER, FOR_EVER, Files
from treaty_status.pages.index_page import MOST_REHEARSALS, PAGE, Shelf, index_page
from treaty_status.pages.languages import Language, chosen
from treaty_status.pages.moments import (
    NotADay,
    NotAnInstant,
    NotAPosition,
    chosen_instant,
    day,
    position,
    written_instant,
)
from treaty_status.pages.rendering import Renderer
from treaty_status.pages.telling import Telling
from treaty_status.pages.treaty_page import treaty_page
from treaty_status.pages.wording import Words
from treaty_status.registry import Registry

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
GUARDS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
MOST_ASKED: Final = 200
"""Characters of a search or a date that are looked at."""
SECONDS_TO_RETRY: Final = 2


class Desk(Protocol):
    """What pages need of the service."""

    @property
    def treaties(self) -> Treaties:
        """The treaties as they are known now."""

    @property
    def past(self) -> Past:
        """The treaties as they stood on record."""

    @property
    def world(self) -> RecordedWorld:
        """What the law needs to know beyond one treaty."""

    @property
    def registry(self) -> Registry:
        """Participants and groups."""

    @property
    def views(self) -> Views:
        """The lists."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """The instant, aware UTC."""


def pages_router(desk: Desk, *, public_url: str | None = None) -> APIRouter:
    """The routes of every page and of the files they need; ``public_url`` is where others reach this service."""
    pages = Pages(desk, public_url)
    router = APIRouter(include_in_schema=False)
    for path, page in (
        (HOME, pages.index),
        ("/treaties", pages.all_treaties),
        ("/treaties/{treaty}", pages.treaty),
        (FOLDER + "/{name}", pages.file),
    ):
        router.add_api_route(path, page, methods=["GET", "HEAD"], response_class=Response)
    return router


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks: in which language, from which address, and what they have already."""

    request: Request
    language: Language
    origin: str

    @property
    def asked_language(self) -> bool:
        """Was the language in the address?"""
        return bool(self.request.query_params.get("lang"))

    def query(self, name: str) -> str:
        """One part of the query, without blanks around it."""
        return self.request.query_params.get(name, "").strip()[:MOST_ASKED]


class Pages:
    """The pages of one desk. Every page is worked out in a worker thread, none on the event loop."""

    def __init__(self, desk: Desk, public_url: str | None) -> None:
        self._desk = desk
        self._public_url = None if public_url is None else public_url.rstrip("/")
        self._files = Files()
        self._render = Renderer(self._files)
        self._groups = {group.id: group for group in desk.registry.groups()}

    # ---- routes ------------------------------------------------------------------------------------------------------
    def index(self, request: Request) -> Response:
        """The list of treaties, rehearsals apart."""
        reader = self._reader(request)
        q, after = reader.query("q"), reader.query("after") or None
        try:
            page = self._desk.views.treaties(TreatyQuery(q=q or None, after=after, limit=PAGE))
            practice = TreatyQuery(q=q or None, rehearsals=True, limit=MOST_REHEARSALS)
            rehearsals = self._desk.views.treaties(practice)
        except ViewsUnavailable:
            return self._unavailable(reader, Here(HOME, {"lang": reader.language.names}))
        shelf = Shelf(
            page=page, rehearsals=rehearsals, q=q, after=after, today=self._row_today, language=reader.language
        )
        return self._page("index.html", index_page(shelf), reader, shelf.here)

    def all_treaties(self, request: Request) -> Response:
        """The list has one address."""
        return RedirectResponse(str(request.url.replace(path=HOME).remove_query_params("as_of")), status_code=308)

    def treaty(self, request: Request, treaty: str) -> Response:
        """One treaty at the end of one day, as we knew it at an instant or know it now."""
        reader = self._reader(request)
        here = Here(treaty_path(treaty), {"lang": reader.language.names})
        asked_day, asked_instant = reader.query("as_of"), reader.query("known_at")
        asked_position = reader.query("at_position")
        try:
            known_at = chosen_instant(asked_instant) if asked_instant else None
            as_of = day(asked_day) if asked_day else None
            at_position = position(asked_position) if asked_position and known_at is None else None
        except NotADay:
            return self._bad_date(reader, asked_day, treaty, here)
        except NotAnInstant:
            return self._bad_instant(reader, asked_instant, treaty, here)
        except NotAPosition:
            return self._bad_position(reader, asked_position, treaty, here)
        try:
            then = self._then(treaty, known_at, at_position)
        except LogUnavailable:
            return self._unavailable(reader, here)
        except PositionAhead:
            return self._bad_position(reader, asked_position, treaty, here)
        known = then.known
        if not isinstance(known.state, Treaty):
            return self._unknown_treaty(reader, treaty, here)
        if known.state.closed:
            return self._closed(reader, known.state, here)
        today = self._today(known.state)
        told = view(known.state, known.position, as_of=as_of or today, lang=reader.language.names, world=then.world)
        page = Telling(
            told=replace(told, known_at=known.recorded_at),
            today=told.as_of if at_position is not None else today,  # what stays does not speak of the present day
            known_at=known_at,
            at_position=at_position,
            heard_to=then.position,
            language=reader.language,
            origin=reader.origin,
            group=self._group_name,
        )
        return self._page("treaty.html", treaty_page(page), reader, page.here)

    def file(self, request: Request, name: str) -> Response:
        """The stylesheet and the mark, under addresses that change with their content."""
        file = self._files.by_path.get(f"{FOLDER}/{name}")
        if file is None:
            return Response(status_code=404, headers=GUARDS)
        return _answer(request, file.content, file.kind, {**GUARDS, "Cache-Control": FOR_EVER})

    # ---- what cannot be shown ----------------------------------------------------------------------------------------
    def _unknown_treaty(self, reader: Reader, treaty: str, here: Here) -> Response:
        say = Words(reader.language.text)
        ways = [_way(say("problem.to_list"), address(HOME, lang=reader.language.names))]
        return self._problem("unknown_treaty", 404, reader, here, ways, id=treaty[:MOST_ASKED])

    def _bad_date(self, reader: Reader, asked: str, treaty: str, here: Here) -> Response:
        ways = [_way(Words(reader.language.text)("problem.to_treaty", id=treaty), here())]
        example = self._desk.clock().date().isoformat()
        return self._problem("bad_date", 422, reader, here, ways, asked=asked, example=example)

    def _bad_instant(self, reader: Reader, asked: str, treaty: str, here: Here) -> Response:
        ways = [_way(Words(reader.language.text)("problem.to_treaty", id=treaty), here())]
        example = written_instant(self._desk.clock().replace(microsecond=0))
        return self._problem("bad_instant", 422, reader, here, ways, asked=asked, example=example)

    def _bad_position(self, reader: Reader, asked: str, treaty: str, here: Here) -> Response:
        ways = [_way(Words(reader.language.text)("problem.to_treaty", id=treaty), here())]
        return self._problem("bad_position", 404, reader, here, ways, asked=asked)

    def _closed(self, reader: Reader, treaty: Treaty, here: Here) -> Response:
        say, record = Words(reader.language.text), treaty.rehearsal_of or treaty.id
        ways = [_way(say("rehearsal.record", id=record), address(treaty_path(record), lang=reader.language.names))]
        return self._problem("closed", 410, reader, here, ways, id=treaty.id)

    def _unavailable(self, reader: Reader, here: Here) -> Response:
        return self._problem("unavailable", 503, reader, here, [_way(Words(reader.language.text)("retry"), here())])

    def _problem(
        self, what: str, status: int, reader: Reader, here: Here, ways: list[dict[str, str]], **values: str
    ) -> Response:
        say = Words(reader.language.text)
        problem = {
            "status": status,
            "title": say(f"problem.{what}"),
            "detail": say(f"problem.{what}.detail", **values),
            "way_out": say(f"problem.{what}.way_out", **values),
            "ways": ways,
        }
        return self._page("problem.html", {"problem": problem}, reader, here, status=status)

    # ---- one answer --------------------------------------------------------------------------------------------------
    def _page(self, template: str, shown: dict[str, Any], reader: Reader, here: Here, *, status: int = 200) -> Response:
        body = self._render(template, shown, language=reader.language, here=here)
        headers = {**GUARDS, "Cache-Control": "no-cache", "Content-Language": reader.language.text}
        if not reader.asked_language:
            headers["Vary"] = "Accept-Language"
        if status == 503:
            headers["Retry-After"] = str(SECONDS_TO_RETRY)
        return _answer(reader.request, body, "text/html; charset=utf-8", headers, status=status)

    def _reader(self, request: Request) -> Reader:
        language = chosen(request.query_params.get("lang"), request.headers.get("accept-language"))
        return Reader(request, language, self._public_url or str(request.base_url).rstrip("/"))

    def _then(self, treaty: str, known_at: datetime | None, at_position: int | None) -> Then:
        desk = self._desk
        if known_at is not None or at_position is not None:
            return desk.past.then(treaty, Until(known_at, at_position), desk.world)
        known = desk.treaties.get(treaty)
        if rests_on(known.state):
            return desk.past.now(treaty, desk.world)
        return Then(known, {treaty: known}, known.position, desk.world)

    def _group_name(self, group: str, lang: str) -> str | None:
        found = self._groups.get(group)
        return None if found is None else found.name(lang)

    def _today(self, treaty: Treaty) -> date:
        """Today at the depositary; in a rehearsal, the day it has reached."""
        return treaty.rehearsal_day or self._day_in(treaty.details.depositary.time_zone)

    def _row_today(self, row: TreatyRow) -> date:
        return row.rehearsal_day or self._day_in(row.time_zone)

    def _day_in(self, zone: str) -> date:
        return today_at(zone, self._desk.clock())


def _way(title: str, href: str) -> dict[str, str]:
    return {"title": title, "href": href}


def _answer(request: Request, body: bytes, kind: str, headers: dict[str, str], *, status: int = 200) -> Response:
    """The body, or 304 where the reader has it; for HEAD the same header fields and no body."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    if status == 200:
        headers = {**headers, "ETag": tag}
        if _has(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(status_code=status, media_type=kind, headers={**headers, "Content-Length": str(len(body))})
    return Response(body, status_code=status, media_type=kind, headers=headers)


def _has(given: str | None, tag: str) -> bool:
    tags = [one.strip().removeprefix("W/") for one in (given or "").split(",")]
    return "*" in tags or tag in tags
