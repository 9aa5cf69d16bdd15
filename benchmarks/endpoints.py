"""A feed and a thousand endpoints on loopback in one process, so that one clock sees the commit and every arrival.

Run as ``python -m benchmarks.endpoints PORT HEAD COUNT``. The feed holds the positions up to HEAD already and is asked
only for what comes after. Endpoint N lives on an address of its own (127.1.x.y), so that each is an origin of its own.
What an endpoint does is in its path: ``/healthy/N`` and ``/late/N`` answer at once, ``/slow/N`` after SLOW_SECONDS,
``/dead/N`` never.
``GET /commit`` puts one milestone into the feed, ``GET /count`` tells how many healthy endpoints have it and what else
came, ``GET /arrivals`` how long each of them waited for it, in milliseconds.
"""

import asyncio
import json
import sys
import time
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

SLOW_SECONDS = 2.5
RECORDED_AT = "2026-11-21T10:00:00.000000Z"
_EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def address(number: int) -> str:
    """A loopback address for each endpoint."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def event(position: int) -> dict[str, Any]:
    """A milestone as the feed tells it, of an ordinary size."""
    return {
        "position": position,
        "id": f"00000000-0000-4000-8000-{position:012}",
        "version": position,
        "type": "treaty.threshold.reached",
        "category": "milestone",
        "treaty": f"treaty-{position % 700}",
        "livemode": True,
        "recorded_at": RECORDED_AT,
        "recorded_by": "key:desk",
        "data": {
            "treaty": f"treaty-{position % 700}",
            "titles": {"en": "A convention on what takes its time"},
            "milestone_id": f"00000000-0000-4000-9000-{position:012}",
            "revision": 1,
            "kind": "threshold",
            "status": "reached",
            "occurred_on": "2026-04-05",
            "attributed_to": [{"participant": "fra", "name": "France", "action": "ratification"}],
        },
    }


class World:
    """The feed's head, and what came to the endpoints since the last commit."""

    def __init__(self, head: int, count: int) -> None:
        self.first, self.head, self.count = head, head, count
        self.at = 0.0
        self.waits: dict[int, float] = {}
        self.came = {"healthy": 0, "late": 0, "slow": 0, "dead": 0}
        self._grown: list[asyncio.Future[None]] = []

    def commit(self) -> None:
        self.head += 1
        self.waits, self.at = {}, time.perf_counter()
        grown, self._grown = self._grown, []
        for one in grown:
            if not one.done():
                one.set_result(None)

    def arrived(self, kind: str, number: int, body: bytes) -> None:
        self.came[kind] += 1
        if kind == "healthy" and b'"position":%d,' % self.head in body:
            self.waits.setdefault(number, (time.perf_counter() - self.at) * 1000)

    async def page(self, asked: dict[str, list[str]]) -> dict[str, Any]:
        after = int(asked["after"][0])
        if after >= self.head and float(asked["wait"][0]) > 0:
            grown = asyncio.get_running_loop().create_future()
            self._grown.append(grown)
            await asyncio.wait([grown], timeout=float(asked["wait"][0]))
        last = min(self.head, after + int(asked["limit"][0]))
        return {
            "after": after,
            "head": self.head,
            "events": [event(position) for position in range(after + 1, last + 1)],
            "next": max(after, last),
        }


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = b""
        self._under_way: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own transport is no subclass of it

    def connection_lost(self, _reason: Exception | None) -> None:
        for task in self._under_way:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:head_end]
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            end = head_end + 4 + length
            if len(self._buffer) < end:
                return
            body, self._buffer = self._buffer[head_end + 4 : end], self._buffer[end:]
            self._answer(head.split(b" ", 2)[1].decode(), body)

    def _answer(self, path: str, body: bytes) -> None:
        parts = path.split("/")
        match parts[1]:
            case "healthy" | "late":
                self._world.arrived(parts[1], int(parts[2]), body)
                self._transport.write(_EMPTY)
            case "slow":
                self._world.arrived("slow", int(parts[2]), body)
                asyncio.get_running_loop().call_later(SLOW_SECONDS, self._write, _EMPTY)
            case "dead":
                self._world.arrived("dead", int(parts[2]), body)
            case _:
                task = asyncio.get_running_loop().create_task(self._ask(path))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def _ask(self, path: str) -> None:
        world, asked = self._world, urlsplit(path)
        told: dict[str, Any] = {}
        if asked.path == "/v1/feed":
            told = await world.page(parse_qs(asked.query))
        elif asked.path == "/commit":
            world.commit()
        elif asked.path == "/arrivals":
            told = {"waits_ms": sorted(world.waits.values())}
        elif asked.path == "/count":
            told = {"have_it": len(world.waits), **world.came}
        elif asked.path == "/v1/keys/self":
            told = {"id": "key-desk", "name": "desk", "scopes": ["admin"]}
        content = json.dumps(told).encode()
        self._write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content))

    def _write(self, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(content)


async def main(port: int, head: int, count: int) -> None:
    loop, world = asyncio.get_running_loop(), World(head, count)
    for host in ("127.0.0.1", *(address(number) for number in range(count))):
        await loop.create_server(lambda: Line(world), host, port, backlog=64)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(*(int(one) for one in sys.argv[1:4])))
