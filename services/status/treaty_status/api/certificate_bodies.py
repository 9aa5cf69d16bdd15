"""What may be sent of certified facts and of tables, field by field."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from treaty_events import Tier
from treaty_status.api.bodies import Day, Line, Name, OverrideBody, Proof, Text, Words
from treaty_status.domain.amounts import EXACT
from treaty_status.domain.rule import MOST_NAMED

Amount = Annotated[
    str,
    Meta(
        max_length=400,
        description="Exact text: a whole number, a decimal or a fraction.",
        extra_json_schema={"pattern": f"^{EXACT.pattern}$"},
    ),
]
"""The pattern is for the documentation: what does not read so is answered with the row it stands in."""
Key = Annotated[
    str, Meta(min_length=1, max_length=1_000, description="The name by which the treaty's rule asks for the fact.")
]
Unit = Annotated[str, Meta(min_length=1, max_length=60)]
Values = Annotated[
    dict[Name, Amount],
    Meta(min_length=1, max_length=MOST_NAMED, description="By participant: what it weighs."),
]


class CertificateBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """That a decision was taken, a notification made or a quantity reached, for which a clause waits."""

    key: Key
    certified_on: Day
    certified_by: Line
    quantity: Amount | None = None
    unit: Unit | None = None
    circulated_on: Day | None = None
    depositary_ref: Line | None = None
    tier: Tier = Tier.OFFICIAL_DEPOSITARY
    evidence: Proof = ()
    note: Text | None = None
    override: OverrideBody | None = None


class TableBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What participants weigh: the whole table. Who is not in it weighs nothing."""

    values: Values
    source: Words
    whole: Amount | None = None
    unit: Unit | None = None
    values_on: Day | None = None
    reason: Text | None = None
    evidence: Proof = ()


EXAMPLES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "certificate": {
        "a quantity": {
            "key": "contributing_oil_received",
            "certified_on": "2026-11-17",
            "certified_by": "The Director of an invented fund",
            "quantity": "450000000",
            "unit": "tonnes",
            "depositary_ref": "N.2.2026 (an invented example)",
            "evidence": [{"source": "Depositary notification", "url": "https://example.org/n2"}],
        },
        "a decision, from a newspaper: kept as a claim": {
            "key": "decision_of_the_conference",
            "certified_on": "2026-11-17",
            "certified_by": "A newspaper",
            "tier": "press",
        },
    },
    "table": {
        "shares of a whole": {
            "values": {"FRA": "310", "Italy": "95.5"},
            "whole": "1000",
            "unit": "gross tonnage",
            "source": "An invented register",
            "values_on": "2026-01-01",
        }
    },
}
"""Bodies for the documentation."""
BODIES: Final[tuple[type[msgspec.Struct], ...]] = (CertificateBody, TableBody)
