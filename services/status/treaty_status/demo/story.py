"""What the demonstration shows, in order: the record, a rehearsal, forty hypothetical deposits, entry into force."""

import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

from treaty_status.application.keys import Scope
from treaty_status.cli.history import history
from treaty_status.cli.importing import import_history, over_http
from treaty_status.cli.service import Service as Api
from treaty_status.demo.receiver import Receiver
from treaty_status.demo.screen import Screen
from treaty_status.demo.services import Service, Services, port_near
from treaty_status.store import open_key_ring

TREATY: Final = "XVIII-16"
LINES: Final = (
    "treaty.consent.first.*",
    "treaty.consent.percent.*",
    "treaty.consent.remaining.*",
    "treaty.threshold.*",
    "treaty.entry_into_force.*",
)
"""What the receiver subscribes to: the treaty's own lines, not each participant's."""
THRESHOLD: Final = "treaty.threshold.reached"
SCHEDULED: Final = "treaty.entry_into_force.scheduled"
IN_FORCE: Final = "treaty.entry_into_force.reached"
ARRIVES_SECONDS: Final = 30.0
DAYS_BETWEEN_DEPOSITS: Final = 6
ORGANISATIONS: Final = frozenset({"reio", "io"})


class DemonstrationFailed(Exception):
    """Something that had to happen did not; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What may be chosen. ``folder`` None: a temporary one, removed at the end. ``port`` None: 8000 or a free one, 0:
    a free one. ``leave``: end after entry into force instead of staying up."""

    folder: Path | None = None
    port: int | None = None
    notifier_port: int | None = None
    pace_seconds: float = 0.3
    leave: bool = False


def demonstrate(choices: Choices, screen: Screen) -> None:
    """Show everything, then stay up until interrupted (unless asked to leave).

    Raises:
        ServiceDied: a service did not start or ended.
        DemonstrationFailed: the history was refused, or a webhook did not come.
        KeyboardInterrupt: Ctrl-C or SIGTERM; by then everything has ended.
    """
    with _terminated_like_interrupted(), _folder(choices.folder) as folder, Services() as services:
        status, notifier, secret = _start(services, choices, folder, screen)
        with (
            Receiver(screen.arrived) as receiver,
            Api(status.url, key=secret) as record,
            Api(notifier.url, key=secret) as desk,
        ):
            _load(status, secret, screen)
            notifier.must_answer("/readyz")
            rehearsal = _open_rehearsal(record, desk, receiver, screen)
            _rehearse(record, rehearsal, receiver, choices, screen)
            screen.closing(status.url, notifier.url, rehearsal, receiver.verified, folder=folder)
            if choices.leave:
                return
            screen.staying(secret)
            while True:
                services.must_run()
                time.sleep(0.5)


def _start(services: Services, choices: Choices, folder: Path, screen: Screen) -> tuple[Service, Service, str]:
    database = f"sqlite:///{folder / 'status.db'}"
    ring = open_key_ring(database)
    try:
        _, secret = ring.create(
            name=f"demo-{secrets.token_hex(3)}",
            scopes=[Scope.RECORD, Scope.DEFINE, Scope.SUBSCRIBE],
            now=datetime.now(UTC),
        )
    finally:
        ring.close()
    port = port_near(choices.port, usual=8000)
    screen.step("Starting the status service and the notifier on SQLite", str(folder))
    status = services.start(
        "status", module="treaty_status.main", arguments=["--database", database], port=port, folder=folder
    )
    notifier = services.start(
        "notifier",
        module="treaty_notifier.main",
        arguments=[
            *("--database", f"sqlite:///{folder / 'notifier.db'}"),
            *("--status-url", status.url),
            *("--allow-network", "127.0.0.0/8"),
        ],
        port=port_near(choices.notifier_port, usual=8001),
        folder=folder,
    )
    status.must_answer("/livez")
    return status, notifier, secret


def _load(status: Service, secret: str, screen: Screen) -> None:
    screen.step("Loading the record", "United Nations Convention against Cybercrime, opened in Hanoi")
    balance = import_history(history(TREATY), over_http(status.url, secret))
    screen.loaded(balance)
    if balance.refused:
        raise DemonstrationFailed(
            f"The record refused lines of its own history: {[*balance.acts.refused, *balance.claims.refused][:3]}"
        )
    with Api(status.url) as record:
        screen.standing(record.get(f"/v1/treaties/{TREATY}"))


def _open_rehearsal(record: Api, desk: Api, receiver: Receiver, screen: Screen) -> str:
    opened = record.post(f"/v1/treaties/{TREATY}/rehearsals", {"starts_on": _today().isoformat()})
    rehearsal = str(opened.get("treaty") or opened["id"])
    screen.step("Opening a rehearsal", f"{rehearsal}: a labelled copy; what follows is hypothetical and counts nowhere")
    subscription = desk.post(
        "/v1/subscriptions",
        {
            "url": receiver.url,
            "types": list(LINES),
            "treaties": [rehearsal],
            "livemode": "all",
            "description": "the demonstration's receiver",
        },
    )
    receiver.trust(subscription["secret"])
    screen.step("Subscribing a small receiver", f"{receiver.url}, which checks every webhook signature itself")
    return rehearsal


def _rehearse(record: Api, rehearsal: str, receiver: Receiver, choices: Choices, screen: Screen) -> None:
    screen.step("Depositing instruments, one by one", "invented dates, in the order in which the States signed")
    day = _today()
    rows = depositors(record.get(f"/v1/treaties/{rehearsal}/participants"), _order())
    for number, row in enumerate(rows, start=1):
        day += timedelta(days=DAYS_BETWEEN_DEPOSITS)
        receipt = record.post(f"/v1/treaties/{rehearsal}/actions", deposit(row, day))
        screen.deposited(number, row["name"], day, receipt)
        if row["kind"] in ORGANISATIONS:
            for one in record.get(f"/v1/treaties/{rehearsal}/explanation")["not_counted"]:
                screen.remark(one["text"]["en"])
        if _crosses(receipt, THRESHOLD):
            break
        time.sleep(choices.pace_seconds)
    _must_arrive(receiver, THRESHOLD)
    _must_arrive(receiver, SCHEDULED)
    force = record.get(f"/v1/treaties/{rehearsal}")["force"]
    screen.step("Letting the day come", f"{force['entry_into_force_on']}, in the rehearsal's own calendar")
    record.post(f"/v1/treaties/{rehearsal}/day", {"on": force["entry_into_force_on"]})
    _must_arrive(receiver, IN_FORCE)


def depositors(table: dict[str, Any], order: list[str]) -> Iterator[dict[str, Any]]:
    """The signatories that have not consented yet, in the order given."""
    rows = {row["participant"]: row for row in table["participants"] if row["consent"] is None}
    return (rows[name] for name in order if name in rows)


def deposit(row: dict[str, Any], day: date) -> dict[str, Any]:
    """A hypothetical instrument: approval by an organisation, ratification by a State."""
    return {
        "action": "approval" if row["kind"] in ORGANISATIONS else "ratification",
        "participant": row["participant"],
        "act_date": day.isoformat(),
        "note": "Hypothetical: a demonstration, not a deposit.",
    }


def _order() -> list[str]:
    return [str(line.body["participant"]) for line in history(TREATY).acts if line.body]


def _crosses(receipt: dict[str, Any], kind: str) -> bool:
    return any(milestone["type"] == kind for milestone in receipt["milestones"])


def _must_arrive(receiver: Receiver, kind: str) -> None:
    if not receiver.has(kind, within_seconds=ARRIVES_SECONDS):
        raise DemonstrationFailed(f"No verified {kind} came within {ARRIVES_SECONDS:.0f} s.")


def _today() -> date:
    return datetime.now(UTC).date()


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen.resolve()
        return
    made = Path(tempfile.mkdtemp(prefix="treaty-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave services behind
        sys.stderr.write("\n")
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
