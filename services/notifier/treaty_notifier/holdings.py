"""What a receiver holds of its subscription's feed, and what that proves: which numbers it lacks. Pure.

A number that is missing below the highest one may still be on its way, since several are sent at a time. Below the
watermark it is not: what is missing there was given up or lost, and can be pulled.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_RANGE = re.compile(r"(\d{1,15})(?:\s*(?:-|\.\.|–)\s*(\d{1,15}))?")
_ID = re.compile(r"msg_[a-z2-7]{16,60}")


class HoldingsUnreadable(Exception):
    """A line that says neither a number, nor a stretch of numbers, nor a webhook id."""


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Numbers ``first`` to ``last``, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass
class Holdings:
    """Numbers with their webhook ids, where those are known, and ids whose numbers are not.

    ``resent`` are numbers that are held only as they were sent again on request: perhaps under an id of their own.
    """

    ids: dict[int, str | None] = field(default_factory=dict)
    resent: set[int] = field(default_factory=set)
    loose_ids: set[str] = field(default_factory=set)
    watermark: int = 0
    whole_to: int = 0

    def note(
        self,
        *,
        sequence: int | None,
        webhook_id: str | None,
        previous_id: str | None = None,
        watermark: int | None = None,
        is_resent: bool = False,
    ) -> str | None:
        """Take down one message; a sentence where it does not follow on what is held.

        What was sent again on request may bear an id of its own: it holds the number, and says nothing about its id.
        """
        self.watermark = max(self.watermark, watermark or 0)
        if sequence is None:
            if webhook_id is not None:
                self.loose_ids.add(webhook_id)
            return None
        if is_resent and sequence in self.ids:
            return None
        known = None if sequence in self.resent else self.ids.get(sequence)
        before = None if sequence - 1 in self.resent else self.ids.get(sequence - 1)
        (self.resent.add if is_resent else self.resent.discard)(sequence)
        self.ids[sequence] = webhook_id or known
        self._reach()
        if known is not None and webhook_id is not None and known != webhook_id:
            return f"Number {sequence} came under two ids (held: {known}, new: {webhook_id})"
        if before is not None and previous_id is not None and before != previous_id:
            return (
                f"Number {sequence} does not follow on number {sequence - 1} "
                f"(held: {before}, said to be before: {previous_id})"
            )
        return None

    @property
    def highest(self) -> int:
        return max(self.ids, default=0)

    def add(self, gap: Gap) -> None:
        """Hold a whole stretch of numbers, whatever their ids."""
        for sequence in range(gap.first, gap.last + 1):
            self.ids.setdefault(sequence, None)
        self._reach()

    def lacks(self, *, up_to: int) -> list[Gap]:
        """The numbers from 1 to ``up_to`` that are not held, in order."""
        gaps, expected = [], self.whole_to + 1
        for held in sorted(number for number in self.ids if self.whole_to < number <= up_to):
            if held > expected:
                gaps.append(Gap(expected, held - 1))
            expected = held + 1
        if expected <= up_to:
            gaps.append(Gap(expected, up_to))
        return gaps

    @property
    def proven_gaps(self) -> list[Gap]:
        """What is missing for certain: the sender has done with it, and it is not here."""
        return self.lacks(up_to=self.watermark)

    def _reach(self) -> None:
        """Everything up to ``whole_to`` is held."""
        while self.whole_to + 1 in self.ids:
            self.whole_to += 1


def read(lines: Iterable[str]) -> Holdings:
    """From NDJSON as ``listen --out`` writes it, or from lines with numbers (7, 9-12) or webhook ids.

    Raises:
        HoldingsUnreadable: says which line.
    """
    held = Holdings()
    for place, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            _take(held, text)
        except ValueError as error:
            raise HoldingsUnreadable(
                f"A line says nothing of what is held (line: {place}, text: {text[:60]!r}); give NDJSON as "
                "`treaty-notifier listen --out` writes it, numbers such as 7 or 9-12, or webhook ids"
            ) from error
    return held


def _take(held: Holdings, text: str) -> None:
    if text.startswith("{"):
        said = json.loads(text)
        if not said.keys() & {"sequence", "webhook_id", "id"}:
            raise ValueError("no message")
        held.note(
            sequence=_number(said.get("sequence")),
            webhook_id=original_id(said),
            previous_id=_text(said.get("previous_id")),
            watermark=_number(said.get("watermark")),
            is_resent=is_resent(said),
        )
        return
    for part in re.split(r"[,;]\s*|\s+(?=\d|msg_)", text):
        ranged = _RANGE.fullmatch(part.strip())
        if ranged:
            first, last = int(ranged[1]), int(ranged[2] or ranged[1])
            if not 1 <= first <= last or last - first > 10_000_000:
                raise ValueError("no stretch of numbers")
            held.add(Gap(first, last))
        elif _ID.fullmatch(part.strip()):
            held.note(sequence=None, webhook_id=part.strip())
        else:
            raise ValueError("neither a number nor an id")


def is_resent(record: Mapping[str, object]) -> bool:
    """Whether what ``listen --out`` kept says that it was sent again on request, in whatever form."""
    payload = record.get("payload")
    if record.get("resend") is True:
        return True
    try:
        said = json.loads(payload) if isinstance(payload, str) else None
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("resend") is True


def original_id(record: Mapping[str, object]) -> str | None:
    """The webhook id under which its number stands in the feed: that of the message itself where this is a copy."""
    webhook_id = _text(record.get("webhook_id", record.get("id")))
    if _number(record.get("sequence")) is None:
        return webhook_id
    said: Mapping[str, object] = record
    if "resend_of" not in record and isinstance(record.get("payload"), str):
        try:
            said = json.loads(str(record["payload"]))
        except ValueError:
            return webhook_id
    known = said.get("resend_of") if isinstance(said, Mapping) else None
    return _text(known) or webhook_id


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
