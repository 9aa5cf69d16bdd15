"""Answers to whole addresses, kept as they were sent: the same question again costs no more than the plainest one."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from treaty_status.api.answers import Answer, Answers
from treaty_status.application.treaties import Treaties
from treaty_status.application.world import rests_on
from treaty_status.domain.treaty import Treaty

MOST_ADDRESSES: Final = 4_096
MOST_BYTES: Final = 32 * 1024 * 1024
Headers = list[tuple[bytes, bytes]]
EXPOSED: Final = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "X-Next-Position",
    "X-Head-Position",
    "X-As-Of",
    "X-Known-At",
    "X-Position",
)
OPEN: Final = {"access-control-allow-origin": "*", "access-control-expose-headers": ", ".join(EXPOSED)}
"""A page of any origin may read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer with its header fields. ``version`` is the treaty's when it was asked; None: it holds for ever."""

    answer: Answer
    headers: Headers
    treaty: str
    version: int | None
    names_the_day: bool


class AtHand:
    """The answers of one process, by address."""

    def __init__(self, treaties: Treaties, answers: Answers) -> None:
        self._treaties = treaties
        self._answers = answers
        self._kept: OrderedDict[tuple[str, bytes], Kept] = OrderedDict()
        self._bytes = 0

    def version(self, treaty: str) -> int | None:
        """The version to keep an answer by: asked for before the answer is made."""
        state = self._state(treaty)
        return None if state is None or rests_on(state) else state.version

    def find(self, path: str, query: bytes) -> Kept | None:
        """What would be answered at this address now, if it is at hand."""
        kept = self._kept.get((path, query))
        if kept is None or kept.version is None:
            return kept
        state = self._state(kept.treaty)
        if state is None or state.version != kept.version:
            return None
        return kept if kept.names_the_day or self._answers.today(state) == kept.answer.as_of else None

    def keep(self, path: str, query: bytes, kept: Kept) -> None:
        """This was answered there."""
        before = self._kept.pop((path, query), None)
        self._bytes += len(kept.answer.body) - (0 if before is None else len(before.answer.body))
        self._kept[path, query] = kept
        while len(self._kept) > MOST_ADDRESSES or self._bytes > MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.answer.body)

    def _state(self, treaty: str) -> Treaty | None:
        known = self._treaties.kept(treaty)
        state = None if known is None else known.state
        return state if isinstance(state, Treaty) and not state.closed else None
