"""``python -m benchmarks.arrivals``: a real record of late arrivals replayed, and every answer of the time asked again.

Reads the shared data from TREATY_SHARED_DATA, or from ``shared/data`` beside the repository. At every instant at which
something was first seen, the treaty's status, table and explanation are asked for as they then stand, over HTTP. When
all of it is on record, a service that has just started is asked for the same days ``known_at`` those instants: what is
not the same, byte for byte, is a difference.
"""

import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from starlette.testclient import TestClient

from benchmarks.backtest import shared_data
from tests.services.status_world import Clock
from treaty_status.api import create_app
from treaty_status.application.arrivals import ArrivalHistory
from treaty_status.application.clock import ClockTask
from treaty_status.application.corpus import corpus
from treaty_status.application.desk import Desk
from treaty_status.application.replaying import Replay, ReplayBalance, document
from treaty_status.domain.rule import TreatyRule
from treaty_status.importers import read_sheet
from treaty_status.importers.arrivals import read_arrivals
from treaty_status.registry import load_registry
from treaty_status.service import open_desk

Document = dict[str, Any]
PARIS = "XXVII-7-d"
SHARES = "ghg_share_2015_list"
SIDES = ("", "/participants", "/explanation")
WHOLE = "1"


@dataclass(frozen=True)
class Live:
    """One answer of the time: where it was asked for, and when."""

    treaty: str
    side: str
    at: datetime
    as_of: str
    body: bytes


@dataclass
class Found:
    """What a replay came to."""

    balance: ReplayBalance
    again: ReplayBalance
    live: list[Live] = field(default_factory=list)
    differences: list[Live] = field(default_factory=list)
    paris: dict[str, tuple[str | None, str | None, str | None]] = field(default_factory=dict)
    """By the instant asked about: the American acceptance, threshold and entry into force of the Paris Agreement."""
    seconds: float = 0.0


class Still:
    """In place of the clock task: the instants of a replay are not today's."""

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""

    def is_alive(self) -> bool:
        """As far as anybody has to know."""
        return True


def read(data: Path) -> ArrivalHistory:
    """The shared record of arrivals, beside the rows that stood at its end."""
    registry = load_registry()
    final = read_sheet("actions_shared.csv", (data / "actions_shared.csv").read_bytes(), registry=registry)
    name = "arrival_history_shared.csv"
    return read_arrivals(name, (data / name).read_bytes(), final=final, registry=registry)


def rules(data: Path) -> dict[str, TreatyRule]:
    """The rules that come with the service; that of Paris with the shares it asks for."""
    registry = load_registry()
    with (data / "paris_shares.csv").open(encoding="utf-8", newline="") as lines:
        shares = {registry.find(row["iso3"]): row["share"] for row in csv.DictReader(lines)}
    table = {
        "table": SHARES,
        "version": "1",
        "source": "FCCC/CP/2015/10, annex I",
        "whole": "100",
        "values": {one.id: share for one, share in shares.items() if one is not None},
    }
    paris = corpus()[PARIS].model_dump(mode="json", exclude_defaults=True) | {"tables": [table]}
    return {**corpus(), PARIS: TreatyRule.model_validate(paris)}


@contextmanager
def _asked(dsn: str, clock: Clock) -> Iterator[tuple[Desk, TestClient]]:
    desk = replace(open_desk(dsn, clock=clock), clock_task=cast("ClockTask", Still()))
    with TestClient(create_app(desk)) as client:
        yield desk, client


def replayed(data: Path, dsn: str) -> Found:
    """Carry the replay out on an empty database, and compare."""
    history, by_rule = read(data), rules(data)
    began, clock = time.perf_counter(), Clock()
    clock.now = history.arrivals[0].at
    live: list[Live] = []
    with _asked(dsn, clock) as (desk, client):
        replay = Replay(history, writer=desk.writer, log=desk.log, codec=desk.codec, rules=by_rule)
        for step in replay:
            clock.now = step.at
            for side in SIDES:
                answer = client.get(f"/v1/treaties/{step.treaty}{side}")
                assert answer.status_code == 200, answer.text
                live.append(Live(step.treaty, side, step.at, answer.json()["as_of"], answer.content))
            clock.now = step.at + timedelta(milliseconds=1)
    found = Found(replay.balance, replay.balance, live)
    with _asked(dsn, Clock()) as (desk, client):
        again = Replay(history, writer=desk.writer, log=desk.log, codec=desk.codec, rules=by_rule)
        assert list(again) == []
        found.again = again.balance
        found.differences = [one for one in live if _now(client, one) != one.body]
        for moment in ("2016-10-07T00:00:00Z", "2021-01-21T00:00:00Z", "2021-01-22T00:00:00Z"):
            found.paris[moment] = _paris(client, moment)
    found.seconds = time.perf_counter() - began
    return found


def _now(client: TestClient, one: Live) -> bytes:
    """The same question, years later."""
    asked = {"as_of": one.as_of, "known_at": one.at.isoformat()}
    return client.get(f"/v1/treaties/{one.treaty}{one.side}", params=asked).content


def _paris(client: TestClient, moment: str) -> tuple[str | None, str | None, str | None]:
    asked = {"as_of": "2021-12-31", "known_at": moment}
    force: Mapping[str, Any] = client.get(f"/v1/treaties/{PARIS}", params=asked).json()["force"]
    usa = client.get(f"/v1/treaties/{PARIS}/participants/usa", params=asked).json()
    consent = next((one["consent"]["on"] for one in usa["periods"]), None)
    return consent, force["threshold_on"], force["entry_into_force_on"]


def main() -> int:
    data = shared_data()
    if data is None:
        print("The shared data is not here (TREATY_SHARED_DATA).")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        found = replayed(data, f"sqlite:///{folder}/replay.db")
    told = document(found.balance)
    for part in ("arrivals", "starts"):
        told[part].pop("lines")
    print(json.dumps(told, indent=1))
    again = found.again
    print(
        f"A second run: {again.arrivals.recorded + again.starts.recorded} recorded, {again.arrivals.already} rows and"
        f" {again.starts.already} starting acts on record already."
    )
    instants = len({(one.treaty, one.at) for one in found.live})
    print(
        f"{len(found.live)} answers at {instants} instants of {found.balance.treaties} treaties;"
        f" asked for again with known_at: {len(found.live) - len(found.differences)} the same,"
        f" {len(found.differences)} not."
    )
    for one in found.differences[:20]:
        print(f"  differs: {one.treaty}{one.side} known at {one.at}")
    for moment, (consent, threshold, force) in found.paris.items():
        print(f"Paris known at {moment}: United States {consent}, threshold {threshold}, in force {force}")
    print(f"{found.seconds:.1f} s")
    return 0 if not found.differences and found.balance.balances else 1


if __name__ == "__main__":
    sys.exit(main())
