"""Both services as real processes on loopback, and a receiver that verifies with someone else's library."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

from tests.webhook_contract import breaches

READY_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class House:
    """One service in a process of its own; it can be killed and started again on the same port and database."""

    module: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    child: "subprocess.Popen[bytes] | None" = None
    before: tuple[str, ...] = ()  # what starts it, such as a wrapper that gives it a disk of its own

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / f"{self.module}-{self.port}.log").open("ab") as log:
            self.child = subprocess.Popen(
                [*self.before, sys.executable, "-m", self.module, "serve", "--port", str(self.port), *self.arguments],
                env={**os.environ, **self.environment},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        ends_at = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends_at:
            assert self.child is not None
            assert self.child.poll() is None, self.said()
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{self.module} was not ready in time: {self.said()}")

    def said(self) -> str:
        return (self.folder / f"{self.module}-{self.port}.log").read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """SIGKILL: no good-bye."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()

    def stop(self) -> None:
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()


def key(database: str, folder: Path, *, scope: str = "admin") -> str:
    """A new key, made on the database itself."""
    out = subprocess.run(
        [sys.executable, "-m", "treaty_status", "keys", "create", f"journey-{scope}", "--scope", scope, "--json"],
        env={**os.environ, "TREATY_DATABASE": database},
        cwd=folder,
        capture_output=True,
        check=True,
        text=True,
    )
    told = json.loads(out.stdout)
    return str(told.get("secret") or told["key"])


@contextmanager
def status_house(database: str, folder: Path, *, before: tuple[str, ...] = ()) -> Iterator[House]:
    house = House("treaty_status", (), {"TREATY_DATABASE": database}, folder, before=before)
    house.start()
    try:
        yield house
    finally:
        house.stop()


@contextmanager
def notifier_house(
    database: str, status: House, folder: Path, *, before: tuple[str, ...] = (), **more: str
) -> Iterator[House]:
    environment = {
        "TREATY_NOTIFIER_DATABASE": database,
        "TREATY_NOTIFIER_STATUS_URL": status.url,
        "TREATY_NOTIFIER_ALLOW_NETWORKS": "127.0.0.0/8",
        **more,
    }
    house = House("treaty_notifier", (), environment, folder, before=before)
    house.start()
    try:
        yield house
    finally:
        house.stop()


class Receiver:
    """A subscriber's endpoint: verifies each webhook, holds it against the document, keeps it, answers 204."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.breaches: list[str] = []
        self.secret = ""
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.take(dict(self.headers.items()), body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def take(self, headers: dict[str, str], body: bytes) -> None:
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            message = Webhook(self.secret).verify(body.decode(), lowered)
        except WebhookVerificationError as refusal:
            self.refused.append(str(refusal))
            return
        with self._changed:
            self.breaches += breaches(lowered, body)
            self.arrived.append((lowered["webhook-id"], message))
            self._changed.notify_all()

    def wait_for(self, types: set[str], *, seconds: float = 30.0) -> None:
        with self._changed:
            come = self._changed.wait_for(
                lambda: types <= {message["type"] for _, message in self.arrived}, timeout=seconds
            )
        assert come, f"missing: {types - {message['type'] for _, message in self.arrived}}"

    def quiet(self, *, seconds: float = 2.0, at_most: float = 60.0) -> None:
        """Wait until nothing has come for a while."""
        ends_at = time.monotonic() + at_most
        while time.monotonic() < ends_at:
            before = len(self.arrived)
            time.sleep(seconds)
            if len(self.arrived) == before:
                return

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert not self.breaches, self.breaches[:5]


@contextmanager
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    try:
        yield one
    finally:
        one.close()


def synthetic(treaty: str, *, need: int = 40) -> dict[str, object]:
    """A treaty invented for the journey, marked as such."""
    return {
        "titles": {"en": f"Synthetic treaty {treaty}"},
        "depositary": {"id": "synthetic", "name": {"en": "Synthetic depositary"}, "time_zone": "UTC"},
        "adopted_on": "2000-01-01",
        "rule": {
            "treaty": treaty,
            "title": f"Synthetic treaty {treaty}",
            "joining": {"clause": "1", "modes": ["ratification", "accession"]},
            "in_force": [
                {"clause": "2", "when": {"op": "count", "at_least": need}, "then": {"op": "plus", "days": 90}}
            ],
            "for_each": [
                {"clause": "2(1)", "own": "by_threshold", "then": {"op": "ref", "name": "eif"}},
                {"clause": "2(2)", "then": {"op": "plus", "days": 30}},
            ],
        },
    }
