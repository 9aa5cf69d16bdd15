"""What the event log implies for each subscription, beside what was numbered, attempted and owed. Pure.

The log's lines are handed in one after another, each with what the feed says at its place and with what is on record
about it; every difference becomes a finding.
"""

import hashlib
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from treaty_notifier.deliveries import DeliveryState, Outcome
from treaty_notifier.messages import Draft, Entry, webhook_id
from treaty_notifier.numbering import Occasion, Place, Terms, numbered


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference. ``kind``: missing, extra, order, id, body, number or record."""

    kind: str
    sentence: str
    subscription: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the message log."""

    entry: Entry
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt on record. ``id`` grows in the order in which attempts were booked; old ones have no hash."""

    id: int
    number: int
    webhook_id: str
    sequence: int | None
    occasion: Occasion
    outcome: Outcome
    body_hash: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is on record as retrying or dead."""

    webhook_id: str
    state: DeliveryState
    failures: int

    @property
    def is_asked(self) -> bool:
        """Asked for once more, and not attempted since: this may be while the first attempt is under way."""
        return self.state is DeliveryState.RETRYING and self.failures == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Numbers that were given out together."""

    first: int
    last: int
    after_seq: int
    last_seq: int
    previous_id: str | None
    last_id: str
    watermark: int


@dataclass(frozen=True, kw_only=True)
class Book:
    """What is on record of one subscription: its terms and its lane.

    ``booked`` counts the attempts that it and its replays have made.
    """

    id: str
    terms: Terms
    cursor: int
    sequence: int
    booked: int


@dataclass(frozen=True, kw_only=True)
class Rosters:
    """The subscriptions of which each kind of row is on record."""

    subscriptions: frozenset[str]
    lanes: frozenset[str]
    needed: Mapping[str, frozenset[str]]
    others: Mapping[str, frozenset[str]]
    running_replays: Mapping[str, str]
    replay_lanes: Mapping[str, str]


def roster_findings(rosters: Rosters) -> list[Finding]:
    """Rows without the row that they belong to: what hangs in the air is served by nobody, and counted by nobody.

    ``needed`` are rows that every subscription has, ``others`` those that it may have; replays are told by their ids,
    each with its subscription.
    """

    def of(ids: Collection[str], sentence: str) -> list[Finding]:
        return [Finding(kind="record", sentence=sentence, subscription=one) for one in sorted(ids)]

    whole = rosters.subscriptions
    found = of(whole - rosters.lanes, "The subscription has no lane: nothing is sent to it, and nothing of it is known")
    for what, ids in {"lane": rosters.lanes, **rosters.needed, **rosters.others}.items():
        found += of(ids - whole, f"This is on record of a subscription that is not there: {what}")
    for what, ids in rosters.needed.items():
        found += of(whole - ids, f"The subscription lacks its {what}")
    running, lanes = rosters.running_replays, rosters.replay_lanes
    found += of([running[one] for one in running.keys() - lanes.keys()], "A replay has not ended, and has no lane")
    found += of([lanes[one] for one in lanes.keys() - running.keys()], "There is a lane of a replay that is not there")
    return found


@dataclass
class LogAudit:
    """The message log beside the feed: both in the order of their positions."""

    findings: list[Finding] = field(default_factory=list)
    lines: int = 0

    def line(self, line: Line) -> None:
        """Lines are counted without a gap."""
        self.lines += 1
        if line.entry.seq != self.lines:
            self.findings.append(
                Finding(
                    kind="missing",
                    sentence=f"The message log lacks lines {self.lines} to {line.entry.seq - 1}; numbers rest on it",
                )
            )
            self.lines = line.entry.seq

    def end(self, *, seq: int) -> None:
        if self.lines != seq:
            self.findings.append(
                Finding(kind="missing", sentence=f"The message log ends with line {self.lines}, and had come to {seq}")
            )

    def compare(self, line: Line | None, draft: Draft | None) -> None:
        """Both at one position of the feed, one of them None where it lacks it."""
        if draft is None and line is not None:
            self.findings.append(
                Finding(
                    kind="extra",
                    sentence=f"The message log holds a message that the feed does not tell "
                    f"(position: {line.entry.position}, type: {line.entry.type})",
                )
            )
        elif line is None and draft is not None:
            self.findings.append(
                Finding(
                    kind="missing",
                    sentence=f"The message log lacks what the feed tells (position: {draft.position}, "
                    f"type: {draft.type})",
                )
            )
        elif line is not None and draft is not None and (odd := _differing(line, draft)):
            self.findings.append(
                Finding(
                    kind="body" if odd == "body" else "record",
                    sentence=f"A message is not as the feed tells it (position: {draft.position}, "
                    f"type: {draft.type}, differs: {odd})",
                )
            )


class SubscriptionAudit:
    """Counts one subscription's feed again, and compares.

    Nothing is kept of what was looked at: the numbers that were given out are handed in as the lines come to them.
    """

    def __init__(self, book: Book, *, instance_key: bytes) -> None:
        self.findings: list[Finding] = []
        self.messages = 0
        self._book = book
        self._key = instance_key
        self._pieces = deque[Taken]()
        self._previous: str | None = None
        self._last_booked = 0
        self._tried = 0

    @property
    def begins_after(self) -> int:
        """Lines up to this one have no number here, and mean nothing unless something is on record for them."""
        return self._book.terms.numbered_after

    @property
    def _piece(self) -> Taken | None:
        return self._pieces[0] if self._pieces else None

    def taken(self, piece: Taken) -> None:
        """Numbers given out together; in their order, and before the first line after which they count."""
        self._pieces.append(piece)

    def line(self, line: Line, tried: Sequence[Tried], owed: Owed | None) -> None:
        """One line of the log, with the attempts and the debt on record for it, attempts in the order of booking."""
        entry = line.entry
        self._tried += len(tried)
        if entry.audience is not None:
            if entry.audience == self._book.id:
                self._alone(line, tried, owed)
            elif tried or owed:
                self._find("extra", f"Sent what is for another subscription alone (line: {entry.seq})")
        elif self._book.terms.wants(entry):
            self._wanted(line, tried, owed)
        elif tried or owed:
            self._unnumbered(line, tried, owed)

    def end(self) -> None:
        """No number and no attempt is left over, and none is lacking."""
        if self._tried != self._book.booked:
            self._find(
                "missing" if self._tried < self._book.booked else "extra",
                f"{self._book.booked} attempts were booked, and {self._tried} are on record",
            )
        if self._piece is not None:
            self._find(
                "extra",
                f"Numbers {self._piece.first} to {self._piece.last} were given out, and the log holds no such messages",
            )

    def _alone(self, line: Line, tried: Sequence[Tried], owed: Owed | None) -> None:
        """A test, a notice or a copy: it was owed from the commit on that wrote it into the log."""
        known = self._id(line.entry)
        if not tried and owed is None:
            self._find(
                "missing",
                f"Line {line.entry.seq} is for this subscription alone, and is neither attempted nor owed ({known})",
            )
        self._check_attempts(line, None, tried, owed, known=known)

    def _wanted(self, line: Line, tried: Sequence[Tried], owed: Owed | None) -> None:
        self.messages += 1
        sequence, known = self.messages, self._id(line.entry)
        place = self._place(line, sequence, known)
        is_passed = line.entry.seq <= self._book.cursor
        if is_passed != (sequence <= self._book.sequence):
            self._find(
                "number",
                f"The lane has come past line {self._book.cursor} with number {self._book.sequence}, and number "
                f"{sequence} is at line {line.entry.seq}",
                sequence,
            )
        if place is None:
            if tried or owed or is_passed:
                self._find("missing", f"No number was given out for {known} (line: {line.entry.seq})", sequence)
        elif is_passed:
            self._passed(line, place, tried, owed, known=known)
        elif tried or (owed and not owed.is_asked):
            self._find("order", f"Number {sequence} was attempted before the lane came to it ({known})", sequence)
        self._previous = known

    def _passed(self, line: Line, place: Place, tried: Sequence[Tried], owed: Owed | None, *, known: str) -> None:
        first = next((one for one in tried if one.occasion is Occasion.FEED), None)
        if first is None:
            self._find(
                "missing",
                f"Number {place.sequence} is booked as attempted, and no attempt is on record ({known})",
                place.sequence,
            )
        else:
            if first.id < self._last_booked:
                self._find(
                    "order",
                    f"Number {place.sequence} was attempted before number {place.sequence - 1} ({known})",
                    place.sequence,
                )
            self._last_booked = max(self._last_booked, first.id)
        self._check_attempts(line, place, tried, owed, known=known)

    def _unnumbered(self, line: Line, tried: Sequence[Tried], owed: Owed | None) -> None:
        """Replayed from before the beginning or by a later filter, or attempted before there were numbers."""
        fed = [one for one in tried if one.occasion is Occasion.FEED and one.body_hash is not None]
        if fed:
            self._find(
                "extra", f"Sent what the subscription did not ask for (line: {line.entry.seq}, type: {line.entry.type})"
            )
            return
        self._check_attempts(line, None, tried, owed, known=self._id(line.entry))

    def _place(self, line: Line, sequence: int, known: str) -> Place | None:
        """What the signed body says, from the row that fixed it; None when no number was given out."""
        piece = self._piece
        if piece is None:
            return None
        if sequence == piece.first:
            if piece.previous_id != self._previous:
                self._find(
                    "id",
                    f"Number {sequence} was said to follow {piece.previous_id}, and follows {self._previous}",
                    sequence,
                )
            if not piece.watermark < sequence:
                self._find("number", f"Number {sequence} carries a watermark of {piece.watermark}", sequence)
        if not piece.first <= sequence <= piece.last or not piece.after_seq < line.entry.seq <= piece.last_seq:
            self._find(
                "number",
                f"Number {sequence} is at line {line.entry.seq}, and numbers {piece.first} to {piece.last} were given "
                f"out for lines {piece.after_seq + 1} to {piece.last_seq}",
                sequence,
            )
            if sequence < piece.first:
                return None
        place = Place(
            sequence=sequence,
            previous_id=piece.previous_id if sequence == piece.first else self._previous,
            watermark=piece.watermark,
        )
        if sequence >= piece.last:
            if piece.last_id != known:
                self._find("id", f"Number {sequence} was given to {piece.last_id}, and belongs to {known}", sequence)
            self._pieces.popleft()
        return place

    def _check_attempts(
        self, line: Line, place: Place | None, tried: Sequence[Tried], owed: Owed | None, *, known: str
    ) -> None:
        sequence = place.sequence if place is not None else None
        what = f"number {sequence}" if sequence is not None else f"line {line.entry.seq}"
        for one in tried:
            if one.webhook_id != known:
                self._find("id", f"Sent {what} as {one.webhook_id}, and its id is {known}", sequence)
            if one.body_hash is not None and one.body_hash != _hash(line, place, one.occasion):
                self._find("body", f"Attempt {one.number} of {what} sent another body ({known})", sequence)
            if one.body_hash is not None and one.sequence != sequence:
                self._find("number", f"Attempt {one.number} of {what} is on record as {one.sequence}", sequence)
        if [one.number for one in tried] != list(range(1, len(tried) + 1)):
            numbers = ", ".join(str(one.number) for one in tried) or "none"
            self._find("missing", f"Of {what} these attempts are on record: {numbers} ({known})", sequence)
        if owed is not None and owed.webhook_id != known:
            self._find("id", f"Owes {what} as {owed.webhook_id}, and its id is {known}", sequence)
        if owed is not None and owed.failures > len(tried):
            self._find(
                "missing",
                f"{what.capitalize()} failed {owed.failures} times, and {len(tried)} attempts are on record ({known})",
                sequence,
            )
        if tried and owed is None and not any(one.outcome is Outcome.OK for one in tried):
            self._find(
                "missing", f"{what.capitalize()} is neither delivered, nor owed, nor given up ({known})", sequence
            )

    def _id(self, entry: Entry) -> str:
        return webhook_id(instance_key=self._key, subscription_id=self._book.id, identity=entry.identity)

    def _find(self, kind: str, sentence: str, sequence: int | None = None) -> None:
        self.findings.append(Finding(kind=kind, sentence=sentence, subscription=self._book.id, sequence=sequence))


def _hash(line: Line, place: Place | None, occasion: Occasion) -> bytes:
    body = line.body if line.entry.audience is not None else numbered(line.body, place, occasion=occasion)
    return hashlib.sha256(body).digest()


def _differing(line: Line, draft: Draft) -> str:
    """The first field in which they are not the same; empty where they are."""
    entry = line.entry
    pairs: Mapping[str, tuple[object, object]] = {
        "identity": (entry.identity, draft.identity),
        "type": (entry.type, draft.type),
        "category": (entry.category, draft.category),
        "treaty": (entry.treaty, draft.treaty),
        "livemode": (entry.livemode, draft.livemode),
        "participants": (entry.participants, draft.participants),
        "recorded_at": (entry.recorded_at, draft.recorded_at),
        "body": (line.body, draft.body),
    }
    return next((name for name, (ours, theirs) in pairs.items() if ours != theirs), "")
