"""Certificates and tables of weights through the front door: recorded, read of any day and moment, corrected."""

from typing import Any

import pytest
from typer.testing import CliRunner

from tests.services.status_world import Clock, Json, Status, protocol, status
from treaty_status.main import cli
from treaty_status.pages import pages_router

OIL = "contributing_oil_received"


def fund(treaty: str = "FUND", *, need: int = 2, **asked: str) -> Json:
    """So many instruments, and a certified quantity of oil."""
    body = protocol(treaty)
    body["rule"]["in_force"] = [
        {
            "clause": "21(1)",
            "when": {"op": "all", "of": [{"op": "count", "at_least": need}, {"op": "fact", "key": OIL, **asked}]},
            "then": {"op": "plus", "months": 3},
        }
    ]
    return body


def paris(treaty: str = "PARIS") -> Json:
    """Two instruments with 55 % of a table that nobody has recorded yet."""
    body = protocol(treaty)
    body["rule"]["in_force"] = [
        {
            "clause": "21(1)",
            "when": {
                "op": "all",
                "of": [{"op": "count", "at_least": 2}, {"op": "weight", "table": "ghg", "at_least": "0.55"}],
            },
            "then": {"op": "plus", "days": 30},
        }
    ]
    return body


def certificate(on: str = "2026-06-01", **more: Any) -> Json:
    return {"key": OIL, "certified_on": on, "certified_by": "The Director of the Fund", **more}


def table(values: Json, **more: Any) -> Json:
    return {"values": values, "source": "An invented register", **more}


def put_table(service: Status, treaty: str, name: str, body: Json, *, query: str = "", **headers: str) -> Any:
    return service.put(f"{treaty}/tables/{name}{query}", body, **headers)


def defined(service: Status, body: Json) -> str:
    treaty = str(body["rule"]["treaty"])
    assert service.put(treaty, body).status_code == 201
    return treaty


# ---- certificates ----------------------------------------------------------------------------------------------------
def test_a_certificate_completes_the_condition_and_every_answer_names_it(service_anywhere: Status) -> None:
    service = service_anywhere
    treaty = defined(service, fund(at_least="450000000", unit="tonnes"))
    for participant in ("fra", "ita"):
        service.recorded(treaty, "accession", participant, "2026-05-01")
    waiting = service.get(f"treaties/{treaty}/explanation")
    assert [one["unknown"] for one in waiting["supply"]] == [f"fact:{OIL}"]
    assert f"POST /v1/treaties/{treaty}/certificates" in waiting["supply"][0]["text"]["en"]

    answer = service.post(f"{treaty}/certificates", certificate(quantity="450000000", unit="tonnes"))

    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert receipt["recorded_as"] == "certificate"
    assert [one["type"] for one in receipt["milestones"] if "threshold" in one["type"]] == ["treaty.threshold.reached"]
    told = service.treaty(treaty)
    assert (told["force"]["threshold_on"], told["force"]["entry_into_force_on"]) == ("2026-06-01", "2026-09-01")
    (foundation,) = told["rests_on"]
    assert foundation == {
        "kind": "certificate",
        "name": OIL,
        "version": None,
        "source": "The Director of the Fund",
        "event_id": receipt["event_id"],
        "on": "2026-06-01",
    }
    reasons = service.get(f"treaties/{treaty}/explanation")
    assert reasons["supply"] == []
    assert reasons["tree"]["parts"][1]["rests_on"] == [foundation]
    assert reasons["tree"]["parts"][1]["have"] == 450_000_000
    shown = service.get(f"treaties/{treaty}/certificates")
    assert [one["event_id"] for one in shown["certificates"]] == [receipt["event_id"]]
    assert shown["waits_for"] == [
        {"key": OIL, "at_least": "450000000", "unit": "tonnes", "met": True, "on": "2026-06-01"}
    ]


def test_each_fact_that_is_waited_for_is_told_with_what_each_track_asks(service: Status) -> None:
    body = fund(at_least="10", unit="t")
    track = body["rule"]["in_force"][0]
    asks = {"op": "fact", "key": OIL, "at_least": "20", "unit": "t"}
    body["rule"]["in_force"].append({**track, "clause": "21(2)", "when": asks})
    treaty = defined(service, body)
    assert service.post(f"{treaty}/certificates", certificate(quantity="15", unit="t")).status_code == 201

    waited = service.get(f"treaties/{treaty}/certificates")["waits_for"]
    assert [(one["at_least"], one["met"], one["on"]) for one in waited] == [
        ("10", True, "2026-06-01"),
        ("20", False, None),
    ]


def test_the_day_before_the_certificate_knows_nothing_of_it(service: Status) -> None:
    treaty = defined(service, fund())
    assert service.post(f"{treaty}/certificates", certificate()).status_code == 201

    assert service.get(f"treaties/{treaty}/certificates", as_of="2026-05-31")["total"] == 0
    assert service.get(f"treaties/{treaty}/certificates", as_of="2026-06-01")["total"] == 1


def test_the_moment_before_it_was_recorded_knows_nothing_of_it(service: Status) -> None:
    treaty = defined(service, fund())
    before = service.clock.now.isoformat()
    service.clock.forward(hours=1)
    assert service.post(f"{treaty}/certificates", certificate()).status_code == 201

    assert service.get(f"treaties/{treaty}/certificates", known_at=before)["total"] == 0
    assert service.get(f"treaties/{treaty}/certificates")["total"] == 1


def test_corrections_reach_certificates_and_take_back_what_rested_on_them(service_anywhere: Status) -> None:
    service = service_anywhere
    treaty = defined(service, fund(need=1))
    service.recorded(treaty, "accession", "fra", "2026-05-01")
    target = service.post(f"{treaty}/certificates", certificate()).json()["event_id"]

    moved = service.post(
        f"{treaty}/corrections",
        {"target": target, "kind": "corrected", "reason": "typing", "fields": {"certified_on": "2026-06-11"}},
    )
    assert moved.status_code == 201, moved.text
    assert service.treaty(treaty)["force"]["entry_into_force_on"] == "2026-09-11"

    gone = service.post(f"{treaty}/corrections", {"target": target, "kind": "retracted", "reason": "source_error"})
    assert {"treaty.threshold.revoked", "treaty.entry_into_force.revoked"} <= {
        one["type"] for one in gone.json()["milestones"]
    }
    assert service.get(f"treaties/{treaty}/certificates")["total"] == 0

    back = service.post(f"{treaty}/corrections", {"target": target, "kind": "reinstated", "reason": "source_error"})
    assert "treaty.threshold.reached" in {one["type"] for one in back.json()["milestones"]}
    (shown,) = service.get(f"treaties/{treaty}/certificates")["certificates"]
    assert (shown["certified_on"], len(shown["corrected_by"])) == ("2026-06-11", 3)


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (certificate("2026-11-22"), 422, "act-in-the-future"),
        (certificate("2026-01-14"), 422, "act-too-early"),
        (certificate("soon"), 422, "invalid-request"),
        (certificate(key="oil_received"), 422, "key-not-asked-for"),
        (certificate(quantity="1/0", unit="tonnes"), 422, "invalid-request"),
        (certificate(quantity="1e9", unit="tonnes"), 422, "invalid-request"),
        (certificate(unit="tonnes"), 422, "invalid-request"),
        (certificate(certified_by=""), 422, "invalid-request"),
        (certificate(participant="fra"), 422, "invalid-request"),
        (certificate("2026-04-01"), 409, "already-certified"),
    ],
)
def test_what_is_no_certificate_is_refused_by_name(service: Status, body: Json, status: int, slug: str) -> None:
    treaty = defined(service, fund())
    assert service.post(f"{treaty}/certificates", certificate("2026-04-01")).status_code == 201
    answer = service.post(f"{treaty}/certificates", body)

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.json()["way_out"]


def test_a_key_that_no_clause_asks_for_is_taken_with_a_reason(service: Status) -> None:
    treaty = defined(service, fund())
    override = {"checks": ["V2"], "reason": "The rule is to be amended."}
    answer = service.post(f"{treaty}/certificates", certificate(key="oil", override=override))
    assert answer.status_code == 201
    assert [one["code"] for one in answer.json()["warnings"]] == ["V2"]


def test_a_certificate_below_the_depositary_is_kept_as_a_claim(service: Status) -> None:
    treaty = defined(service, fund())
    answer = service.post(f"{treaty}/certificates", certificate(tier="press"))
    assert answer.json()["recorded_as"] == "claim"
    assert service.get(f"treaties/{treaty}/claims")["total"] == 1
    assert service.get(f"treaties/{treaty}/certificates")["total"] == 0


def test_a_dry_run_says_what_a_certificate_would_bring_and_the_same_key_records_once(service: Status) -> None:
    treaty = defined(service, fund(need=1))
    service.recorded(treaty, "accession", "fra", "2026-05-01")
    asked = service.post(f"{treaty}/certificates", certificate(), query="?dry_run=true")
    assert (asked.status_code, asked.json()["dry_run"]) == (200, True)
    assert "treaty.threshold.reached" in {one["type"] for one in asked.json()["milestones"]}
    assert service.get(f"treaties/{treaty}/certificates")["total"] == 0

    first = service.post(f"{treaty}/certificates", certificate(), idempotency_key="once")
    again = service.post(f"{treaty}/certificates", certificate(), idempotency_key="once")
    stale = service.post(f"{treaty}/certificates", certificate("2026-06-02"), if_match='"1"')

    assert (first.status_code, again.status_code, stale.status_code) == (201, 201, 412)
    assert again.json()["event_id"] == first.json()["event_id"]
    assert again.headers["idempotency-replayed"] == "true"


def test_keys_open_what_they_are_for(service: Status) -> None:
    treaty = defined(service, paris())
    assert service.post(f"{treaty}/certificates", certificate(), who="subscribe").status_code == 403
    body = table({"fra": "60"}, whole="100")
    headers = service.bearer("record")
    assert service.client.put(f"/v1/treaties/{treaty}/tables/ghg", json=body, headers=headers).status_code == 403
    headers = service.bearer("define")
    assert service.client.put(f"/v1/treaties/{treaty}/tables/ghg", json=body, headers=headers).status_code == 201


# ---- tables ----------------------------------------------------------------------------------------------------------
def test_a_table_recorded_after_the_acts_tells_the_day(service_anywhere: Status) -> None:
    service = service_anywhere
    treaty = defined(service, paris())
    service.recorded(treaty, "accession", "fra", "2026-05-01")
    service.recorded(treaty, "accession", "ita", "2026-06-01")
    unknown = service.treaty(treaty)
    assert unknown["force"]["state"] == "unknown"
    assert unknown["supply"] == [
        {
            "unknown": "table:ghg",
            "text": {
                "en": f"Record the table with PUT /v1/treaties/{treaty}/tables/ghg.",
                "fr": f"Enregistrer le tableau par PUT /v1/treaties/{treaty}/tables/ghg.",
            },
        }
    ]
    assert service.get(f"treaties/{treaty}/tables")["missing"] == ["ghg"]
    before = service.clock.now.isoformat()
    service.clock.forward(minutes=5)

    answer = put_table(service, treaty, "ghg", table({"France": "40", "ITA": "15.0"}, whole="100"))

    assert answer.status_code == 201, answer.text
    assert answer.json()["recorded_as"] == "table"
    told = service.treaty(treaty)
    assert (told["force"]["threshold_on"], told["force"]["entry_into_force_on"]) == ("2026-06-01", "2026-07-01")
    assert [(one["kind"], one["name"], one["version"]) for one in told["rests_on"]] == [("table", "ghg", "1")]
    assert service.treaty(treaty, known_at=before)["force"]["state"] == "unknown"
    shown = service.get(f"treaties/{treaty}/tables/ghg", lang="fr")
    assert shown["values"] == [
        {"participant": "fra", "name": "France", "value": "40"},
        {"participant": "ita", "name": "Italie", "value": "15.0"},
    ]
    (head,) = service.get(f"treaties/{treaty}/tables")["tables"]
    assert (head["held_by"], head["rows"], head["asked_for"]) == ("record", 2, True)


def test_the_next_version_corrects_what_was_said_and_the_same_again_changes_nothing(service: Status) -> None:
    treaty = defined(service, paris())
    for participant in ("fra", "ita"):
        service.recorded(treaty, "accession", participant, "2026-06-01")
    assert put_table(service, treaty, "ghg", table({"fra": "40", "ita": "15"}, whole="100")).status_code == 201

    same = put_table(service, treaty, "ghg", table({"ita": "15", "fra": "40"}, whole="100"))
    assert (same.status_code, same.json()["recorded_as"], same.json()["milestones"]) == (200, "nothing", [])

    second = put_table(
        service, treaty, "ghg", table({"fra": "40", "ita": "14.9"}, whole="100", reason="a row was read wrongly")
    )
    assert "treaty.threshold.revoked" in {one["type"] for one in second.json()["milestones"]}
    assert service.log(treaty)[-1]["data"]["cause"]["kind"] == "table"
    versions = service.get(f"treaties/{treaty}/tables/ghg")["versions"]
    assert [(one["version"], one["reason"]) for one in versions] == [("1", None), ("2", "a row was read wrongly")]

    target = versions[0]["event_id"]
    refused = service.post(f"{treaty}/corrections", {"target": target, "kind": "retracted", "reason": "typing"})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/table-not-correctable")


def test_rows_that_name_nobody_are_refused_with_what_may_be_meant(service: Status) -> None:
    treaty = defined(service, paris())
    answer = put_table(service, treaty, "ghg", table({"fra": "1", "Frnace": "2", "Atlantis/North": "3"}))
    told = answer.json()

    assert (answer.status_code, told["type"], told["unknown"]) == (422, "/problems/unknown-participant", 2)
    assert [one["pointer"] for one in told["errors"]] == ["/values/Frnace", "/values/Atlantis~1North"]
    assert told["suggestions"][0]["id"] == "fra"
    assert service.get(f"treaties/{treaty}/tables")["tables"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (table({"fra": "1", "France": "2"}), "/values/France"),
        (table({"fra": "1/0"}), "/values/fra"),
        (table({"fra": "30%"}), "/values/fra"),
        (table({"fra": "-1"}), "/values/fra"),
        (table({"fra": "101"}, whole="100"), "/values/fra"),
        (table({"fra": "0"}, whole="0"), "/whole"),
        (table({"fra": "1"}, values_on="never"), "/values_on"),
        (table({}), "/values"),
        ({"values": {"fra": "1"}}, ""),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(service: Status, body: Json, pointer: str) -> None:
    treaty = defined(service, paris())
    answer = put_table(service, treaty, "ghg", body)
    assert answer.status_code == 422, answer.text
    assert pointer in {one["pointer"] for one in answer.json()["errors"]}


def test_a_table_that_is_not_there_is_answered_with_those_that_are(service: Status) -> None:
    treaty = defined(service, paris())
    assert put_table(service, treaty, "ghg", table({"fra": "1"}, whole="100")).status_code == 201
    answer = service.client.get(f"/v1/treaties/{treaty}/tables/tonnage")
    assert (answer.status_code, answer.json()["tables"]) == (404, ["ghg"])
    assert put_table(service, "NOWHERE", "ghg", table({"fra": "1"})).status_code == 404


def test_a_table_of_the_rule_is_shown_as_such(service: Status) -> None:
    body = paris()
    body["rule"]["tables"] = [{"table": "ghg", "version": "annex", "source": "its annex", "values": {"fra": "0.6"}}]
    treaty = defined(service, body)
    shown = service.get(f"treaties/{treaty}/tables/ghg")
    assert (shown["table"]["held_by"], shown["table"]["version"], shown["versions"]) == ("rule", "annex", [])


def test_a_rehearsal_takes_tables_and_certificates_along(service: Status) -> None:
    treaty = defined(service, fund())
    assert service.post(f"{treaty}/certificates", certificate()).status_code == 201
    assert put_table(service, treaty, "fleet", table({"fra": "1"})).status_code == 201
    rehearsal = service.rehearse(treaty)

    assert service.get(f"treaties/{rehearsal}/certificates")["total"] == 1
    assert [one["name"] for one in service.get(f"treaties/{rehearsal}/tables")["tables"]] == ["fleet"]
    later = service.post(f"{rehearsal}/certificates", certificate("2027-02-01"))
    assert later.status_code == 201, later.text
    assert service.treaty(rehearsal)["rehearsal_day"] == "2027-02-01"


def test_documents_keep_their_etag_until_something_is_recorded(service: Status) -> None:
    treaty = defined(service, fund())
    first = service.client.get(f"/v1/treaties/{treaty}/certificates")
    same = service.client.get(f"/v1/treaties/{treaty}/certificates", headers={"if-none-match": first.headers["etag"]})
    assert same.status_code == 304
    assert service.post(f"{treaty}/certificates", certificate()).status_code == 201
    after = service.client.get(f"/v1/treaties/{treaty}/certificates", headers={"if-none-match": first.headers["etag"]})
    assert after.status_code == 200


# ---- other treaties, and the lists -----------------------------------------------------------------------------------
def test_a_child_that_waits_for_its_parent_hears_of_the_parent_s_certificate(service_anywhere: Status) -> None:
    service = service_anywhere
    parent = defined(service, fund(need=1))
    child = protocol("CHILD", need=1)
    child["rule"]["in_force"][0]["when"] = {
        "op": "all",
        "of": [{"op": "count", "at_least": 1}, {"op": "treaty_in_force", "treaty": parent}],
    }
    defined(service, child)
    service.recorded(parent, "accession", "fra", "2026-05-01")
    service.recorded("CHILD", "accession", "fra", "2026-05-01")
    assert service.treaty("CHILD")["force"]["state"] == "gathering"

    assert service.post(f"{parent}/certificates", certificate("2026-06-01")).status_code == 201

    assert service.treaty("CHILD")["force"]["threshold_on"] == "2026-09-01"


def test_the_list_of_treaties_follows_certificates_and_tables(service_anywhere: Status) -> None:
    service = service_anywhere
    defined(service, fund(need=1))
    defined(service, paris())
    for treaty in ("FUND", "PARIS"):
        for participant in ("fra", "ita"):
            service.recorded(treaty, "accession", participant, "2026-05-01")
    service.settled()
    assert {row["entry_into_force_on"] for row in service.get("treaties")["treaties"]} == {None}

    assert service.post("FUND/certificates", certificate("2026-06-01")).status_code == 201
    assert put_table(service, "PARIS", "ghg", table({"fra": "0.3", "ita": "0.3"})).status_code == 201
    service.settled()

    found = {row["id"]: row["entry_into_force_on"] for row in service.get("treaties")["treaties"]}
    assert found == {"FUND": "2026-09-01", "PARIS": "2026-05-31"}


def test_after_a_restart_everything_is_as_it_was(sqlite_dsn: str) -> None:
    clock = Clock()
    with status(sqlite_dsn, clock=clock) as first:
        treaty = defined(first, fund(need=1))
        first.recorded(treaty, "accession", "fra", "2026-05-01")
        first.post(f"{treaty}/certificates", certificate())
        put_table(first, treaty, "fleet", table({"fra": "1"}))
        told = first.treaty(treaty)
    with status(sqlite_dsn, clock=clock) as second:
        assert second.treaty(treaty) == told
        assert second.get(f"treaties/{treaty}/tables/fleet")["values"][0]["value"] == "1"


def test_verify_finds_everything_as_the_events_say(sqlite_dsn: str) -> None:
    with status(sqlite_dsn) as service:
        for body in (fund(need=1), paris()):
            defined(service, body)
        for participant in ("fra", "ita"):
            service.recorded("PARIS", "accession", participant, "2026-05-01")
        service.recorded("FUND", "accession", "fra", "2026-05-01")
        target = service.post("FUND/certificates", certificate()).json()["event_id"]
        put_table(service, "PARIS", "ghg", table({"fra": "30", "ita": "30"}, whole="100"))
        put_table(service, "PARIS", "ghg", table({"fra": "30", "ita": "20"}, whole="100"))
        moved = {"target": target, "kind": "corrected", "reason": "typing", "fields": {"certified_on": "2026-06-11"}}
        assert service.post("FUND/corrections", moved).status_code == 201
        service.settled()

    told = CliRunner().invoke(cli, ["verify", "--database", sqlite_dsn])

    assert told.exit_code == 0, told.output


def test_the_page_names_the_table_and_the_certificate_it_rests_on(service: Status) -> None:
    service.app.framework.include_router(pages_router(service.app.surface.desk))
    treaty = defined(service, fund(need=1, at_least="450000000", unit="tonnes"))
    service.post(f"{treaty}/certificates", certificate(quantity="450000000", unit="tonnes"))

    told = service.client.get(f"/treaties/{treaty}").text
    assert "a certificate of 1 June 2026 (The Director of the Fund)" in told
    assert "450,000,000 of 450,000,000 tonnes" in told

    weighed = defined(service, paris())
    put_table(service, weighed, "ghg", table({"fra": "30"}, whole="100"))
    assert "the table ghg, version 1 (An invented register)" in service.client.get(f"/treaties/{weighed}").text
