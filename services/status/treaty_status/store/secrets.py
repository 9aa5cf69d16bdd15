"""Making and recognising the secrets of keys. Only a hash is ever kept: 256 random bits need no slow one."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from treaty_status.application.keys import Key, MalformedKey, Scope

PREFIX: Final = "ts_"
"""Lets people and scanners tell what leaked."""
_LENGTH: Final = len(PREFIX) + 43
_LONGEST_NAME: Final = 64


def mint(*, name: str, scopes: Collection[Scope], now: datetime) -> tuple[Key, str]:
    """A new key and its secret.

    Raises:
        MalformedKey: the name or the scopes cannot be used.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise MalformedKey(f"A key's name is 1 to {_LONGEST_NAME} printable characters (got: {name[:80]!r}).")
    if not scopes:
        raise MalformedKey(f"A key needs at least one scope (name: {name!r}); choose from {', '.join(Scope)}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    return Key(f"key_{secrets.token_hex(8)}", name, frozenset(Scope(s) for s in scopes), now.astimezone(UTC)), secret


def digest_of(secret: str) -> str | None:
    """The SHA-256 (hex) under which a secret is known; None when it cannot be one of ours."""
    if len(secret) != _LENGTH or not secret.startswith(PREFIX) or not secret.isascii():
        return None
    return sha256(secret.encode()).hexdigest()
