"""The application: routes, refusals, documents, and what lives as long as it does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from treaty_status.api import (
    certifying,
    exports,
    following,
    importing,
    listing,
    log_lines,
    operations,
    problems,
    reading,
    reassessing,
    recording,
    supposing,
)
from treaty_status.api.access import Access
from treaty_status.api.answers import Answers
from treaty_status.api.at_hand import EXPOSED, AtHand
from treaty_status.api.feed import Feed
from treaty_status.api.front import Front
from treaty_status.api.heads import HeadIsGet
from treaty_status.api.metrics import Metrics
from treaty_status.api.openapi import TAGS, describe
from treaty_status.api.orders import digest
from treaty_status.api.queries import only_known
from treaty_status.api.surface import Surface
from treaty_status.api.workbench import Workbench
from treaty_status.application.desk import Desk
from treaty_status.application.editions import EDITION

BODY_LIMIT_BYTES: Final = 1_048_576
SUMMARY: Final = "Where treaties stand on any day, why, and what happens next"
DESCRIPTION: Final = (
    "A record of treaty actions: every act is appended once, everything else is derived from the acts. "
    "Reading is public; writing needs a bearer key. "
    "This service is not the depositary and gives no legal advice; the depositary's own record prevails."
)


class Application:
    """The service as an ASGI application. ``closing`` ends long polls and streams, so that a server can stop."""

    def __init__(self, surface: Surface, framework: FastAPI) -> None:
        self.surface = surface
        self.framework = framework
        self._front = Front(framework, surface)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._front(scope, receive, send)

    def closing(self) -> None:
        """The service is about to stop. May be called from a signal handler."""
        self.surface.feed.close()


def create_app(
    desk: Desk,
    *,
    routers: Sequence[APIRouter] = (),
    body_limit_bytes: int = BODY_LIMIT_BYTES,
    public_url: str | None = None,
    edition: int = EDITION,
) -> Application:
    """The service in front of a desk, which is opened with the application and closed with it.

    ``routers`` are further routes, such as the pages for people; ``edition`` is that of the answers.
    """
    answers = Answers(
        desk.treaties, desk.world, desk.past, clock=desk.clock, edition=edition, build=digest(desk.version)[:6]
    )
    surface = Surface(
        desk=desk,
        answers=answers,
        at_hand=AtHand(desk.treaties, answers),
        access=Access(desk.keys),
        feed=Feed(desk.log, desk.tail, desk.treaties),
        metrics=Metrics(),
        workbench=Workbench(),
        body_limit_bytes=body_limit_bytes,
    )
    framework = FastAPI(
        title="treaty-status",
        version=desk.version,
        summary=SUMMARY,
        description=DESCRIPTION,
        lifespan=_lifespan,
        dependencies=[Depends(only_known)],
        docs_url=None,
        redoc_url=None,
        openapi_tags=TAGS,
        servers=None if public_url is None else [{"url": public_url}],
        redirect_slashes=False,
    )
    framework.state.surface = surface
    for part in (
        reading,
        exports,
        log_lines,
        supposing,
        recording,
        certifying,
        reassessing,
        importing,
        listing,
        following,
        operations,
    ):
        framework.include_router(part.router)
    for router in routers:
        framework.include_router(router)
    problems.install(framework)
    framework.add_middleware(HeadIsGet)
    framework.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"], expose_headers=EXPOSED
    )
    describe(framework)
    _serve_docs(framework)
    return Application(surface, framework)


@asynccontextmanager
async def _lifespan(framework: FastAPI) -> AsyncIterator[None]:
    surface: Surface = framework.state.surface
    surface.feed.open()
    await run_in_threadpool(surface.desk.open)
    try:
        yield
    finally:
        surface.feed.close()
        await run_in_threadpool(surface.desk.close)


def _serve_docs(framework: FastAPI) -> None:
    """The page and its assets come from an installed package: no network is needed to read them."""
    package = find_spec("fastapi_offline")
    assert package is not None  # noqa: S101 - a dependency of this distribution
    assert package.origin is not None  # noqa: S101 - and not a namespace package
    assets = Path(package.origin).parent / "static"
    framework.mount("/docs-assets", StaticFiles(directory=assets), name="docs-assets")

    @framework.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        page: Any = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="treaty-status",
            swagger_js_url="/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/docs-assets/swagger-ui.css",
            swagger_favicon_url="/docs-assets/favicon.png",
        )
        return HTMLResponse(page.body)
