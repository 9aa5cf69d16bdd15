"""The notifier's neighbours, on real sockets of this machine: a status service that is told what to say, a receiver."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import uvicorn

from tests.webhook_contract import breaches
from treaty_notifier.service import application, now
from treaty_notifier.settings import Settings

LOOPBACK = "127.0.0.0/8"
DESK = "ts_desk"
OTHER = "ts_other"
READER = "ts_reader"
ADMIN = "ts_admin"
KEYS = {
    DESK: {"id": "key-desk", "name": "desk", "scopes": ["subscribe"]},
    OTHER: {"id": "key-other", "name": "other", "scopes": ["subscribe", "record"]},
    READER: {"id": "key-reader", "name": "reader", "scopes": ["record"]},
    ADMIN: {"id": "key-admin", "name": "admin", "scopes": ["admin"]},
}
MILESTONE = "treaty.threshold.reached"
RECORDED = {"at": "2026-11-21T10:00:00.000000Z", "by": "key:desk"}


def milestone(number: int, **changes: Any) -> dict[str, Any]:
    """A milestone as the feed tells it; ``number`` makes it different from others."""
    treaty = changes.get("treaty", "XVIII-16")
    kind, _, status = changes.get("type", MILESTONE).removeprefix("treaty.").rpartition(".")
    data = {
        "treaty": treaty,
        "recorded": RECORDED,
        "key": f"{treaty}:{kind}::{number}",
        "titles": {"en": "A convention"},
        "milestone_id": str(UUID(int=number)),
        "params": "",
        "occurrence": number,
        "revision": 1,
        "supersedes": None,
        "kind": kind,
        "status": status,
        "occurred_on": "2027-04-05",
        "time_zone": "America/New_York",
        "late_by_days": 0,
        "livemode": changes.get("livemode", True),
        "cause": {"kind": "action", "event_ids": [str(UUID(int=20_000_000 + number))]},
        "attributed_to": [{"participant": "fra", "name": "France", "action": "ratification"}],
    } | changes.pop("data", {})
    return (
        {"type": MILESTONE, "category": "milestone", "treaty": "XVIII-16", "livemode": True} | changes | {"data": data}
    )


def deposit(participant: str, **changes: Any) -> dict[str, Any]:
    """A fact as the feed tells it."""
    event = {"type": "treaty.consent.recorded", "category": "fact", "treaty": "XVIII-16", "livemode": True}
    act = {"participant": participant, "action": "ratification", "act_date": "2026-11-20"}
    return event | changes | {"data": {"treaty": "XVIII-16", "recorded": RECORDED, **act}}


class FakeStatus:
    """Answers the feed with long poll, whose key it is, and who belongs to a group."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.groups: dict[str, list[str]] = {"eu_members": ["fra", "deu"]}
        self.participants = ["fra", "deu", "ita"]
        self.no_treaties = {"XVIII-99"}
        """Ids that no treaty has; whatever else is asked for is there."""
        self.keys = dict(KEYS)
        self.is_down = False
        self._changed = threading.Condition()
        self._server = _started(self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def record(self, *events: Mapping[str, Any], hole: int = 0) -> None:
        """Append events to the feed, ``hole`` positions after the last one."""
        with self._changed:
            for event in events:
                position = self.head() + 1 + hole
                known = {
                    "position": position,
                    "id": str(UUID(int=10_000_000 + position)),
                    "version": position,
                    "recorded_at": f"2026-11-21T10:{position // 60 % 60:02}:{position % 60:02}.000000Z",
                    "recorded_by": "key:desk",
                }
                self.events.append(known | dict(event))
            self._changed.notify_all()

    def head(self) -> int:
        return int(self.events[-1]["position"]) if self.events else 0

    def close(self) -> None:
        with self._changed:
            self.is_down = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def _page(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        after, limit = int(query["after"][0]), int(query["limit"][0])
        with self._changed:
            # A second at most: the notifier asks again, and a test that ends does not wait for it.
            self._changed.wait_for(
                lambda: self.head() > after or self.is_down, timeout=min(float(query["wait"][0]), 1.0)
            )
            found = [event for event in self.events if event["position"] > after][:limit]
            return {
                "after": after,
                "head": self.head(),
                "events": found,
                "next": found[-1]["position"] if found else after,
            }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        status = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                if status.is_down:
                    self.answer(503, {})
                elif asked.path == "/v1/feed":
                    self.answer(200, status._page(parse_qs(asked.query)))
                elif asked.path == "/v1/keys/self":
                    key = status.keys.get(self.headers.get("authorization", "").removeprefix("Bearer "))
                    self.answer(200 if key else 401, key or {})
                elif asked.path == "/v1/participants":
                    named = parse_qs(asked.query).get("group")
                    found = status.participants if named is None else status.groups.get(named[0])
                    self.answer(404 if found is None else 200, {"participants": [{"id": one} for one in found or []]})
                else:
                    self.answer(404, {})

            def do_HEAD(self) -> None:
                treaty = self.path.removeprefix("/v1/treaties/")
                self.answer(503 if status.is_down else 404 if treaty in status.no_treaties else 200)

        return Handler


@dataclass(frozen=True)
class Received:
    """One POST as it came in; ``answered`` is the status it got."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(frozen=True)
class Reply:
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: threading.Event | None = None  # answered only when it is set, or after ten seconds


class Receiver:
    """An endpoint. ``script`` holds the next replies; when it is empty ``usual`` is given.

    What it receives must be as the document says, or the test fails when it waits and when it ends; ``undocumented``
    types are those of a newer status service.
    """

    def __init__(self) -> None:
        self.breaches: list[str] = []
        self.undocumented: frozenset[str] = frozenset()
        self.received: list[Received] = []
        self.script: list[Reply] = []
        self.usual = Reply()
        self._arrived = threading.Condition()
        self._server = _started(self._handler())
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, count: int, *, seconds: float = 20) -> list[Received]:
        """At least ``count`` POSTs, or an AssertionError that says what came."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.received) >= count, timeout=seconds)
            assert came, (
                f"{len(self.received)} of {count} webhooks arrived: {[one.json['type'] for one in self.received]}"
            )
            self.check()
            return list(self.received)

    def check(self) -> None:
        """An AssertionError when a webhook was not as documented."""
        assert not self.breaches, self.breaches[:5]

    def ids(self) -> list[str]:
        return [one.id for one in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.check()

    def _note(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        with self._arrived:
            reply = self.script.pop(0) if self.script else self.usual
            if "webhook-signature" in headers:  # the transports are tested with this endpoint too, with any bytes
                self.breaches += breaches(headers, body, undocumented=self.undocumented)
            self.received.append(Received(path, headers, body, reply.status))
            self._arrived.notify_all()
            return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(_Quiet):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                reply = receiver._note(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if reply.hold is not None:
                    reply.hold.wait(10)
                self.answer(reply.status, reply.body, reply.headers)

            do_GET = do_POST  # noqa: N815  (what a followed redirect would become)

        return Handler


class Notifier:
    """The real service on a real port, in a thread of this process."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = now) -> None:
        config = uvicorn.Config(
            application(settings, clock=clock), host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        eventually(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started, "the notifier did not start"
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)

    def call(self, method: str, path: str, *, key: str | None = DESK, **arguments: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return self.client.request(method, path, headers=headers | arguments.pop("headers", {}), **arguments)

    def subscribe(self, url: str, *, key: str = DESK, **fields: Any) -> dict[str, Any]:
        answer = self.call("POST", "/v1/subscriptions", key=key, json={"url": url, **fields})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def deliveries(
        self, subscription: Mapping[str, Any], *, key: str = DESK, state: str | None = None
    ) -> list[dict[str, Any]]:
        path = f"/v1/subscriptions/{subscription['id']}/deliveries"
        answer = self.call("GET", path, key=key, params={"state": state} if state else {})
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    def delivery(self, delivery_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/v1/deliveries/{delivery_id}").json()
        return found

    def close(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(timeout=15)
        assert not self._thread.is_alive(), "the notifier did not stop"


@contextmanager
def notifier(
    dsn: str, status: FakeStatus, *, clock: Callable[[], datetime] = now, **changes: Any
) -> Iterator[Notifier]:
    """A notifier with quick retries that may dial loopback; ``changes`` are settings."""
    settings = {
        "database": dsn,
        "status_url": status.url,
        "allow_networks": LOOPBACK,
        "schedule_seconds": "0,0.05,0.05,0.05",
        "deadline_seconds": 5,
    }
    running = Notifier(Settings.model_validate(settings | changes), clock=clock)
    try:
        yield running
    finally:
        running.close()


def eventually(holds: Callable[[], object], *, seconds: float = 20) -> None:
    """Wait until it holds; an AssertionError after the bound."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.01)


def altered(secret: str) -> str:
    """Another secret of the same form."""
    raw = bytearray(base64.b64decode(secret.removeprefix("whsec_")))
    raw[0] ^= 1
    return "whsec_" + base64.b64encode(bytes(raw)).decode()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet; else each answer waits 40 ms for an acknowledgement
    disable_nagle_algorithm = True

    def answer(self, status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the notifier did not wait: what it does then is what is tested

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's own name)
        """Tests say what they need themselves."""


def _started(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
