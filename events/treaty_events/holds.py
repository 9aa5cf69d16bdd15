"""Four eyes: what a second person has to see before it is announced, and what became of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from treaty_events.facts import Fact
from treaty_events.milestones import Cause, Kind, Status


class HoldEnd(StrEnum):
    """Why an announcement waits no longer.

    ``released``: a second key said so. ``expired``: the time was up. Both are announced at once. ``overtaken``: the
    facts no longer say so, and nothing is announced. ``lifted``: the treaty is no longer kept under four eyes.
    """

    RELEASED = "released"
    EXPIRED = "expired"
    OVERTAKEN = "overtaken"
    LIFTED = "lifted"


@dataclass(frozen=True, kw_only=True)
class MilestoneHeld(Fact):
    """A line was found to be crossed, or not to have been after all; nobody is told before a second key or ``until``.

    ``statuses`` is what would be said of it, in order; ``occurred_on`` the legal day of the last. ``cause`` is what
    made us say so, which the announcement will name. The facts themselves do not wait.
    """

    key: str
    kind: Kind
    params: str
    occurrence: int
    statuses: tuple[Status, ...]
    occurred_on: date
    until: datetime
    cause: Cause


@dataclass(frozen=True, kw_only=True)
class HoldEnded(Fact):
    """The announcement about a line waits no longer. ``hold`` is the event id of the hold; ``recorded.by`` ended it."""

    key: str
    hold: str
    end: HoldEnd
