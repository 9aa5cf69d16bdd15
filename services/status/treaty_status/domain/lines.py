"""One line that a treaty may cross, and how its key is built."""

from dataclasses import dataclass
from datetime import date

from treaty_events import Consequence, Contradiction, Kind, Progress
from treaty_status.domain.evaluation import NOBODY, Who
from treaty_status.domain.treaty import Treaty


@dataclass(frozen=True, slots=True)
class Milestone:
    """One line, the legal day on which it is crossed, and the day on which a later act undid that."""

    key: str
    kind: Kind
    params: str
    occurrence: int
    occurred_on: date
    attributed: Who = NOBODY
    lost_on: date | None = None
    progress: Progress | None = None
    consequence: Consequence | None = None
    clause: str | None = None
    contradiction: Contradiction | None = None
    due_on: date | None = None
    """The day from which it holds, where that is not the legal day: signature closes at the end of its last day."""
    overtaken_on: date | None = None
    """From this day on nobody needs to hear of it for the first time: what it leads up to has come."""

    @property
    def due(self) -> date:
        """The first day on which it can be said."""
        return self.due_on or self.occurred_on


class Lines:
    """Makes milestones of one treaty, so that keys are built in one place."""

    def __init__(self, treaty: Treaty) -> None:
        self._treaty = treaty.id

    def line(self, kind: Kind, params: str, on: date, *, occurrence: int = 1, **more: object) -> Milestone:
        key = f"{self._treaty}:{kind.value}:{params}:{occurrence}"
        return Milestone(key, kind, params, occurrence, on, **more)  # type: ignore[arg-type]  # keywords of Milestone
