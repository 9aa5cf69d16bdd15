"""Public keys that sign no more, and since when: kept for good, also when their subscription is gone.

Their private halves are not here. Whoever kept a webhook can show years later whose key it was signed with.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Column, Connection, LargeBinary, Table, delete, insert, select

from treaty_notifier.ed25519 import key_name
from treaty_notifier.outbox.port import RetiredKey
from treaty_notifier.outbox.tables import Instant, metadata

#: ``name`` is the key's thumbprint, as bytes so that every database sorts it in the same way. A key that is on its way
#: out is here already, with the end that was told.
retired_keys = Table(
    "retired_keys",
    metadata,
    Column("name", LargeBinary, primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("retired_at", Instant, nullable=False),
)


def retire(connection: Connection, ends: Mapping[bytes, datetime]) -> None:
    """``ends`` of public keys; one that was known to end already ends then instead."""
    for public, at in ends.items():
        name = key_name(public).encode()
        connection.execute(delete(retired_keys).where(retired_keys.c.name == name))
        connection.execute(insert(retired_keys).values(name=name, public=public, retired_at=at))


def retired(connection: Connection, *, at: datetime, after: str, limit: int) -> list[RetiredKey]:
    """Those that had ended by then, in the order of their names, after this one."""
    ours = select(retired_keys).where(retired_keys.c.retired_at <= at, retired_keys.c.name > after.encode())
    rows = connection.execute(ours.order_by(retired_keys.c.name).limit(limit))
    return [RetiredKey(public=bytes(row.public), retired_at=row.retired_at) for row in rows]
