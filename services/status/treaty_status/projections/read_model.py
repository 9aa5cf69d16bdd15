"""Where rows are kept: the port that a database, or memory, implements."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from treaty_status.application.views import Due, Failing, MilestoneRow, Parked, ParticipationRow, TreatyRow
from treaty_status.projections.changes import Changes, Checkpoint


class CheckpointMoved(Exception):
    """Somebody else wrote first; nothing was written. Forget what was folded and go on from the new checkpoint."""


class RebuildRunning(Exception):
    """Another process is rebuilding this read model."""


@dataclass(slots=True)
class Contents:
    """Everything that a read model holds, as of one moment."""

    checkpoint: Checkpoint
    treaties: dict[str, TreatyRow] = field(default_factory=dict)
    participations: dict[tuple[str, str], ParticipationRow] = field(default_factory=dict)
    milestones: dict[tuple[str, str], MilestoneRow] = field(default_factory=dict)
    parked: dict[int, Parked] = field(default_factory=dict)
    failing: dict[str, Failing] = field(default_factory=dict)

    def add(self, changes: Changes) -> None:
        """Take in what a batch changes."""
        if changes.replaced:
            self._drop(changes.replaced)
        for gone in changes.gone:
            self.participations.pop(gone, None)
        self.treaties.update((row.id, row) for row in changes.treaties)
        self.participations.update(((row.treaty, row.participant), row) for row in changes.participations)
        self.milestones.update(((row.treaty, row.key), row) for row in changes.milestones)
        self.parked.update((one.position, one) for one in changes.parked)
        for treaty in changes.recovered:
            self.failing.pop(treaty, None)
        self.failing.update((one.treaty, one) for one in changes.failing)

    def beside(self, other: "Contents") -> Iterator[tuple[str, Mapping[Any, Any], Mapping[Any, Any]]]:
        """The rows of treaties, table by table: these, and those of another."""
        yield "treaty", self.treaties, other.treaties
        yield "participation", self.participations, other.participations
        yield "milestone", self.milestones, other.milestones

    def _drop(self, treaties: set[str]) -> None:
        known = treaties & self.treaties.keys()
        if known:
            self.participations = {key: row for key, row in self.participations.items() if key[0] not in known}
            self.milestones = {key: row for key, row in self.milestones.items() if key[0] not in known}


class Lease(Protocol):
    """The right to be the only one who does something. It ends with the process that holds it."""

    def held(self) -> bool:
        """Take it if it is free; whether it is ours now."""

    def release(self) -> None:
        """Give it back."""


class RowStore(Protocol):
    """Rows and their checkpoint, always written together. Every call may raise ViewsUnavailable."""

    def checkpoint(self) -> Checkpoint:
        """How far the rows are."""

    def write(self, changes: Changes, *, old: Checkpoint, new: Checkpoint) -> None:
        """Move the checkpoint first, then write, in one transaction.

        Raises:
            CheckpointMoved: the checkpoint is not at ``old``; nothing was written.
        """

    def rests_on(self) -> dict[str, tuple[str, ...]]:
        """The treaties whose rows depend on others, with those others."""

    def failing(self) -> list[Failing]:
        """The treaties whose rows are behind."""

    def contents(self) -> Contents:
        """Everything, as of one moment."""


class ServedRows(Protocol):
    """The rows that are being served, to be looked at beside whoever serves them. Every call may raise
    ViewsUnavailable.
    """

    def checkpoint(self) -> Checkpoint:
        """How far the rows are."""

    def contents_of(self, treaty: str) -> Contents:
        """The rows of one treaty, as of one moment."""

    def spoken_of(self) -> set[str]:
        """The treaties that have any row."""

    def parked(self) -> list[Parked]:
        """The first of the events that were passed unread."""

    def due(self, *, now: datetime) -> list[Due]:
        """What the clock has to order now."""


class ReadModel(RowStore, Protocol):
    """The rows that are being served."""

    def clear(self) -> None:
        """Empty every table and go back to the start: these rows are of another log."""

    def lease(self, name: str) -> Lease:
        """The right to ``follow`` or to ``rebuild``."""

    def shadow(self) -> "Shadow":
        """Empty tables beside those being served, for whoever holds the right to rebuild."""


class Shadow(RowStore, Protocol):
    """Rows being built beside those that are served."""

    def fill(self, changes: Changes) -> None:
        """Write rows that are not there yet, quickly; the checkpoint stays at the start."""

    def settle(self, at: Checkpoint) -> None:
        """Everything up to here was filled in; make what speeds up finding it."""

    def take_over(self) -> bool:
        """Be served from now on, instead of what was served, in one transaction.

        False when what is served has come further meanwhile; nothing was changed, follow the log and ask again.
        """

    def discard(self) -> None:
        """Leave no trace. Harmless after ``take_over``."""
