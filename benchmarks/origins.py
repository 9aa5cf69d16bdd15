"""Five hundred endpoints, each an origin of its own, beside five hundred endpoints at one origin."""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.http import acts, definition
from benchmarks.load import drive
from benchmarks.processes import call, cpu_seconds, status_service
from benchmarks.report import Row, pairwise, spread
from benchmarks.webhooks import Notifier, notifier, sink

ENDPOINTS = 500
MESSAGES = 48
"""Milestones waiting for each endpoint."""
ROUNDS = 3
GOAL = 1.5


@dataclass
class Cost:
    """Microseconds for each delivery, in each round: of the processors, and of the clock."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


async def origins(folder: Path, database: str, empty: str, notices: Callable[[], str], label: str) -> list[Row]:
    """The same backlog for the same number of lanes; only where the endpoints live differs.

    The subscriptions are made while there is nothing to be sent: what is measured is delivery.
    """
    many, one = Cost(), Cost()
    with (
        status_service(folder, database) as (port, key),
        status_service(folder, empty) as (quiet, quiet_key),
        sink(folder, origins=ENDPOINTS) as target,
    ):
        call(port, "PUT", "/v1/treaties/origins-1", definition("origins-1"), key=key)
        wanted = list(islice(acts(["origins-1"], key), MESSAGES))
        filled = await drive(port, wanted, connections=4, seconds=60, expected=201)
        assert filled.answered == MESSAGES
        ports: list[int] = _asked(target, "ports")
        for _ in range(ROUNDS):
            for cost, where in ((one, [target] * ENDPOINTS), (many, ports)):
                kept = notices()
                with notifier(folder, kept, quiet) as herald:
                    await asyncio.to_thread(_subscribe, herald, where, quiet_key)
                with notifier(folder, kept, port) as herald:
                    await _measured(herald, target, cost)
                _asked(target, "reset")
    return [
        Row(
            f"{what} of a delivery, {label}: {ENDPOINTS} origins / one origin",
            pairwise(getattr(many, name), getattr(one, name)),
            GOAL,
            "less",
            spread(getattr(many, name), "µs"),
            spread(getattr(one, name), "µs"),
        )
        for what, name in (("CPU", "cpu"), ("time", "wall"))
    ]


def _subscribe(herald: Notifier, where: Sequence[int], key: str) -> None:
    for number, port in enumerate(where):
        url = f"http://127.0.0.1:{port}/hook/{number}"
        call(herald.port, "POST", "/v1/subscriptions", {"url": url, "types": ["treaty.consent.recorded"]}, key=key)


async def _measured(herald: Notifier, target: int, cost: Cost) -> None:
    """From when the notifier is ready, with what it has delivered by then left out of both sides."""
    before, used = _asked(target, "count"), cpu_seconds(herald.pid)
    began, ends_at = time.monotonic(), time.monotonic() + 120
    while time.monotonic() < ends_at:
        await asyncio.sleep(0.2)
        told = _asked(target, "count")
        if told["arrived"] >= ENDPOINTS * MESSAGES:
            made = told["arrived"] - before["arrived"]
            cost.cpu.append((cpu_seconds(herald.pid) - used) * 1e6 / made)
            cost.wall.append((told["last"] - max(began, told["first"])) * 1e6 / made)
            return
    raise AssertionError(f"Only {_asked(target, 'count')['arrived']} of {ENDPOINTS * MESSAGES} were delivered.")


def _asked(port: int, what: str) -> Any:  # Any: JSON of our own sink
    with urlopen(f"http://127.0.0.1:{port}/{what}", timeout=10) as answer:
        return json.loads(answer.read())


def rows(*, postgres: Callable[[], str] | None) -> list[Row]:
    """Every row of this part; ``postgres`` makes a fresh database each time it is called."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fresh = iter(range(1_000))

        def sqlite() -> str:
            return f"sqlite:///{folder}/o{next(fresh)}.db"

        found += asyncio.run(origins(folder, sqlite(), sqlite(), sqlite, "SQLite"))
        if postgres is not None:
            found += asyncio.run(origins(folder, postgres(), postgres(), postgres, "PostgreSQL"))
    return found
