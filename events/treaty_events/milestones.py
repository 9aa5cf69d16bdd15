"""Facts worth telling the world: a line was crossed, will be crossed, or was not crossed after all."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from treaty_events.claims import ClaimVerdict
from treaty_events.facts import Fact


class Status(StrEnum):
    """What this announcement says about its milestone.

    ``revoked``: we were wrong, it never happened. ``lost``: it happened, and a later act ended it.
    """

    REACHED = "reached"
    REVISED = "revised"
    REVOKED = "revoked"
    LOST = "lost"
    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What line it is."""

    SIGNATURE_OPENING = "signature.opening"
    SIGNATURE_CLOSING_SOON = "signature.closing_soon"
    SIGNATURE_CLOSING = "signature.closing"
    SIGNATURE_FIRST = "signature.first"
    SIGNATURE_COUNT = "signature.count"
    CONSENT_FIRST = "consent.first"
    CONSENT_PERCENT = "consent.percent"
    CONSENT_REMAINING = "consent.remaining"
    THRESHOLD = "threshold"
    ENTRY_INTO_FORCE = "entry_into_force"
    ENTRY_INTO_FORCE_COUNTDOWN = "entry_into_force.countdown"
    GROUP_FIRST = "group.first"
    GROUP_COMPLETE = "group.complete"
    UNIVERSALITY = "universality"
    CONFERENCE_DUE = "conference.due"
    AMENDMENTS_OPEN = "amendments.open"
    PROTOCOL_POSSIBLE = "protocol.possible"
    PARTIES_BELOW_THRESHOLD = "parties.below_threshold"
    TERMINATED = "terminated"
    CLAIM_CONTRADICTION = "claim.contradiction"
    PARTICIPANT_SIGNATURE = "participant.signature"
    PARTICIPANT_CONSENT = "participant.consent"
    PARTICIPANT_BOUND = "participant.bound"
    PARTICIPANT_WITHDRAWAL_NOTICE = "participant.withdrawal_notice"
    PARTICIPANT_WITHDRAWAL_REVOCATION = "participant.withdrawal_revocation"
    PARTICIPANT_WITHDRAWAL = "participant.withdrawal"


SCHEDULED_KINDS: Final = frozenset({Kind.ENTRY_INTO_FORCE})
"""The kinds whose coming is announced ahead: they may be scheduled, rescheduled and cancelled."""


class Severity(StrEnum):
    """Whether somebody has to be woken.

    ``critical``: it takes back what had been said of a treaty in force, so advice may have been given on it.
    """

    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """A participant whose act carried the treaty over the line; order within one day is unknown."""

    participant: str
    action: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Instruments counted, needed and missing when the line was crossed."""

    have: int
    need: int


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """The day of entry into force that follows, and the clause it follows from."""

    entry_into_force: date
    clause: str


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """The statement that the facts contradict: the event that recorded it, and the two numbers where it has any."""

    claim: str
    verdict: ClaimVerdict
    statement: str
    source: str
    claimed_on: str
    claimed: int | None = None
    have: int | None = None


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What made us say so, and which events; ``kind`` is ``action``, ``certificate``, ``table``, ``correction``,
    ``definition``, ``rule``, ``claim``, ``import``, ``day``, ``other_treaty``: one that this treaty rests on has moved,
    or ``reassessment``: everything was looked at again, by the release ``software``, for the ``reason`` given.
    """

    kind: str
    event_ids: tuple[str, ...] = ()
    software: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class MilestoneAnnounced(Fact):
    """One announcement of one milestone.

    ``key`` names the line for ever, ``revision`` counts what we said about it, ``supersedes`` is the revision replaced.
    ``occurred_on`` is the legal day in ``time_zone``; ``late_by_days`` is how long after it we spoke.
    """

    key: str
    milestone_id: str
    kind: Kind
    params: str
    occurrence: int
    status: Status
    revision: int
    supersedes: int | None
    occurred_on: date
    time_zone: str
    late_by_days: int
    titles: dict[str, str]
    livemode: bool
    cause: Cause
    provisional: bool = False
    clause: str | None = None
    attributed_to: tuple[Attribution, ...] = ()
    progress: Progress | None = None
    consequence: Consequence | None = None
    contradiction: Contradiction | None = None
    severity: Severity | None = None
