"""How secrets and keys follow one another: each signs until the end that its owner was told."""

from collections.abc import Sequence
from datetime import datetime

from treaty_notifier.errors import RotationRefused
from treaty_notifier.messages import instant_text

MOST_AT_ONCE = 5
"""Secrets, and keys, that may sign at the same time: each is one more entry in the header of every webhook."""


def check_room(ends: Sequence[datetime], *, what: str, overlap_seconds: int) -> None:
    """``ends`` are those of the former ones that still sign; beside them come the new one and, overlapping, the last.

    Raises:
        RotationRefused: more than ``MOST_AT_ONCE`` would sign.
    """
    wanted = len(ends) + 1 + (overlap_seconds > 0)
    if wanted > MOST_AT_ONCE:
        raise RotationRefused(
            f"Each {what} signs until the end that was told, and at most {MOST_AT_ONCE} at once (with this one: "
            f"{wanted}, the next ends at: {instant_text(min(ends))}); rotate again after that"
            + (", or with overlap_seconds 0" if overlap_seconds > 0 and len(ends) < MOST_AT_ONCE else "")
        )
