"""Where answers that take their time are worked out: off the event loop, few at once, and not for a queue without end.

Such questions are open to everyone; so they may not take from those who record.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from treaty_status.api.refusals import TooManyQuestions

MOST_AT_ONCE: Final = 1
"""One interpreter works out one thing at a time anyway."""
MOST_WAITING: Final = 16
Found = TypeVar("Found")


class Workbench:
    """Belongs to one event loop."""

    def __init__(self, *, at_once: int = MOST_AT_ONCE, waiting: int = MOST_WAITING) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._waiting = 0

    async def work(self, question: Callable[[], Found]) -> Found:
        """The answer, worked out in a thread.

        Raises:
            TooManyQuestions: too many are waiting already.
        """
        if self._waiting >= self._most_waiting:
            raise TooManyQuestions(
                f"{self._waiting} questions that take their time are waiting already.",
                way_out="Ask again in a moment; nothing is recorded by asking.",
            )
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(question)
        finally:
            self._waiting -= 1
