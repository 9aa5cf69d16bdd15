"""The whole service inside this process, for an import straight into a database. No socket is opened.

The same checks hold as over HTTP, because it is the same application. Other processes may serve the database meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from treaty_status.api import create_app
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.keys import Scope
from treaty_status.application.views import ViewsUnavailable
from treaty_status.cli.exits import Unreachable
from treaty_status.cli.importing import Client
from treaty_status.cli.service import TIMEOUT_SECONDS, authorized
from treaty_status.service import now, open_desk
from treaty_status.store import UnknownDatabase
from treaty_status.store.keys import MemoryKeyRing

BY = "import"
"""Events recorded this way name ``key:import``; whoever can open the database needs no key of it."""


def over_database(database: str) -> Client:
    """The service on a database, for as long as the import takes."""
    return _client(database)


@asynccontextmanager
async def _client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    keys = MemoryKeyRing()
    _, secret = keys.create(name=BY, scopes=[Scope.RECORD, Scope.DEFINE], now=now())
    try:
        desk = open_desk(database)
        desk.keys.close()
        application = create_app(replace(desk, keys=keys))
        framework = application.framework
        async with (
            framework.router.lifespan_context(framework),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(application),
                base_url="http://treaty-status",
                headers=authorized(secret),
                timeout=TIMEOUT_SECONDS,
            ) as client,
        ):
            yield client
    except (LogUnavailable, ViewsUnavailable, UnknownDatabase) as fault:
        raise Unreachable(str(fault)) from fault
