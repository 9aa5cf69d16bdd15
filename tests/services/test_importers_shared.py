"""The public compilations of real tables, where they are at hand: nothing lost, nothing twice, treaty after treaty."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.importers.office import ImportOffice, import_office
from tests.importers.tables import REGISTRY
from treaty_status.importers import read_sheet
from treaty_status.store import open_log

PLACE = Path(os.environ.get("TREATY_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
TABLES = sorted((PLACE / "untc_tables").glob("*.csv"))
ACTIONS = PLACE / "actions_shared.csv"

pytestmark = pytest.mark.skipif(
    not TABLES or not ACTIONS.is_file(),
    reason="the compilations are no part of the project; TREATY_SHARED_DATA names the folder that has them",
)


@pytest.fixture
def office(database_dsn: str) -> Iterator[ImportOffice]:
    log = open_log(database_dsn)
    with import_office(log) as running:
        yield running
    log.close()


@pytest.mark.parametrize("file", TABLES, ids=lambda file: file.stem)
def test_every_cell_of_a_real_table_is_an_act_or_a_reported_line(file: Path) -> None:
    sheet = read_sheet(file.name, file.read_bytes(), registry=REGISTRY)

    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    filled = sum(bool(cell.strip()) for line in lines for cell in line.rsplit('"', 1)[-1].split(",")[1:])
    assert sheet.cells == filled == len(sheet.acts) + len(sheet.reported)
    assert not Counter(line.reason for line in sheet.reported)  # as they stand, each of them can be read whole


def test_all_of_it_goes_on_record_and_a_second_run_changes_nothing(office: ImportOffice) -> None:
    files = [*TABLES, ACTIONS]
    first = [office.put(file.read_bytes(), file=file.name) for file in files]
    head = office.log.head()
    again = [office.put(file.read_bytes(), file=file.name) for file in files]

    assert all(balance.balances for balance in [*first, *again])
    assert sum(balance.recorded for balance in first) > 9_000
    assert sum(balance.recorded for balance in again) == 0
    assert office.log.head() == head
    assert [balance.by_reason for balance in again] == [balance.by_reason for balance in first]


def test_the_order_of_the_files_does_not_decide_what_is_on_record(tmp_path: Path) -> None:
    held = []
    for name, files in (("tables first", [*TABLES, ACTIONS]), ("list first", [ACTIONS, *reversed(TABLES)])):
        log = open_log(f"sqlite:///{tmp_path / name}.db")
        with import_office(log) as office:
            for file in files:
                office.put(file.read_bytes(), file=file.name)
            treaties = {fact.treaty for fact in office.facts()}
            held.append(
                {
                    (treaty, act.event.participant, act.event.action, act.event.act_date)
                    for treaty in treaties
                    for act in office.treaty(treaty).acts.values()
                }
            )
        log.close()

    assert held[0] == held[1]
