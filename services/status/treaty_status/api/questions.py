"""What may be asked with a body: the shapes of questions, after which nothing is recorded."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from treaty_status.api.bodies import ActionBody, Day
from treaty_status.api.certificate_bodies import CertificateBody

MOST_ACTS: Final = 300
"""Acts supposed at once; more than there are States."""
MOST_CERTIFICATES: Final = 20
"""Certificates supposed at once; no clause waits for as many."""


class WhatIfBody(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Acts to suppose, in order, each as it would be recorded, its day in the future or not; and the day to look at.

    ``certificates`` are supposed as well, each before the first act of its day or a later one.
    """

    acts: Annotated[tuple[ActionBody, ...], Meta(max_length=MOST_ACTS)]
    certificates: Annotated[tuple[CertificateBody, ...], Meta(max_length=MOST_CERTIFICATES)] = ()
    as_of: Day | None = None
