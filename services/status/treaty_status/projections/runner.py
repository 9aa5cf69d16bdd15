"""The follower: reads on in the log and writes rows and checkpoint together, batch by batch.

It is woken after commits and looks by itself at least every half second. One is active per read model; should two be,
the checkpoint, moved first in every transaction, lets only one of them write each batch.
"""

import logging
from threading import Event, Thread
from time import monotonic, sleep
from typing import Final

from treaty_status.application.event_log import EventLog, LogUnavailable
from treaty_status.application.treaties import Codec
from treaty_status.application.views import ViewsUnavailable
from treaty_status.projections.changes import START, Changes, Checkpoint, anchor_of, checkpoint_after
from treaty_status.projections.folding import Folding
from treaty_status.projections.read_model import CheckpointMoved, Lease, ReadModel, RowStore
from treaty_status.registry import Registry

LOG = logging.getLogger(__name__)
BATCH: Final = 500
"""Events in one transaction at most."""
LOOK: Final = 0.5
"""Seconds after which the log is looked at, woken or not."""
SHORT_BATCH: Final = 0.004
"""Seconds of work after which nobody needs a rest."""
FEW: Final = 16
"""Events after which nobody needs one either: a single deposit is seen at once, however slow the machine is."""
SHORT_REST: Final = 0.02
"""Seconds to gather what comes one by one."""
REST_RATIO: Final = 4.0
LONGEST_REST: Final = 0.25
"""Seconds: after a long batch the follower pauses so many times as long as it worked, and no longer than this."""
RETRY_FAILING: Final = 30.0
"""Seconds between two attempts at treaties whose rows could not be worked out."""


class Projector:
    """Takes a row store from its checkpoint towards the end of the log, one batch at a time. Used by one thread."""

    def __init__(self, log: EventLog, codec: Codec, rows: RowStore, registry: Registry, *, batch: int = BATCH) -> None:
        self._log = log
        self._rows = rows
        self._batch = batch
        self._folding = Folding(log, codec, registry)
        self._at: Checkpoint | None = None

    def step(self) -> int:
        """Digest the next batch; how many events it held, 0 at the end of the log.

        Raises:
            CheckpointMoved: somebody else digested it; the next step goes on from there.
            LogUnavailable, ViewsUnavailable: nothing was written; try again.
        """
        at = self._at or self._resumed()
        events = self._log.read(after=at.position, limit=self._batch)
        if events:
            self._write(at, checkpoint_after(events), self._folding.take(events, end=events[-1].position))
        return len(events)

    def retry(self) -> None:
        """Try once more what failed, if anything did; raises what ``step`` does."""
        at = self._at or self._resumed()
        if self._folding.failing:
            self._write(at, at, self._folding.retry(end=at.position))

    def _resumed(self) -> Checkpoint:
        at = self._rows.checkpoint()
        self._folding.resume(self._rows.rests_on(), self._rows.failing())
        self._at = at
        return at

    def _write(self, old: Checkpoint, new: Checkpoint, changes: Changes) -> None:
        try:
            self._rows.write(changes, old=old, new=new)
        except BaseException:
            self._at = None
            self._folding.forget()
            raise
        self._folding.keep()
        self._at = new


def is_of_this_log(log: EventLog, at: Checkpoint) -> bool:
    """Did this log hold, at the checkpoint's position, the event that was digested there?"""
    if at == START:
        return True
    found = log.read(after=at.position - 1, limit=1)
    return bool(found) and found[0].position == at.position and anchor_of(found[0]) == at.anchor


class ProjectionFollower:
    """A projector in a thread of its own, for as long as nobody else holds the lease."""

    def __init__(
        self, log: EventLog, codec: Codec, model: ReadModel, registry: Registry, *, batch: int = BATCH
    ) -> None:
        self._log = log
        self._model = model
        self._projector = Projector(log, codec, model, registry, batch=batch)
        self._batch = batch
        self._taken = 0
        self._lease: Lease | None = None
        self._is_ours = False
        self._awake = Event()
        self._stopped = False
        self._thread: Thread | None = None
        self._retried_at = monotonic()

    def start(self) -> None:
        """Begin to follow."""
        self._thread = Thread(target=self._run, name="projections", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was committed."""
        self._awake.set()

    def stop(self) -> None:
        """Finish the batch at hand and end."""
        self._stopped = True
        self._awake.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        try:
            while not self._stopped:
                began = monotonic()
                if not self._went_on():
                    self._rest(monotonic() - began)
                    self._awake.wait(LOOK)
                self._awake.clear()
        finally:
            self._leave()

    def _rest(self, busy_seconds: float) -> None:
        """Leave the machine to the writer: what gathers meanwhile costs less in one batch than in many."""
        if self._stopped:
            return
        if busy_seconds > SHORT_BATCH and self._taken > FEW:
            sleep(min(LONGEST_REST, REST_RATIO * busy_seconds))
        elif self._awake.is_set():  # the next act came while this one was digested: they come one after another
            sleep(min(SHORT_REST, REST_RATIO * busy_seconds))

    def _went_on(self) -> bool:
        """Digest a batch; whether another may be waiting. Never raises: a follower that ended would end silently."""
        try:
            return self._leads() and self._digested()
        except CheckpointMoved:
            LOG.info("Somebody else moved the checkpoint of the projections; going on from there.")
            self._is_ours = False
            return False
        except (LogUnavailable, ViewsUnavailable) as problem:
            LOG.warning("The projections wait for a database: %s", problem)
        except Exception:
            LOG.exception("A batch could not be projected; it is tried again.")
        self._leave()
        return False

    def _leads(self) -> bool:
        if not self._is_ours:
            self._lease = self._lease or self._model.lease("follow")
            self._is_ours = self._lease.held()
            if self._is_ours:
                self._verify()
        return self._is_ours

    def _verify(self) -> None:
        at = self._model.checkpoint()
        if not is_of_this_log(self._log, at):
            LOG.warning("The projections were of another log (their position: %d); they begin anew.", at.position)
            self._model.clear()

    def _digested(self) -> bool:
        self._taken = taken = self._projector.step()
        if not taken and monotonic() - self._retried_at > RETRY_FAILING:
            self._retried_at = monotonic()
            self._projector.retry()
        return taken == self._batch

    def _leave(self) -> None:
        self._is_ours = False
        if self._lease is not None:
            self._lease.release()
            self._lease = None
