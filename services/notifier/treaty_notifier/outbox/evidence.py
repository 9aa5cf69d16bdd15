"""Everything on record, read in one snapshot for whoever compares it with the feed. Nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Inspector, func, inspect, make_url, select

from treaty_notifier.audit import Book, Line, Owed, Rosters, Taken, Tried
from treaty_notifier.deliveries import DeliveryState, Outcome
from treaty_notifier.numbering import Occasion, Terms
from treaty_notifier.outbox.dossiers import dossiers
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.port import Progress, ReplayState
from treaty_notifier.outbox.replays import replays
from treaty_notifier.outbox.rows import entry_of, filter_of
from treaty_notifier.outbox.stretches import rolls
from treaty_notifier.outbox.tables import (
    attempts,
    exceptions,
    former_filters,
    lanes,
    memberships,
    messages,
    progress,
    secrets,
    stretches,
    subscriptions,
)
from treaty_notifier.subscriptions import Window

ROWS_AT_ONCE = 1_000
#: Not what endpoints answered: a database that sorts millions of attempts would carry it along.
_OF_ATTEMPTS = [
    attempts.c[name]
    for name in ("id", "subscription_id", "seq", "number", "webhook_id", "sequence", "occasion", "outcome", "body_hash")
]
READ = (
    progress,
    messages,
    subscriptions,
    former_filters,
    stretches,
    secrets,
    lanes,
    exceptions,
    attempts,
    memberships,
    replays,
    dossiers,
)


class NoRecord(Exception):
    """There is no notifier's database here, or one of an earlier release."""


@dataclass(frozen=True, kw_only=True)
class OnRecord:
    """What is known of one line: attempts and what is owed, by subscription."""

    tried: dict[str, list[Tried]]
    owed: dict[str, Owed]


@dataclass(frozen=True)
class Evidence:
    """One snapshot."""

    connection: Connection
    driver: Driver

    def instance_key(self) -> bytes:
        return bytes(self._progress().instance_key)

    def progress(self) -> Progress:
        """How far the feed was read. Raises NoRecord when that is not there any more."""
        row = self._progress()
        return Progress(position=row.position, seq=row.seq)

    def _progress(self) -> Any:
        row = self.connection.execute(select(progress)).one_or_none()
        if row is None:
            raise NoRecord(
                "The row that says how far the feed was read, and from which every webhook-id is derived, is gone; "
                "restore the database from a copy"
            )
        return row

    def books(self) -> list[Book]:
        """Every subscription, with its terms and its lane."""
        known = rolls(self.driver)
        formers: dict[str, list[Any]] = {}
        for row in self._rows(select(former_filters).order_by(former_filters.c.until_seq)):
            formers.setdefault(row.subscription_id, []).append((row.until_seq, filter_of(row.filter)))
        replayed = {
            row.subscription_id: row.booked
            for row in self._rows(
                select(replays.c.subscription_id, func.sum(replays.c.booked).label("booked")).group_by(
                    replays.c.subscription_id
                )
            )
        }
        query = select(subscriptions.c.id, subscriptions.c.filter, lanes).join(lanes, lanes.c.id == subscriptions.c.id)
        return [
            Book(
                id=row.id,
                terms=Terms(
                    current=filter_of(row.filter),
                    window=Window(after_position=row.after_position, not_before=row.not_before),
                    numbered_after=row.numbered_after,
                    formers=tuple(formers.get(row.id, ())),
                    rolls=known,
                ),
                cursor=row.cursor,
                sequence=row.sequence,
                booked=row.booked + int(replayed.get(row.id, 0)),
            )
            for row in self._rows(query.order_by(subscriptions.c.id))
        ]

    def rosters(self) -> Rosters:
        """Of which subscriptions there are rows of each kind."""
        current = secrets.c.expires_at.is_(None)
        is_over = replays.c.state.in_([state.value for state in ReplayState if state.has_ended])
        return Rosters(
            subscriptions=self._ids(select(subscriptions.c.id)),
            lanes=self._ids(select(lanes.c.id).where(~lanes.c.is_replay)),
            needed={
                "secret": self._ids(select(secrets.c.subscription_id).where(current)),
                "dossier": self._ids(select(dossiers.c.subscription_id)),
            },
            others={
                what: self._ids(select(table.c.subscription_id).distinct())
                for what, table in {
                    "number": stretches,
                    "former filter": former_filters,
                    "debt": exceptions,
                    "attempt": attempts,
                    "replay": replays,
                }.items()
            },
            running_replays=self._pairs(select(replays.c.id, replays.c.subscription_id).where(~is_over)),
            replay_lanes=self._pairs(select(lanes.c.id, lanes.c.subscription_id).where(lanes.c.is_replay)),
        )

    def _ids(self, query: Any) -> frozenset[str]:
        return frozenset(row[0] for row in self._rows(query))

    def _pairs(self, query: Any) -> dict[str, str]:
        return {row[0]: row[1] for row in self._rows(query)}

    def taken(self) -> Iterator[tuple[str, Taken]]:
        """The numbers that each subscription has given out, by the line after which they count."""
        for row in self._rows(select(stretches).order_by(stretches.c.after_seq, stretches.c.first_sequence)):
            yield (
                row.subscription_id,
                Taken(
                    first=row.first_sequence,
                    last=row.last_sequence,
                    after_seq=row.after_seq,
                    last_seq=row.last_seq,
                    previous_id=row.previous_id,
                    last_id=row.last_id,
                    watermark=row.watermark,
                ),
            )

    def lines(self) -> Iterator[tuple[Line, OnRecord]]:
        """The message log in order, each line with everything that is on record about it."""
        tried = _grouped(self._rows(select(*_OF_ATTEMPTS).order_by(attempts.c.seq, attempts.c.id)))
        owed = _grouped(self._rows(select(exceptions).order_by(exceptions.c.seq)))
        for row in self._rows(select(messages).order_by(messages.c.seq)):
            entry = entry_of(row)
            found: dict[str, list[Tried]] = {}
            for one in tried(entry.seq):
                found.setdefault(one.subscription_id, []).append(_tried(one))
            debts = {one.subscription_id: _owed(one) for one in owed(entry.seq)}
            yield Line(entry=entry, body=bytes(row.body)), OnRecord(tried=found, owed=debts)

    def _rows(self, query: Any) -> Iterator[Any]:  # Any: SQLAlchemy cannot carry the columns' types this far
        yield from self.connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})


@contextmanager
def snapshot(dsn: str) -> Iterator[Evidence]:
    """The database as it is at one moment, read only.

    Raises:
        NoRecord: it is not a notifier's, or of an earlier release.
    """
    file = make_url(dsn).database if dsn.startswith("sqlite") else None
    if file and not Path(file).exists():
        raise NoRecord(f"There is no such file (file: {file}); name the notifier's database with --database")
    database = Database(dsn)
    try:
        with database.engine.connect() as plain:
            connection = plain
            if not database.is_sqlite:
                connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                there = inspect(connection)
                if not _is_of_this_release(there):
                    raise NoRecord(
                        "There is no notifier's record here, or one that this release has not opened yet; start "
                        "`treaty-notifier serve` on it once, or name another with --database"
                    )
                with Driver(connection, is_sqlite=database.is_sqlite, clock=_no_clock) as driver:
                    yield Evidence(connection, driver)
    finally:
        database.close()


def _is_of_this_release(there: Inspector) -> bool:
    """Whether everything that is read is there."""
    known = set(there.get_table_names())
    return all(
        table.name in known and {column["name"] for column in there.get_columns(table.name)} >= set(table.c.keys())
        for table in READ
    )


def _no_clock() -> Any:
    raise AssertionError("Reading the record asks for no time")


def _grouped(rows: Iterator[Any]) -> Any:
    """Asked for ascending places, gives the rows of each; those of places that nobody asks for are passed over."""
    groups = ((seq, list(found)) for seq, found in groupby(rows, key=lambda row: row.seq))
    waiting: list[tuple[int, list[Any]]] = []

    def at(seq: int) -> list[Any]:
        while True:
            if not waiting:
                following = next(groups, None)
                if following is None:
                    return []
                waiting.append(following)
            place, found = waiting[0]
            if place > seq:
                return []
            waiting.clear()
            if place == seq:
                return found

    return at


def _tried(row: Any) -> Tried:
    return Tried(
        id=row.id,
        number=row.number,
        webhook_id=row.webhook_id,
        sequence=row.sequence,
        occasion=Occasion(row.occasion),
        outcome=Outcome(row.outcome),
        body_hash=None if row.body_hash is None else bytes(row.body_hash),
    )


def _owed(row: Any) -> Owed:
    return Owed(webhook_id=row.webhook_id, state=DeliveryState(row.state), failures=row.failures)
