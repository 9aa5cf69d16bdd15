"""When each participant is bound, kept while what that follows from stays the same.

Whatever day is asked about, a participant's own acts bind it from the same day on, unless the threshold, the entry into
force, the clauses or the parent treaty differ. Working that out for everybody is most of what a document costs.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from datetime import date
from threading import Lock
from typing import Final

from treaty_status.domain.evaluation import Binding, Outcome, bindings
from treaty_status.domain.participation import Participation
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.world import Periods

MOST_KEPT: Final = 128
"""Circumstances: a treaty has a few of them, before and after its threshold."""
MOST_PARTICIPATIONS: Final = 4_096
"""In one of them; a participant has another after every act of its own."""

Circumstances = tuple[Hashable, ...]
_Own = dict[int, tuple[Participation, tuple[Binding, ...]]]


class KeptBindings:
    """Safe to use from any thread. What is kept is found by the very objects it was worked out from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Circumstances, tuple[TreatyRule, Periods | None, _Own]] = OrderedDict()
        self._lock = Lock()

    def of(
        self,
        participations: Mapping[str, Participation],
        rule: TreatyRule,
        outcome: Outcome,
        days: Mapping[str, date | None],
    ) -> dict[str, tuple[Binding, ...]]:
        """For each participant that ever consented, its bindings under these circumstances."""
        own = self._own(rule, outcome, days)
        found = {}
        for name, one in participations.items():
            if not one.lives:
                continue
            kept = own.get(id(one))
            if kept is None or kept[0] is not one:
                kept = own[id(one)] = (one, bindings(one, rule, outcome, days))
            found[name] = kept[1]
        return found

    def _own(self, rule: TreatyRule, outcome: Outcome, days: Mapping[str, date | None]) -> _Own:
        key = (
            id(rule),
            id(outcome.parent),
            outcome.threshold_on,
            outcome.entry_into_force_on,
            tuple(outcome.elsewhere.items()),
            tuple(days.items()),
        )
        with self._lock:
            kept = self._kept.get(key)
            of_these = kept is not None and kept[0] is rule and kept[1] is outcome.parent
            if kept is None or not of_these or len(kept[2]) > MOST_PARTICIPATIONS:
                kept = self._kept[key] = (rule, outcome.parent, {})
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return kept[2]


KEPT: Final = KeptBindings()
"""Of this process."""
