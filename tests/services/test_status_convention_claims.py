"""What others said of the convention: seventeen rows of statements, each judged by the engine from the recorded facts.

Sources and truth of each row were collected from the depositary's table, a second official table, and press reports.
"""

from typing import Any

import pytest

from tests.services.status_world import HANOI, Status, convention, history, load_convention

Row = tuple[str, str, str, str, str, dict[str, Any]]
"""The row, who said it, how the statement begins, the verdict, what the sentence says, and the facts it rests on."""
ROWS: list[Row] = [
    ("1", "Reuters", "Canada is among", "wrong_participant", "no signature of Canada", {"participant": "can"}),
    (
        "1",
        "Reuters",
        "The European Union",
        "right",
        "European Union on 25 October 2025",
        {"participant": "eu", "events": 1},
    ),
    ("2", "UN News", "65 countries", "wrong_count", "69 signed on 25 October 2025, not 65", {"count": 69}),
    ("3", "EFE", "68 signatories", "wrong_count", "69 had signed by the end of 25 October 2025", {"count": 69}),
    ("3", "EFE", "The convention has 71", "wrong_text_fact", "68 articles, not 71", {"rows": "header"}),
    ("3", "EFE", "The convention has nine", "right", "9 chapters", {"rows": "header"}),
    ("4", "Aries", "The convention is in force", "wrong_rule", "consents to be bound count, not", {"clause": "65(1)"}),
    (
        "5",
        "Observatorio",
        "The United States",
        "wrong_participant",
        "signature of the United",
        {"participant": "usa"},
    ),
    ("5", "Observatorio", "Canada joined", "wrong_participant", "no signature of Canada", {"participant": "can"}),
    ("6", "Le Courrier", "Entry into force", "wrong_rule", "not only those of Members of", {"clause": "65(1)"}),
    ("6", "Jiji", "Nearly 70", "approximate", "69 had signed", {"count": 69, "as_of": "2025-10-25"}),
    ("7", "Vietnam Inv", "69 countries", "right_at_its_time", "by the end of 25 October 2025, and", {"count": 69}),
    ("8", "Prosecutor", "More than 70", "confuses_signature_with_ratification", "72 had signed", {"count": 72}),
    ("9", "UNODC", "72 States", "counts_the_organisation_as_a_state", "71 States had", {"count": 71, "events": 1}),
    ("10", "Ministry", "Representatives of 71", "right", "71 States had signed by the end of 28", {"count": 71}),
    (
        "11",
        "Newshour",
        "72 States ratified",
        "confuses_signature_with_ratification",
        "no State had",
        {"count": 72},
    ),
    ("11", "Newshour", "72 Member States", "wrong_population", "70 Members of", {"count": 70, "events": 2}),
    ("12", "Qatar", "The convention was", "wrong_date", "it was on 25 October 2025", {"rows": "windows"}),
    ("12", "Qatar", "65 countries", "wrong_count", "72 had signed by the end of 13 November", {"count": 72}),
    ("12", "Qatar", "It enters into force", "wrong_rule", "40 instruments are needed, not 1", {"clause": "65(1)"}),
    ("13", "Trend", "Azerbaijan is", "confuses_approval_with_deposit", "no ratification of Aze", {"events": 1}),
    ("13", "Report", "Azerbaijan is", "confuses_approval_with_deposit", "no ratification of Aze", {"events": 1}),
    ("13", "Trend", "74 signed", "wrong_count", "72 signed from 1 October 2025 to 31", {"count": 72}),
    ("14", "Secondary", "Qatar was", "not_shown", "of Qatar; it has 0 consents to", {"events": 0}),
    ("14", "Secondary", "Viet Nam was", "not_shown", "no ratification of Viet Nam; it has 0", {"events": 0}),
    ("14", "Secondary", "74 signatories", "not_shown", "it has 72 signatures", {"count": 72}),
    ("14", "Secondary", "72 States and", "double_counts_the_organisation", "71 States", {"count": 71, "events": 1}),
    (
        "15",
        "Machine Herald, as",
        "One rat",
        "not_shown",
        "it has 0 consents",
        {"count": 0, "rows": "consents"},
    ),
    (
        "15",
        "Machine Herald, ed",
        "Three",
        "not_shown",
        "it has 0 consents",
        {"count": 0, "rows": "consents"},
    ),
    ("16", "Digests", "Canada joined 76", "not_shown", "it has 72 signatures", {"count": 72}),
    ("16", "Digests", "Canada signed", "not_shown", "no signature of Canada", {"participant": "can"}),
    ("17", "thinhvuong", "The convention has 71", "wrong_text_fact", "68 articles, not 71", {"rows": "header"}),
    ("17", "Caliber", "The convention has 68", "right", "68 articles", {"rows": "header"}),
    ("17", "On Line", "The convention has 68", "right", "68 articles", {"rows": "header"}),
]


def claims_of(service: Status, **asked: Any) -> list[dict[str, Any]]:
    return list(service.get(f"treaties/{HANOI}/claims", **asked)["claims"])


def the(rows: list[dict[str, Any]], source: str, statement: str) -> dict[str, Any]:
    """The only statement of a source that begins so."""
    (found,) = [row for row in rows if row["source"].startswith(source) and row["statement"].startswith(statement)]
    return found


@pytest.mark.parametrize(
    ("source", "statement", "verdict", "says", "rests_on"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_statement_has_the_verdict_that_the_facts_give(
    hanoi: Status, source: str, statement: str, verdict: str, says: str, rests_on: dict[str, Any]
) -> None:
    found = the(claims_of(hanoi), source, statement)["verdict"]

    assert found["kind"] == verdict
    assert says in found["text"]["en"], found["text"]["en"]
    grounds = found["rests_on"]
    for name, value in rests_on.items():
        assert (len(grounds["event_ids"]) if name == "events" else grounds[name]) == value
    if grounds["address"] is not None:
        assert hanoi.client.get(grounds["address"]).status_code == 200


def test_every_row_of_the_collection_is_there_and_every_statement_is_in_a_row_or_explains_one(hanoi: Status) -> None:
    assert {row[0] for row in ROWS} == {str(n) for n in range(1, 18)}
    told = [(row["source"], row["statement"]) for row in claims_of(hanoi)]
    left = [
        statement
        for source, statement in told
        if not any(source.startswith(row[1]) and statement.startswith(row[2]) for row in ROWS)
    ]
    assert sorted(left) == [
        "Mauritius signed",
        "The President of Azerbaijan approved the convention",
        "The United Arab Emirates is among the signatories",
        "The parliament of Azerbaijan approved the convention",
    ]


def test_the_events_a_verdict_rests_on_are_those_of_the_odd_ones_out(hanoi: Status) -> None:
    who = {event["id"]: event["data"].get("participant") for event in hanoi.log()}
    rows = claims_of(hanoi)

    members = the(rows, "Newshour", "72 Member States")["verdict"]["rests_on"]["event_ids"]
    states = the(rows, "UNODC", "72 States")["verdict"]["rests_on"]["event_ids"]
    assert {who[one] for one in members} == {"eu", "pse"}
    assert {who[one] for one in states} == {"eu"}


def test_the_report_can_be_narrowed_to_a_verdict_and_to_contradictions(hanoi: Status) -> None:
    whole = hanoi.get(f"treaties/{HANOI}/claims")
    against = hanoi.get(f"treaties/{HANOI}/claims", contradicting="true")
    rules = hanoi.get(f"treaties/{HANOI}/claims", verdict="wrong_rule")

    assert whole["total"] == sum(whole["verdicts"].values()) == len(history("claims"))
    assert len(against["claims"]) == against["shown"] == against["contradicting"] == whole["contradicting"]
    assert {row["verdict"]["kind"] for row in rules["claims"]} == {"wrong_rule"}
    assert rules["shown"] == whole["verdicts"]["wrong_rule"] == 3
    assert hanoi.client.get(f"/v1/treaties/{HANOI}/claims", params={"verdict": "fake"}).status_code == 422


def test_on_an_earlier_day_only_what_was_said_by_then_is_judged_and_by_what_was_so_by_then(hanoi: Status) -> None:
    rows = claims_of(hanoi, as_of="2025-10-25")

    assert {row["claimed_on"] for row in rows} == {"2025-10-22", "2025-10-24", "2025-10-25"}
    assert the(rows, "Reuters", "Canada is among")["verdict"]["kind"] == "not_shown"
    assert the(rows, "Jiji", "Nearly 70")["verdict"]["kind"] == "approximate"


# ---- other facts, another verdict ------------------------------------------------------------------------------------
@pytest.fixture
def changed(service: Status) -> Status:
    """The convention as the record would stand had Rwanda's signature and the number of articles been otherwise."""
    definition = convention() | {"articles": 71}
    del definition["last_read_on"]
    assert service.put(HANOI, definition).status_code == 201
    for body in history("acts"):
        if body["participant"] != "eu":
            assert service.post(f"{HANOI}/actions", body).status_code == 201
    for body in history("claims"):
        assert service.post(f"{HANOI}/claims", body).status_code == 201
    service.recorded(HANOI, "ratification", "qat", "2026-02-05")
    service.recorded(HANOI, "ratification", "aze", "2026-03-05")
    return service


def test_with_other_facts_the_same_statements_have_other_verdicts(changed: Status) -> None:
    rows = claims_of(changed)

    def kind(source: str, statement: str) -> str:
        return str(the(rows, source, statement)["verdict"]["kind"])

    assert kind("EFE", "The convention has 71") == "right"
    assert kind("EFE", "68 signatories") == "right_at_its_time"  # without the Union 68 had signed
    assert kind("UNODC", "72 States") == "wrong_count"
    assert kind("Ministry", "Representatives of 71") == "right"
    assert kind("Secondary", "Qatar was") == "right"
    assert kind("Trend", "Azerbaijan is") == "early"
    assert kind("Machine Herald, as", "One") == "wrong_count"  # two had deposited by then
    azerbaijan = the(rows, "Trend", "Azerbaijan is")["verdict"]
    assert (azerbaijan["days"], azerbaijan["true_on"]) == (23, "2026-03-05")
    assert azerbaijan["also"] == ["confuses_approval_with_deposit"]


def test_a_first_deposit_supposed_or_recorded_says_nothing_of_statements_before_it(service: Status) -> None:
    load_convention(service, claims=True)
    act = {"action": "ratification", "participant": "Viet Nam", "act_date": "2026-11-20"}
    supposed = service.client.post(f"/v1/treaties/{HANOI}/what-if", json={"acts": [act]}).json()
    receipt = service.recorded(HANOI, "ratification", "vnm", "2026-11-20")

    told = [one["type"] for one in (*supposed["difference"]["milestones"], *receipt["milestones"])]
    assert told
    assert not [one for one in told if "claim" in one]
    assert the(claims_of(service), "Machine Herald, as", "One")["verdict"]["kind"] == "not_shown"
    vietnam = the(claims_of(service), "Secondary", "Viet Nam was")["verdict"]
    assert vietnam["kind"] == "early"


def test_what_was_known_earlier_gives_the_verdict_of_then(changed: Status) -> None:
    asked = "2026-11-21T23:00:00Z"
    changed.clock.forward(days=3)
    target = next(event["id"] for event in changed.log() if event["type"] == "treaty.consent.recorded")
    body = {"target": target, "kind": "retracted", "reason": "source_error"}
    assert changed.post(f"{HANOI}/corrections", body).status_code == 201

    now, then = claims_of(changed), claims_of(changed, known_at=asked)
    assert the(then, "Secondary", "Qatar was")["verdict"]["kind"] == "right"
    assert the(now, "Secondary", "Qatar was")["verdict"]["kind"] != "right"
    assert the(now, "Machine Herald, as", "One")["verdict"]["kind"] == "right"
