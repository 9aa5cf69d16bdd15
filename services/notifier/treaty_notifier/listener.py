"""A small receiver that verifies what arrives and prints it: for demonstrations and for trying an endpoint out."""

import json
import signal
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from treaty_notifier.shelf import Shelf
from treaty_notifier.webhook_signature import WebhookSignatureRefused, secret_bytes, verify_webhook

BODY_LIMIT_BYTES = 1_000_000


def listen(
    *,
    host: str,
    port: int,
    secrets: tuple[str, ...],
    as_json: bool,
    write: Callable[[str], None],
    out: Path | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM. Without a secret everything is printed as unverified.

    ``out`` keeps every message once, as NDJSON, before it is acknowledged, and says what is missing.

    Raises:
        ValueError: a secret is not one.
        HoldingsUnreadable, OSError: ``out`` is no such file, or cannot be written.
    """
    keys = tuple(secret_bytes(secret) for secret in secrets)
    shelf = None if out is None else Shelf(out)
    server = ThreadingHTTPServer((host, port), _handler(keys, shelf=shelf, as_json=as_json, write=write))
    server.daemon_threads = True

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()  # from this thread it would wait for itself

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    shown_host, shown_port = server.server_address[:2]
    write(_line({"listening": f"http://{shown_host!s}:{shown_port}/", "verifies": bool(keys)}, as_json=as_json))
    with server:
        server.serve_forever(poll_interval=0.2)


def verdict(headers: Mapping[str, str], body: bytes, *, keys: tuple[bytes, ...], now_seconds: float) -> str:
    """``verified``, ``unverified`` (nothing to verify with) or the reason why it is refused."""
    if not keys:
        return "unverified"
    reason = ""
    for key in keys:
        try:
            verify_webhook(
                webhook_id=headers.get("webhook-id", ""),
                timestamp=headers.get("webhook-timestamp", ""),
                webhook_signature=headers.get("webhook-signature", ""),
                body=body,
                secret=key,
                now_seconds=now_seconds,
            )
        except WebhookSignatureRefused as refusal:
            reason = str(refusal)
        else:
            return "verified"
    return reason


def _handler(
    keys: tuple[bytes, ...], *, shelf: Shelf | None, as_json: bool, write: Callable[[str], None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > BODY_LIMIT_BYTES:
                self._answer(413)
                return
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = verdict(headers, body, keys=keys, now_seconds=time.time())
            write(_line(_shown(headers, body, found), as_json=as_json))
            if found not in ("verified", "unverified"):
                self._answer(401)
            else:
                self._answer(204 if shelf is None or self._kept(shelf, headers, body, found) else 500)

        def _kept(self, shelf: Shelf, headers: Mapping[str, str], body: bytes, found: str) -> bool:
            """False when the disk does not take it: the sender tries again."""
            try:
                is_new, notices = shelf.keep(_record(headers, body, found))
            except OSError as fault:
                write(_line({"not_kept": str(fault)}, as_json=as_json))
                return False
            if not is_new:
                write(_line({"repetition": headers.get("webhook-id")}, as_json=as_json))
            for notice in notices:
                write(_line({"notice": notice}, as_json=as_json))
            return True

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's own name)
            """What matters was printed already."""

    return Handler


def _record(headers: Mapping[str, str], body: bytes, found: str) -> dict[str, object]:
    """What is kept of a webhook: its numbers, and the exact text that was signed."""
    known = _content(body)
    return {
        "sequence": known.get("sequence"),
        "webhook_id": headers.get("webhook-id"),
        "previous_id": known.get("previous_id"),
        "watermark": known.get("watermark"),
        "type": known.get("type"),
        "verdict": found,
        "payload": body.decode("utf-8", "replace"),
    }


def _content(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


def _shown(headers: Mapping[str, str], body: bytes, found: str) -> dict[str, object]:
    known = _content(body)
    return {
        "verdict": found,
        "sequence": known.get("sequence"),
        "webhook_id": headers.get("webhook-id"),
        "type": known.get("type"),
        "timestamp": known.get("timestamp"),
        "data": known.get("data"),
    }


def _line(shown: Mapping[str, object], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(shown, ensure_ascii=False)
    return "  ".join(f"{name}={value}" for name, value in shown.items() if value is not None)
