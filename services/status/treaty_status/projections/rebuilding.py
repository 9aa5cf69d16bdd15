"""From zero: the whole log folded once, rows worked out once per treaty, and served in place of the old ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from treaty_status.application.event_log import EventLog, LoggedEvent
from treaty_status.application.treaties import Codec
from treaty_status.application.views import Progress
from treaty_status.projections.changes import START, Checkpoint, checkpoint_after
from treaty_status.projections.folding import Folding
from treaty_status.projections.read_model import Contents, ReadModel, RebuildRunning, Shadow
from treaty_status.projections.runner import Projector, is_of_this_log
from treaty_status.registry import Registry

PAGE: Final = 5_000
TOGETHER_FOLDED: Final = 100_000
"""Events gathered before they are folded: a state is copied once for all of them."""
TOGETHER: Final = 256
"""Treaties whose rows are written together."""
ATTEMPTS: Final = 100
"""How often the new rows try to be at least as far as the old ones, which are still followed meanwhile."""


def rebuild(
    log: EventLog, codec: Codec, model: ReadModel, registry: Registry, *, progress: Progress | None = None
) -> Checkpoint:
    """Build all rows anew from position 0 while the old ones are served and followed, then serve these; how far.

    Raises:
        RebuildRunning: another process is at it.
        LogUnavailable, ViewsUnavailable: what was served before is served still.
    """
    lease = model.lease("rebuild")
    if not lease.held():
        raise RebuildRunning("The projections are being rebuilt by another process; wait until it is done.")
    try:
        shadow = model.shadow()
        try:
            at = fill(log, codec, shadow, registry, end=log.head(), progress=progress)
            return _taken_over(shadow, Projector(log, codec, shadow, registry), at)
        finally:
            shadow.discard()
    finally:
        lease.release()


def fill(
    log: EventLog,
    codec: Codec,
    shadow: Shadow,
    registry: Registry,
    *,
    end: int,
    progress: Progress | None = None,
) -> Checkpoint:
    """Fill an empty row store with everything up to a position of the log."""
    folding = Folding(log, codec, registry)
    at = _gather(log, folding, end, progress)
    for changes in folding.gathered(TOGETHER):
        shadow.fill(changes)
    shadow.settle(at)
    return at


def _gather(log: EventLog, folding: Folding, end: int, progress: Progress | None) -> Checkpoint:
    at, gathered = START, []
    for page in _pages(log, end):
        at = checkpoint_after(page)
        gathered += page
        if len(gathered) >= TOGETHER_FOLDED:
            folding.gather(gathered)
            gathered = []
        if progress is not None:
            progress(at.position, end)
    folding.gather(gathered)
    return at


def _pages(log: EventLog, end: int) -> Iterator[list[LoggedEvent]]:
    after = 0
    while after < end:
        page = [event for event in log.read(after=after, limit=PAGE) if event.position <= end]
        if not page:
            return
        yield page
        after = page[-1].position


def _taken_over(shadow: Shadow, projector: Projector, at: Checkpoint) -> Checkpoint:
    for _ in range(ATTEMPTS):
        while projector.step():
            pass
        at = shadow.checkpoint()
        if shadow.take_over():
            return at
    raise RebuildOvertakenError(
        f"The rows that are served were further at every one of {ATTEMPTS} attempts (rebuilt up to: {at.position}); "
        "what was served is served still; rebuild when less is being recorded."
    )


class RebuildOvertakenError(Exception):
    """The new rows never caught up with the old ones."""


# ---- comparing -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Difference:
    """The first row that is not what the log says; None where there is no such row."""

    about: str
    served: Any
    rebuilt: Any

    def __str__(self) -> str:
        return f"{self.about}: served is {self.served}, and the log says {self.rebuilt}"


def compare(log: EventLog, codec: Codec, model: ReadModel, registry: Registry) -> Difference | None:
    """The first difference between what is served and what the log says up to the same position, if any."""
    served = model.contents()
    if not is_of_this_log(log, served.checkpoint):
        return Difference("log", served.checkpoint, None)
    return difference(served, contents_of(log, codec, registry, end=served.checkpoint.position))


def contents_of(log: EventLog, codec: Codec, registry: Registry, *, end: int) -> Contents:
    """All rows that follow from the log up to a position, in memory."""
    folding = Folding(log, codec, registry)
    found = Contents(_gather(log, folding, end, None))
    for changes in folding.gathered(TOGETHER):
        found.add(changes)
    return found


def difference(served: Contents, rebuilt: Contents) -> Difference | None:
    """The first difference, in the order of the tables and of their keys."""
    tables: tuple[tuple[str, Mapping[Any, Any], Mapping[Any, Any]], ...] = (
        ("treaty", served.treaties, rebuilt.treaties),
        ("participation", served.participations, rebuilt.participations),
        ("milestone", served.milestones, rebuilt.milestones),
        ("parked event", served.parked, rebuilt.parked),
        ("failing treaty", dict.fromkeys(served.failing), dict.fromkeys(rebuilt.failing)),
    )
    for table, ours, theirs in tables:
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in ours or key not in theirs or ours[key] != theirs[key]:
                return Difference(f"{table} {key}", ours.get(key), theirs.get(key))
    if served.checkpoint != rebuilt.checkpoint:
        return Difference("checkpoint", served.checkpoint, rebuilt.checkpoint)
    return None
