"""What ``verify`` promises: a record that was tampered with is found out, and one that was not is green."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from tests.builders import acceded, all_of, count, hanoi, ratified, rule, signed, window
from tests.contracts.test_projections import HANOI, a_year_of_treaty_making, follow
from tests.office import REGISTRY, Office
from treaty_events import event_id, stream_of
from treaty_status.application.event_log import EventLog
from treaty_status.domain.coherence import Finding
from treaty_status.projections.verifying import Report, UnknownTreaty
from treaty_status.projections.verifying import verify as verify_rows
from treaty_status.store import codec, open_log
from treaty_status.store.opening import is_postgres, sqlite_path
from treaty_status.store.read_models import open_read_model, views_path
from treaty_status.store.verifying import NothingToVerify, verify

LATER = datetime(2026, 6, 2, 17, tzinfo=UTC)
"""The day on which the year of treaty making ends, at noon in New York."""
TABLE = "stored_events"


@pytest.fixture
def dsn(database_dsn: str) -> str:
    """A database with a year of treaty making in it, rows and all."""
    log, model = open_log(database_dsn), open_read_model(database_dsn)
    office = Office(log)
    try:
        a_year_of_treaty_making(office)
        follow(log, model)
    finally:
        office.close()
        model.close()
        log.close()
    return database_dsn


class Tamperer:
    """Somebody with the right to change anything, who first takes the locks off."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.postgres = is_postgres(dsn)

    @contextmanager
    def log(self) -> Iterator[Any]:
        if self.postgres:
            with psycopg.connect(self.dsn) as connection:
                connection.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER append_only")
                yield connection
                connection.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER append_only")
            return
        connection = sqlite3.connect(sqlite_path(self.dsn))
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        connection.commit()
        connection.close()

    def rows(self, statement: str) -> None:
        if self.postgres:
            with psycopg.connect(self.dsn) as connection:
                assert connection.execute(statement).rowcount > 0  # type: ignore[call-overload]  # text of the test's own
            return
        connection = sqlite3.connect(views_path(self.dsn))
        assert connection.execute(statement).rowcount > 0
        connection.commit()
        connection.close()

    def events(self, treaty: str = HANOI) -> list[tuple[int, int, str, dict[str, Any]]]:
        log = open_log(self.dsn)
        try:
            return [(e.position, e.version, e.topic, json.loads(e.body)) for e in log.read_stream(stream_of(treaty))]
        finally:
            log.close()

    def first(self, topic: str, treaty: str = HANOI, **fields: Any) -> tuple[int, int, str, dict[str, Any]]:
        return next(
            event
            for event in self.events(treaty)
            if event[2] == topic and all(event[3].get(name) == value for name, value in fields.items())
        )

    def rewrite(self, position: int, **fields: Any) -> None:
        """Other values in the body of an event."""
        body = next(e for treaty in (HANOI, "XVIII-16.a") for e in self.events(treaty) if e[0] == position)[3] | fields
        self.change(position, state=json.dumps(body).encode())

    def change(self, position: int, **columns: Any) -> None:
        mark = "%s" if self.postgres else "?"
        with self.log() as connection:
            for name, value in columns.items():
                connection.execute(
                    f"UPDATE {TABLE} SET {name} = {mark} WHERE notification_id = {mark}", (value, position)
                )

    def remove(self, position: int) -> None:
        with self.log() as connection:
            connection.execute(f"DELETE FROM {TABLE} WHERE notification_id = {position}")

    def swap(self, one: int, other: int) -> None:
        versions = {position: version for position, version, _, _ in self.events()}
        self.change(one, originator_version=1_000_000)
        self.change(other, originator_version=versions[one])
        self.change(one, originator_version=versions[other])


def looked_at(dsn: str, **options: Any) -> Report:
    return verify(dsn, now=LATER, **options)


def found(dsn: str) -> Finding:
    """The first difference; there has to be one."""
    report = looked_at(dsn)
    assert len(report.findings) == 1, report
    every = looked_at(dsn, every=True)
    assert every.findings[0] == report.findings[0]
    return report.findings[0]


# ---- what was left alone ---------------------------------------------------------------------------------------------
def test_a_record_that_nobody_touched_is_green(dsn: str) -> None:
    report = looked_at(dsn)

    assert report.green, str(report.findings[0])
    assert (report.treaties, report.rows_at) == (3, report.position)
    assert report.events == report.position
    assert report.milestones > 20
    assert report.rows > 20
    assert report.due == []


def test_looking_changes_nothing_and_makes_nothing(tmp_path: Any) -> None:
    with pytest.raises(NothingToVerify, match=r"no database file .*absent\.db"):
        looked_at(f"sqlite:///{tmp_path / 'absent.db'}")

    assert list(tmp_path.iterdir()) == []


def test_a_log_without_rows_is_verified_without_them(sqlite_dsn: str) -> None:
    log = open_log(sqlite_dsn)
    office = Office(log)
    a_year_of_treaty_making(office)
    office.close()
    log.close()

    report = looked_at(sqlite_dsn)

    assert report.green
    assert report.rows_at is None
    assert not views_path(sqlite_dsn).exists()


def test_one_treaty_is_looked_at_alone(dsn: str) -> None:
    assert looked_at(dsn, treaty=HANOI).treaties == 1
    with pytest.raises(UnknownTreaty, match="NO-1"):
        looked_at(dsn, treaty="NO-1")


def test_rows_that_are_behind_are_compared_with_the_log_up_to_there(database_dsn: str) -> None:
    log, model = open_log(database_dsn), open_read_model(database_dsn)
    office = Office(log)
    office.define(HANOI, hanoi(2), windows=(window("2026-01-10", "2026-12-31"),))
    follow(log, model)
    behind = log.head()
    office.record(HANOI, signed("fji", on="2026-01-10"), ratified("fji", on="2026-02-01"))
    office.close()
    model.close()
    log.close()

    report = verify(database_dsn, now=datetime(2026, 2, 1, 17, tzinfo=UTC))

    assert report.green, str(report.findings[0])
    assert (report.rows_at, report.position > behind) == (behind, True)


# ---- the log was changed ---------------------------------------------------------------------------------------------
def test_an_announcement_that_was_taken_out_leaves_a_version_missing(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, version, _, _ = tamperer.first("treaty.threshold.reached")
    tamperer.remove(position)

    finding = found(dsn)

    assert (finding.kind, finding.treaty) == ("stream", HANOI)
    assert f"version {version} is missing" in finding.holds


def test_an_announcement_taken_out_without_a_gap_is_missed_all_the_same(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    events = tamperer.events()
    gone = max(event for event in events if event[2] == "treaty.participant.bound.reached")
    tamperer.remove(gone[0])
    for position, version, _, _ in events:
        if version > gone[1]:
            tamperer.change(position, originator_version=version - 1)

    every = looked_at(dsn, every=True).findings

    missed = [one for one in every if one.kind == "milestone" and one.about == gone[3]["key"]]
    assert missed, every
    assert missed[0].said == "nothing"
    assert missed[0].holds.startswith("reached on")
    assert missed[0].event_id is not None


def test_two_versions_that_changed_places_are_out_of_order(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    one, other = tamperer.first("treaty.signature.recorded")[0], tamperer.first("treaty.consent.recorded")[0]
    tamperer.swap(one, other)

    finding = found(dsn)

    assert finding.kind == "stream"
    assert "was recorded before it" in finding.holds


def test_an_event_of_the_middle_that_is_gone_is_named(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, version, _, _ = tamperer.first("treaty.signature.recorded")
    tamperer.remove(position)

    finding = found(dsn)

    assert finding.kind == "stream"
    assert f"version {version} is missing" in finding.holds


def test_the_last_event_of_the_log_that_is_gone_is_missed_by_the_rows(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    last = max(event[0] for name in (HANOI, "XVIII-16.a", "XVIII-16~try") for event in tamperer.events(name))
    tamperer.remove(last)

    finding = found(dsn)

    assert finding.kind == "checkpoint"
    assert "no event there" in finding.holds


def test_an_act_with_another_day_is_not_what_was_announced(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, version, _, _ = tamperer.first("treaty.consent.recorded", participant="fji")
    tamperer.rewrite(position, act_date="2026-01-30")

    findings = [one for one in looked_at(dsn, every=True).findings if one.kind == "milestone"]

    finding = next(one for one in findings if one.about == f"{HANOI}:participant.consent:fji:1")
    assert "2026-02-01" in finding.said
    assert "2026-01-30" in finding.holds
    assert finding.event_id == _id(version)


def test_an_announcement_of_another_revision_is_named(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, version, _, _ = tamperer.first("treaty.consent.first.reached")
    tamperer.rewrite(position, revision=3)

    finding = found(dsn)

    assert (finding.kind, finding.event_id) == ("announcement", _id(version))
    assert "revision 3" in finding.said
    assert "revision 1 comes next" in finding.holds


def test_an_announcement_in_place_of_another_than_the_last_is_named(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, _, _, _ = tamperer.first("treaty.consent.first.reached")
    tamperer.rewrite(position, supersedes=7)

    assert "in place of 7" in found(dsn).said


def test_an_announcement_of_another_day_is_named(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, _, _, body = tamperer.first("treaty.entry_into_force.reached")
    tamperer.rewrite(position, occurred_on="2026-05-05")

    finding = found(dsn)

    assert (finding.kind, finding.about) == ("milestone", body["key"])
    assert "2026-05-05" in finding.said
    assert body["occurred_on"] in finding.holds


def test_a_line_that_is_revoked_without_having_been_reached_is_named(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, _, _, _ = tamperer.first("treaty.consent.first.reached")
    tamperer.rewrite(position, status="revoked")
    tamperer.change(position, topic="treaty.consent.first.revoked")

    finding = found(dsn)

    assert finding.kind == "announcement"
    assert "nothing was said before" in finding.holds


def test_a_correction_without_its_target_is_named(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, version, _, _ = tamperer.first("treaty.fact.corrected")
    tamperer.rewrite(position, target=_id(900))

    finding = found(dsn)

    assert (finding.kind, finding.event_id) == ("correction", _id(version))
    assert _id(900) in finding.said


@pytest.mark.parametrize("field", [{"act_date": "yesterday"}, {"action": "ratified"}])
def test_a_body_that_cannot_be_read_is_named(dsn: str, field: dict[str, str]) -> None:
    tamperer = Tamperer(dsn)
    position, version, _, _ = tamperer.first("treaty.consent.recorded")
    tamperer.rewrite(position, **field)

    finding = found(dsn)

    assert (finding.kind, finding.event_id) == ("event", _id(version))
    assert "cannot be read" in finding.holds


def test_a_name_that_this_version_does_not_know_is_not_green(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    tamperer.change(tamperer.first("treaty.signature.recorded")[0], topic="treaty.signature.imagined")

    assert "does not know" in found(dsn).holds


def test_an_event_of_another_treaty_does_not_belong_in_the_stream(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    tamperer.rewrite(tamperer.first("treaty.signature.recorded")[0], treaty="XVIII-16.a")

    assert "another treaty's stream" in found(dsn).holds


def test_a_protocols_announcement_rests_on_its_parents_facts(dsn: str) -> None:
    tamperer = Tamperer(dsn)
    position, _, _, _ = tamperer.first("treaty.entry_into_force.reached", treaty="XVIII-16.a")
    tamperer.rewrite(position, occurred_on="2026-06-01")

    finding = found(dsn)

    assert (finding.kind, finding.treaty) == ("milestone", "XVIII-16.a")


# ---- the rows were changed -------------------------------------------------------------------------------------------
def test_a_row_that_is_gone_is_named(dsn: str) -> None:
    Tamperer(dsn).rows("DELETE FROM participation_row WHERE participant = 'fra'")

    finding = found(dsn)

    assert (finding.kind, finding.about, finding.said) == ("row", "the participation row fra", "no row")


def test_a_number_that_was_changed_is_named(dsn: str) -> None:
    Tamperer(dsn).rows(f"UPDATE treaty_row SET consents = consents + 1 WHERE id = '{HANOI}'")

    finding = found(dsn)

    assert (finding.kind, finding.about) == ("row", "the treaty row, consents")
    assert int(finding.said) == int(finding.holds) + 1


def test_a_revision_that_was_changed_in_the_rows_is_named(dsn: str) -> None:
    Tamperer(dsn).rows("UPDATE milestone_row SET revision = 9 WHERE kind = 'threshold'")

    assert found(dsn).about.endswith("revision")


def test_rows_of_a_treaty_that_nobody_recorded_are_named(dsn: str) -> None:
    Tamperer(dsn).rows(f"UPDATE milestone_row SET treaty = 'NO-1' WHERE treaty = '{HANOI}' AND kind = 'threshold'")

    strays = [one for one in looked_at(dsn, every=True).findings if one.treaty == "NO-1"]

    assert [one.holds for one in strays] == ["that no event is about this treaty"]


def test_rows_of_another_log_are_named(dsn: str) -> None:
    Tamperer(dsn).rows("UPDATE projection_checkpoint SET anchor = 'elsewhere:1' WHERE name = 'served'")

    assert found(dsn).kind == "checkpoint"


# ---- what the clock has still to tell --------------------------------------------------------------------------------
def test_a_day_that_has_come_and_was_not_told_yet_is_due_and_no_difference(database_dsn: str) -> None:
    log, model = open_log(database_dsn), open_read_model(database_dsn)
    office = Office(log)
    office.define(HANOI, hanoi(1))
    office.record(HANOI, acceded("fji", on="2026-02-01"))
    follow(log, model)
    office.close()

    report = verify(database_dsn, now=datetime(2026, 5, 2, 17, tzinfo=UTC))

    assert report.green
    assert f"{HANOI}:entry_into_force:65(1):1" in [one.key for one in report.due]
    assert {one.because for one in report.due} == {"it is 2026-05-02 at the depositary"}
    model.close()
    log.close()


def test_a_day_that_the_rows_forgot_is_a_difference(database_dsn: str) -> None:
    log, model = open_log(database_dsn), open_read_model(database_dsn)
    office = Office(log)
    office.define(HANOI, hanoi(1))
    office.record(HANOI, acceded("fji", on="2026-02-01"))
    follow(log, model)
    office.close()
    Tamperer(database_dsn).rows("UPDATE treaty_row SET next_due_on = NULL")

    report = verify(database_dsn, now=datetime(2026, 5, 2, 17, tzinfo=UTC), every=True)

    assert any("the clock is not going to tell" in one.about for one in report.findings)
    model.close()
    log.close()


# ---- beside a service ------------------------------------------------------------------------------------------------
def test_a_record_is_green_while_others_go_on_recording(dsn: str) -> None:
    log, model = open_log(dsn), open_read_model(dsn)
    office = Office(log, today=LATER.date())
    stop, told = Event(), []

    def record() -> None:
        names = [one.id for one in REGISTRY.all() if one.kind.value == "state" and one.exists_until is None]
        for name in names:
            if stop.is_set():
                return
            if name not in {"fji", "vnm", "fra", "bra", "ken"}:
                told.append(office.record(HANOI, acceded(name, on="2026-06-02")))
                follow(log, model)

    thread = Thread(target=record, daemon=True)
    thread.start()
    try:
        reports = [looked_at(dsn, every=True) for _ in range(4)]
    finally:
        stop.set()
        thread.join(30)
        office.close()
        model.close()
        log.close()

    assert told
    assert [one for report in reports for one in report.findings] == []


# ---- two treaties in a circle ----------------------------------------------------------------------------------------
def test_treaties_that_wait_for_one_another_are_verified_together(event_log: EventLog) -> None:
    office = Office(event_log)

    def waits_for(other: str) -> dict[str, Any]:
        return rule(all_of(count(1), {"op": "treaty_in_force", "treaty": other}))

    office.define("A-1", waits_for("B-1"))
    office.define("B-1", waits_for("A-1"))
    office.record("A-1", acceded("fji", on="2026-01-10"))
    office.record("B-1", acceded("fji", on="2026-01-11"))
    office.close()

    report = verify_rows(event_log, codec, None, REGISTRY, now=datetime(2026, 6, 1, 17, tzinfo=UTC), every=True)

    assert report.findings == []


def test_a_rehearsal_keeps_its_own_calendar(event_log: EventLog) -> None:
    office = Office(event_log)
    office.define(HANOI, hanoi(1))
    office.rehearse(HANOI, "XVIII-16~try", "2026-02-05")
    office.record("XVIII-16~try", acceded("jpn", on="2030-02-06"))
    office.close()

    report = verify_rows(event_log, codec, None, REGISTRY, now=datetime(2026, 6, 1, 17, tzinfo=UTC), every=True)

    assert (report.findings, report.due) == ([], [])


def _id(version: int) -> str:
    return event_id(stream_of(HANOI), version)
