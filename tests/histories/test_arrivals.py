"""A real record of late arrivals, replayed: what was answered at the time is answered again, and nothing is lost."""

from pathlib import Path

import pytest
from benchmarks.arrivals import SIDES, Found, replayed
from benchmarks.backtest import shared_data

DATA = shared_data()
pytestmark = pytest.mark.skipif(DATA is None, reason="the shared data is not here (TREATY_SHARED_DATA)")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    assert DATA is not None
    folder: Path = tmp_path_factory.mktemp("replay")
    return replayed(DATA, f"sqlite:///{folder / 'replay.db'}")


def test_every_row_ends_as_a_fact_or_as_a_reported_line(found: Found) -> None:
    balance = found.balance
    assert balance.balances
    assert (balance.arrivals.rows, balance.arrivals.recorded, len(balance.arrivals.reported)) == (554, 455, 99)
    assert {line.reason.value for line in balance.arrivals.reported} == {
        "no_change",  # 95: names that changed, kinds that were taken as such already
        "contradiction",  # 3: the history and the rows at its end tell different days
        "undefined_suffix",  # 1: no row at the end tells what the letter means there
    }
    assert (balance.starts.recorded, balance.starts.reported) == (balance.starts.rows, [])


def test_a_second_run_changes_nothing(found: Found) -> None:
    again = found.again
    assert again.balances
    assert (again.arrivals.recorded, again.starts.recorded) == (0, 0)
    assert again.arrivals.already == found.balance.arrivals.recorded


def test_every_answer_given_at_the_time_is_given_again_for_that_instant_byte_for_byte(found: Found) -> None:
    assert len(found.live) == len(SIDES) * found.balance.instants == 615
    assert found.differences == []


def test_paris_is_known_with_the_first_american_acceptance_until_it_was_overwritten(found: Found) -> None:
    assert found.paris["2016-10-07T00:00:00Z"] == ("2016-09-03", "2016-10-05", "2016-11-04")
    assert found.paris["2021-01-21T00:00:00Z"] == ("2016-09-03", "2016-10-05", "2016-11-04")
    overwritten, threshold, _ = found.paris["2021-01-22T00:00:00Z"]
    assert overwritten == "2021-01-20"
    assert threshold != "2016-10-05"
