"""Hosts to which owners pointed endpoints of late: nobody makes the notifier knock at as many doors as they like.

Kept apart from subscriptions, because one that was deleted again has been knocked for all the same.
"""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select

from treaty_notifier.errors import HostLimit
from treaty_notifier.outbox.tables import Instant, metadata

WINDOW = timedelta(hours=1)

introductions = Table(
    "introductions",
    metadata,
    Column("owner", String(100), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("introduced_at", Instant, nullable=False),
)


def introduce(connection: Connection, *, owner: str, host: str, limit: int, at: datetime) -> None:
    """In a transaction that no other of this owner passes meanwhile.

    Raises:
        HostLimit: the owner named ``limit`` other hosts within the last hour.
    """
    connection.execute(delete(introductions).where(introductions.c.introduced_at <= at - WINDOW))
    ours = introductions.c.owner == owner
    known = select(introductions.c.host).where(ours, introductions.c.host == host)
    if connection.execute(known).one_or_none() is not None:
        return
    named, first_at = connection.execute(
        select(func.count(), func.min(introductions.c.introduced_at)).where(ours)
    ).one()
    check_hosts(named, limit=limit, first_at=first_at or at, at=at)
    connection.execute(insert(introductions).values(owner=owner, host=host, introduced_at=at))


def check_hosts(named: int, *, limit: int, first_at: datetime, at: datetime) -> None:
    """``first_at``: when the oldest of them was named. Raises HostLimit."""
    if named >= limit:
        raise HostLimit(
            f"This key pointed endpoints to as many hosts as it may within an hour (hosts: {named}, limit: {limit}); "
            "go on when Retry-After is over, or ask the operator to raise TREATY_NOTIFIER_NEW_HOSTS_PER_HOUR",
            retry_after_seconds=(first_at + WINDOW - at).total_seconds(),
        )
