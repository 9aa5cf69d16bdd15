"""The status service through its front door: the whole application in this process, on a real database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from time import monotonic, sleep
from typing import Any

import httpx
from starlette.testclient import TestClient

from treaty_status.api import Application, create_app
from treaty_status.application.keys import Scope
from treaty_status.service import open_desk

HANOI = "XVIII-16"
HISTORY = files("treaty_status") / "histories" / HANOI
TODAY = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
SETTLING_SECONDS = 10.0
Json = dict[str, Any]


@dataclass
class Clock:
    """The instant, until somebody moves it."""

    now: datetime = TODAY

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: int) -> None:
        self.now += timedelta(**by)


@dataclass
class Status:
    """A running service and a client of it; ``key`` opens everything."""

    client: TestClient | httpx.Client
    app: Application
    clock: Clock
    keys: dict[str, str] = field(default_factory=dict)

    def bearer(self, who: str = "admin") -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[who]}"}

    # ---- writing ------------------------------------------------------------------------------------------------
    def put(self, treaty: str, body: Json, **headers: str) -> Any:
        return self.client.put(f"/v1/treaties/{treaty}", json=body, headers=self.bearer() | _dashed(headers))

    def post(self, path: str, body: Any, *, who: str = "admin", query: str = "", **headers: str) -> Any:
        return self.client.post(f"/v1/treaties/{path}{query}", json=body, headers=self.bearer(who) | _dashed(headers))

    def act(self, treaty: str, action: str, participant: str, on: str, **more: Any) -> Any:
        """Record an act; the answer, whatever it is."""
        body = {"action": action, "participant": participant, "act_date": on, **more}
        return self.post(f"{treaty}/actions", body)

    def recorded(self, treaty: str, action: str, participant: str, on: str, **more: Any) -> Json:
        """Record an act that has to be taken; its receipt."""
        answer = self.act(treaty, action, participant, on, **more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def rehearse(self, treaty: str = HANOI, **body: Any) -> str:
        answer = self.post(f"{treaty}/rehearsals", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    # ---- reading ------------------------------------------------------------------------------------------------
    def get(self, path: str, *, headers: dict[str, str] | None = None, **params: Any) -> Any:
        answer = self.client.get(f"/v1/{path}", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def treaty(self, treaty: str = HANOI, **params: Any) -> Json:
        return dict(self.get(f"treaties/{treaty}", **params))

    def log(self, treaty: str = HANOI) -> list[Json]:
        answer = self.client.get(f"/v1/treaties/{treaty}/log")
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def announced(self, treaty: str = HANOI) -> list[tuple[str, str]]:
        """Every milestone said of a treaty, in order: its type and its legal day."""
        return [
            (event["type"], event["data"]["occurred_on"])
            for event in self.log(treaty)
            if "milestone_id" in event["data"]
        ]

    def settled(self) -> None:
        """Wait until the lists have digested the log."""
        ends_at = monotonic() + SETTLING_SECONDS
        head = self.app.surface.desk.log.head()
        while self.app.surface.desk.views.position() < head:
            assert monotonic() < ends_at, "the lists did not catch up"
            sleep(0.01)


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def status(dsn: str, *, clock: Clock | None = None, **settings: Any) -> Iterator[Status]:
    """A service on a database, with keys named after what they may: admin, record, define, subscribe."""
    clock = clock or Clock()
    desk = open_desk(dsn, clock=clock)
    keys = {}
    known = {key.name for key in desk.keys.list()}
    for scope in Scope:
        name = scope.value if scope.value not in known else f"{scope.value}-{len(known)}"
        keys[scope.value] = desk.keys.create(name=name, scopes=[scope], now=clock.now)[1]
    app = create_app(desk, **settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Status(client, app, clock, keys)


def convention() -> Json:
    """The United Nations Convention against Cybercrime as it is defined by PUT."""
    return dict(json.loads((HISTORY / "treaty.json").read_text(encoding="utf-8")))


def history(name: str) -> list[Json]:
    """The acts or claims of the convention, as bodies."""
    return [json.loads(line) for line in (HISTORY / f"{name}.ndjson").read_text(encoding="utf-8").splitlines()]


def load_convention(service: Status, *, claims: bool = False) -> None:
    """The convention with its 72 signatures; with the claims where they are wanted."""
    answer = service.put(HANOI, convention())
    assert answer.status_code == 201, answer.text
    for body in history("acts"):
        answer = service.post(f"{HANOI}/actions", body)
        assert answer.status_code == 201, answer.text
    for body in history("claims") if claims else []:
        answer = service.post(f"{HANOI}/claims", body)
        assert answer.status_code == 201, answer.text


def protocol(treaty: str = "EX-1", *, need: int = 3, **more: Any) -> Json:
    """A small treaty invented for tests: three instruments, ninety days."""
    return {
        "titles": {"en": f"Protocol {treaty}"},
        "depositary": {"id": "tests", "name": {"en": "The depositary of tests"}, "time_zone": "Europe/Paris"},
        "adopted_on": "2026-01-15",
        "rule": {
            "treaty": treaty,
            "title": f"Protocol {treaty}",
            "joining": {"clause": "9", "modes": ["ratification", "accession"], "signature_required": False},
            "in_force": [
                {"clause": "10(1)", "when": {"op": "count", "at_least": need}, "then": {"op": "plus", "days": 90}}
            ],
            "for_each": [{"clause": "10(2)", "then": {"op": "plus", "days": 30}}],
        },
        **more,
    }


def day(text: str) -> date:
    """A civil date from ISO text."""
    return date.fromisoformat(text)
