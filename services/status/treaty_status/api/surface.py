"""What every route of one application shares, and how a route gets hold of it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from treaty_status.api.access import Access
from treaty_status.api.answers import Answers
from treaty_status.api.at_hand import AtHand
from treaty_status.api.feed import Feed
from treaty_status.api.metrics import Metrics
from treaty_status.api.workbench import Workbench
from treaty_status.application.desk import Desk
from treaty_status.application.keys import Key, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The desk, and what stands between it and HTTP."""

    desk: Desk
    answers: Answers
    at_hand: AtHand
    access: Access
    feed: Feed
    metrics: Metrics
    workbench: Workbench
    body_limit_bytes: int


def the_surface(request: Request) -> Surface:
    """The application's own."""
    surface: Surface = request.app.state.surface
    return surface


TheSurface = Annotated[Surface, Depends(the_surface)]


async def allowed(request: Request, surface: Surface, scope: Scope) -> Key:
    """The key of a request, if it opens what is asked."""
    return await surface.access.opened(request.headers.get("authorization"), scope)
