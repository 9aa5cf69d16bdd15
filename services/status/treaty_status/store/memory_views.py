"""The read model in memory: the twin for tests and trials, gone with its process."""

from collections import defaultdict
from datetime import datetime
from threading import Lock, RLock

from treaty_status.application import views
from treaty_status.application.views import (
    Due,
    Failing,
    MilestoneRow,
    Parked,
    ParticipationRow,
    TreatyOfParticipant,
    TreatyPage,
    TreatyQuery,
    TreatyRow,
)
from treaty_status.projections.changes import START, Changes, Checkpoint
from treaty_status.projections.read_model import CheckpointMoved, Contents
from treaty_status.store.due import due_of
from treaty_status.store.leases import MemoryLease


class MemoryRows:
    """Rows and their checkpoint without a database; the promises are those of ``RowStore``."""

    def __init__(self) -> None:
        self._kept = Contents(START)
        self._lock = RLock()

    def checkpoint(self) -> Checkpoint:
        """How far the rows are."""
        return self._kept.checkpoint

    def write(self, changes: Changes, *, old: Checkpoint, new: Checkpoint) -> None:
        """Move the checkpoint, then write."""
        with self._lock:
            if self._kept.checkpoint != old:
                raise CheckpointMoved(f"The rows are no longer at position {old.position}; nothing was written.")
            self._kept.checkpoint = new
            self._kept.add(changes)

    def rests_on(self) -> dict[str, tuple[str, ...]]:
        """The treaties whose rows depend on others."""
        with self._lock:
            return {row.id: row.rests_on for row in self._kept.treaties.values() if row.rests_on}

    def failing(self) -> list[Failing]:
        """The treaties whose rows are behind."""
        with self._lock:
            return sorted(self._kept.failing.values(), key=lambda one: one.treaty)

    def contents(self) -> Contents:
        """Everything, as of one moment."""
        with self._lock:
            kept = self._kept
            return Contents(
                kept.checkpoint,
                dict(kept.treaties),
                dict(kept.participations),
                dict(kept.milestones),
                dict(kept.parked),
                dict(kept.failing),
            )

    def contents_of(self, treaty: str) -> Contents:
        """The rows of one treaty, as of one moment."""
        kept = self.contents()
        return Contents(
            kept.checkpoint,
            {name: row for name, row in kept.treaties.items() if name == treaty},
            {key: row for key, row in kept.participations.items() if key[0] == treaty},
            {key: row for key, row in kept.milestones.items() if key[0] == treaty},
            failing={name: one for name, one in kept.failing.items() if name == treaty},
        )

    def spoken_of(self) -> set[str]:
        """The treaties that have any row."""
        kept = self.contents()
        keyed = {treaty for treaty, _ in (*kept.participations, *kept.milestones)}
        return {*kept.treaties, *keyed, *kept.failing}


class MemoryViews(MemoryRows):
    """The rows that are served; the promises are those of ``Views`` and ``ReadModel``."""

    def __init__(self) -> None:
        super().__init__()
        self._leases: defaultdict[str, Lock] = defaultdict(Lock)

    # ---- reading -----------------------------------------------------------------------------------------------------
    def position(self) -> int:
        """The log position up to which the rows are written."""
        return self._kept.checkpoint.position

    def treaty(self, treaty: str) -> TreatyRow | None:
        """One treaty."""
        return self._kept.treaties.get(treaty)

    def treaties(self, query: TreatyQuery) -> TreatyPage:
        """The treaties asked for."""
        limit = max(1, min(query.limit, views.MOST_ROWS))
        kept = self.contents()
        found = sorted((row for row in kept.treaties.values() if _fits(row, query)), key=lambda row: row.id)
        rows = tuple(found[:limit])
        left = len(found) > limit
        return TreatyPage(rows=rows, next=rows[-1].id if left else None, position=kept.checkpoint.position)

    def due(self, *, now: datetime) -> list[Due]:
        """What the clock has to order now."""
        rows = [
            row
            for row in self.contents().treaties.values()
            if not row.closed and (row.held_until or (row.next_due_on and row.livemode))
        ]
        found = due_of([(row.id, row.version, row.next_due_on, row.time_zone, row.held_until) for row in rows], now)
        return sorted(found, key=lambda one: (one.on, one.treaty))

    def participations(self, treaty: str) -> list[ParticipationRow]:
        """The participants that ever acted towards a treaty."""
        found = [row for row in self.contents().participations.values() if row.treaty == treaty]
        return sorted(found, key=lambda row: row.participant)

    def treaties_of(self, participant: str, *, rehearsals: bool | None = False) -> list[TreatyOfParticipant]:
        """The treaties towards which a participant ever acted."""
        kept, listed = self.contents(), TreatyQuery(rehearsals=rehearsals)
        acted = [row for row in kept.participations.values() if row.participant == participant]
        pairs = [TreatyOfParticipant(treaty=kept.treaties[row.treaty], participation=row) for row in acted]
        return sorted((pair for pair in pairs if _fits(pair.treaty, listed)), key=lambda pair: pair.treaty.id)

    def milestones(self, treaty: str) -> list[MilestoneRow]:
        """What was said about each line of a treaty."""
        found = [row for row in self.contents().milestones.values() if row.treaty == treaty]
        return sorted(found, key=lambda row: (row.occurred_on, row.key))

    def parked(self) -> list[Parked]:
        """The events that were passed unread."""
        found = sorted(self.contents().parked.values(), key=lambda one: one.position)
        return found[: views.MOST_ROWS]

    def close(self) -> None:
        """Nothing to let go of."""

    # ---- being written -----------------------------------------------------------------------------------------------
    def clear(self) -> None:
        """Empty every table and go back to the start."""
        with self._lock:
            self._kept = Contents(START)

    def lease(self, name: str) -> MemoryLease:
        """The right to follow or to rebuild."""
        return MemoryLease(self._leases[name])

    def shadow(self) -> "MemoryShadow":
        """Empty tables beside those being served."""
        return MemoryShadow(self)

    def replaced_by(self, contents: Contents) -> bool:
        """Serve these rows, unless those served have come further."""
        with self._lock:
            if self._kept.checkpoint.position > contents.checkpoint.position:
                return False
            self._kept = contents
            return True


class MemoryShadow(MemoryRows):
    """Rows being built; the promises are those of ``Shadow``."""

    def __init__(self, served: MemoryViews) -> None:
        super().__init__()
        self._served = served

    def fill(self, changes: Changes) -> None:
        """Write rows that are not there yet."""
        self._kept.add(changes)

    def settle(self, at: Checkpoint) -> None:
        """Everything up to here was filled in."""
        self._kept.checkpoint = at

    def take_over(self) -> bool:
        """Be served from now on, unless what is served has come further meanwhile."""
        return self._served.replaced_by(self.contents())

    def discard(self) -> None:
        """Nothing to take away."""


def _fits(row: TreatyRow, query: TreatyQuery) -> bool:
    if row.closed or (query.rehearsals is not None and query.rehearsals is row.livemode):
        return False
    if query.after is not None and row.id <= query.after:
        return False
    if query.in_force is not None and row.in_force(views.day_asked(query)) is not query.in_force:
        return False
    text = views.search_text(row)
    return all(word in text for word in views.words(query.q or ""))
