"""The pages as a browser sees them: it finds everything it needs here, breaks no policy and asks nobody else."""

import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.services.pages_world import Record, app_of, hanoi, rehearsal

pytestmark = pytest.mark.journey

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_SECONDS = 90
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)


class Asked:
    """Notes which paths were asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.paths: set[str] = set()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.paths.add(scope["path"])
        await self._app(scope, receive, send)


@pytest.fixture
def served() -> Iterator[tuple[str, Asked]]:
    """The convention and a rehearsal of it, on loopback."""
    record = Record()
    hanoi(record)
    rehearsal(record, "XVIII-16")
    asked = Asked(app_of(record))
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(asked, log_level="warning", lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        ends_at = time.monotonic() + 20
        while not server.started and time.monotonic() < ends_at:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{door.getsockname()[1]}", asked
        server.should_exit = True
        thread.join(timeout=10)


def browse(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    if BROWSER is None:
        pytest.skip("There is no Chromium here; apt-get install chromium to run this.")
    command = [BROWSER, *QUIET, f"--user-data-dir={folder / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)


def test_a_browser_shows_forty_cells_and_needs_nothing_from_elsewhere(
    served: tuple[str, Asked], tmp_path: Path
) -> None:
    address, asked = served
    seen = browse(tmp_path, "--dump-dom", f"{address}/treaties/XVIII-16?as_of=2025-10-25&lang=fr")

    assert seen.stdout.count('class="cell"') == 40
    assert "Convention des Nations Unies contre la cybercriminalité" in seen.stdout
    assert "Content Security Policy" not in seen.stderr
    assert "/treaties/XVIII-16" in asked.paths
    assert {path for path in asked.paths if not path.startswith("/static/")} <= {"/treaties/XVIII-16", "/favicon.ico"}
    assert any(path.startswith("/static/pages.") for path in asked.paths)


def test_a_narrow_screen_is_painted_as_narrow_as_it_is(served: tuple[str, Asked], tmp_path: Path) -> None:
    address, _ = served
    picture = tmp_path / "page.png"
    seen = browse(tmp_path, "--window-size=500,900", f"--screenshot={picture}", f"{address}/treaties/XVIII-16~c0ffee")

    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert (width, height) == (500, 900)
    assert "Content Security Policy" not in seen.stderr
