"""From a table to the record: each act once, history without news, and nothing at all of a table that shrank."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

import pytest

from tests.builders import hanoi, rule
from tests.importers.office import NOW, ImportOffice, import_office
from tests.importers.tables import HEADER, reasons, row, xml_table
from treaty_events import (
    Action,
    CorrectionReason,
    Depositary,
    Details,
    ImportFinished,
    MilestoneAnnounced,
    ParticipantAct,
    Status,
    TreatyDefined,
)
from treaty_status.api.feed_lines import feed_line
from treaty_status.application.event_log import EventLog
from treaty_status.application.importing import Balance, document
from treaty_status.domain.decisions import Correct, Define, RecordAct
from treaty_status.domain.history import TableShrank
from treaty_status.domain.refusals import UnknownTreaty
from treaty_status.domain.rule import TreatyRule
from treaty_status.store import open_log

TABLE = ("Fiji,2 Feb 1990,3 Mar 1991 AA", "France,,4 Apr 1992 a", "Peru,1 Jan 1990,5 May 1993", "Samoa,6 Jun 1990,")
DETAILS = Details(
    titles={"en": "Convention on Invented Matters"},
    depositary=Depositary(id="un-sg", name={"en": "Secretary-General"}, time_zone="America/New_York"),
)


@pytest.fixture
def office(event_log: EventLog) -> Iterator[ImportOffice]:
    with import_office(event_log) as running:
        yield running


@pytest.fixture
def here() -> Iterator[ImportOffice]:
    """For what does not depend on the database."""
    log = open_log("memory:")
    with import_office(log) as running:
        yield running
    log.close()


def define(office: ImportOffice, by_rule: dict[str, object], treaty: str = "IV-99") -> None:
    found = TreatyRule.model_validate({**by_rule, "treaty": treaty})
    office.record(Define(treaty=treaty, details=DETAILS, windows=(), rule=found))


def act(action: str, participant: str, on: str) -> RecordAct:
    return RecordAct(treaty="IV-99", action=Action(action), participant=participant, act_date=date.fromisoformat(on))


# ---- once ------------------------------------------------------------------------------------------------------------
def test_a_table_is_on_record_whole_and_a_second_run_changes_nothing(office: ImportOffice) -> None:
    first = office.table(*TABLE)
    head = office.log.head()
    again = office.table(*TABLE)

    assert (first.cells, first.recorded, first.already, first.empty) == (6, 6, 0, 2)
    assert (again.recorded, again.already, again.reported) == (0, 6, [])
    assert office.log.head() == head
    assert sorted(office.treaty().participations) == ["fji", "fra", "per", "wsm"]


def test_an_act_is_recognised_whichever_file_or_request_tells_of_it_first(office: ImportOffice) -> None:
    office.table(*TABLE[:2])
    office.record(act("signature", "per", "1990-01-01"))

    listed = office.put(
        b"treaty_id,treaty_title,participant,iso3,action,date,source\n"
        b"IV-99,,France,FRA,accession,1992-04-04,a set\nIV-99,,Peru,PER,signature,1990-01-01,a set\n"
        b"IV-99,,Peru,PER,ratification,1993-05-05,a set\n",
        file="actions.csv",
    )

    assert (listed.recorded, listed.already) == (1, 2)


def test_two_imports_of_one_table_at_the_same_moment_record_it_once(database_dsn: str) -> None:
    def one(_: int) -> int:
        log = open_log(database_dsn)
        with import_office(log) as office:
            recorded = office.table(*TABLE).recorded
        log.close()
        return recorded

    with ThreadPoolExecutor(max_workers=3) as together:
        counts = list(together.map(one, range(3)))

    log = open_log(database_dsn)
    assert sum(counts) == 6
    with import_office(log) as office:
        assert sum(isinstance(fact, ParticipantAct) for fact in office.facts()) == 6
        assert sum(isinstance(fact, ImportFinished) for fact in office.facts()) == counts.count(6) == 1
    log.close()


def test_what_the_writer_keeps_in_memory_is_what_the_log_tells(office: ImportOffice) -> None:
    define(office, hanoi(2))
    office.table(*TABLE)

    kept = office.writer._treaties.get("IV-99").state

    assert kept == office.treaty()


def test_a_dry_run_tells_the_balance_and_writes_nothing(here: ImportOffice) -> None:
    tried = here.table(*TABLE, "Nowhere,1 Jan 1990,", dry_run=True)

    assert (tried.recorded, len(tried.reported), here.log.head()) == (6, 1, 0)
    assert here.table(*TABLE, "Nowhere,1 Jan 1990,").recorded == 6


def test_a_treaty_that_is_not_on_record_is_not_put_there_unasked(here: ImportOffice) -> None:
    with pytest.raises(UnknownTreaty, match="--define"):
        here.table(*TABLE, define=False)
    assert here.log.head() == 0


def test_a_treaty_is_defined_by_its_printed_title_and_without_any_rule(here: ImportOffice) -> None:
    here.put(xml_table(row("France", "1 Jan 1990", "")), file="IV-99.en.xml")

    treaty = here.treaty()
    assert treaty.details.titles == {"en": "Convention on Invented Matters"}
    assert treaty.details.depositary.time_zone == "America/New_York"
    assert (treaty.rule, treaty.windows) == (None, ())
    assert "Genève, 2 May 1992" in treaty.details.sources[0].label


# ---- acts that are refused -------------------------------------------------------------------------------------------
def test_an_act_that_the_law_refuses_is_reported_and_stops_nothing_else(here: ImportOffice) -> None:
    here.record(Define(treaty="IV-99", details=DETAILS, windows=(), rule=None))
    here.record(act("accession", "fra", "1991-01-01"))

    balance = here.table(*TABLE, "Slovakia,1 Jan 1980,", "Tonga,,22 Nov 2026 a")

    assert balance.recorded == 5
    assert [(line.row, line.reason.value, line.detail.partition(":")[0]) for line in balance.reported] == [
        (3, "refused", "already-contracting"),
        (6, "refused", "act-too-early"),
        (7, "refused", "act-in-the-future"),
    ]


def test_acts_are_decided_in_the_order_of_their_days_not_of_the_file(here: ImportOffice) -> None:
    define(here, hanoi(2))
    lines = [
        {"treaty": "IV-99", "participant": "fji", "action": "ratification", "act_date": "1991-01-01"},
        {"treaty": "IV-99", "participant": "fji", "action": "signature", "act_date": "1990-01-01"},
    ]

    assert here.put("\n".join(map(json.dumps, lines)).encode(), file="acts.ndjson").recorded == 2


def test_clauses_on_record_are_asked_and_clauses_not_on_record_object_to_nothing(here: ImportOffice) -> None:
    here.table("Fiji,,1 Jan 1991")  # a ratification, and no signature is printed
    define(here, hanoi(2), treaty="IV-98")

    refused = here.table("Fiji,,1 Jan 1991", file="IV-98.csv")

    assert len(here.treaty().acts) == 1
    assert [line.detail.partition(":")[0] for line in refused.reported] == ["signature-missing"]


def test_what_was_retracted_stays_out(here: ImportOffice) -> None:
    here.table(*TABLE)
    target = here.treaty().participations["fra"].acts[0].event_id
    here.record(Correct(treaty="IV-99", target=target, kind="retracted", reason=CorrectionReason.SOURCE_ERROR))
    head = here.log.head()

    again = here.table(*TABLE)

    assert reasons(again.reported) == [(3, "retracted")]
    assert here.log.head() == head


# ---- acts that are recorded with a warning ---------------------------------------------------------------------------
def listed(*lines: dict[str, object]) -> bytes:
    return "\n".join(json.dumps({"treaty": "IV-99", **line}) for line in lines).encode()


def warned(balance: Balance) -> list[tuple[int, str]]:
    return [(one.row, one.code) for one in balance.doubted]


def test_a_reservation_that_was_not_confirmed_is_recorded_and_warned_of(office: ImportOffice) -> None:
    balance = office.put(
        listed(
            {"participant": "fji", "action": "ratification", "act_date": "1992-01-01"},
            {"participant": "fji", "action": "reservation", "act_date": "1990-01-01", "text": "Not article 5."},
            {"participant": "fji", "action": "signature", "act_date": "1990-01-01"},
            {"participant": "per", "action": "ratification", "act_date": "1992-01-01"},
            {"participant": "per", "action": "reservation", "act_date": "1992-01-01", "text": "Not article 5."},
            {"participant": "per", "action": "reservation", "act_date": "1990-01-01", "text": "Not article 5."},
            {"participant": "per", "action": "signature", "act_date": "1990-01-01"},
        ),
        file="acts.ndjson",
    )

    assert (balance.cells, balance.recorded, balance.reported) == (7, 7, [])
    assert warned(balance) == [(1, "V10")]
    assert "lapses" in balance.doubted[0].detail
    assert document(balance)["warned"] == 1


def test_one_document_for_two_states_and_a_signatory_that_acceded_are_warned_of_each_once(here: ImportOffice) -> None:
    paper = [{"source": "C.N.1", "sha256": "ab" * 32}]
    lines = listed(
        {"participant": "fji", "action": "accession", "act_date": "1991-01-01", "evidence": paper},
        {"participant": "per", "action": "accession", "act_date": "1991-01-02", "evidence": paper},
        {"participant": "fra", "action": "signature", "act_date": "1991-01-03"},
        {"participant": "fra", "action": "accession", "act_date": "1991-01-04"},
    )

    tried = here.put(lines, file="acts.ndjson", dry_run=True)
    balance = here.put(lines, file="acts.ndjson")
    again = here.put(lines, file="acts.ndjson")

    assert warned(tried) == warned(balance) == [(2, "V15"), (4, "signatory-acceded")]
    assert "Fiji" in balance.doubted[0].detail
    assert (again.already, again.doubted) == (4, [])


def test_a_prohibited_reservation_is_recorded_and_warned_of(here: ImportOffice) -> None:
    define(here, rule(2, reservations={"clause": "19", "admits": "none"}))

    balance = here.put(
        listed({"participant": "fji", "action": "reservation", "act_date": "1990-01-01", "text": "No."}),
        file="acts.ndjson",
    )

    assert (balance.recorded, warned(balance)) == (1, [(1, "V11")])


# ---- tables that lost something --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "rows",
    [TABLE[:-1], ("Fiji,2 Feb 1990,", *TABLE[1:]), ("Fiji,2 Feb 1990,3 Mar 1991 AA", "Tonga,1 Jan 1990,")],
    ids=["a row is gone", "a cell is empty now", "other rows"],
)
def test_a_table_that_shrank_is_refused_with_nothing_written(office: ImportOffice, rows: tuple[str, ...]) -> None:
    office.table(*TABLE)
    head = office.log.head()

    with pytest.raises(TableShrank):
        office.table(*rows)
    assert office.log.head() == head
    assert office.table(*rows, allow_fewer=True).balances


def test_a_cell_put_in_brackets_is_not_a_cell_that_is_gone(here: ImportOffice) -> None:
    here.table(*TABLE)

    again = here.table("Fiji,2 Feb 1990,[3 Mar 1991 AA]", *TABLE[1:])

    assert reasons(again.reported) == [(2, "no_longer_in_effect")]


def test_a_list_is_a_part_of_the_record_and_may_hold_less(here: ImportOffice) -> None:
    here.table(*TABLE)

    assert here.put(b"treaty,participant,action,act_date\nIV-99,fji,signature,1990-02-02\n", file="a.csv").already == 1


def test_what_was_recorded_by_hand_is_not_missed_in_a_table(here: ImportOffice) -> None:
    here.table(*TABLE)
    here.record(act("accession", "ton", "2001-01-01"))

    assert here.table(*TABLE).already == 6


# ---- history is not news ---------------------------------------------------------------------------------------------
def news(office: ImportOffice) -> list[str]:
    """The names of what subscribers are told unasked."""
    lines = [json.loads(feed_line(event, lambda _, __: True)) for event in office.log.read(after=0, limit=1_000)]
    return [line["type"] for line in lines if line["category"] == "milestone"]


def test_old_lines_are_on_record_as_said_and_one_announcement_tells_of_the_history(here: ImportOffice) -> None:
    define(here, rule(2))
    before = news(here)

    here.table(*TABLE)

    assert news(here) == [*before, "treaty.import.finished"]
    treaty = here.treaty()
    assert {key: (said.status, said.as_history) for key, said in treaty.announced.items() if "threshold" in key} == {
        "IV-99:threshold:65(1):1": (Status.REACHED, True)
    }
    assert treaty.announced["IV-99:participant.consent:fra:1"].as_history
    digest = next(fact for fact in here.facts() if isinstance(fact, ImportFinished))
    assert (digest.acts, digest.participants, digest.signatures, digest.consents) == (6, 4, 3, 3)
    assert (digest.first_act_on, digest.last_act_on) == (date(1990, 1, 1), date(1993, 5, 5))
    assert (digest.threshold_on, digest.entry_into_force_on) == (date(1992, 4, 4), date(1992, 7, 3))


def test_facts_of_an_import_are_marked_in_the_feed_and_can_be_asked_for(here: ImportOffice) -> None:
    here.table(*TABLE)

    lines = [json.loads(feed_line(event, lambda _, __: True)) for event in here.log.read(after=0, limit=1_000)]

    found = {line["type"]: line["category"] for line in lines}
    assert found["treaty.consent.recorded"] == "historic_fact"
    assert found["treaty.signature.first.reached"] == "historic_milestone"
    assert found["treaty.defined"] == "fact"
    assert {line["data"]["recorded"].get("imported") for line in lines if line["category"].startswith("historic")} == {
        next(line["data"]["run"] for line in lines if line["type"] == "treaty.import.finished")
    }


def test_after_an_import_an_act_of_today_announces_its_own_lines_and_no_old_ones(office: ImportOffice) -> None:
    office.table(*TABLE)
    head = office.log.head()

    receipt = office.record(act("accession", "ton", "2026-11-20"))

    assert [milestone["type"] for milestone in receipt.milestones] == ["treaty.participant.consent.reached"]
    assert office.topics(after=head) == ["treaty.consent.recorded", "treaty.participant.consent.reached"]


def test_what_lies_ahead_is_news_even_when_an_import_brings_it(here: ImportOffice) -> None:
    define(here, rule(2))

    here.table("Fiji,,1 Nov 2026 a", "France,,2 Nov 2026 a")

    ahead = [fact for fact in here.facts() if isinstance(fact, MilestoneAnnounced) and fact.occurred_on > NOW.date()]
    assert [(fact.kind.value, fact.status.value, fact.recorded.imported) for fact in ahead] == [
        ("entry_into_force", "scheduled", None)
    ]
    assert "treaty.entry_into_force.scheduled" in news(here)


def test_an_import_that_shows_that_news_were_wrong_tells_those_who_heard_them(here: ImportOffice) -> None:
    here.record(Define(treaty="IV-99", details=DETAILS, windows=(), rule=None))
    here.record(act("signature", "fra", "2026-11-20"))  # told as the first signature

    here.table("Fiji,2 Feb 1990,")

    revised = [fact for fact in here.facts() if isinstance(fact, MilestoneAnnounced) and fact.status is Status.REVISED]
    assert [(fact.kind.value, fact.recorded.imported) for fact in revised] == [("signature.first", None)]


def test_an_import_that_corrects_an_import_tells_nobody(here: ImportOffice) -> None:
    here.table(*TABLE)

    here.table("Chile,1 Jan 1985,", *TABLE)

    assert news(here) == ["treaty.import.finished"] * 2
    assert here.treaty().announced["IV-99:signature.first:all:1"].occurred_on == date(1985, 1, 1)


def test_a_correction_of_an_imported_act_revokes_its_line_like_any_other(here: ImportOffice) -> None:
    here.table(*TABLE)
    target = here.treaty().participations["fra"].acts[0].event_id

    here.record(Correct(treaty="IV-99", target=target, kind="retracted", reason=CorrectionReason.SOURCE_ERROR))

    assert here.treaty().announced["IV-99:participant.consent:fra:1"].status is Status.REVOKED


def test_each_treaty_s_history_is_one_commit_or_none(office: ImportOffice) -> None:
    office.table(*TABLE)

    streams: dict[UUID, list[int]] = {}
    for event in office.log.read(after=0, limit=1_000):
        streams.setdefault(event.stream, []).append(event.position)

    assert [positions[-1] - positions[0] + 1 for positions in streams.values()] == [
        len(positions) for positions in streams.values()
    ]
    assert isinstance(office.facts()[0], TreatyDefined)
    assert HEADER.startswith("Participant")
