"""What proves a webhook to a receiver: a secret that it shares with the sender, or a public key of the sender. Pure.

Source: standard-webhooks, spec/standard-webhooks.md: any one of the signatures is enough.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from treaty_notifier.ed25519 import is_genuine
from treaty_notifier.endpoint_options import Scheme
from treaty_notifier.webhook_signature import (
    WebhookSignatureRefused,
    check_timestamp,
    signature_entry,
)


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom a receiver believes: ``secrets`` are raw bytes, ``keys`` the 32 bytes of public keys."""

    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    keys: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.secrets or self.keys)


def proved_by(headers: Mapping[str, str], body: bytes, *, trust: Trust, now_seconds: float) -> tuple[Scheme, ...]:
    """Every scheme of which an entry is right, while the timestamp is within five minutes of ``now_seconds``.

    ``headers`` are in small letters.

    Raises:
        WebhookSignatureRefused: none is, or it is too old or comes from the future.
    """
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    check_timestamp(timestamp, now_seconds=now_seconds)
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    entries = headers.get("webhook-signature", "").split(" ")
    right = [signature_entry(secret, signed).encode() for secret in trust.secrets]
    found = {
        Scheme.V1: any(hmac.compare_digest(one, entry.encode()) for one in right for entry in entries),
        Scheme.V1A: any(is_genuine(key, signed=signed, entry=entry) for key in trust.keys for entry in entries),
    }
    if not any(found.values()):
        held = " and ".join(name for name, has in (("secrets", trust.secrets), ("public keys", trust.keys)) if has)
        raise WebhookSignatureRefused(
            f"No webhook signature matches this body, id and timestamp with the {held or 'secrets'} held here"
        )
    return tuple(scheme for scheme, is_right in found.items() if is_right)
