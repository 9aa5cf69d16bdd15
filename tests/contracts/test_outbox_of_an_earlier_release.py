"""A database that was written before messages had numbers is opened, and goes on."""

import json

from sqlalchemy import text

from tests.contracts.outbox_world import KEY, NOON, Clock, append, claim, event, settled, subscribe
from treaty_notifier.outbox import SqlOutbox
from treaty_notifier.outbox.tables import metadata
from treaty_notifier.subscriptions import Filter

NEW_TABLES = ("stretches", "former_filters", "memberships", "replays")
NEW_COLUMNS = {
    "subscriptions": ("filter_changes",),
    "lanes": ("sequence", "numbered_after", "is_held", "per_second", "booked"),
    "exceptions": ("sequence", "previous_id", "watermark", "occasion", "request"),
    "attempts": ("sequence", "occasion", "body_hash"),
}


def made_old(dsn: str) -> None:
    """As the release before made it: without numbers, and with the members of groups as they are now."""
    outbox = SqlOutbox(dsn, new_key=KEY, clock=Clock(NOON))
    subscribe(outbox, filter=Filter(groups=("eu_members",)))
    fra = {"attributed_to": [{"participant": "fra"}]}
    outbox.put_group("eu_members", frozenset({"fra"}))
    append(outbox, event(1, data=fra), event(2, data=fra))
    (turn,) = claim(outbox, batch=1).turns
    outbox.settle([settled(turn)])
    with outbox._database.writing() as connection:
        connection.execute(text("CREATE TABLE groups (id VARCHAR(100) PRIMARY KEY, members JSON NOT NULL)"))
        connection.execute(text("INSERT INTO groups SELECT group_id, members FROM memberships"))
        connection.execute(text("DROP INDEX exceptions_oldest"))
        for table in NEW_TABLES:
            connection.execute(text(f"DROP TABLE {table}"))
        for table, columns in NEW_COLUMNS.items():
            for column in columns:
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
    outbox.close()


def test_numbers_begin_with_the_first_message_after_the_upgrade(database_dsn: str) -> None:
    made_old(database_dsn)

    outbox = SqlOutbox(database_dsn, new_key=b"another" * 5, clock=Clock(NOON))
    (turn,) = claim(outbox).turns
    outbox.settle([settled(turn)])
    found = outbox.pull("sub_a", after=0, until=None, limit=10)
    old = outbox.deliveries("sub_a", before=2, limit=10, state=None)

    assert [(parcel.seq, json.loads(parcel.body)["sequence"]) for parcel in turn.parcels] == [(2, 1)]
    assert found is not None
    assert [(one.seq, one.sequence) for one in found.deliveries] == [(2, 1)]
    assert [(one.seq, one.sequence, len(one.attempts)) for one in old] == [(1, None, 1)]
    outbox.close()
    again = SqlOutbox(database_dsn, new_key=KEY, clock=Clock(NOON))
    assert {table.name for table in metadata.sorted_tables} >= set(NEW_TABLES)
    again.close()
