"""The keys of those who may write, in the log's own database and in memory."""

import hmac
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.keys import Key, KeyNameTaken, NoSuchKey, Scope
from treaty_status.store.secrets import digest_of, mint

REMEMBERED: Final = 3.0
"""Seconds for which a verified key is not looked up again: how long another process's revocation may go unseen."""


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC instant, also in a database whose instants have no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database, always UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database, always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_METADATA: Final = sa.MetaData()
_KEYS: Final = sa.Table(
    "api_key",
    _METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.String, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
)


class DatabaseKeyRing:
    """Keys in a table beside the log; the promises are those of ``KeyRing``."""

    def __init__(self, engine: sa.Engine, *, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._verified: dict[str, tuple[Key, float]] = {}
        self._lock = Lock()
        with self._begin() as connection:
            exists = sa.inspect(connection).has_table(_KEYS.name)
        if not exists:  # so that a role that may not create tables need not
            with self._begin() as connection:  # anew: SQLite refuses to write on what was read before others wrote
                _create(connection)

    def create(self, *, name: str, scopes: Collection[Scope], now: datetime) -> tuple[Key, str]:
        """A new key and its secret."""
        key, secret = mint(name=name, scopes=scopes, now=now)
        row = {
            "id": key.id,
            "name": key.name,
            "sha256": digest_of(secret),
            "scopes": " ".join(sorted(key.scopes)),
            "created_at": key.created_at,
        }
        try:
            with self._begin() as connection:
                connection.execute(_KEYS.insert().values(row))
        except IntegrityError as taken:
            raise name_taken(name) from taken
        return key, secret

    def verify(self, secret: str) -> Key | None:
        """The live key that this secret belongs to."""
        digest = digest_of(secret)
        if digest is None:
            return None
        known = self._verified.get(digest)
        if known is not None and self._clock() < known[1]:
            return known[0]
        with self._lock:  # so that a revocation cannot fall between the look-up and the memory of it
            key = self._look_up(digest)
            if key is None:
                self._verified.pop(digest, None)
            else:
                self._verified[digest] = key, self._clock() + REMEMBERED
            return key

    def list(self) -> list[Key]:
        """Every key ever made, oldest first."""
        with self._begin() as connection:
            return [_key(row) for row in connection.execute(sa.select(_KEYS).order_by(_KEYS.c.created_at, _KEYS.c.id))]

    def revoke(self, id_or_name: str, *, now: datetime) -> Key:
        """The key, from now on refused."""
        named = sa.or_(_KEYS.c.id == id_or_name, _KEYS.c.name == id_or_name)
        with self._lock:
            with self._begin() as connection:
                connection.execute(_KEYS.update().where(named, _KEYS.c.revoked_at.is_(None)).values(revoked_at=now))
                row = connection.execute(sa.select(_KEYS).where(named)).first()
            self._verified.clear()
        if row is None:
            raise no_such_key(id_or_name)
        return _key(row)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _look_up(self, digest: str) -> Key | None:
        with self._begin() as connection:
            row = connection.execute(sa.select(_KEYS).where(_KEYS.c.sha256 == digest)).first()
        if row is None or not hmac.compare_digest(row.sha256, digest) or row.revoked_at is not None:
            return None
        return _key(row)

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as problem:
            said = getattr(problem, "orig", None) or type(problem).__name__  # the driver's words, without the statement
            raise LogUnavailable(f"The keys cannot be looked up now ({said}); try again.") from problem


class MemoryKeyRing:
    """The twin without a database; the promises are those of ``KeyRing``."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._lock = Lock()

    def create(self, *, name: str, scopes: Collection[Scope], now: datetime) -> tuple[Key, str]:
        """A new key and its secret."""
        key, secret = mint(name=name, scopes=scopes, now=now)
        with self._lock:
            if any(known.name == name for known in self._keys.values()):
                raise name_taken(name)
            self._keys[digest_of(secret) or ""] = key
        return key, secret

    def verify(self, secret: str) -> Key | None:
        """The live key that this secret belongs to."""
        key = self._keys.get(digest_of(secret) or "")
        return key if key is not None and key.revoked_at is None else None

    def list(self) -> list[Key]:
        """Every key ever made, oldest first."""
        with self._lock:
            return sorted(self._keys.values(), key=lambda key: (key.created_at, key.id))

    def revoke(self, id_or_name: str, *, now: datetime) -> Key:
        """The key, from now on refused."""
        with self._lock:
            for digest, key in self._keys.items():
                if id_or_name in (key.id, key.name):
                    self._keys[digest] = replace(key, revoked_at=key.revoked_at or now.astimezone(UTC))
                    return self._keys[digest]
        raise no_such_key(id_or_name)

    def close(self) -> None:
        """Nothing to let go of."""


def name_taken(name: str) -> KeyNameTaken:
    """The refusal of a second key of one name."""
    return KeyNameTaken(f"A key of this name was made before (name: {name!r}); choose another name.")


def no_such_key(id_or_name: str) -> NoSuchKey:
    """The refusal to revoke what is not there; a secret pasted by mistake is not repeated."""
    shown = "a secret" if digest_of(id_or_name) else repr(id_or_name[:80])
    return NoSuchKey(f"No key has this id or name (got: {shown}); list the keys to find it.")


def _create(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":  # IF NOT EXISTS alone can fail when two processes start at once
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(715518)"))
    connection.execute(CreateTable(_KEYS, if_not_exists=True))


def _key(row: sa.Row[Any]) -> Key:
    scopes = frozenset(Scope(scope) for scope in row.scopes.split())
    return Key(row.id, row.name, scopes, row.created_at, row.revoked_at)
