"""The public keys of v1a signatures, for everybody: what verifies a webhook years later."""

from fastapi import APIRouter, Response

from treaty_notifier.api.desk import TheDesk
from treaty_notifier.api.schemas import KeySet
from treaty_notifier.ed25519 import jwk

router = APIRouter(tags=["keys"])
FRESH_SECONDS = 300


@router.get("/.well-known/webhook-keys.json", operation_id="webhookKeys", summary="The keys that sign now")
async def webhook_keys(response: Response, desk: TheDesk) -> KeySet:
    """Every key that is valid now as a JSON Web Key Set; a key in its overlap is still here. Needs no key."""
    response.headers["cache-control"] = f"public, max-age={FRESH_SECONDS}"
    return KeySet(keys=[jwk(public) for public in await desk.call(desk.outbox.dossiers.public_keys)])
