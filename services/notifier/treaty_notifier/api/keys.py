"""The public keys of v1a signatures, for everybody: those that sign now, and those that did.

A webhook that was kept can be verified years later with its key, and the key be shown to have been this notifier's.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from treaty_notifier.api.desk import TheDesk
from treaty_notifier.api.schemas import KeySet
from treaty_notifier.ed25519 import jwk, key_name
from treaty_notifier.messages import instant_text

router = APIRouter(tags=["keys"])
FRESH_SECONDS = 300
MOST_RETIRED = 1000


@router.get("/.well-known/webhook-keys.json", operation_id="webhookKeys", summary="The keys that sign now")
async def webhook_keys(response: Response, desk: TheDesk) -> KeySet:
    """Every key that is valid now as a JSON Web Key Set; a key in its overlap is still here. Needs no key."""
    response.headers["cache-control"] = f"public, max-age={FRESH_SECONDS}"
    return KeySet(keys=[jwk(public) for public in await desk.call(desk.outbox.dossiers.public_keys)])


@router.get(
    "/.well-known/retired-webhook-keys.json", operation_id="retiredWebhookKeys", summary="The keys that signed before"
)
async def retired_webhook_keys(
    request: Request,
    response: Response,
    desk: TheDesk,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=MOST_RETIRED)] = MOST_RETIRED,
) -> KeySet:
    """Every key that signs no more, each with `retired_at`, by `kid`; also of subscriptions that were deleted.

    For what was kept. A new webhook is never signed with one of these. Needs no key.
    """
    found = await desk.call(desk.outbox.dossiers.retired_keys, after=after, limit=limit + 1)
    page = found[:limit]
    if len(found) > limit:
        response.headers["link"] = f'<{request.url.path}?after={key_name(page[-1].public)}&limit={limit}>; rel="next"'
    response.headers["cache-control"] = f"public, max-age={FRESH_SECONDS}"
    return KeySet(keys=[jwk(one.public) | {"retired_at": instant_text(one.retired_at)} for one in page])
