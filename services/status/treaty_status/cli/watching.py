"""The feed as it grows, one event after another."""

import time
from collections.abc import Iterator
from typing import Any, Final

from treaty_status.cli.exits import Unreachable
from treaty_status.cli.service import LONGEST_WAIT_SECONDS, Service

AT_ONCE: Final = 500
LONGEST_PAUSE_SECONDS: Final = 5.0


def head(service: Service) -> int:
    """The position of the last event."""
    return int(service.get("/v1/feed", after=0, limit=1, wait=0)["head"])


def events(service: Service, *, after: int, types: str | None, treaty: str | None) -> Iterator[dict[str, Any]]:
    """Every event past a position, for ever; a service that is away is waited for."""
    pause = 0.0
    while True:
        try:
            page = service.get("/v1/feed", after=after, limit=AT_ONCE, types=types, wait=LONGEST_WAIT_SECONDS)
        except Unreachable:
            pause = min(LONGEST_PAUSE_SECONDS, pause + 0.5)
            time.sleep(pause)
            continue
        pause = 0.0
        yield from (event for event in page["events"] if treaty is None or event["treaty"] == treaty)
        after = int(page["next"])
