"""Having webhooks signed by a process beside us, so that the event loop does not stand still for it.

It is a help and never a need: whatever it does not do in time is signed here.
"""

import asyncio
import logging
import math
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from treaty_notifier.loops.letters import Signed
from treaty_notifier.scribe import Batch, Frames, decode_signatures, frame
from treaty_notifier.signing import Keys

LOG = logging.getLogger(__name__)
WORTH_ASKING = 8  # letters that come up together; fewer are signed here before the question were put
LETTERS_PER_FRAME = 16  # the first of a frame goes out when its last is signed
MOST_ASKED = 4096  # letters; beyond that it is behind and we help ourselves
PATIENCE_SECONDS = 2.0
RESTART_SECONDS = 5.0
CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Asked:
    batch: Batch
    answer: asyncio.Future[Signed]
    at: float


class Scribe:
    """Implements ``Helper``. Starts its process once there is work for it. Make it inside a running event loop."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS, restart_seconds: float = RESTART_SECONDS) -> None:
        self._loop = asyncio.get_running_loop()
        self._patience_seconds = patience_seconds
        self._restart_seconds = restart_seconds
        self._waiting: list[_Asked] = []
        self._asked: dict[int, _Asked] = {}
        self._letters_asked = 0
        self._number = 0
        self._pen: _Pen | None = None
        self._starting: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._watchdog: asyncio.TimerHandle | None = None
        self._pens: set[_Pen] = set()

    def ask(self, keys: Keys, contents: Sequence[tuple[str, bytes]], *, timestamp: int) -> asyncio.Future[Signed]:
        """Webhook ids with final bytes, to be signed for the moment ``timestamp``.

        What is asked for in the same turn of the event loop goes together.
        """
        self._number += 1
        batch = Batch(self._number, keys.secrets, keys.seeds, timestamp, tuple(contents))
        asked = _Asked(batch, self._loop.create_future(), self._loop.time())
        if not self._waiting:
            self._loop.call_soon(self._post)
        self._waiting.append(asked)
        return asked.answer

    async def close(self) -> None:
        """Everything that is still asked for is for the asker to sign."""
        self._not_before = math.inf
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        self._give_up()
        await asyncio.gather(*[pen.has_ended.wait() for pen in self._pens])

    def _post(self) -> None:
        waiting, self._waiting = self._waiting, []
        count = sum(len(one.batch.contents) for one in waiting)
        pen = self._ready_pen() if count >= WORTH_ASKING else None
        if pen is None or self._letters_asked > MOST_ASKED:
            for one in waiting:
                _tell(one, None)
            return
        self._letters_asked += count
        page: list[Batch] = []
        held = 0
        for one in waiting:
            self._asked[one.batch.number] = one
            page.append(one.batch)
            held += len(one.batch.contents)
            if held >= LETTERS_PER_FRAME:
                pen.write(frame(page))
                page, held = [], 0
        if page:
            pen.write(frame(page))
        self._watch()

    def _ready_pen(self) -> "_Pen | None":
        if self._pen is not None:
            return self._pen if self._pen.is_ready else None
        if self._starting is None and self._loop.time() >= self._not_before:
            self._not_before = self._loop.time() + self._restart_seconds
            self._starting = self._loop.create_task(self._start())
        return None

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.to_thread(start_process, theirs)
            ours.setblocking(False)  # noqa: FBT003  (the socket module's own signature)
            _, self._pen = await self._loop.create_connection(lambda: _Pen(self, process), sock=ours)
            self._pens.add(self._pen)
        except OSError:
            ours.close()
            LOG.warning("The process that signs beside us cannot be started; everything is signed here", exc_info=True)
        finally:
            self._starting = None

    # Called by the connection

    def brought(self, content: bytes) -> None:
        for signatures in decode_signatures(content):
            one = self._asked.pop(signatures.number, None)
            if one is not None:
                self._letters_asked -= len(one.batch.contents)
                _tell(one, signatures.values)

    def lost(self, pen: "_Pen") -> None:
        if self._pen is pen:
            LOG.warning("The process that signs beside us has ended; until the next one everything is signed here")
            self._give_up()
        self._loop.run_in_executor(None, _end, pen.process).add_done_callback(lambda _: self._over(pen))

    # Inside

    def _give_up(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self._pen is not None:
            self._pen.close()
            self._pen = None
        asked, self._asked, self._letters_asked = self._asked, {}, 0
        for one in asked.values():
            _tell(one, None)

    def _over(self, pen: "_Pen") -> None:
        self._pens.discard(pen)
        pen.has_ended.set()

    def _watch(self) -> None:
        if self._watchdog is None:
            self._watchdog = self._loop.call_later(self._patience_seconds, self._look)

    def _look(self) -> None:
        self._watchdog = None
        oldest = next(iter(self._asked.values()), None)
        if oldest is None:
            return
        if oldest.at + self._patience_seconds <= self._loop.time():
            LOG.warning("The process that signs beside us does not answer; everything is signed here for a while")
            self._give_up()
            return
        self._watch()


class _Pen(asyncio.Protocol):
    """The connection to a process that signs."""

    def __init__(self, scribe: Scribe, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.has_ended = asyncio.Event()
        self._scribe = scribe
        self._frames = Frames()
        self.is_ready = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own transport is no subclass of it
        self.write = self._transport.write

    def data_received(self, data: bytes) -> None:
        for content in self._frames.cut(data):
            self.is_ready = True  # the first frame says only this
            self._scribe.brought(content)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  (the protocol's signature)
        self._scribe.lost(self)

    def close(self) -> None:
        self._transport.abort()


def start_process(desk: socket.socket) -> "subprocess.Popen[bytes]":
    """The process that signs, with its end of the socket in the place of its standard input.

    Raises:
        OSError: it cannot be started.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("TREATY_")}  # it needs no secret
    command = [sys.executable, "-P", "-m", "treaty_notifier.scribe"]
    return subprocess.Popen(command, stdin=desk.fileno(), stdout=subprocess.DEVNULL, env=own)  # noqa: S603  (our own module)


def is_worth_a_process() -> bool:
    """Whether this process may use a second processor."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return (len(affinity(0)) if affinity is not None else os.cpu_count() or 1) > 1


def _tell(asked: _Asked, signed: Signed) -> None:
    if not asked.answer.done():  # whoever asked may have gone
        asked.answer.set_result(signed)


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
