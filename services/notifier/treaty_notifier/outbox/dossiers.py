"""One dossier for each subscription: what its endpoint wants, and the keys the service signs with for it.

One row each and one statement for all lanes of a claim, whatever is in it: what comes to be known about an endpoint
costs no further statement.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    text,
    update,
)

from treaty_notifier.deliveries import Dead, Outcome
from treaty_notifier.ed25519 import key_name
from treaty_notifier.endpoint_options import EndpointOptions, options_document, options_of
from treaty_notifier.endpoint_tls import EndpointTls, tls_document
from treaty_notifier.isolation import (
    PATIENCE,
    Circuit,
    Conduct,
    NoticeKind,
    after_turn,
    allowance,
    conduct_document,
    conduct_of,
    forgiven,
    judged,
    moved,
    spent,
)
from treaty_notifier.messages import instant_text
from treaty_notifier.outbox import bookings, retired_keys
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.port import Dossier, Notice, OptionsChange, RetiredKey, Settlement, SigningKey, Turn
from treaty_notifier.outbox.rotation import check_room
from treaty_notifier.outbox.secrets import Renew, SecretBox, headers_place, key_place, tls_place
from treaty_notifier.outbox.tables import Instant, metadata, subscriptions
from treaty_notifier.subscriptions import SubscriptionState

LAGS_AT_ONCE = 500  # notices of one commit
MOST_NAMED = 10  # deliveries that one notice names

#: ``headers`` are the subscriber's own fields and ``tls`` its certificates, sealed. ``conduct`` is empty where there is
#: nothing to be said.
#: ``signing_keys`` is a JSON list, newest first, of sealed seeds, their public keys and when they expire.
dossiers = Table(
    "dossiers",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("options", Text, nullable=False),
    Column("signing_keys", Text, nullable=False),
    Column("conduct", Text),
    Column("headers", Text),
    Column("tls", Text),
)

#: What is to be told about an endpoint, written in the commit that found it out and taken away when it was told.
notices = Table(
    "notices",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("subscription_id", String(40), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("facts", Text, nullable=False),
)

_OF_LANES = """
    SELECT subscription_id, options, signing_keys, conduct, headers, tls, {now} FROM dossiers
    WHERE {among:subscription_id:ids}
"""
_HELD = """
    SELECT subscription_id, options, conduct FROM dossiers WHERE {among:subscription_id:ids}
    ORDER BY subscription_id {lock}
"""
_CONDUCT = "UPDATE dossiers SET conduct = :conduct WHERE subscription_id = :id"
_DISABLE = "UPDATE subscriptions SET state = 'disabled', state_reason = :reason WHERE id = :id AND state <> 'disabled'"
_NOTICE_COLUMNS = "subscription_id, kind, at, facts"


class SqlDossiers:
    """Implements ``Dossiers``. ``now`` is the store's clock; what takes a driver or a connection runs in the caller's
    transaction.
    """

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        *,
        now: Callable[[Connection], datetime],
        patience: timedelta = PATIENCE,
    ) -> None:
        self._patience = patience
        self._database = database
        self._box = box
        self._now = now

    def with_turns(self, driver: Driver, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        """The turns of a claim, each with the dossier of its subscription."""
        if not turns:
            return ()
        rows = driver.rows(_OF_LANES, ids=sorted({turn.lease.subscription_id for turn in turns}))
        known = {
            id_: self._opened(id_, options, keys, conduct, headers, tls, at=driver.instant(now))
            for id_, options, keys, conduct, headers, tls, now in rows
        }
        return tuple(replace(turn, dossier=known.get(turn.lease.subscription_id, turn.dossier)) for turn in turns)

    def book(self, driver: Driver, settlements: Sequence[Settlement]) -> None:
        """In the transaction that books the turns: how the endpoints behaved, and what follows from it."""
        noted = [one for one in settlements if one.is_notable]
        now = driver.now() if noted or any(one.pause_seconds for one in settlements) else None
        if now is None:
            return
        for one in settlements:
            if one.pause_seconds:
                until = now + timedelta(seconds=one.pause_seconds)
                bookings.hold_back(driver, one.lease.subscription_id, until=until)
        if noted:
            self._book_conduct(driver, noted, now=now)

    def _book_conduct(self, driver: Driver, settlements: Sequence[Settlement], *, now: datetime) -> None:
        ids = sorted({one.lease.subscription_id for one in settlements})
        for id_, options, kept in driver.rows(_HELD, ids=ids):
            before = _conduct(kept)
            ours = [one for one in settlements if one.lease.subscription_id == id_]
            found = judge_turns(before, ours, options=_options(options), at=now, patience=self._patience)
            if found.conduct != before:
                driver.run(_CONDUCT, conduct=_kept(found.conduct), id=id_)
            if found.disables is not None:
                driver.run(_DISABLE, reason=found.disables, id=id_)
            rows = [(id_, kind.value, driver.stamp(now), json.dumps(facts)) for kind, facts in found.notices]
            driver.insert("notices", _NOTICE_COLUMNS, rows)

    def forgive(self, subscription_id: str) -> None:
        ours = dossiers.c.subscription_id == subscription_id
        with self._database.writing() as connection:
            connection.execute(update(dossiers).where(ours).values(conduct=_kept(forgiven())))

    def judge_lag(self, lagging: Mapping[str, int]) -> int:
        # Of one that is paused or disabled nothing is said: it neither lags nor has caught up.
        told = (
            select(dossiers.c.subscription_id)
            .join(subscriptions, subscriptions.c.id == dossiers.c.subscription_id)
            .where(subscriptions.c.state == SubscriptionState.ACTIVE.value, dossiers.c.conduct.contains("is_lagging"))
        )
        with self._database.reading() as connection:
            changed = sorted(lagging.keys() ^ set(connection.execute(told).scalars()))
        for start in range(0, len(changed), LAGS_AT_ONCE):
            with self._database.writing() as connection:
                self._tell_lag(connection, changed[start : start + LAGS_AT_ONCE], lagging)
        return len(changed)

    def _tell_lag(self, connection: Connection, changed: Sequence[str], lagging: Mapping[str, int]) -> None:
        """Those whose dossiers still say otherwise: another notifier may have been first."""
        at = self._now(connection)
        held = select(dossiers.c.subscription_id, dossiers.c.conduct).where(dossiers.c.subscription_id.in_(changed))
        for id_, kept in connection.execute(held.order_by(dossiers.c.subscription_id).with_for_update()).all():
            before = _conduct(kept)
            if before.is_lagging == (id_ in lagging):
                continue
            after = replace(before, is_lagging=not before.is_lagging)
            connection.execute(update(dossiers).where(dossiers.c.subscription_id == id_).values(conduct=_kept(after)))
            kind, facts = lag_notice(id_, lagging)
            connection.execute(
                insert(notices).values(subscription_id=id_, kind=kind.value, at=at, facts=json.dumps(facts))
            )

    def notices(self, *, limit: int) -> list[Notice]:
        with self._database.reading() as connection:
            return [
                Notice(
                    id=row.id,
                    subscription_id=row.subscription_id,
                    kind=NoticeKind(row.kind),
                    at=row.at,
                    facts=json.loads(row.facts),
                )
                for row in connection.execute(select(notices).order_by(notices.c.id).limit(limit))
            ]

    def told(self, notice_ids: Sequence[int]) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(notices).where(notices.c.id.in_(notice_ids)))

    def circuits_open(self) -> int:
        with self._database.reading() as connection:
            kept = connection.execute(select(dossiers.c.conduct).where(dossiers.c.conduct.is_not(None))).scalars()
            return sum(_conduct(one).circuit is not Circuit.CLOSED for one in kept)

    def open(self, connection: Connection, subscription_id: str, dossier: Dossier) -> None:
        connection.execute(
            insert(dossiers).values(
                subscription_id=subscription_id,
                options=json.dumps(options_document(dossier.options)),
                headers=self._sealed_headers(subscription_id, dossier.options),
                tls=self._sealed_tls(subscription_id, dossier.options),
                signing_keys=self._sealed(subscription_id, dossier.keys),
            )
        )

    def of(self, subscription_ids: Sequence[str]) -> dict[str, Dossier]:
        with self._database.reading() as connection:
            at = self._now(connection)
            rows = connection.execute(select(dossiers).where(dossiers.c.subscription_id.in_(subscription_ids)))
            return {
                row.subscription_id: self._opened(
                    row.subscription_id, row.options, row.signing_keys, row.conduct, row.headers, row.tls, at=at
                )
                for row in rows
            }

    def change(self, connection: Connection, subscription_id: str, change: OptionsChange) -> None:
        """In the caller's transaction, which holds the lane: what was changed meanwhile is not lost by it."""
        ours = dossiers.c.subscription_id == subscription_id
        row = connection.execute(select(dossiers).where(ours).with_for_update()).one_or_none()
        if row is None:
            return
        options = change(self._options(subscription_id, row.options, row.headers, row.tls))
        connection.execute(
            update(dossiers)
            .where(ours)
            .values(
                options=json.dumps(options_document(options)),
                headers=self._sealed_headers(subscription_id, options),
                tls=self._sealed_tls(subscription_id, options),
            )
        )

    def rotate_key(self, subscription_id: str, *, key: SigningKey, overlap_seconds: int) -> datetime | None:
        ours = dossiers.c.subscription_id == subscription_id
        with self._database.writing() as connection:
            kept = connection.execute(select(dossiers.c.signing_keys).where(ours).with_for_update()).scalar()
            if kept is None:
                return None
            now = self._now(connection)
            before = self._keys(subscription_id, kept)
            keys = rotated(before, key=key, at=now, overlap_seconds=overlap_seconds)
            retired_keys.retire(connection, _ends([*before, *keys]))
            connection.execute(update(dossiers).where(ours).values(signing_keys=self._sealed(subscription_id, keys)))
            return now + timedelta(seconds=overlap_seconds)

    def public_keys(self) -> list[bytes]:
        with self._database.reading() as connection:
            at = self._now(connection)
            rows = (
                connection.execute(select(dossiers.c.signing_keys).order_by(dossiers.c.subscription_id)).scalars().all()
            )
        return list(dict.fromkeys(one.public for kept in rows for one in _valid(_published(kept), at=at)))

    def retired_keys(self, *, after: str, limit: int) -> list[RetiredKey]:
        with self._database.reading() as connection:
            return retired_keys.retired(connection, at=self._now(connection), after=after, limit=limit)

    def retire(self, connection: Connection, subscription_id: str) -> None:
        """In the caller's transaction, which deletes the subscription: its keys sign no more."""
        ours = dossiers.c.subscription_id == subscription_id
        kept = connection.execute(select(dossiers.c.signing_keys).where(ours).with_for_update()).scalar()
        if kept is not None:
            retired_keys.retire(connection, _ended_by(_published(kept), at=self._now(connection)))

    def complete(self, new_key: Callable[[], SigningKey]) -> int:
        without = select(subscriptions.c.id).where(subscriptions.c.id.not_in(select(dossiers.c.subscription_id)))
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                connection.execute(text("LOCK TABLE dossiers IN EXCLUSIVE MODE"))  # several may start at once
            found = connection.execute(without).scalars().all()
            for id_ in found:
                self.open(connection, id_, Dossier(keys=(new_key(),)))
            return len(found)

    def _opened(
        self,
        id_: str,
        options: str,
        keys: str,
        conduct: str | None,
        headers: str | None,
        tls: str | None,
        *,
        at: datetime,
    ) -> Dossier:
        known = self._options(id_, options, headers, tls)
        dossier = Dossier(options=known, keys=tuple(_valid(self._keys(id_, keys), at=at)), conduct=_conduct(conduct))
        return _with_allowance(dossier, at=at)

    def _options(self, id_: str, options: str, headers: str | None, tls: str | None) -> EndpointOptions:
        known = _options(options)
        if headers:
            fields: dict[str, str] = json.loads(self._box.open(bytes.fromhex(headers), place=headers_place(id_)))
            known = replace(known, headers=tuple(fields.items()))
        if tls:
            certificates: dict[str, str] = json.loads(self._box.open(bytes.fromhex(tls), place=tls_place(id_)))
            known = replace(known, tls=EndpointTls(**certificates))
        return known

    def _sealed_headers(self, id_: str, options: EndpointOptions) -> str | None:
        if not options.headers:
            return None
        return self._box.seal(json.dumps(dict(options.headers)).encode(), place=headers_place(id_)).hex()

    def _sealed_tls(self, id_: str, options: EndpointOptions) -> str | None:
        if options.tls is None:
            return None
        return self._box.seal(json.dumps(tls_document(options.tls)).encode(), place=tls_place(id_)).hex()

    def _keys(self, id_: str, kept: str) -> list[SigningKey]:
        return [
            replace(one, seed=self._box.open(one.seed, place=key_place(id_, one.public))) for one in _published(kept)
        ]

    def _sealed(self, id_: str, keys: Sequence[SigningKey]) -> str:
        sealed = [replace(one, seed=self._box.seal(one.seed, place=key_place(id_, one.public))) for one in keys]
        return json.dumps([_key_document(one) for one in sealed])


class MemoryDossiers:
    """Implements ``Dossiers``; the twin of the tables."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[str, Dossier] = {}
        self._notices: list[Notice] = []
        self._retired: dict[bytes, datetime] = {}

    def book(self, settlement: Settlement) -> str | None:
        """Why the subscription is to be disabled now, if it is."""
        id_, at = settlement.lease.subscription_id, self._clock()
        dossier = self._kept.get(id_)
        if dossier is None or not settlement.is_notable:
            return None
        found = judge_turns(dossier.conduct, [settlement], options=dossier.options, at=at, patience=PATIENCE)
        self._kept[id_] = replace(dossier, conduct=found.conduct)
        for kind, facts in found.notices:
            number = self._notices[-1].id + 1 if self._notices else 1
            self._notices.append(Notice(id=number, subscription_id=id_, kind=kind, at=at, facts=facts))
        return found.disables

    def move_waits(self, by: timedelta) -> None:
        self._kept = {id_: replace(one, conduct=moved(one.conduct, by=by)) for id_, one in self._kept.items()}

    def forgive(self, subscription_id: str) -> None:
        if subscription_id in self._kept:
            self._kept[subscription_id] = replace(self._kept[subscription_id], conduct=forgiven())

    def judge_lag(self, lagging: Mapping[str, int]) -> int:
        changed = [id_ for id_, one in self._kept.items() if one.conduct.is_lagging != (id_ in lagging)]
        for id_ in changed:
            conduct = self._kept[id_].conduct
            self._kept[id_] = replace(self._kept[id_], conduct=replace(conduct, is_lagging=not conduct.is_lagging))
            kind, facts = lag_notice(id_, lagging)
            number = self._notices[-1].id + 1 if self._notices else 1
            self._notices.append(Notice(id=number, subscription_id=id_, kind=kind, at=self._clock(), facts=facts))
        return len(changed)

    def notices(self, *, limit: int) -> list[Notice]:
        return self._notices[:limit]

    def told(self, notice_ids: Sequence[int]) -> None:
        self._notices = [one for one in self._notices if one.id not in notice_ids]

    def circuits_open(self) -> int:
        return sum(one.conduct.circuit is not Circuit.CLOSED for one in self._kept.values())

    def open(self, subscription_id: str, dossier: Dossier) -> None:
        self._kept[subscription_id] = dossier

    def close(self, subscription_id: str) -> None:
        dossier = self._kept.pop(subscription_id, Dossier())
        self._retired |= _ended_by(dossier.keys, at=self._clock())

    def of(self, subscription_ids: Sequence[str]) -> dict[str, Dossier]:
        at = self._clock()
        known = {id_: self._kept[id_] for id_ in subscription_ids if id_ in self._kept}
        valid = {id_: replace(one, keys=tuple(_valid(one.keys, at=at))) for id_, one in known.items()}
        return {id_: _with_allowance(one, at=at) for id_, one in valid.items()}

    def change(self, subscription_id: str, change: OptionsChange) -> None:
        dossier = self._kept.get(subscription_id)
        if dossier is not None:
            self._kept[subscription_id] = replace(dossier, options=change(dossier.options))

    def rotate_key(self, subscription_id: str, *, key: SigningKey, overlap_seconds: int) -> datetime | None:
        dossier = self._kept.get(subscription_id)
        if dossier is None:
            return None
        now = self._clock()
        keys = rotated(dossier.keys, key=key, at=now, overlap_seconds=overlap_seconds)
        self._retired |= _ends([*dossier.keys, *keys])
        self._kept[subscription_id] = replace(dossier, keys=tuple(keys))
        return now + timedelta(seconds=overlap_seconds)

    def public_keys(self) -> list[bytes]:
        at = self._clock()
        ordered = [one for _, one in sorted(self._kept.items(), key=lambda item: item[0])]
        return list(dict.fromkeys(key.public for one in ordered for key in _valid(one.keys, at=at)))

    def retired_keys(self, *, after: str, limit: int) -> list[RetiredKey]:
        ended = {key_name(public): (public, at) for public, at in self._retired.items() if at <= self._clock()}
        names = sorted(name for name in ended if name > after)[:limit]
        return [RetiredKey(public=ended[name][0], retired_at=ended[name][1]) for name in names]

    def complete(self, new_key: Callable[[], SigningKey]) -> int:  # noqa: ARG002  (nothing here is of an earlier release)
        return 0


def lag_notice(subscription_id: str, lagging: Mapping[str, int]) -> tuple[NoticeKind, dict[str, object]]:
    """What is told of one that is far behind, or was."""
    if subscription_id not in lagging:
        return NoticeKind.CAUGHT_UP, {}
    return NoticeKind.LAGGING, {"messages_behind": lagging[subscription_id]}


@dataclass(frozen=True, kw_only=True)
class TurnsJudged:
    """What is to be written after an endpoint's turns."""

    conduct: Conduct
    notices: tuple[tuple[NoticeKind, dict[str, object]], ...]
    disables: str | None


def judge_turns(
    before: Conduct, settlements: Sequence[Settlement], *, options: EndpointOptions, at: datetime, patience: timedelta
) -> TurnsJudged:
    """The turns of one endpoint that are booked together, and what follows."""
    conduct, posts = before, 0
    for settlement in settlements:
        conduct = after_turn(conduct, [one.outcome is Outcome.OK for one in settlement.sent], at=at)
        posts += len(settlement.sent)
    conduct = spent(conduct, posts, rate_per_minute=options.rate_per_minute, at=at)
    found = judged(conduct, was=before, at=at, patience=patience)
    told: list[tuple[NoticeKind, dict[str, object]]] = []
    for kind in found.notices:
        told.append((kind, _facts(kind, found.conduct, before, disables=found.disables, patience=patience)))
    told += _ended(settlements)
    return TurnsJudged(conduct=found.conduct, notices=tuple(told), disables=found.disables)


def _facts(
    kind: NoticeKind, conduct: Conduct, before: Conduct, *, disables: str | None, patience: timedelta
) -> dict[str, object]:
    since = conduct.failing_since or before.failing_since
    facts: dict[str, object] = {"failing_since": instant_text(since)} if since else {}
    if kind is NoticeKind.FAILING and since:
        facts["disabled_after"] = instant_text(since + patience)
    if disables is not None:
        facts["reason"] = disables
    return facts


def _ended(settlements: Sequence[Settlement]) -> list[tuple[NoticeKind, dict[str, object]]]:
    """What the endpoint's own answers ended: itself, or deliveries for which nothing of the schedule was left."""
    dead = [(one, one.decision) for settlement in settlements for one in settlement.sent]
    asked = [decision.reason for _, decision in dead if isinstance(decision, Dead) and decision.disables]
    spent_ones = [
        one.parcel.webhook_id for one, decision in dead if isinstance(decision, Dead) and decision.is_exhausted
    ]
    told: list[tuple[NoticeKind, dict[str, object]]] = []
    if asked:
        told.append((NoticeKind.DISABLED, {"reason": asked[0]}))
    if spent_ones:
        facts: dict[str, object] = {"deliveries": spent_ones[:MOST_NAMED], "deliveries_total": len(spent_ones)}
        told.append((NoticeKind.EXHAUSTED, facts))
    return told


def _with_allowance(dossier: Dossier, *, at: datetime) -> Dossier:
    rate = dossier.options.rate_per_minute
    if rate is None and dossier.conduct.circuit is Circuit.CLOSED:
        return dossier
    return replace(dossier, allowance=allowance(dossier.conduct, rate_per_minute=rate, at=at))


@lru_cache(10_000)
def _conduct(kept: str | None) -> Conduct:
    return conduct_of(json.loads(kept)) if kept else Conduct()


def _kept(conduct: Conduct) -> str | None:
    document = conduct_document(conduct)
    return json.dumps(document) if document else None


def rotated(keys: Sequence[SigningKey], *, key: SigningKey, at: datetime, overlap_seconds: int) -> list[SigningKey]:
    """The new one first, then the last one, then those on their way out with the ends that were told."""
    formers = _valid([one for one in keys if one.expires_at is not None], at=at)
    ends = [one.expires_at for one in formers if one.expires_at is not None]
    check_room(ends, what="key", overlap_seconds=overlap_seconds)
    expires_at = at + timedelta(seconds=overlap_seconds)
    last = [replace(one, expires_at=expires_at) for one in keys if one.expires_at is None]
    return [key, *last, *formers]


def _ends(keys: Sequence[SigningKey]) -> dict[bytes, datetime]:
    """Of those that have an end."""
    return {one.public: one.expires_at for one in keys if one.expires_at is not None}


def _ended_by(keys: Sequence[SigningKey], *, at: datetime) -> dict[bytes, datetime]:
    """When nothing is signed any more from then on."""
    return {one.public: min(at, one.expires_at or at) for one in keys}


def resealed_keys(id_: str, kept: str, renew: Renew) -> str:
    """The keys of a dossier with each seed sealed anew; the very same text when nothing changed."""
    keys = _published(kept)
    renewed = [replace(one, seed=renew(one.seed, place=key_place(id_, one.public))) for one in keys]
    if [one.seed for one in renewed] == [one.seed for one in keys]:
        return kept
    return json.dumps([_key_document(one) for one in renewed])


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
