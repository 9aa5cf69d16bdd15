"""A signed statement of a subscription's feed so far: how many messages, and the root of a Merkle tree over them. Pure.

Whoever keeps it can show years later, without asking anybody, that the feed held exactly this by that day.
The watermark alone says how far it had been delivered or given up. The sender cannot say something else about those
numbers without contradicting its own signature.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from treaty_notifier.ed25519 import is_genuine
from treaty_notifier.merkle import leaf_hash
from treaty_notifier.messages import instant_text

HEADING = "treaty-notifier checkpoint 1"  # no webhook's signed content begins so
_ENDINGS = (b',"replay":true}', b',"resend":true}')
_COPIED = re.compile(rb',"resend":true,"resend_of":"(msg_[a-z2-7]{16,60})"}\Z')


class CheckpointRefused(Exception):
    """The statement is none, is not signed by this key, or does not fit what is held."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Of ``subscription``, at ``at``: ``size`` numbers were given out, and up to ``watermark`` none is on its way."""

    subscription: str
    size: int
    root: bytes
    watermark: int
    at: datetime

    def text(self) -> str:
        """What is signed, byte for byte."""
        lines = HEADING, self.subscription, str(self.size), _text(self.root), str(self.watermark), instant_text(self.at)
        return "\n".join(lines) + "\n"


def checkpoint_of(document: Mapping[str, object], *, public_key: bytes) -> Checkpoint:
    """The statement in a document ``{"text": …, "signature": "v1a,…"}``.

    Raises:
        CheckpointRefused.
    """
    text, signature = document.get("text"), document.get("signature")
    if not isinstance(text, str) or not isinstance(signature, str):
        raise CheckpointRefused("A checkpoint is a JSON object with text and signature")
    if not is_genuine(public_key, signed=text.encode(), entry=signature):
        raise CheckpointRefused("The signature is not by this key over this text")
    try:
        heading, subscription, size, root, watermark, at, end = text.split("\n")
        found = Checkpoint(
            subscription=subscription,
            size=int(size),
            root=base64.b64decode(root, validate=True),
            watermark=int(watermark),
            at=datetime.fromisoformat(at),
        )
    except ValueError as error:
        raise CheckpointRefused("The signed text is no checkpoint") from error
    if (heading, end) != (HEADING, "") or found.text() != text:
        raise CheckpointRefused("The signed text is no checkpoint of this kind")
    return found


def leaf(*, sequence: int, webhook_id: str, payload: bytes) -> bytes:
    """The leaf of one number. A message that was sent again is the one that it was.

    ``payload`` is the body in the standard form.
    """
    copied = _COPIED.search(payload)
    if copied is not None:  # under an id of its own it names the one that was signed
        webhook_id, payload = copied[1].decode(), payload[: copied.start()] + b"}"
    for ending in _ENDINGS:
        if payload.endswith(ending):
            payload = payload.removesuffix(ending) + b"}"
    return leaf_hash(f"{sequence}\n{webhook_id}\n".encode() + hashlib.sha256(payload).digest())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
