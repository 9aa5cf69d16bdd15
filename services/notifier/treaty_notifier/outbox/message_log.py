"""The message log: written in one piece with the feed's position, read from memory where it was read or written before.

A line never changes once it is committed, and many lanes read the same stretch of it at the same time.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from treaty_notifier.messages import Draft, Entry
from treaty_notifier.outbox.driver import Driver, Row
from treaty_notifier.outbox.port import Page, Progress

BLOCK_ROWS = 128
BLOCKS_KEPT = 32  # about 4 MB of ordinary messages, 80 MB if every body were as long as bodies may be

_MOVE = """
    UPDATE progress SET position = :position, seq = seq + :count
    WHERE name = 'feed' AND position = :expected RETURNING seq
"""
_PROGRESS = "SELECT position, seq FROM progress WHERE name = 'feed'"
_COLUMNS = "seq, position, identity, type, category, treaty, livemode, participants, recorded_at, audience, body"
_LINES = """
    SELECT seq, position, identity, type, category, treaty, livemode, {text:participants}, recorded_at, audience, body
    FROM messages WHERE seq BETWEEN :first AND :last ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    entry: Entry
    body: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """``is_taken`` says that the position had moved before; ``fresh`` are the new lines, visible only to us as yet."""

    progress: Progress
    is_taken: bool
    fresh: Sequence[LoggedMessage] = ()


class MessageLog:
    """Thread-safe. Lines are kept in blocks; what was not committed yet is never kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, list[LoggedMessage]] = OrderedDict()
        self._lock = threading.Lock()

    def append(self, driver: Driver, page: Page) -> Appended:
        """Move the position and write the page's messages, if the position still is what the page expects."""
        moved = driver.rows(_MOVE, position=page.position, count=len(page.drafts), expected=page.expected)
        if not moved:
            ((position, seq),) = driver.rows(_PROGRESS)
            return Appended(Progress(position=position, seq=seq), is_taken=True)
        seq = moved[0][0]
        first = seq - len(page.drafts) + 1
        fresh = [_logged(draft, seq=first + place) for place, draft in enumerate(page.drafts)]
        driver.insert("messages", _COLUMNS, [_row(driver, message) for message in fresh])
        return Appended(Progress(position=page.position, seq=seq), is_taken=False, fresh=fresh)

    def keep(self, fresh: Sequence[LoggedMessage]) -> None:
        """Lines that are committed now need not be read again."""
        with self._lock:
            for message in fresh:
                number, place = divmod(message.entry.seq - 1, BLOCK_ROWS)
                block = self._kept.get(number) if place else self._kept.setdefault(number, [])
                if block is not None and len(block) == place:
                    block.append(message)
            self._forget()

    def after(
        self, driver: Driver, seq: int, *, until: int, limit: int, fresh: Sequence[LoggedMessage] = ()
    ) -> Iterator[LoggedMessage]:
        """Messages with ``seq < place <= until``, in order, at most ``limit`` of them; read as they are asked for."""
        place, last = seq + 1, min(until, seq + limit)
        first_fresh = fresh[0].entry.seq if fresh else last + 1
        while place <= min(last, first_fresh - 1):
            number, start = divmod(place - 1, BLOCK_ROWS)
            end = min(last, first_fresh - 1, (number + 1) * BLOCK_ROWS)
            yield from self._block(driver, number, until=end)[start : end - number * BLOCK_ROWS]
            place = end + 1
        if place <= last:
            yield from fresh[place - first_fresh : last - first_fresh + 1]

    def _block(self, driver: Driver, number: int, *, until: int) -> list[LoggedMessage]:
        """The lines of one block, at least as far as ``until``."""
        first = number * BLOCK_ROWS + 1
        with self._lock:
            kept = self._kept.setdefault(number, [])
            self._kept.move_to_end(number)
            self._forget()
            known = len(kept)
        if first + known > until:
            return kept
        found = [_read(driver, row) for row in driver.rows(_LINES, first=first + known, last=until)]
        with self._lock:
            if len(kept) == known:
                kept.extend(found)
                return kept
        return kept[:known] + found  # somebody else read on meanwhile

    def _forget(self) -> None:
        while len(self._kept) > BLOCKS_KEPT:
            self._kept.popitem(last=False)


def _logged(draft: Draft, *, seq: int) -> LoggedMessage:
    entry = Entry(
        seq=seq,
        position=draft.position,
        type=draft.type,
        category=draft.category,
        treaty=draft.treaty,
        livemode=draft.livemode,
        participants=draft.participants,
        recorded_at=draft.recorded_at,
        identity=draft.identity,
        audience=draft.audience,
    )
    return LoggedMessage(entry, draft.body)


def _row(driver: Driver, message: LoggedMessage) -> tuple[object, ...]:
    entry = message.entry
    return (
        entry.seq,
        entry.position,
        entry.identity,
        entry.type,
        entry.category,
        entry.treaty,
        driver.flag(is_set=entry.livemode),
        json.dumps(sorted(entry.participants)),
        driver.stamp(entry.recorded_at),
        entry.audience,
        message.body,
    )


def _read(driver: Driver, row: Row) -> LoggedMessage:
    seq, position, identity, type_, category, treaty, livemode, participants, recorded_at, audience, body = row
    entry = Entry(
        seq=seq,
        position=position,
        type=type_,
        category=category,
        treaty=treaty,
        livemode=bool(livemode),
        participants=frozenset(json.loads(participants)),
        recorded_at=driver.instant(recorded_at),
        identity=identity,
        audience=audience,
    )
    return LoggedMessage(entry, bytes(body))
