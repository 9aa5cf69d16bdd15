"""What the attacks need: dials that never leave this machine, names that lie, endpoints that say what they are told.

Nothing in this folder reaches another machine, the controls included: a socket to any address but loopback is recorded
and refused, or led to a listener here, and a name that is no spelling of an address is looked up nowhere.
"""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Any, TypeVar

import httpx
import pytest
import uvloop

from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.endpoint_tls import EndpointTls
from treaty_notifier.sender import AddressPolicy, GuardedTransport, NamesUnresolved, NarrowTransport, OutgoingWebhook
from treaty_notifier.sender.addresses import networks

T = TypeVar("T")
Make = type[GuardedTransport] | type[NarrowTransport]
Transport = GuardedTransport | NarrowTransport
TRANSPORTS = pytest.mark.parametrize("make", [NarrowTransport, GuardedTransport], ids=["narrow", "aiohttp"])
PUBLIC = AddressPolicy()
LOOPBACK = AddressPolicy(networks(("127.0.0.0/8", "::1/128")))
SOMEBODY = "8.8.8.8"  # a public address; a dial to it is recorded and never made
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Dials:
    """Every address that somebody tried to connect to. ``led`` sends dials to an address to a port of this machine.

    ``held`` addresses neither answer nor refuse.
    """

    recorded: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    led: dict[str, int] = field(default_factory=dict)

    def connect(self, real: Callable[[Any, Any], None], sock: socket.socket, address: Any) -> None:
        if isinstance(address, str | bytes):  # a unix socket, of a test's own
            return real(sock, address)
        host = str(address[0])
        self.recorded.append(host)
        if host in self.led:
            return real(sock, ("127.0.0.1", self.led[host]))
        if not is_this_machine(host):
            raise ConnectionRefusedError("a recorded dial")
        return real(sock, address)

    def look_up(self, real: Callable[..., Any], host: Any, *arguments: Any, **more: Any) -> Any:
        """Only what is a spelling of an address, or this machine's own name."""
        self.looked_up.append(str(host))
        if host in (None, "", "localhost"):
            return real(host, *arguments, **more)
        try:
            real(host, None, flags=socket.AI_NUMERICHOST)
        except OSError:
            raise socket.gaierror(socket.EAI_NONAME, "a recorded look-up") from None
        return real(host, *arguments, **more)

    @property
    def strangers(self) -> list[str]:
        """Those that are not this machine."""
        return [host for host in self.recorded if not is_this_machine(host)]


def is_this_machine(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


@contextmanager
def recorded_dials(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dials]:
    """One place for every client: what is connected in the end is a ``socket.socket``, whoever asked for it."""
    dials = Dials()
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def try_connect(sock: socket.socket, address: Any) -> int:
        try:
            dials.connect(connect, sock, address)
        except OSError as error:
            return error.errno or 111
        return 0

    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: dials.connect(connect, sock, address))
    monkeypatch.setattr(socket.socket, "connect_ex", try_connect)
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **more: dials.look_up(look_up, host, *a, **more))
    yield dials


class Names:
    """A resolver that knows only what it was told; a name may change its mind from one question to the next."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def addresses(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        known = self.answers.get(host.partition(".")[0])
        if not known:
            raise NamesUnresolved(host)
        return known.pop(0) if len(known) > 1 else known[0]


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """On the loop that the service runs on; the tests of the sender run on the other one."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def guarded(
    make: Make,
    url: str,
    *,
    policy: AddressPolicy = LOOPBACK,
    names: Names | None = None,
    seconds: float = 5,
    times: int = 1,
    tls: EndpointTls | None = None,
) -> Answer | Failure:
    """The last of ``times`` POSTs through one guarded transport."""

    async def work(transport: Transport) -> Answer | Failure:
        outgoing = OutgoingWebhook(url=url, headers={"webhook-id": "msg_a"}, body=b"{}", tls=tls)
        for _ in range(times - 1):
            await transport.send(outgoing, deadline_seconds=seconds)
        return await transport.send(outgoing, deadline_seconds=seconds)

    return with_transport(make, work, policy=policy, names=names)


def with_transport(
    make: Make,
    work: Callable[[Transport], Coroutine[Any, Any, T]],
    *,
    policy: AddressPolicy = LOOPBACK,
    names: Names | None = None,
    **more: Any,
) -> T:
    async def whole() -> T:
        transport = make(policy, resolver=names or Names(), **more)
        try:
            return await work(transport)
        finally:
            await transport.close()

    return run(whole)


def unguarded(url: str, *, follow: bool = False, trust_env: bool = False, **more: Any) -> httpx.Response:
    """The control: an ordinary client with no guard at all."""
    with httpx.Client(follow_redirects=follow, trust_env=trust_env, timeout=5) as client:
        return client.post(url, content=b"{}", **more)


class Listener:
    """Listens on loopback, notes every request and answers it with the next of ``answers``, the last again and again.

    Each answer is bytes, written at once; ``closes`` ends the connection after each.
    """

    def __init__(self, *answers: bytes, host: str = "127.0.0.1", closes: bool = False) -> None:
        self.answers = list(answers or (NO_CONTENT,))
        self.requests: list[bytes] = []
        self.connections = 0
        self._closes = closes
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = socket.create_server((host, 0), family=family)
        self.port = int(self._server.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._server.close()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            while request := whole_request(connection):
                self.requests.append(request)
                connection.sendall(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                if self._closes:
                    return


def whole_request(connection: socket.socket) -> bytes:
    """Up to the end of its body; nothing when the other end has closed."""
    found = b""
    while True:
        head, ends, body = found.partition(b"\r\n\r\n")
        if ends:
            length = _LENGTH.search(head)
            if len(body) >= (int(length[1]) if length else 0):
                return found
        came = connection.recv(65536)
        if not came:
            return b""
        found += came
