"""What a batch of events changes in the read model, and how far a read model has come."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from treaty_status.application.event_log import LoggedEvent
from treaty_status.application.views import Failing, MilestoneRow, Parked, ParticipationRow, TreatyRow


@dataclass(slots=True)
class Changes:
    """Rows to write. Of the treaties in ``replaced`` nothing else remains; ``gone`` are participations to take away."""

    treaties: list[TreatyRow] = field(default_factory=list)
    participations: list[ParticipationRow] = field(default_factory=list)
    milestones: list[MilestoneRow] = field(default_factory=list)
    replaced: set[str] = field(default_factory=set)
    gone: list[tuple[str, str]] = field(default_factory=list)
    """Treaty and participant."""
    parked: list[Parked] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)
    recovered: set[str] = field(default_factory=set)
    """Treaties that were failing and no longer are."""

    def add(self, more: "Changes") -> None:
        """What another treaty's events change."""
        self.treaties += more.treaties
        self.participations += more.participations
        self.milestones += more.milestones
        self.replaced |= more.replaced
        self.gone += more.gone

    @property
    def nothing(self) -> bool:
        """Is there nothing to write?"""
        return not (self.treaties or self.replaced or self.gone or self.parked or self.failing or self.recovered)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last position digested, and which event stood there: another log's event would be another."""

    position: int
    anchor: str


START: Final = Checkpoint(0, "")


def checkpoint_after(events: Sequence[LoggedEvent]) -> Checkpoint:
    """How far a read model is once it has digested these events."""
    return Checkpoint(events[-1].position, anchor_of(events[-1]))


def anchor_of(event: LoggedEvent) -> str:
    """What tells an event from any other event at the same position."""
    return f"{event.stream}:{event.version}"
