"""Who is being served now, and who may be served besides: places for the quick, the slow and the late ones. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from treaty_notifier.loops.limits import Limits
from treaty_notifier.loops.paces import SLOW_SECONDS
from treaty_notifier.outbox import Turn


class Room(NamedTuple):
    """How many more lanes may be served: in all, of slow endpoints, and of those that are late."""

    lanes: int
    slow: int
    late: int


class _Begun(NamedTuple):
    turn: Turn
    at_seconds: float


class Places:
    """Slow endpoints have places of their own. A turn that takes as long as theirs do is counted among them, so that
    endpoints which fall silent together hold everybody up for two seconds and not for a whole deadline.

    ``seconds`` is a monotonic clock.
    """

    def __init__(self, limits: Limits, *, seconds: Callable[[], float]) -> None:
        self._limits = limits
        self._seconds = seconds
        self._begun: dict[str, _Begun] = {}

    def take(self, turn: Turn) -> None:
        self._begun[turn.lease.lane_id] = _Begun(turn, self._seconds())

    def leave(self, turn: Turn) -> None:
        begun = self._begun.get(turn.lease.lane_id)
        if begun is not None and begun.turn is turn:  # a lane that was lost and claimed again has another turn by now
            del self._begun[turn.lease.lane_id]

    def room(self) -> Room:
        limits, long_ago = self._limits, self._seconds() - SLOW_SECONDS
        slow = sum(one.turn.is_slow or one.at_seconds <= long_ago for one in self._begun.values())
        late = sum(one.turn.is_late and not one.turn.is_slow for one in self._begun.values())
        quick = len(self._begun) - slow
        return Room(
            lanes=max(0, min(limits.lanes - quick, limits.lanes + limits.slow_lanes - len(self._begun))),
            slow=max(0, limits.slow_lanes - slow),
            late=max(0, limits.late_lanes - late),
        )
