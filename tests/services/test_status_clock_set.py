"""The machine's clock is set by ten minutes, either way, while facts are recorded: nothing is lost, and it is said."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.services.notifier_world import eventually
from tests.services.status_world import Clock, protocol, status
from treaty_status.application.clock_steps import ClockSteps

EX = "EX-1"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Wall(Clock):
    """A clock that runs, and can be set."""

    def __call__(self) -> datetime:
        return datetime.now(UTC) + (self.now - NOON)


@pytest.mark.parametrize("step", [10, -10])
def test_what_was_recorded_stands_and_reads_the_same_whatever_the_clock_said(database_dsn: str, step: int) -> None:
    wall = Wall(NOON)
    with status(database_dsn, clock=wall) as service:
        assert service.put(EX, protocol(EX, need=3)).status_code == 201
        first = service.recorded(EX, "accession", "fra", "2026-03-05")
        eventually(lambda: service.client.get("/readyz").status_code == 200)
        before = service.client.get(service.treaty(EX, as_of="2026-04-01")["permanent"])

        wall.forward(minutes=step)
        eventually(lambda: service.client.get("/readyz").json().get("clock_set_by_seconds"), seconds=10)
        others = [service.recorded(EX, "accession", who, "2026-03-06") for who in ("deu", "ita")]

        ready = service.client.get("/readyz")
        assert (ready.status_code, ready.json()["faults"]) == (200, {})
        assert ready.json()["clock_set_by_seconds"] == pytest.approx(60 * step, abs=2)
        assert "treaty_clock_steps 1.0" in service.client.get("/metrics").text
        assert service.treaty(EX)["counts"]["consents"] == 3
        assert ("treaty.threshold.reached", "2026-03-06") in service.announced(EX)
        log = service.log(EX)
        assert [event["position"] for event in log] == sorted(event["position"] for event in log)
        assert {first["event_id"], *(one["event_id"] for one in others)} <= {event["id"] for event in log}
        again = service.client.get(before.request.url.raw_path.decode())
        assert (again.status_code, again.content) == (200, before.content)
        wall.forward(minutes=-step)
        service.recorded(EX, "accession", "esp", "2026-03-07")
        eventually(lambda: "treaty_clock_steps 2.0" in service.client.get("/metrics").text, seconds=10)
        assert service.treaty(EX)["counts"]["consents"] == 4

    with status(database_dsn, clock=wall) as restarted:
        assert restarted.treaty(EX)["counts"]["consents"] == 4
        assert restarted.log(EX)[: len(log)] == log
        assert "clock_set_by_seconds" not in restarted.client.get("/readyz").json()


def test_a_clock_that_is_slewed_was_not_set_and_one_that_moved_otherwise_was() -> None:
    at, seconds = [NOON], [0.0]
    steps = ClockSteps(lambda: at[0], elapsed_seconds=lambda: seconds[0])
    found = []
    for moved, passed in ((1.0, 1.0), (1.5, 1.0), (601.0, 1.0), (1.0, 1.0), (-599.0, 1.0), (3600.0, 3600.0)):
        at[0] += timedelta(seconds=moved)
        seconds[0] += passed
        found.append((steps.look(), steps.count, steps.set_by_seconds))

    assert found == [
        (False, 0, 0.0),
        (False, 0, 0.0),
        (True, 1, 600.0),
        (False, 1, 600.0),
        (True, 2, -600.0),
        (False, 2, -600.0),
    ]
