"""Servers of a benchmark as processes on loopback: ours, and the references beside them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

REFERENCE = """
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
DOCUMENT = b"x" * {size}
async def constant(request): return Response(DOCUMENT, media_type="application/json")
async def empty(request):
    await request.body()
    return Response(b"{{}}", status_code=201, media_type="application/json")
app = Starlette(routes=[Route("/constant", constant), Route("/empty", empty, methods=["POST"])])
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(*command: str, cwd: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A child process, its output kept in a file, ended when the block ends."""
    with (cwd / f"{Path(command[2] if len(command) > 2 else command[0]).name}.log").open("ab") as log:
        child = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextlib.contextmanager
def reference(folder: Path, *, size: int) -> Iterator[int]:
    """Starlette answering a constant document and an empty POST, on uvicorn with the same settings as ours."""
    (folder / "reference_app.py").write_text(REFERENCE.format(size=size))
    port = free_port()
    with process(
        sys.executable,
        "-m",
        "uvicorn",
        "reference_app:app",
        "--port",
        str(port),
        "--no-access-log",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--log-level",
        "warning",
        cwd=folder,
    ):
        wait_for(f"http://127.0.0.1:{port}/constant")
        yield port


@contextlib.contextmanager
def status_service(folder: Path, database: str, *, port: int | None = None) -> Iterator[tuple[int, str]]:
    """Our status service on a database; its port and a key that may do everything."""
    port = port or free_port()
    env = {"TREATY_DATABASE": database}
    key = json.loads(
        subprocess.check_output(
            [
                sys.executable,
                "-m",
                "treaty_status",
                "keys",
                "create",
                f"benchmark-{port}",
                "--scope",
                "admin",
                "--json",
            ],
            cwd=folder,
            env={**os.environ, **env},
        )
    )
    with process(sys.executable, "-m", "treaty_status", "serve", "--port", str(port), cwd=folder, env=env):
        wait_for(f"http://127.0.0.1:{port}/readyz")
        yield port, key.get("secret") or key["key"]


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used of the processors, in user mode and in the kernel. Linux only."""
    used = [one.rsplit(")", 1)[1].split() for one in _stats(pid)]
    return sum(int(fields[11]) + int(fields[12]) for fields in used) / os.sysconf("SC_CLK_TCK")


def _stats(pid: int) -> list[str]:
    found = [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            found += _stats(int(child))
    return found


def wait_for(url: str, *, seconds: float = 30.0) -> None:
    """Wait until a loopback address answers 200."""
    ends_at = time.monotonic() + seconds
    while True:
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.05)


def call(port: int, method: str, path: str, body: object = None, *, key: str | None = None) -> dict[str, object]:
    """One ordinary request."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{port}{path}", data=data, method=method, headers=headers)
    with urlopen(request, timeout=30) as answer:
        loaded: dict[str, object] = json.loads(answer.read() or b"{}")
        return loaded
