"""What-if and path through the front door: open to everyone, bounded, and nothing recorded."""

import asyncio
from threading import Event
from typing import Any

import pytest

from tests.services.status_world import HANOI, Json, Status, protocol
from treaty_status.api.refusals import TooManyQuestions
from treaty_status.api.workbench import Workbench


def accession(participant: str, on: str, **more: Any) -> Json:
    return {"action": "accession", "participant": participant, "act_date": on, **more}


def what_if(service: Status, treaty: str, *acts: Json, query: str = "", **more: Any) -> Any:
    return service.client.post(f"/v1/treaties/{treaty}/what-if{query}", json={"acts": acts, **more})


def defined(service: Status, **more: Any) -> None:
    assert service.put("EX-1", protocol(**more)).status_code == 201


# ---- what-if ---------------------------------------------------------------------------------------------------------
def test_forty_supposed_deposits_bring_the_convention_into_force_and_none_is_recorded(hanoi: Status) -> None:
    candidates = hanoi.get(f"treaties/{HANOI}/path")["candidates"][:40]
    before = hanoi.client.get(f"/v1/treaties/{HANOI}").text
    acts = [
        {
            "action": one["by"][0],
            "participant": one["participant"],
            "act_date": f"2027-{1 + n // 20:02}-{1 + n % 20:02}",
        }
        for n, one in enumerate(candidates)
    ]
    answer = what_if(hanoi, HANOI, *acts)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["difference"]["threshold_on"] == {"before": None, "after": "2027-02-20"}
    assert told["difference"]["entry_into_force_on"] == {"before": None, "after": "2027-05-21"}
    assert (told["before"]["progress"]["have"], told["after"]["progress"]["have"]) == (0, 40)
    assert len(told["difference"]["participants"]) == 40
    assert "cache-control" in answer.headers
    assert hanoi.client.get(f"/v1/treaties/{HANOI}").text == before


def test_what_is_supposed_is_what_a_rehearsal_brings(service: Status) -> None:
    defined(service, need=2)
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    told = what_if(service, "EX-1", accession("Italy", "2027-02-01"), as_of="2027-06-01").json()

    rehearsal = service.rehearse("EX-1")
    service.recorded(rehearsal, "accession", "ita", "2027-02-01")
    assert service.post(f"{rehearsal}/day", {"on": "2027-06-01"}).status_code == 200
    there = service.treaty(rehearsal, as_of="2027-06-01")

    assert {name: told["after"][name] for name in ("force", "progress", "counts")} == {
        name: there[name] for name in ("force", "progress", "counts")
    }
    italy = next(row for row in told["difference"]["participants"] if row["participant"] == "ita")
    assert italy["after"]["effect_on"] == service.get(f"treaties/{rehearsal}/participants/ita")["effect_on"]


def test_a_rehearsal_can_be_asked_too(service: Status) -> None:
    defined(service)
    rehearsal = service.rehearse("EX-1", starts_on="2026-06-01")
    told = what_if(service, rehearsal, accession("fra", "2026-08-01")).json()

    assert (told["as_of"], told["livemode"]) == ("2026-08-01", False)
    assert service.treaty(rehearsal)["rehearsal_day"] == "2026-06-01"


def test_names_come_in_the_language_asked_for(service: Status) -> None:
    defined(service)
    told = what_if(service, "EX-1", accession("ita", "2027-02-01"), query="?lang=fr").json()

    assert told["lang"] == "fr"
    assert [row["name"] for row in told["difference"]["participants"]] == ["Italie"]


@pytest.mark.parametrize(
    ("second", "status", "slug", "pointer"),
    [
        (accession("fra", "2027-03-01"), 409, "already-contracting", None),
        (accession("Frnace", "2027-03-01"), 422, "unknown-participant", "/acts/1/participant"),
        (accession("ita", "2027-02-30"), 422, "invalid-request", "/acts/1/act_date"),
        (accession("ita", "2027-03-01", territory="Corsica"), 422, "invalid-request", "/acts/1/territory"),
        (accession("ita", "2020-03-01"), 422, "act-too-early", None),
    ],
)
def test_a_refusal_names_the_act_by_its_index(
    service: Status, second: Json, status: int, slug: str, pointer: str | None
) -> None:
    defined(service)
    answer = what_if(service, "EX-1", accession("fra", "2027-02-01"), second)
    told = answer.json()

    assert (answer.status_code, told["type"], told["act"]) == (status, f"/problems/{slug}", 1)
    assert told["detail"].startswith("/acts/1")
    if pointer is not None:
        assert pointer in {told.get("pointer"), *(one["pointer"] for one in told.get("errors", ()))}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"acts": []}, "/acts"),
        ({}, ""),
        ({"acts": [accession("fra", "2027-02-01")] * 301}, "/acts"),
        ({"acts": [accession("fra", "2027-02-01") | {"when": "soon"}]}, "/acts/0"),
        ({"acts": [accession("fra", "2027-02-01")], "as_of": "tomorrow"}, "/as_of"),
        ({"acts": [accession("fra", "2027-02-01")], "as_of": "2027-01-31"}, "/acts/0/act_date"),
    ],
)
def test_a_question_that_is_not_one_is_refused(service: Status, body: Json, pointer: str) -> None:
    defined(service)
    answer = service.client.post("/v1/treaties/EX-1/what-if", json=body)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_a_question_is_bounded_and_about_a_treaty_there_is(service: Status) -> None:
    defined(service)
    long = {"acts": [accession("fra", "2027-02-01", note="n" * 19_000)] * 60}

    assert service.client.post("/v1/treaties/EX-1/what-if", json=long).status_code == 413
    assert what_if(service, "NOPE", accession("fra", "2027-02-01")).status_code == 404
    assert service.client.post("/v1/treaties/EX-1/what-if", content=b"{}").status_code == 415


# ---- path ------------------------------------------------------------------------------------------------------------
def test_the_convention_needs_any_forty(hanoi: Status) -> None:
    told = hanoi.get(f"treaties/{HANOI}/path")
    (path,) = told["paths"]

    assert (told["size"], told["at_least"], told["exhausted"], told["stopped_by"]) == (40, 40, True, None)
    assert [one["n"] for one in path["any"]] == [40]
    assert path["any"][0]["of"] == [one["participant"] for one in told["candidates"]]
    first_other = next(n for n, one in enumerate(told["candidates"]) if not one["signatory"])
    assert all(not one["signatory"] for one in told["candidates"][first_other:])
    assert first_other == 71  # the European Union has signed as well; it has to wait for a member
    assert (
        told["text"]["en"]
        == f"40 more instruments would meet the condition (art. 65(1)): any 40 of {len(told['candidates'])}."
    )
    assert path["entry_into_force_on"] == "2027-02-19"


def test_a_path_that_is_supposed_crosses(hanoi: Status) -> None:
    told = hanoi.get(f"treaties/{HANOI}/path")
    by = {one["participant"]: one["by"] for one in told["candidates"]}
    acts = [
        {"action": action, "participant": name, "act_date": told["as_of"]}
        for name in told["paths"][0]["example"]
        for action in by[name]
    ]

    assert what_if(hanoi, HANOI, *acts).json()["after"]["force"]["state"] == "threshold_met"
    assert what_if(hanoi, HANOI, *acts[1:]).json()["after"]["force"]["state"] == "gathering"


def test_only_members_of_a_group_are_asked(service: Status) -> None:
    defined(service, need=2)
    told = service.get("treaties/EX-1/path", among="asean")

    assert told["among"] == "asean"
    assert "vnm" in told["paths"][0]["any"][0]["of"]
    assert len(told["candidates"]) <= 11
    assert service.client.get("/v1/treaties/EX-1/path?among=martians").status_code == 404


def test_nobody_has_to_be_asked_once_the_threshold_is_crossed(service: Status) -> None:
    defined(service, need=1)
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    told = service.get("treaties/EX-1/path")

    assert (told["crossed"], told["threshold_on"], told["size"], told["paths"]) == (True, "2026-03-01", 0, [])
    assert told["text"]["fr"] == "Le seuil a été franchi le 1er mars 2026."
    assert not service.get("treaties/EX-1/path", as_of="2026-02-01")["crossed"]


def test_weights_of_the_rule_s_own_table_make_sets_and_the_limit_is_admitted(service: Status) -> None:
    body = protocol()
    shares = {"chn": "0.3", "usa": "0.25", "ind": "0.2", "rus": "0.15", "jpn": "0.1"}
    body["rule"]["tables"] = [{"table": "share", "version": "1", "source": "invented", "whole": "1", "values": shares}]
    body["rule"]["in_force"][0]["when"] = {"op": "weight", "table": "share", "at_least": "0.45"}
    assert service.put("EX-1", body).status_code == 201

    told = service.get("treaties/EX-1/path")
    assert [one["everyone"] for one in told["paths"]] == [
        ["chn", "usa"],
        ["chn", "ind"],
        ["chn", "rus"],
        ["usa", "ind"],
    ]
    assert told["exhausted"]
    told = service.get("treaties/EX-1/path", limit=2)
    assert (len(told["paths"]), told["exhausted"], told["stopped_by"]) == (2, False, "limit")


def test_what_is_not_recorded_is_said_to_be_missing(service: Status) -> None:
    body = protocol()
    body["rule"]["in_force"][0]["when"] = {"op": "weight", "table": "tonnage", "at_least": "0.5"}
    assert service.put("EX-1", body).status_code == 201
    told = service.get("treaties/EX-1/path")

    assert (told["paths"], told["unknown"], told["exhausted"]) == ([], ["table:tonnage"], False)
    assert told["text"]["en"].startswith("It cannot be said")


def test_a_treaty_without_a_rule_has_no_path(service: Status) -> None:
    body = protocol()
    del body["rule"]
    assert service.put("EX-1", body).status_code == 201

    assert service.get("treaties/EX-1/path")["unknown"] == ["rule"]
    assert what_if(service, "EX-1", accession("fra", "2027-02-01")).json()["after"]["force"]["state"] == "no_rule"


def test_a_path_that_the_reader_holds_is_not_sent_again_until_an_act(service: Status) -> None:
    defined(service)
    first = service.client.get("/v1/treaties/EX-1/path")
    tag = {"if-none-match": first.headers["etag"]}

    assert service.client.get("/v1/treaties/EX-1/path", headers=tag).status_code == 304
    assert service.client.head("/v1/treaties/EX-1/path").status_code == 200
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    assert service.client.get("/v1/treaties/EX-1/path", headers=tag).json()["size"] == 2


# ---- not for a queue without end -------------------------------------------------------------------------------------
def test_too_many_questions_at_once_are_refused_and_the_others_answered() -> None:
    go_on = Event()

    async def asked() -> list[Any]:
        bench = Workbench(at_once=1, waiting=3)
        tasks = [asyncio.create_task(bench.work(lambda: go_on.wait(10))) for _ in range(5)]
        await asyncio.sleep(0)  # each has asked, or was refused
        go_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(asked())
    assert answers[:3] == [True, True, True]
    assert [type(one) for one in answers[3:]] == [TooManyQuestions, TooManyQuestions]


# ---- certificates ----------------------------------------------------------------------------------------------------
def waits_for_oil(treaty: str = "EX-1", **asked: str) -> Json:
    body = protocol(treaty, need=1)
    fact = {"op": "fact", "key": "oil", **asked}
    body["rule"]["in_force"][0]["when"] = {"op": "all", "of": [{"op": "count", "at_least": 1}, fact]}
    return body


def oil(on: str, **more: Any) -> Json:
    return {"key": "oil", "certified_on": on, "certified_by": "The Director", **more}


def test_a_certificate_can_be_supposed_beside_acts_or_alone(service: Status) -> None:
    assert service.put("EX-1", waits_for_oil()).status_code == 201
    both = what_if(service, "EX-1", accession("fra", "2027-03-01"), certificates=[oil("2027-02-01")]).json()
    assert both["difference"]["threshold_on"]["after"] == "2027-03-01"
    assert {one["act"] for one in both["difference"]["milestones"]} == {0}

    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    alone = what_if(service, "EX-1", certificates=[oil("2027-02-01")]).json()
    assert alone["difference"]["entry_into_force_on"]["after"] == "2027-05-02"
    crossed = next(one for one in alone["difference"]["milestones"] if one["type"] == "treaty.threshold.reached")
    assert (crossed["act"], crossed["certificate"]) == (None, 0)
    assert service.get("treaties/EX-1/certificates")["total"] == 0


def test_certificates_come_in_the_order_of_their_days_whatever_their_place(service: Status) -> None:
    assert service.put("EX-1", waits_for_oil(at_least="10", unit="t")).status_code == 201
    later, sooner = oil("2027-04-01", quantity="12", unit="t"), oil("2027-02-01", quantity="10", unit="t")
    told = what_if(service, "EX-1", accession("fra", "2027-03-01"), certificates=[later, sooner]).json()

    assert told["difference"]["threshold_on"]["after"] == "2027-03-01"
    assert not [one for one in told["difference"]["milestones"] if one["type"] == "treaty.threshold.revised"]


@pytest.mark.parametrize(
    ("certificate", "slug", "pointer"),
    [
        (oil("2027-02-30"), "invalid-request", "/certificates/0/certified_on"),
        (oil("2027-07-01"), "invalid-request", "/certificates/0/certified_on"),
        (oil("2027-02-01", key="gas"), "key-not-asked-for", None),
    ],
)
def test_a_refusal_names_the_certificate_by_its_index(
    service: Status, certificate: Json, slug: str, pointer: str | None
) -> None:
    assert service.put("EX-1", waits_for_oil()).status_code == 201
    answer = what_if(service, "EX-1", certificates=[certificate], as_of="2027-06-30")
    told = answer.json()

    assert (answer.status_code, told["type"]) == (422, f"/problems/{slug}")
    assert told["detail"].startswith("/certificates/0")
    if pointer is not None:
        assert pointer in {one["pointer"] for one in told["errors"]}


def test_the_path_asks_those_whom_a_recorded_table_names(service: Status) -> None:
    body = protocol(need=1)
    body["rule"]["in_force"][0]["when"] = {"op": "weight", "table": "fleet", "at_least": "0.5"}
    assert service.put("EX-1", body).status_code == 201
    assert service.get("treaties/EX-1/path")["unknown"] == ["table:fleet"]

    table = {"values": {"fra": "0.3", "ita": "0.3", "deu": "0.1"}, "source": "An invented register"}
    assert service.put("EX-1/tables/fleet", table).status_code == 201

    told = service.get("treaties/EX-1/path")
    assert (told["size"], sorted(told["paths"][0]["example"])) == (2, ["fra", "ita"])
