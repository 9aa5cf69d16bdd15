"""Treaties that rest on others: what they say may change when another treaty moves, and nobody asks them then.

Whoever commits to the parent knows nothing of its protocols. So each process looks, with its clock, at what every
treaty rests on, and orders a look at those whose neighbours have moved. Several processes may order the same look; the
treaty's stream takes what follows from it once. What was missed while no process ran is looked at after the start,
like a day that has come.
"""

import logging
from threading import Lock
from typing import Final

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.submissions import Submission, TooBusy, Unavailable
from treaty_status.application.treaties import Treaties
from treaty_status.application.views import Views
from treaty_status.application.writer import Writer
from treaty_status.domain.decisions import NeighbourMoved, ReachDay
from treaty_status.domain.treaty import State, Treaty

LOG = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 16
"""Looks ordered in one go; the rest wait for the next, so that a busy parent with many protocols stops nobody."""
BY: Final = "clock"

Versions = tuple[int, ...]
"""Of the treaties that one rests on, in the order in which it names them."""


class Neighbours:
    """Remembers at which versions of its neighbours each treaty was looked at last. One thread looks at a time."""

    def __init__(self, views: Views, treaties: Treaties, writer: Writer) -> None:
        self._views = views
        self._treaties = treaties
        self._writer = writer
        self._looking = Lock()
        self._position = -1
        self._rests_on: dict[str, tuple[str, ...]] = {}
        self._looked: dict[str, Versions] = {}
        self._turn = 0
        self._turns: dict[str, int] = {}
        """When each was looked at last, so that all have their turn."""

    def look(self) -> int:
        """Order a look at each treaty whose neighbours have moved since; how many were ordered.

        Raises:
            LogUnavailable, ViewsUnavailable, Unavailable, TooBusy, TimeoutError: try again.
        """
        with self._looking:
            return self._look()

    def _look(self) -> int:
        self._read()
        seen = {name: self._versions(others) for name, others in self._rests_on.items()}
        moved = [name for name, now in seen.items() if self._looked.get(name) != now]
        ordered = sorted(moved, key=self._last_looked)[:MOST_AT_ONCE]
        for name in ordered:
            self._order(name, seen[name])
        return len(ordered)

    def _last_looked(self, name: str) -> int:
        return self._turns.get(name, 0)

    def _read(self) -> None:
        position = self._views.position()
        if position != self._position:
            self._rests_on = self._views.rests_on()
            self._position = position
            self._looked = {name: seen for name, seen in self._looked.items() if name in self._rests_on}

    def _versions(self, others: tuple[str, ...]) -> Versions:
        return tuple(self._treaties.get(other).state.version for other in others)

    def _order(self, name: str, now: Versions) -> None:
        """What is seen here is what the writer sees, or older: a look can come once too often, never too seldom."""
        state = self._treaties.get(name).state
        if isinstance(state, Treaty) and state.livemode and not state.closed:
            seen_before = name in self._looked
            order = (
                NeighbourMoved(treaty=name, imported=self._imported(name, now))
                if seen_before
                else ReachDay(treaty=name)
            )
            try:
                self._writer.record(Submission(order=order, by=BY))
            except (Unavailable, TooBusy, LogUnavailable, TimeoutError):
                raise
            except Exception:  # one treaty that cannot be looked at must not keep the others from their turn
                LOG.exception("The treaty %s could not be looked at.", name)
        self._looked[name] = now
        self._turn += 1
        self._turns[name] = self._turn

    def _imported(self, name: str, now: Versions) -> str | None:
        """The import that moved the neighbours, where nothing else did: what follows from history is history."""
        others = self._rests_on[name]
        before = self._looked.get(name, ())
        since = before if len(before) == len(others) else (0,) * len(others)
        moved = [(other, seen) for other, seen, version in zip(others, since, now, strict=True) if seen != version]
        runs = [run for other, seen in moved for run in imports(self._treaties.get(other).state, after=seen)]
        return runs[-1] if runs and None not in runs else None


def imports(state: State, *, after: int) -> list[str | None]:
    """The import that brought each act of a treaty past a version; None for one that was recorded by itself."""
    acts = state.acts if isinstance(state, Treaty) else {}
    return [act.event.recorded.imported for version, act in acts.items() if version > after]
