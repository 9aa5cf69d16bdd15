"""A record of when things became known: what stood at the start, and every arrival, change and removal since.

Nothing here knows any format. Whatever a row says ends either in a change of the record or as a reported line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from treaty_status.application.sheets import Found, Reported
from treaty_status.domain.arrivals import ActOn


class Change(NamedTuple):
    """What one participant's act became: ``before`` None, it arrived; ``after`` None, it was removed.

    ``rows`` are the rows that say so, ``source`` is where it was seen.
    """

    participant: str
    before: ActOn | None
    after: ActOn | None
    rows: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Everything about one treaty that was first seen at one instant (UTC)."""

    treaty: str
    at: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalHistory:
    """One file of arrivals, read beside the rows that stood at its end.

    ``starts`` are the acts of each treaty that were there before its first arrival; ``arrivals`` come in the order in
    which they were seen, over all treaties. ``rows`` counts the lines of the file; each is in an arrival or reported.
    """

    file: str
    sha256: str
    rows: int
    titles: Mapping[str, str]
    starts: Mapping[str, tuple[Found, ...]]
    arrivals: tuple[Arrival, ...]
    reported: tuple[Reported, ...]

    @property
    def balances(self) -> bool:
        """Is every row accounted for?"""
        changing = sum(len(change.rows) for arrival in self.arrivals for change in arrival.changes)
        return self.rows == changing + len(self.reported)
