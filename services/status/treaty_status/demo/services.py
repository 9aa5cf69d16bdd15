"""Both services as child processes: started together, ready or explained, ended together."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import httpx

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 2.5
_PR_SET_PDEATHSIG: Final = 1


class ServiceDied(Exception):
    """A service ended or did not become ready; the message has the last lines of its log."""


class Service:
    """One child process that serves HTTP on this machine and writes its log into a file."""

    def __init__(self, name: str, *, module: str, arguments: list[str], port: int, folder: Path) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", module, "serve", "--host", "127.0.0.1", "--port", str(port), *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own modules with our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the demonstration, which then ends its services in order
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 - no other thread runs yet when services start
            )

    def must_answer(self, path: str) -> None:
        """Wait until a path answers 200.

        Raises:
            ServiceDied: it did not in time, or the process ended.
        """
        deadline = time.monotonic() + READY_SECONDS
        with httpx.Client(base_url=self.url, trust_env=False, timeout=2.0) as client:
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    raise ServiceDied(f"The {self.name} service ended at once.\n{self._last_lines()}")
                with suppress(httpx.TransportError):
                    if client.get(path).status_code == httpx.codes.OK:
                        return
                time.sleep(0.05)
        raise ServiceDied(f"The {self.name} service was not ready in {READY_SECONDS:.0f} s.\n{self._last_lines()}")

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Services:
    """The services that were started; leaving ends them all."""

    def __init__(self) -> None:
        self._running: list[Service] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, *, module: str, arguments: list[str], port: int, folder: Path) -> Service:
        """A service on its way; ask it whether it answers."""
        service = Service(name, module=module, arguments=arguments, port=port, folder=folder)
        self._running.append(service)
        return service

    def must_run(self) -> None:
        """Raises ServiceDied when one has ended by itself."""
        for service in self._running:
            if service.process.poll() is not None:
                raise ServiceDied(f"The {service.name} service has ended; its log is {service.log}.")

    def stop(self) -> None:
        """Ask all to end, wait a moment, then insist."""
        for service in self._running:
            service.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for service in self._running:
            try:
                service.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                service.process.kill()
                service.process.wait()
        self._running.clear()


def port_near(wanted: int | None, *, usual: int) -> int:
    """The port asked for; else the usual one if it is free, else any free one."""
    if wanted:
        return wanted
    for port in (usual, 0) if wanted is None else (0,):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServiceDied("There is no free port on 127.0.0.1.")


def _environment() -> Mapping[str, str]:
    """Ours, without settings meant for another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TREATY_")}


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux a service is told to end when the demonstration is killed outright; nothing is left behind."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
