"""The public keys that a receiver believes: those it was told, and those of a key set, read again when needed."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from treaty_notifier.ed25519 import keys_of
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.proof import Trust, proved_by
from treaty_notifier.webhook_signature import WebhookSignatureRefused

REST_SECONDS = 30.0  # between two readings of a key set, so that forgers cannot make us ask all day
ASK_SECONDS = 10.0
ENTRY = f"{Scheme.V1A.value},"


class KeysUnreadable(Exception):
    """There is no key set at this address or in this file."""


@dataclass
class KeyBook:
    """Thread-safe. ``source`` is the address of a key set, or a file."""

    trust: Trust
    source: str | None = None
    monotonic_seconds: Callable[[], float] = field(kw_only=True)
    _read_at: float = field(default=float("-inf"), init=False)
    _keys: tuple[bytes, ...] = field(default=(), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def open(self) -> None:
        """Read the key set for the first time.

        Raises:
            KeysUnreadable.
        """
        if self.source is not None:
            self._keys, self._read_at = published_keys(self.source), self.monotonic_seconds()

    def proved_by(self, headers: Mapping[str, str], body: bytes, *, now_seconds: float) -> tuple[Scheme, ...]:
        """As ``proof.proved_by``; where no key fits, a key that was made since may be in the set by now.

        Raises:
            WebhookSignatureRefused.
        """
        try:
            return proved_by(headers, body, trust=self._trust(), now_seconds=now_seconds)
        except WebhookSignatureRefused:
            if ENTRY not in headers.get("webhook-signature", "") or not self._has_read_again():
                raise
        return proved_by(headers, body, trust=self._trust(), now_seconds=now_seconds)

    def _trust(self) -> Trust:
        return Trust(secrets=self.trust.secrets, keys=self.trust.keys + self._keys)

    def _has_read_again(self) -> bool:
        with self._lock:
            if self.source is None or self.monotonic_seconds() - self._read_at < REST_SECONDS:
                return False
            self._read_at = self.monotonic_seconds()
            try:
                self._keys = published_keys(self.source)
            except KeysUnreadable:
                return False
            return True


def published_keys(source: str) -> tuple[bytes, ...]:
    """The ed25519 keys of a JSON Web Key Set, at an address or in a file.

    Raises:
        KeysUnreadable.
    """
    try:
        if source.startswith(("http://", "https://")):
            answer = httpx.get(source, timeout=ASK_SECONDS, trust_env=False, follow_redirects=False)
            answer.raise_for_status()
            return keys_of(answer.json())
        return keys_of(json.loads(Path(source).read_text(encoding="utf-8")))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
        raise KeysUnreadable(
            f"There is no key set to be read (source: {source}, {type(fault).__name__}: {fault}); a notifier publishes "
            "its own at /.well-known/webhook-keys.json"
        ) from fault
