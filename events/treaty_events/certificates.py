"""Facts that some clauses wait for and no participant's act brings: a decision, a certificate, a quantity reached."""

from dataclasses import dataclass
from datetime import date

from treaty_events.actions import Tier
from treaty_events.facts import Evidence, Fact, Override


@dataclass(frozen=True, kw_only=True)
class FactCertified(Fact):
    """It was certified under ``key``, the name by which the treaty's clauses ask for it.

    ``certified_on`` is the legal day from which it holds, such as that on which the depositary was informed. A
    ``quantity`` is exact text (``450000000``) in its ``unit``; ``certified_by`` says whose certificate, decision or
    notification it is.
    """

    key: str
    certified_on: date
    certified_by: str
    quantity: str | None = None
    unit: str | None = None
    circulated_on: date | None = None
    depositary_ref: str | None = None
    tier: Tier = Tier.OFFICIAL_DEPOSITARY
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    override: Override | None = None
