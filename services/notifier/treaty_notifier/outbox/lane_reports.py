"""Where lanes stand, for whoever looks at them."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from treaty_notifier.deliveries import DeliveryState
from treaty_notifier.outbox.port import LaneReport
from treaty_notifier.outbox.tables import exceptions, lanes, progress


def lane_reports(connection: Connection, subscription_ids: Sequence[str]) -> dict[str, LaneReport]:
    """Those that are there."""
    end = connection.execute(select(progress.c.seq)).scalar_one()
    owed: dict[tuple[str, str], int] = {
        (row.subscription_id, row.state): row.rows
        for row in connection.execute(
            select(exceptions.c.subscription_id, exceptions.c.state, func.count().label("rows"))
            .where(exceptions.c.subscription_id.in_(subscription_ids))
            .group_by(exceptions.c.subscription_id, exceptions.c.state)
        )
    }
    return {
        row.id: LaneReport(
            cursor=row.cursor,
            behind=max(0, end - row.cursor),
            sequence=row.sequence,
            retrying=owed.get((row.id, DeliveryState.RETRYING.value), 0),
            dead=owed.get((row.id, DeliveryState.DEAD.value), 0),
            served_at=row.served_at if row.epoch else None,
            paused_until=row.paused_until,
            leased_until=row.lease_until if row.owner is not None else None,
            is_slow=row.is_slow,
        )
        for row in connection.execute(select(lanes).where(lanes.c.id.in_(subscription_ids)))
    }
