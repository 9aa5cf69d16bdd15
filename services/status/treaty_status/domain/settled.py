"""Under which circumstances lines were last compared, so that not everything has to be compared again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import Periods


@dataclass(frozen=True, slots=True)
class Settled:
    """Under which circumstances every participant's lines were last compared; while they hold, only those touched can
    have changed. Derived, never stored: without it everything is compared.

    ``quiet_until`` is the first day on which a line of some participant falls due by itself; None: not looked for.
    ``elsewhere`` is when the treaties entered into force that clauses here count from, and ``parent`` who was bound by
    the parent treaty from when until when: both move without any act here.
    """

    today: date
    rule_version: int
    threshold_on: date | None
    entry_into_force_on: date | None
    quiet_until: date | None = None
    elsewhere: Mapping[str, date | None] = field(default_factory=dict)
    parent: Periods | None = None

    def holds(self, now: "Settled") -> bool:
        """Has nothing come since that could have changed the lines of those who did not act?"""
        if self._circumstances() != now._circumstances():
            return False
        return now.today == self.today or (self.quiet_until is not None and self.today <= now.today < self.quiet_until)

    def _circumstances(self) -> tuple[object, ...]:
        return self.rule_version, self.threshold_on, self.entry_into_force_on, self.elsewhere, self.parent


def settled_by(treaty: Treaty, outcome: Outcome | None, *, today: date) -> Settled:
    """The circumstances under which lines are compared today."""
    if outcome is None:
        return Settled(today, treaty.rule_version, None, None)
    return Settled(
        today,
        treaty.rule_version,
        outcome.threshold_on,
        outcome.entry_into_force_on,
        elsewhere=outcome.elsewhere,
        parent=outcome.parent,
    )
