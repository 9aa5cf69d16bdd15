"""What an endpoint took down, and the judgement over it. Pure.

Nothing here asks the notifier: what it says of itself is not evidence.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What the endpoint did with a request. ``RESET`` never read it, so it is no receipt."""

    OK = "answered"
    LATE = "answered late"
    UNSAID = "answer lost"
    REFUSED = "refused with 503"
    RESET = "reset before it was read"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request that was read whole, in the order of reading."""

    lane: str
    webhook_id: str
    event: str
    sequence: int
    answer: Answer
    is_genuine: bool

    @property
    def is_taken(self) -> bool:
        """Has the endpoint acted on it? An answer that was late or lost does not undo that."""
        return self.answer is not Answer.REFUSED


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Numbers of pairs (lane, event) unless said otherwise; the first four must be 0."""

    owed: int
    lost: int
    second_ids: int
    disordered: int  # first receipts in lanes that keep the order
    forged: int  # receipts
    strange: int  # receipts of what nobody recorded
    disordered_elsewhere: int  # first receipts in the other lanes, where it is allowed
    receipts: int
    duplicates: int  # receipts of what was taken before

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.second_ids or self.disordered or self.forged or self.strange)

    @property
    def duplicates_percent(self) -> float:
        return 100 * self.duplicates / self.owed if self.owed else 0.0


def judge(receipts: Sequence[Receipt], *, lanes: Mapping[str, bool], events: Collection[str]) -> Judgement:
    """``lanes`` says of each whether it keeps the order; ``events`` are all that was recorded for all of them."""
    known = set(events)
    taken: set[tuple[str, str]] = set()
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    firsts: dict[str, list[int]] = defaultdict(list)
    duplicates = 0
    for one in receipts:
        pair = (one.lane, one.event)
        if pair not in ids:
            firsts[one.lane].append(one.sequence)
        ids[pair].add(one.webhook_id)
        duplicates += pair in taken
        if one.is_taken:
            taken.add(pair)
    owed = {(lane, event) for lane in lanes for event in known}
    return Judgement(
        owed=len(owed),
        lost=len(owed - taken),
        second_ids=sum(len(found) > 1 for found in ids.values()),
        disordered=sum(_disordered(firsts[lane]) for lane, keeps in lanes.items() if keeps),
        forged=sum(not one.is_genuine for one in receipts),
        strange=sum(one.event not in known or one.lane not in lanes for one in receipts),
        disordered_elsewhere=sum(_disordered(firsts[lane]) for lane, keeps in lanes.items() if not keeps),
        receipts=len(receipts),
        duplicates=duplicates,
    )


def _disordered(sequences: Sequence[int]) -> int:
    """How many came after one with a higher number."""
    highest, found = 0, 0
    for sequence in sequences:
        found += sequence < highest
        highest = max(highest, sequence)
    return found
