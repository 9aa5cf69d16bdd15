"""Reading the read model, and putting it up: in the log's own PostgreSQL database, or in a SQLite file."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable, DropTable

from treaty_status.application import views
from treaty_status.application.views import (
    Due,
    MilestoneRow,
    Parked,
    ParticipationRow,
    TreatyOfParticipant,
    TreatyPage,
    TreatyQuery,
    TreatyRow,
)
from treaty_status.projections.changes import START
from treaty_status.projections.read_model import Lease
from treaty_status.store import tables as tb
from treaty_status.store.due import due_of
from treaty_status.store.rows import SERVED, DatabaseRows, read_checkpoint
from treaty_status.store.shadow import ShadowRows, create_indexes, create_tables, put_checkpoint
from treaty_status.store.tables import CHECKPOINT, LAYOUT, tables

EARLIEST_ZONE = timedelta(hours=14)
"""No place on earth is further ahead of UTC."""
MAKING = 715519
"""The advisory lock held while the tables are made."""


class DatabaseViews(DatabaseRows):
    """The rows that are served; the promises are those of ``Views`` and ``ReadModel``.

    Raises:
        ViewsUnavailable: the database does not answer.
    """

    def __init__(self, engine: sa.Engine, lease: Callable[[str], Lease], *, make: bool = True) -> None:
        super().__init__(engine, tables(), SERVED)
        self._lease = lease
        if make:
            self._ensure()

    @property
    def is_readable(self) -> bool:
        """Are there rows, in the layout of this version? Without ``make`` there need not be."""
        return self._layout() == LAYOUT

    # ---- reading -----------------------------------------------------------------------------------------------------
    def position(self) -> int:
        """The log position up to which the rows are written."""
        return self.checkpoint().position

    def treaty(self, treaty: str) -> TreatyRow | None:
        """One treaty."""
        table = self.tables.treaty
        with self.reading() as connection:
            row = connection.execute(sa.select(table).where(table.c.id == treaty)).mappings().first()
        return None if row is None else tb.treaty_row(row)

    def treaties(self, query: TreatyQuery) -> TreatyPage:
        """The treaties asked for."""
        table = self.tables.treaty
        limit = max(1, min(query.limit, views.MOST_ROWS))
        asked = sa.select(table).where(*_conditions(table, query)).order_by(table.c.id).limit(limit + 1)
        with self.snapshot() as connection:
            position = read_checkpoint(connection, SERVED).position
            found = [tb.treaty_row(row) for row in connection.execute(asked).mappings()]
        rows = tuple(found[:limit])
        return TreatyPage(rows=rows, next=rows[-1].id if len(found) > limit else None, position=position)

    def due(self, *, now: datetime) -> list[Due]:
        """What the clock has to order now."""
        table = self.tables.treaty
        asked = (
            sa.select(table.c.id, table.c.version, table.c.next_due_on, table.c.time_zone, table.c.held_until)
            .where((table.c.next_due_on <= (now + EARLIEST_ZONE).date()) | table.c.held_until.is_not(None))
            .where(table.c.rehearsal_of.is_(None) | table.c.held_until.is_not(None), table.c.closed.is_(False))
            .order_by(table.c.next_due_on, table.c.id)
        )
        with self.reading() as connection:
            found = connection.execute(asked).all()
        return due_of([tuple(row) for row in found], now)

    def participations(self, treaty: str) -> list[ParticipationRow]:
        """The participants that ever acted towards a treaty."""
        table = self.tables.participation
        asked = sa.select(table).where(table.c.treaty == treaty).order_by(table.c.participant)
        with self.reading() as connection:
            return [tb.participation_row(row) for row in connection.execute(asked).mappings()]

    def treaties_of(self, participant: str, *, rehearsals: bool | None = False) -> list[TreatyOfParticipant]:
        """The treaties towards which a participant ever acted."""
        treaty, own = self.tables.treaty, self.tables.participation
        listed = _conditions(treaty, TreatyQuery(rehearsals=rehearsals))
        treaties = sa.select(treaty).join(own, own.c.treaty == treaty.c.id).where(own.c.participant == participant)
        rows = sa.select(own).join(treaty, own.c.treaty == treaty.c.id).where(own.c.participant == participant)
        with self.snapshot() as connection:
            found = {row["id"]: tb.treaty_row(row) for row in connection.execute(treaties.where(*listed)).mappings()}
            acted = [tb.participation_row(row) for row in connection.execute(rows.where(*listed)).mappings()]
        pairs = [TreatyOfParticipant(treaty=found[row.treaty], participation=row) for row in acted]
        return sorted(pairs, key=lambda pair: pair.treaty.id)

    def milestones(self, treaty: str) -> list[MilestoneRow]:
        """What was said about each line of a treaty."""
        table = self.tables.milestone
        asked = sa.select(table).where(table.c.treaty == treaty).order_by(table.c.occurred_on, table.c.key)
        with self.reading() as connection:
            return [tb.milestone_row(row) for row in connection.execute(asked).mappings()]

    def parked(self) -> list[Parked]:
        """The events that were passed unread."""
        table = self.tables.parked
        asked = sa.select(table).order_by(table.c.position).limit(views.MOST_ROWS)
        with self.reading() as connection:
            return [tb.parked(row) for row in connection.execute(asked).mappings()]

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    # ---- being written -----------------------------------------------------------------------------------------------
    def clear(self) -> None:
        """Empty every table and go back to the start."""
        with self.writing() as connection:
            put_checkpoint(connection, SERVED, START)
            for table in self.tables.all():
                connection.execute(table.delete())

    def lease(self, name: str) -> Lease:
        """The right to follow or to rebuild."""
        return self._lease(name)

    def shadow(self) -> ShadowRows:
        """Empty tables beside those being served."""
        return ShadowRows(self.engine)

    def _ensure(self) -> None:
        """Make the tables, or make them anew where they are of another layout. Several processes may ask at once."""
        if self._layout() == LAYOUT:
            return
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MAKING)))
            connection.execute(CreateTable(CHECKPOINT, if_not_exists=True))
            if _layout(connection) == LAYOUT:
                return
            for table in self.tables.all():
                connection.execute(DropTable(table, if_exists=True))
            create_tables(connection, self.tables)
            create_indexes(connection, self.tables)
            put_checkpoint(connection, SERVED, START)

    def _layout(self) -> int | None:
        with self.reading() as connection:
            return _layout(connection) if sa.inspect(connection).has_table(CHECKPOINT.name) else None


def _layout(connection: sa.Connection) -> int | None:
    found: int | None = connection.execute(sa.select(CHECKPOINT.c.layout).where(CHECKPOINT.c.name == SERVED)).scalar()
    return found


def _conditions(table: sa.Table, query: TreatyQuery) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [table.c.closed.is_(False)]
    if query.rehearsals is not None:
        found.append(table.c.rehearsal_of.is_not(None) if query.rehearsals else table.c.rehearsal_of.is_(None))
    if query.after is not None:
        found.append(table.c.id > query.after)
    if query.in_force is not None:
        found.append(_in_force(table, query))
    found += [table.c.search.contains(word, autoescape=True) for word in views.words(query.q or "")]
    return found


def _in_force(table: sa.Table, query: TreatyQuery) -> sa.ColumnElement[bool]:
    on, day, ended = views.day_asked(query), table.c.entry_into_force_on, table.c.ended_on
    if query.in_force:
        return sa.and_(day <= on, sa.or_(ended.is_(None), ended > on))
    return sa.or_(day.is_(None), day > on, ended <= on)
