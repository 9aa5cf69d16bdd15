"""``python -m benchmarks.wirefuzz --seconds 120 --seed 7``: hostile answers, and what they do to the sender.

Every answer written by hand, then answers mutated from seeds, played by a server of raw bytes to each transport in a
process of its own. After each hostile answer a good endpoint of the same host is asked for a number of its own: the
sender must have come to no harm. Exit code 1 when anything was violated; the seed makes it again.
"""

import argparse
import asyncio
import contextlib
import gc
import itertools
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

import uvloop

from tests.attacks.hostile_answers import NAMES, Hostile, hostile, hostile_server, mutated
from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES, Answer, Failure, outcome_of
from treaty_notifier.sender import AddressPolicy, GuardedTransport, NarrowTransport, OutgoingWebhook, ThreadResolver
from treaty_notifier.sender.addresses import networks

Sender = NarrowTransport | GuardedTransport
TRANSPORTS: dict[str, type[Sender]] = {"narrow": NarrowTransport, "aiohttp": GuardedTransport}
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.SelectorEventLoop,
}
DEADLINE_SECONDS = 0.5
GOOD_SECONDS = 20.0  # for what must go well, however busy the machine is
AT_ONCE = 16
WARM_UP = 200  # mutated answers of other seeds, before memory is measured
MOST_TOLD = 20
GOAL_MIB = 5.0
SPARE_SECONDS = 5.0  # by which a deadline may be missed on a machine that does other things as well


@dataclass
class Findings:
    """What one process of one transport saw. ``late_seconds`` is the worst miss of a deadline; memory in MiB."""

    transport: str
    answers: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    late_seconds: float = 0.0
    seconds: float = 0.0
    grown_mib: float = 0.0
    peak_mib: float = 0.0
    violations: list[str] = field(default_factory=list)

    def text(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        return (
            f"{self.transport:8} {self.answers:,} hostile answers in {self.seconds:.0f} s: memory "
            f"{self.grown_mib:+.2f} MiB at the end, {self.peak_mib:+.2f} MiB at the most (goal {GOAL_MIB:g}), deadline "
            f"missed by {self.late_seconds:.3f} s at the most, violations: {len(self.violations)}\n         {counts}"
        )


def main() -> int:
    asked = argparse.ArgumentParser(prog="benchmarks.wirefuzz", description=__doc__)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--transport", choices=[*TRANSPORTS, "both"], default="both")
    asked.add_argument("--answers", type=int, default=0, help="so many mutated answers, instead of seconds")
    asked.add_argument("--loop", choices=[*LOOPS], default="uvloop", help="uvloop is what the service runs on")
    asked.add_argument("--ports", type=int, nargs=2, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.ports is not None:
        attack = attacked(given.transport, *given.ports, seed=given.seed, seconds=given.seconds, answers=given.answers)
        with asyncio.Runner(loop_factory=LOOPS[given.loop]) as runner:
            found = runner.run(attack)
        print(json.dumps(vars(found)))
        return 0
    which = list(TRANSPORTS) if given.transport == "both" else [given.transport]
    seconds = given.seconds / len(which)
    every = [
        in_a_process(one, seed=given.seed, seconds=seconds, answers=given.answers, loop=given.loop) for one in which
    ]
    for one in every:
        print(one.text())
        for violation in one.violations[:MOST_TOLD]:
            print(f"         {violation}")
    return int(any(one.violations or max(one.grown_mib, one.peak_mib) > GOAL_MIB for one in every))


def in_a_process(transport: str, *, seed: int, seconds: float = 0, answers: int = 0, loop: str = "uvloop") -> Findings:
    """The client alone in a fresh process, so that its memory is nobody else's."""
    with hostile_server(chosen) as hostile_port, hostile_server(chosen) as good_port:
        ports = [str(hostile_port), str(good_port)]
        options = {"transport": transport, "loop": loop, "seed": seed, "seconds": seconds, "answers": answers}
        command = [sys.executable, "-m", "benchmarks.wirefuzz", "--ports", *ports]
        command += [f"--{name}={value}" for name, value in options.items()]
        done = subprocess.run(
            command, capture_output=True, check=False, text=True, timeout=seconds + 300, cwd=Path(__file__).parents[1]
        )
    if done.returncode:
        return Findings(transport=transport, violations=[f"The process ended: {done.stderr[-2000:]}"])
    found = Findings(**json.loads(done.stdout))
    if done.stderr:  # whatever a library complains of there is a fault that nobody caught
        found.violations.append(f"Something was said on standard error: {done.stderr[-2000:]}")
    return found


def chosen(path: str) -> Hostile:
    kind, _, which = path.removeprefix("/").partition("/")
    return hostile(unquote(which)) if kind == "fixed" else mutated(int(which))


async def attacked(transport: str, port: int, good_port: int, *, seed: int, seconds: float, answers: int) -> Findings:
    """All hostile answers of this run, one after another in each of a few tasks."""
    found = Findings(transport=transport)
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, fault: found.violations.append(f"A fault that nobody caught: {fault}")
    )
    policy = AddressPolicy(networks(("127.0.0.0/8",)))
    sender = TRANSPORTS[transport](policy, resolver=ThreadResolver())
    attack = _Attack(sender, found, port=port, good_port=good_port)
    try:
        await attack.play(iter([f"mutated/{seed * 1_000_003 - n}" for n in range(1, WARM_UP)]))
        found.answers, found.outcomes, found.late_seconds = 0, {}, 0.0
        began = time.monotonic()
        async with measured_memory(found):
            paths = itertools.chain(
                (f"fixed/{quote(name, safe='')}" for name in NAMES),
                _seeded(seed, ends_at=None if answers else began + seconds, answers=answers),
            )
            await attack.play(paths)
        found.seconds = time.monotonic() - began
    finally:
        await sender.close()
    return found


def _seeded(seed: int, *, ends_at: float | None, answers: int) -> Iterator[str]:
    for n in itertools.count():
        if (n >= answers) if ends_at is None else time.monotonic() >= ends_at:
            return
        yield f"mutated/{seed * 1_000_003 + n}"


class _Attack:
    def __init__(self, sender: Sender, found: Findings, *, port: int, good_port: int) -> None:
        self._sender = sender
        self._found = found
        # One address each: the senders remember some thousand, which would look like memory that grows.
        self._hostile, self._good = (f"http://127.0.0.1:{one}/" for one in (port, good_port))
        self._numbers = itertools.count(1)

    async def play(self, paths: Iterator[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._one_after_another(paths))

    async def _one_after_another(self, paths: Iterator[str]) -> None:
        for path in paths:
            began = time.monotonic()
            result = await self._post(self._hostile, f"/{path}", DEADLINE_SECONDS)
            late = time.monotonic() - began - DEADLINE_SECONDS
            self._found.answers += 1
            outcome = outcome_of(result).value
            self._found.outcomes[outcome] = self._found.outcomes.get(outcome, 0) + 1
            self._found.late_seconds = max(self._found.late_seconds, late)
            wrong = list(_out_of_bounds(result)) + (["the deadline"] if late > SPARE_SECONDS else [])
            number = next(self._numbers)
            good = await self._post(self._good, f"/good/{number}", GOOD_SECONDS)
            if not isinstance(good, Answer) or (good.status, good.body) != (200, str(number).encode()):
                wrong.append(f"the answer after it ({good!r})")
            self._found.violations += [f"/{path}: {one}" for one in wrong]

    async def _post(self, url: str, play: str, seconds: float) -> Answer | Failure:
        outgoing = OutgoingWebhook(url=url, headers={"x-play": play}, body=b'{"a":1}')
        return await self._sender.send(outgoing, deadline_seconds=seconds)


def _out_of_bounds(result: Answer | Failure) -> Iterator[str]:
    if not isinstance(result, Answer):
        return
    if len(result.body) > ANSWER_LIMIT_BYTES:
        yield f"a body of {len(result.body)} bytes"
    if not 100 <= result.status <= 999:
        yield f"a status of {result.status}"
    for text in (result.location, *result.consent.values()):
        if text is not None and (len(text) > 4 * 2_000 or "\0" in text or not _is_text(text)):
            yield "a field that no database would keep"
    if result.retry_after_seconds is not None and not 0 <= result.retry_after_seconds <= 86_400:
        yield f"a wait of {result.retry_after_seconds} seconds"


def _is_text(text: str) -> bool:
    with contextlib.suppress(UnicodeError):
        return bool(text.encode()) or not text
    return False


@contextlib.asynccontextmanager
async def measured_memory(found: Findings) -> AsyncIterator[None]:
    """Resident memory at the end and at the most, beside what it was before."""
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the most so far is forgotten
    before = _resident_mib("VmRSS")
    yield
    gc.collect()
    await asyncio.sleep(0)
    found.grown_mib = round(_resident_mib("VmRSS") - before, 2)
    found.peak_mib = round(_resident_mib("VmHWM") - before, 2)


def _resident_mib(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


if __name__ == "__main__":
    sys.exit(main())
