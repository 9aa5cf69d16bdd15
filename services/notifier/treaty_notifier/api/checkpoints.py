"""Signed statements of what is in a subscription's feed."""

import base64
from collections import OrderedDict

from fastapi import APIRouter

from treaty_notifier.api.access import TheCaller, owned_subscription
from treaty_notifier.api.desk import Desk, TheDesk
from treaty_notifier.api.schemas import CheckpointView
from treaty_notifier.checkpoint import Checkpoint, leaf
from treaty_notifier.ed25519 import entry_of, public_text
from treaty_notifier.errors import SubscriptionUnknown
from treaty_notifier.merkle import Peaks
from treaty_notifier.outbox import Delivery, Pulled

PAGE = 500
MOST_PAGES = 40  # that one request looks through; the next goes on from there
KEPT = 1_000
"""Subscriptions whose tree is kept; what a number stands for never changes."""
router = APIRouter(prefix="/v1/subscriptions", tags=["messages"])


@router.post(
    "/{subscription_id}/checkpoint", operation_id="checkpoint", summary="A signed statement of the feed so far"
)
async def checkpoint(subscription_id: str, desk: TheDesk, caller: TheCaller) -> CheckpointView:
    """How many numbers were given out, and the root of a Merkle tree over their ids and bodies, signed with the
    subscription's key. Keep it with what you received: `treaty-notifier verify-checkpoint` compares them offline.

    A number is given out when its message is taken up or pulled, which need not be when it was sent: up to the
    watermark in the text everything was delivered or given up, of what lies beyond nothing is said.

    Of a long feed that nobody asked about before, it speaks of the first numbers; ask again until `size` is `head`.
    """
    await owned_subscription(desk, caller, subscription_id)
    dossier = (await desk.call(desk.outbox.dossiers.of, [subscription_id])).get(subscription_id)
    peaks, pulled = await _grown(desk, subscription_id)
    if dossier is None or not dossier.keys:
        raise SubscriptionUnknown("The subscription was deleted meanwhile")
    key = dossier.keys[0]
    statement = Checkpoint(
        subscription=subscription_id,
        size=peaks.size,
        root=peaks.root,
        watermark=min(pulled.watermark, peaks.size),
        at=desk.clock(),
    )
    text = statement.text()
    return CheckpointView(
        text=text,
        signature=entry_of(key.seed)(text.encode()),
        public_key=public_text(key.public),
        size=peaks.size,
        root=base64.b64encode(peaks.root).decode("ascii"),
        head=pulled.head,
    )


async def _grown(desk: Desk, subscription_id: str) -> tuple[Peaks, Pulled]:
    """The tree over every number that was given out, or over as many as one request may add."""
    peaks, pages = desk.trees.get(subscription_id, Peaks()), 0
    while True:
        found = await desk.call(desk.outbox.pull, subscription_id, after=peaks.size, until=None, limit=PAGE)
        if found is None:
            raise SubscriptionUnknown("The subscription was deleted meanwhile")
        peaks, pages = peaks.grown(_leaf(one) for one in found.deliveries), pages + 1
        if not found.has_more or pages >= MOST_PAGES:
            _keep(desk.trees, subscription_id, peaks)
            return peaks, found


def _leaf(delivery: Delivery) -> bytes:
    return leaf(sequence=delivery.sequence or 0, webhook_id=delivery.webhook_id, payload=delivery.body)


def _keep(trees: "OrderedDict[str, Peaks]", subscription_id: str, peaks: Peaks) -> None:
    trees[subscription_id] = peaks
    trees.move_to_end(subscription_id)
    if len(trees) > KEPT:
        trees.popitem(last=False)
