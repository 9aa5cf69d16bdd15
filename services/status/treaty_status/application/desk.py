"""Everything that a way into the service needs, put together once."""

from dataclasses import dataclass

from treaty_status.application.clock import ClockTask
from treaty_status.application.event_log import EventLog, LogWatcher
from treaty_status.application.keys import KeyRing
from treaty_status.application.past import Past
from treaty_status.application.tail import Tail
from treaty_status.application.treaties import Codec, Treaties
from treaty_status.application.views import Follower, Views
from treaty_status.application.world import RecordedWorld
from treaty_status.application.writer import Clock, Writer
from treaty_status.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The record and the reading room of one process. ``world`` is the readers'; the writer has its own."""

    log: EventLog
    codec: Codec
    treaties: Treaties
    past: Past
    writer: Writer
    registry: Registry
    world: RecordedWorld
    keys: KeyRing
    watcher: LogWatcher
    tail: Tail
    views: Views
    follower: Follower
    clock_task: ClockTask
    clock: Clock
    version: str

    def open(self) -> None:
        """Begin to write, to follow and to keep time.

        Raises:
            LogUnavailable: the database does not answer.
        """
        self.tail.start()
        self.follower.start()
        self.watcher.start(self._wake)
        self._wake()
        self.writer.start()
        self.clock_task.start()

    def close(self) -> None:
        """Finish what was handed in, end every thread, let go of every connection."""
        self.clock_task.stop()
        self.writer.stop()
        self.watcher.stop()
        self.follower.stop()
        self.tail.stop()
        self.views.close()
        self.keys.close()
        self.log.close()

    def _wake(self) -> None:
        self.tail.wake()
        self.follower.wake()
