"""Which number stands for a whole condition: the part that counts instruments."""

from typing import Final

from treaty_status.domain.gauges import Reading

COUNTING: Final = frozenset({"count", "fraction", "everyone"})
Counted = tuple[int | None, int | None]
"""How many instruments count and how many are needed; None where it is not instruments that are counted."""


def counting_part(reading: Reading) -> Reading:
    """The first part of the condition that counts instruments; the whole where none does."""
    if reading.op == "not_blocked":
        return reading  # what is counted below it are objections
    nodes = [reading, *(counting_part(part) for part in reading.parts)]
    return next((node for node in nodes if node.op in COUNTING), nodes[0])


def instruments_counted(reading: Reading) -> Counted:
    """What the part that counts instruments shows."""
    part = counting_part(reading)
    exact = isinstance(part.have, int) and isinstance(part.need, int)
    return (int(part.have or 0), int(part.need or 0)) if exact else (None, None)
