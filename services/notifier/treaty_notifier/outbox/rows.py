"""Rows to values and back."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from treaty_notifier.deliveries import Dead, Delivered, Outcome, Phases, RetryIn
from treaty_notifier.messages import Draft, Entry
from treaty_notifier.numbering import Occasion
from treaty_notifier.outbox.port import Attempt, Sent
from treaty_notifier.subscriptions import Filter, Livemode, Subscription, SubscriptionState

AnyRow = Row[Any]  # columns are named in the query that made the row; SQLAlchemy cannot carry their types this far


def message_row(draft: Draft, *, seq: int) -> dict[str, object]:
    return {
        "seq": seq,
        "position": draft.position,
        "identity": draft.identity,
        "type": draft.type,
        "category": draft.category,
        "treaty": draft.treaty,
        "livemode": draft.livemode,
        "participants": sorted(draft.participants),
        "recorded_at": draft.recorded_at,
        "audience": draft.audience,
        "body": draft.body,
    }


def entry_of(row: AnyRow) -> Entry:
    return Entry(
        seq=row.seq,
        position=row.position,
        type=row.type,
        category=row.category,
        treaty=row.treaty,
        livemode=row.livemode,
        participants=frozenset(row.participants),
        recorded_at=row.recorded_at,
        identity=row.identity,
        audience=row.audience,
    )


def draft_of(row: AnyRow) -> Draft:
    """A line of the log as it was written."""
    return Draft(
        identity=row.identity,
        position=row.position,
        type=row.type,
        category=row.category,
        treaty=row.treaty,
        livemode=row.livemode,
        participants=frozenset(row.participants),
        recorded_at=row.recorded_at,
        body=bytes(row.body),
        audience=row.audience,
    )


def subscription_row(subscription: Subscription) -> dict[str, object]:
    return {
        "id": subscription.id,
        "owner": subscription.owner,
        "url": subscription.url,
        "description": subscription.description,
        "filter": filter_document(subscription.filter),
        "state": subscription.state.value,
        "state_reason": subscription.state_reason,
        "created_at": subscription.created_at,
    }


def subscription_of(row: AnyRow) -> Subscription:
    return Subscription(
        id=row.id,
        owner=row.owner,
        url=row.url,
        description=row.description,
        filter=filter_of(row.filter),
        created_at=row.created_at,
        state=SubscriptionState(row.state),
        state_reason=row.state_reason,
    )


def filter_document(wanted: Filter) -> dict[str, object]:
    return {
        "types": list(wanted.types),
        "treaties": list(wanted.treaties),
        "participants": list(wanted.participants),
        "groups": list(wanted.groups),
        "livemode": wanted.livemode.value,
        "history": wanted.history,
    }


def filter_of(document: Mapping[str, Any]) -> Filter:
    return Filter(
        types=tuple(document["types"]),
        treaties=tuple(document["treaties"]),
        participants=tuple(document["participants"]),
        groups=tuple(document["groups"]),
        livemode=Livemode(document["livemode"]),
        history=document.get("history", False),
    )


def attempt_of(row: AnyRow) -> Attempt:
    return Attempt(
        number=row.number,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        outcome=Outcome(row.outcome),
        status_code=row.status_code,
        response=bytes(row.response),
        is_clipped=row.is_clipped,
        location=row.location,
        peer=row.peer,
        next_attempt_at=row.next_attempt_at,
        sequence=row.sequence,
        occasion=Occasion(row.occasion),
        phases=Phases(**json.loads(row.phases)) if row.phases else None,
    )


@lru_cache(1_000)
def phases_text(phases: Phases | None) -> str | None:
    """JSON of what is known."""
    if phases is None:
        return None
    return json.dumps({name: value for name, value in vars(phases).items() if value is not None})


def ends_well(sent: Sent) -> bool:
    return isinstance(sent.decision, Delivered)


def disabling_reason(sent: Sequence[Sent]) -> str | None:
    """Why the subscription is to be disabled, if one of its answers said so."""
    for one in sent:
        if isinstance(one.decision, Dead) and one.decision.disables:
            return one.decision.reason
    return None


def pause_seconds(sent: Sequence[Sent]) -> float:
    """The longest time for which the endpoint asked to be left alone."""
    return max((one.decision.pause_seconds for one in sent if isinstance(one.decision, RetryIn)), default=0.0)
