"""Everything looked at again: what a new release knows more of, or better."""

from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from treaty_status.api import orders
from treaty_status.api.openapi import takes
from treaty_status.api.reassessment_body import ReassessmentBody
from treaty_status.api.recording import DryRun, body_of
from treaty_status.api.surface import Surface, TheSurface, allowed
from treaty_status.application.keys import Scope
from treaty_status.application.reassessing import Reassessment, on_record, reassess

router = APIRouter(tags=["recording"])
_BODY: Final = msgspec.json.Decoder(ReassessmentBody)


@router.post(
    "/v1/reassessments",
    operation_id="reassess",
    summary="Look at everything again",
    openapi_extra={**takes(ReassessmentBody, "reassessment", required=False), "parameters": []},
    responses={200: {"description": "What was put on record, treaty by treaty"}},
)
async def reassess_treaties(*, request: Request, surface: TheSurface, dry_run: DryRun = False) -> Response:
    """For a new release that knows more milestones or evaluates better: only differences are appended. Lines of days
    gone by that nobody was told of become history, with one announcement a treaty; answers that read otherwise are
    announced as revised or revoked. Sending it again appends nothing.
    """
    key = await allowed(request, surface, Scope.DEFINE)
    body = await body_of(request, surface, _BODY, optional=True)
    if body.treaty is not None:
        orders.identifier(body.treaty, "/treaty")
    found = await run_in_threadpool(_reassessed, surface, body, f"key:{key.name}", dry_run=dry_run)
    return Response(
        msgspec.json.encode(found.document()), media_type="application/json", headers={"cache-control": "no-store"}
    )


def _reassessed(surface: Surface, body: ReassessmentBody, by: str, *, dry_run: bool) -> Reassessment:
    desk = surface.desk
    treaties = on_record(desk.log, desk.codec) if body.treaty is None else [body.treaty]
    return reassess(treaties, desk.writer, by=by, software=desk.version, reason=body.reason, dry_run=dry_run)
