"""Who calls, and what is theirs."""

from typing import Annotated

from fastapi import Depends, Request

from treaty_notifier.api.desk import Desk, TheDesk
from treaty_notifier.directory import Caller
from treaty_notifier.errors import (
    DeliveryUnknown,
    KeyRefused,
    ProbeLimit,
    ScopeMissing,
    SubscriptionNotActive,
    SubscriptionUnknown,
)
from treaty_notifier.outbox import Delivery
from treaty_notifier.subscriptions import Subscription, SubscriptionState

SUBSCRIBE = "subscribe"
ADMIN = "admin"
KEY_LIMIT = 400  # characters of an Authorization header that could be a key


async def subscriber(request: Request, desk: TheDesk) -> Caller:
    """The caller, who may have subscriptions.

    Raises:
        KeyRefused, ScopeMissing, StatusUnreachable.
    """
    return await caller_of(desk, request.headers.get("authorization", ""))


async def caller_of(desk: Desk, authorization: str) -> Caller:
    """Whoever this header belongs to.

    Raises:
        KeyRefused, ScopeMissing, StatusUnreachable.
    """
    scheme, _, key = authorization.partition(" ")
    is_text = authorization.isascii() and authorization.isprintable()
    if scheme.lower() != "bearer" or not key.strip() or len(authorization) > KEY_LIMIT or not is_text:
        raise KeyRefused("Subscriptions need a key; send Authorization: Bearer and a key of the status service")
    caller = await desk.keys.caller(authorization)
    if caller.scopes.isdisjoint((SUBSCRIBE, ADMIN)):
        held = ", ".join(sorted(caller.scopes)) or "none"
        raise ScopeMissing(f"The key lacks the scope subscribe (key: {caller.name}, scopes: {held})")
    return caller


TheCaller = Annotated[Caller, Depends(subscriber)]


def owner_seen_by(caller: Caller) -> str | None:
    """Whose subscriptions the caller sees; None means everybody's."""
    return None if ADMIN in caller.scopes else caller.id


async def owned_subscription(desk: Desk, caller: Caller, subscription_id: str) -> Subscription:
    subscription = await desk.call(desk.outbox.subscription, subscription_id)
    if subscription is None or not _sees(caller, subscription):
        raise SubscriptionUnknown(f"There is no such subscription of yours (subscription: {subscription_id[:60]})")
    return subscription


async def active_subscription(desk: Desk, caller: Caller, subscription_id: str) -> Subscription:
    subscription = await owned_subscription(desk, caller, subscription_id)
    if subscription.state is not SubscriptionState.ACTIVE:
        raise SubscriptionNotActive(
            f"Nothing is sent to this subscription now (state: {subscription.state.value}, reason: "
            f"{subscription.state_reason or 'its owner paused it'}); PATCH its state to active first"
        )
    return subscription


async def owned_delivery(desk: Desk, caller: Caller, webhook_id: str) -> Delivery:
    delivery = await desk.call(desk.outbox.delivery, webhook_id, owner=owner_seen_by(caller))
    if delivery is not None:
        subscription = await desk.call(desk.outbox.subscription, delivery.subscription_id)
        if subscription is not None and _sees(caller, subscription):
            return delivery
    raise DeliveryUnknown(f"There is no such delivery of yours (delivery: {webhook_id[:80]})")


def check_tests(desk: Desk, caller: Caller) -> None:
    """Each of them is a line of the log, through which every lane looks.

    Raises:
        ProbeLimit: this key asked for as many as it may.
    """
    wait_seconds = desk.tests.take(caller.id)
    if wait_seconds is not None:
        limit = desk.tests.limit
        raise ProbeLimit(
            "This key asked for as many tests and copies under new ids as it may within a minute (limit: "
            f"{limit}); go on when Retry-After is over, or ask the operator to raise TREATY_NOTIFIER_TESTS_PER_MINUTE",
            retry_after_seconds=wait_seconds,
        )


def _sees(caller: Caller, subscription: Subscription) -> bool:
    return ADMIN in caller.scopes or subscription.owner == caller.id
