"""The routes of the pages: who may see what is decided as the API decides it."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from treaty_notifier.api.access import caller_of, owned_delivery, owned_subscription, owner_seen_by
from treaty_notifier.api.desk import Desk, desk_of
from treaty_notifier.api.pages.rendering import STYLESHEET, STYLESHEET_NAME, rendered
from treaty_notifier.api.problems import problem_of
from treaty_notifier.deliveries import DeliveryState
from treaty_notifier.directory import Caller
from treaty_notifier.errors import DeliveryUnknown, KeyRefused, NotifierRefusal, ScopeMissing
from treaty_notifier.outbox import Dossier
from treaty_notifier.page_session import COOKIE, GOOD_FOR, NONCE_BYTES, opened_session, sealed_session

HOME: Final = "/lanes"
LANES: Final = 50
DELIVERIES: Final = 50
DIGITS: Final = 18
GUARDS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
router = APIRouter(prefix=HOME, include_in_schema=False)
Shown = tuple[str, dict[str, Any]]


@router.get("")
async def lanes(request: Request) -> Response:
    """Every lane that the caller may see, in the order of their ids."""
    after = request.query_params.get("after", "")[:60]

    async def build(desk: Desk, caller: Caller) -> Shown:
        owner = owner_seen_by(caller)
        found = await desk.call(desk.outbox.subscriptions, owner=owner, after=after, limit=LANES + 1)
        shown = found[:LANES]
        ids = [one.id for one in shown]
        dossiers = await desk.call(desk.outbox.dossiers.of, ids)
        reports = await desk.call(desk.outbox.lane_reports, ids)
        rows = [
            (one, dossiers.get(one.id, Dossier()), reports[one.id]) for one in shown if one.id in reports
        ]  # what was deleted meanwhile has no lane any more
        following = _query(after=ids[-1]) if len(found) > LANES else None
        health, progress = desk.health(), await desk.call(desk.outbox.progress)
        return "lanes.html", {
            "rows": rows,
            "following": following,
            "first": not after,
            "faults": health.faults,
            "progress": progress,
            "everybody": owner is None,
        }

    return await _answered(request, build)


@router.get("/{subscription_id}")
async def lane(subscription_id: str, request: Request) -> Response:
    """One lane and its deliveries, newest first."""
    text, wanted = request.query_params.get("before", ""), request.query_params.get("state", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < DIGITS else None
    state = DeliveryState(wanted) if wanted in list(DeliveryState) else None

    async def build(desk: Desk, caller: Caller) -> Shown:
        subscription = await owned_subscription(desk, caller, subscription_id)
        found = await desk.call(
            desk.outbox.deliveries, subscription_id, before=before, limit=DELIVERIES + 1, state=state
        )
        standing = (await desk.call(desk.outbox.lane_reports, [subscription_id])).get(subscription_id)
        dossier = (await desk.call(desk.outbox.dossiers.of, [subscription_id])).get(subscription_id, Dossier())
        more = {"before": found[DELIVERIES - 1].seq} if len(found) > DELIVERIES else None
        return "lane.html", {
            "subscription": subscription,
            "dossier": dossier,
            "standing": standing,
            "replays": await desk.call(desk.outbox.replays, subscription_id),
            "deliveries": found[:DELIVERIES],
            "following": None if more is None else _query(**more, **({"state": state.value} if state else {})),
            "state": state,
            "states": list(DeliveryState),
            "first": before is None,
        }

    return await _answered(request, build)


@router.get("/{subscription_id}/{webhook_id}")
async def delivery(subscription_id: str, webhook_id: str, request: Request) -> Response:
    """One delivery, its attempts, and what the endpoint answered. Under ``static`` the one file of the pages."""
    if subscription_id == "static":
        return _file(webhook_id)

    async def build(desk: Desk, caller: Caller) -> Shown:
        subscription = await owned_subscription(desk, caller, subscription_id)
        found = await owned_delivery(desk, caller, webhook_id)
        if found.subscription_id != subscription.id:
            raise DeliveryUnknown(f"There is no such delivery in this lane (delivery: {webhook_id[:80]})")
        return "delivery.html", {"subscription": subscription, "delivery": found}

    return await _answered(request, build)


@router.post("/session")
async def sign_in(request: Request) -> Response:
    """Puts the key, sealed, into a cookie of eight hours that no script reads and no other site sends."""
    if not _is_from_here(request):
        raise HTTPException(403)
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=5)
    desk, where = desk_of(request), _inside(form.get("to", [HOME])[0])
    authorization = f"Bearer {form.get('key', [''])[0].strip()}"
    try:
        await caller_of(desk, authorization)
    except (KeyRefused, ScopeMissing) as refusal:
        return _sign_in_page(where, why=str(refusal))
    except NotifierRefusal as refusal:
        return _problem_page(refusal)
    answer = RedirectResponse(where, status_code=303, headers=GUARDS)
    until = desk.clock() + GOOD_FOR
    answer.set_cookie(
        COOKIE,
        sealed_session(
            authorization,
            instance_key=desk.outbox.instance_key,
            until=until,
            nonce=secrets.token_bytes(NONCE_BYTES),
        ),
        max_age=int(GOOD_FOR.total_seconds()),
        path=HOME,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/session/end")
async def sign_out(request: Request) -> Response:
    if not _is_from_here(request):
        raise HTTPException(403)
    answer = RedirectResponse(HOME, status_code=303, headers=GUARDS)
    answer.delete_cookie(COOKIE, path=HOME)
    return answer


async def _answered(request: Request, build: Callable[[Desk, Caller], Awaitable[Shown]]) -> Response:
    """The page for whoever is signed in, by cookie or, as for the API, by header; refusals are pages too."""
    desk = desk_of(request)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        caller = await caller_of(desk, _authorization(request, desk))
        template, shown = await build(desk, caller)
    except (KeyRefused, ScopeMissing) as refusal:
        is_known = COOKIE in request.cookies or "authorization" in request.headers
        return _sign_in_page(here, why=str(refusal) if is_known else "")
    except NotifierRefusal as refusal:
        return _problem_page(refusal)
    return _page(template, caller=caller, **shown)


def _authorization(request: Request, desk: Desk) -> str:
    given = request.headers.get("authorization")
    if given is not None:
        return given
    cookie = request.cookies.get(COOKIE, "")
    return opened_session(cookie, instance_key=desk.outbox.instance_key, now=desk.clock()) or ""


def _sign_in_page(to: str, *, why: str) -> Response:
    answer = _page("sign_in.html", status=401, caller=None, to=_inside(to), why=why)
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _problem_page(refusal: NotifierRefusal) -> Response:
    problem = problem_of(refusal)
    return _page("problem.html", status=problem.status, caller=None, title=problem.title, detail=str(refusal))


def _page(template: str, *, status: int = 200, **shown: Any) -> Response:
    return Response(
        rendered(template, **shown), status_code=status, headers=GUARDS, media_type="text/html; charset=utf-8"
    )


def _file(name: str) -> Response:
    if name != STYLESHEET_NAME:
        raise HTTPException(404)
    forever = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(STYLESHEET, headers=forever, media_type="text/css; charset=utf-8")


def _inside(where: str) -> str:
    """Only to a page of these: nobody is sent elsewhere by an address that begins here."""
    try:
        parts = urlsplit(where)
    except ValueError:  # no address at all
        return HOME
    is_ours = not parts.scheme and not parts.netloc and (parts.path == HOME or parts.path.startswith(f"{HOME}/"))
    return where if is_ours and where.isprintable() and "\\" not in where else HOME


def _is_from_here(request: Request) -> bool:
    """A browser says which page a form was sent from."""
    origin = request.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:
        return False


def _query(**parts: object) -> str:
    return "?" + urlencode(parts)
