"""A small receiver that verifies what arrives and prints it: for demonstrations and for trying an endpoint out."""

import json
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from treaty_notifier.ed25519 import public_key
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.formats import read
from treaty_notifier.key_book import KeyBook
from treaty_notifier.proof import Trust
from treaty_notifier.shelf import Shelf
from treaty_notifier.webhook_signature import WebhookSignatureRefused, secret_bytes

BODY_LIMIT_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Believed:
    """``secrets`` are ``whsec_…``, ``public_keys`` ``whpk_…``; ``key_set`` is the address of a key set, or a file."""

    secrets: Sequence[str] = field(default=(), repr=False)
    public_keys: Sequence[str] = ()
    key_set: str | None = None

    def book(self) -> KeyBook | None:
        """None where nobody is believed. Raises ValueError, KeysUnreadable."""
        trust = Trust(
            secrets=tuple(secret_bytes(one) for one in self.secrets),
            keys=tuple(public_key(one) for one in self.public_keys),
        )
        if not trust and self.key_set is None:
            return None
        book = KeyBook(trust, self.key_set, monotonic_seconds=time.monotonic)
        book.open()
        return book


def listen(
    *,
    host: str,
    port: int,
    believed: Believed,
    as_json: bool,
    write: Callable[[str], None],
    out: Path | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM. Where nobody is believed everything is printed as unverified.

    ``out`` keeps every message once, as NDJSON, before it is acknowledged, and says what is missing.

    Raises:
        ValueError: a secret or a public key is not one.
        KeysUnreadable: there is no key set where one should be.
        HoldingsUnreadable, OSError: ``out`` is no such file, or cannot be written.
    """
    book = believed.book()
    shelf = None if out is None else Shelf(out)
    server = ThreadingHTTPServer((host, port), _handler(book, shelf=shelf, as_json=as_json, write=write))
    server.daemon_threads = True

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()  # from this thread it would wait for itself

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    shown_host, shown_port = server.server_address[:2]
    write(_line({"listening": f"http://{shown_host!s}:{shown_port}/", "verifies": book is not None}, as_json=as_json))
    with server:
        server.serve_forever(poll_interval=0.2)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``word`` is verified, unverified (nothing to verify with) or the reason why it is refused."""

    word: str
    proved_by: tuple[Scheme, ...] = ()

    @property
    def is_refusal(self) -> bool:
        return self.word not in ("verified", "unverified")


def verdict(headers: Mapping[str, str], body: bytes, *, book: KeyBook | None, now_seconds: float) -> Verdict:
    if book is None:
        return Verdict(word="unverified")
    try:
        return Verdict(word="verified", proved_by=book.proved_by(headers, body, now_seconds=now_seconds))
    except WebhookSignatureRefused as refusal:
        return Verdict(word=str(refusal))


def _handler(
    book: KeyBook | None, *, shelf: Shelf | None, as_json: bool, write: Callable[[str], None]
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
            found = verdict(headers, body, book=book, now_seconds=time.time())
            write(_line(_shown(headers, body, found), as_json=as_json))
            if found.is_refusal:
                self._answer(401)
            else:
                self._answer(204 if shelf is None or self._kept(shelf, headers, body, found) else 500)

        def _kept(self, shelf: Shelf, headers: Mapping[str, str], body: bytes, found: Verdict) -> bool:
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


def _record(headers: Mapping[str, str], body: bytes, found: Verdict) -> dict[str, object]:
    """What is kept of a webhook: its numbers, and the exact text that was signed."""
    known = read(headers, body)
    marks = {name: known[name] for name in ("resend", "resend_of") if known.get(name)}
    if "ce-id" in headers:  # the text that was signed does not say it
        marks["timestamp"] = known.get("timestamp")
    return {
        **marks,
        "sequence": known.get("sequence"),
        "webhook_id": headers.get("webhook-id"),
        "previous_id": known.get("previous_id"),
        "watermark": known.get("watermark"),
        "type": known.get("type"),
        "verdict": found.word,
        "payload": body.decode("utf-8", "replace"),
    }


def _shown(headers: Mapping[str, str], body: bytes, found: Verdict) -> dict[str, object]:
    known = read(headers, body)
    return {
        "verdict": found.word,
        "proved_by": ", ".join(found.proved_by) or None,
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
