"""A small endpoint as a subscriber would write it: it checks the webhook signature itself, then believes the body.

Source of the check: Standard Webhooks 1.0, symmetric scheme ``v1``.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any, Final, Self

TOLERANCE_SECONDS: Final = 300
MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Arrived:
    """A webhook as it came in."""

    webhook_id: str
    verified: bool
    type: str
    data: Mapping[str, Any]


def is_genuine(headers: Mapping[str, str], body: bytes, *, secret: str, now_seconds: float) -> bool:
    """Whether the holder of the secret sent exactly this, and not long ago."""
    webhook_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(now_seconds - int(sent_at)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{webhook_id}.{sent_at}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split())


class Receiver:
    """Listens on this machine only; remembers what arrived and tells it at once, each webhook-id once."""

    def __init__(self, told: Callable[[Arrived], None]) -> None:
        self._told = told
        self._news = Condition()
        self._arrived: dict[str, Arrived] = {}
        self._secret: str | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def trust(self, secret: str) -> None:
        """From now on, believe what is signed with this."""
        with self._news:
            self._secret = secret
            self._news.notify_all()

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Check and remember one webhook; whether it was genuine."""
        with self._news:
            self._news.wait_for(lambda: self._secret is not None, timeout=5)
            genuine = self._secret is not None and is_genuine(
                headers, body, secret=self._secret, now_seconds=time.time()
            )
            content: dict[str, Any] = json.loads(body) if genuine else {"type": "?", "data": {}}
            arrived = Arrived(headers.get("webhook-id", ""), genuine, content["type"], content["data"])
            known = self._arrived.get(arrived.webhook_id)
            if known is None or genuine > known.verified:  # a forgery first must not hide the webhook itself
                self._arrived[arrived.webhook_id] = arrived
                self._told(arrived)
            elif not genuine:
                self._told(arrived)
            self._news.notify_all()
        return genuine

    def has(self, kind: str, *, within_seconds: float) -> bool:
        """Whether a genuine webhook of this type has arrived, or does in time."""
        with self._news:
            return self._news.wait_for(
                lambda: any(one.verified and one.type == kind for one in self._arrived.values()),
                timeout=within_seconds,
            )

    @property
    def verified(self) -> int:
        """How many genuine webhooks arrived."""
        with self._news:
            return sum(1 for one in self._arrived.values() if one.verified)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self.close_connection = True
                self._answer(413)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(204 if receiver.take(headers, self.rfile.read(int(length))) else 401)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
            """What arrives is printed by whoever is told."""

    return Handler
