"""A notifier with one of its guarantees taken away, so that a judge of those guarantees can be seen to fail.

Run as ``python sabotaged_notifier.py FLAW serve …``; FLAW is one of ``FLAWS``.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from types import SimpleNamespace
from typing import Any

from treaty_notifier import main
from treaty_notifier.deliveries import Answer
from treaty_notifier.loops import dispatcher
from treaty_notifier.outbox import Settlement, SqlOutbox, bookings
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.keeper import Keeper
from treaty_notifier.sender import NarrowTransport


def own_ids() -> None:
    """Every process derives the ids from a key that it made up itself."""
    first_start = SqlOutbox._first_start

    def its_own(self: SqlOutbox, new_key: bytes) -> bytes:
        first_start(self, new_key)
        return new_key

    SqlOutbox._first_start = its_own  # type: ignore[method-assign]  # that is the flaw


def acknowledges_first() -> None:
    """A delivery is booked as done when it begins."""
    send, under_way = NarrowTransport.send, set()

    async def claims_success(self: NarrowTransport, request: Any, *, deadline_seconds: float) -> Answer:
        task = asyncio.create_task(send(self, request, deadline_seconds=deadline_seconds))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return Answer(status=204)

    NarrowTransport.send = claims_success  # type: ignore[assignment,method-assign]  # that is the flaw


def any_order() -> None:
    """Lanes that are to keep the order do not."""
    dispatcher.Order = SimpleNamespace(FIFO=Enum("Order", "NONE").NONE)  # type: ignore[misc,assignment]  # the flaw


def unfenced() -> None:
    """Whoever comes back with a turn may book it, also when somebody else holds the lane by now."""
    held_now = bookings._held

    def held(driver: Driver, settlements: Sequence[Settlement]) -> dict[str, Any]:
        epochs = {one.lease.lane_id: one.lease.epoch for one in settlements}
        found = held_now(driver, settlements)
        return {id_: lane._replace(epoch=epochs.get(id_, lane.epoch), owner="anybody") for id_, lane in found.items()}

    bookings._held = held
    Keeper.check = lambda *_: None  # type: ignore[method-assign]  # that is the flaw


FLAWS: Mapping[str, Any] = {
    "own-ids": own_ids,
    "acknowledges-first": acknowledges_first,
    "any-order": any_order,
    "unfenced": unfenced,
}

if __name__ == "__main__":
    FLAWS[sys.argv.pop(1)]()
    main.run()
