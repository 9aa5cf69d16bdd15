"""Documents for readers through the front door: kept, conditional, in a language, for a spreadsheet."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.services.status_world import HANOI, Status, convention, protocol, status
from treaty_status.application.event_log import LogUnavailable

DOCUMENTS = ("", "/participants", "/participants.csv", "/participants/vnm", "/explanation", "/milestones", "/claims")


# ---- kept and conditional --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", DOCUMENTS)
def test_what_the_reader_holds_already_is_not_sent_again(hanoi: Status, path: str) -> None:
    first = hanoi.client.get(f"/v1/treaties/{HANOI}{path}")
    again = hanoi.client.get(f"/v1/treaties/{HANOI}{path}", headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", [*DOCUMENTS, "/log"])
def test_head_says_what_get_would(hanoi: Status, path: str) -> None:
    get = hanoi.client.get(f"/v1/treaties/{HANOI}{path}")
    head = hanoi.client.head(f"/v1/treaties/{HANOI}{path}")

    assert head.status_code == 200
    assert head.content == b""
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in get.headers.items() if k != "date"
    }


def test_the_etag_changes_with_the_treaty_the_day_and_the_language(service: Status) -> None:
    def etag(query: str = "") -> str:
        return str(service.client.get(f"/v1/treaties/EX-1{query}").headers["etag"])

    assert service.put("EX-1", protocol()).status_code == 201
    seen = [etag(), etag("?lang=fr"), etag("?as_of=2026-05-01")]
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    seen.append(etag())
    service.clock.forward(days=1)
    seen.append(etag())

    assert len(set(seen)) == len(seen)


def test_a_new_day_at_the_depositary_is_a_new_document(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    assert service.treaty("EX-1")["as_of"] == "2026-11-21"
    service.clock.now = service.clock.now.replace(hour=23, minute=30)  # past midnight in Paris
    assert service.treaty("EX-1")["as_of"] == "2026-11-22"


def test_what_rests_on_another_treaty_changes_with_it(service: Status) -> None:
    """A protocol that enters into force with its parent is not the same document once the parent has."""
    rule = {
        "treaty": "CHILD",
        "title": "A protocol",
        "in_force": [
            {"clause": "1", "when": {"op": "treaty_in_force", "treaty": "EX-1"}, "then": {"op": "plus", "days": 0}}
        ],
    }
    assert service.put("EX-1", protocol(need=1)).status_code == 201
    assert service.put("CHILD", protocol("CHILD", rule=rule)).status_code == 201
    before = service.client.get("/v1/treaties/CHILD")
    assert before.json()["force"]["in_force"] is False

    service.recorded("EX-1", "accession", "fra", "2026-03-01")

    after = service.client.get("/v1/treaties/CHILD", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["force"]["in_force"] is True


def test_the_document_echoes_day_language_version_and_position(hanoi: Status) -> None:
    told = hanoi.treaty(as_of="2025-10-25", lang="fr")

    assert (told["as_of"], told["lang"]) == ("2025-10-25", "fr")
    assert told["version"] == hanoi.log()[-1]["version"]
    assert told["position"] == hanoi.log()[-1]["position"]
    assert told["short_title"] == convention()["short_titles"]["fr"]


def test_a_page_of_any_origin_may_read_and_none_may_write(hanoi: Status) -> None:
    origin = {"origin": "https://journal.example"}
    read = hanoi.client.get(f"/v1/treaties/{HANOI}/claims", headers=origin)
    short = hanoi.client.get(f"/v1/treaties/{HANOI}", headers=origin)
    asks = origin | {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    write = hanoi.client.options(f"/v1/treaties/{HANOI}/actions", headers=asks)

    assert read.headers["access-control-allow-origin"] == short.headers["access-control-allow-origin"] == "*"
    assert "etag" in short.headers["access-control-expose-headers"].lower()
    assert write.status_code == 400
    assert "POST" not in write.headers.get("access-control-allow-methods", "")


# ---- a table for spreadsheets ----------------------------------------------------------------------------------------
def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_is_csv_with_iso_dates_and_the_day_in_its_name(hanoi: Status) -> None:
    answer = hanoi.client.get(f"/v1/treaties/{HANOI}/participants.csv?as_of=2025-10-25")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].endswith(f'filename="{HANOI}-participants-2025-10-25.csv"')
    found = rows(answer.text)
    assert len(found) == 69
    assert {row["signed_on"] for row in found} == {"2025-10-25"}
    assert {row["as_of"] for row in found} == {"2025-10-25"}


def test_a_byte_order_mark_is_there_when_asked_for(hanoi: Status) -> None:
    plain = hanoi.client.get(f"/v1/treaties/{HANOI}/participants.csv").content
    marked = hanoi.client.get(f"/v1/treaties/{HANOI}/participants.csv?bom=1").content
    assert marked == b"\xef\xbb\xbf" + plain


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(service: Status, note: str) -> None:
    rule = {**protocol()["rule"], "joining": {"clause": "9", "modes": ["ratification"]}}
    assert service.put("EX-1", protocol(rule=rule)).status_code == 201
    service.recorded("EX-1", "signature", "fra", "2026-03-01", note=note)

    (row,) = rows(service.client.get("/v1/treaties/EX-1/participants.csv").text)
    assert row["note"].startswith("'")
    assert row["note"].removeprefix("'").strip() == note.strip()


# ---- lists -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    """Seven protocols, one of them in force, and a rehearsal."""
    with status(f"sqlite:///{tmp_path_factory.mktemp('shelf') / 'treaty.db'}") as running:
        for n in range(1, 8):
            body = protocol(f"EX-{n}", need=1, titles={"en": f"Protocol number {n}", "fr": f"Protocole numéro {n}"})
            assert running.put(f"EX-{n}", body).status_code == 201
        running.recorded("EX-4", "accession", "fra", "2026-03-01")
        running.rehearse("EX-4", id="EX-4~exercise")
        running.settled()
        yield running


def ids(told: dict[str, list[dict[str, str]]]) -> list[str]:
    return [row["id"] for row in told["treaties"]]


def test_treaties_are_listed_page_by_page_with_links(shelf: Status) -> None:
    found: list[str] = []
    answer = shelf.client.get("/v1/treaties?limit=3")
    while True:
        found += ids(answer.json())
        if "next" not in answer.links:
            break
        answer = shelf.client.get(answer.links["next"]["url"])

    assert found == [f"EX-{n}" for n in range(1, 8)]
    assert answer.json()["next"] is None


def test_treaties_are_found_by_words_of_any_language(shelf: Status) -> None:
    assert ids(shelf.get("treaties", q="numero 4")) == ["EX-4"]
    assert ids(shelf.get("treaties", q="nothing of the kind")) == []


def test_treaties_in_force_are_told_apart(shelf: Status) -> None:
    assert ids(shelf.get("treaties", in_force="true")) == ["EX-4"]
    assert len(ids(shelf.get("treaties", in_force="false"))) == 6


def test_rehearsals_are_listed_apart(shelf: Status) -> None:
    (row,) = shelf.get("treaties", rehearsals="true")["treaties"]
    assert (row["id"], row["livemode"], row["rehearsal_of"]) == ("EX-4~exercise", False, "EX-4")
    assert "EX-4~exercise" not in ids(shelf.get("treaties", limit=1000))


def test_a_cursor_that_is_not_ours_is_refused(shelf: Status) -> None:
    assert shelf.client.get("/v1/treaties?after=%F0%9F%92%A5").status_code == 422


def test_the_registry_finds_by_part_of_a_name_and_says_which_is_exact(shelf: Status) -> None:
    told = shelf.get("participants", q="Congo")
    assert {"cog", "cod"} <= {row["id"] for row in told["participants"]}
    assert shelf.get("participants", q="France")["match"] == "fra"
    assert shelf.get("participants", q="Vietnamm")["suggestions"][0]["id"] == "vnm"


def test_the_registry_lists_a_group_as_of_a_day(shelf: Status) -> None:
    now = {row["id"] for row in shelf.get("participants", group="eu")["participants"]}
    then = {row["id"] for row in shelf.get("participants", group="eu", on="2019-06-01")["participants"]}
    assert len(now) == 27
    assert then - now == {"gbr"}


def test_an_entry_of_the_registry_knows_its_names_groups_and_treaties(shelf: Status) -> None:
    told = shelf.get("participants/FRA", lang="vi")

    assert (told["id"], told["iso3"], told["name"]) == ("fra", "FRA", "Pháp")
    assert "eu" in told["groups"]
    (treaty,) = told["treaties"]
    assert (treaty["treaty"], treaty["status"], treaty["consent"]["on"]) == ("EX-4", "party", "2026-03-01")


# ---- definitions and rehearsals --------------------------------------------------------------------------------------
def test_defining_is_new_then_unchanged_then_amended(service: Status) -> None:
    first = service.put("EX-1", protocol())
    same = service.put("EX-1", protocol())
    other = service.put("EX-1", protocol(need=5))

    assert (first.status_code, same.status_code, other.status_code) == (201, 200, 200)
    assert first.headers["location"] == "/v1/treaties/EX-1"
    assert same.json()["recorded_as"] == "nothing"
    assert (other.json()["recorded_as"], service.treaty("EX-1")["rule"]["version"]) == ("definition", 2)


def test_windows_that_are_left_out_stay_as_they_are(service: Status) -> None:
    windows = [{"place": "Paris", "opens_on": "2026-02-01"}]
    assert service.put("EX-1", protocol(signature_windows=windows)).status_code == 201
    assert service.put("EX-1", protocol(articles=12)).status_code == 200

    told = service.treaty("EX-1")
    assert told["articles"] == 12
    assert told["signature"]["windows"][0]["place"] == "Paris"


def test_a_definition_for_another_version_is_refused(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    assert service.put("EX-1", protocol(articles=12), if_match='"1"').status_code == 412
    version = service.treaty("EX-1")["version"]
    assert service.put("EX-1", protocol(articles=12), if_match=f'"{version}"').status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"depositary": {"id": "x", "name": {"en": "x"}, "time_zone": "Mars/Olympus"}}, "/depositary/time_zone"),
        ({"titles": {}}, "/titles"),
        ({"signature_windows": [{"place": "x", "opens_on": "2026-02-01", "closes_on": "2026-01-01"}]}, "closes_on"),
        ({"adopted_on": "0026-01-01"}, "/adopted_on"),
        ({"rule": {"treaty": "OTHER", "title": "x", "in_force": protocol()["rule"]["in_force"]}}, "/rule/treaty"),
        ({"rule": {"treaty": "EX-1", "title": "x", "in_force": []}}, "/rule/in_force"),
        ({"rule": 5}, "/rule"),
        ({"rule": {"treaty": "EX-1", "title": "x", "in_force": [{"clause": "1", "when": {"op": "magic"}}]}}, "/rule"),
    ],
)
def test_a_definition_that_cannot_be_is_pointed_at(service: Status, change: dict[str, object], pointer: str) -> None:
    answer = service.put("EX-1", protocol(**change))
    assert answer.status_code == 422, answer.text
    assert any(pointer in one["pointer"] for one in answer.json()["errors"])


@pytest.mark.parametrize("treaty", ["a b", "ä", "-x", "x" * 65, "EX-1~exercise"])
def test_an_id_that_no_treaty_may_have_is_refused(service: Status, treaty: str) -> None:
    assert service.put(treaty, protocol()).status_code == 422


def test_a_rehearsal_is_a_labelled_copy_with_its_own_calendar(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    service.recorded("EX-1", "accession", "fra", "2026-03-01")

    answer = service.post("EX-1/rehearsals", {"starts_on": "2026-12-24"})
    treaty = answer.json()["id"]

    assert treaty.startswith("EX-1~")
    assert len(treaty) == len("EX-1~") + 6
    assert answer.headers["location"] == f"/v1/treaties/{treaty}"
    told = service.treaty(treaty)
    assert (told["livemode"], told["rehearsal_of"], told["as_of"]) == (False, "EX-1", "2026-12-24")
    assert told["counts"]["consents"] == 1


def test_a_rehearsal_may_be_opened_without_a_body(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    answer = service.client.post("/v1/treaties/EX-1/rehearsals", headers=service.bearer())
    assert answer.status_code == 201, answer.text
    assert answer.json()["starts_on"] == "2026-11-21"


def test_the_same_request_opens_the_same_rehearsal(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    one = service.post("EX-1/rehearsals", {}, idempotency_key="exercise")
    two = service.post("EX-1/rehearsals", {}, idempotency_key="exercise")
    assert (one.status_code, one.json()["id"]) == (two.status_code, two.json()["id"])


def test_a_rehearsals_id_begins_with_its_treatys(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    assert service.post("EX-1/rehearsals", {"id": "EX-2~x"}).status_code == 422
    assert service.post("EX-1/rehearsals", {"id": "EX-1~x"}).status_code == 201
    assert service.post("EX-1/rehearsals", {"id": "EX-1~x"}).status_code == 409


def test_a_closed_rehearsal_is_gone(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    treaty = service.rehearse("EX-1")
    assert service.client.delete(f"/v1/treaties/{treaty}", headers=service.bearer()).status_code == 200

    assert service.client.get(f"/v1/treaties/{treaty}").status_code == 410
    assert service.act(treaty, "accession", "fra", "2026-03-01").status_code == 410


def test_an_act_may_be_retracted_and_reinstated(service: Status) -> None:
    assert service.put("EX-1", protocol(need=1)).status_code == 201
    act = service.recorded("EX-1", "accession", "fra", "2026-03-01")["event_id"]

    gone = service.post("EX-1/corrections", {"target": act, "kind": "retracted", "reason": "duplicate"})
    assert gone.status_code == 201, gone.text
    assert "treaty.threshold.revoked" in {one["type"] for one in gone.json()["milestones"]}
    assert service.treaty("EX-1")["counts"]["consents"] == 0

    back = service.post("EX-1/corrections", {"target": act, "kind": "reinstated", "reason": "source_error"})
    assert back.status_code == 201, back.text
    assert service.treaty("EX-1")["counts"]["consents"] == 1


def test_a_correction_may_name_the_right_participant(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    act = service.recorded("EX-1", "accession", "cog", "2026-03-01")["event_id"]
    right = {"participant": "Democratic Republic of the Congo"}

    answer = service.post(
        "EX-1/corrections", {"target": act, "kind": "corrected", "fields": right, "reason": "source_error"}
    )

    assert answer.status_code == 201, answer.text
    (correction,) = [event for event in service.log("EX-1") if event["type"] == "treaty.fact.corrected"]
    assert correction["data"]["fields"] == {"participant": "cod"}
    assert service.get("treaties/EX-1/explanation")["counted"] == ["cod"]


@pytest.mark.parametrize(
    ("body", "status_code"),
    [
        ({"kind": "corrected", "reason": "typing"}, 422),
        ({"kind": "corrected", "reason": "typing", "fields": {"recorded": 1}}, 422),
        ({"kind": "corrected", "reason": "typing", "fields": {"act_date": "tomorrow"}}, 422),
        ({"kind": "corrected", "reason": "typing", "fields": {"act_date": "2026-03-01"}}, 409),
        ({"kind": "retracted", "reason": "typing", "fields": {"act_date": "2026-03-02"}}, 422),
        ({"kind": "reinstated", "reason": "typing"}, 409),
        ({"kind": "undone", "reason": "typing"}, 422),
        ({"kind": "retracted", "reason": "because"}, 422),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(
    service: Status, body: dict[str, object], status_code: int
) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    act = service.recorded("EX-1", "accession", "fra", "2026-03-01")["event_id"]
    answer = service.post("EX-1/corrections", {"target": act, **body})
    assert answer.status_code == status_code, answer.text


def test_a_correction_that_makes_a_second_consent_is_refused_unless_overruled(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    held = service.recorded("EX-1", "accession", "fra", "2026-02-01", deposit_status="pending")["event_id"]
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    body = {"target": held, "kind": "corrected", "reason": "depositary_correction"}
    body |= {"fields": {"deposit_status": "accepted"}}

    refused = service.post("EX-1/corrections", body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-contracting")
    assert (refused.json()["check"], "override V7" in refused.json()["way_out"]) == ("V7", True)

    override = {"checks": ["V7"], "reason": "the depositary lists both"}
    taken = service.post("EX-1/corrections", body | {"override": override})
    assert taken.status_code == 201, taken.text
    assert [one["code"] for one in taken.json()["warnings"]] == ["V7"]
    (correction,) = [event for event in service.log("EX-1") if event["type"] == "treaty.fact.corrected"]
    assert correction["data"]["override"] == override
    assert service.treaty("EX-1")["counts"]["consents"] == 1


def test_a_reservation_recorded_after_the_deposit_names_the_correction_that_would_hold_it_back(service: Status) -> None:
    rule = protocol()["rule"] | {"reservations": {"clause": "19", "admits": "none"}}
    assert service.put("EX-1", protocol(rule=rule)).status_code == 201
    deposit = service.recorded("EX-1", "accession", "fra", "2026-03-01")["event_id"]

    made = service.recorded("EX-1", "reservation", "fra", "2026-03-01", text="x")

    (warning,) = [one for one in made["warnings"] if one["code"] == "V11"]
    assert f"correct the deposit_status of the deposit {deposit} to pending" in warning["message"]
    assert service.treaty("EX-1")["counts"]["consents"] == 1


def test_a_correction_of_no_act_is_refused(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    body = {"target": "6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d", "kind": "retracted", "reason": "typing"}
    assert service.post("EX-1/corrections", body).json()["type"] == "/problems/unknown-fact"


@pytest.mark.parametrize("after_a_write", [True, False])
def test_the_service_is_not_ready_while_nothing_can_be_recorded(tmp_path: Path, after_a_write: bool) -> None:
    """Reading goes on behind a lock, so that only a probe tells."""
    file = tmp_path / "treaty.db"
    with status(f"sqlite:///{file}") as service, closing(sqlite3.connect(file, isolation_level=None)) as other:
        assert service.client.get("/readyz").status_code == 200
        if after_a_write:
            assert service.put("EX-1", protocol()).status_code == 201
            service.settled()
        other.execute("BEGIN IMMEDIATE")
        if after_a_write:  # what was written last shows nothing once a write was refused
            assert service.act("EX-1", "accession", "fra", "2026-03-01").status_code == 503

        unready = service.client.get("/readyz")
        assert (unready.status_code, unready.json()["faults"]) == (
            503,
            {"log": "cannot be written: it is locked by somebody else"},
        )
        assert service.client.get("/livez").status_code == 200

        other.execute("ROLLBACK")
        assert service.client.get("/readyz").status_code == 200


# ---- operations ------------------------------------------------------------------------------------------------------
def test_the_service_says_that_it_lives_is_ready_and_which_release_it_is(service: Status) -> None:
    assert service.client.get("/livez").json() == {"status": "alive"}
    ready = service.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert service.client.get("/healthz").status_code == 200
    assert service.client.get("/version").json()["name"] == "treaty-status"
    assert "treaty_log_position" in service.client.get("/metrics").text
    for path in (
        "/livez",
        "/readyz",
        "/version",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/v1/treaties",
        "/v1/participants",
    ):
        assert service.client.head(path).status_code == 200, path


def test_a_service_whose_writer_has_ended_is_not_ready(service: Status) -> None:
    service.app.surface.desk.writer.stop()
    answer = service.client.get("/readyz")
    assert (answer.status_code, answer.json()["faults"]) == (503, {"writer": "has ended"})


def test_the_documentation_needs_no_network(service: Status) -> None:
    page = service.client.get("/docs").text
    assert "http" not in page.replace("http://www.w3.org", "")
    assert service.client.get("/docs-assets/swagger-ui-bundle.js").status_code == 200


def test_answers_are_counted_by_road_and_status(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    service.treaty("EX-1")
    service.client.get("/v1/treaties/NO")

    text = service.client.get("/metrics").text
    assert 'treaty_answers_total{road="record",status="201"} 1.0' in text
    assert 'treaty_answers_total{road="document",status="200"} 1.0' in text
    assert 'treaty_answers_total{road="other",status="404"} 1.0' in text


def test_a_database_that_is_away_is_said_with_when_to_come_again(
    service: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise LogUnavailable("the database is restarting")

    assert service.put("EX-1", protocol()).status_code == 201
    desk = service.app.surface.desk
    monkeypatch.setattr(desk.log, "append", away)
    written = service.act("EX-1", "accession", "fra", "2026-03-01")
    monkeypatch.setattr(desk.log, "read_stream", away)
    desk.treaties.forget("EX-1")
    read = service.client.get("/v1/treaties/EX-1")
    monkeypatch.undo()

    for answer in (written, read):
        assert answer.status_code == 503, answer.text
        assert answer.json()["type"] == "/problems/log-unavailable"
        assert int(answer.headers["retry-after"]) >= 1
        assert "restarting" not in answer.text
    assert service.recorded("EX-1", "accession", "fra", "2026-03-01")["recorded_as"] == "act"
