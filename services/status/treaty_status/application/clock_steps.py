"""Noticing that this machine's clock was set: it came apart from one that nobody sets.

Facts are recorded under the instant that the clock said, and readings hear them in the order of the log; so nothing is
lost by it. But instants that were written while it was wrong stay, and whoever runs the service should know.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

TOLERANCE: Final = 2.0
"""Seconds that are passed over between two looks: clocks are slewed all the time."""


class ClockSteps:
    """``set_by_seconds`` is by how much it was set last, negative for back and 0 for never; ``count`` how often."""

    def __init__(self, clock: Callable[[], datetime], *, elapsed_seconds: Callable[[], float]) -> None:
        self._clock = clock
        self._elapsed_seconds = elapsed_seconds
        self._at, self._seconds = clock(), elapsed_seconds()
        self.set_by_seconds = 0.0
        self.count = 0

    def look(self) -> bool:
        """Whether it was set since the last look."""
        at, seconds = self._clock(), self._elapsed_seconds()
        step = (at - self._at - timedelta(seconds=seconds - self._seconds)).total_seconds()
        self._at, self._seconds = at, seconds
        if abs(step) <= TOLERANCE:
            return False
        self.set_by_seconds = step
        self.count += 1
        return True
