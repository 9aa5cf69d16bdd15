"""Statements that are not the depositary's: kept beside the facts, never counted."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from treaty_events.actions import Action, Tier
from treaty_events.facts import Evidence, Fact


class Bound(StrEnum):
    """How exactly a number was meant. ``about`` is a round figure."""

    EXACTLY = "exactly"
    ABOUT = "about"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    FEWER_THAN = "fewer_than"


class ClaimVerdict(StrEnum):
    """What the record says to a statement. Never stored with the claim: worked out from the facts, each time anew."""

    RIGHT = "right"
    RIGHT_AT_ITS_TIME = "right_at_its_time"
    APPROXIMATE = "approximate"
    EARLY = "early"
    NOT_SHOWN = "not_shown"
    WRONG_COUNT = "wrong_count"
    CONFUSES_SIGNATURE_WITH_RATIFICATION = "confuses_signature_with_ratification"
    CONFUSES_APPROVAL_WITH_DEPOSIT = "confuses_approval_with_deposit"
    COUNTS_THE_ORGANISATION_AS_A_STATE = "counts_the_organisation_as_a_state"
    DOUBLE_COUNTS_THE_ORGANISATION = "double_counts_the_organisation"
    WRONG_POPULATION = "wrong_population"
    WRONG_DATE = "wrong_date"
    WRONG_PARTICIPANT = "wrong_participant"
    WRONG_RULE = "wrong_rule"
    WRONG_TEXT_FACT = "wrong_text_fact"
    RECORD_DIFFERS = "record_differs"


@dataclass(frozen=True, kw_only=True)
class ClaimedThreshold:
    """What a statement says entry into force takes: so many signatures or consents, of whom (None: of anyone)."""

    count: int | None = None
    by: str | None = None
    among: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClaimRecorded(Fact):
    """Somebody said so. ``claimed_on``, ``measured_on`` and ``act_date`` may be partial (``2026-02``).

    ``about`` says what is claimed: ``signatures``, ``signatures_by_states``, ``signatures_on_day``, ``consents``,
    ``articles``, ``chapters`` (numbers, in ``value``); ``participant_act``, ``domestic_approval``, ``rule``, ``date``
    or ``other``.

    ``among`` narrows a number to ``states`` or to a group; ``besides`` are participants said to come on top of it.
    ``ordinal``: the act is said to be the nth of its kind. ``day_of`` is what a date is the day of. ``heard_on`` is the
    day at the depositary on which it was written down.
    """

    claimed_on: str
    source: str
    statement: str
    about: str
    tier: Tier
    url: str | None = None
    value: int | None = None
    bound: Bound | None = None
    among: str | None = None
    besides: tuple[str, ...] = ()
    measured_on: str | None = None
    participant: str | None = None
    action: Action | None = None
    act_date: str | None = None
    ordinal: int | None = None
    day_of: str | None = None
    threshold: ClaimedThreshold | None = None
    delay_days: int | None = None
    heard_on: date | None = None
    note: str | None = None
    evidence: tuple[Evidence, ...] = ()
    act: dict[str, Any] | None = None
