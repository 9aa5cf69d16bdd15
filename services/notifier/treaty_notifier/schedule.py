"""When a refused or unreachable endpoint is asked again: data and one function, randomness passed in."""

from dataclasses import dataclass

#: Standard Webhooks' example schedule, in seconds before each attempt: ten attempts over 75 h 35 min.
STANDARD_DELAYS_SECONDS = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
RETRY_AFTER_CAP_SECONDS = 86400.0


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """``delays_seconds[n]`` passes between attempt ``n`` and attempt ``n + 1``; the first entry precedes attempt one.

    ``jitter_share`` is the share of a delay by which it may be shorter or longer, so that endpoints that failed
    together do not come back together.
    """

    delays_seconds: tuple[float, ...] = STANDARD_DELAYS_SECONDS
    jitter_share: float = 0.2

    def __post_init__(self) -> None:
        if not self.delays_seconds or any(delay < 0 for delay in self.delays_seconds):
            raise ValueError("A schedule has at least one delay and none is negative")
        if not 0 <= self.jitter_share < 1:
            raise ValueError("The jitter is a share of the delay from 0 up to, not including, 1")

    @property
    def attempts(self) -> int:
        return len(self.delays_seconds)

    def delay_seconds(self, *, failures: int, jitter: float) -> float | None:
        """Seconds to wait after the ``failures``-th failure; None when the schedule is exhausted.

        ``jitter`` lies between -1 and 1.
        """
        if failures >= self.attempts:
            return None
        return self.delays_seconds[failures] * (1 + self.jitter_share * jitter)
