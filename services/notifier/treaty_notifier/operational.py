"""Messages about an endpoint itself, for subscriptions of the same owner that ask for them; and about this notifier's
clock, for whoever asks. Pure.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

from treaty_notifier.isolation import NoticeKind
from treaty_notifier.messages import OUTSIDE, Draft, instant_text
from treaty_notifier.subscriptions import Subscription, SubscriptionState, type_matches


class ClockNotice(StrEnum):
    """What is told about the clock of a notifier's machine, which goes into every signature."""

    OFF = "clock_off"  # it differs from the database's by more than two seconds
    RIGHT = "clock_right"  # it does no longer
    SET = "clock_set"  # somebody set it


ENDPOINT_TYPES = tuple(f"endpoint.{kind.value}" for kind in NoticeKind)
NOTIFIER_TYPES = tuple(f"notifier.{kind.value}" for kind in ClockNotice)
OPERATIONAL_TYPES = ENDPOINT_TYPES + NOTIFIER_TYPES


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
    return _draft(f"endpoint.{kind.value}", identity=identity, audience=audience, at=at, data=data)


def clock_draft(kind: ClockNotice, *, notifier: str, audience: str, number: int, at: datetime, seconds: float) -> Draft:
    """``notifier`` names one process, ``number`` its notices; ``seconds`` is how far it is ahead, or was set."""
    identity = f"notifier:{notifier}:{number}"
    data = {"notifier": notifier, "seconds": round(seconds, 3), "event_id": identity, "livemode": True}
    return _draft(f"notifier.{kind.value}", identity=identity, audience=audience, at=at, data=data)


def _draft(name: str, *, identity: str, audience: str, at: datetime, data: Mapping[str, object]) -> Draft:
    # It is no part of anybody's feed, and so has no number in it.
    body = {"type": name, "timestamp": instant_text(at), "data": data, **OUTSIDE}
    return Draft(
        identity=identity,
        position=0,
        type=name,
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
        if one.id != about.id and one.owner == about.owner and _names(one, f"endpoint.{kind.value}")
    ]


def asking_about_clocks(subscriptions: Iterable[Subscription], *, kind: ClockNotice) -> list[Subscription]:
    """Anybody's that ask for it by type: a signature may be refused wherever it goes."""
    return [one for one in subscriptions if _names(one, f"notifier.{kind.value}")]


def _names(subscription: Subscription, name: str) -> bool:
    return subscription.state is not SubscriptionState.DISABLED and any(
        type_matches(pattern, name) for pattern in subscription.filter.types
    )
