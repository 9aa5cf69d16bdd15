"""What follows from an object that never changes, worked out once and found by the very object."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
V = TypeVar("V")
MOST_KEPT: Final = 4_096


class KeptByObject(Generic[T, V]):
    """Safe to use from any thread: at worst a thing is worked out twice. What it gives must not be changed."""

    def __init__(self, make: Callable[[T], V], *, most: int = MOST_KEPT) -> None:
        self._make = make
        self._most = most
        self._kept: dict[int, tuple[T, V]] = {}

    def of(self, thing: T) -> V:
        """What follows from it."""
        kept = self._kept.get(id(thing))
        if kept is None or kept[0] is not thing:
            if len(self._kept) >= self._most:
                self._kept.clear()
            kept = self._kept[id(thing)] = (thing, self._make(thing))
        return kept[1]
