"""The feed of one subscription by its numbers: what its webhooks say, asked for instead of waited for."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from treaty_notifier.api.access import TheCaller, owned_subscription
from treaty_notifier.api.desk import Desk, TheDesk
from treaty_notifier.api.schemas import PulledPage, pulled_message
from treaty_notifier.errors import GapRefused, SubscriptionUnknown
from treaty_notifier.outbox import Pulled

LOOK_SECONDS = 0.1  # how often a question that waits looks whether the log has grown
LONGEST_WAIT_SECONDS = 30
router = APIRouter(prefix="/v1/subscriptions", tags=["messages"])

Number = Annotated[int | None, Query(ge=1)]


@router.get("/{subscription_id}/messages", operation_id="pullMessages", summary="The same messages, pulled")
async def pull(
    subscription_id: str,
    *,
    request: Request,
    response: Response,
    desk: TheDesk,
    caller: TheCaller,
    after: Annotated[int | None, Query(ge=0, description="Numbers after this one")] = None,
    first: Annotated[int | None, Query(alias="from", ge=1, description="A gap: from this number on")] = None,
    to: Annotated[int | None, Query(ge=1, description="… up to this one, itself included")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="Seconds to wait for the first")] = 0,
) -> PulledPage:
    """Every message of the subscription, in order and without a gap: bodies, ids and numbers as they are sent.

    It also works while the subscription is paused or disabled. What nobody has been sent yet gets its number by this
    and is sent with the same bytes later. What is pulled is not taken for delivered: only an endpoint's answer is.
    """
    if after is not None and first is not None:
        raise GapRefused(f"Say where to begin once (after: {after}, from: {first}); leave out one of the two")
    start = first - 1 if first is not None else after or 0
    if to is not None and to <= start:
        raise GapRefused(f"The gap ends before it begins (from: {start + 1}, to: {to}); swap the two")
    await owned_subscription(desk, caller, subscription_id)
    found = await _found(desk, subscription_id, after=start, until=to, limit=limit, wait_seconds=wait)
    messages = [pulled_message(one) for one in found.deliveries]
    next_ = messages[-1].sequence if messages else start
    if found.has_more:
        end = f"&to={to}" if to is not None else ""
        response.headers["link"] = f'<{request.url.path}?after={next_}&limit={limit}{end}>; rel="next"'
    return PulledPage(
        subscription=subscription_id,
        messages=messages,
        next=next_,
        head=found.head,
        watermark=found.watermark,
        has_more=found.has_more,
    )


async def _found(
    desk: Desk, subscription_id: str, *, after: int, until: int | None, limit: int, wait_seconds: float
) -> Pulled:
    ends_at = asyncio.get_running_loop().time() + wait_seconds
    while True:
        seen = (await desk.call(desk.outbox.progress)).seq
        found = await desk.call(desk.outbox.pull, subscription_id, after=after, until=until, limit=limit)
        if found is None:
            raise SubscriptionUnknown("The subscription was deleted meanwhile")
        if found.deliveries or found.has_more:
            return found
        while (await desk.call(desk.outbox.progress)).seq == seen:
            if asyncio.get_running_loop().time() >= ends_at:
                return found
            await asyncio.sleep(LOOK_SECONDS)
