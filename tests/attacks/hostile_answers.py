"""Answers that an endpoint may give to harm whoever asks, and a server of raw bytes that plays them.

``FIXED`` are written by hand, one for each kind. ``mutated`` makes as many others as one likes, each from its seed.
"""

import asyncio
import random
import re
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
BLOCK = b"x" * 65_536
BOMB_BYTES = 200_000_000


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """``parts`` are written one after another, then ``again`` for ever, with ``pause`` seconds after each write."""

    parts: tuple[bytes, ...] = ()
    again: bytes = b""
    pause: float = 0.0
    end: Literal["close", "reset", "hold"] = "close"


def _dripped(answer: bytes, *, at: int) -> Hostile:
    """The first ``at`` bytes at once, the others one by one, far too slowly."""
    return Hostile(parts=(answer[:at], *(answer[n : n + 1] for n in range(at, len(answer)))), pause=0.2, end="hold")


#: Bodies without end: what is kept is the beginning.
BODIES: dict[str, Hostile] = {
    "a body without end in chunks": Hostile(parts=(CHUNKED,), again=b"10000\r\n" + BLOCK + b"\r\n"),
    "a body without end in chunks of a byte": Hostile(parts=(CHUNKED,), again=b"1\r\nx\r\n" * 5_000),
    "a body without end after a length": Hostile(parts=(OK + b"content-length: 999999999999\r\n\r\n",), again=BLOCK),
    "a body without end up to the end": Hostile(parts=(OK + b"\r\n",), again=BLOCK),
    "HTTP/1.0 without end": Hostile(parts=(b"HTTP/1.0 200 OK\r\n\r\n",), again=BLOCK),
    "a chunk of sixteen hundred gigabytes": Hostile(parts=(CHUNKED + b"18ffffffff8\r\n",), again=BLOCK),
}
#: Heads without end: a failure, at the latest at the deadline.
HEADS: dict[str, Hostile] = {
    "fields without end": Hostile(parts=(OK,), again=b"x-field: y\r\n" * 1_000),
    "one field without end": Hostile(parts=(OK + b"x-field: ",), again=BLOCK),
    "one name of a field without end": Hostile(parts=(OK,), again=BLOCK),
    "folded lines without end": Hostile(parts=(OK + b"x-field: a\r\n",), again=b" folded\r\n" * 1_000),
    "a status line without end": Hostile(parts=(b"HTTP/1.1 200 ",), again=BLOCK),
    "interim answers without end": Hostile(again=b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 100),
    "continues without end": Hostile(again=b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "empty lines without end": Hostile(again=b"\r\n" * 10_000),
    "noughts without end": Hostile(again=b"\0" * 65_536),
    "the length of a chunk without end": Hostile(parts=(CHUNKED,), again=b"0" * 65_536),
    "the extension of a chunk without end": Hostile(parts=(CHUNKED + b"1;",), again=BLOCK),
    "trailers without end": Hostile(parts=(CHUNKED + b"1\r\nx\r\n0\r\n",), again=b"x-trailer: y\r\n" * 1_000),
    "one trailer without end": Hostile(parts=(CHUNKED + b"0\r\nx-trailer: ",), again=BLOCK),
}
#: Too slow, each in another place.
SLOW: dict[str, Hostile] = {
    "silence": Hostile(end="hold"),
    "the status line a byte at a time": _dripped(OK + b"content-length: 0\r\n\r\n", at=0),
    "the fields a byte at a time": _dripped(OK + b"x-field: " + b"y" * 500 + b"\r\n\r\n", at=20),
    "the body a byte at a time": _dripped(OK + b"content-length: 500\r\n\r\n" + b"x" * 500, at=40),
    "chunks a byte at a time": _dripped(CHUNKED + b"1\r\nx\r\n" * 100, at=len(CHUNKED)),
    "trailers a byte at a time": _dripped(CHUNKED + b"0\r\nx-trailer: " + b"y" * 500, at=len(CHUNKED) + 3),
    "interim answers, one after another": Hostile(again=b"HTTP/1.1 102 Processing\r\n\r\n", pause=0.1),
    "a head and then silence": Hostile(parts=(OK + b"content-length: 5\r\n\r\n",), end="hold"),
    "half a chunk and then silence": Hostile(parts=(CHUNKED + b"5\r\nab",), end="hold"),
    "a body up to an end that does not come": Hostile(parts=(OK + b"\r\nabc",), end="hold"),
}
#: Broken off before the end.
BROKEN: dict[str, Hostile] = {
    "closed at once": Hostile(),
    "reset at once": Hostile(end="reset"),
    "closed in the status line": Hostile(parts=(b"HTTP/1.1 2",)),
    "reset in the fields": Hostile(parts=(OK + b"x-fi",), end="reset"),
    "closed in the body": Hostile(parts=(OK + b"content-length: 10\r\n\r\nhalf",)),
    "reset in the body": Hostile(parts=(OK + b"content-length: 10\r\n\r\nhalf",), end="reset"),
    "closed between chunks": Hostile(parts=(CHUNKED + b"5\r\nabcde\r\n",)),
}
#: More than was asked for: the first answer counts.
SURPLUS: dict[str, Hostile] = {
    "answers without end": Hostile(again=(OK + b"content-length: 0\r\n\r\n") * 100),
    "a second answer at once": Hostile(parts=((OK + b"content-length: 0\r\n\r\n") * 2,), end="hold"),
    "a second answer later": Hostile(parts=(OK + b"content-length: 0\r\n\r\n",) * 2, pause=0.05, end="hold"),
    "half a second answer later": Hostile(parts=(OK + b"content-length: 0\r\n\r\n", OK), pause=0.05, end="hold"),
}
#: No HTTP, or such that nobody can say where it ends.
MALFORMED: dict[str, Hostile] = {
    "the greeting of a mail server": Hostile(parts=(b"220 mail.example ESMTP\r\n",), end="hold"),
    "the greeting of a shell": Hostile(parts=(b"SSH-2.0-OpenSSH_9.9\r\n",), end="hold"),
    "an alert of TLS": Hostile(parts=(b"\x15\x03\x01\x00\x02\x02\x46",)),
    "the preface of HTTP/2": Hostile(parts=(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\0" * 18,), end="hold"),
    "HTTP/0.9": Hostile(parts=(b"<html>hello</html>",)),
    "HTTP/9.9": Hostile(parts=(b"HTTP/9.9 200 OK\r\n\r\n",)),
    "ICY": Hostile(parts=(b"ICY 200 OK\r\n\r\n",)),
    "a status of two digits": Hostile(parts=(b"HTTP/1.1 20 OK\r\n\r\n",)),
    "a status of nought": Hostile(parts=(b"HTTP/1.1 000 None\r\ncontent-length: 0\r\n\r\n",)),
    "a status of one digit": Hostile(parts=(b"HTTP/1.1 3 What\r\ncontent-length: 2\r\n\r\nok",)),
    "a status in letters": Hostile(parts=(b"HTTP/1.1 2x0 OK\r\n\r\n",)),
    "a status below nought": Hostile(parts=(b"HTTP/1.1 -200 OK\r\n\r\n",)),
    "a length below nought": Hostile(parts=(OK + b"content-length: -1\r\n\r\n",)),
    "a length with a sign": Hostile(parts=(OK + b"content-length: +1\r\n\r\nx",)),
    "a length that is no number": Hostile(parts=(OK + b"content-length: many\r\n\r\n",)),
    "a length beyond 64 bits": Hostile(parts=(OK + b"content-length: 99999999999999999999999\r\n\r\nx",)),
    "two lengths": Hostile(parts=(OK + b"content-length: 1\r\ncontent-length: 5\r\n\r\nabcde",)),
    "two lengths in one field": Hostile(parts=(OK + b"content-length: 1, 5\r\n\r\nabcde",)),
    "a length and chunks": Hostile(parts=(OK + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",)),
    "a chunk below nought": Hostile(parts=(CHUNKED + b"-1\r\nx\r\n0\r\n\r\n",)),
    "a chunk beyond 64 bits": Hostile(parts=(CHUNKED + b"fffffffffffffffff\r\nx\r\n",)),
    "a chunk with an end of line that is none": Hostile(parts=(CHUNKED + b"1\nx\n0\n\n",)),
    "NUL in a name": Hostile(parts=(OK + b"x\0y: z\r\ncontent-length: 0\r\n\r\n",)),
    "NUL in a value": Hostile(parts=(OK + b"location: /a\0b\r\ncontent-length: 0\r\n\r\n",)),
    "a space before the colon": Hostile(parts=(OK + b"location : /a\r\ncontent-length: 0\r\n\r\n",)),
    "a line without a colon": Hostile(parts=(OK + b"location\r\ncontent-length: 0\r\n\r\n",)),
    "returns without an end of line": Hostile(parts=(b"HTTP/1.1 200 OK\rcontent-length: 0\r\r",)),
    "a location of a megabyte": Hostile(parts=(OK + b"location: /" + b"a" * 1_000_000 + b"\r\n\r\n",)),
}
#: Odd, and read in one way or another; never beyond its bounds.
ODD: dict[str, Hostile] = {
    "chunks whose length has many digits": Hostile(parts=(CHUNKED,), again=b"0000000000000001\r\nx\r\n" * 1_000),
    "HTTP/2.0 in letters": Hostile(parts=(b"HTTP/2.0 200 OK\r\n\r\n",)),
    "a status of nine hundred": Hostile(parts=(b"HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n",)),
    "chunked in other words": Hostile(parts=(OK + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",)),
    "chunked before the last": Hostile(parts=(OK + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",)),
    "a value that is no text": Hostile(parts=(OK + b"location: /\xff\xfe\xed\xa0\x80\r\ncontent-length: 0\r\n\r\n",)),
    "ends of line without a return": Hostile(parts=(b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",)),
    "another protocol": Hostile(parts=(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxyz",)),
    "another protocol, and much of it": Hostile(
        parts=(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",), again=BLOCK
    ),
    "a body to no content": Hostile(parts=(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nabcde",)),
    "a redirect to itself": Hostile(parts=(b"HTTP/1.1 307 Temporary\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",)),
    "a wait of many years": Hostile(
        parts=(b"HTTP/1.1 503 Wait\r\nretry-after: " + b"9" * 400 + b"\r\ncontent-length: 0\r\n\r\n",)
    ),
    "a wait until no day": Hostile(
        parts=(b"HTTP/1.1 503 Wait\r\nretry-after: Mon, 99 Foo 99999 99:99:99 GMT\r\ncontent-length: 0\r\n\r\n",)
    ),
    "cookies": Hostile(parts=(OK + b"set-cookie: a=b; domain=.example\r\n" * 90 + b"content-length: 0\r\n\r\n",)),
    "surplus bytes": Hostile(parts=(OK + b"content-length: 2\r\n\r\nokSURPLUS",), end="hold"),
    "no gzip that says it is": Hostile(parts=(OK + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd",)),
    "an encoding nobody knows": Hostile(parts=(OK + b"content-encoding: zzz\r\ncontent-length: 4\r\n\r\nabcd",)),
    "reset in a body up to the end": Hostile(parts=(OK + b"\r\nabc",), end="reset"),
}
FIXED = {**BODIES, **HEADS, **SLOW, **BROKEN, **SURPLUS, **MALFORMED, **ODD}
BOMB = "200 MB in a few kilobytes"
TOLD_OK = OK + b"content-length: 4\r\n\r\n"


@cache
def bomb() -> Hostile:
    """What would be 200 MB after decompression."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1_000_000)
    packed = b"".join(packer.compress(block) for _ in range(BOMB_BYTES // len(block))) + packer.flush()
    return Hostile(parts=(OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed), packed))


def hostile(name: str) -> Hostile:
    return bomb() if name == BOMB else FIXED[name]


NAMES = (*FIXED, BOMB)
_PLAY = re.compile(rb"^x-play: (.*)\r$", re.IGNORECASE | re.MULTILINE)
_SEEDS = (
    TOLD_OK + b"okok",
    CHUNKED + b"5\r\nhello\r\n3;ext=1\r\nabc\r\n0\r\nx-trailer: y\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + TOLD_OK + b"late",
    b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.0 500 Oh\r\nserver: old\r\n\r\nto the end",
    b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 503 Wait\r\nretry-after: Sun, 06 Nov 2044 08:49:37 GMT\r\nconnection: close\r\n\r\n",
    b"HTTP/1.1 410 Gone\r\nwebhook-delivery: disable\r\ncontent-length: 2\r\n\r\nno",
    b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n",
    OK + b"content-encoding: gzip\r\ncontent-length: 20\r\n\r\n\x1f\x8b\x08" + b"\0" * 17,
)
_TOKENS = (
    *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\xff", b"\x80\xfe", b";", b","),
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 ", b"HTTP/1.1 100 Continue\r\n\r\n", b"100", b"101", b"204", b"999"),
    *(b"transfer-encoding: chunked\r\n", b"content-length: 0\r\n", b"content-length: 18446744073709551616\r\n"),
    *(b"connection: close\r\n", b"connection: keep-alive\r\n", b"upgrade: h2c\r\n", b"trailer: x\r\n"),
    *(b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"-1", b"99999999999999999999", b"0x10", b"chunked", b"x" * 20_000),
)


def mutated(seed: int) -> Hostile:
    """The same answer for the same seed, on every machine."""
    chance = random.Random(seed)
    wire = bytearray(chance.choice(_SEEDS))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 5, 8, 20))):
        chance.choice((_flip, _cut, _insert, _repeat, _splice, _swap))(wire, chance)
    if chance.random() < 0.2:
        del wire[chance.randrange(len(wire) + 1) :]
    played = Hostile(
        parts=tuple(_split(bytes(wire), chance)),
        pause=chance.choice((0, 0, 0, 0.002)),
        end=chance.choices(("close", "reset", "hold"), (6, 2, 1))[0],
    )
    return replace(played, again=chance.choice(_TOKENS)) if chance.random() < 0.03 else played


def _flip(wire: bytearray, chance: random.Random) -> None:
    if wire:
        wire[chance.randrange(len(wire))] ^= 1 << chance.randrange(8)


def _cut(wire: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(wire) + 1)
    del wire[at : at + chance.choice((1, 2, 5, 30))]


def _insert(wire: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(wire) + 1)
    wire[at:at] = chance.choice(_TOKENS)


def _repeat(wire: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(wire) + 1)
    wire[at:at] = bytes(wire[at : at + chance.choice((1, 10, 60))]) * chance.choice((1, 2, 50))


def _splice(wire: bytearray, chance: random.Random) -> None:
    other = chance.choice(_SEEDS)
    wire[chance.randrange(len(wire) + 1) :] = other[chance.randrange(len(other)) :]


def _swap(wire: bytearray, chance: random.Random) -> None:
    lines = bytes(wire).split(b"\r\n")
    chance.shuffle(lines)
    wire[:] = b"\r\n".join(lines)


def _split(wire: bytes, chance: random.Random) -> Iterator[bytes]:
    """In a few writes, so that every boundary falls anywhere at some time."""
    at = 0
    for end in sorted(chance.randrange(len(wire) + 1) for _ in range(chance.choice((0, 1, 3)))):
        yield wire[at:end]
        at = end
    yield wire[at:]


class HostileServer:
    """Plays what a request asks for by its field ``x-play`` or, without it, its path.

    ``/good/7`` is answered with 7, and the connection kept.
    """

    def __init__(self, choose: Callable[[str], Hostile]) -> None:
        self._choose = choose
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _loop, _fault: None)  # its clients leave whenever they like
        self._ended = asyncio.Event()
        self._started = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._ended.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = head.lower().split(b"\r\n")
                asked = _PLAY.search(head)
                path = (asked[1] if asked else head.split(b" ", 2)[1]).decode()
                await reader.readexactly(next(int(one[15:]) for one in fields if one.startswith(b"content-length:")))
                if not path.startswith("/good/"):
                    await _play(self._choose(path), reader, writer)
                    break
                said = path.removeprefix("/good/").encode()
                writer.write(OK + b"content-length: %d\r\n\r\n%b" % (len(said), said))
                await writer.drain()
        writer.close()


async def _play(played: Hostile, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for part in played.parts:
        await _write(part, writer, pause=played.pause)
    while played.again:
        await _write(played.again, writer, pause=played.pause)
    if played.end == "hold":
        await reader.read()  # until the other end has had enough
    elif played.end == "reset":
        found: socket.socket = writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def _write(part: bytes, writer: asyncio.StreamWriter, *, pause: float) -> None:
    if writer.transport.is_closing():
        raise ConnectionResetError
    writer.write(part)
    await writer.drain()
    await asyncio.sleep(pause)


@contextmanager
def hostile_server(choose: Callable[[str], Hostile]) -> Iterator[int]:
    """The port on which it listens."""
    server = HostileServer(choose)
    try:
        yield server.port
    finally:
        server.close()
