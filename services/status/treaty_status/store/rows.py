"""Writing the read model: the checkpoint first, then the rows, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from treaty_status.application.views import Failing, ViewsUnavailable
from treaty_status.projections.changes import START, Changes, Checkpoint
from treaty_status.projections.read_model import CheckpointMoved, Contents
from treaty_status.store import tables as tb
from treaty_status.store.tables import CHECKPOINT, Tables
from treaty_status.store.writing import Move, writing

SERVED: Final = "served"
"""The name of the checkpoint of the rows that are served."""


class DatabaseRows:
    """One set of tables and its checkpoint; the promises are those of ``RowStore``."""

    def __init__(self, engine: sa.Engine, tables: Tables, name: str) -> None:
        self.engine = engine
        self.tables = tables
        self.name = name
        self.written = writing(tables, engine.dialect)

    def checkpoint(self) -> Checkpoint:
        """How far the rows are."""
        with self.reading() as connection:
            return read_checkpoint(connection, self.name)

    def write(self, changes: Changes, *, old: Checkpoint, new: Checkpoint) -> None:
        """Move the checkpoint first, then write."""
        with answered():
            written = self.written.write(self.engine.execution_options(writes=True), changes, Move(self.name, old, new))
        if not written:
            raise CheckpointMoved(f"The rows are no longer at position {old.position}; nothing was written.")

    def rests_on(self) -> dict[str, tuple[str, ...]]:
        """The treaties whose rows depend on others."""
        with self.reading() as connection:
            table = self.tables.treaty
            found = connection.execute(sa.select(table).where(table.c.rests_on != "[]")).mappings()
            return {row.id: row.rests_on for row in map(tb.treaty_row, found)}

    def failing(self) -> list[Failing]:
        """The treaties whose rows are behind."""
        with self.reading() as connection:
            table = self.tables.failing
            return [tb.failing(row) for row in connection.execute(sa.select(table).order_by(table.c.treaty)).mappings()]

    def contents(self) -> Contents:
        """Everything, as of one moment."""
        with self.snapshot() as connection:
            found = Contents(read_checkpoint(connection, self.name))
            found.add(
                Changes(
                    treaties=[tb.treaty_row(row) for row in _all(connection, self.tables.treaty)],
                    participations=[tb.participation_row(row) for row in _all(connection, self.tables.participation)],
                    milestones=[tb.milestone_row(row) for row in _all(connection, self.tables.milestone)],
                    parked=[tb.parked(row) for row in _all(connection, self.tables.parked)],
                    failing=[tb.failing(row) for row in _all(connection, self.tables.failing)],
                )
            )
            return found

    def contents_of(self, treaty: str) -> Contents:
        """The rows of one treaty, as of one moment."""
        own = self.tables
        with self.snapshot() as connection:
            found = Contents(read_checkpoint(connection, self.name))
            found.add(
                Changes(
                    treaties=[tb.treaty_row(row) for row in _of(connection, own.treaty.c.id, treaty)],
                    participations=[
                        tb.participation_row(row) for row in _of(connection, own.participation.c.treaty, treaty)
                    ],
                    milestones=[tb.milestone_row(row) for row in _of(connection, own.milestone.c.treaty, treaty)],
                    failing=[tb.failing(row) for row in _of(connection, own.failing.c.treaty, treaty)],
                )
            )
            return found

    def spoken_of(self) -> set[str]:
        """The treaties that have any row."""
        own = self.tables
        columns = (own.treaty.c.id, own.participation.c.treaty, own.milestone.c.treaty, own.failing.c.treaty)
        with self.snapshot() as connection:
            return {name for column in columns for (name,) in connection.execute(sa.select(column).distinct())}

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection on which every statement sees the newest rows."""
        with answered(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection on which all statements see the rows of one moment."""
        with answered(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction: all of it, or nothing."""
        with answered(), self.engine.execution_options(writes=True).begin() as connection:
            yield connection


def read_checkpoint(connection: sa.Connection, name: str) -> Checkpoint:
    """How far a set of tables is; at the start where it has no checkpoint."""
    columns = sa.select(CHECKPOINT.c.position, CHECKPOINT.c.anchor)
    row = connection.execute(columns.where(CHECKPOINT.c.name == name)).first()
    return START if row is None else Checkpoint(row.position, row.anchor)


def _all(connection: sa.Connection, table: sa.Table) -> Iterator[Any]:
    return iter(connection.execute(sa.select(table)).mappings())


def _of(connection: sa.Connection, column: "sa.Column[Any]", treaty: str) -> Iterator[Any]:
    return iter(connection.execute(sa.select(column.table).where(column == treaty)).mappings())


@contextmanager
def answered() -> Iterator[None]:
    """What goes wrong between us and the database, in the port's words."""
    try:
        yield
    except SQLAlchemyError as problem:
        raise ViewsUnavailable(f"The read model's database cannot be used now ({problem}); try again.") from problem
