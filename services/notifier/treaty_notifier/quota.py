"""How often a caller may ask for what costs others something: at most so many within a time, counted for each name."""

from collections.abc import Callable
from heapq import heappop, heappush


class Quota:
    """At most ``limit`` for one name within any ``window_seconds``, on the clock of ``seconds``.

    It holds what was taken within the window and nothing else, and lives as long as the process: each notifier counts
    for itself. What is refused does not count.
    """

    def __init__(self, *, limit: int, window_seconds: float, seconds: Callable[[], float]) -> None:
        self.limit = limit
        self.window_seconds = window_seconds
        self._seconds = seconds
        self._taken: dict[str, list[float]] = {}
        self._ends: list[tuple[float, str]] = []

    def take(self, name: str, *, longer_seconds: float = 0.0) -> float | None:
        """None when this one is free; else the seconds until the next is, and nothing was taken.

        ``longer_seconds``: by how much this one counts longer than the window.
        """
        now = self._seconds()
        while self._ends and self._ends[0][0] <= now:
            _, known = heappop(self._ends)
            heappop(self._taken[known])
            if not self._taken[known]:
                del self._taken[known]
        taken = self._taken.get(name, [])
        if len(taken) >= self.limit:
            return taken[0] - now
        end = now + self.window_seconds + longer_seconds
        heappush(self._taken.setdefault(name, taken), end)
        heappush(self._ends, (end, name))
        return None

    def __len__(self) -> int:
        """How many are held."""
        return len(self._ends)
