"""A wall clock that is not believed when it steps: what waits, waits as long as it was to wait.

Between two questions a wall clock moves as far as a clock that nobody sets. Where it moved otherwise, somebody set it,
by two seconds or ten minutes; until whoever keeps the waits has moved them as well, the old time goes on.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

TOLERANCE_SECONDS = 2.0  # less is followed silently: clocks are slewed all the time


class SteadyClock:
    """``wall`` gives aware instants; ``monotonic_seconds`` is a clock that nobody sets and that counts in sleep."""

    def __init__(self, wall: Callable[[], datetime], *, monotonic_seconds: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic_seconds = monotonic_seconds
        self._lock = threading.Lock()
        self._at, self._seconds = wall(), monotonic_seconds()
        self._is_stepped = False

    def __call__(self) -> datetime:
        """The instant, or what it would be had nobody stepped the clock."""
        with self._lock:
            wall, seconds = self._wall(), self._monotonic_seconds()
            expected = self._at + timedelta(seconds=seconds - self._seconds)
            self._is_stepped = abs((wall - expected).total_seconds()) > TOLERANCE_SECONDS
            if self._is_stepped:
                return expected
            self._at, self._seconds = wall, seconds
            return wall

    def step_seconds(self) -> float:
        """How far the wall clock was set and is not followed yet; negative when it was set back."""
        steady = self()
        return (self._wall() - steady).total_seconds() if self._is_stepped else 0.0

    def follow(self) -> None:
        """Believe the wall clock again: the waits have been moved."""
        with self._lock:
            self._at, self._seconds, self._is_stepped = self._wall(), self._monotonic_seconds(), False
