"""Time as an event: the day on which something happens to a treaty by itself is ordered when it comes; and so is a look
at a treaty when another one that it rests on has moved.

Several processes may order the same day; the treaty's stream takes it once. After downtime whatever was missed is due
at once, and what is then said carries how late it is.
"""

import logging
from threading import Event, Thread
from typing import Final

from treaty_status.application.clock_steps import ClockSteps
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.neighbours import Neighbours
from treaty_status.application.submissions import Submission, TooBusy, Unavailable
from treaty_status.application.views import Due, Views, ViewsUnavailable
from treaty_status.application.writer import Clock, Writer
from treaty_status.domain.decisions import ReachDay
from treaty_status.domain.refusals import Refusal

LOG = logging.getLogger(__name__)
PERIOD: Final = 1.0
"""Seconds between two looks at what is due."""
BY: Final = "clock"
"""Who recorded what the clock ordered."""


class ClockTask:
    """A thread that looks once a second whether a due day has come anywhere."""

    def __init__(
        self,
        views: Views,
        writer: Writer,
        *,
        clock: Clock,
        neighbours: Neighbours | None = None,
        steps: ClockSteps | None = None,
        period_seconds: float = PERIOD,
    ) -> None:
        self._views = views
        self._neighbours = neighbours
        self._writer = writer
        self._clock = clock
        self._period = period_seconds
        self.steps = steps
        self._ordered: set[Due] = set()
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look at once, and then every period."""
        self._thread = Thread(target=self._run, name="clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def is_alive(self) -> bool:
        """Does it still look?"""
        return self._thread is not None and self._thread.is_alive()

    def look(self) -> int:
        """Order every day that has come and was not ordered yet, and a look at what others moved; how many."""
        due = self._views.due(now=self._clock())
        fresh = [one for one in due if one not in self._ordered]
        for one in fresh:
            self._order(one)
            self._ordered.add(one)
        self._ordered.intersection_update(due)
        return len(fresh) + (0 if self._neighbours is None else self._neighbours.look())

    def _order(self, due: Due) -> None:
        try:
            self._writer.record(Submission(order=ReachDay(treaty=due.treaty), by=BY))
        except (Unavailable, TooBusy, LogUnavailable, TimeoutError):
            raise
        except Refusal:  # one treaty that will not take its day must not keep the others from theirs
            LOG.warning("The treaty %s refused the day %s.", due.treaty, due.on, exc_info=True)
        except Exception:
            LOG.exception("The treaty %s could not take the day %s.", due.treaty, due.on)

    def _run(self) -> None:
        while not self._stop.is_set():
            if self.steps is not None and self.steps.look():
                LOG.warning("This machine's clock was set by %.3f s.", self.steps.set_by_seconds)
            try:
                self.look()
            except (ViewsUnavailable, LogUnavailable, Unavailable, TooBusy, TimeoutError):
                LOG.warning("A due day could not be ordered; it is tried again.", exc_info=True)
            except Exception:  # a clock that ended would end silently
                LOG.exception("The clock could not look; it goes on.")
            self._stop.wait(self._period)
