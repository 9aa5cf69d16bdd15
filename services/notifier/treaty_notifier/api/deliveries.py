"""The delivery log, and asking again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from treaty_notifier.api.access import TheCaller, active_subscription, check_tests, owned_delivery, owned_subscription
from treaty_notifier.api.desk import TheDesk
from treaty_notifier.api.schemas import (
    Accepted,
    DeliveryList,
    DeliveryView,
    Redelivery,
    delivery_summary,
    delivery_view,
)
from treaty_notifier.deliveries import DeliveryState
from treaty_notifier.errors import DeliveryUnknown

router = APIRouter(prefix="/v1", tags=["deliveries"])
LAST_LINE = 2**63 - 1
"""What a database can count to."""


@router.get("/subscriptions/{subscription_id}/deliveries", operation_id="listDeliveries", summary="The delivery log")
async def list_(
    subscription_id: str,
    request: Request,
    response: Response,
    desk: TheDesk,
    caller: TheCaller,
    state: DeliveryState | None = None,
    before: Annotated[int | None, Query(ge=1, le=LAST_LINE)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveryList:
    """Newest first. Of what still waits in the log, the next 500 lines are looked through."""
    await owned_subscription(desk, caller, subscription_id)
    found = await desk.call(desk.outbox.deliveries, subscription_id, before=before, limit=limit + 1, state=state)
    page = found[:limit]
    next_ = page[-1].seq if len(found) > limit else None
    if next_ is not None:
        kept = f"&state={state.value}" if state else ""
        response.headers["link"] = f'<{request.url.path}?before={next_}&limit={limit}{kept}>; rel="next"'
    return DeliveryList(deliveries=[delivery_summary(one) for one in page], next=next_)


@router.get("/deliveries/{delivery_id}", operation_id="readDelivery", summary="One delivery and its attempts")
async def read(delivery_id: str, desk: TheDesk, caller: TheCaller) -> DeliveryView:
    return delivery_view(await owned_delivery(desk, caller, delivery_id))


@router.post(
    "/deliveries/{delivery_id}/redeliver", status_code=202, operation_id="redeliver", summary="Send it once more"
)
async def redeliver(delivery_id: str, desk: TheDesk, caller: TheCaller, wanted: Redelivery | None = None) -> Accepted:
    """Under the same webhook-id and number, marked `resend: true`, with a fresh schedule of retries.

    `as_new` sends it under an id of its own, which the answer says; the number stays. Such copies count with the
    tests of a key: 60 within a minute, unless the operator set another number; then 429 with `Retry-After`.
    """
    delivery = await owned_delivery(desk, caller, delivery_id)
    await active_subscription(desk, caller, delivery.subscription_id)
    if wanted is not None and wanted.as_new:
        check_tests(desk, caller)
        new_id = await desk.call(desk.outbox.resend_as_new, subscription_id=delivery.subscription_id, seq=delivery.seq)
        if new_id is None:
            raise DeliveryUnknown("The subscription of this delivery was deleted meanwhile")
        desk.wake()
        return Accepted(delivery=new_id)
    is_due = await desk.call(desk.outbox.redeliver, subscription_id=delivery.subscription_id, seq=delivery.seq)
    if not is_due:
        raise DeliveryUnknown("The subscription of this delivery was deleted meanwhile")
    desk.wake()
    return Accepted(delivery=delivery_id)
