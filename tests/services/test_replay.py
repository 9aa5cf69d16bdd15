"""A record of late arrivals put on record as of its own instants, so that ``known_at`` has a past to ask about."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.importers.tables import REGISTRY
from tests.services.status_world import Status, protocol
from treaty_events import FactCorrected, FactReinstated, FactRetracted, ImportFinished, ParticipantAct
from treaty_status.application.arrivals import ArrivalHistory
from treaty_status.application.replaying import Replay, ReplayBalance
from treaty_status.application.treaties import decoded
from treaty_status.domain.rule import TreatyRule
from treaty_status.importers import NotATable, read_arrivals, read_sheet
from treaty_status.main import cli

HEADER = "treaty_id,participant,field,change,old_value,new_value,seen_at,source"
FINAL = (
    "treaty_id,treaty_title,participant,iso3,action,date,source",
    "IV-99,Convention on Invented Matters,Fiji,FJI,signature,2015-01-01,a set",
    "IV-99,,Fiji,FJI,acceptance,2021-01-20,a set",
    "IV-99,,Peru,PER,ratification,2016-02-02,a set",
    "IV-99,,Cabo Verde,CPV,accession,2015-06-01,a set",
    "IV-99,,Tonga,TON,accession,2016-05-05,a set",
)
ARRIVALS = (
    HEADER,
    "IV-99,Fiji,Ratification,added,,2016-01-01,2016-01-10T12:00:00+02:00,snapshot 1",
    "IV-99,Fiji,Kind,added,,Acceptance,2016-01-20T12:00:00+00:00,snapshot 2",
    "IV-99,Peru,Ratification,added,,2016-02-02,2016-02-10T12:00:00+00:00,snapshot 3",
    "IV-99,Peru,Kind,added,,Ratification,2016-02-20T12:00:00+00:00,snapshot 4",
    "IV-99,Cape Verde,Ratification,removed,2015-06-01,,2016-03-01T12:00:00+00:00,snapshot 5",
    "IV-99,Cape Verde,Kind,removed,Accession,,2016-03-01T12:00:00+00:00,snapshot 5",
    "IV-99,Cabo Verde,Ratification,added,,2015-06-01,2016-03-01T12:00:00+00:00,snapshot 5",
    "IV-99,Cabo Verde,Kind,added,,Accession,2016-03-01T12:00:00+00:00,snapshot 5",
    "IV-99,Tonga,consent,added,,5 May 2016 a,2016-05-10T12:00:00+00:00,snapshot 6",
    "IV-99,Tonga,consent,removed,5 May 2016 a,,2016-06-10T12:00:00+00:00,snapshot 7",
    "IV-99,Tonga,consent,added,,5 May 2016 a,2016-07-10T12:00:00+00:00,snapshot 8",
    "IV-99,Fiji,Ratification,changed,2016-01-01,2021-01-20,2021-01-21T12:00:00+00:00,snapshot 9",
    "IV-99,Atlantis,Ratification,added,,2016-02-02,2016-02-10T12:00:00+00:00,snapshot 3",
    "IV-99,Samoa,Ratification,added,,2016-02-02,2016-02-10T12:00:00+00:00,snapshot 3",
    "IV-99,Tonga,consent,added,,6 May 2016 z,2016-02-10T12:00:00+00:00,snapshot 3",
    "IV-99,Peru,Signature,added,,someday,2016-02-10T12:00:00+00:00,snapshot 3",
    "IV-99,Peru,Signature,added,,2016-01-01,2016-02-10,snapshot 3",
    "IV-99,Peru,Reservation,added,,2016-01-01,2016-02-10T12:00:00+00:00,snapshot 3",
    "IV-99,Peru",
)


def lines(texts: tuple[str, ...]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def read(*, arrivals: tuple[str, ...] = ARRIVALS, final: tuple[str, ...] = FINAL) -> ArrivalHistory:
    rows = read_sheet("actions.csv", lines(final), registry=REGISTRY)
    return read_arrivals("arrivals.csv", lines(arrivals), final=rows, registry=REGISTRY)


def rules() -> dict[str, TreatyRule]:
    rule = protocol("IV-99", need=2)["rule"] | {"treaty": "IV-99"}
    return {"IV-99": TreatyRule.model_validate(rule)}


def replay(service: Status, history: ArrivalHistory | None = None, *, until: int | None = None) -> ReplayBalance:
    """Carry it out, or begin to."""
    desk = service.app.surface.desk
    one = Replay(history or read(), writer=desk.writer, log=desk.log, codec=desk.codec, rules=rules())
    for n, _ in enumerate(one, start=1):
        if n == until:
            break
    return one.balance


def facts(service: Status) -> list[object]:
    desk = service.app.surface.desk
    return [decoded(desk.codec, event) for event in desk.log.read(after=0, limit=10_000)]


def known(service: Status, at: str, participant: str = "fji") -> list[tuple[str, str]]:
    """The acts of a participant, as they were known at an instant."""
    answer = service.client.get(
        f"/v1/treaties/IV-99/participants/{participant}", params={"as_of": "2026-01-01", "known_at": at}
    )
    return [(act["action"], act["act_date"]) for act in answer.json().get("acts", [])]


# ---- reading ---------------------------------------------------------------------------------------------------------
def test_every_row_is_a_change_or_a_reported_line() -> None:
    history = read()

    assert history.balances
    assert [(line.row, line.reason.value) for line in history.reported] == [
        (5, "no_change"),
        (6, "no_change"),
        (7, "no_change"),
        (8, "no_change"),
        (9, "no_change"),
        (14, "unknown_participant"),
        (15, "contradiction"),
        (16, "undefined_suffix"),
        (17, "bad_date"),
        (18, "bad_date"),
        (19, "bad_line"),
        (20, "bad_line"),
    ]


def test_what_stood_at_the_start_is_found_by_undoing_every_change() -> None:
    (start,) = read().starts.values()

    assert {(one.participant, one.action.value, one.act_date.isoformat()) for one in start} == {
        ("fji", "signature", "2015-01-01"),
        ("cpv", "accession", "2015-06-01"),
    }


def test_a_consent_whose_kind_is_told_later_is_a_ratification_until_then() -> None:
    fiji = [
        (change.before and change.before.action.value, change.after and change.after.action.value)
        for arrival in read().arrivals
        for change in arrival.changes
        if change.participant == "fji"
    ]

    assert fiji == [(None, "ratification"), ("ratification", "acceptance"), ("acceptance", "acceptance")]


def test_other_columns_are_no_record_of_arrivals() -> None:
    with pytest.raises(NotATable, match="no record of arrivals"):
        read(arrivals=("treaty_id,participant", "IV-99,Fiji"))


# ---- recording -------------------------------------------------------------------------------------------------------
@pytest.fixture
def replayed(service_anywhere: Status) -> Status:
    balance = replay(service_anywhere)
    assert balance.balances
    assert (balance.arrivals.recorded, len(balance.arrivals.reported), balance.starts.recorded) == (7, 12, 2)
    return service_anywhere


def test_known_at_tells_what_was_known_before_it_was_overwritten(replayed: Status) -> None:
    assert known(replayed, "2016-01-10T09:59:59.5Z") == [("signature", "2015-01-01")]
    assert known(replayed, "2016-01-10T10:00:00Z") == [("signature", "2015-01-01"), ("ratification", "2016-01-01")]
    assert known(replayed, "2016-02-01T00:00:00Z") == [("signature", "2015-01-01"), ("acceptance", "2016-01-01")]
    assert known(replayed, "2021-02-01T00:00:00Z") == [("signature", "2015-01-01"), ("acceptance", "2021-01-20")]
    for at, there in (("2016-05-11", True), ("2016-06-11", False), ("2016-07-11", True)):
        assert bool(known(replayed, f"{at}T00:00:00Z", "ton")) is there


def test_the_facts_say_when_they_were_seen_that_they_were_replayed_and_from_where(replayed: Status) -> None:
    told = [fact for fact in facts(replayed) if isinstance(fact, ParticipantAct)]
    peru = next(fact for fact in told if fact.participant == "per")

    assert peru.recorded.at.isoformat() == "2016-02-10T12:00:00+00:00"
    assert peru.recorded.by == "replay:arrivals.csv"
    assert (peru.recorded.imported or "").startswith("replay:")
    assert (peru.evidence[0].source, peru.evidence[0].locator) == ("snapshot 3", "arrivals.csv, row 4")
    kinds = [type(fact) for fact in facts(replayed)]
    assert [kinds.count(kind) for kind in (FactCorrected, FactRetracted, FactReinstated)] == [2, 1, 1]


def test_nobody_is_told_of_what_was_replayed_but_for_one_announcement(replayed: Status) -> None:
    events = replayed.get("feed", limit=1000)["events"]

    assert [event["type"] for event in events if not event["category"].startswith("historic_")] == [
        "treaty.import.finished"
    ]
    assert {"treaty.threshold.reached", "treaty.threshold.revised"} <= {event["type"] for event in events}


def test_a_second_run_changes_nothing_and_accounts_for_every_row(replayed: Status) -> None:
    before = len(facts(replayed))

    again = replay(replayed)

    assert len(facts(replayed)) == before
    assert (again.arrivals.recorded, again.arrivals.already, again.starts.already) == (0, 7, 2)
    assert again.balances


@pytest.mark.parametrize("until", [1, 2, 5, 8])
def test_a_replay_that_broke_off_goes_on_where_it_stopped(service: Status, until: int) -> None:
    replay(service, until=until)

    rest = replay(service)

    assert rest.balances
    assert rest.arrivals.recorded + rest.arrivals.already == 7
    told = facts(service)
    assert sum(isinstance(fact, ParticipantAct) for fact in told) == 5
    assert sum(isinstance(fact, ImportFinished) for fact in told) == 1


def test_a_treaty_of_which_something_was_recorded_later_is_left_alone(service: Status) -> None:
    assert service.put("IV-99", protocol("IV-99")).status_code == 201
    before = len(facts(service))

    balance = replay(service)

    assert len(facts(service)) == before
    assert balance.balances
    assert {line.reason.value for line in balance.starts.reported} == {"refused"}
    assert "recorded-since" in balance.starts.reported[0].detail


def test_what_our_clauses_object_to_is_recorded_as_the_depositary_had_it(service: Status) -> None:
    history = read(arrivals=(HEADER, "IV-99,Tonga,consent,added,,5 May 2016 a,2016-05-10T12:00:00+00:00,snapshot 6"))
    desk = service.app.surface.desk
    rule = protocol("IV-99")["rule"]
    rule["joining"] |= {"modes": ["ratification"], "signature_required": True}

    one = Replay(
        history,
        writer=desk.writer,
        log=desk.log,
        codec=desk.codec,
        rules={"IV-99": TreatyRule.model_validate(rule | {"treaty": "IV-99"})},
    )
    list(one)

    assert one.balance.overruled >= 2
    tonga = next(fact for fact in facts(service) if isinstance(fact, ParticipantAct) and fact.participant == "ton")
    assert tonga.override is not None
    assert "V2" in tonga.override.checks


def test_the_command_prints_the_balance_and_can_be_run_again(tmp_path: Path) -> None:
    (tmp_path / "arrivals.csv").write_bytes(lines(ARRIVALS))
    (tmp_path / "actions.csv").write_bytes(lines(FINAL))
    asked = ["replay", str(tmp_path / "arrivals.csv"), "--final", str(tmp_path / "actions.csv"), "--no-rules"]
    asked += ["--database", f"sqlite:///{tmp_path / 'record.db'}", "--json"]

    first, again = CliRunner().invoke(cli, asked), CliRunner().invoke(cli, asked)

    assert first.exit_code == again.exit_code == 0, first.output
    assert json.loads(first.stdout)["arrivals"]["recorded"] == 7
    assert json.loads(again.stdout)["arrivals"]["already_on_record"] == 7
