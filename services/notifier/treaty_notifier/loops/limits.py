"""How much is done at once, and for how long."""

from dataclasses import dataclass

from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A lease outlives three whole deadlines; what a slow endpoint leaves of a turn by then waits for the next one."""

    deadline_seconds: float = 15.0
    lease_seconds: float = 45.0
    poll_seconds: float = 0.5
    lanes: int = 64
    slow_lanes: int = 64  # besides these, for endpoints that take more than two seconds
    late_lanes: int = 32  # of the first, for what is late already: replays, retries alone, lanes far behind the log
    late_lanes_at_least: int = 4  # of these, also while something new is being given out
    attempts_per_commit: int = 512  # or what is new would wait for the books of what is late
    parcels_per_turn: int = 64
    parcels_per_slow_turn: int = 8  # or who waits for a slow place would wait for minutes
    posts_per_lane: int = 8
    answer_bytes: int = ANSWER_LIMIT_BYTES  # of what an endpoint answers, that are stored
