"""The HTTP surface beside Starlette answering a constant, and beside the disk."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from benchmarks.load import Load, drive, get, post
from benchmarks.processes import call, reference, status_service
from benchmarks.report import Row, pairwise, spread
from treaty_status.registry import Capacity, load_registry

ROUNDS = 5
SECONDS = 2.0
TREATIES = 120
"""Per round; each takes one accession of each of up to a hundred States."""
STATES_EACH = 100

RULE = {
    "title": "A synthetic treaty of the benchmark",
    "joining": {"clause": "1", "modes": ["ratification", "accession"]},
    "in_force": [{"clause": "2", "when": {"op": "count", "at_least": 40}, "then": {"op": "plus", "days": 90}}],
    "for_each": [
        {"clause": "2(1)", "own": "by_threshold", "then": {"op": "ref", "name": "eif"}},
        {"clause": "2(2)", "then": {"op": "later", "of": [{"op": "plus", "days": 30}, {"op": "ref", "name": "eif"}]}},
    ],
}


def definition(treaty: str) -> dict[str, object]:
    """A synthetic treaty, marked as such."""
    return {
        "titles": {"en": f"Synthetic treaty {treaty} (benchmark)"},
        "depositary": {"id": "synthetic", "name": {"en": "Synthetic depositary"}, "time_zone": "UTC"},
        "adopted_on": "2000-01-01",
        "rule": {"treaty": treaty, **RULE},
    }


def states() -> list[str]:
    """States of the registry."""
    return [one.id for one in load_registry().all() if one.capacity is Capacity.UN_MEMBER and one.exists_from is None]


def acts(treaties: list[str], key: str) -> Iterator[bytes]:
    """Accessions spread over treaties, in an order that never asks twice."""
    headers = {"authorization": f"Bearer {key}"}
    for n, state in enumerate(states()[:STATES_EACH]):
        body = json.dumps(
            {"action": "accession", "participant": state, "act_date": f"20{10 + n // 28:02}-01-{1 + n % 28:02}"}
        ).encode()
        for treaty in treaties:
            yield post(f"/v1/treaties/{treaty}/actions", body, headers=headers)


def fsyncs_per_second(folder: Path, *, seconds: float = 1.0) -> float:
    """How often this disk makes 512 bytes durable."""
    path = folder / "fdatasync"
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        count, ends_at = 0, time.perf_counter() + seconds
        while time.perf_counter() < ends_at:
            os.pwrite(handle, b"x" * 512, 0)
            os.fdatasync(handle)
            count += 1
        return count / seconds
    finally:
        os.close(handle)


class Submissions:
    """Hands each round treaties of its own, defined before the clock starts."""

    def __init__(self, port: int, key: str, label: str) -> None:
        self._port, self._key, self._label, self._round = port, key, label, 0

    def requests(self, count: int) -> list[bytes]:
        self._round += 1
        treaties = [f"{self._label}-{self._round}-{n}" for n in range(TREATIES)]
        for treaty in treaties:
            call(self._port, "PUT", f"/v1/treaties/{treaty}", definition(treaty), key=self._key)
        return list(islice(acts(treaties, self._key), count))


async def writes(folder: Path, database: str, label: str, goal: float) -> list[Row]:
    """Durable submissions at 64 clients, at 16 and at one."""
    empty = [post("/empty", b'{"action":"accession","participant":"fra","act_date":"2010-01-01"}')] * 200_000
    ours: dict[int, list[Load]] = {1: [], 16: [], 64: []}
    null: list[Load] = []
    disk: list[float] = []
    with reference(folder, size=5000) as ref, status_service(folder, database) as (port, key):
        submissions = Submissions(port, key, label)
        for _ in range(ROUNDS):
            disk.append(fsyncs_per_second(folder))
            null.append(await drive(ref, empty, connections=64, seconds=SECONDS, expected=201))
            for clients in (64, 16, 1):
                load = await drive(
                    port,
                    submissions.requests(TREATIES * STATES_EACH),
                    connections=clients,
                    seconds=SECONDS,
                    expected=201,
                )
                ours[clients].append(load)
    failures = sum(load.failed for loads in ours.values() for load in loads)
    rate = {clients: [load.per_second for load in loads] for clients, loads in ours.items()}
    tails = [load.percentile(0.99) / load.percentile(0.5) for load in ours[16]]
    return [
        Row(
            f"durable POST, 64 clients, {label} / empty POST route",
            pairwise(rate[64], [n.per_second for n in null]),
            goal,
            "more",
            spread(rate[64], "acts/s"),
            spread([n.per_second for n in null], "posts/s"),
            failures,
        ),
        Row(
            f"durable POST, 1 client, {label} / fdatasync of this disk",
            pairwise(rate[1], disk),
            0.20,
            "more",
            spread(rate[1], "acts/s"),
            spread(disk, "fdatasync/s"),
        ),
        Row(
            f"durable POST, 16 clients, {label}: p99 / p50",
            median(tails),
            4,
            "less",
            spread([load.percentile(0.99) for load in ours[16]], "ms p99"),
            spread([load.percentile(0.5) for load in ours[16]], "ms p50"),
        ),
    ]


async def reads(folder: Path, database: str) -> list[Row]:
    """A status document and its 304, beside Starlette returning as many constant bytes."""
    path = "/v1/treaties/read-1"
    with status_service(folder, database) as (port, key):
        call(port, "PUT", path, definition("read-1"), key=key)
        for request in islice(acts(["read-1"], key), 45):
            await drive(port, [request], connections=1, seconds=5, expected=201)
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            etag, size = answer.headers["etag"], len(answer.read())
        with reference(folder, size=size) as ref:
            rows: dict[str, list[Load]] = {"constant": [], "document": [], "not modified": []}
            for _ in range(ROUNDS):
                plans = {
                    "constant": (ref, get("/constant"), 200),
                    "document": (port, get(path), 200),
                    "not modified": (port, get(path, headers={"if-none-match": etag}), 304),
                }
                for name, (where, request, expected) in plans.items():
                    rows[name].append(
                        await drive(where, [request] * 200_000, connections=32, seconds=SECONDS, expected=expected)
                    )
    rate = {name: [load.per_second for load in loads] for name, loads in rows.items()}
    failures = {name: sum(load.failed for load in loads) for name, loads in rows.items()}
    constant = spread(rate["constant"], "gets/s")
    return [
        Row(
            f"GET of a status document ({size} bytes) / Starlette constant",
            pairwise(rate["document"], rate["constant"]),
            0.8,
            "more",
            spread(rate["document"], "gets/s"),
            constant,
            failures["document"],
        ),
        Row(
            "GET answered 304 / Starlette constant",
            pairwise(rate["not modified"], rate["constant"]),
            1.0,
            "more",
            spread(rate["not modified"], "gets/s"),
            constant,
            failures["not modified"],
        ),
    ]


def rows(*, postgres: Callable[[], str] | None) -> list[Row]:
    """Every row of this part."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found += asyncio.run(reads(folder, f"sqlite:///{folder}/reads.db"))
        found += asyncio.run(writes(folder, f"sqlite:///{folder}/writes.db", "SQLite", 0.25))
        if postgres is not None:
            found += asyncio.run(writes(folder, postgres(), "PostgreSQL", 0.20))
    return found
