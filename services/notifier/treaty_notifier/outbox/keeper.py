"""Who serves a SQLite file: one process at a time, followed by the next one when it dies, ends or stands still.

SQLite admits one writer, and several that write all the time starve each other. So one notifier keeps the file and the
others stand by. The keeper beats: a count in a row, moved three times in a lease. Who stands by takes over at once
from a process that is gone, and from one whose count has not moved for a whole lease by the watcher's own monotonic
clock; no two clocks are ever compared. Whoever was passed over finds that out in its next commit, which then is none.
"""

from collections.abc import Callable

from sqlalchemy import BigInteger, Column, Float, String, Table

from treaty_notifier.errors import OutboxOwned
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.engine import Database
from treaty_notifier.outbox.presence import Presence
from treaty_notifier.outbox.tables import metadata

BEATS_IN_A_LEASE = 3

#: One row at most, on SQLite only. ``beat`` is moved by the keeper; ``lease_seconds`` says how long it may rest.
keepers = Table(
    "keepers",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("owner", String(60), nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("lease_seconds", Float, nullable=False),
)

_READ = "SELECT owner, beat, lease_seconds FROM keepers WHERE name = 'file'"
_TAKE = """
    INSERT INTO keepers (name, owner, beat, lease_seconds) VALUES ('file', :owner, 1, :lease_seconds)
    ON CONFLICT (name) DO UPDATE SET owner = :owner, beat = beat + 1, lease_seconds = :lease_seconds
"""
_BEAT = "UPDATE keepers SET beat = beat + 1 WHERE name = 'file'"
_GIVE_BACK = "UPDATE lanes SET owner = NULL, lease_until = NULL, epoch = epoch + 1 WHERE owner = :owner"

_Seen = tuple[str, int, float]


class Keeper:
    """One process's part in it. Until ``enter`` nothing is asked of anybody: those who only look in are not in line."""

    def __init__(self, database: Database, presence: Presence, *, monotonic_seconds: Callable[[], float]) -> None:
        self._database = database
        self._presence = presence
        self._monotonic_seconds = monotonic_seconds
        self._owner: str | None = None
        self._lease_seconds = 0.0
        self._beaten = 0.0
        self._seen: _Seen | None = None
        self._seen_since = 0.0

    def enter(self, driving: Callable[[Callable[[Driver], None]], None], *, owner: str, lease_seconds: float) -> None:
        """Become the keeper. ``driving`` runs its argument in a write transaction.

        Raises:
            OutboxOwned: another process keeps the file, and beats.
        """
        self._lease_seconds = lease_seconds
        with self._database.reading() as connection:
            found = connection.exec_driver_sql(_READ).one_or_none()
        seen = None if found is None else (str(found[0]), int(found[1]), float(found[2]))
        if seen is not None and not self._may_follow(seen, owner=owner):
            raise self._owned(seen[0])
        driving(lambda driver: self._take(driver, owner=owner, seen=seen))
        self._owner, self._beaten, self._seen = owner, self._monotonic_seconds(), None

    def check(self, driver: Driver) -> None:
        """In every write transaction of whoever entered: still the keeper, and seen to be.

        Raises:
            OutboxOwned: another process has taken over; nothing may be booked by this one.
        """
        if self._owner is None:
            return
        rows = driver.rows(_READ)
        if not rows or rows[0][0] != self._owner:
            raise self._owned(rows[0][0] if rows else "nobody")
        if self.is_due():
            driver.run(_BEAT)
            self._beaten = self._monotonic_seconds()

    def is_due(self) -> bool:
        """Is it time to beat?"""
        if self._owner is None:
            return False
        return self._monotonic_seconds() - self._beaten >= self._lease_seconds / BEATS_IN_A_LEASE

    def _may_follow(self, seen: _Seen, *, owner: str) -> bool:
        keeper, _, lease_seconds = seen
        if keeper == owner or self._presence.absent([keeper]):
            return True
        now = self._monotonic_seconds()
        if seen != self._seen:
            self._seen, self._seen_since = seen, now
        return now - self._seen_since >= max(lease_seconds, self._lease_seconds)

    def _take(self, driver: Driver, *, owner: str, seen: _Seen | None) -> None:
        rows = driver.rows(_READ)
        if (tuple(rows[0]) if rows else None) != seen:
            raise self._owned(rows[0][0] if rows else "nobody")
        driver.run(_TAKE, owner=owner, lease_seconds=self._lease_seconds)
        if rows:
            driver.run(_GIVE_BACK, owner=rows[0][0])

    def _owned(self, keeper: str) -> OutboxOwned:
        return OutboxOwned(
            f"Another notifier serves this SQLite file (notifier: {keeper}); this one stands by and takes over when "
            "that one ends, or share a PostgreSQL and let both deliver"
        )
