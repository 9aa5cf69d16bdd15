"""Whether a treaty's stream agrees with itself: every correction has its target, every announcement its predecessor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from treaty_events import (
    Fact,
    FactCorrected,
    FactReinstated,
    FactRetracted,
    MilestoneAnnounced,
    MilestonesSettled,
    Status,
    event_id,
    milestone_id,
    milestone_key,
    stream_of,
)

FOLLOWS: Final[dict[Status | None, frozenset[Status]]] = {
    None: frozenset({Status.REACHED, Status.SCHEDULED}),
    Status.REACHED: frozenset({Status.REVISED, Status.REVOKED, Status.LOST}),
    Status.REVISED: frozenset({Status.REVISED, Status.REVOKED, Status.LOST}),
    Status.LOST: frozenset({Status.REACHED, Status.LOST, Status.REVOKED}),
    Status.REVOKED: frozenset({Status.REACHED, Status.SCHEDULED}),
    Status.SCHEDULED: frozenset({Status.RESCHEDULED, Status.CANCELLED, Status.REACHED}),
    Status.RESCHEDULED: frozenset({Status.RESCHEDULED, Status.CANCELLED, Status.REACHED}),
    Status.CANCELLED: frozenset({Status.SCHEDULED, Status.REACHED}),
}
"""What may be said of a line next, by what was said of it last; None: nothing yet. A line whose legal day is corrected
after it was lost is lost anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where what was said, or is served, is not what the events tell.

    ``kind``: ``stream``, ``event``, ``correction``, ``announcement``, ``milestone``, ``row`` or ``checkpoint``.
    ``about`` names the place, ``event_id`` the event that should have caused what holds, or that said otherwise.
    """

    kind: str
    treaty: str | None
    about: str
    said: str
    holds: str
    event_id: str | None = None

    def __str__(self) -> str:
        whose = "The log" if self.treaty is None else self.treaty
        event = "" if self.event_id is None else f" Event: {self.event_id}."
        return f"{whose}, {self.about}: said is {self.said}; what holds is {self.holds}.{event}"


@dataclass(slots=True)
class Coherence:
    """Reads the facts of one treaty's stream, in order, once. ``told`` has the version that last spoke of each line."""

    treaty: str
    told: dict[str, int] = field(default_factory=dict)
    _last: dict[str, tuple[Status, int]] = field(default_factory=dict)
    _recorded: set[str] = field(default_factory=set)
    """Ids of the events that a correction may speak of."""
    _livemode: bool = True

    def findings(self, facts: Iterable[Fact]) -> Iterator[Finding]:
        """What does not agree, in the order of the stream."""
        stream = stream_of(self.treaty)
        for version, fact in enumerate(facts, start=1):
            own = event_id(stream, version)
            if isinstance(fact, MilestoneAnnounced):
                yield from self._announced(fact, version, own)
            elif isinstance(fact, MilestonesSettled):
                yield from self._settled(fact, version, own)
            else:
                yield from self._fact(fact, version, own)

    def _fact(self, fact: Fact, version: int, own: str) -> Iterator[Finding]:
        if isinstance(fact, FactCorrected | FactRetracted | FactReinstated) and fact.target not in self._recorded:
            yield Finding(
                kind="correction",
                treaty=self.treaty,
                about=f"the correction at version {version}",
                said=f"a correction of the event {fact.target}",
                holds="that no fact before it has this id",
                event_id=own,
            )
        self._recorded.add(own)
        if version == 1 and getattr(fact, "rehearsal_of", None) is not None:
            self._livemode = False

    def _announced(self, said: MilestoneAnnounced, version: int, own: str) -> Iterator[Finding]:
        key = milestone_key(self.treaty, said.kind, said.params, said.occurrence)
        if (said.key, said.milestone_id, said.livemode) != (key, str(milestone_id(key)), self._livemode):
            yield self._about(
                said.key,
                own,
                said=f"the key {said.key} with the id {said.milestone_id} and livemode {_word(said.livemode)}",
                holds=f"the key {key} with the id {milestone_id(key)} and livemode {_word(self._livemode)}",
            )
        before, last = self._last.get(said.key, (None, 0))
        if (said.revision, said.supersedes) != (last + 1, last or None):
            yield self._about(
                said.key,
                own,
                said=f"revision {said.revision} in place of {said.supersedes or 'none'}",
                holds=f"that revision {last + 1} comes next, in place of {last or 'none'}",
            )
        yield from self._follows(said.key, said.status, before, own)
        self._keep(said.key, said.status, said.revision, version)

    def _settled(self, settled: MilestonesSettled, version: int, own: str) -> Iterator[Finding]:
        for one in settled.milestones:
            key = milestone_key(self.treaty, one.kind, one.params, one.occurrence)
            before, last = self._last.get(key, (None, 0))
            yield from self._follows(key, one.status, before, own)
            self._keep(key, one.status, last + 1, version)

    def _follows(self, key: str, status: Status, before: Status | None, own: str) -> Iterator[Finding]:
        if status not in FOLLOWS[before]:
            yield self._about(
                key,
                own,
                said=status.value,
                holds=f"that {'nothing was' if before is None else f'{before.value} was'} said before, "
                f"which {_and(FOLLOWS[before])} may follow",
            )

    def _keep(self, key: str, status: Status, revision: int, version: int) -> None:
        self._last[key] = (status, revision)
        self.told[key] = version

    def _about(self, key: str, own: str, *, said: str, holds: str) -> Finding:
        return Finding(kind="announcement", treaty=self.treaty, about=key, said=said, holds=holds, event_id=own)


def _and(statuses: Iterable[Status]) -> str:
    return " or ".join(sorted(status.value for status in statuses))


def _word(livemode: bool) -> str:  # noqa: FBT001 - the value to be worded
    return "true" if livemode else "false"
