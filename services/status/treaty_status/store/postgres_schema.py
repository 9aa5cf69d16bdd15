"""The tables, triggers and the append function in PostgreSQL, and the library's recorder that stands on them.

The function replaces the library's table lock and its own function: an advisory lock makes the order of positions the
order of commits and does not wait for VACUUM, versions may not skip, replies are written beside the events, listeners
are told, all in one statement. The database refuses UPDATE, DELETE and TRUNCATE whoever asks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row, scalar_row
from psycopg.sql import SQL

Rows = tuple[list[UUID], list[int], list[str], list[bytes]]
"""Events in columns: stream, version, topic, body."""
Replies = tuple[list[str], list[str], list[UUID], list[int], list[bytes], list[datetime]]
"""Replies in columns: key, fingerprint, stream, version, body, recorded_at."""
NO_REPLIES: Final[Replies] = ([], [], [], [], [], [])

CHANNEL: Final = "stored_events"
"""Where every append is announced, without payload."""
LAYOUT: Final = "append-only log of treaty events, layout 1"

# 715517 is held for the moment of an append, 715518 while the schema is made.
_LOCK_SCHEMA: Final[LiteralString] = "SELECT pg_advisory_lock(715518)"
_UNLOCK_SCHEMA: Final[LiteralString] = "SELECT pg_advisory_unlock(715518)"
_LAYOUT_FOUND: Final[LiteralString] = "SELECT obj_description(to_regclass('stored_events'), 'pg_class')"
_LAYOUT_MADE: Final[LiteralString] = "COMMENT ON TABLE stored_events IS 'append-only log of treaty events, layout 1'"

_APPEND_FUNCTION: Final[LiteralString] = """
CREATE OR REPLACE FUNCTION stored_events_append(
  streams uuid[], versions bigint[], topics text[], bodies bytea[],
  keys text[], fingerprints text[], reply_streams uuid[], reply_versions bigint[], reply_bodies bytea[],
  recorded timestamptz[])
RETURNS bigint[] LANGUAGE plpgsql
SET enable_seqscan = off  -- the plan is made while the table is empty and kept while it grows
AS $BODY$
DECLARE positions bigint[] := ARRAY[]::bigint[];
BEGIN
  PERFORM pg_advisory_xact_lock(715517);
  IF cardinality(keys) > 0 THEN
    INSERT INTO idempotent_reply (key, fingerprint, stream, version, body, recorded_at)
      SELECT * FROM unnest(keys, fingerprints, reply_streams, reply_versions, reply_bodies, recorded);
  END IF;
  IF cardinality(streams) > 0 THEN
    IF EXISTS (SELECT 1
        FROM (SELECT e.stream, min(e.version) AS first, max(e.version) - min(e.version) + 1 AS span, count(*) AS n
              FROM unnest(streams, versions) AS e (stream, version) GROUP BY 1) AS g
        WHERE g.span <> g.n OR g.first <> 1 + coalesce((SELECT t.originator_version FROM stored_events AS t
              WHERE t.originator_id = g.stream ORDER BY t.originator_version DESC LIMIT 1), 0))
    THEN
      RAISE EXCEPTION 'a version is taken or skipped' USING ERRCODE = '23514';
    END IF;
    WITH written AS (
      INSERT INTO stored_events (originator_id, originator_version, topic, state)
        SELECT e.stream, e.version, e.topic, e.body
        FROM unnest(streams, versions, topics, bodies) WITH ORDINALITY AS e (stream, version, topic, body, place)
        ORDER BY e.place
      RETURNING notification_id)
    SELECT array_agg(notification_id ORDER BY notification_id) INTO positions FROM written;
    NOTIFY stored_events;
  END IF;
  RETURN positions;
END $BODY$"""

_OURS: Final[tuple[LiteralString, ...]] = (
    "ALTER TABLE stored_events ALTER COLUMN topic SET NOT NULL, ALTER COLUMN state SET NOT NULL, "
    "ALTER COLUMN notification_id SET NOT NULL",
    "CREATE TABLE IF NOT EXISTS idempotent_reply (key text PRIMARY KEY, fingerprint text NOT NULL, "
    "stream uuid NOT NULL, version bigint NOT NULL, body bytea NOT NULL, recorded_at timestamptz NOT NULL)",
    "CREATE OR REPLACE VIEW readable_log AS SELECT notification_id AS position, originator_id AS stream, "
    "originator_version AS version, topic, convert_from(state, 'UTF8')::json AS body FROM stored_events",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $BODY$ BEGIN "
    "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '42501'; END $BODY$",
    # Per statement, so that one that finds no row is refused too; ALWAYS, so that no session setting switches it off.
    "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE stored_events ENABLE ALWAYS TRIGGER append_only",
    "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON idempotent_reply "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE idempotent_reply ENABLE ALWAYS TRIGGER append_only",
    _LAYOUT_MADE,
)

_APPEND: Final[LiteralString] = (
    "SELECT stored_events_append(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], "
    "%b::text[], %b::text[], %b::uuid[], %b::bigint[], %b::bytea[], %b::timestamptz[])"
)


def append_rows(connection: psycopg.Connection[Any], events: Rows, replies: Replies) -> list[int]:
    """Write all of it in one statement, which is one transaction; the events' positions.

    Raises:
        psycopg.errors.UniqueViolation: a key or version is taken. psycopg.errors.CheckViolation: a version is skipped.
    """
    with connection.cursor(row_factory=scalar_row, binary=True) as cursor:
        positions: list[int] = cursor.execute(_APPEND, (*events, *replies), prepare=True).fetchone() or []
        return positions


class AppendRecorder(PostgresApplicationRecorder):
    """The library's recorder with our append function; its reading methods and its insert work on our log."""

    def __init__(self, dsn: str, *, schema: str = "public") -> None:
        store = PostgresDatastore("", "", "", "", "", schema=schema)
        store.pool.kwargs = {**conninfo_to_dict(dsn), "row_factory": dict_row}  # the library knows five parameters only
        super().__init__(store)
        self.sql_create_statements[self.create_insert_function_statement_index] = SQL(_APPEND_FUNCTION).format()
        self.sql_create_statements += [SQL(statement).format() for statement in _OURS]

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """The library's way in, through the same function."""
        rows = (
            [UUID(str(event.originator_id)) for event in stored_events],
            [event.originator_version for event in stored_events],
            [event.topic for event in stored_events],
            [event.state for event in stored_events],
        )
        with self.datastore.get_connection() as connection:
            return append_rows(connection, rows, NO_REPLIES)

    def close(self) -> None:
        """Let go of every connection."""
        self.datastore.close()


def ensure_schema(dsn: str, connection: psycopg.Connection[Any]) -> None:
    """Make the tables unless they are there; several processes may ask at once.

    A database that has the present layout is left alone, so a role that may only select and insert can start.
    """
    if _has_layout(connection):
        return
    connection.execute(_LOCK_SCHEMA)
    try:
        if not _has_layout(connection):
            recorder = AppendRecorder(dsn, schema=_present_schema(connection))
            try:
                recorder.create_table()
            finally:
                recorder.close()
    finally:
        connection.execute(_UNLOCK_SCHEMA)


def _present_schema(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SELECT current_schema()").fetchone()
    return str(row[0]) if row is not None and row[0] else "public"


def _has_layout(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(_LAYOUT_FOUND).fetchone()
    return row is not None and row[0] == LAYOUT
