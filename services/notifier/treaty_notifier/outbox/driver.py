"""The database driver itself, for the few statements that run with every turn.

SQLAlchemy builds, caches and wraps each statement anew; for a turn of one message that costs more than the database
does. Here a statement is a text, written once for both engines, and a row is a tuple. What an engine calls differently
is written in braces: ``{now}`` the present instant, ``{lock}`` and ``{skip}`` the row locks, ``{text:column}`` JSON as
its text, ``{hex:column}`` bytes as text, ``{joined:text}`` many texts as one with spaces between and
``{among:column:name}`` membership in a list that is one parameter.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from treaty_notifier.outbox import arrays

Row = tuple[Any, ...]  # columns are named in the statement that made the row
_UNZONED = len("2026-11-21 12:00:00.000000")
_CHUNKS = (64, 16, 4, 1)  # rows of one INSERT: few texts, so that the driver's cache of prepared statements holds them


class Driver:
    """Runs statements inside the caller's transaction. ``clock`` is asked only where the engine has no shared clock.

    Where the connection is in pipeline mode only ``rows`` waits for the server: the refusal of a statement without rows
    is raised by whatever waits next, at the latest by the commit.

    Many rows go in one statement, because SQLite's module lets go of the interpreter around each step and would have
    to win it back from the event loop row by row.
    """

    def __init__(self, connection: Connection, *, is_sqlite: bool, clock: Callable[[], datetime]) -> None:
        self._proxied: Any = connection.connection  # both drivers speak the DB API
        self._cursor = self._proxied.cursor()
        self._is_sqlite = is_sqlite
        self._clock = clock

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def rows(self, statement: str, **values: object) -> list[Row]:
        found: list[Row] = self._execute(statement, values).fetchall()
        return found

    def run(self, statement: str, **values: object) -> None:
        self._execute(statement, values)

    def run_each(self, statement: str, values: Iterable[dict[str, object]]) -> None:
        self._fresh_cursor().executemany(_statement(statement, self._is_sqlite), [self._given(one) for one in values])

    def insert(self, table: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
        """``columns`` separated by commas, as many as each row has values; instants and flags as the engine's own."""
        if not self._is_sqlite:
            if rows:
                self._fresh_cursor().execute(arrays.insertion(table, columns), arrays.columns_of(rows))
            return
        start = 0
        while start < len(rows):
            size = next(size for size in _CHUNKS if size <= len(rows) - start)
            chunk = rows[start : start + size]
            values = [value for row in chunk for value in row]
            self._cursor.execute(_insertion(table, columns, size), values)
            start += size

    def now(self) -> datetime:
        """The database's clock on PostgreSQL, because several machines must agree; this machine's on SQLite."""
        if self._is_sqlite:
            return self._clock()
        return self.instant(self.rows("SELECT clock_timestamp()")[0][0])

    def instant(self, value: str | datetime) -> datetime:
        """A column's instant, aware and in UTC. SQLite keeps it as text of fixed width."""
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return value.astimezone(UTC)

    def instant_or_none(self, value: str | datetime | None) -> datetime | None:
        return None if value is None else self.instant(value)

    def stamp(self, at: datetime) -> object:
        """An instant as this engine keeps it."""
        return _kept(at) if self._is_sqlite else at

    def flag(self, *, is_set: bool) -> object:
        return int(is_set) if self._is_sqlite else is_set

    def _execute(self, statement: str, values: dict[str, object]) -> Any:  # Any: a cursor of either driver
        if self._is_sqlite and "{now}" in statement:
            values["now"] = self._clock()
        cursor = self._fresh_cursor()
        cursor.execute(_statement(statement, self._is_sqlite), self._given(values))
        return cursor

    def _fresh_cursor(self) -> Any:  # Any: a cursor of either driver
        """In a pipeline each statement needs its own, or its rows were mistaken for those of an earlier one."""
        return self._cursor if self._is_sqlite else self._proxied.cursor()

    def _given(self, values: dict[str, object]) -> dict[str, object]:
        if not self._is_sqlite:
            return values
        return {name: _kept(value) for name, value in values.items()}


@cache
def _statement(text: str, is_sqlite: bool) -> str:  # noqa: FBT001  (a cache's key)
    """What is in braces, as this engine says it; parameters in this driver's style."""
    if is_sqlite:
        text = re.sub(r"\{among:([\w.]+):(\w+)\}", r"\1 IN (SELECT value FROM json_each(:\2))", text)
        text = re.sub(r"\{text:([\w.]+)\}", r"\1", text)
        text = re.sub(r"\{hex:([\w.]+)\}", r"hex(\1)", text)
        text = re.sub(r"\{joined:([^{}]+)\}", r"group_concat(\1, ' ')", text)
        return text.replace("{now}", ":now").replace("{lock}", "").replace("{skip}", "")
    text = re.sub(r"\{among:([\w.]+):(\w+)\}", r"\1 = ANY(:\2)", text)
    text = re.sub(r"\{text:([\w.]+)\}", r"CAST(\1 AS text)", text)
    text = re.sub(r"\{hex:([\w.]+)\}", r"encode(\1, 'hex')", text)
    text = re.sub(r"\{joined:([^{}]+)\}", r"string_agg(\1, ' ')", text)
    text = text.replace("{now}", "statement_timestamp()").replace("{lock}", "FOR UPDATE")
    return re.sub(r":([a-z]\w*)", r"%(\1)s", text.replace("{skip}", "FOR UPDATE OF l SKIP LOCKED"))


@cache
def _insertion(table: str, columns: str, size: int) -> str:
    row = "(" + ", ".join(["?"] * len(columns.split(","))) + ")"
    # Names of our own code; what comes from outside is in the parameters.
    return f"INSERT INTO {table} ({columns}) VALUES " + ", ".join([row] * size)  # noqa: S608


def _kept(value: object) -> object:
    """A value as SQLite keeps it."""
    if isinstance(value, datetime):
        at = value if value.tzinfo is UTC else value.astimezone(UTC)
        return at.isoformat(" ", "microseconds")[:_UNZONED]
    return json.dumps(value) if isinstance(value, list) else value
