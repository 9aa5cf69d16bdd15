"""Messages about an endpoint itself, for subscriptions of the same owner that ask for them. Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from treaty_notifier.isolation import NoticeKind
from treaty_notifier.messages import OUTSIDE, Draft, instant_text
from treaty_notifier.subscriptions import Subscription, SubscriptionState, type_matches

OPERATIONAL_TYPES = tuple(f"endpoint.{kind.value}" for kind in NoticeKind)


def operational_draft(
    kind: NoticeKind, *, about: Subscription, audience: str, notice_id: int, at: datetime, facts: Mapping[str, object]
) -> Draft:
    """The same identity for the same notice, so that it is told under one id however often it is told."""
    identity = f"endpoint:{about.id}:{notice_id}"
    data = {
        "subscription": about.id,
        "url": about.url,
        "state": about.state.value,
        "event_id": identity,
        "livemode": True,
        **facts,
    }
    # It is no part of anybody's feed, and so has no number in it.
    body = {"type": f"endpoint.{kind.value}", "timestamp": instant_text(at), "data": data, **OUTSIDE}
    return Draft(
        identity=identity,
        position=0,
        type=f"endpoint.{kind.value}",
        category="operational",
        treaty=None,
        livemode=True,
        participants=frozenset(),
        recorded_at=at,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        audience=audience,
    )


def asking(subscriptions: Iterable[Subscription], *, about: Subscription, kind: NoticeKind) -> list[Subscription]:
    """The owner's other subscriptions that ask for it by type: an endpoint that fails is not told through itself."""
    return [
        one
        for one in subscriptions
        if one.id != about.id
        and one.owner == about.owner
        and one.state is not SubscriptionState.DISABLED
        and any(type_matches(pattern, f"endpoint.{kind.value}") for pattern in one.filter.types)
    ]
