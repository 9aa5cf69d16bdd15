"""Who belongs to which group changes rarely; asked again every ten minutes."""

import asyncio
import logging

from treaty_notifier.directory import Groups
from treaty_notifier.errors import GroupUnknown, StatusUnreachable
from treaty_notifier.loops.threads import Threads
from treaty_notifier.outbox import Outbox

LOG = logging.getLogger(__name__)
REFRESH_SECONDS = 600.0


class GroupRefresher:
    def __init__(self, groups: Groups, outbox: Outbox, *, threads: Threads) -> None:
        self._groups = groups
        self._outbox = outbox
        self._threads = threads

    async def run(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    async def refresh(self) -> None:
        for group in await self._threads.call(self._outbox.groups_wanted):
            try:
                members = await self._groups.members(group)
            except (GroupUnknown, StatusUnreachable) as refusal:
                # What was last heard stays: a silent registry must not empty anybody's filter.
                LOG.warning(str(refusal), extra={"facts": {"group": group}})
                continue
            await self._threads.call(self._outbox.put_group, group, members)
