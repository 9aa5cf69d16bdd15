"""What an answer rests on beside acts: a version of a table, a certificate. Each can be looked up in the record."""

from datetime import date
from typing import Literal, NamedTuple


class Foundation(NamedTuple):
    """A table or certificate that a condition was read off.

    ``event_id`` is that of the event which recorded it; None where the rule itself carries it, or a file. ``on`` is the
    day that the table's values are of, or from which the certificate holds.
    """

    kind: Literal["table", "certificate"]
    name: str
    version: str | None = None
    source: str | None = None
    event_id: str | None = None
    on: date | None = None
