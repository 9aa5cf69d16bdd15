"""The guarded transport against real endpoints on this machine, and recorded dials for every other address.

Nothing here ever reaches another machine: names come from a table, and sockets to other addresses are never opened.
"""

import asyncio
import functools
import socket
import ssl
import threading
import time
from asyncio import selector_events
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import httpx
import pytest

from tests.services.notifier_world import Receiver, Reply
from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES, Answer, Failure, Outcome
from treaty_notifier.errors import EndpointRefused
from treaty_notifier.sender import (
    AddressPolicy,
    EndpointRules,
    GuardedTransport,
    NamesUnresolved,
    NarrowTransport,
    OutgoingWebhook,
    ThreadResolver,
)
from treaty_notifier.sender.addresses import networks

T = TypeVar("T")
LOOPBACK = AddressPolicy(networks(("127.0.0.0/8",)))
PUBLIC = AddressPolicy()
CERTIFICATE = Path(__file__).parent / "certificates" / "name_example.pem"
PUBLIC_ADDRESS = "8.8.8.8"  # never dialled: the recorded dial refuses it
REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.16",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:7f00:1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "localhost",
    "2130706433",
    "",
]


class Table:
    """A resolver that knows only what it was told; each name may change its mind from one question to the next."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def addresses(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        known = self.answers.get(host.partition(".")[0])
        if not known:
            raise NamesUnresolved(host)
        return known.pop(0) if len(known) > 1 else known[0]


class Dials:
    """Opens sockets to loopback and records and refuses everything else, whatever the guard says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recorded: list[str] = []
        real = selector_events.BaseSelectorEventLoop.sock_connect

        @functools.wraps(real)
        async def recorded(loop: Any, sock: socket.socket, address: tuple[Any, ...]) -> None:
            self.recorded.append(str(address[0]))
            if address[0] not in ("127.0.0.1", "::1"):
                raise ConnectionRefusedError("a recorded dial")
            await real(loop, sock, address)

        monkeypatch.setattr(selector_events.BaseSelectorEventLoop, "sock_connect", recorded)


@pytest.fixture
def dials(monkeypatch: pytest.MonkeyPatch) -> Dials:
    return Dials(monkeypatch)


Make = type[GuardedTransport] | type[NarrowTransport]


class Send(Protocol):
    def __call__(
        self,
        url: str,
        *,
        policy: AddressPolicy = LOOPBACK,
        table: Table | None = None,
        seconds: float = 5,
        times: int = 1,
        trusts: Path | None = None,
    ) -> Answer | Failure: ...


@pytest.fixture(params=[NarrowTransport, GuardedTransport], ids=["narrow", "aiohttp"])
def send(request: pytest.FixtureRequest) -> Send:
    """The last of ``times`` POSTs through one guarded transport; what it promises, every transport keeps."""
    make: Make = request.param

    def last_of(
        url: str,
        *,
        policy: AddressPolicy = LOOPBACK,
        table: Table | None = None,
        seconds: float = 5,
        times: int = 1,
        trusts: Path | None = None,
    ) -> Answer | Failure:
        async def work() -> Answer | Failure:
            tls = ssl.create_default_context(cafile=trusts)
            transport = make(policy, resolver=table or Table(), tls=tls)
            try:
                outgoing = OutgoingWebhook(url=url, headers={"webhook-id": "msg_a"}, body=b"{}")
                for _ in range(times - 1):
                    await transport.send(outgoing, deadline_seconds=seconds)
                return await transport.send(outgoing, deadline_seconds=seconds)
            finally:
                await transport.close()

        return run(work)

    return last_of


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(work())


def unguarded(url: str, *, follow: bool = False, trust_env: bool = False) -> int:
    """The control: an ordinary client with no guard at all."""
    with httpx.Client(follow_redirects=follow, trust_env=trust_env, timeout=5) as client:
        return client.post(url, content=b"{}").status_code


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not PUBLIC.admits(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"])
def test_a_public_address_is_admitted_with_tls_only(address: str) -> None:
    assert PUBLIC.admits(address)
    assert not PUBLIC.admits(address, is_plain_http=True)


def test_the_operator_may_allow_a_network_of_his_own_and_nothing_beside_it() -> None:
    policy = AddressPolicy(networks(("10.1.0.0/16", "fd00::/8")))

    assert policy.admits("10.1.2.3", is_plain_http=True)
    assert policy.admits("::ffff:10.1.2.3")
    assert policy.admits("fd00::1")
    assert not policy.admits("10.2.0.1")
    assert not policy.admits("127.0.0.1")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost", "name.example"],
)
def test_no_spelling_of_loopback_is_dialled(receiver: Receiver, dials: Dials, host: str, send: Send) -> None:
    table = Table(
        **{name: [["127.0.0.1"]] for name in ("127", "2130706433", "0x7f000001", "0177", "localhost", "name")}
    )

    result = send(f"https://{host}:{receiver.port}/", policy=PUBLIC, table=table)

    assert result == Failure(outcome=Outcome.BLOCKED_ADDRESS)
    assert dials.recorded == []
    # The control: an ordinary client reaches the receiver by the spellings that the system understands.
    if host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost"):
        assert unguarded(f"http://{host}:{receiver.port}/") == 204


def test_an_allowed_loopback_is_reached_by_literal_and_by_name(receiver: Receiver, send: Send) -> None:
    for host in ("127.0.0.1", "name.example"):
        answer = send(f"http://{host}:{receiver.port}/hook", table=Table(name=[["127.0.0.1"]]))
        assert isinstance(answer, Answer)
        assert (answer.status, answer.peer) == (204, "127.0.0.1")
    assert [one.headers["host"] for one in receiver.received] == [
        f"127.0.0.1:{receiver.port}",
        f"name.example:{receiver.port}",
    ]


def test_one_bad_address_refuses_the_whole_name(dials: Dials, send: Send) -> None:
    table = Table(mixed=[[PUBLIC_ADDRESS, "127.0.0.1"]])

    assert send("https://mixed.example/", policy=PUBLIC, table=table) == Failure(outcome=Outcome.BLOCKED_ADDRESS)
    assert dials.recorded == []


def test_a_name_that_changes_its_mind_is_dialled_only_where_it_was_judged(dials: Dials, send: Send) -> None:
    table = Table(rebinding=[[PUBLIC_ADDRESS], ["127.0.0.1"]])

    first = send("https://rebinding.example/", policy=PUBLIC, table=table)
    second = send("https://rebinding.example/", policy=PUBLIC, table=table)

    assert first == Failure(outcome=Outcome.CONNECT_ERROR)  # the recorded dial refused it
    assert second == Failure(outcome=Outcome.BLOCKED_ADDRESS)
    assert dials.recorded == [PUBLIC_ADDRESS]
    assert table.asked == ["rebinding.example", "rebinding.example"]


def test_judging_first_and_dialling_the_name_again_would_be_caught_out(receiver: Receiver) -> None:
    """The control of the test before: check, then fetch by name, reaches loopback."""
    table = Table(rebinding=[[PUBLIC_ADDRESS], ["127.0.0.1"]])

    async def naive() -> int:
        assert all(PUBLIC.admits(one) for one in await table.addresses("rebinding.example", 80))
        (address,) = await table.addresses("rebinding.example", 80)
        return unguarded(f"http://{address}:{receiver.port}/")

    assert run(naive) == 204


def test_plain_http_is_only_for_allowed_networks(dials: Dials, send: Send) -> None:
    table = Table(public=[[PUBLIC_ADDRESS]])

    assert send("http://public.example/", policy=LOOPBACK, table=table) == Failure(outcome=Outcome.BLOCKED_ADDRESS)
    assert dials.recorded == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int, send: Send) -> None:
    inner = Receiver()
    receiver.usual = Reply(status, headers={"location": inner.url})

    answer = send(receiver.url)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.location) == (status, inner.url)
    assert inner.received == []
    # The control: a client that follows ends inside and calls it a success.
    assert unguarded(receiver.url, follow=True) == 204
    assert len(inner.received) == 1
    inner.close()


def test_a_proxy_in_the_environment_is_ignored(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, send: Send) -> None:
    proxy = Receiver()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    answer = send(receiver.url)

    assert isinstance(answer, Answer)
    assert (len(receiver.received), len(proxy.received)) == (1, 0)
    # The control: an ordinary client sends it to the proxy.
    unguarded(receiver.url, trust_env=True)
    assert len(proxy.received) == 1
    proxy.close()


def test_a_slow_answer_ends_at_the_deadline(receiver: Receiver, send: Send) -> None:
    receiver.usual = Reply(hold=threading.Event())

    assert send(receiver.url, seconds=0.2) == Failure(outcome=Outcome.TIMEOUT, peer="127.0.0.1")
    assert receiver.usual.hold is not None
    receiver.usual.hold.set()


def test_an_answer_that_drips_ends_at_the_deadline_too(send: Send) -> None:
    with raw_endpoint(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", drip=b"x") as port:
        assert send(f"http://127.0.0.1:{port}/", seconds=0.4) == Failure(outcome=Outcome.TIMEOUT, peer="127.0.0.1")


def test_a_name_that_is_looked_up_for_ever_ends_at_the_deadline(send: Send) -> None:
    class Stuck(Table):
        async def addresses(self, host: str, port: int) -> list[str]:
            await asyncio.sleep(60)
            return []

    assert send("https://stuck.example/", table=Stuck(), seconds=0.1) == Failure(outcome=Outcome.TIMEOUT)


@pytest.mark.parametrize("size", [0, ANSWER_LIMIT_BYTES, ANSWER_LIMIT_BYTES + 1, 3_000_000])
def test_an_answer_is_kept_up_to_sixteen_kilobytes(receiver: Receiver, size: int, send: Send) -> None:
    receiver.usual = Reply(200, body=b"x" * size)

    answer = send(receiver.url)

    assert isinstance(answer, Answer)
    assert len(answer.body) == min(size, ANSWER_LIMIT_BYTES)
    assert answer.is_clipped is (size > ANSWER_LIMIT_BYTES)


def test_an_endless_answer_is_cut(receiver: Receiver, send: Send) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    with raw_endpoint(head, drip=b"10000\r\n" + b"x" * 65536 + b"\r\n", pause=0) as port:
        answer = send(f"http://127.0.0.1:{port}/")

    assert isinstance(answer, Answer)
    assert (len(answer.body), answer.is_clipped) == (ANSWER_LIMIT_BYTES, True)


def test_a_compressed_answer_stays_compressed(receiver: Receiver, send: Send) -> None:
    receiver.usual = Reply(200, headers={"content-encoding": "gzip"}, body=b"\x1f\x8b not really")

    answer = send(receiver.url)

    assert isinstance(answer, Answer)
    assert answer.body == b"\x1f\x8b not really"
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "garbage",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"h%d: x\r\n" % n for n in range(5000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nlong: " + b"x" * 100_000 + b"\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_no_http_is_a_failure_and_no_fault(garbage: bytes, send: Send) -> None:
    with raw_endpoint(garbage) as port:
        result = send(f"http://127.0.0.1:{port}/")

    assert isinstance(result, Failure)
    assert result.outcome in (Outcome.PROTOCOL_ERROR, Outcome.CONNECT_ERROR)


def test_a_header_that_is_no_text_can_still_be_kept(send: Send) -> None:
    with raw_endpoint(b"HTTP/1.1 302 Found\r\nlocation: /\xff\xfe\r\ncontent-length: 0\r\n\r\n") as port:
        answer = send(f"http://127.0.0.1:{port}/")

    assert isinstance(answer, Answer)
    assert answer.location is not None
    answer.location.encode()


def test_a_kept_alive_connection_that_the_endpoint_closed_is_no_failure(send: Send) -> None:
    once = b"HTTP/1.1 204 No Content\r\n\r\n"
    with raw_endpoint(once) as port:  # answers one request on each connection, then closes it without saying so
        answer = send(f"http://127.0.0.1:{port}/", times=3)

    assert isinstance(answer, Answer)
    assert answer.status == 204


def test_a_closed_port_an_unknown_name_and_a_peer_without_tls_are_told_apart(receiver: Receiver, send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert send(f"http://127.0.0.1:{port}/") == Failure(outcome=Outcome.CONNECT_ERROR)
    assert send("https://unknown.example/") == Failure(outcome=Outcome.DNS_ERROR)
    result = send(f"https://127.0.0.1:{receiver.port}/")
    assert isinstance(result, Failure)
    assert result.outcome is Outcome.TLS_ERROR


def test_a_certificate_is_checked_against_the_name_and_not_against_the_address(send: Send) -> None:
    table = Table(name=[["127.0.0.1"]], other=[["127.0.0.1"]])
    with tls_endpoint() as (port, names):
        trusted = send(f"https://name.example:{port}/", table=table, trusts=CERTIFICATE)
        other_name = send(f"https://other.example:{port}/", table=table, trusts=CERTIFICATE)
        untrusted = send(f"https://name.example:{port}/", table=table)
        literal = send(f"https://127.0.0.1:{port}/", trusts=CERTIFICATE)

    assert isinstance(trusted, Answer)
    assert (trusted.status, trusted.peer) == (204, "127.0.0.1")
    assert isinstance(literal, Answer)
    assert other_name == untrusted == Failure(outcome=Outcome.TLS_ERROR)
    assert names == ["name.example", "other.example", "name.example", None]  # as the endpoint was told them


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.0 500 Oh\r\n\r\nold", 500, b"old"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, b"abc"),
        (b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\nno", 404, b"no"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n", 304, b""),
    ],
)
def test_an_answer_is_read_whatever_way_it_tells_its_length(wire: bytes, status: int, body: bytes, send: Send) -> None:
    with raw_endpoint(wire) as port:
        answer = send(f"http://127.0.0.1:{port}/")

    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.is_clipped) == (status, body, False)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_changes_the_protocol_is_a_failure(wire: bytes, send: Send) -> None:
    with raw_endpoint(wire) as port:
        result = send(f"http://127.0.0.1:{port}/", seconds=1)

    assert isinstance(result, Failure) or result.status == 101
    assert not (isinstance(result, Answer) and result.status == 200)


def test_interim_answers_without_end_are_a_failure() -> None:
    with raw_endpoint(b"", drip=b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 2000, pause=0) as port:
        result = narrow(lambda transport: post(transport, f"http://127.0.0.1:{port}/"))

    assert result == Failure(outcome=Outcome.PROTOCOL_ERROR, peer="127.0.0.1")


def test_what_follows_an_answer_is_never_taken_for_the_next_one() -> None:
    surplus = b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
    with kept_endpoint(surplus) as (port, connections):
        results = narrow(lambda transport: posts(transport, f"http://127.0.0.1:{port}/", times=3))

    assert [one.status for one in results if isinstance(one, Answer)] == [204, 204, 204]
    assert len(connections) == 3


def test_a_connection_is_kept_for_the_next_request_unless_the_endpoint_says_otherwise() -> None:
    with kept_endpoint(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, connections):
        narrow(lambda transport: posts(transport, f"http://127.0.0.1:{port}/", times=3))
        assert len(connections) == 1
    with kept_endpoint(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n") as (port, connections):
        narrow(lambda transport: posts(transport, f"http://127.0.0.1:{port}/", times=3))
        assert len(connections) == 3


def test_a_connection_that_was_left_by_a_deadline_carries_no_other_request() -> None:
    """Else the late answer to one webhook would be booked as the answer to the next."""
    with kept_endpoint(b"HTTP/1.1 204 No Content\r\n\r\n", late=0.3) as (port, connections):

        async def work(transport: NarrowTransport) -> list[Answer | Failure]:
            url = f"http://127.0.0.1:{port}/"
            return [await post(transport, url, seconds=0.1), await post(transport, url, seconds=3)]

        first, second = narrow(work)

    assert first == Failure(outcome=Outcome.TIMEOUT, peer="127.0.0.1")
    assert isinstance(second, Answer)
    assert len(connections) == 2


def test_a_header_value_of_two_lines_is_never_written() -> None:
    with kept_endpoint(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, connections):
        outgoing = OutgoingWebhook(
            url=f"http://127.0.0.1:{port}/", headers={"webhook-id": "msg_a\r\nhost: elsewhere"}, body=b"{}"
        )
        result = narrow(lambda transport: transport.send(outgoing, deadline_seconds=1))

    assert isinstance(result, Failure)
    assert connections == []


def narrow(work: Callable[[NarrowTransport], Coroutine[Any, Any, T]]) -> T:
    async def whole() -> T:
        transport = NarrowTransport(LOOPBACK, resolver=Table())
        try:
            return await work(transport)
        finally:
            await transport.close()

    return run(whole)


async def post(transport: NarrowTransport, url: str, *, seconds: float = 3) -> Answer | Failure:
    outgoing = OutgoingWebhook(url=url, headers={"webhook-id": "msg_a"}, body=b"{}")
    return await transport.send(outgoing, deadline_seconds=seconds)


async def posts(transport: NarrowTransport, url: str, *, times: int) -> list[Answer | Failure]:
    return [await post(transport, url) for _ in range(times)]


@contextmanager
def kept_endpoint(answer: bytes, *, late: float = 0.0) -> Iterator[tuple[int, list[int]]]:
    """Answers request after request on each connection, ``late`` seconds after it came; the ports that called."""
    connections: list[int] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            while connection.recv(65536):
                time.sleep(late)
                connection.sendall(answer)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, address = server.accept()
                connections.append(address[1])
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], connections
        server.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts


@contextmanager
def tls_endpoint() -> Iterator[tuple[int, list[str | None]]]:
    """Answers 204 with the certificate of name.example; the names that it was asked for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                    secured.settimeout(5)
                    secured.recv(65536)
                    secured.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], names
        server.shutdown(socket.SHUT_RDWR)


def test_cookies_of_one_answer_do_not_travel_to_the_next_request(receiver: Receiver, send: Send) -> None:
    receiver.usual = Reply(204, headers={"set-cookie": "session=1; Path=/"})

    send(receiver.url, times=2)

    assert "cookie" not in receiver.received[1].headers


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@example.org/",
        "https://user@example.org/",
        "https://example.org/#part",
        "https://example.org/#",
        "https://example.org:22/",
        "https://example.org:6379/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1%25lo]/",
        "https://[::ffff:10.0.0.1]/",
        "http://example.org/",
        "https://127.0.0.1:8080\\@example.org/",
        "https://exa mple.org/",
        "https://example.org/\r\nhost: x",
        "https://" + "a" * 254 + "/",
        "https://example.org/" + "a" * 2000,
        "not an address",
        "",
    ],
)
def test_an_endpoint_that_would_never_be_dialled_is_refused_at_once(url: str) -> None:
    with pytest.raises(EndpointRefused):
        EndpointRules(PUBLIC).checked(url)


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://example.org:8443/a?b=c", "https://xn--bcher-kva.example/"]
)
def test_an_ordinary_endpoint_is_accepted(url: str) -> None:
    assert EndpointRules(PUBLIC).checked(url).scheme == "https"


def test_the_resolver_answers_for_this_machine_and_not_for_nonsense() -> None:
    async def work() -> tuple[list[str], list[str]]:
        resolver = ThreadResolver()
        with pytest.raises(NamesUnresolved):
            await resolver.addresses("a" * 70, 80)  # longer than any label of a name: refused before it is asked for
        return await resolver.addresses("localhost", 80), await resolver.addresses("192.0.2.7", 80)

    local, literal = run(work)
    assert "127.0.0.1" in local or "::1" in local
    assert literal == ["192.0.2.7"]


def test_aiohttp_asks_the_guard_for_literals_too(dials: Dials) -> None:
    """Why the guard sits at the socket and not at the resolver: for a literal no resolver is ever asked."""
    table = Table()

    async def work() -> None:
        connector = aiohttp.TCPConnector(resolver=_Asking(table))
        async with aiohttp.ClientSession(connector=connector) as session:
            with suppress(aiohttp.ClientError):
                await session.post("http://10.0.0.1/")

    run(work)
    assert table.asked == []
    assert dials.recorded == ["10.0.0.1"]  # the control: without the guard it would have been dialled


class _Asking(aiohttp.abc.AbstractResolver):
    def __init__(self, table: Table) -> None:
        self._table = table

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
        return [await self._table.addresses(host, port)]

    async def close(self) -> None:
        """Nothing is open."""


class raw_endpoint:  # noqa: N801  (used like a function)
    """Accepts connections, reads a request, writes ``answer``, then ``drip`` again and again, and closes."""

    def __init__(self, answer: bytes, *, drip: bytes = b"", pause: float = 0.05) -> None:
        self._answer, self._drip, self._pause = answer, drip, pause
        self._server = socket.create_server(("127.0.0.1", 0))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._server.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._end.set()
        with socket.create_connection(self._server.getsockname(), timeout=1):
            self._thread.join(timeout=5)
        self._server.close()

    def _serve(self) -> None:
        while not self._end.is_set():
            connection, _ = self._server.accept()
            with connection, suppress(OSError):
                connection.settimeout(1)
                if self._end.is_set():
                    return
                connection.recv(65536)
                connection.sendall(self._answer)
                while self._drip and not self._end.is_set():
                    connection.sendall(self._drip)
                    self._end.wait(self._pause)
