"""A database of an earlier release gets what this one needs beside what it holds; nothing in it is rewritten."""

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.schema import CreateColumn

from treaty_notifier.outbox.tables import metadata


def create(connection: Connection) -> None:
    """Make every table, and every column and index that a table of an earlier release lacks."""
    there = set(inspect(connection).get_table_names())
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        if table.name in there:
            _complete(connection, table)
    connection.execute(text("DROP INDEX IF EXISTS attempts_by_start"))  # attempts_answered is in its place
    if connection.dialect.name == "sqlite":
        connection.execute(text("CREATE INDEX IF NOT EXISTS lanes_by_served_at ON lanes (served_at)"))
    else:
        # Here every turn would leave dead entries in it, at the end where claims begin to look.
        connection.execute(text("DROP INDEX IF EXISTS lanes_by_served_at"))
    if "groups" in there and "memberships" not in there:
        connection.execute(
            text("INSERT INTO memberships (group_id, after_seq, members) SELECT id, 0, members FROM groups")
        )


def _complete(connection: Connection, table: Table) -> None:
    found = inspect(connection)
    known = {column["name"] for column in found.get_columns(table.name)}
    missing = [column for column in table.columns if column.name not in known]
    for column in missing:
        described = str(CreateColumn(column).compile(dialect=connection.dialect))
        connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {described}"))
    if "numbered_after" in {column.name for column in missing}:
        # What was taken up before there were numbers has none: counting begins with the next message.
        connection.execute(text("UPDATE lanes SET numbered_after = cursor"))
    if table.name == "lanes" and "booked" in {column.name for column in missing}:
        # What was attempted before attempts were counted is taken as it stands.
        connection.execute(
            text(
                "UPDATE lanes SET booked = (SELECT count(*) FROM attempts WHERE subscription_id = lanes.id)"
                " WHERE id = subscription_id"
            )
        )
    indexed = {index["name"] for index in found.get_indexes(table.name)}
    for index in table.indexes:
        if index.name not in indexed:
            index.create(connection)
