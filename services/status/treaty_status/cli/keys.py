"""Keys, as their owner handles them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.keys import Key, KeyNameTaken, KeyRing, MalformedKey, NoSuchKey, Scope
from treaty_status.cli import output
from treaty_status.cli.exits import Refused, Unreachable
from treaty_status.settings import Settings
from treaty_status.store import open_key_ring
from treaty_status.store.opening import UnknownDatabase


def create(database: str | None, *, name: str, scopes: list[str], as_json: bool) -> None:
    """Make a key and print its secret, once."""
    with _ring(database) as ring:
        made, secret = ring.create(name=name, scopes=[_scope(text) for text in scopes], now=datetime.now(UTC))
    if as_json:
        output.as_json({**document(made), "secret": secret})
        return
    output.say(f"The key {made.name} may: {', '.join(sorted(made.scopes))}. Its secret is shown only now:")
    output.OUT.out(secret, highlight=False)


def show(database: str | None, *, as_json: bool) -> None:
    """Print every key."""
    with _ring(database) as ring:
        found = [document(key) for key in ring.list()]
    if as_json:
        output.as_json({"keys": found})
    else:
        output.table(found, id="id", name="name", scopes="may", created_at="made", revoked_at="revoked")


def revoke(database: str | None, id_or_name: str, *, as_json: bool) -> None:
    """Refuse a key from now on."""
    with _ring(database) as ring:
        key = ring.revoke(id_or_name, now=datetime.now(UTC))
    if as_json:
        output.as_json(document(key))
    else:
        output.say(f"The key {key.name} is revoked.")


def document(key: Key) -> dict[str, Any]:
    """A key as JSON; there is no secret in it."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
    }


def database_of(given: str | None) -> str:
    """The database that a command is about: the one given, else that of the settings."""
    return given or Settings().database


@contextmanager
def _ring(database: str | None) -> Iterator[KeyRing]:
    try:
        ring = open_key_ring(database_of(database))
        try:
            yield ring
        finally:
            ring.close()
    except (KeyNameTaken, MalformedKey, NoSuchKey) as refusal:
        raise Refused(0, {"title": "Refused", "detail": str(refusal)}) from refusal
    except (LogUnavailable, UnknownDatabase) as fault:
        raise Unreachable(str(fault)) from fault


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError as error:
        known = ", ".join(scope.value for scope in Scope)
        raise MalformedKey(f"There is no scope {text!r}; there are: {known}.") from error
