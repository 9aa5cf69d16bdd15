"""Rows built beside those that are served, and the moment in which they take their place."""

from secrets import token_hex
from typing import Final

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from treaty_status.projections.changes import START, Changes, Checkpoint
from treaty_status.store.rows import SERVED, DatabaseRows
from treaty_status.store.tables import CHECKPOINT, LAYOUT, Tables, places, tables

MARK: Final = "_new_"
"""Between a served table's name and the token of the one being built."""


class ShadowRows(DatabaseRows):
    """Empty tables of a name of their own; the promises are those of ``Shadow``."""

    def __init__(self, engine: sa.Engine) -> None:
        suffix = f"{MARK}{token_hex(4)}"
        super().__init__(engine, tables(suffix), suffix)
        with self.writing() as connection:
            put_checkpoint(connection, suffix, START)
            clear_away(connection, keep=suffix)
            create_tables(connection, self.tables)

    def fill(self, changes: Changes) -> None:
        """Write rows that are not there yet."""
        with self.writing() as connection:
            self.written.fill(connection, changes)

    def settle(self, at: Checkpoint) -> None:
        """Everything up to here was filled in."""
        with self.writing() as connection:
            put_checkpoint(connection, self.name, at)
            create_indexes(connection, self.tables)
            if connection.dialect.name == "postgresql":
                for table in self.tables.all():
                    connection.exec_driver_sql(f"ANALYZE {table.name}")

    def take_over(self) -> bool:
        """Be served from now on, unless what is served has come further meanwhile."""
        at = self.checkpoint()
        with self.writing() as connection:
            move = (
                CHECKPOINT.update()
                .where(CHECKPOINT.c.name == SERVED, CHECKPOINT.c.position <= at.position)
                .values(position=at.position, anchor=at.anchor, layout=LAYOUT)
            )
            if connection.execute(move).rowcount != 1:
                return False
            for old, new in zip(tables().all(), self.tables.all(), strict=True):
                connection.execute(DropTable(old))
                connection.exec_driver_sql(f"ALTER TABLE {new.name} RENAME TO {old.name}")
            connection.execute(CHECKPOINT.delete().where(CHECKPOINT.c.name == self.name))
        return True

    def discard(self) -> None:
        """Leave no trace."""
        with self.writing() as connection:
            connection.execute(CHECKPOINT.delete().where(CHECKPOINT.c.name == self.name))
            for table in self.tables.all():
                connection.execute(DropTable(table, if_exists=True))


def put_checkpoint(connection: sa.Connection, name: str, at: Checkpoint) -> None:
    """Say how far a set of tables is."""
    connection.execute(CHECKPOINT.delete().where(CHECKPOINT.c.name == name))
    connection.execute(CHECKPOINT.insert().values(name=name, position=at.position, anchor=at.anchor, layout=LAYOUT))


def create_tables(connection: sa.Connection, made: Tables) -> None:
    """Make the tables of a set, without what speeds up searching."""
    for table in made.all():
        connection.execute(CreateTable(table))


def create_indexes(connection: sa.Connection, made: Tables) -> None:
    """Make what speeds up searching."""
    for table in made.all():
        for column in places(table):
            connection.execute(CreateIndex(sa.Index(f"{table.name}_by_{column}", table.c[column])))


def clear_away(connection: sa.Connection, *, keep: str) -> None:
    """Drop what a rebuild left behind that did not come to its end."""
    names = [name for name in sa.inspect(connection).get_table_names() if MARK in name and not name.endswith(keep)]
    for name in names:
        if name.partition(MARK)[0] in {table.name for table in tables().all()}:
            connection.execute(DropTable(sa.Table(name, sa.MetaData()), if_exists=True))
    connection.execute(
        CHECKPOINT.delete().where(CHECKPOINT.c.name.startswith(MARK, autoescape=True), CHECKPOINT.c.name != keep)
    )
