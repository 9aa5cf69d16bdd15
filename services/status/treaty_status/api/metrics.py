"""Numbers for operators, in Prometheus' words."""

from collections.abc import Callable, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One registry for each application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "treaty_answers_total", "Answers by road and status.", ["road", "status"], registry=self._registry
        )
        self.recorded = Histogram(
            "treaty_record_seconds",
            "From a submission to its durable answer.",
            registry=self._registry,
            buckets=_SECONDS,
        )
        self.following = Gauge("treaty_feed_waiting", "Long polls and streams that are open.", registry=self._registry)
        self._gauges: dict[str, Gauge] = {}
        self.answered = cache(self._counter)

    def _counter(self, road: str, status: int) -> Callable[[], None]:
        """What to call for each answer of a road (``document``, ``record``, ``other``) with a status."""
        return self._answers.labels(road, str(status)).inc

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> bytes:
        """All numbers; ``gauges`` are read off now: name to (help, value)."""
        for name, (told, value) in gauges.items():
            if name not in self._gauges:
                self._gauges[name] = Gauge(name, told, registry=self._registry)
            self._gauges[name].set(value)
        return generate_latest(self._registry)
