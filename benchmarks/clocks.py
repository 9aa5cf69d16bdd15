"""What an earlier day and an earlier state of the record cost, beside the plainest reading, in a short and a long log.

One treaty with 400 acts, recorded one after another; the rest of the long log are other treaties. Every question goes
over HTTP on one connection. *Asked first*: each request names a day or an instant that nobody has asked about before.
*Asked again*: the same address. *Made anew*: the present state in a language that nobody has asked for, so that the
document has to be made, as it is for the first reader after every act. A plain reading that is at hand takes a tenth of
a millisecond; what has to be made cannot, so both are printed.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any
from urllib.request import urlopen

from benchmarks.http import ROUNDS, definition, states
from benchmarks.load import drive, get
from benchmarks.processes import call, status_service
from benchmarks.report import Row, pairwise, spread
from treaty_events import stream_of
from treaty_status.application.event_log import NewEvent
from treaty_status.store import open_log

TREATY = "clocks"
ACTS = 400
SHORT, LONG = 1_000, 100_000
"""Events in the whole log."""
EACH = 40
"""Requests of a kind in one round."""
PATIENCE_SECONDS = 300.0
STRIDE = 173
"""A prime: every one is asked about once."""
MOST_TIMES = 10.0
ANEW = "plain, made anew"
FIRST = ("as_of, asked first", "known_at, asked first", "at_position, asked first")


def bodies() -> Iterator[dict[str, str]]:
    """Signatures and ratifications of the registry's States, then declarations, a few a day over some years."""
    for action, year in (("signature", 2001), ("ratification", 2005), ("declaration", 2012)):
        for n, state in enumerate(states()):
            yield {"action": action, "participant": state, "act_date": f"{year + n // 28}-03-{1 + n % 28:02}"}


def recorded(port: int, key: str) -> list[int]:
    """The treaty with its acts; the position after each."""
    path = f"/v1/treaties/{TREATY}"
    call(port, "PUT", path, definition(TREATY), key=key)
    return [int(call(port, "POST", f"{path}/actions", body, key=key)["position"]) for body in islice(bodies(), ACTS)]


def fill(database: str, until: int) -> None:
    """Other treaties until the log has so many events: copies of the treaty's own stream under other ids."""
    log = open_log(database)
    own = log.read_stream(stream_of(TREATY))
    other, missing = 0, until - log.head()
    while missing > 0:
        other += 1
        name = f"other-{other}"
        stream, before, after = stream_of(name), f'"{TREATY}'.encode(), f'"{name}'.encode()
        own_part = own[: min(missing, len(own))]
        events = [NewEvent(stream, one.version, one.topic, one.body.replace(before, after)) for one in own_part]
        log.append(events)
        missing -= len(events)
    log.close()


def settled(port: int, until: int) -> None:
    """Wait until the lists have digested the log, so that nothing else is being worked out."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        with urlopen(f"http://127.0.0.1:{port}/v1/treaties?limit=1", timeout=30) as answer:
            if json.load(answer)["position"] >= until:
                return
        time.sleep(0.25)
    raise TimeoutError("the lists did not catch up")


class Questions:
    """Requests of each kind; whatever is to be asked first is never given out twice."""

    def __init__(self, positions: Sequence[int], instants: Sequence[str]) -> None:
        self._path = f"/v1/treaties/{TREATY}"
        self._days = (date(2001, 1, 1) + timedelta(days=n * 997 % 5_500) for n in range(5_500))
        self._both = ((day, instant) for day, instant in product(_days_of_2020(), _mixed(instants)))
        self._positions = ((day, position) for day, position in product(_days_of_2021(), _mixed(positions)))
        self._tongues = ("".join(letters) for letters in product(ascii_lowercase, repeat=3))
        self._instant = instants[len(instants) // 2]
        self.kinds: dict[str, Callable[[], str]] = {
            "plain": lambda: "",
            ANEW: lambda: f"?lang={next(self._tongues)}",
            "as_of, asked first": lambda: f"?as_of={next(self._days)}",
            "as_of, asked again": lambda: "?as_of=2004-05-06",
            "known_at, asked first": lambda: "?as_of={}&known_at={}".format(*next(self._both)),
            "known_at, asked again": lambda: f"?as_of=2004-05-06&known_at={self._instant}",
            "at_position, asked first": lambda: "?as_of={}&at_position={}".format(*next(self._positions)),
        }

    def requests(self, kind: str) -> list[bytes]:
        return [get(f"{self._path}{self.kinds[kind]()}") for _ in range(EACH)]


def _mixed(found: Sequence[Any]) -> list[Any]:
    """Early and late ones in turn, so that no round asks about the treaty's youth alone."""
    return [found[n * STRIDE % len(found)] for n in range(len(found))]


def _days_of_2020() -> Iterator[date]:
    return (date(2020, 1, 1) + timedelta(days=n) for n in range(300))


def _days_of_2021() -> Iterator[date]:
    return (date(2021, 1, 1) + timedelta(days=n) for n in range(300))


async def measured(port: int, questions: Questions) -> tuple[dict[str, list[float]], int]:
    """Of every kind the median of each round, in milliseconds; and how many were not answered."""
    found: dict[str, list[float]] = {kind: [] for kind in questions.kinds}
    failures = 0
    for kind in questions.kinds:  # the course of the treaty is read once
        await drive(port, questions.requests(kind)[:2], connections=1, seconds=20, expected=200)
    for _ in range(ROUNDS):
        for kind, medians in found.items():
            load = await drive(port, questions.requests(kind), connections=1, seconds=30, expected=200)
            failures += load.failed
            medians.append(load.percentile(0.5))
    return found, failures


def instants_of(database: str) -> list[str]:
    """When each event of the treaty was recorded."""
    log = open_log(database)
    told = [json.loads(event.body)["recorded"]["at"] for event in log.read_stream(stream_of(TREATY))]
    log.close()
    return [_written(datetime.fromisoformat(one)) for one in dict.fromkeys(told)]


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def of_log(folder: Path, database: str, label: str, events: int) -> tuple[list[Row], dict[str, list[float]]]:
    """The rows of a log of so many events."""
    with status_service(folder, database) as (port, key):
        positions = recorded(port, key)
    fill(database, events)
    with status_service(folder, database) as (port, _):
        log = open_log(database)
        head = log.head()
        log.close()
        settled(port, head)
        found, failures = asyncio.run(measured(port, Questions(positions, instants_of(database))))
    plain = found["plain"]
    rows = [
        Row(
            f"{kind}, {label}, log of {head:,} events / plain",
            pairwise(found[kind], plain),
            MOST_TIMES,
            "less",
            spread(found[kind], "ms"),
            spread(plain, "ms"),
            failures,
        )
        for kind in found
        if kind not in {"plain", ANEW}
    ]
    anew = found[ANEW]
    rows += [
        Row(
            f"{kind}, {label}, log of {head:,} events / {ANEW}",
            pairwise(found[kind], anew),
            MOST_TIMES,
            "less",
            spread(found[kind], "ms"),
            spread(anew, "ms"),
        )
        for kind in FIRST
    ]
    return rows, found


def rows(*, postgres: Callable[[], str] | None) -> list[Row]:
    """Every row of this part: the costs in each log, and the long log beside the short one."""
    found: list[Row] = []
    kinds: list[tuple[str, Callable[[], str] | None]] = [("SQLite", None), ("PostgreSQL", postgres)]
    for label, fresh in kinds:
        if label == "PostgreSQL" and fresh is None:
            continue
        medians: list[dict[str, Any]] = []
        for events in (SHORT, LONG):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                database = f"sqlite:///{folder}/clocks.db" if fresh is None else fresh()
                told, of_kind = of_log(folder, database, label, events)
                found += told
                medians.append(of_kind)
        short, long = medians
        for kind in (*FIRST, "known_at, asked again"):
            found.append(
                Row(
                    f"{kind}, {label}: log of {LONG:,} events / log of {SHORT:,}",
                    pairwise(long[kind], short[kind]),
                    2.0,
                    "less",
                    spread(long[kind], "ms"),
                    spread(short[kind], "ms"),
                )
            )
    return found
