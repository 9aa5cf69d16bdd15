"""The tables of the read model. They can be dropped at any time: everything in them follows from the log."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from treaty_status.application.views import (
    CountsFrom,
    Failing,
    MilestoneRow,
    Parked,
    ParticipationRow,
    TreatyRow,
    search_text,
)

LAYOUT: Final = 3
"""Of columns and of what is written into them: rows of another layout are dropped and worked out anew."""

_counts_ahead: Final = msgspec.json.Decoder(tuple[CountsFrom, ...]).decode
_encode: Final = msgspec.json.Encoder().encode
Word: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""An identifier, ordered byte by byte on every database."""


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware UTC instant, also in a database whose instants have no zone."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """PostgreSQL has instants of its own."""
        return sa.DateTime(timezone=True) if dialect.name == "postgresql" else sa.Text()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database, always aware."""
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Tables:
    """One set of tables; the one being served, or one being built."""

    metadata: sa.MetaData
    treaty: sa.Table
    participation: sa.Table
    milestone: sa.Table
    parked: sa.Table
    failing: sa.Table

    def all(self) -> tuple[sa.Table, ...]:
        """Every table of the set, always in the same order."""
        return self.treaty, self.participation, self.milestone, self.parked, self.failing


def tables(suffix: str = "") -> Tables:
    """A set of tables whose names end so; empty for the set that is served."""
    metadata = sa.MetaData()

    def table(name: str, *columns: sa.Column[Any]) -> sa.Table:
        keys = [column.name for column in columns if column.info.get("key")]
        named = f"{name}{suffix}"
        return sa.Table(named, metadata, *columns, sa.PrimaryKeyConstraint(*keys, name=f"{named}_key"))

    return Tables(metadata, *(table(name, *columns()) for name, columns in _COLUMNS.items()))


def _key(name: str, kind: Any = Word) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, info={"key": True})


def _words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, Word) for name in names]


def _days(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _treaty_columns() -> list[sa.Column[Any]]:
    return [
        _key("id"),
        *_words("rehearsal_of"),
        *_days("rehearsal_day"),
        sa.Column("closed", sa.Boolean, nullable=False),
        *_numbers("version", "position"),
        sa.Column("titles", sa.Text, nullable=False),
        sa.Column("short_titles", sa.Text, nullable=False),
        *_days("adopted_on"),
        *_words("depositary", "time_zone"),
        *_days("signature_opens_on", "signature_closes_on"),
        *_numbers("signatures", "consents"),
        *_numbers("counted", "needed", nullable=True),
        sa.Column("counts_ahead", sa.Text, nullable=False),
        *_days("threshold_on", "entry_into_force_on", "ended_on"),
        *_words("clause"),
        *_days("next_due_on"),
        sa.Column("held_until", Moment),
        *_numbers("rule_version"),
        sa.Column("rests_on", sa.Text, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
    ]


def _participation_columns() -> list[sa.Column[Any]]:
    return [
        _key("treaty"),
        _key("participant"),
        *_days("signed_on"),
        *_words("consent_action"),
        *_days("consent_on"),
        *_words("consent_event_id"),
        *_days("effect_on"),
        *_words("effect_clause"),
        *_days("taken_back_on", "notified_on", "leaves_on"),
        *_words("leaving_clause"),
        *_numbers("lives", "acts"),
    ]


def _milestone_columns() -> list[sa.Column[Any]]:
    return [
        _key("treaty"),
        _key("key"),
        *_words("kind", "status"),
        *_numbers("revision"),
        *_days("occurred_on", "entry_into_force_on"),
    ]


_COLUMNS: Final[dict[str, Callable[[], list[sa.Column[Any]]]]] = {
    "treaty_row": _treaty_columns,
    "participation_row": _participation_columns,
    "milestone_row": _milestone_columns,
    "parked_event": lambda: [_key("position", sa.BigInteger), *_words("topic", "treaty")],
    "failing_treaty": lambda: [_key("treaty"), *_numbers("position"), *_words("problem")],
}
INDEXED: Final = {"participation_row": ("participant",), "treaty_row": ("next_due_on",)}
"""Tables and the columns by which they are searched, beside their keys."""

CHECKPOINT: Final = sa.Table(
    "projection_checkpoint",
    sa.MetaData(),
    sa.Column("name", Word, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("anchor", sa.Text, nullable=False),
    sa.Column("layout", sa.BigInteger, nullable=False),
)


# ---- rows to values and back -----------------------------------------------------------------------------------------
Binder = Callable[[Any], list[Any]]


def binder(table: sa.Table, *, iso: bool) -> Binder:
    """A function from a row to the values of a table's columns; ``iso``: dates and instants as text."""
    get = attrgetter(*(name for name in names(table) if name != "search"))
    changed: list[tuple[int, Callable[[Any], Any]]] = [
        (place, change)
        for place, column in enumerate(table.columns)
        if (change := _change(column, iso=iso)) is not None
    ]
    searched = "search" in table.columns

    def bind(row: Any) -> list[Any]:
        values = list(get(row))
        for place, change in changed:
            if (value := values[place]) is not None:
                values[place] = change(value)
        if searched:
            values.append(search_text(row))
        return values

    return bind


def _change(column: sa.Column[Any], *, iso: bool) -> Callable[[Any], Any] | None:
    if column.name in {"titles", "short_titles", "counts_ahead", "rests_on"}:
        return _json
    if iso and isinstance(column.type, sa.Date):
        return date.isoformat
    return _instant if iso and isinstance(column.type, Moment) else None


def _json(value: Any) -> str:
    return _encode(value).decode()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def treaty_row(row: Any) -> TreatyRow:
    """A treaty's row as it was written."""
    said = dict(row)
    del said["search"]
    said["titles"] = json.loads(said["titles"])
    said["short_titles"] = json.loads(said["short_titles"])
    said["counts_ahead"] = _counts_ahead(said["counts_ahead"])
    said["rests_on"] = tuple(json.loads(said["rests_on"]))
    return TreatyRow(**said)


def participation_row(row: Any) -> ParticipationRow:
    """A participant's row as it was written."""
    return ParticipationRow(**row)


def milestone_row(row: Any) -> MilestoneRow:
    """A milestone's row as it was written."""
    return MilestoneRow(**row)


def parked(row: Any) -> Parked:
    """A parked event as it was written."""
    return Parked(**row)


def failing(row: Any) -> Failing:
    """A failing treaty as it was written."""
    return Failing(**row)


def names(table: sa.Table) -> list[str]:
    """The columns, in their order."""
    return [column.name for column in table.columns]


def insert(table: sa.Table, *, mark: str) -> str:
    """The statement that writes a new row; ``mark`` is the driver's own for a value."""
    marks = ", ".join([mark] * len(names(table)))
    return f"INSERT INTO {table.name} ({', '.join(names(table))}) VALUES ({marks})"  # noqa: S608 - our own names only


def upsert(table: sa.Table, *, mark: str) -> str:
    """The statement that writes a row over one of the same key."""
    keys = [column.name for column in table.primary_key]
    others = ", ".join(f"{name} = excluded.{name}" for name in names(table) if name not in keys)
    return f"{insert(table, mark=mark)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {others}"


def copy(table: sa.Table) -> str:
    """The statement after which new rows are streamed into PostgreSQL."""
    return f"COPY {table.name} ({', '.join(names(table))}) FROM STDIN"


def places(table: sa.Table) -> Sequence[str]:
    """The columns by which a table is searched beside its key; ``table`` may be of any set."""
    return next((columns for name, columns in INDEXED.items() if table.name.startswith(name)), ())
