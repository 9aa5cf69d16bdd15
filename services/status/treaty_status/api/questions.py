"""What may be asked with a body: the shapes of questions, after which nothing is recorded."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from treaty_status.api.bodies import ActionBody, Day

MOST_ACTS: Final = 300
"""Acts supposed at once; more than there are States."""


class WhatIfBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Acts to suppose, in order, each as it would be recorded, its day in the future or not; and the day to look at."""

    acts: Annotated[tuple[ActionBody, ...], Meta(min_length=1, max_length=MOST_ACTS)]
    as_of: Day | None = None
