"""One run: a status service, notifiers on one database, lanes of both orders, kills and freezes, and the judgement."""

import base64
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx

from benchmarks.chaos.endpoint import Faults, Record, endpoint
from benchmarks.chaos.herd import SERVE, Head, Herd
from benchmarks.chaos.ledger import Judgement, judge
from benchmarks.http import definition, states
from benchmarks.processes import call, status_service
from treaty_notifier import reconciling

VERIFY = (sys.executable, "-m", "treaty_notifier", "verify")
TYPE = "treaty.consent.recorded"
DEADLINE_SECONDS = 0.4
LEASE_SECONDS = 1.2
ENDS_SECONDS = 180.0
FAULTS = Faults(late_seconds=2 * DEADLINE_SECONDS)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``command`` starts one notifier; another one than ours must fail by the judgement."""

    lanes: int = 40
    events: int = 400
    kills: int = 30
    stops: int = 30
    seed: int = 16
    notifiers: int = 3
    command: Sequence[str] = SERVE
    faults: Faults = FAULTS
    ends_seconds: float = ENDS_SECONDS

    @property
    def deliveries(self) -> int:
        return self.lanes * self.events


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was done, what the endpoint's record says, and what our own auditors say of the same."""

    judgement: Judgement
    kills: int
    stops: int
    fenced: int
    resets: int
    seconds: float
    verify: int
    verify_said: str
    unreconciled: int

    @property
    def is_good(self) -> bool:
        return self.judgement.is_good and self.verify == 0 and self.unreconciled == 0


def run(plan: Plan, database: str, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """The feed is that of a real status service, written while the notifiers are killed and frozen."""
    chance, record, began = random.Random(plan.seed), Record(), time.monotonic()
    with ExitStack() as stack:
        status, key = stack.enter_context(status_service(folder, f"sqlite:///{folder}/status.db"))
        target = stack.enter_context(endpoint(record, faults=plan.faults, seed=plan.seed))
        herd = Herd(_heads(plan, database, folder, status=status), LEASE_SECONDS, chance)
        stack.callback(herd.close)
        herd.start()
        lanes, subscriptions = _subscribe(plan, herd.heads[0], record, target=target, key=key)
        acts = _acts(plan, status, key)
        say(f"{plan.notifiers} notifiers, {len(lanes)} lanes, {plan.events} events")
        actions = [herd.kill] * plan.kills + [herd.freeze] * plan.stops
        chance.shuffle(actions)
        for number, action in enumerate(actions, start=1):
            done = plan.events * number // len(actions) - plan.events * (number - 1) // len(actions)
            for _ in islice(acts, done):
                pass
            action(herd.victim())
            say(f"{number}/{len(actions)} {action.__name__}: {len(record.receipts)} receipts")
        for _ in acts:
            pass
        events = _recorded(status)
        _wait_end(plan, herd, record, events=events, lanes=lanes)
        unreconciled = sum(
            _reconciled(herd.heads[0], record, lane=lane, subscription=id_, key=key, folder=folder) != 0
            for lane, id_ in subscriptions.items()
        )
        herd.close()
        checked = subprocess.run(
            [*VERIFY, "--database", database, "--status-url", f"http://127.0.0.1:{status}"],
            capture_output=True,
            text=True,
            check=False,
        )
    return Outcome(
        judgement=judge(record.receipts, lanes=lanes, events=events),
        kills=herd.kills,
        stops=herd.stops,
        fenced=int(herd.fenced),
        resets=record.resets,
        seconds=time.monotonic() - began,
        verify=checked.returncode,
        verify_said=(checked.stdout + checked.stderr).strip()[-400:],
        unreconciled=unreconciled,
    )


def _heads(plan: Plan, database: str, folder: Path, *, status: int) -> list[Head]:
    environment = {
        "TREATY_NOTIFIER_DATABASE": database,
        "TREATY_NOTIFIER_STATUS_URL": f"http://127.0.0.1:{status}",
        "TREATY_NOTIFIER_ALLOW_NETWORKS": "127.0.0.0/8",
        "TREATY_NOTIFIER_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        "TREATY_NOTIFIER_LEASE_SECONDS": str(LEASE_SECONDS),
        "TREATY_NOTIFIER_SCHEDULE_SECONDS": ",".join(["0", *["0.1"] * 500]),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent.parent), os.environ.get("PYTHONPATH", "")]),
    }
    return [Head(plan.command, environment, folder) for _ in range(plan.notifiers)]


def _subscribe(
    plan: Plan, head: Head, record: Record, *, target: str, key: str
) -> tuple[dict[str, bool], dict[str, str]]:
    """Every other lane keeps the order. Lane to that, and lane to subscription."""
    keeps, ids = {}, {}
    for number in range(plan.lanes):
        lane, is_fifo = f"lane-{number}", number % 2 == 0
        body = {"url": f"{target}/{lane}", "types": [TYPE]} | ({"order": "fifo"} if is_fifo else {})
        made = call(head.port, "POST", "/v1/subscriptions", body, key=key)
        record.secrets[lane] = base64.b64decode(str(made["secret"]).removeprefix("whsec_"))
        keeps[lane], ids[lane] = is_fifo, str(made["id"])
    return keeps, ids


def _acts(plan: Plan, status: int, key: str) -> Iterator[None]:
    """Records one accession each time it is asked."""
    every = states()
    treaties = [f"chaos-{n}" for n in range(-(-plan.events // len(every)))]
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{status}", headers=headers, trust_env=False, timeout=30) as desk:
        for treaty in treaties:
            desk.put(f"/v1/treaties/{treaty}", json=definition(treaty)).raise_for_status()
        for number in range(plan.events):
            body = {"action": "accession", "participant": every[number // len(treaties)], "act_date": "2015-01-01"}
            desk.post(f"/v1/treaties/{treaties[number % len(treaties)]}/actions", json=body).raise_for_status()
            yield


def _recorded(status: int) -> list[str]:
    found, after = [], 0
    with httpx.Client(base_url=f"http://127.0.0.1:{status}", trust_env=False, timeout=30) as desk:
        while events := desk.get("/v1/feed", params={"after": after, "limit": 1000}).json()["events"]:
            found += [event["id"] for event in events if event["type"] == TYPE]
            after = events[-1]["position"]
    return found


def _wait_end(plan: Plan, herd: Herd, record: Record, *, events: Sequence[str], lanes: dict[str, bool]) -> None:
    """Until nothing is owed and everything is booked, or for so long; what is lost by then is lost."""
    ends_at = time.monotonic() + plan.ends_seconds
    for head in herd.heads:
        herd.wait_ready(head)
    while time.monotonic() < ends_at:
        taken = {(one.lane, one.event) for one in record.receipts if one.is_taken}
        if len(taken) >= len(lanes) * len(events) and herd.is_idle():
            return
        time.sleep(0.2)


def _reconciled(head: Head, record: Record, *, lane: str, subscription: str, key: str, folder: Path) -> int:
    """The exit code of reconcile for one who holds what the endpoint has taken in this lane."""
    held = folder / f"{lane}.txt"
    held.write_text("".join(f"{one}\n" for one in sorted({r.sequence for r in record.receipts if r.lane == lane})))
    wanted = reconciling.Wanted(
        url=head.url, subscription=subscription, key=key, have=(held,), state=None, post=None, secret=None, as_json=True
    )
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = reconciling.run(wanted)
    if code:
        (folder / f"{lane}.reconcile").write_text(said.getvalue())
    return code


def told(label: str, plan: Plan, outcome: Outcome) -> str:
    """One line for people."""
    found = outcome.judgement
    return (
        f"{label}: {outcome.kills} SIGKILL, {outcome.stops} SIGSTOP beyond the lease, {plan.notifiers} notifiers, "
        f"{found.owed:,} deliveries in {outcome.seconds:.0f} s: {found.lost} lost, {found.second_ids} second ids, "
        f"{found.disordered} first receipts out of order in lanes that keep it ({found.disordered_elsewhere} in the "
        f"others), {found.forged} not genuine, {found.strange} strange; {found.duplicates_percent:.1f} % duplicates, "
        f"{outcome.fenced} fenced turns; verify {outcome.verify}, {outcome.unreconciled} of {plan.lanes} lanes "
        f"unreconciled -> {'good' if outcome.is_good else 'BAD'}"
    )


def as_json(outcome: Outcome) -> str:
    facts = {**vars(outcome), "judgement": vars(outcome.judgement), "is_good": outcome.is_good}
    return json.dumps(facts)
