"""What the read model promises, the same on SQLite, PostgreSQL and in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Barrier, Event, Thread
from threading import enumerate as threads

import pytest

from tests.builders import (
    acceded,
    act,
    all_of,
    any_of,
    count,
    denounced,
    details,
    hanoi,
    plus,
    ratified,
    rule,
    signed,
    took_back,
    window,
)
from tests.office import REGISTRY, Office
from treaty_events import stream_of
from treaty_status.application.event_log import EventLog, LoggedEvent, NewEvent
from treaty_status.application.views import Due, Failing, TreatyQuery, ViewsUnavailable
from treaty_status.domain.decisions import CloseRehearsal, Define
from treaty_status.projections.changes import START, Changes, Checkpoint
from treaty_status.projections.read_model import CheckpointMoved, RebuildRunning
from treaty_status.projections.rebuilding import compare, difference, rebuild
from treaty_status.projections.runner import ProjectionFollower, Projector
from treaty_status.store import codec, open_engine, open_log
from treaty_status.store.read_models import ServedModel, open_read_model

HANOI = "XVIII-16"
SOON = 10.0
"""Seconds after which a test gives up."""


@pytest.fixture
def office(event_log: EventLog) -> Iterator[Office]:
    office = Office(event_log)
    yield office
    office.close()


@pytest.fixture
def model(log_dsn: str) -> Iterator[ServedModel]:
    model = open_read_model(log_dsn)
    yield model
    model.close()


def follow(log: EventLog, model: ServedModel, *, batch: int = 500) -> Projector:
    """Digest everything there is."""
    projector = Projector(log, codec, model, REGISTRY, batch=batch)
    while projector.step():
        pass
    return projector


def agree(log: EventLog, model: ServedModel) -> bool:
    """Whether the served rows are those of the log, all of it."""
    assert model.position() == log.head()
    found = compare(log, codec, model, REGISTRY)
    assert found is None, str(found)
    return True


def a_year_of_treaty_making(office: Office) -> None:
    """Two treaties that know of each other, a rehearsal, corrections, withdrawals, and days that came by themselves."""
    office.define(HANOI, hanoi(3), windows=(window("2026-01-10", "2026-12-31"),))
    protocol = hanoi(1) | {
        "in_force": [
            {
                "clause": "9",
                "when": {
                    "op": "all",
                    "of": [
                        {"op": "count", "at_least": 1, "who": {"party_to": HANOI}},
                        {"op": "treaty_in_force", "treaty": HANOI},
                    ],
                },
                "then": {"op": "plus", "days": 30},
            }
        ]
    }
    office.define("XVIII-16.a", protocol)
    office.record(HANOI, signed("fji", on="2026-01-10"), signed("vnm", on="2026-01-11"), signed("fra", on="2026-01-11"))
    office.record(
        HANOI, signed("eu", on="2026-01-12"), ratified("fji", on="2026-02-01"), ratified("vnm", on="2026-02-02")
    )
    (mistaken,) = office.record(HANOI, acceded("bra", on="2026-02-03"))
    office.correct(HANOI, mistaken, act_date="2026-02-02")
    office.record(HANOI, ratified("fra", on="2026-02-05"))
    office.rehearse(HANOI, "XVIII-16~try", "2026-02-05")
    office.record("XVIII-16~try", acceded("jpn", on="2026-02-06"))
    office.record("XVIII-16.a", acceded("fji", on="2026-02-07"))
    office.record(HANOI, took_back("vnm", on="2026-02-08"))
    (never,) = office.record(HANOI, acceded("ken", on="2026-02-09"))
    office.retract(HANOI, never)
    office.record(HANOI, denounced("bra", on="2026-03-01"))
    office.day_comes(HANOI, "2026-05-03")
    office.day_comes("XVIII-16.a", "2026-06-02")
    office.take(CloseRehearsal(treaty="XVIII-16~try"))


# ---- what is served --------------------------------------------------------------------------------------------------
def test_a_new_read_model_is_empty(model: ServedModel) -> None:
    assert model.position() == 0
    assert model.treaty(HANOI) is None
    assert model.treaties(TreatyQuery()).rows == ()
    assert model.due(now=datetime(2026, 1, 1, tzinfo=UTC)) == []


def test_a_treaty_is_told_with_its_counts_and_days(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(2), windows=(window("2026-01-10", "2026-12-31"),), adopted_on=date(2024, 12, 24))
    office.record(
        HANOI, signed("fji", on="2026-01-10"), signed("vnm", on="2026-01-10"), ratified("fji", on="2026-02-01")
    )

    follow(office.log, model)

    row = model.treaty(HANOI)
    assert row is not None
    assert (row.signatures, row.consents, row.counted, row.needed) == (2, 1, 1, 2)
    assert (row.signature_opens_on, row.signature_closes_on) == (date(2026, 1, 10), date(2026, 12, 31))
    assert row.threshold_on is None
    assert row.next_due_on == date(2026, 10, 2)
    assert row.time_zone == "America/New_York"
    assert row.title("fr") == "Traité inventé"
    assert (row.version, row.position) == (office.treaties.get(HANOI).state.version, office.log.head())
    assert row.updated_at == office.now()
    assert agree(office.log, model)


def test_the_threshold_gives_every_participant_its_day_and_the_treaty_its_own(
    office: Office, model: ServedModel
) -> None:
    office.define(HANOI, hanoi(2))
    office.record(HANOI, acceded("fji", on="2026-02-01"))
    projector = follow(office.log, model)

    office.record(HANOI, acceded("vnm", on="2026-03-01"))
    projector.step()

    row = model.treaty(HANOI)
    assert row is not None
    assert (row.threshold_on, row.entry_into_force_on) == (date(2026, 3, 1), date(2026, 5, 30))
    assert not row.in_force(date(2026, 5, 29))
    assert row.in_force(date(2026, 5, 30))
    assert {own.participant: own.effect_on for own in model.participations(HANOI)} == {
        "fji": date(2026, 5, 30),
        "vnm": date(2026, 5, 30),
    }
    assert agree(office.log, model)


def test_a_retracted_act_leaves_no_participant_behind(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(2))
    (never, _) = office.record(HANOI, acceded("ken", on="2026-02-01"), acceded("vnm", on="2026-02-02"))
    projector = follow(office.log, model)

    office.retract(HANOI, never)
    projector.step()

    assert [row.participant for row in model.participations(HANOI)] == ["vnm"]
    row = model.treaty(HANOI)
    assert row is not None
    assert (row.consents, row.threshold_on) == (1, None)
    assert agree(office.log, model)


def test_a_milestone_is_served_as_it_was_last_spoken_of(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    (never,) = office.record(HANOI, acceded("ken", on="2026-02-01"))
    projector = follow(office.log, model)
    said = {row.kind: (row.status, row.revision) for row in model.milestones(HANOI)}
    assert said["threshold"] == ("reached", 1)
    assert said["entry_into_force"] == ("scheduled", 1)

    office.retract(HANOI, never)
    projector.step()

    said = {row.kind: (row.status, row.revision) for row in model.milestones(HANOI)}
    assert said["threshold"] == ("revoked", 2)
    assert said["entry_into_force"] == ("cancelled", 2)


def test_a_party_that_left_is_no_longer_counted_when_its_day_has_come(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    office.record(HANOI, acceded("bra", on="2026-01-01"), acceded("fji", on="2026-01-01"))
    office.day_comes(HANOI, "2026-04-01")
    office.record(HANOI, denounced("bra", on="2026-04-02"))
    projector = follow(office.log, model)
    row = model.treaty(HANOI)
    assert row is not None
    assert (row.consents, row.next_due_on) == (2, date(2027, 4, 2))

    office.day_comes(HANOI, "2027-04-02")
    projector.step()

    row = model.treaty(HANOI)
    assert row is not None
    assert (row.consents, row.next_due_on) == (1, None)
    assert [own.status(date(2027, 4, 2)) for own in model.participations(HANOI)] == ["former_party", "party"]
    assert agree(office.log, model)


# ---- lists -----------------------------------------------------------------------------------------------------------
def test_treaties_are_listed_by_id_page_by_page(office: Office, model: ServedModel) -> None:
    for treaty in ("b-2", "B-1", "a-3", "XXVII-7.d"):
        office.define(treaty, hanoi(1))
    follow(office.log, model)

    first = model.treaties(TreatyQuery(limit=3))
    rest = model.treaties(TreatyQuery(limit=3, after=first.next))

    assert [row.id for row in first.rows] == ["B-1", "XXVII-7.d", "a-3"]
    assert [row.id for row in rest.rows] == ["b-2"]
    assert (first.next, rest.next) == ("a-3", None)
    assert first.position == office.log.head()


@pytest.mark.parametrize("words", ["cyber", "CRIMINALITÉ", "criminalite convention", "xviii-16", "công ước"])
def test_a_treaty_is_found_by_words_of_any_of_its_titles(office: Office, model: ServedModel, words: str) -> None:
    titles = {"en": "Convention against Cybercrime", "fr": "Convention contre la cybercriminalité", "vi": "Công ước"}
    office.define("XXII-1", hanoi(1))
    office.take(Define(treaty=HANOI, details=replace(details(), titles=titles), windows=(), rule=None))
    follow(office.log, model)

    assert [row.id for row in model.treaties(TreatyQuery(q=words)).rows] == [HANOI]
    assert model.treaties(TreatyQuery(q=f"{words} arbitration")).rows == ()
    assert model.treaties(TreatyQuery(q="100%")).rows == ()


def test_rehearsals_are_listed_apart_and_closed_ones_not_at_all(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    office.rehearse(HANOI, "XVIII-16~one", "2026-01-01")
    office.rehearse(HANOI, "XVIII-16~two", "2026-01-01")
    office.take(CloseRehearsal(treaty="XVIII-16~two"))
    follow(office.log, model)

    assert [row.id for row in model.treaties(TreatyQuery()).rows] == [HANOI]
    assert [row.id for row in model.treaties(TreatyQuery(rehearsals=True)).rows] == ["XVIII-16~one"]
    assert [row.id for row in model.treaties(TreatyQuery(rehearsals=None)).rows] == [HANOI, "XVIII-16~one"]
    closed = model.treaty("XVIII-16~two")
    assert closed is not None
    assert closed.closed


def test_treaties_in_force_are_those_in_force_on_the_day_asked_for(office: Office, model: ServedModel) -> None:
    office.define("A", hanoi(1))
    office.define("B", hanoi(5))
    office.record("A", acceded("fji", on="2026-01-01"))
    follow(office.log, model)

    def listed(on: date, *, in_force: bool) -> list[str]:
        return [row.id for row in model.treaties(TreatyQuery(in_force=in_force, on=on)).rows]

    assert listed(date(2026, 4, 1), in_force=True) == ["A"]
    assert listed(date(2026, 3, 31), in_force=True) == []
    assert listed(date(2026, 3, 31), in_force=False) == ["A", "B"]


def test_a_participant_has_its_treaties(office: Office, model: ServedModel) -> None:
    office.define("A", hanoi(1))
    office.define("B", hanoi(5))
    office.define("C", hanoi(5))
    office.record("A", acceded("fji", on="2026-01-02"), acceded("vnm", on="2026-01-02"))
    office.record("B", acceded("fji", on="2026-01-03"))
    office.rehearse("A", "A~try", "2026-01-03")
    follow(office.log, model)

    found = model.treaties_of("fji")

    assert [(one.treaty.id, one.participation.consent_on) for one in found] == [
        ("A", date(2026, 1, 2)),
        ("B", date(2026, 1, 3)),
    ]
    assert [one.treaty.id for one in model.treaties_of("fji", rehearsals=True)] == ["A~try"]
    assert model.treaties_of("nobody") == []


# ---- the clock -------------------------------------------------------------------------------------------------------
def test_a_day_is_due_when_it_has_come_at_the_depositary_and_not_before(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    office.record(HANOI, acceded("fji", on="2026-01-01"))  # in force on 1 April; the countdown begins 60 days before
    follow(office.log, model)
    version = office.treaties.get(HANOI).state.version

    eve_in_new_york = datetime(2026, 1, 31, 4, 59, tzinfo=UTC)
    the_day = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)

    assert model.due(now=eve_in_new_york) == []
    assert model.due(now=the_day) == [
        Due(
            treaty=HANOI,
            version=version,
            on=date(2026, 1, 31),
            today=date(2026, 1, 31),
            time_zone="America/New_York",
        )
    ]


def test_each_day_that_was_told_gives_way_to_the_next_until_none_is_left(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1), windows=(window("2026-01-01", "2026-03-31"),))
    office.record(HANOI, acceded("fji", on="2026-01-01"))
    projector = follow(office.log, model)
    days: list[str] = []

    while (row := model.treaty(HANOI)) is not None and row.next_due_on is not None and len(days) < 20:
        days.append(row.next_due_on.isoformat())
        before = office.log.head()
        office.day_comes(HANOI, days[-1])
        assert office.log.head() > before, f"Nothing was said on {days[-1]}."
        projector.step()

    notices = ["2026-03-01", "2026-03-24", "2026-03-30"]  # 30, 7 and 1 day before signature closes
    countdown = ["2026-01-31", "2026-03-02", "2026-03-25", "2026-03-31"]  # 60, 30, 7 and 1 day before entry into force
    assert days == [*sorted(notices + countdown), "2026-04-01"]
    assert agree(office.log, model)


def test_a_rehearsal_is_never_due(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    office.rehearse(HANOI, "XVIII-16~try", "2026-01-01")
    office.record("XVIII-16~try", acceded("fji", on="2026-01-01"))
    follow(office.log, model)

    assert model.due(now=datetime(2030, 1, 1, tzinfo=UTC)) == []
    row = model.treaty("XVIII-16~try")
    assert row is not None
    assert row.next_due_on is not None


# ---- another treaty's fate -------------------------------------------------------------------------------------------
def test_a_protocol_follows_when_the_parent_it_rests_on_moves(office: Office, model: ServedModel) -> None:
    waits = hanoi(1) | {
        "in_force": [
            {"clause": "9", "when": {"op": "treaty_in_force", "treaty": HANOI}, "then": {"op": "plus", "days": 10}}
        ]
    }
    office.define("XVIII-16.a", waits)
    projector = follow(office.log, model)
    row = model.treaty("XVIII-16.a")
    assert row is not None
    assert row.rests_on == (HANOI,)
    assert row.entry_into_force_on is None

    office.define(HANOI, hanoi(1))
    office.record(HANOI, acceded("fji", on="2026-01-01"))
    projector = follow(office.log, model)  # also after a restart
    row = model.treaty("XVIII-16.a")
    assert row is not None
    assert row.threshold_on == date(2026, 4, 1)
    assert agree(office.log, model)

    office.record(HANOI, took_back("fji", on="2026-01-02"))
    projector.step()
    assert agree(office.log, model)


def test_a_protocol_that_only_spoke_follows_its_parent_in_the_same_batch(office: Office, model: ServedModel) -> None:
    waits = {"clause": "9", "when": {"op": "treaty_in_force", "treaty": HANOI}, "then": {"op": "plus", "days": 10}}
    office.define(HANOI, hanoi(1))
    office.define("XVIII-16.a", hanoi(1) | {"in_force": [waits]})
    projector = follow(office.log, model)

    office.record(HANOI, acceded("fji", on="2026-01-01"))
    office.record("XVIII-16.a", signed("fra", on="2026-01-02"))
    projector.step()

    row = model.treaty("XVIII-16.a")
    assert row is not None
    assert row.threshold_on == date(2026, 4, 1)
    assert agree(office.log, model)


def test_a_row_knows_the_counts_of_days_to_come(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(9))
    waits = replace(acceded("ita", on="2026-01-01"), extra={"deferred_until": date(2026, 3, 1)})
    office.record(HANOI, acceded("fji", on="2026-01-01"), waits)
    projector = follow(office.log, model)
    row = model.treaty(HANOI)
    assert row is not None
    assert [(step.on, step.consents, step.counted) for step in row.counts_ahead] == [(date(2026, 3, 1), 2, 2)]
    assert [row.counts(date(2026, month, 1)).counted for month in (1, 2, 3, 4)] == [1, 1, 2, 2]

    office.record(HANOI, signed("fra", on="2026-03-02"))  # a day past it, and an act that moves no count
    projector.step()
    row = model.treaty(HANOI)
    assert row is not None
    assert (row.counted, row.counts_ahead) == (2, ())
    assert agree(office.log, model)


def test_an_objection_that_blocks_takes_the_day_of_entry_into_force_away(office: Office, model: ServedModel) -> None:
    unblocked = {"op": "not_blocked", "until": {"op": "on", "date": "2026-04-01"}, "blocked_if": count(1)}
    office.define("A-2", rule(all_of(count(1), unblocked), {"op": "plus", "days": 10}))
    office.record("A-2", acceded("fji", on="2026-01-02"))
    projector = follow(office.log, model)
    row = model.treaty("A-2")
    assert row is not None
    assert row.entry_into_force_on == date(2026, 4, 11)

    office.record("A-2", act("objection", "bra", on="2026-01-03"))
    projector.step()

    row = model.treaty("A-2")
    assert row is not None
    assert row.entry_into_force_on is None
    assert agree(office.log, model)


# ---- once, whatever happens ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("batch", [1, 7, 500])
def test_rows_are_those_of_a_rebuild_whatever_the_batches_were(office: Office, model: ServedModel, batch: int) -> None:
    a_year_of_treaty_making(office)

    follow(office.log, model, batch=batch)

    assert agree(office.log, model)


def test_rows_are_those_of_a_rebuild_after_each_event(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)
    projector = Projector(office.log, codec, model, REGISTRY, batch=1)

    while projector.step():
        found = compare(office.log, codec, model, REGISTRY)
        assert found is None, str(found)


class Stammering:
    """A log whose pages begin with what was read before."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def read(self, *, after: int, limit: int) -> list[LoggedEvent]:
        new = self._log.read(after=after, limit=limit)
        return [*self._log.read(after=0, limit=10_000)[: after or None], *new] if new else []

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)


def test_every_event_delivered_twice_changes_nothing(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)
    twice = Projector(Stammering(office.log), codec, model, REGISTRY, batch=9)  # type: ignore[arg-type]  # a log in all it is asked

    while twice.step():
        pass

    assert agree(office.log, model)


def test_a_follower_that_starts_anew_goes_on_where_the_last_one_committed(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)

    for _ in range(200):
        if not Projector(office.log, codec, model, REGISTRY, batch=5).step():
            break

    assert agree(office.log, model)


def test_only_one_of_two_that_begin_at_the_same_place_writes(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    one = Projector(office.log, codec, model, REGISTRY)
    other = Projector(office.log, codec, model, REGISTRY)
    one.step()
    other.step()  # both have digested everything and keep their states
    office.record(HANOI, acceded("fji", on="2026-01-02"))
    one.step()
    served = model.contents()

    with pytest.raises(CheckpointMoved):
        other.step()

    assert difference(served, model.contents()) is None
    assert other.step() == 0
    assert agree(office.log, model)


def test_two_competing_followers_lose_nothing_and_double_nothing(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)
    begin = Barrier(2)
    lost = []

    def compete() -> None:
        projector = Projector(office.log, codec, model, REGISTRY, batch=3)
        begin.wait(SOON)
        for _ in range(500):
            try:
                if not projector.step():
                    return
            except CheckpointMoved:
                lost.append(1)

    rivals = [Thread(target=compete) for _ in range(2)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(SOON)

    assert agree(office.log, model)


def test_a_write_that_fails_half_way_leaves_neither_row_nor_checkpoint(database_dsn: str) -> None:
    log, model = open_log(database_dsn), open_read_model(database_dsn)
    office = Office(log)
    office.define(HANOI, hanoi(1))
    follow(log, model)
    before = model.contents()
    right = before.treaties[HANOI]
    changes = Changes(
        treaties=[replace(right, signatures=193)],
        failing=[Failing(treaty=HANOI, position=None, problem="?")],  # type: ignore[arg-type]  # the point
    )

    with pytest.raises(ViewsUnavailable):
        model.write(changes, old=before.checkpoint, new=Checkpoint(99, "x"))

    assert difference(before, model.contents()) is None
    office.close()
    model.close()
    log.close()


# ---- what cannot be read, what fails ---------------------------------------------------------------------------------
def test_an_event_of_a_newer_version_is_parked_and_passed(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    stream = stream_of(HANOI)
    version = office.treaties.get(HANOI).state.version
    body = b'{"treaty":"XVIII-16","of":"a newer version"}'
    (parked,) = office.log.append([NewEvent(stream, version + 1, "treaty.celebrated", body)])
    office.record(HANOI, acceded("fji", on="2026-01-02"))

    follow(office.log, model)

    assert [(one.position, one.topic, one.treaty) for one in model.parked()] == [(parked, "treaty.celebrated", HANOI)]
    row = model.treaty(HANOI)
    assert row is not None
    assert row.consents == 1
    assert model.failing() == []
    assert agree(office.log, model)


def test_a_treaty_that_cannot_be_read_is_named_and_the_others_go_on(office: Office, model: ServedModel) -> None:
    office.define("A", hanoi(1))
    office.define("B", hanoi(1))
    version = office.treaties.get("A").state.version
    office.log.append([NewEvent(stream_of("A"), version + 1, "treaty.rule.amended", b'{"treaty":"A","version":"?"}')])
    office.record("B", acceded("fji", on="2026-01-02"))

    projector = follow(office.log, model)

    (failing,) = model.failing()
    assert failing.treaty == "A"
    assert "UnreadableBody" in failing.problem
    row = model.treaty("B")
    assert row is not None
    assert row.consents == 1
    projector.retry()
    assert [one.treaty for one in model.failing()] == ["A"]


class Recovering:
    """A codec that cannot read one treaty's acts until it is mended."""

    def __init__(self, treaty: str) -> None:
        self.treaty = treaty
        self.mended = False

    encode = staticmethod(codec.encode)

    def decode(self, topic: str, body: bytes) -> object:
        fact = codec.decode(topic, body)
        if not self.mended and fact.treaty == self.treaty and topic.startswith("treaty.consent"):
            raise ZeroDivisionError("a fault of ours")
        return fact


def test_a_treaty_that_failed_is_tried_again_and_catches_up(office: Office, model: ServedModel) -> None:
    office.define("A", hanoi(1))
    office.define("B", hanoi(1))
    reader = Recovering("A")
    projector = Projector(office.log, reader, model, REGISTRY)  # type: ignore[arg-type]  # a codec in all it is asked
    projector.step()
    office.record("A", acceded("fji", on="2026-01-02"), acceded("vnm", on="2026-01-02"))
    projector.step()
    stale = model.treaty("A")
    assert stale is not None
    assert stale.consents == 0
    assert [one.problem for one in model.failing()] == ["ZeroDivisionError: a fault of ours"]

    reader.mended = True
    projector.retry()

    assert model.failing() == []
    assert agree(office.log, model)


# ---- the thread ------------------------------------------------------------------------------------------------------
def until(model: ServedModel, position: int) -> None:
    """Wait, not for ever, until the rows are that far."""
    waited = Event()
    for _ in range(int(SOON / 0.01)):
        if model.position() >= position:
            return
        waited.wait(0.01)
    raise AssertionError(f"The rows are at {model.position()} after {SOON} s, and the log at {position}.")


def test_the_follower_keeps_up_and_ends_when_told(office: Office, model: ServedModel) -> None:
    follower = ProjectionFollower(office.log, codec, model, REGISTRY)
    follower.start()
    office.define(HANOI, hanoi(1))
    follower.wake()
    until(model, office.log.head())
    office.record(HANOI, acceded("fji", on="2026-01-02"))  # and nobody wakes it: it looks by itself

    until(model, office.log.head())
    follower.stop()

    assert agree(office.log, model)
    assert "projections" not in {thread.name for thread in threads()}


def test_the_second_follower_waits_and_takes_over_when_the_first_ends(office: Office, model: ServedModel) -> None:
    first = ProjectionFollower(office.log, codec, model, REGISTRY)
    first.start()
    office.define(HANOI, hanoi(1))
    until(model, office.log.head())
    second = ProjectionFollower(office.log, codec, model, REGISTRY)
    second.start()
    assert not model.lease("follow").held()

    first.stop()
    office.record(HANOI, acceded("fji", on="2026-01-02"))
    until(model, office.log.head())
    second.stop()

    assert agree(office.log, model)


def test_rows_of_another_log_are_dropped_and_worked_out_anew(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    model.write(Changes(), old=START, new=Checkpoint(400, "f3a8e0bd-5d5d-5e6b-8d53-8a3f3d2b5b1f:7"))
    follower = ProjectionFollower(office.log, codec, model, REGISTRY)
    follower.start()
    until_rows(model, HANOI)
    follower.stop()

    assert agree(office.log, model)


def until_rows(model: ServedModel, treaty: str) -> None:
    waited = Event()
    for _ in range(int(SOON / 0.01)):
        if model.treaty(treaty) is not None:
            return
        waited.wait(0.01)
    raise AssertionError(f"No row of {treaty} after {SOON} s.")


# ---- from zero -------------------------------------------------------------------------------------------------------
def test_a_rebuild_mends_rows_that_somebody_spoilt(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)
    follow(office.log, model)
    at = model.contents().checkpoint
    right = model.treaty(HANOI)
    assert right is not None
    model.write(Changes(treaties=[replace(right, signatures=193)]), old=at, new=at)
    found = compare(office.log, codec, model, REGISTRY)
    assert found is not None
    assert found.about == f"treaty {HANOI}"
    told = []

    rebuild(office.log, codec, model, REGISTRY, progress=lambda at, end: told.append((at, end)))

    assert agree(office.log, model)
    assert told[-1] == (office.log.head(), office.log.head())


def test_what_is_served_answers_and_is_followed_while_it_is_rebuilt(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)
    projector = follow(office.log, model)
    answers = []

    def meanwhile(at: int, end: int) -> None:
        office.record(HANOI, acceded("nzl", on="2026-07-01"))
        projector.step()
        row = model.treaty(HANOI)
        assert row is not None
        answers.append((model.position() == office.log.head(), row.position == office.log.head()))

    rebuild(office.log, codec, model, REGISTRY, progress=meanwhile)

    assert answers == [(True, True)]
    assert agree(office.log, model)
    office.record(HANOI, acceded("zmb", on="2026-07-02"))
    while projector.step():
        pass
    assert agree(office.log, model)


def test_a_second_rebuild_waits_for_its_turn(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    turn = model.lease("rebuild")
    assert turn.held()

    with pytest.raises(RebuildRunning):
        rebuild(office.log, codec, model, REGISTRY)

    turn.release()
    rebuild(office.log, codec, model, REGISTRY)
    assert agree(office.log, model)


def test_a_rebuild_that_is_given_up_leaves_what_is_served_as_it_was(office: Office, model: ServedModel) -> None:
    a_year_of_treaty_making(office)
    follow(office.log, model)
    before = model.contents()

    def give_up(at: int, end: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(office.log, codec, model, REGISTRY, progress=give_up)

    assert difference(before, model.contents()) is None
    rebuild(office.log, codec, model, REGISTRY)
    assert difference(before, model.contents()) is None


def test_new_rows_never_take_the_place_of_rows_that_are_further(office: Office, model: ServedModel) -> None:
    office.define(HANOI, hanoi(1))
    projector = follow(office.log, model)
    shadow = model.shadow()
    shadow.settle(model.contents().checkpoint)
    office.record(HANOI, acceded("fji", on="2026-01-02"))
    projector.step()

    assert not shadow.take_over()

    shadow.discard()
    assert agree(office.log, model)


def test_rows_of_another_layout_are_worked_out_anew(database_dsn: str) -> None:
    log, older = open_log(database_dsn), open_read_model(database_dsn)
    office = Office(log)
    office.define(HANOI, hanoi(1))
    follow(log, older)
    older.close()
    engine = open_engine(database_dsn if "postgres" in database_dsn else f"{database_dsn}-views")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE projection_checkpoint SET layout = 0")
    engine.dispose()

    newer = open_read_model(database_dsn)

    assert newer.position() == 0
    assert newer.treaty(HANOI) is None
    follow(log, newer)
    assert agree(log, newer)
    office.close()
    newer.close()
    log.close()


def test_a_day_that_another_treaty_took_back_is_no_longer_due(office: Office, model: ServedModel) -> None:
    office.define("A-1", rule(1, plus(days=7)))
    office.record("A-1", acceded("fji", on="2026-01-10"))
    in_its_wake = all_of(count(1), {"op": "treaty_in_force", "treaty": "A-1"})
    office.define("B-1", rule(any_of(count(2), in_its_wake)))
    projector = follow(office.log, model)
    waiting = model.treaty("B-1")
    office.define("A-1", rule(4))
    while projector.step():
        pass

    row = model.treaty("B-1")
    assert waiting is not None
    assert row is not None
    assert (waiting.next_due_on, row.next_due_on) == (date(2026, 1, 17), None)
    assert agree(office.log, model)
