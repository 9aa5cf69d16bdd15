"""What follows from an object that never changes, worked out when it is first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazily(Generic[T]):  # noqa: N801 - read as a decorator
    """``functools.cached_property`` without its lock of before Python 3.12: at worst a thing is worked out twice."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, thing: None, owner: type) -> "lazily[T]": ...
    @overload
    def __get__(self, thing: object, owner: type) -> T: ...
    def __get__(self, thing: object | None, owner: type) -> "lazily[T] | T":
        if thing is None:
            return self
        found = thing.__dict__[self._name] = self._make(thing)
        return found
