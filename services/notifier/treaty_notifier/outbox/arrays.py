"""Many rows for PostgreSQL as one statement: each column is one parameter, an array in its text form.

The text of the statement is the same for any number of rows, so that the server prepares it once, and it may stand in
a pipeline, where COPY may not. The client's own lists cost ten times as much, one object for each value.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import JSON, BigInteger, Boolean, Integer, LargeBinary
from sqlalchemy.types import TypeEngine

from treaty_notifier.outbox.tables import Instant, metadata

_QUOTED = '"'


@cache
def insertion(table: str, columns: str) -> str:
    """``columns`` separated by commas; a parameter for each."""
    known = metadata.tables[table].c
    names = [name.strip() for name in columns.split(",")]
    arrays = ", ".join(f"%s::{_type(known[name].type)}[]" for name in names)
    # Names of our own code; what comes from outside is in the parameters.
    return f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays})"  # noqa: S608


def columns_of(rows: Sequence[Sequence[object]]) -> list[str]:
    """The columns of these rows as arrays."""
    return [array(column) for column in zip(*rows, strict=True)]


def array(values: Sequence[object]) -> str:
    """The text form of an array with at least one element."""
    if values.count(values[0]) == len(values) and len({*map(type, values)}) == 1:
        return "{" + ",".join([_element(values[0])] * len(values)) + "}"
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        if _QUOTED in value or "\\" in value:
            value = value.replace("\\", "\\\\").replace(_QUOTED, '\\"')
        return f'"{value}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    return str(value)


def _type(kind: TypeEngine[object]) -> str:
    match kind:
        case Instant():
            return "timestamptz"
        case Boolean():
            return "boolean"
        case BigInteger() | Integer():
            return "bigint"
        case LargeBinary():
            return "bytea"
        case JSON():
            return "json"
        case _:
            return "text"  # not its own length: what is too long is refused, where a cast would cut it
