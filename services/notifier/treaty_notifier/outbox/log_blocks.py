"""The message log read in blocks that are kept: it never changes, and many lanes read the same stretch of it."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from treaty_notifier.messages import Entry
from treaty_notifier.outbox.rows import entry_of
from treaty_notifier.outbox.tables import messages

BLOCK_ROWS = 128
BLOCKS_KEPT = 32  # about 4 MB of ordinary messages, 80 MB if every body were as long as bodies may be


@dataclass(frozen=True)
class LoggedMessage:
    entry: Entry
    body: bytes


class LogBlocks:
    """Thread-safe. Only whole blocks are kept; the unfinished last one is read anew each time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[LoggedMessage, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def after(self, connection: Connection, seq: int, *, until: int, limit: int) -> Iterator[LoggedMessage]:
        """Messages with ``seq < place <= until``, in order, at most ``limit`` of them; read as they are asked for."""
        place, last = seq + 1, min(until, seq + limit)
        while place <= last:
            block = self._block(connection, (place - 1) // BLOCK_ROWS)
            for message in block[(place - 1) % BLOCK_ROWS :]:
                if message.entry.seq > last:
                    return
                yield message
            if len(block) < BLOCK_ROWS:
                return
            place = block[-1].entry.seq + 1

    def _block(self, connection: Connection, number: int) -> tuple[LoggedMessage, ...]:
        with self._lock:
            kept = self._kept.get(number)
            if kept is not None:
                self._kept.move_to_end(number)
                return kept
        first = number * BLOCK_ROWS + 1
        ours = messages.c.seq.between(first, first + BLOCK_ROWS - 1)
        query = select(messages).where(ours).order_by(messages.c.seq)
        block = tuple(LoggedMessage(entry_of(row), bytes(row.body)) for row in connection.execute(query))
        if len(block) == BLOCK_ROWS:
            with self._lock:
                self._kept[number] = block
                while len(self._kept) > BLOCKS_KEPT:
                    self._kept.popitem(last=False)
        return block
