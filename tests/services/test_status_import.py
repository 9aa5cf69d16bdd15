"""Many acts in one request: each line answered, bad ones stopping nothing, and nothing recorded twice."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn

from tests.services.notifier_world import eventually
from tests.services.status_world import Clock, Json, Status, protocol
from treaty_status.api import Server, create_app, importing
from treaty_status.application.keys import Scope
from treaty_status.service import open_desk

NDJSON = "application/x-ndjson"
STATES = ("fra", "deu", "ita", "esp", "prt")


def line(
    participant: str, action: str = "accession", on: str = "2026-03-01", treaty: str = "EX-1", **more: Any
) -> Json:
    return {"treaty": treaty, "action": action, "participant": participant, "act_date": on, **more}


def ndjson(*lines: Json | str) -> str:
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)


def sent(service: Status, body: str, *, who: str = "admin", query: str = "", kind: str = NDJSON) -> Any:
    headers = service.bearer(who) | {"content-type": kind}
    return service.client.post(f"/v1/import{query}", content=body.encode(), headers=headers)


def brought(service: Status, *lines: Json | str, query: str = "") -> list[Json]:
    answer = sent(service, ndjson(*lines), query=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(NDJSON)
    return [json.loads(one) for one in answer.text.splitlines()]


def define(service: Status, treaty: str = "EX-1", **more: Any) -> None:
    assert service.put(treaty, protocol(treaty, **more)).status_code == 201


def results(answers: list[Json]) -> list[tuple[int, str]]:
    return [(one["line"], one["result"]) for one in answers]


def head(service: Status) -> int:
    return int(service.get("feed", limit=1)["head"])


# ---- each line -------------------------------------------------------------------------------------------------------
def test_every_line_is_answered_with_its_event_and_sending_it_again_records_nothing(service_anywhere: Status) -> None:
    service = service_anywhere
    define(service)
    lines = [line(one) for one in STATES]

    first = brought(service, *lines)
    before = head(service)
    again = brought(service, *lines)

    assert results(first) == [(n, "recorded") for n in range(1, 6)]
    assert results(again) == [(n, "already") for n in range(1, 6)]
    assert [one["event_id"] for one in again] == [one["event_id"] for one in first]
    assert head(service) == before
    events = {event["id"]: event for event in service.get("feed", limit=1000)["events"]}
    for told, asked in zip(first, lines, strict=True):
        event = events[told["event_id"]]
        assert (event["position"], event["version"]) == (told["position"], told["version"])
        assert event["data"]["participant"] == asked["participant"]


def test_a_bad_line_is_answered_with_its_number_and_its_reason_and_stops_nothing_else(service: Status) -> None:
    define(service)

    told = brought(
        service,
        line("fra"),
        "{not json",
        line("Atlantis"),
        "",
        line("deu", on="2026-13-01"),
        line("ita", wrong="field"),
        line("esp", treaty="EX-9"),
        line("prt", tier="press"),
        line("bel", on="2001-01-01"),
        line("fra"),
        '"a text"',
        line("hun"),
    )

    assert results(told) == [
        (1, "recorded"),
        (2, "problem"),
        (3, "problem"),
        (5, "problem"),
        (6, "problem"),
        (7, "problem"),
        (8, "problem"),
        (9, "problem"),
        (10, "already"),
        (11, "problem"),
        (12, "recorded"),
    ]
    slugs = {one["line"]: one["problem"]["type"].rpartition("/")[2] for one in told if one["result"] == "problem"}
    assert slugs == {
        2: "malformed-json",
        3: "unknown-participant",
        5: "invalid-request",
        6: "invalid-request",
        7: "unknown-treaty",
        8: "not-the-depositarys",
        9: "act-too-early",
        11: "invalid-request",
    }
    for one in told:
        if one["result"] == "problem":
            assert one["problem"]["detail"]
            assert one["problem"]["way_out"]
            assert one["problem"]["status"] < 500


def test_lines_may_end_as_other_systems_end_them(service: Status) -> None:
    define(service)

    answer = sent(service, "\ufeff" + ndjson(line("fra")).replace("\n", "\r\n") + json.dumps(line("deu")))

    assert [json.loads(one)["result"] for one in answer.text.splitlines()] == ["recorded", "recorded"]


def test_the_same_lines_sent_by_several_at_once_are_recorded_once(database_dsn: str) -> None:
    with serving(database_dsn) as (url, headers):
        put_protocol(url, headers)
        body = ndjson(*(line(one) for one in STATES))

        def send(_: int) -> list[str]:
            answer = httpx.post(f"{url}/v1/import", content=body, headers=headers, timeout=60)
            return [json.loads(one)["result"] for one in answer.text.splitlines()]

        with ThreadPoolExecutor(6) as pool:
            told = [result for one in pool.map(send, range(6)) for result in one]

        assert sorted(set(told)) == ["already", "recorded"]
        assert told.count("recorded") == len(STATES)
        assert httpx.get(f"{url}/v1/treaties/EX-1").json()["counts"]["consents"] == len(STATES)


def test_acts_are_decided_in_legal_order_whatever_the_order_of_the_lines(service: Status) -> None:
    body = protocol()
    body["rule"]["joining"]["signature_required"] = True
    assert service.put("EX-1", body).status_code == 201

    told = brought(
        service, line("fra", "ratification", "2026-03-01"), line("deu"), line("fra", "signature", "2026-02-01")
    )

    assert [one["result"] for one in told] == ["recorded"] * 3


def test_a_line_may_overrule_a_check_and_says_why(service: Status) -> None:
    define(service, signature_windows=[{"place": "Paris", "opens_on": "2026-02-01", "closes_on": "2026-02-28"}])
    late = line("fra", "signature", "2026-03-05", place="Paris")

    refused, taken = brought(
        service,
        late,
        late | {"participant": "deu", "override": {"checks": ["V1"], "reason": "The depositary took it."}},
    )

    assert (refused["result"], taken["result"]) == ("problem", "recorded")


def test_what_was_retracted_stays_out_and_the_way_back_is_named(service: Status) -> None:
    define(service)
    [told] = brought(service, line("fra"))
    body = {"target": told["event_id"], "kind": "retracted", "reason": "source_error"}
    assert service.post("EX-1/corrections", body).status_code == 201

    [again] = brought(service, line("fra"))

    assert again["problem"]["type"] == "/problems/retracted-before"
    assert again["problem"]["event_id"] == told["event_id"]


def test_a_line_is_recorded_with_its_warnings(service: Status) -> None:
    define(service)

    told = brought(service, line("fra", "signature", "2026-02-01"), line("fra", "accession", "2026-03-01"))

    assert [[one["code"] for one in each["warnings"]] for each in told] == [[], ["signatory-acceded"]]


# ---- tables ----------------------------------------------------------------------------------------------------------
def test_the_first_line_may_say_that_a_table_is_complete_and_one_that_shrank_is_refused(service: Status) -> None:
    define(service)
    head = {"import": {"tables": {"EX-1": {"fra": 1, "deu": 1}}}}
    fewer = {"import": {"tables": {"EX-1": {"fra": 1}}}}

    first = brought(service, head, line("fra"), line("deu"))
    refused = brought(service, fewer, line("fra"), line("ita"))
    allowed = brought(service, {"import": fewer["import"] | {"may_have_fewer": True}}, line("fra"), line("ita"))
    later = brought(service, line("esp"), head)

    assert results(first) == [(1, "noted"), (2, "recorded"), (3, "recorded")]
    assert [one.get("problem", {}).get("type") for one in refused] == [None, *["/problems/table-shrank"] * 2]
    assert results(allowed) == [(1, "noted"), (2, "already"), (3, "recorded")]
    assert results(later) == [(1, "recorded"), (2, "problem")]


def test_a_head_of_another_shape_is_a_problem_of_its_line(service: Status) -> None:
    define(service)

    told = brought(service, {"import": {"tables": ["EX-1"]}}, line("fra"))

    assert results(told) == [(1, "problem"), (2, "recorded")]
    assert told[0]["problem"]["errors"][0]["pointer"] == "/import/tables"


# ---- history and news ------------------------------------------------------------------------------------------------
def milestones(service: Status) -> list[tuple[str, str]]:
    events = service.get("feed", limit=1000)["events"]
    return [(event["type"], event["category"]) for event in events if event["category"].endswith("milestone")]


def test_a_history_is_no_news_and_one_announcement_says_that_it_is_there(service: Status) -> None:
    define(service)

    brought(service, *(line(one) for one in STATES), query="?source=The+table+of+2026")

    told = dict(milestones(service))
    assert told["treaty.threshold.reached"] == "historic_milestone"
    assert [name for name, category in milestones(service) if category == "milestone"] == ["treaty.import.finished"]
    digest = next(event for event in service.log("EX-1") if event["type"] == "treaty.import.finished")
    assert (digest["data"]["acts"], digest["data"]["source"]) == (5, "The table of 2026")
    assert digest["data"]["run"].startswith("list:")
    assert service.log("EX-1")[2]["data"]["evidence"] == [{"source": "The table of 2026", "locator": "line 1"}]


def test_with_news_each_act_is_recorded_like_any_other(service: Status) -> None:
    define(service)
    lines = [line(one) for one in STATES[:3]]

    told = brought(service, *lines, query="?news=true")
    again = brought(service, *lines, query="?news=true")
    as_history = brought(service, *lines)

    assert [one["result"] for one in told] == ["recorded"] * 3
    assert "treaty.threshold.reached" in [one["type"] for one in told[2]["milestones"]]
    assert dict(milestones(service))["treaty.threshold.reached"] == "milestone"
    assert [one["result"] for one in [*again, *as_history]] == ["already"] * 6


def test_with_news_a_line_sent_twice_in_one_body_is_recorded_once(service: Status) -> None:
    define(service)

    told = brought(service, line("fra"), line("fra"), query="?news=true")

    assert [one["result"] for one in told] == ["recorded", "already"]
    assert told[0]["event_id"] == told[1]["event_id"]


def test_a_dry_run_answers_each_line_and_records_nothing(service: Status) -> None:
    define(service)
    before = head(service)

    told = brought(service, line("fra"), line("Atlantis"), line("fra"), query="?dry_run=true")

    assert results(told) == [(1, "recorded"), (2, "problem"), (3, "already")]
    assert told[0]["dry_run"] is True
    assert not any("event_id" in one for one in told)
    assert head(service) == before


def test_a_treaty_is_put_on_record_only_where_that_is_asked_for_and_allowed(service: Status) -> None:
    body = ndjson(line("fra", treaty="IV-99"))

    assert "unknown-treaty" in sent(service, body, query="?dry_run=true").text
    assert sent(service, body, who="record", query="?define=true").status_code == 403
    assert '"recorded"' in sent(service, body, query="?define=true").text
    assert service.treaty("IV-99")["depositary"]["time_zone"] == "America/New_York"


# ---- at the door -----------------------------------------------------------------------------------------------------
def test_the_door_is_kept_before_any_line_is_read(service: Status) -> None:
    body = ndjson(line("fra"))

    assert service.client.post("/v1/import", content=body, headers={"content-type": NDJSON}).status_code == 401
    assert sent(service, body, who="subscribe").status_code == 403
    assert sent(service, body, kind="application/json").status_code == 415
    assert sent(service, body, kind="text/plain").status_code == 415
    assert sent(service, body, query="?dryrun=true").status_code == 422
    assert sent(service, body, query="?news=true&dry_run=true").status_code == 422
    assert sent(service, "").text == ""
    assert sent(service, "\n \n").text == ""


def test_a_line_that_is_too_long_is_held_by_nobody_and_the_next_is_read(sqlite_dsn: str) -> None:
    from tests.services.status_world import status  # noqa: PLC0415 - with a limit of its own

    with status(sqlite_dsn, body_limit_bytes=2_000) as service:
        define(service)
        told = brought(service, line("fra", note="x" * 50_000), line("deu"))

    assert results(told) == [(1, "problem"), (2, "recorded")]
    assert told[0]["problem"]["type"] == "/problems/body-too-large"


def test_more_lines_than_an_import_may_have_are_told_where_to_go_on(
    service: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_LINES", 3)
    define(service)

    told = brought(service, *(line(one) for one in STATES))

    assert results(told) == [(1, "recorded"), (2, "recorded"), (3, "recorded"), (4, "problem")]
    assert "line 4" in told[3]["problem"]["way_out"]


# ---- as a stream -----------------------------------------------------------------------------------------------------
@contextmanager
def serving(dsn: str) -> Iterator[tuple[str, dict[str, str]]]:
    desk = open_desk(dsn, clock=Clock())
    _, secret = desk.keys.create(name="stream", scopes=[Scope.ADMIN], now=Clock().now)
    app = create_app(desk)
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=5), app)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", {"authorization": f"Bearer {secret}", "content-type": NDJSON}
    finally:
        server.should_exit = True
        app.closing()
        thread.join(timeout=10)
        assert not thread.is_alive()


def put_protocol(url: str, headers: dict[str, str]) -> None:
    as_json = headers | {"content-type": "application/json"}
    assert httpx.put(f"{url}/v1/treaties/EX-1", json=protocol(), headers=as_json).status_code == 201


def chunk(text: str) -> bytes:
    raw = text.encode()
    return f"{len(raw):x}\r\n".encode() + raw + b"\r\n"


def begun(url: str, headers: dict[str, str]) -> socket.socket:
    """A request whose body is still to come."""
    host, port = url.removeprefix("http://").split(":")
    wire = socket.create_connection((host, int(port)), timeout=20)
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    wire.sendall(f"POST /v1/import HTTP/1.1\r\nhost: {host}\r\n{told}transfer-encoding: chunked\r\n\r\n".encode())
    return wire


def read_until(wire: socket.socket, word: bytes) -> bytes:
    got = b""
    while word not in got:
        part = wire.recv(65_536)
        assert part, got
        got += part
    return got


def test_who_sends_and_waits_is_answered_before_the_body_ends(sqlite_dsn: str) -> None:
    with serving(sqlite_dsn) as (url, headers):
        put_protocol(url, headers)
        with begun(url, headers) as wire:
            wire.sendall(chunk(ndjson(line("fra"))))
            assert b'"recorded"' in read_until(wire, b'"line":1')
            wire.sendall(chunk(ndjson(line("deu"))) + b"0\r\n\r\n")
            assert b'"recorded"' in read_until(wire, b'"line":2')


def test_a_body_that_breaks_off_records_no_more_than_was_answered(sqlite_dsn: str) -> None:
    with serving(sqlite_dsn) as (url, headers):
        put_protocol(url, headers)
        with begun(url, headers) as wire:
            wire.sendall(chunk(ndjson(line("fra")) + '{"treaty": "EX-1"'))
        again = httpx.post(f"{url}/v1/import", content=ndjson(line("deu")), headers=headers)
        assert '"recorded"' in again.text
        assert httpx.get(f"{url}/v1/treaties/EX-1").json()["counts"]["consents"] == 1


def test_ten_thousand_lines_go_in_and_out_of_one_request_that_reads_only_at_its_end(sqlite_dsn: str) -> None:
    names = ("fra", "deu", "ita", "esp", "prt", "bel", "hun", "pol", "fin", "swe")
    lines = [line(one, treaty=f"BIG-{n}", on=f"19{50 + n % 50}-01-01") for n in range(1_000) for one in names]
    with serving(sqlite_dsn) as (url, headers):
        answer = httpx.post(f"{url}/v1/import?define=true", content=ndjson(*lines), headers=headers, timeout=120)
        told = [json.loads(one) for one in answer.text.splitlines()]
        assert len(told) == 10_000
        assert {one["result"] for one in told} == {"recorded"}
        assert [one["line"] for one in told] == list(range(1, 10_001))
        assert len({one["position"] for one in told}) == 10_000
