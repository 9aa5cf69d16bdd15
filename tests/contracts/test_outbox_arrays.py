"""Many rows as arrays in their text form: whatever a column may hold comes back as it was."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from treaty_notifier.outbox.arrays import array
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.tables import attempts

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
COLUMNS = (
    "webhook_id, subscription_id, seq, number, started_at, duration_ms, outcome, response, is_clipped, location, phases"
)
TEXTS = [
    "plain",
    'a "quoted" one',
    "back\\slash",
    "{braces, commas}",
    "NULL",
    "",
    " spaces ",
    "tab\tand\nline",
    "Åland 🜁",
]


def clock() -> datetime:
    return NOON


def test_texts_bytes_flags_and_instants_come_back_as_they_were(database_dsn: str) -> None:
    database = Database(database_dsn)
    database.create_tables()
    rows = [
        (f"msg_{n}", "sub_a", n, 1, NOON, 5, "ok", bytes([0, 34, 92, n]), n % 2 == 0, text, None if n % 3 else text)
        for n, text in enumerate(TEXTS)
    ]

    with database.driving(clock) as driver:
        kept = [tuple(driver.stamp(one) if one is NOON else one for one in row) for row in rows]
        driver.insert("attempts", COLUMNS, kept)
    with database.reading() as connection:
        names = [attempts.c[name] for name in COLUMNS.split(", ")]
        found = [tuple(row) for row in connection.execute(select(*names).order_by(attempts.c.seq))]
    database.close()

    assert found == rows


def test_a_column_of_one_value_reads_like_any_other() -> None:
    assert array([None, None]) == "{NULL,NULL}"
    assert array([1, 1, True]) == "{1,1,True}"
    assert array(["a", None]) == '{"a",NULL}'


def test_what_a_queued_statement_is_refused_for_is_raised_and_nothing_is_kept(postgres_dsn: str) -> None:
    database = Database(postgres_dsn)
    database.create_tables()
    row = ["msg_a", "sub_a", 1, 1, NOON, 5, "ok", b"", False, None, None]
    too_long = ["msg_" + "a" * 100, *row[1:]]

    def insert_both() -> None:
        with database.driving(clock) as driver:
            driver.insert("attempts", COLUMNS, [row])
            driver.insert("attempts", COLUMNS, [too_long])

    with pytest.raises(Exception, match="too long"):
        insert_both()
    with database.driving(clock) as driver:
        kept = driver.rows("SELECT count(*) FROM attempts")
        driver.insert("attempts", COLUMNS, [row])
    with database.driving(clock) as driver:
        later = driver.rows("SELECT count(*) FROM attempts")
    database.close()

    assert (kept, later) == ([(0,)], [(1,)])
