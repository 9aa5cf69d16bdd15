"""The application: routes, refusals, documents."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from treaty_notifier.api import (
    checkpoints,
    deliveries,
    exams,
    keys,
    messages,
    operations,
    pages,
    problems,
    replays,
    subscriptions,
)
from treaty_notifier.api.desk import Desk
from treaty_notifier.api.edge import BodyLimit, HeadIsGet, NeverGuessed, NoNul
from treaty_notifier.api.openapi import document_problems, document_webhooks

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Mapping[str, Desk]]]


def create_app(lifespan: Lifespan) -> FastAPI:
    """``lifespan`` yields ``{"desk": Desk}``; nothing runs before it is entered."""
    app = FastAPI(
        title="treaty-notifier",
        version=operations.own_version(),
        summary="Treaty milestones as signed webhooks",
        description="Subscribe an endpoint; verify what arrives with any Standard Webhooks library.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            {"name": "subscriptions", "description": "Who is told what, and where"},
            {"name": "deliveries", "description": "What was sent, how it was received, and asking again"},
            {"name": "messages", "description": "The same feed by its numbers: pull it, or fetch a gap"},
            {"name": "keys", "description": "Public keys of the signatures"},
            {"name": "operations", "description": "Health, version, numbers"},
        ],
    )
    for part in (subscriptions, exams, messages, checkpoints, replays, deliveries, keys, operations, pages):
        app.include_router(part.router)
    problems.install(app)
    app.add_middleware(BodyLimit, limit_bytes=problems.BODY_LIMIT_BYTES)
    app.add_middleware(HeadIsGet)
    app.add_middleware(NoNul)
    app.add_middleware(NeverGuessed)
    document_webhooks(app)
    document_problems(app)
    _serve_docs(app)
    return app


def _serve_docs(app: FastAPI) -> None:
    """The page and its assets come from an installed package: no network is needed to read them."""
    assets = Path(str(fastapi_offline.__file__)).parent / "static"
    app.mount("/docs-assets", StaticFiles(directory=assets), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        page: Any = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="treaty-notifier",
            swagger_js_url="/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/docs-assets/swagger-ui.css",
            swagger_favicon_url="/docs-assets/favicon.png",
        )
        return HTMLResponse(page.body)
