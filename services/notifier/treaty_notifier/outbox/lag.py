"""How far lanes are behind the log, inside the caller's transaction."""

from sqlalchemy import Connection, func, select

from treaty_notifier.outbox.port import Behind
from treaty_notifier.outbox.tables import lanes, subscriptions
from treaty_notifier.subscriptions import SubscriptionState


def behind(connection: Connection, seq: int, *, head: int) -> Behind:
    """Live lanes of active subscriptions: the slowest, and every one that has not come past ``seq``."""
    live = (
        select(lanes.c.subscription_id, lanes.c.cursor)
        .join(subscriptions, subscriptions.c.id == lanes.c.subscription_id)
        .where(~lanes.c.is_replay, subscriptions.c.state == SubscriptionState.ACTIVE.value)
    )
    slowest = connection.execute(select(func.min(live.subquery().c.cursor))).scalar()
    late = connection.execute(live.where(lanes.c.cursor < seq)).all()
    return Behind(
        head=head,
        slowest=head if slowest is None else min(int(slowest), head),
        lanes={row.subscription_id: head - row.cursor for row in late},
    )
