"""What participants weigh, where clauses weigh consents instead of counting them: tonnage, emissions, contributions."""

from dataclasses import dataclass
from datetime import date

from treaty_events.facts import Evidence, Fact


@dataclass(frozen=True, kw_only=True)
class TableSet(Fact):
    """This is the table of that name, as a whole; ``version`` counts from 1, and the last one counts.

    ``values`` are exact texts by participant, ``whole`` is what everyone weighs together (absent: the table does not
    say), ``values_on`` the day that they are of, by their ``source``.
    """

    name: str
    version: int
    values: dict[str, str]
    source: str
    whole: str | None = None
    unit: str | None = None
    values_on: date | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
