"""The record under everything that may happen to it: see ``status_machine``."""

from hypothesis.stateful import run_state_machine_as_test

from tests.postgres import fresh_database
from tests.services.status_machine import Record, a_file, settings_of_the_machine


def test_whatever_happens_the_record_agrees_with_itself_and_with_what_it_said() -> None:
    class OnSqlite(Record):
        database = staticmethod(a_file)

    run_state_machine_as_test(OnSqlite, settings=settings_of_the_machine(examples=10, steps=16))  # type: ignore[no-untyped-call]


def test_the_same_on_postgresql(postgres_server: str) -> None:
    class OnPostgres(Record):
        database = staticmethod(lambda: fresh_database(postgres_server))

    run_state_machine_as_test(OnPostgres, settings=settings_of_the_machine(examples=2, steps=12))  # type: ignore[no-untyped-call]
