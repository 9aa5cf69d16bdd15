"""What a reader of a foreign file hands over: acts to record, lines it could not turn into acts, and sums that balance.

Nothing here knows any format. Whatever stood in a cell ends either as an act or as a reported line; empty cells are
counted apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from treaty_events import Action


class Reason(StrEnum):
    """Why a cell did not become an act on record."""

    UNKNOWN_PARTICIPANT = "unknown_participant"
    NO_PARTICIPANT = "no_participant"
    SAME_NAME_TWICE = "same_name_twice"
    TERRITORY = "territory"
    UNDEFINED_SUFFIX = "undefined_suffix"
    UNSPECIFIED_ITEM = "unspecified_item"
    NOT_AN_ACT = "not_an_act"
    NO_LONGER_IN_EFFECT = "no_longer_in_effect"
    BAD_DATE = "bad_date"
    BAD_LINE = "bad_line"
    NOT_DEPOSITARY = "not_the_depositarys"
    CONTRADICTION = "contradiction"
    TWICE_IN_FILE = "twice_in_the_file"
    RETRACTED = "retracted"
    REFUSED = "refused"
    NO_CHANGE = "no_change"
    UNEXPLAINED = "unexplained"


class Found(NamedTuple):
    """An act as a cell tells it. ``more`` holds what only some acts have (place, predecessor …), already read."""

    treaty: str
    participant: str
    action: Action
    act_date: date
    row: int
    column: str
    text: str
    source: str | None = None
    more: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A cell that is no act on record: where it stands, what it says, and why. ``row`` counts as ``Sheet`` says."""

    file: str
    row: int
    column: str
    text: str
    reason: Reason
    detail: str
    treaty: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """A cell whose act was recorded all the same: where it stands, what it says, and what to know about it."""

    file: str
    row: int
    column: str
    text: str
    code: str
    detail: str
    treaty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatyPart:
    """What a sheet says of one treaty beside its acts.

    ``title`` as printed, if any; ``rows`` has the filled cells of every participant that has a row; the totals are
    those the depositary prints (None: it prints none). ``concluded`` is place and day as printed.
    """

    treaty: str
    title: str | None = None
    concluded: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    signatories: int | None = None
    parties: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file, read. Rows are counted as the file's own lines (CSV, NDJSON) or as rows of the table (XML).

    ``sha256`` is of the raw bytes; ``complete``: the file claims to hold everything there is of its treaties, so that
    what is missing from it is missing, and not merely elsewhere.
    """

    file: str
    format: str
    sha256: str
    source: str
    complete: bool
    cells: int
    empty: int
    acts: tuple[Found, ...]
    reported: tuple[Reported, ...]
    parts: Mapping[str, TreatyPart]
    notes: tuple[str, ...] = field(default=())

    @property
    def balances(self) -> bool:
        """Is every cell accounted for?"""
        return self.cells == len(self.acts) + len(self.reported)
