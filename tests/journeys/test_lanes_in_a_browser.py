"""The pages of lanes as a browser sees them: nothing from elsewhere, no policy broken, as narrow as the screen."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.journeys.test_pages_in_a_browser import browse
from tests.services import notifier_world
from tests.services.notifier_world import DESK, FakeStatus, Notifier, Receiver, Reply, eventually, milestone, notifier

pytestmark = pytest.mark.journey


class SignedIn:
    """Gives each request the key that a browser cannot be told on its command line, and notes what was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.paths: set[str] = set()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.paths.add(scope["path"])
            scope = {**scope, "headers": [*scope["headers"], (b"authorization", f"Bearer {DESK}".encode())]}
        await self._app(scope, receive, send)


@contextmanager
def signed_in(monkeypatch: pytest.MonkeyPatch, dsn: str, status: FakeStatus) -> Iterator[tuple[Notifier, SignedIn]]:
    doors: list[SignedIn] = []
    plain = notifier_world.application

    def opened(*args: Any, **kwargs: Any) -> SignedIn:
        doors.append(SignedIn(plain(*args, **kwargs)))
        return doors[-1]

    monkeypatch.setattr(notifier_world, "application", opened)
    with notifier(dsn, status) as running:
        yield running, doors[0]


def test_a_browser_shows_lanes_deliveries_and_attempts_and_asks_nobody_else(
    sqlite_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, receiver = FakeStatus(), Receiver()
    receiver.script = [Reply(500, body=b"<script>document.title='hacked'</script>")]
    with signed_in(monkeypatch, sqlite_dsn, status) as (service, door):
        made = service.subscribe(receiver.url)
        status.record(milestone(1))
        eventually(lambda: [one["state"] for one in service.deliveries(made)] == ["delivered"])
        address, door.paths = str(service.client.base_url).rstrip("/"), set()
        paths = ["/lanes", f"/lanes/{made['id']}", f"/lanes/{made['id']}/{service.deliveries(made)[0]['id']}"]
        door.paths.clear()
        seen = [browse(tmp_path, "--dump-dom", address + path) for path in paths]
        asked = set(door.paths)
        picture = tmp_path / "page.png"
        browse(tmp_path, "--window-size=500,900", f"--screenshot={picture}", address + paths[0])
    receiver.close()
    status.close()

    assert "active" in seen[0].stdout
    assert ">delivered</span>" in seen[1].stdout
    assert "&lt;script&gt;document.title" in seen[2].stdout
    assert all("hacked" not in one.stdout.partition("</title>")[0] for one in seen)
    assert all("Content Security Policy" not in one.stderr for one in seen)
    assert {path for path in asked if not path.startswith("/lanes/static/")} - {"/favicon.ico"} == set(paths)
    assert struct.unpack(">II", picture.read_bytes()[16:24]) == (500, 900)
