"""A handful of open connections, lent to one thread at a time."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A connection of any driver."""

    def close(self) -> None:
        """Let go of the database."""


C = TypeVar("C", bound=Closable)


class Connections(Generic[C]):
    """Opens when none is idle, keeps at most ``idle`` of those that come back, drops one whose use failed."""

    def __init__(
        self, connect: Callable[[], C], *, is_alive: Callable[[C], bool] = lambda _: True, idle: int = 8
    ) -> None:
        self._connect = connect
        self._is_alive = is_alive
        self._idle: deque[C] = deque()
        self._keep = idle
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[C]:
        """A connection that nobody else uses meanwhile."""
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if self._closed or len(self._idle) >= self._keep:
            connection.close()
        else:
            self._idle.append(connection)

    def drop_idle(self) -> None:
        """Close what lies idle; the next use opens anew."""
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        """Close what lies idle, and later what is lent out."""
        self._closed = True
        self.drop_idle()

    def _take(self) -> C:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect()
            if self._is_alive(connection):
                return connection
            connection.close()
