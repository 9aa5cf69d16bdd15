"""What a receiver keeps: one line of JSON for each message, on the disk before the sender is told that it arrived."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from treaty_notifier.holdings import Gap, Holdings, is_resent, original_id, read


class Shelf:
    """Thread-safe. Opens the file of before and goes on with it.

    Raises:
        HoldingsUnreadable: the file holds something else.
        OSError: it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._drop_torn_end()
        with path.open(encoding="utf-8") as lines:
            self.holdings: Holdings = read(lines)
        self._said: set[Gap] = set(self.holdings.proven_gaps)

    def keep(self, record: Mapping[str, object]) -> tuple[bool, list[str]]:
        """Whether it is new, and what there is to say: it does not follow, something is missing, a gap is closed.

        A repetition is not written again. Raises OSError when the disk does not take it: then it has not arrived.
        """
        sequence, webhook_id = _number(record.get("sequence")), _text(record.get("webhook_id"))
        with self._lock:
            held = self.holdings
            resent = is_resent(record)
            is_new = sequence not in held.ids if sequence is not None else webhook_id not in held.loose_ids
            is_new = is_new or (sequence in held.resent and not resent)
            if is_new:
                self._write(record)
            said = held.note(
                sequence=sequence,
                webhook_id=original_id(record),
                previous_id=_text(record.get("previous_id")),
                watermark=_number(record.get("watermark")),
                is_resent=resent,
            )
            return is_new, [*([said] if said else []), *self._changes()]

    def _changes(self) -> list[str]:
        gaps = set(self.holdings.proven_gaps)
        missing, closed = sorted(gaps - self._said), sorted(self._said - gaps)
        self._said = gaps
        said = [
            f"Missing: {gap} (the sender is done with it); `treaty-notifier reconcile` fetches it" for gap in missing
        ]
        return said or [f"No longer missing: {gap}" for gap in closed]

    def _write(self, record: Mapping[str, object]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def _drop_torn_end(self) -> None:
        """A line that a crash cut short was never acknowledged: it comes again."""
        self._path.touch()
        with self._path.open("rb+") as file:
            content = file.read()
            if content and not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
