"""Statements that are not the depositary's: kept beside the facts, never counted."""

from dataclasses import dataclass
from typing import Any

from treaty_events.actions import Action, Tier
from treaty_events.facts import Evidence, Fact


@dataclass(frozen=True, kw_only=True)
class ClaimRecorded(Fact):
    """Somebody said so. ``claimed_on`` and ``act_date`` may be partial (``2026-02``).

    ``about`` says what ``value`` measures: signatures, consents, articles, chapters, participant_act, rule, date or
    other.
    """

    claimed_on: str
    source: str
    statement: str
    about: str
    tier: Tier
    url: str | None = None
    value: int | None = None
    participant: str | None = None
    action: Action | None = None
    act_date: str | None = None
    note: str | None = None
    evidence: tuple[Evidence, ...] = ()
    act: dict[str, Any] | None = None
