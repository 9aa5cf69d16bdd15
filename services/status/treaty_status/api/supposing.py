"""Questions about what has not happened: what would follow from some acts, whose consents would cross the threshold.

Nothing is recorded, so no key is asked for; what takes its time is worked out beside those who record.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, Request, Response

from treaty_events import Recorded
from treaty_status.api import certificate_orders, orders
from treaty_status.api.clocks import AtPosition, TheClocks, heard_until
from treaty_status.api.examples import PATH, WHAT_IF
from treaty_status.api.intake import decoded, must_be_json, read_body
from treaty_status.api.openapi import asks
from treaty_status.api.parameters import KnownAt, Lang
from treaty_status.api.problems import invalid
from treaty_status.api.questions import WhatIfBody
from treaty_status.api.reading import unknown_group
from treaty_status.api.surface import Surface, TheSurface
from treaty_status.api.telling import instant, tell
from treaty_status.application.documents import View
from treaty_status.application.past import Until
from treaty_status.application.paths import path_document
from treaty_status.application.what_if import what_if_document
from treaty_status.domain.certifying import Certify
from treaty_status.domain.decisions import Circumstances, RecordAct, defined
from treaty_status.domain.hypotheses import placed, placed_certificate, suppose
from treaty_status.domain.refusals import Refusal
from treaty_status.registry import Kind

router = APIRouter(tags=["treaties"])
MOST_PATHS: Final = 100
NOBODY: Final = "nobody"
"""Stands for whoever would record; what is supposed is never recorded."""


_WHAT_IF: Final = msgspec.json.Decoder(WhatIfBody)


# ---- what if ---------------------------------------------------------------------------------------------------------
@router.post(
    "/v1/treaties/{treaty}/what-if",
    operation_id="ask_what_if",
    summary="What would follow from acts that are only supposed",
    openapi_extra=asks(WhatIfBody, "what_if"),
    responses={
        200: {"description": "Before, after and the difference", "content": {"application/json": {"example": WHAT_IF}}}
    },
)
async def ask_what_if(
    *,
    request: Request,
    surface: TheSurface,
    treaty: str,
    known_at: KnownAt = None,
    at_position: AtPosition = None,
    lang: Lang = "en",
) -> Response:
    """The acts go through every check of recording, each on what those before it left, and so do certificates; a
    refusal names the index of its act or certificate. Both sides are told of one legal day: `as_of`, or the later of
    today and the last act. `known_at` or `at_position`: as if they came on top of what was on record then.
    """
    headers = request.headers
    raw = await read_body(request.receive, declared=headers.get("content-length"), limit_bytes=surface.body_limit_bytes)
    must_be_json(headers.get("content-type"))
    body = decoded(raw, _WHAT_IF)
    as_of = orders.optional_day(body.as_of, "/as_of")
    if not body.acts and not body.certificates:
        raise invalid(("/acts", "There is neither an act nor a certificate to suppose"))
    acts = _acts(body, treaty, surface, as_of)
    certified = _certificates(body, treaty, as_of)
    until = heard_until(known_at, at_position)
    answer = await surface.workbench.work(lambda: _supposed(surface, treaty, acts, certified, as_of, until, lang))
    return Response(answer, headers={"content-type": "application/json", "cache-control": "no-store"})


def _acts(body: WhatIfBody, treaty: str, surface: Surface, as_of: date | None) -> list[RecordAct]:
    found = []
    for index, one in enumerate(body.acts):
        try:
            act = orders.act(one, treaty=treaty, registry=surface.desk.registry)
        except Refusal as refusal:
            raise placed(refusal, index) from refusal
        if as_of is not None and act.act_date > as_of:
            raise invalid(
                (f"/acts/{index}/act_date", f"The act is dated {act.act_date}, after the day asked about ({as_of})"),
                way_out="Ask about a later day, or leave as_of out.",
            )
        found.append(act)
    return found


def _certificates(body: WhatIfBody, treaty: str, as_of: date | None) -> list[Certify]:
    found = []
    for index, one in enumerate(body.certificates):
        try:
            order = certificate_orders.certificate(one, treaty=treaty)
        except Refusal as refusal:
            raise placed_certificate(refusal, index) from refusal
        if as_of is not None and order.certified_on > as_of:
            told = f"The certificate is dated {order.certified_on}, after the day asked about ({as_of})"
            raise invalid(
                (f"/certificates/{index}/certified_on", told), way_out="Ask about a later day, or leave as_of out."
            )
        found.append(order)
    return found


def _supposed(
    surface: Surface,
    treaty: str,
    acts: Sequence[RecordAct],
    certified: Sequence[Certify],
    as_of: date | None,
    until: Until | None,
    lang: str,
) -> bytes:
    then = surface.answers.then(treaty, until)
    state = defined(then.known.state)
    now = Circumstances(
        today=surface.answers.today(state),
        world=then.world,
        recorded=Recorded(at=surface.desk.clock(), by=NOBODY),
    )
    supposed = suppose(state, acts, now, until=as_of, certificates=certified)
    document = what_if_document(state, supposed, position=then.known.position, lang=lang, world=then.world)
    return msgspec.json.encode({**document, "known_at": instant(then.known.recorded_at)})


# ---- the way there ---------------------------------------------------------------------------------------------------
@router.get(
    "/v1/treaties/{treaty}/path",
    operation_id="read_path",
    summary="Whose consents would cross the threshold",
    responses={200: {"content": {"application/json": {"example": PATH}}}},
)
async def read_path(
    *,
    request: Request,
    surface: TheSurface,
    treaty: str,
    limit: Annotated[int, Query(ge=1, le=MOST_PATHS, description="At most so many sets.")] = 10,
    among: Annotated[str | None, Query(max_length=60, description="Only consents of members of this group.")] = None,
    clocks: TheClocks,
) -> Response:
    """The smallest sets of consents, given on the day, that would meet the condition: any so many of these where they
    are counted, sets by weight where they are weighed. `exhausted` is false where the search ended before it was sure
    that there are no others; what is missing to follow a way is named in `unknown`.
    """
    if among is not None and not surface.desk.world.knows_group(among):
        raise unknown_group(surface, among)

    def maker(told: View) -> Any:
        recorded = Recorded(at=surface.desk.clock(), by=NOBODY)
        return path_document(told, _askable(told, surface, among), limit=limit, among=among, recorded=recorded)

    own = (("limit", str(limit)), *((("among", among),) if among is not None else ()))
    asked = clocks.question(treaty, "/path", own)
    return await tell(request, surface, clocks, asked, maker, workbench=surface.workbench)


def _askable(told: View, surface: Surface, among: str | None) -> list[str]:
    """Who may be asked to consent: who has signed, every State of the day, whoever the rule itself names."""
    registry, rule = surface.desk.registry, told.treaty.rule
    signed = sorted(own.participant for own in told.treaty.participations.values() if own.signature is not None)
    states = sorted(one.id for one in registry.all() if one.kind is Kind.STATE and one.exists_on(told.as_of))
    named = [] if rule is None else [name for one in rule.lists for name in one.members]
    weighed = [] if rule is None else [name for one in rule.tables for name in one.values]
    weighed += [name for versions in told.treaty.tables.values() for name in versions[-1].event.values]
    everyone = dict.fromkeys((*signed, *states, *named, *weighed))
    members = None if among is None else registry.members(among, told.as_of)
    return [name for name in everyone if members is None or name in members]
