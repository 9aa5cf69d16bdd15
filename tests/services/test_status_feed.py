"""The feed: in order, without gaps, at once; as pages, lines and a stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread
from time import monotonic
from typing import Any

import httpx
import pytest
import uvicorn

from tests.services.status_world import Clock, Status, protocol, status
from treaty_events.catalogue import MILESTONES
from treaty_status.api import Server, create_app
from treaty_status.application.keys import Scope
from treaty_status.service import open_desk

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def fill(service: Status, treaty: str = "EX-1", *, acts: int = 3) -> None:
    assert service.put(treaty, protocol(treaty)).status_code == 201
    for name in ("fra", "deu", "ita", "esp", "prt")[:acts]:
        service.recorded(treaty, "accession", name, "2026-03-01")


def page(service: Status, **params: Any) -> dict[str, Any]:
    return dict(service.get("feed", **params))


# ---- pages -----------------------------------------------------------------------------------------------------------
def test_every_event_is_told_once_and_in_order(service_anywhere: Status) -> None:
    service = service_anywhere
    fill(service)
    fill(service, "EX-2")

    told, after = [], 0
    while True:
        part = page(service, after=after, limit=4)
        told += part["events"]
        if part["next"] == after:
            break
        after = part["next"]

    positions = [event["position"] for event in told]
    assert positions == sorted(set(positions))
    assert len(told) == len(service.log("EX-1")) + len(service.log("EX-2"))
    assert after == part["head"] == positions[-1]


def test_an_event_says_what_it_is_and_carries_the_stored_body(service: Status) -> None:
    fill(service)
    events = page(service, limit=1000)["events"]

    first = events[0]
    assert {"position", "id", "type", "category", "treaty", "version", "livemode", "recorded_at", "recorded_by"} < set(
        first
    )
    assert (first["type"], first["category"], first["treaty"], first["livemode"]) == (
        "treaty.defined",
        "fact",
        "EX-1",
        True,
    )
    assert first["recorded_by"] == first["data"]["recorded"]["by"] == "key:admin"
    threshold = next(event for event in events if event["type"] == "treaty.threshold.reached")
    assert threshold["category"] == "milestone"
    assert threshold["data"]["consequence"] == {"entry_into_force": "2026-05-30", "clause": "10(1)"}


def test_the_events_of_a_rehearsal_are_not_live(service: Status) -> None:
    fill(service, acts=0)
    rehearsal = service.rehearse("EX-1")
    service.recorded(rehearsal, "accession", "fra", "2026-12-01")

    events = page(service, limit=1000)["events"]
    assert {event["livemode"] for event in events if event["treaty"] == rehearsal} == {False}
    assert {event["livemode"] for event in events if event["treaty"] == "EX-1"} == {True}


def test_what_a_filter_leaves_out_is_passed_all_the_same(service: Status) -> None:
    fill(service)
    told = page(service, types="treaty.threshold.*,treaty.defined")

    assert {event["type"] for event in told["events"]} == {"treaty.defined", "treaty.threshold.reached"}
    assert told["next"] == told["head"]
    assert page(service, types="treaty.signature.*", after=told["next"])["next"] == told["next"]


def test_a_small_page_is_filled_from_wherever_the_next_fitting_event_is(service: Status) -> None:
    fill(service)

    [event] = page(service, after=0, limit=1, types="treaty.consent.recorded")["events"]

    assert event["type"] == "treaty.consent.recorded"


def test_a_filter_that_fits_no_event_there_is_would_wait_for_ever_and_is_refused(service: Status) -> None:
    for types in ("treaty.thresold.*", "nothing", ","):
        answer = service.client.get("/v1/feed", params={"types": types})
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("query", ["after=-1", "limit=0", "limit=1001", "wait=31", "wait=-1", "after=x"])
def test_bounds_are_kept(service: Status, query: str) -> None:
    assert service.client.get(f"/v1/feed?{query}").status_code == 422


def test_lines_are_the_same_events(service: Status) -> None:
    fill(service)
    answer = service.client.get("/v1/feed?limit=5", headers={"accept": "application/x-ndjson"})

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == page(service, limit=5)["events"]
    assert answer.headers["x-next-position"] == str(lines[-1]["position"])


def test_an_old_position_is_served_from_the_log_and_a_new_one_from_memory(sqlite_dsn: str) -> None:
    with status(sqlite_dsn) as before:
        fill(before)
        expected = page(before, limit=1000)["events"]
    with status(sqlite_dsn) as after:
        after.recorded("EX-1", "accession", "bel", "2026-03-02")
        told = page(after, limit=1000)["events"]
        assert told[: len(expected)] == expected
        assert page(after, after=expected[-1]["position"], limit=1000)["events"] == told[len(expected) :]


def test_a_long_poll_without_news_ends_empty_after_its_time(service: Status) -> None:
    fill(service)
    head = page(service, limit=1)["head"]
    told = page(service, after=head, wait=0.05)
    assert (told["events"], told["next"]) == ([], head)


@pytest.mark.parametrize("types", [None, "treaty.consent.*"])
def test_a_reader_ahead_of_the_log_is_told_where_the_log_ends(service: Status, types: str | None) -> None:
    """So that a follower of another log, or of one restored from an older copy, can notice."""
    fill(service)
    head = page(service, limit=1)["head"]
    told = page(service, after=head + 311, **({} if types is None else {"types": types}))
    assert (told["events"], told["next"], told["head"]) == ([], head + 311, head)


def test_head_asks_for_no_wait(service: Status) -> None:
    began = monotonic()
    assert service.client.head("/v1/feed?wait=30").status_code == 200
    assert service.client.head("/v1/feed", headers={"accept": "text/event-stream"}).status_code == 200
    assert monotonic() - began < 20


# ---- as it comes -----------------------------------------------------------------------------------------------------
@asynccontextmanager
async def serving(dsn: str) -> AsyncIterator[tuple[httpx.AsyncClient, str, Server]]:
    """The service on a real socket of this machine; a client of it, a key, and the server."""
    desk = open_desk(dsn, clock=Clock())
    name = f"feed-{len(desk.keys.list())}"
    _, secret = desk.keys.create(name=name, scopes=[Scope.ADMIN], now=Clock().now)
    app = create_app(desk)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=5)
    server = Server(config, app)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as client:
        try:
            yield client, secret, server
        finally:
            server.should_exit = True
            app.closing()
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


async def deposit(client: httpx.AsyncClient, who: str) -> None:
    body = {"action": "accession", "participant": who, "act_date": "2026-03-01"}
    answer = await client.post("/v1/treaties/EX-1/actions", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_long_poll_is_answered_by_the_next_commit(database_dsn: str) -> None:
    async with serving(database_dsn) as (client, _, _):
        assert (await client.put("/v1/treaties/EX-1", json=protocol())).status_code == 201
        head = (await client.get("/v1/feed?limit=1")).json()["head"]
        waiting = asyncio.create_task(client.get(f"/v1/feed?after={head}&wait=15"))
        await asyncio.sleep(0.05)
        await deposit(client, "fra")

        told = (await waiting).json()

    assert told["events"][0]["position"] > head
    assert told["events"][0]["type"] == "treaty.consent.recorded"


async def test_a_commit_of_another_process_is_told_as_well(database_dsn: str) -> None:
    async with serving(database_dsn) as (one, _, _), serving(database_dsn) as (other, _, _):
        assert (await one.put("/v1/treaties/EX-1", json=protocol())).status_code == 201
        head = (await one.get("/v1/feed?limit=1")).json()["head"]
        waiting = asyncio.create_task(other.get(f"/v1/feed?after={head}&wait=15"))
        await asyncio.sleep(0.05)
        await deposit(one, "fra")

        told = (await waiting).json()
        seen = (await other.get("/v1/treaties/EX-1")).json()

    assert told["events"][0]["type"] == "treaty.consent.recorded"
    assert seen["counts"]["consents"] == 1


async def test_a_stream_gives_every_event_with_its_position_and_resumes_there(sqlite_dsn: str) -> None:
    async with serving(sqlite_dsn) as (client, _, _):
        assert (await client.put("/v1/treaties/EX-1", json=protocol())).status_code == 201
        await deposit(client, "fra")
        expected = (await client.get("/v1/feed?limit=1000")).json()["events"]

        told = await streamed(client, len(expected))
        assert [event["data"] for event in told] == expected
        assert [event["id"] for event in told] == [str(event["position"]) for event in expected]
        assert [event["event"] for event in told] == [event["type"] for event in expected]

        rest = await streamed(client, 2, {"last-event-id": str(expected[-3]["position"])})
        assert [event["data"] for event in rest] == expected[-2:]


async def streamed(client: httpx.AsyncClient, n: int, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The first events of a stream."""
    found: list[dict[str, Any]] = []
    accept = {"accept": "text/event-stream", **(headers or {})}
    async with client.stream("GET", "/v1/feed", headers=accept) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, Any] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "data":
                event["data"] = json.loads(value)
            elif name in {"id", "event"}:
                event[name] = value
            elif not line and event:
                found.append(event)
                event = {}
                if len(found) == n:
                    break
    return found


async def test_a_stream_ends_cleanly_when_the_service_stops(sqlite_dsn: str) -> None:
    async with serving(sqlite_dsn) as (client, _, server):
        waiting = asyncio.create_task(client.get("/v1/feed?after=0&wait=30"))
        async with client.stream("GET", "/v1/feed", headers={"accept": "text/event-stream"}) as answer:
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith("retry")
            began = monotonic()
            server.handle_exit(15, None)
            rest = [line async for line in lines]
        assert ": the service is closing; come again" in rest
        assert (await waiting).json()["events"] == []
        assert monotonic() - began < 10
        server._captured_signals.clear()


def test_the_catalogue_and_the_feed_speak_of_the_same_types(service: Status) -> None:
    fill(service)
    milestones = {event["type"] for event in page(service, limit=1000)["events"] if event["category"] == "milestone"}
    assert milestones <= set(MILESTONES)
