"""From a commit to another process and to a subscriber; and the whole durable pipeline beside a bare aiohttp loop."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple, cast
from urllib.request import urlopen

import aiohttp
import uvloop

from benchmarks.http import acts, definition, states
from benchmarks.load import drive
from benchmarks.processes import call, cpu_seconds, free_port, process, status_service, wait_for
from benchmarks.report import Row, pairwise, spread

SAMPLES = 120
ROUNDS = 5
TREATIES = 15
LANES = 16
MESSAGES = 1_500
"""Facts and milestones waiting for each lane."""


class Notifier(NamedTuple):
    """Where it answers, and its process."""

    port: int
    pid: int


@contextlib.contextmanager
def notifier(folder: Path, database: str, status_port: int) -> Iterator[Notifier]:
    """Our notifier, allowed to deliver to loopback."""
    port = free_port()
    env = {
        "TREATY_NOTIFIER_DATABASE": database,
        "TREATY_NOTIFIER_STATUS_URL": f"http://127.0.0.1:{status_port}",
        "TREATY_NOTIFIER_ALLOW_NETWORKS": "127.0.0.0/8",
        "TREATY_NOTIFIER_SUBSCRIPTIONS_PER_OWNER": "1000",
    }
    with process(sys.executable, "-m", "treaty_notifier", "serve", "--port", str(port), cwd=folder, env=env) as child:
        wait_for(f"http://127.0.0.1:{port}/readyz")
        yield Notifier(port, child.pid)


@contextlib.contextmanager
def sink(folder: Path, *, origins: int = 0) -> Iterator[int]:
    """The counting receiver, at so many further ports."""
    port = free_port()
    env = {"PYTHONPATH": str(Path(__file__).parent.parent)}
    with process(sys.executable, "-m", "benchmarks.sink", str(port), str(origins), cwd=folder, env=env):
        wait_for(f"http://127.0.0.1:{port}/count")
        yield port


class Arrivals(asyncio.Protocol):
    """Notes when each body arrives; used where the moment matters and not the rate."""

    def __init__(self, seen: dict[str, float]) -> None:
        self._seen = seen
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = int(self._buffer[:head_end].lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._buffer) < head_end + 4 + length:
            return
        message = json.loads(self._buffer[head_end + 4 : head_end + 4 + length])
        self._seen[message["data"].get("event_id", "")] = now
        self._buffer = b""
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def latencies(folder: Path, database: str, notices: str, label: str, goal_ms: float) -> list[Row]:
    """One act at a time: how long after its acknowledgement it is seen elsewhere."""
    loop = asyncio.get_running_loop()
    arrived: dict[str, float] = {}
    streamed: dict[str, float] = {}
    server = await loop.create_server(lambda: Arrivals(arrived), "127.0.0.1", 0)
    where = server.sockets[0].getsockname()[1]
    with (
        status_service(folder, database) as (port, key),
        status_service(folder, database) as (other, _),
        notifier(folder, notices, other) as herald,
    ):
        call(port, "PUT", "/v1/treaties/latency-1", definition("latency-1"), key=key)
        await asyncio.to_thread(
            call,
            herald.port,
            "POST",
            "/v1/subscriptions",
            {"url": f"http://127.0.0.1:{where}/hook", "types": ["treaty.consent.recorded"]},
            key=key,
        )
        async with aiohttp.ClientSession() as session:
            listener = asyncio.create_task(_listen(session, other, streamed))
            await asyncio.sleep(1)
            acknowledged = {}
            for state in states()[:SAMPLES]:
                body = {"action": "accession", "participant": state, "act_date": "2015-01-01"}
                async with session.post(
                    f"http://127.0.0.1:{port}/v1/treaties/latency-1/actions",
                    json=body,
                    headers={"authorization": f"Bearer {key}"},
                ) as answer:
                    event = (await answer.json())["event_id"]
                acknowledged[event] = time.perf_counter()
                await asyncio.sleep(0.03)
            await asyncio.sleep(1)
            listener.cancel()
    server.close()
    return [
        *_seen(f"commit → visible in another process, {label}", acknowledged, streamed, goal_ms),
        *_seen(f"commit → webhook received, {label}", acknowledged, arrived, goal_ms),
    ]


async def _listen(session: aiohttp.ClientSession, port: int, streamed: dict[str, float]) -> None:
    headers = {"accept": "text/event-stream"}
    async with session.get(
        f"http://127.0.0.1:{port}/v1/feed?after=0&types=treaty.consent.recorded",
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as answer:
        async for line in answer.content:
            if line.startswith(b"data:"):
                streamed[json.loads(line[5:])["id"]] = time.perf_counter()


def _seen(name: str, acknowledged: dict[str, float], seen: dict[str, float], goal_ms: float) -> list[Row]:
    lags = sorted(max(0.0, (seen[event] - at) * 1000) for event, at in acknowledged.items() if event in seen)
    missing = len(acknowledged) - len(lags)
    if not lags:
        return [Row(f"{name}: median ms", float("inf"), goal_ms, "less", "nothing was seen", "", missing)]
    p99 = lags[int(0.99 * len(lags))]
    raw = f"{median(lags):.1f} ms median, {p99:.1f} ms p99 of {len(lags)}"
    return [
        Row(f"{name}: median ms", median(lags), goal_ms, "less", raw, "the clock", missing),
        Row(f"{name}: p99 ms", p99, 50, "less", raw, "the clock", missing),
    ]


async def pipeline(folder: Path, database: str, notices: Callable[[int], str], label: str, goal: float) -> list[Row]:
    """A backlog delivered to one receiver, durably, with attempt records; beside POSTs without a database.

    What it costs of the processors, the process that signs included, stands beside a socket to which the same bytes are
    written and whose answers nobody reads.
    """
    ours, bare, costs, floors = [], [], [], []
    with status_service(folder, database) as (port, key), sink(folder) as target:
        treaties = [f"backlog-{n}" for n in range(TREATIES)]
        for treaty in treaties:
            call(port, "PUT", f"/v1/treaties/{treaty}", definition(treaty), key=key)
        filled = await drive(
            port, list(islice(acts(treaties, key), MESSAGES)), connections=16, seconds=60, expected=201
        )
        assert filled.answered == MESSAGES
        body = _page(port)
        for n in range(ROUNDS):
            # On a loop like the notifier's, so that the reference has every advantage that we have.
            bare.append(await asyncio.to_thread(uvloop.run, _bare(target, body)))
            with notifier(folder, notices(n), port) as herald:
                await asyncio.sleep(2)  # it reads the feed first; what is measured is delivery
                used = cpu_seconds(herald.pid)
                ours.append(await _delivered(herald.port, target, key))
                costs.append(_each(cpu_seconds(herald.pid) - used))
            with urlopen(f"http://127.0.0.1:{target}/last", timeout=10) as answer:
                posted = answer.read()
            floors.append(_each(await asyncio.to_thread(uvloop.run, _floor(target, posted))))
    return [
        Row(
            f"durable webhook pipeline, {label} / bare aiohttp loop without a database",
            pairwise(ours, bare),
            goal,
            "more",
            spread(ours, "deliveries/s"),
            spread(bare, "posts/s"),
        ),
        Row(
            f"CPU of a durable delivery, {label} / raw socket that posts the same bytes",
            pairwise(costs, floors),
            float("inf"),
            "less",
            spread(costs, "µs"),
            spread(floors, "µs"),
        ),
    ]


def _each(seconds: float) -> float:
    """Microseconds for each delivery."""
    return seconds * 1e6 / (LANES * MESSAGES)


class Floor(asyncio.Protocol):
    """Writes the same request again whenever something comes back."""

    def __init__(self, posted: bytes, times: int, done: asyncio.Future[None]) -> None:
        self._posted = posted
        self._left = times
        self._done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own transport is no subclass of it
        self._transport.write(self._posted)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  (that is the point)
        self._left -= 1
        if self._left:
            self._transport.write(self._posted)
        else:
            self._transport.close()
            self._done.set_result(None)


async def _floor(target: int, posted: bytes) -> float:
    """Seconds of CPU of this thread."""
    loop, began = asyncio.get_running_loop(), time.thread_time()
    ends = [loop.create_future() for _ in range(64)]
    for end in ends:
        await loop.create_connection(partial(Floor, posted, LANES * MESSAGES // 64, end), "127.0.0.1", target)
    await asyncio.gather(*ends)
    return time.thread_time() - began


def _page(port: int) -> bytes:
    with urlopen(
        f"http://127.0.0.1:{port}/v1/feed?after=0&limit=1&types=treaty.consent.recorded", timeout=10
    ) as answer:
        event = json.loads(answer.read())["events"][0]
    return json.dumps({"type": event["type"], "timestamp": event["recorded_at"], "data": event["data"]}).encode()


async def _bare(target: int, body: bytes) -> float:
    _count(target, reset=True)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def worker(share: int) -> None:
            for _ in range(share):
                async with session.post(f"http://127.0.0.1:{target}/hook", data=body) as answer:
                    assert answer.status == 204

        await asyncio.gather(*(worker(LANES * MESSAGES // 64) for _ in range(64)))
    return _rate(_count(target))


async def _delivered(herald: int, target: int, key: str) -> float:
    _count(target, reset=True)
    for lane in range(LANES):
        await asyncio.to_thread(
            call,
            herald,
            "POST",
            "/v1/subscriptions",
            {"url": f"http://127.0.0.1:{target}/hook/{lane}", "types": ["treaty.consent.recorded"], "replay_from": 0},
            key=key,
        )
    ends_at = time.monotonic() + 120
    while time.monotonic() < ends_at:
        await asyncio.sleep(0.2)
        told = _count(target)
        if told["arrived"] >= LANES * MESSAGES:
            return _rate(told)
    raise AssertionError(f"The pipeline delivered only {_count(target)['arrived']} of {LANES * MESSAGES}.")


def _count(port: int, *, reset: bool = False) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{port}/{'reset' if reset else 'count'}", timeout=10) as answer:
        told: dict[str, float] = json.loads(answer.read())
        return told


def _rate(told: dict[str, float]) -> float:
    return told["arrived"] / (told["last"] - told["first"])


def rows(*, postgres: Callable[[], str] | None) -> list[Row]:
    """Every row of this part; ``postgres`` makes a fresh database each time it is called."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found += asyncio.run(latencies(folder, f"sqlite:///{folder}/l.db", f"sqlite:///{folder}/ln.db", "SQLite", 10))
        found += asyncio.run(
            pipeline(folder, f"sqlite:///{folder}/p.db", lambda n: f"sqlite:///{folder}/pn{n}.db", "SQLite", 0.6)
        )
        if postgres is not None:
            found += asyncio.run(latencies(folder, postgres(), postgres(), "PostgreSQL", 5))
            found += asyncio.run(pipeline(folder, postgres(), lambda _: postgres(), "PostgreSQL", 0.5))
    return found
