"""A million deliveries behind, and what the others notice of it.

Two notifiers take turns on one machine, each with a thousand endpoints on addresses of their own. With the first
nothing is behind. With the second one endpoint never answers (the whole log before it, retries due and letters given
up), one answers after seconds (the whole log before it), and 998 are well and at the head. A milestone is put into the
feed, and how long each of the healthy ones waits for it is measured, in both conditions, again and again in one run.

So is the same with lanes besides that look through the whole log for what never comes. Then half of the endpoints are
behind and drain as fast as they can while the other half waits for what is new; and last all thousand are behind at
once: deliveries a second.

``python -m benchmarks behind``; ``BEHIND_LINES`` makes the log shorter.
"""

import contextlib
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from benchmarks.endpoints import address, event
from benchmarks.processes import free_port, process, wait_for
from benchmarks.report import Row, spread
from treaty_notifier.deliveries import Dead, Outcome, RetryIn
from treaty_notifier.feed import page_of
from treaty_notifier.messages import drafts
from treaty_notifier.outbox import Dossier, Sent, Settlement, SqlOutbox, Start
from treaty_notifier.service import new_key
from treaty_notifier.subscriptions import Filter, Subscription

ENDPOINTS = 1_000
LINES = int(os.environ.get("BEHIND_LINES", "600000"))
GIVEN_UP, RETRYING, FAILED_AT_ONCE = LINES // 6, LINES // 30, 400
"""Of the endpoint that never answers."""
PAGE = 2_000
ROUNDS = 3
MILESTONES = 12
"""In each round, the first of which only opens connections."""
LOOKING = 20
"""Lanes that look through the whole log for what never comes."""
DRAINED = 100
"""Messages before each of the thousand lanes that are drained."""
LATE, LATE_BY = ENDPOINTS // 2, 1_500
"""Endpoints that drain beside those that wait for what is new, and the messages before each."""
PATIENCE_SECONDS = 60.0
DEADLINE_SECONDS = 5


@dataclass
class Condition:
    """What was seen in one condition: waits of the healthy in milliseconds, round by round."""

    name: str
    waits: list[list[float]] = field(default_factory=list)
    resident_mib: list[float] = field(default_factory=list)
    claims: list[dict[float, float]] = field(default_factory=list)
    missing: int = 0

    def percentiles(self, share: float) -> list[float]:
        return [sorted(one)[min(len(one) - 1, int(share * len(one)))] for one in self.waits]

    def told(self) -> str:
        claims = _summed(self.claims)
        return (
            f"{self.name}: waits p50 {median(self.percentiles(0.5)):.0f} ms, p99 {median(self.percentiles(0.99)):.0f} "
            f"ms, worst {max(max(one) for one in self.waits):.0f} ms of {sum(map(len, self.waits)):,}; notifier "
            f"{max(self.resident_mib):.0f} MiB resident; claims p50 {quantile(claims, 0.5) * 1000:.1f} ms, p99 "
            f"{quantile(claims, 0.99) * 1000:.1f} ms of {max(claims.values(), default=0):,.0f}"
        )


def opened(database: str) -> SqlOutbox:
    return SqlOutbox(database, new_key=secrets.token_bytes(32), clock=lambda: datetime.now(UTC))


def subscribe(outbox: SqlOutbox, id_: str, url: str, *, after: int, types: tuple[str, ...] = ()) -> None:
    subscription = Subscription(
        id=id_, owner="key-desk", url=url, description="", filter=Filter(types=types), created_at=datetime.now(UTC)
    )
    outbox.add_subscription(
        subscription,
        secret=secrets.token_bytes(32),
        start=Start(after_position=after),
        dossier=Dossier(keys=(new_key(),)),
    )


def grow(outbox: SqlOutbox, lines: int) -> None:
    """The message log up to so many lines, through the port that the feed is written through."""
    position = outbox.progress().position
    for first in range(position + 1, lines + 1, PAGE):
        numbers = range(first, min(first + PAGE, lines + 1))
        page = page_of({"events": [event(one) for one in numbers], "next": numbers[-1], "head": numbers[-1]})
        outbox.append(drafts(page.events), expected=numbers[0] - 1, position=numbers[-1])


def fail(outbox: SqlOutbox, *, given_up: int, retrying: int) -> None:
    """Attempts that ended badly, booked as the dispatcher books them. Called while one lane has something to send."""
    booked = 0
    while booked < given_up + retrying:
        for turn in outbox.claim(owner="filler", lanes=1, batch=FAILED_AT_ONCE, lease_seconds=60).turns:
            decision = (
                Dead(reason="all 10 attempts failed", is_exhausted=True)
                if booked < given_up
                else RetryIn(delay_seconds=3600)
            )
            sent = tuple(
                Sent(
                    parcel=parcel,
                    started_at=datetime.now(UTC),
                    duration_ms=5000,
                    outcome=Outcome.TIMEOUT,
                    decision=decision,
                )
                for parcel in turn.parcels
            )
            outbox.settle([Settlement(lease=turn.lease, cursor=turn.scanned_to, sent=sent)])
            booked += len(sent)


def fill_behind(database: str, port: int) -> None:
    """One dead, one slow, the rest well and at the head of a long log."""
    with contextlib.closing(opened(database)) as outbox:
        subscribe(outbox, "sub_dead", f"http://{address(0)}:{port}/dead/0", after=0)
        grow(outbox, LINES)
        fail(outbox, given_up=GIVEN_UP, retrying=RETRYING)
        subscribe(outbox, "sub_slow", f"http://{address(1)}:{port}/slow/1", after=0)
        for number in range(2, ENDPOINTS):
            subscribe(outbox, f"sub_{number}", f"http://{address(number)}:{port}/healthy/{number}", after=LINES)
        outbox.release(owner="filler")


@contextlib.contextmanager
def looking_besides(database: str, port: int) -> Iterator[None]:
    """Lanes that begin with the log and want nothing of it, gone afterwards."""
    ids = [f"sub_looking_{number}" for number in range(LOOKING)]
    with contextlib.closing(opened(database)) as outbox:
        for number, id_ in enumerate(ids):
            url = f"http://{address(number)}:{port}/healthy/{number}"
            subscribe(outbox, id_, url, after=0, types=(f"never.comes_{number}",))
    yield
    with contextlib.closing(opened(database)) as outbox:
        for id_ in ids:
            outbox.remove_subscription(id_)


def fill_level(database: str, port: int, *, lines: int, late: int) -> None:
    """Every endpoint well, so many of them with the whole log before them."""
    with contextlib.closing(opened(database)) as outbox:
        grow(outbox, lines)
        for number in range(ENDPOINTS):
            kind, after = ("late", 0) if number < late else ("healthy", lines)
            subscribe(outbox, f"sub_{number}", f"http://{address(number)}:{port}/{kind}/{number}", after=after)


@contextlib.contextmanager
def running(folder: Path, database: str, port: int, *, head: int) -> Iterator[tuple[int, int]]:
    """The endpoints and a notifier; the notifier's port and process id."""
    own = free_port()
    env = {
        "TREATY_NOTIFIER_DATABASE": database,
        "TREATY_NOTIFIER_STATUS_URL": f"http://127.0.0.1:{port}",
        "TREATY_NOTIFIER_ALLOW_NETWORKS": "127.0.0.0/8",
        "TREATY_NOTIFIER_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        "TREATY_NOTIFIER_SUBSCRIPTIONS_PER_OWNER": "2000",
    }
    home = {"PYTHONPATH": str(Path(__file__).parent.parent)}
    arguments = (str(port), str(head), str(ENDPOINTS))
    with process(sys.executable, "-m", "benchmarks.endpoints", *arguments, cwd=folder, env=home):
        wait_for(f"http://127.0.0.1:{port}/count")
        serve = (sys.executable, "-m", "treaty_notifier", "serve", "--port", str(own))
        with process(*serve, cwd=folder, env=env) as child:
            wait_for(f"http://127.0.0.1:{own}/readyz", seconds=60)
            yield own, child.pid


def seen(condition: Condition, own: int, pid: int, port: int, *, healthy: int, milestones: int = MILESTONES) -> None:
    """One round: milestones one after another, each waited for until every healthy endpoint has it."""
    waits: list[float] = []
    before = histogram(own)
    for number in range(milestones):
        _ask(port, "/commit")
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while _ask(port, "/count")["have_it"] < healthy and time.monotonic() < ends_at:
            time.sleep(0.05)
        found = _ask(port, "/arrivals")["waits_ms"]
        if number:
            waits += found
        condition.missing += healthy - len(found)
        time.sleep(0.2)
    after = histogram(own)
    condition.claims.append({bound: count - before.get(bound, 0.0) for bound, count in after.items()})
    condition.resident_mib.append(resident_mib(pid))
    condition.waits.append(waits)


def histogram(own: int) -> dict[float, float]:
    """The claims so far, by the longest that they took in seconds."""
    with urlopen(f"http://127.0.0.1:{own}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    rows = [line for line in lines if line.startswith("treaty_notifier_claim_seconds_bucket")]
    return {float(line.split('le="')[1].split('"')[0]): float(line.rsplit(" ", 1)[1]) for line in rows}


def quantile(claims: dict[float, float], share: float) -> float:
    """Within the bucket, as if its claims were spread evenly."""
    whole, low, below = max(claims.values(), default=0.0), 0.0, 0.0
    for bound, count in sorted(claims.items()):
        if count >= share * whole and count > below:
            high = low if bound == float("inf") else bound
            return low + (high - low) * (share * whole - below) / (count - below)
        low, below = bound, count
    return 0.0


def resident_mib(pid: int) -> float:
    """The most that the process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _summed(claims: list[dict[float, float]]) -> dict[float, float]:
    return {bound: sum(one.get(bound, 0.0) for one in claims) for bound in (claims[0] if claims else {})}


def _ask(port: int, path: str) -> Any:  # Any: numbers or lists of them, as the path says
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return json.loads(answer.read())


def isolation(folder: Path, make: Callable[[str], str], label: str) -> list[Row]:
    """Idle and far behind in turns; then with lanes that look through the whole log besides."""
    port, other = free_port(), free_port()
    level, behind = make("level"), make("behind")
    began = time.monotonic()
    fill_level(level, port, lines=0, late=0)
    fill_behind(behind, other)
    print(f"  {label}: filled in {time.monotonic() - began:.0f} s", flush=True)
    idle, loaded = Condition("nothing behind"), Condition(f"{2 * LINES - GIVEN_UP:,} deliveries behind")
    looking = Condition(f"the same, and {LOOKING} lanes looking through {LINES:,} lines for nothing")
    level_head, head = 0, LINES
    for _ in range(ROUNDS):
        with running(folder, level, port, head=level_head) as (own, pid):
            seen(idle, own, pid, port, healthy=ENDPOINTS)
        level_head += MILESTONES
        with running(folder, behind, other, head=head) as (own, pid):
            seen(loaded, own, pid, other, healthy=ENDPOINTS - 2)
            head += MILESTONES
        with looking_besides(behind, other), running(folder, behind, other, head=head) as (own, pid):
            seen(looking, own, pid, other, healthy=ENDPOINTS - 2)
        head += MILESTONES
    for condition in (idle, loaded, looking):
        print(f"  {label}, {condition.told()}", flush=True)
    before, after = idle.percentiles(0.99), loaded.percentiles(0.99)
    return [
        Row(
            f"a milestone to {ENDPOINTS - 2} healthy endpoints, {label}: p99 with a million behind / nothing behind",
            median(after) / median(before),
            2.0,
            "less",
            spread(after, "ms"),
            spread(before, "ms"),
            loaded.missing + idle.missing,
        ),
        Row(
            f"the same, {label}, while {LOOKING} lanes look through the whole log / nothing behind",
            median(looking.percentiles(0.99)) / median(before),
            2.0,
            "less",
            spread(looking.percentiles(0.99), "ms"),
            spread(before, "ms"),
            looking.missing,
        ),
    ]


def beside_a_drain(folder: Path, make: Callable[[str], str], label: str) -> None:
    """Half of the endpoints drain: how long the others wait for what is new while every processor is busy."""
    port, database, condition = free_port(), make("half"), Condition(f"{LATE} of {ENDPOINTS:,} endpoints draining")
    fill_level(database, port, lines=LATE_BY, late=LATE)
    with running(folder, database, port, head=LATE_BY) as (own, pid):
        began = time.monotonic()
        seen(condition, own, pid, port, healthy=ENDPOINTS - LATE)
        rate = _ask(port, "/count")["late"] / (time.monotonic() - began)
    print(f"  {label}, {condition.told()}; {rate:,.0f} late deliveries/s besides", flush=True)


def drain(folder: Path, make: Callable[[str], str], label: str) -> None:
    """Every endpoint behind: how many deliveries a second, as the notifier goes on."""
    port, database = free_port(), make("drain")
    fill_level(database, port, lines=DRAINED, late=ENDPOINTS)
    with running(folder, database, port, head=DRAINED) as (own, pid):
        began, whole, came = time.monotonic(), ENDPOINTS * DRAINED, 0
        while came < whole and time.monotonic() < began + 10 * PATIENCE_SECONDS:
            time.sleep(0.2)
            came = _ask(port, "/count")["late"]
        seconds, claims = time.monotonic() - began, histogram(own)
        print(
            f"  {label}, all {ENDPOINTS:,} endpoints {DRAINED} behind: {came:,} of {whole:,} deliveries in "
            f"{seconds:.1f} s, {came / seconds:,.0f} deliveries/s; {resident_mib(pid):.0f} MiB resident; claims p50 "
            f"{quantile(claims, 0.5) * 1000:.1f} ms, p99 {quantile(claims, 0.99) * 1000:.1f} ms",
            flush=True,
        )


def rows(*, postgres: Callable[[], str] | None) -> list[Row]:
    """Every row of this part; ``postgres`` makes a fresh database each time it is called."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def file(what: str) -> str:
            return f"sqlite:///{folder}/{what}.db"

        found += isolation(folder, file, "SQLite")
        beside_a_drain(folder, file, "SQLite")
        drain(folder, file, "SQLite")
        if postgres is not None:
            fresh = postgres
            found += isolation(folder, lambda _: fresh(), "PostgreSQL")
            beside_a_drain(folder, lambda _: fresh(), "PostgreSQL")
            drain(folder, lambda _: fresh(), "PostgreSQL")
    return found
