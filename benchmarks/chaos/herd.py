"""Several notifiers on one database as processes, to be killed, frozen and started again."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.processes import free_port

SERVE = (sys.executable, "-m", "treaty_notifier", "serve")
READY_SECONDS = 60.0
_NUMBER = re.compile(r"^(treaty_notifier_\w+)(?:\{[^}]*\})? ([\d.e+-]+)$", re.MULTILINE)


@dataclass
class Head:
    """One of them; it keeps its port through all its lives."""

    command: Sequence[str]
    environment: dict[str, str]
    folder: Path
    port: int = field(default_factory=free_port)
    lives: int = 0
    is_frozen: bool = False
    child: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"notifier-{self.port}.log"

    def start(self) -> None:
        self.lives += 1
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [*self.command, "--port", str(self.port)],
                env={**os.environ, **self.environment},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )

    def send(self, number: signal.Signals) -> None:
        assert self.child is not None
        self.child.send_signal(number)
        self.is_frozen = number is signal.SIGSTOP
        if number is signal.SIGKILL:
            self.child.wait()

    def readiness(self) -> dict[str, object] | None:
        """What ``/readyz`` says; None while nothing answers."""
        assert self.child is not None
        assert self.is_frozen or self.child.poll() is None, f"A notifier ended by itself; see {self.log}"
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False)
        except httpx.TransportError:
            return None
        told: dict[str, object] = answer.json()
        return {**told, "code": answer.status_code}

    def numbers(self) -> dict[str, float]:
        """The metrics without labels, the last of each name; empty while nothing answers."""
        try:
            text = httpx.get(f"{self.url}/metrics", timeout=5, trust_env=False).text
        except httpx.TransportError:
            return {}
        return {name: float(value) for name, value in _NUMBER.findall(text)}

    def stop(self) -> None:
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGCONT)
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


@dataclass
class Herd:
    """``lease_seconds`` is theirs; ``chance`` draws whom it hits and when."""

    heads: list[Head]
    lease_seconds: float
    chance: random.Random
    fenced: float = 0.0
    kills: int = 0
    stops: int = 0

    def start(self) -> None:
        for head in self.heads:
            head.start()
        for head in self.heads:
            self.wait_ready(head)

    def wait_ready(self, head: Head) -> None:
        ends_at = time.monotonic() + READY_SECONDS
        while (told := head.readiness()) is None or told["code"] != 200:
            assert time.monotonic() < ends_at, f"Not ready in time: {told}; see {head.log}"
            time.sleep(0.05)

    def victim(self) -> Head:
        """Mostly one that delivers; the others stand by where only one may."""
        while True:
            told = [(head, head.readiness()) for head in self.heads]
            up = [(head, facts) for head, facts in told if facts is not None and facts["code"] == 200]
            serving = [head for head, facts in up if facts.get("role", "serving") == "serving"]
            if serving and self.chance.random() < 0.75:
                return self.chance.choice(serving)
            if up:
                return self.chance.choice(up)[0]
            time.sleep(0.05)

    def kill(self, head: Head) -> None:
        self.fenced += head.numbers().get("treaty_notifier_fenced_turns_total", 0.0)
        time.sleep(self.chance.uniform(0.0, 0.2))
        head.send(signal.SIGKILL)
        self.kills += 1
        head.start()

    def freeze(self, head: Head) -> None:
        """Beyond its lease, and then let it go on as if nothing had been."""
        time.sleep(self.chance.uniform(0.0, 0.2))
        head.send(signal.SIGSTOP)
        time.sleep(self.lease_seconds * self.chance.uniform(1.2, 1.7))
        head.send(signal.SIGCONT)
        self.stops += 1

    def is_idle(self) -> bool:
        """Does one that delivers say that nothing is left to be done?"""
        for head in self.heads:
            found = head.numbers()
            names = ("retrying", "lanes_leased", "max_lag")
            if found and not any(found[f"treaty_notifier_{name}"] for name in names):
                return True
        return False

    def close(self) -> None:
        for head in self.heads:
            if head.child is not None and head.child.poll() is None:
                self.fenced += head.numbers().get("treaty_notifier_fenced_turns_total", 0.0)
        for head in self.heads:
            head.stop()
