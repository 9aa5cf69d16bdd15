"""What every fact carries: who recorded it and when, on what evidence, and against which objection it was forced."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """When our log accepted the fact (UTC instant), and the named key that wrote it.

    Where ``by`` begins with ``replay:``, the instant is that at which others first saw what a replayed record tells.
    ``imported`` is the id of the import that brought it in as history; such a fact is no news, and nobody is told of it
    who did not ask for history.
    """

    at: datetime
    by: str
    imported: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where a fact can be checked; ``sha256`` is of the raw bytes that were read."""

    source: str
    url: str | None = None
    locator: str | None = None
    retrieved_at: str | None = None
    sha256: str | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Override:
    """The checks that a person chose to overrule, and why."""

    checks: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Anything the log holds: always about one treaty, always signed by who recorded it."""

    treaty: str
    recorded: Recorded
