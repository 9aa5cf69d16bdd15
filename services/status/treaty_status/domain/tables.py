"""Tables of what participants weigh: tonnage, emissions, contributions. Exact, versioned, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from treaty_events import TableSet
from treaty_status.domain.foundations import Foundation

NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Table:
    """Amounts by participant. ``whole`` is what everyone weighs together; None where the table does not say."""

    name: str
    values: Mapping[str, Fraction]
    whole: Fraction | None = None
    version: str | None = None
    source: str | None = None
    values_on: date | None = None
    event_id: str | None = None
    shares: Mapping[str, Fraction] = field(init=False, repr=False, compare=False)
    """Each participant's part of the whole; the values themselves where no whole is stated."""

    def __post_init__(self) -> None:
        whole = self.whole
        shares = self.values if whole is None else {name: value / whole for name, value in self.values.items()}
        object.__setattr__(self, "shares", shares)

    @property
    def holds_shares(self) -> bool:
        """Can it say what part of the whole someone has? Amounts without a whole cannot."""
        return self.whole is not None or all(value <= 1 for value in self.values.values())

    @property
    def foundation(self) -> Foundation:
        """How an answer that rests on it names it."""
        return Foundation("table", self.name, self.version, self.source, self.event_id, self.values_on)


@dataclass(frozen=True, slots=True)
class RecordedTable:
    """One version of a table in a treaty's record."""

    event_id: str
    event: TableSet
    exact: Table


def recorded_table(event: TableSet, event_id: str) -> RecordedTable:
    """The table that an event sets, in exact fractions."""
    exact = Table(
        name=event.name,
        values={name: Fraction(value) for name, value in event.values.items()},
        whole=None if event.whole is None else Fraction(event.whole),
        version=str(event.version),
        source=event.source,
        values_on=event.values_on,
        event_id=event_id,
    )
    return RecordedTable(event_id, event, exact)
