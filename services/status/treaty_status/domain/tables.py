"""Tables of what participants weigh: tonnage, emissions, contributions. Exact, versioned, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Table:
    """Amounts by participant. ``whole`` is what everyone weighs together; None where the table does not say."""

    name: str
    values: Mapping[str, Fraction]
    whole: Fraction | None = None
    version: str | None = None
    source: str | None = None
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
