"""Who has signed in to the pages: a cookie that only the notifiers of one database can open. Pure.

It holds the key's own text, sealed, and until when it is good: no notifier has to remember anybody, and a key that is
revoked is refused with the next page, as it is by the API.
"""

import base64
import hashlib
import json
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

COOKIE = "treaty_notifier_lanes"
GOOD_FOR = timedelta(hours=8)
NONCE_BYTES = 12
_PURPOSE = b"session of the pages"


def sealed_session(authorization: str, *, instance_key: bytes, until: datetime, nonce: bytes) -> str:
    """The cookie's value; ``nonce`` is twelve random bytes."""
    content = json.dumps([authorization, int(until.timestamp())]).encode()
    sealed = nonce + _cipher(instance_key).encrypt(nonce, content, _PURPOSE)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")


def opened_session(value: str, *, instance_key: bytes, now: datetime) -> str | None:
    """The ``Authorization`` that was sealed; None when it is too old, altered or somebody else's."""
    try:
        sealed = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        authorization, until = json.loads(_cipher(instance_key).decrypt(nonce, content, _PURPOSE))
    except (ValueError, InvalidTag):
        return None
    return str(authorization) if now.timestamp() < until else None


def _cipher(instance_key: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(_PURPOSE + b"\n" + instance_key).digest())
