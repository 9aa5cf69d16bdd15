"""The status service and the notifier that follows it, both in this process, on real sockets of this machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from tests.services.notifier_world import LOOPBACK, Notifier, eventually
from tests.services.status_world import Clock, Status
from treaty_notifier.settings import Settings
from treaty_status.api import Server, create_app
from treaty_status.application.keys import Scope
from treaty_status.service import open_desk


@contextmanager
def status_on_a_socket(dsn: str, *, clock: Clock) -> Iterator[Status]:
    """The status service on a port of its own; the client's ``base_url`` says which."""
    desk = open_desk(dsn, clock=clock)
    keys = {scope.value: desk.keys.create(name=scope.value, scopes=[scope], now=clock.now)[1] for scope in Scope}
    app = create_app(desk)
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=5), app)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started or not thread.is_alive())
    assert server.started, "the status service did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            yield Status(client, app, clock, keys)
    finally:
        server.should_exit = True
        app.closing()
        thread.join(timeout=15)
    assert not thread.is_alive(), "the status service did not stop"


@contextmanager
def notifier_of(service: Status, dsn: str) -> Iterator[Notifier]:
    """The notifier that follows a status service, with quick retries."""
    settings = {
        "database": dsn,
        "status_url": str(service.client.base_url).rstrip("/"),
        "allow_networks": LOOPBACK,
        "schedule_seconds": "0,0.05,0.05",
        "deadline_seconds": 5,
    }
    running = Notifier(Settings.model_validate(settings))
    try:
        yield running
    finally:
        running.close()
