"""Facts about facts: nothing is edited or deleted, a later fact says what was wrong with an earlier one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from treaty_events.facts import Evidence, Fact, Override


class CorrectionReason(StrEnum):
    """Why a fact was corrected."""

    TYPING = "typing"
    SOURCE_ERROR = "source_error"
    DEPOSITARY_CORRECTION = "depositary_correction"
    DUPLICATE = "duplicate"
    LEGAL_REASSESSMENT = "legal_reassessment"


@dataclass(frozen=True, kw_only=True)
class CorrectionOfFact(Fact):
    """What all corrections share; ``target`` is the event id of the act or certificate they speak of.

    ``override``: the checks that were overruled, and why.
    """

    target: str
    reason: CorrectionReason
    explanation: str | None = None
    evidence: tuple[Evidence, ...] = ()
    override: Override | None = None


@dataclass(frozen=True, kw_only=True)
class FactCorrected(CorrectionOfFact):
    """It happened otherwise: these fields of the act or certificate had other values."""

    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FactRetracted(CorrectionOfFact):
    """It never happened."""


@dataclass(frozen=True, kw_only=True)
class FactReinstated(CorrectionOfFact):
    """The retraction was wrong."""
