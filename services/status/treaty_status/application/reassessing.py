"""Every treaty looked at anew, one after another, through the one writer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from treaty_status.application.event_log import EventLog, LoggedEvent
from treaty_status.application.submissions import Receipt, Submission
from treaty_status.application.treaties import Codec
from treaty_status.application.writer import Writer
from treaty_status.domain.reassessment import Reassess
from treaty_status.domain.refusals import RehearsalOver

PAGE: Final = 5_000
TOGETHER: Final = 64
"""Treaties handed in at once, so that they are committed together."""
ANSWERED_WITHIN: Final = 120.0
"""Seconds that a group may take."""


@dataclass(slots=True)
class Reassessment:
    """What came of it. ``changed`` holds a line for each treaty of which something was, or would be, put on record."""

    software: str
    reason: str | None
    dry_run: bool
    treaties: int = 0
    announced: int = 0
    settled: int = 0
    changed: list[dict[str, Any]] = field(default_factory=list)

    def add(self, receipt: Receipt) -> None:
        """One more treaty was looked at."""
        self.treaties += 1
        if receipt.recorded_as == "nothing":
            return
        settled = int(receipt.outcome["settled"])
        self.announced += len(receipt.milestones)
        self.settled += settled
        self.changed.append(
            {
                "treaty": receipt.treaty,
                "version": receipt.version,
                "milestones": list(receipt.milestones),
                "held": list(receipt.held),
                "settled": settled,
            }
        )

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "software": self.software,
            "reason": self.reason,
            "dry_run": self.dry_run,
            "treaties": self.treaties,
            "announced": self.announced,
            "settled": self.settled,
            "changed": self.changed,
        }


def reassess(
    treaties: Iterable[str], writer: Writer, *, by: str, software: str, reason: str | None, dry_run: bool
) -> Reassessment:
    """Look at these treaties again; those that were closed meanwhile are left out.

    Raises:
        UnknownTreaty: one of them is not on record.
        Unavailable, TooBusy: run it again; what was appended stays, and is not appended twice.
    """
    found = Reassessment(software, reason, dry_run)
    for some in _batches(treaties):
        orders = [Reassess(treaty=one, software=software, reason=reason) for one in some]
        waiting = [writer.hand_in(Submission(order=order, by=by, dry_run=dry_run)) for order in orders]
        for one in waiting:
            try:
                found.add(one.result(timeout=ANSWERED_WITHIN))
            except RehearsalOver:
                continue
    return found


def _batches(treaties: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(treaties)
    while some := list(islice(rest, TOGETHER)):
        yield some


def first_events(log: EventLog, *, end: int) -> Iterator[LoggedEvent]:
    """The first event of every stream up to a position, in the order in which they begin."""
    seen = set()
    after = 0
    while after < end:
        page = [event for event in log.read(after=after, limit=PAGE) if event.position <= end]
        if not page:
            return
        for event in page:
            if event.stream not in seen:
                seen.add(event.stream)
                yield event
        after = page[-1].position


def on_record(log: EventLog, codec: Codec) -> list[str]:
    """Every treaty and rehearsal that the log has, in the order in which they were defined."""
    return [codec.decode(event.topic, event.body).treaty for event in first_events(log, end=log.head())]
