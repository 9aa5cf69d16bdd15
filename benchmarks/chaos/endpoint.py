"""A subscriber's endpoint on loopback that errs as real ones do, and takes down every request that it reads."""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.chaos.ledger import Answer, Receipt

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares of requests. ``late_seconds`` lies beyond the sender's deadline, ``usual_seconds`` is every answer's."""

    reset: float = 0.02
    unsaid: float = 0.02
    late: float = 0.02
    refused: float = 0.01
    late_seconds: float = 0.8
    usual_seconds: tuple[float, float] = (0.0, 0.01)


@dataclass
class Record:
    """Everything that was read. ``secrets`` are the lanes' own, by the last part of their path."""

    secrets: dict[str, bytes] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    resets: int = 0

    def take(self, lane: str, fields: dict[str, str], body: bytes, answer: Answer) -> None:
        message = json.loads(body)
        self.receipts.append(
            Receipt(
                lane=lane,
                webhook_id=fields["webhook-id"],
                event=message["data"]["event_id"],
                sequence=message["sequence"],
                answer=answer,
                is_genuine=_is_genuine(self.secrets[lane], fields, body),
            )
        )


def _is_genuine(secret: bytes, fields: dict[str, str], body: bytes) -> bool:
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    return wanted in fields["webhook-signature"].split()


class Endpoint(asyncio.Protocol):
    """One connection."""

    def __init__(self, record: Record, faults: Faults, chance: random.Random) -> None:
        self._record = record
        self._faults = faults
        self._chance = chance
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        line, *rest = self._buffer[:end].decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
        length = int(fields.get("content-length", "0"))
        if len(self._buffer) < end + 4 + length:
            return
        body, self._buffer = self._buffer[end + 4 : end + 4 + length], b""
        self._answer(line.split(" ")[1].rpartition("/")[2], fields, body)

    def _answer(self, lane: str, fields: dict[str, str], body: bytes) -> None:
        answer = self._drawn()
        if answer is Answer.RESET:
            self._record.resets += 1
            self._transport.abort()
            return
        self._record.take(lane, fields, body, answer)
        if answer is Answer.UNSAID:
            self._transport.abort()
            return
        seconds = (
            self._faults.late_seconds if answer is Answer.LATE else self._chance.uniform(*self._faults.usual_seconds)
        )
        content = BUSY if answer is Answer.REFUSED else OK
        asyncio.get_running_loop().call_later(seconds, self._say, content)

    def _say(self, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(content)

    def _drawn(self) -> Answer:
        drawn, faults = self._chance.random(), self._faults
        for share, answer in (
            (faults.reset, Answer.RESET),
            (faults.unsaid, Answer.UNSAID),
            (faults.late, Answer.LATE),
            (faults.refused, Answer.REFUSED),
        ):
            if drawn < share:
                return answer
            drawn -= share
        return Answer.OK


@contextmanager
def endpoint(record: Record, *, faults: Faults, seed: int) -> Iterator[str]:
    """The address under which every lane has a path; served from a thread of its own."""
    chance, loop = random.Random(seed), asyncio.new_event_loop()
    listening, ended = socket.create_server(("127.0.0.1", 0), backlog=1024), asyncio.Event()

    async def serve() -> None:
        async with await loop.create_server(lambda: Endpoint(record, faults, chance), sock=listening):
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="endpoint", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
