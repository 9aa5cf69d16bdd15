"""Putting the status service together and serving it."""

import logging
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Final

import uvicorn

from treaty_status.api import Application, Server, create_app
from treaty_status.application.clock import ClockTask
from treaty_status.application.clock_steps import ClockSteps
from treaty_status.application.desk import Desk
from treaty_status.application.event_log import LoggedEvent
from treaty_status.application.neighbours import Neighbours
from treaty_status.application.past import Past
from treaty_status.application.tail import Tail
from treaty_status.application.treaties import Treaties
from treaty_status.application.world import RecordedWorld
from treaty_status.application.writer import Clock, Writer
from treaty_status.pages import pages_router
from treaty_status.projections.runner import ProjectionFollower
from treaty_status.registry import load_registry
from treaty_status.settings import Settings
from treaty_status.store import codec, open_key_ring, open_log, open_watcher
from treaty_status.store.read_models import open_read_model

LOG = logging.getLogger(__name__)


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


def elapsed_seconds() -> float:
    """A clock that nobody sets and that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def own_version() -> str:
    """The release of this distribution."""
    try:
        return installed("treaty-status")
    except PackageNotFoundError:
        return "0+unknown"


def open_desk(database: str, *, clock: Clock = now) -> Desk:
    """A desk on the log at an address; ``desk.open()`` begins the work, ``desk.close()`` ends it.

    Raises:
        UnknownDatabase: not an address of ours.
        LogUnavailable, ViewsUnavailable: the database cannot be used now.
    """
    log, watcher = open_log(database), open_watcher(database)
    treaties = Treaties(log, codec)
    registry = load_registry()
    tail = Tail(log, treaties)
    model = open_read_model(database)

    def committed(events: list[LoggedEvent]) -> None:
        tail.own(events)
        watcher.nudge()

    writer = Writer(log, codec, treaties, registry, clock=clock, committed=committed)
    return Desk(
        log=log,
        codec=codec,
        treaties=treaties,
        past=Past(log, codec, treaties),
        writer=writer,
        registry=registry,
        world=RecordedWorld(registry, lambda treaty: treaties.get(treaty).state),
        keys=open_key_ring(database),
        watcher=watcher,
        tail=tail,
        views=model,
        follower=ProjectionFollower(log, codec, model, registry),
        clock_task=ClockTask(
            model,
            writer,
            clock=clock,
            neighbours=Neighbours(model, treaties, writer),
            steps=ClockSteps(clock, elapsed_seconds=elapsed_seconds),
        ),
        clock=clock,
        version=own_version(),
    )


def application(settings: Settings, *, clock: Clock = now) -> Application:
    """The whole service, pages included."""
    desk = open_desk(settings.database, clock=clock)
    return create_app(
        desk,
        routers=[pages_router(desk, public_url=settings.public_url)],
        body_limit_bytes=settings.body_limit_bytes,
        public_url=settings.public_url,
    )


SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter while another waits: writing must not stand behind the projections."""


def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM.

    Raises:
        UnknownDatabase, LogUnavailable, ViewsUnavailable: there is nothing to serve from.
    """
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = application(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.stop_seconds,
        timeout_keep_alive=30,
    )
    sys.setswitchinterval(SWITCH_SECONDS)
    Server(config, app).run()
