"""One dossier for each subscription: what its endpoint wants, and the keys the service signs with for it.

One row each and one statement for all lanes of a claim, whatever is in it: what comes to be known about an endpoint
costs no further statement.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, String, Table, Text, insert, select, text, update

from treaty_notifier.endpoint_options import EndpointOptions, options_document, options_of
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.port import Dossier, SigningKey, Turn
from treaty_notifier.outbox.secrets import SecretBox
from treaty_notifier.outbox.tables import metadata, subscriptions

#: ``signing_keys`` is a JSON list, newest first, of sealed seeds, their public keys and when they expire.
dossiers = Table(
    "dossiers",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("options", Text, nullable=False),
    Column("signing_keys", Text, nullable=False),
)

_OF_LANES = "SELECT subscription_id, options, signing_keys, {now} FROM dossiers WHERE {among:subscription_id:ids}"


class SqlDossiers:
    """Implements ``Dossiers``. ``now`` is the store's clock; what takes a driver or a connection runs in the caller's
    transaction.
    """

    def __init__(self, database: Database, box: SecretBox, *, now: Callable[[Connection], datetime]) -> None:
        self._database = database
        self._box = box
        self._now = now

    def with_turns(self, driver: Driver, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        """The turns of a claim, each with the dossier of its subscription."""
        if not turns:
            return ()
        rows = driver.rows(_OF_LANES, ids=sorted({turn.lease.subscription_id for turn in turns}))
        known = {id_: self._opened(options, keys, at=driver.instant(now)) for id_, options, keys, now in rows}
        return tuple(replace(turn, dossier=known.get(turn.lease.subscription_id, turn.dossier)) for turn in turns)

    def open(self, connection: Connection, subscription_id: str, dossier: Dossier) -> None:
        connection.execute(
            insert(dossiers).values(
                subscription_id=subscription_id,
                options=json.dumps(options_document(dossier.options)),
                signing_keys=self._sealed(dossier.keys),
            )
        )

    def of(self, subscription_ids: Sequence[str]) -> dict[str, Dossier]:
        with self._database.reading() as connection:
            at = self._now(connection)
            rows = connection.execute(select(dossiers).where(dossiers.c.subscription_id.in_(subscription_ids)))
            return {row.subscription_id: self._opened(row.options, row.signing_keys, at=at) for row in rows}

    def change_options(self, subscription_id: str, options: EndpointOptions) -> None:
        ours = dossiers.c.subscription_id == subscription_id
        with self._database.writing() as connection:
            connection.execute(update(dossiers).where(ours).values(options=json.dumps(options_document(options))))

    def rotate_key(self, subscription_id: str, *, key: SigningKey, overlap_seconds: int) -> datetime | None:
        ours = dossiers.c.subscription_id == subscription_id
        with self._database.writing() as connection:
            kept = connection.execute(select(dossiers.c.signing_keys).where(ours).with_for_update()).scalar()
            if kept is None:
                return None
            expires_at = self._now(connection) + timedelta(seconds=overlap_seconds)
            # Only the last key overlaps: one that was already on its way out does not live longer by this.
            before = [replace(one, expires_at=expires_at) for one in self._keys(kept)[:1]]
            connection.execute(update(dossiers).where(ours).values(signing_keys=self._sealed([key, *before])))
            return expires_at

    def public_keys(self) -> list[bytes]:
        with self._database.reading() as connection:
            at = self._now(connection)
            rows = (
                connection.execute(select(dossiers.c.signing_keys).order_by(dossiers.c.subscription_id)).scalars().all()
            )
        return list(dict.fromkeys(one.public for kept in rows for one in _valid(_published(kept), at=at)))

    def complete(self, new_key: Callable[[], SigningKey]) -> int:
        without = select(subscriptions.c.id).where(subscriptions.c.id.not_in(select(dossiers.c.subscription_id)))
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                connection.execute(text("LOCK TABLE dossiers IN EXCLUSIVE MODE"))  # several may start at once
            found = connection.execute(without).scalars().all()
            for id_ in found:
                self.open(connection, id_, Dossier(keys=(new_key(),)))
            return len(found)

    def _opened(self, options: str, keys: str, *, at: datetime) -> Dossier:
        return Dossier(options=_options(options), keys=tuple(_valid(self._keys(keys), at=at)))

    def _keys(self, kept: str) -> list[SigningKey]:
        return [replace(one, seed=self._box.open(one.seed)) for one in _published(kept)]

    def _sealed(self, keys: Sequence[SigningKey]) -> str:
        return json.dumps([_key_document(replace(one, seed=self._box.seal(one.seed))) for one in keys])


class MemoryDossiers:
    """Implements ``Dossiers``; the twin of the tables."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[str, Dossier] = {}

    def open(self, subscription_id: str, dossier: Dossier) -> None:
        self._kept[subscription_id] = dossier

    def close(self, subscription_id: str) -> None:
        self._kept.pop(subscription_id, None)

    def of(self, subscription_ids: Sequence[str]) -> dict[str, Dossier]:
        at = self._clock()
        known = {id_: self._kept[id_] for id_ in subscription_ids if id_ in self._kept}
        return {id_: replace(one, keys=tuple(_valid(one.keys, at=at))) for id_, one in known.items()}

    def change_options(self, subscription_id: str, options: EndpointOptions) -> None:
        if subscription_id in self._kept:
            self._kept[subscription_id] = replace(self._kept[subscription_id], options=options)

    def rotate_key(self, subscription_id: str, *, key: SigningKey, overlap_seconds: int) -> datetime | None:
        dossier = self._kept.get(subscription_id)
        if dossier is None:
            return None
        expires_at = self._clock() + timedelta(seconds=overlap_seconds)
        before = tuple(replace(one, expires_at=expires_at) for one in dossier.keys[:1])
        self._kept[subscription_id] = replace(dossier, keys=(key, *before))
        return expires_at

    def public_keys(self) -> list[bytes]:
        at = self._clock()
        ordered = [one for _, one in sorted(self._kept.items(), key=lambda item: item[0])]
        return list(dict.fromkeys(key.public for one in ordered for key in _valid(one.keys, at=at)))

    def complete(self, new_key: Callable[[], SigningKey]) -> int:  # noqa: ARG002  (nothing here is of an earlier release)
        return 0


def _valid(keys: Sequence[SigningKey], *, at: datetime) -> list[SigningKey]:
    return [one for one in keys if one.expires_at is None or one.expires_at > at]


@lru_cache(10_000)
def _options(document: str) -> EndpointOptions:
    return options_of(json.loads(document))


@lru_cache(10_000)
def _published(document: str) -> tuple[SigningKey, ...]:
    """The keys with their seeds still sealed."""
    return tuple(_key_of(one) for one in json.loads(document))


def _key_document(key: SigningKey) -> dict[str, str | None]:
    expires = key.expires_at.isoformat() if key.expires_at else None
    return {"sealed": key.seed.hex(), "public": key.public.hex(), "expires_at": expires}


def _key_of(document: Mapping[str, Any]) -> SigningKey:
    expires = document["expires_at"]
    return SigningKey(
        seed=bytes.fromhex(document["sealed"]),
        public=bytes.fromhex(document["public"]),
        expires_at=datetime.fromisoformat(expires) if expires else None,
    )
