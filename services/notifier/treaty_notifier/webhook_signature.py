"""Standard Webhooks 1.0.0, symmetric scheme ``v1``: HMAC-SHA256 over ``{id}.{timestamp}.{body}``.

Source: standard-webhooks, spec/standard-webhooks.md. Pure: the moment of the attempt is an argument. The asymmetric
scheme ``v1a`` stands in the same header and is made in ``ed25519``; ``proof`` is the receiver's side of both.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105  (the public prefix of every secret, not one)
SECRET_BYTES = 32  # the specification admits 24 to 64
TIMESTAMP_DIGITS = 15  # more are no instant that anybody lives to see
TOLERANCE_SECONDS = 300  # what the independent libraries allow between the attempt and the receiver's clock
_BLOCK_BYTES, _INNER, _OUTER = 64, 0x36, 0x5C  # RFC 2104, section 2


class WebhookSignatureRefused(Exception):
    """The headers and the body do not prove that the holder of the secret sent them, or not now."""


def secret_text(secret: bytes) -> str:
    """The secret as subscribers keep it: ``whsec_`` and base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def secret_bytes(text: str) -> bytes:
    """The raw key inside ``whsec_…``.

    Raises:
        ValueError: not base64, or not 24 to 64 bytes long.
    """
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError as error:  # also what a text that is not ASCII raises
        raise ValueError("A webhook secret is whsec_ followed by base64") from error
    if not 24 <= len(secret) <= 64:
        raise ValueError(f"A webhook secret holds 24 to 64 bytes (bytes: {len(secret)})")
    return secret


class Signer:
    """Signs with each secret and each key that is valid now, newest first; made once for many messages.

    ``keys`` turn the signed content into one entry each; they follow the secrets in the header.

    HMAC with its two keyed hashes begun once and copied for each message (RFC 2104, section 4): half the cost, and the
    interpreter is not let go of in the middle, where the thread that keeps the books would take it away.
    """

    def __init__(self, secrets: Sequence[bytes], *, keys: Sequence[Callable[[bytes], str]] = ()) -> None:
        self._keys = tuple(keys)
        self._begun = [(_begun(secret, _INNER), _begun(secret, _OUTER)) for secret in secrets]

    def signature(self, *, webhook_id: str, timestamp: int, body: bytes) -> str:
        """The value of ``webhook-signature``.

        ``timestamp`` is the attempt's, in whole seconds since 1970 UTC; a receiver refuses it when it is five minutes
        off.
        """
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        entries = []
        for inner, outer in self._begun:
            within, around = inner.copy(), outer.copy()
            within.update(signed)
            around.update(within.digest())
            entries.append("v1," + base64.b64encode(around.digest()).decode("ascii"))
        entries += [key(signed) for key in self._keys]
        return " ".join(entries)

    def headers(self, *, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """The three headers that every message carries."""
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": self.signature(webhook_id=webhook_id, timestamp=timestamp, body=body),
        }


def webhook_signature(*, webhook_id: str, timestamp: int, body: bytes, secrets: Sequence[bytes]) -> str:
    """``Signer.signature`` for one message."""
    return Signer(secrets).signature(webhook_id=webhook_id, timestamp=timestamp, body=body)


def webhook_headers(*, webhook_id: str, timestamp: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """``Signer.headers`` for one message."""
    return Signer(secrets).headers(webhook_id=webhook_id, timestamp=timestamp, body=body)


def check_timestamp(timestamp: str, *, now_seconds: float) -> None:
    """Return when ``webhook-timestamp`` is within five minutes of ``now_seconds``.

    Raises:
        WebhookSignatureRefused.
    """
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise WebhookSignatureRefused("The webhook timestamp is not a whole number of seconds")
    if len(timestamp) > TIMESTAMP_DIGITS or abs(now_seconds - int(timestamp)) > TOLERANCE_SECONDS:
        raise WebhookSignatureRefused(
            f"The webhook timestamp is more than five minutes off (timestamp: {timestamp[:TIMESTAMP_DIGITS]})"
        )


def signature_entry(secret: bytes, signed: bytes) -> str:
    """The one ``v1`` entry that is right over the signed content."""
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii")


def _begun(secret: bytes, pad: int) -> "hashlib._Hash":
    """SHA-256 after its first block, the key under a pad. A key longer than a block is hashed first."""
    key = secret if len(secret) <= _BLOCK_BYTES else hashlib.sha256(secret).digest()
    return hashlib.sha256(bytes(one ^ pad for one in key.ljust(_BLOCK_BYTES, b"\0")))
