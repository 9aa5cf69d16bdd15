"""What the record says to a statement, and the facts that this rests on."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from treaty_events import ClaimVerdict as Kind

CONTRADICTING: Final = frozenset(
    {
        Kind.WRONG_COUNT,
        Kind.CONFUSES_SIGNATURE_WITH_RATIFICATION,
        Kind.CONFUSES_APPROVAL_WITH_DEPOSIT,
        Kind.COUNTS_THE_ORGANISATION_AS_A_STATE,
        Kind.DOUBLE_COUNTS_THE_ORGANISATION,
        Kind.WRONG_POPULATION,
        Kind.WRONG_DATE,
        Kind.WRONG_PARTICIPANT,
        Kind.WRONG_RULE,
        Kind.WRONG_TEXT_FACT,
        Kind.RECORD_DIFFERS,
    }
)
"""The verdicts by which the facts contradict the statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Where the facts behind a verdict can be read: ``rows`` of the record on a legal day, and single events.

    ``rows``: ``signatures``, ``consents``, ``participant``, ``header``, ``windows``, ``rule``, ``force`` or ``none``.
    ``count``: how many rows there are; ``event_ids``: those that decide, where they are few.
    """

    rows: str
    on: date
    count: int | None = None
    among: str | None = None
    participant: str | None = None
    clause: str | None = None
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the record says to one statement.

    ``have`` and ``claimed`` are numbers: the record's at the end of the day ``on``, and the statement's. ``right_from``
    and ``right_until`` are the legal days at whose end the number was right, or would have been; ``passed_on`` is the
    day in whose course the number was passed without standing at its end. ``true_on`` is the record's own day for what
    the statement dates. ``days``: how many days too early, or how many the depositary's record came after it.
    ``differs`` names what a clause says otherwise; ``because`` why nothing is shown, and
    ``read_until`` how far the record was read, where that is the reason; ``also`` a second confusion.
    """

    kind: Kind
    grounds: Grounds
    on: date
    have: int | None = None
    claimed: int | None = None
    right_from: date | None = None
    right_until: date | None = None
    passed_on: date | None = None
    true_on: date | None = None
    days: int | None = None
    differs: tuple[str, ...] = ()
    because: str | None = None
    read_until: date | None = None
    also: tuple[Kind, ...] = ()

    @property
    def contradicts(self) -> bool:
        """Do the facts contradict the statement?"""
        return self.kind in CONTRADICTING
