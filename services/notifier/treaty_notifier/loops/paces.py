"""Which endpoints are slow: the last answers' times. What comes of them is kept with the lane. Pure."""

from collections import OrderedDict, deque

ANSWERS = 20
SLOW_SECONDS = 2.0
ENDPOINTS_KEPT = 10_000
ANSWERS_TO_BE_QUICK = 5  # that it takes to be no longer slow


class Paces:
    """Remembers the last twenty answers of each endpoint. Slow is whose 95th percentile lies above two seconds."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, endpoint: str, seconds: float) -> None:
        known = self._seconds.setdefault(endpoint, deque(maxlen=ANSWERS))
        known.append(seconds)
        self._seconds.move_to_end(endpoint)
        if len(self._seconds) > ENDPOINTS_KEPT:
            self._seconds.popitem(last=False)

    def is_slow(self, endpoint: str, *, was_slow: bool = False) -> bool:
        """``was_slow`` is what was found before, here or by another process: a few answers must speak against it."""
        known = self._seconds.get(endpoint, ())
        if len(known) < ANSWERS_TO_BE_QUICK and was_slow:
            return True
        if not known:
            return False
        ordered = sorted(known)
        return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)] > SLOW_SECONDS
