"""A new release looks at everything again: what is old becomes history, what reads otherwise is news, once.

What an earlier release left is written here as it stands in its log: the facts, and the lines that it knew.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.builders import T, acceded, facts, hanoi, story
from tests.services.status_world import Clock, Json, Status, status
from treaty_events import Fact, MilestoneAnnounced, Recorded, stream_of
from treaty_status.application.event_log import NewEvent
from treaty_status.main import cli
from treaty_status.store import codec, open_log

SPRING = datetime(2026, 4, 1, 12, tzinfo=UTC)
THEN = Recorded(at=SPRING, by="key:tests")
ACTS = (acceded("fra", on="2026-02-01"), acceded("deu", on="2026-03-01"))


def left(dsn: str, events: list[Fact]) -> None:
    """The log as an earlier release left it in spring."""
    log = open_log(dsn)
    rows = [codec.encode(replace(event, recorded=THEN)) for event in events]
    log.append([NewEvent(stream_of(T), n, topic, body) for n, (topic, body) in enumerate(rows, start=1)])
    log.close()


@pytest.fixture
def updated(database_dsn: str) -> Iterator[Status]:
    """A record kept by a release that knew no lines at all, and that a new one serves since today."""
    left(database_dsn, facts(*ACTS, by_rule=hanoi(3)))
    with status(database_dsn, clock=Clock(SPRING)) as service:
        assert service.announced(T) == []
        yield service


def asked(service: Status, *, who: str = "define", query: str = "", **body: Any) -> Json:
    answer = service.client.post(f"/v1/reassessments{query}", json=body, headers=service.bearer(who))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_lines_of_days_gone_by_become_history_with_one_announcement(updated: Status) -> None:
    found = asked(updated, reason="A new release")

    assert (found["treaties"], found["announced"]) == (1, 0)
    assert found["settled"] >= 4
    new = [event for event in updated.log(T) if event["data"].get("cause", {}).get("kind") == "reassessment"]
    (digest,) = [event for event in new if event["type"] == "treaty.history.settled"]
    assert digest["data"]["cause"]["reason"] == "A new release"
    assert digest["data"]["cause"]["software"] == found["software"]
    assert digest["data"]["milestones"] == found["settled"]
    told = [event for event in new if "milestone_id" in event["data"]]
    assert {event["data"]["recorded"]["imported"] for event in told} == {f"reassessment:{found['software']}"}


def test_asked_again_nothing_is_appended(updated: Status) -> None:
    asked(updated)
    before = updated.log(T)

    again = asked(updated)

    assert (again["announced"], again["settled"], again["changed"]) == (0, 0, [])
    assert updated.log(T) == before


def test_a_dry_run_says_the_same_and_writes_nothing(updated: Status) -> None:
    before = updated.log(T)

    dry = asked(updated, query="?dry_run=true")

    assert updated.log(T) == before
    done = asked(updated)
    assert (dry["announced"], dry["settled"]) == (done["announced"], done["settled"])
    assert dry["dry_run"] is True


def test_an_answer_that_was_announced_and_reads_otherwise_is_news(database_dsn: str) -> None:
    told = story(hanoi(2), *ACTS)
    late = [
        replace(one, occurred_on=date(2026, 3, 2))
        if isinstance(one, MilestoneAnnounced) and one.kind == "threshold"
        else one
        for one in told.events
    ]
    left(database_dsn, late)
    with status(database_dsn, clock=Clock(SPRING)) as service:
        found = asked(service, reason="Thresholds were a day late.")

    (changed,) = found["changed"]
    said = [(one["type"], one["revision"], one["occurred_on"]) for one in changed["milestones"]]
    assert ("treaty.threshold.revised", 2, "2026-03-01") in said


def test_a_day_that_the_clock_has_still_to_tell_is_news(database_dsn: str) -> None:
    left(database_dsn, story(hanoi(1), *ACTS).events)

    told = CliRunner().invoke(cli, ["reassess", "--database", database_dsn, "--json"])

    assert told.exit_code == 0, told.output
    (changed,) = json.loads(told.stdout)["changed"]
    assert ("treaty.entry_into_force.reached", "2026-05-02") in [
        (one["type"], one["occurred_on"]) for one in changed["milestones"]
    ]


def test_it_takes_the_key_of_whoever_defines(updated: Status) -> None:
    answer = updated.client.post("/v1/reassessments", json={}, headers=updated.bearer("record"))

    assert answer.status_code == 403


def test_a_treaty_that_is_not_on_record_is_refused(updated: Status) -> None:
    answer = updated.client.post("/v1/reassessments", json={"treaty": "NO-1"}, headers=updated.bearer("define"))

    assert answer.status_code == 404


def test_the_command_says_what_it_would_announce_and_what_it_did(database_dsn: str) -> None:
    left(database_dsn, facts(*ACTS, by_rule=hanoi(3)))

    def run(*arguments: str) -> Any:
        told = CliRunner().invoke(cli, ["reassess", "--database", database_dsn, *arguments], env={"COLUMNS": "300"})
        assert told.exit_code == 0, told.output
        return told.stdout

    assert "would be put on record as history" in run("--dry-run")
    assert json.loads(run("--json", "--treaty", T))["settled"] > 0
    assert "0 announcements made, 0 lines" in run()
