"""How rows are written: the checkpoint first, in the words of each database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from treaty_status.application.views import TreatyRow, search_text
from treaty_status.projections.changes import Changes, Checkpoint
from treaty_status.store import tables as tb
from treaty_status.store.tables import CHECKPOINT, LAYOUT, Tables

_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Move:
    """A checkpoint on its way."""

    name: str
    old: Checkpoint
    new: Checkpoint


class Writing(Protocol):
    """Writes one set of tables."""

    def fill(self, connection: sa.Connection, changes: Changes) -> None:
        """Write rows that are not there yet."""

    def write(self, engine: sa.Engine, changes: Changes, move: Move) -> bool:
        """Move the checkpoint and write, in one transaction; False, and nothing written, where it is elsewhere."""


def writing(tables: Tables, dialect: sa.Dialect) -> Writing:
    """The way to write that fits a database."""
    return PostgresWriting(tables) if dialect.name == "postgresql" else SqliteWriting(tables)


def rows_of(tables: Tables, changes: Changes) -> tuple[tuple[sa.Table, Sequence[Any]], ...]:
    """Each table with the rows to be written to it."""
    return (
        (tables.treaty, changes.treaties),
        (tables.participation, changes.participations),
        (tables.milestone, changes.milestones),
        (tables.parked, changes.parked),
        (tables.failing, changes.failing),
    )


class SqliteWriting:
    """Row by row over prepared statements: nothing is nearer than a file."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._binders = {table.name: tb.binder(table, iso=True) for table in tables.all()}
        self._inserts = {table.name: tb.insert(table, mark="?") for table in tables.all()}
        self._upserts = {table.name: tb.upsert(table, mark="?") for table in tables.all()}
        part, line, failing = tables.participation.name, tables.milestone.name, tables.failing.name
        self._drop_all = [f"DELETE FROM {name} WHERE treaty = ?" for name in (part, line)]  # noqa: S608 - our own names
        self._drop_one = f"DELETE FROM {part} WHERE treaty = ? AND participant = ?"  # noqa: S608 - as above
        self._recover = f"DELETE FROM {failing} WHERE treaty = ?"  # noqa: S608 - as above

    def fill(self, connection: sa.Connection, changes: Changes) -> None:
        """Write rows that are not there yet."""
        for table, values in self._values(changes):
            connection.exec_driver_sql(self._inserts[table.name], values)

    def write(self, engine: sa.Engine, changes: Changes, move: Move) -> bool:
        """Move the checkpoint and write."""
        with engine.begin() as connection:
            moved = (
                CHECKPOINT.update()
                .where(CHECKPOINT.c.name == move.name, CHECKPOINT.c.position == move.old.position)
                .where(CHECKPOINT.c.anchor == move.old.anchor, CHECKPOINT.c.layout == LAYOUT)
                .values(position=move.new.position, anchor=move.new.anchor)
            )
            if connection.execute(moved).rowcount != 1:
                return False
            self._take_away(connection, changes)
            for table, values in self._values(changes):
                connection.exec_driver_sql(self._upserts[table.name], values)
            return True

    def _take_away(self, connection: sa.Connection, changes: Changes) -> None:
        if changes.replaced:
            for statement in self._drop_all:
                connection.exec_driver_sql(statement, [(treaty,) for treaty in sorted(changes.replaced)])
        if changes.gone:
            connection.exec_driver_sql(self._drop_one, changes.gone)
        if changes.recovered:
            connection.exec_driver_sql(self._recover, [(treaty,) for treaty in sorted(changes.recovered)])

    def _values(self, changes: Changes) -> Iterator[tuple[sa.Table, list[tuple[Any, ...]]]]:
        for table, rows in rows_of(self._tables, changes):
            if rows:
                bind = self._binders[table.name]
                yield table, [tuple(bind(row)) for row in rows]


class PostgresWriting:
    """A whole batch in one statement, which is one round trip and one transaction; rows travel as JSON.

    Rows to take away and rows to write are never the same rows: one statement may touch a row only once.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._binders = {table.name: tb.binder(table, iso=False) for table in tables.all()}
        self._copies = {table.name: tb.copy(table) for table in tables.all()}
        self._statement = _batch_statement(tables)

    def fill(self, connection: sa.Connection, changes: Changes) -> None:
        """Write rows that are not there yet."""
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            for table, rows in rows_of(self._tables, changes):
                if rows:
                    bind = self._binders[table.name]
                    with cursor.copy(self._copies[table.name]) as copy:
                        for row in rows:
                            copy.write_row(bind(row))

    def write(self, engine: sa.Engine, changes: Changes, move: Move) -> bool:
        """Move the checkpoint and write."""
        parameters = {
            "name": move.name,
            "old_position": move.old.position,
            "old_anchor": move.old.anchor,
            "position": move.new.position,
            "anchor": move.new.anchor,
            "replaced": sorted(changes.replaced),
            "gone_from": [treaty for treaty, _ in changes.gone],
            "gone": [participant for _, participant in changes.gone],
            "recovered": sorted(changes.recovered),
        }
        for (slot, _), (_, rows) in zip(_SLOTS, rows_of(self._tables, changes), strict=True):
            told = [_searched(row) for row in rows] if slot == "treaty" else rows
            parameters[slot] = _json(told).decode()
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return bool(connection.exec_driver_sql(self._statement, parameters).scalar_one())


_SLOTS = (
    ("treaty", ("id",)),
    ("participation", ("treaty", "participant")),
    ("milestone", ("treaty", "key")),
    ("parked", ("position",)),
    ("failing", ("treaty",)),
)


def _searched(row: TreatyRow) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _TREATY_FIELDS}, "search": search_text(row)}


_TREATY_FIELDS = tuple(TreatyRow.__dataclass_fields__)


def _batch_statement(tables: Tables) -> str:
    # Nothing but our own names and numbers is put together here; every value is a parameter.
    steps = [
        f"moved AS (UPDATE {CHECKPOINT.name} SET position = %(position)s, anchor = %(anchor)s "  # noqa: S608
        "WHERE name = %(name)s AND position = %(old_position)s AND anchor = %(old_anchor)s "
        f"AND layout = {LAYOUT} RETURNING 1)"
    ]
    for (slot, keys), table in zip(_SLOTS, tables.all(), strict=True):
        columns = ", ".join(tb.names(table))
        said = f"json_populate_recordset(NULL::{table.name}, %({slot})s::json)"
        others = ", ".join(f"{name} = excluded.{name}" for name in tb.names(table) if name not in keys)
        if slot in {"participation", "milestone"}:
            same = " AND ".join(f"said.{key} = had.{key}" for key in keys)
            steps.append(
                f"dropped_{slot} AS (DELETE FROM {table.name} AS had WHERE treaty = ANY (%(replaced)s) "  # noqa: S608
                f"AND EXISTS (SELECT FROM moved) AND NOT EXISTS (SELECT FROM {said} AS said WHERE {same}))"
            )
        steps.append(
            f"written_{slot} AS (INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {said} "  # noqa: S608
            f"WHERE EXISTS (SELECT FROM moved) ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {others})"
        )
    steps.append(
        f"gone AS (DELETE FROM {tables.participation.name} AS had "  # noqa: S608
        "USING unnest(%(gone_from)s::text[], %(gone)s::text[]) AS left_by (treaty, participant) "
        "WHERE had.treaty = left_by.treaty AND had.participant = left_by.participant AND EXISTS (SELECT FROM moved))"
    )
    steps.append(
        f"recovered AS (DELETE FROM {tables.failing.name} WHERE treaty = ANY (%(recovered)s) "  # noqa: S608
        "AND EXISTS (SELECT FROM moved))"
    )
    return f"WITH {', '.join(steps)} SELECT count(*) FROM moved"  # noqa: S608
