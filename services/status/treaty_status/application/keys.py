"""Who may write: keys with scopes, named in every event they record."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What a key opens. Reading needs none."""

    RECORD = "record"
    DEFINE = "define"
    SUBSCRIBE = "subscribe"
    ADMIN = "admin"


class KeyNameTaken(Exception):
    """A key of this name exists, perhaps revoked; events name their key, so a name is given once."""


class NoSuchKey(Exception):
    """No key has this id or name."""


class MalformedKey(ValueError):
    """A key needs a printable name of 1 to 64 characters and at least one scope."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret, which nobody keeps."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the key opens this; ``admin`` opens everything, a revoked key nothing."""
        return self.revoked_at is None and (scope in self.scopes or Scope.ADMIN in self.scopes)


class KeyRing(Protocol):
    """All keys of an installation. Every call may raise LogUnavailable: keys live in the log's database."""

    def create(self, *, name: str, scopes: Collection[Scope], now: datetime) -> tuple[Key, str]:
        """A new key and its secret, ``ts_`` and 256 random bits in base64url; the secret is not kept.

        Raises:
            KeyNameTaken: choose another name.
            MalformedKey: the name is empty, too long or unprintable, or there is no scope.
        """

    def verify(self, secret: str) -> Key | None:
        """The live key that this secret belongs to.

        A key revoked by this process is refused at once, one revoked by another within five seconds.
        """

    def list(self) -> list[Key]:
        """Every key ever made, oldest first."""

    def revoke(self, id_or_name: str, *, now: datetime) -> Key:
        """The key, from now on refused; one that was revoked before stays as it was.

        Raises:
            NoSuchKey: neither an id nor a name.
        """

    def close(self) -> None:
        """Let go of every connection."""
