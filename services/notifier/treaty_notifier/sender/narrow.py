"""The narrow transport: just enough of an HTTP/1.1 client to POST a webhook, with the guard in its middle.

It does one thing at a fifth of what a whole client costs: POST a body, read a bounded answer, keep the connection.
There are no redirects, cookies, proxies, compression or retries in it that would have to be switched off. Every address
is judged at the moment a socket for it is opened, for names and for literals alike, and the peer of the connection once
more; a kept connection stays with the peer it was judged by, for fifteen idle seconds and five minutes in all.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from aiohappyeyeballs import start_connection

from treaty_notifier.deliveries import Answer, Failure, Outcome, Phases, retry_after_seconds
from treaty_notifier.endpoint_tls import EndpointTls
from treaty_notifier.errors import EndpointRefused
from treaty_notifier.sender.addresses import AddressBlocked, AddressPolicy
from treaty_notifier.sender.answer_reader import AnswerReader
from treaty_notifier.sender.connection import Connection, ConnectionEnded
from treaty_notifier.sender.deadlines import Deadlines
from treaty_notifier.sender.endpoints import EndpointRules
from treaty_notifier.sender.port import OpenSocket, OutgoingWebhook
from treaty_notifier.sender.resolver import NamesUnresolved, Resolver
from treaty_notifier.sender.tls_contexts import CertificatesUnfit, TlsContexts

KEEP_ALIVE_SECONDS = 15.0
CONNECTION_LIFE_SECONDS = 300.0  # a name that has moved is looked up again by then, however busy its lane is
SECOND_ADDRESS_AFTER_SECONDS = 0.25  # RFC 8305: the next address is tried beside one that does not answer
ANSWERS_KEPT = 1_000
TARGETS_KEPT = 10_000  # endpoints whose form was found good; addresses are judged at every dial all the same


#: Host, port, whether TLS is spoken, and the certificates that it is spoken with.
_Key = tuple[str, int, bool, EndpointTls | None]


@dataclass(frozen=True, kw_only=True)
class _Target:
    """An endpoint as its connections see it; ``head`` is what every request to it begins with."""

    host: str
    port: int
    has_tls: bool
    head: bytes


@dataclass(slots=True)
class _Way:
    """How the connection in use was come by, for the record of the attempt; seconds of the event loop's clock."""

    peer: str | None = None
    connection: Connection | None = None
    dns_seconds: float | None = None
    connect_seconds: float | None = None
    tls_seconds: float | None = None
    sent_at: float | None = None

    def phases(self) -> Phases:
        connection = self.connection
        begun = connection.answer_begun_at if connection else None
        if connection is not None and self.connect_seconds is None and begun is not None and self.sent_at is not None:
            return _kept_phases(_ms(begun - self.sent_at), connection.tls_version, connection.certificate_until)
        return Phases(
            dns_ms=_ms(self.dns_seconds),
            connect_ms=_ms(self.connect_seconds),
            tls_ms=_ms(self.tls_seconds),
            first_byte_ms=_ms(begun - self.sent_at) if begun is not None and self.sent_at is not None else None,
            is_kept=connection is not None and self.connect_seconds is None,
            tls_version=connection.tls_version if connection else None,
            certificate_until=connection.certificate_until if connection else None,
        )


class NarrowTransport:
    """Implements ``Transport``. Make it inside a running event loop.

    ``open_socket`` makes the socket for a judged address; ``tls`` checks the endpoint's certificate against its name.
    ``note_exempt`` is called with each connection that only the operator's own list of networks allowed.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        resolver: Resolver,
        open_socket: OpenSocket = socket.socket,
        tls: ssl.SSLContext | None = None,
        note_exempt: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._policy = policy
        self._resolver = resolver
        self._open_socket = open_socket
        self._contexts = TlsContexts(tls)
        self._note_exempt = note_exempt
        self._target = lru_cache(TARGETS_KEPT)(_Targets(EndpointRules(policy)).of)
        self._resting: dict[_Key, list[Connection]] = {}
        self._in_use: set[Connection] = set()
        self._deadlines = Deadlines(self._loop)
        self._sweep: asyncio.TimerHandle | None = None

    async def send(self, request: OutgoingWebhook, *, deadline_seconds: float) -> Answer | Failure:
        way = _Way()
        try:
            read = await self._exchange(request, way, ends_at=self._loop.time() + deadline_seconds)
            return _answer(read, peer=way.peer, phases=way.phases())
        except Exception as error:  # noqa: BLE001  (whatever a stranger provokes is his failure, not ours)
            return Failure(outcome=_outcome(error), peer=way.peer, phases=way.phases())

    async def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in (*self._in_use, *(one for resting in self._resting.values() for one in resting)):
            connection.close()
        self._resting.clear()
        self._deadlines.close()

    async def _exchange(self, request: OutgoingWebhook, way: _Way, *, ends_at: float) -> AnswerReader:
        target = self._target(request.url)
        written = _request(target, request)
        key = (target.host, target.port, target.has_tls, request.tls)
        kept = self._rested(key)
        if kept is not None:
            try:
                return await self._over(kept, written, key, way, ends_at=ends_at)
            except ConnectionError:
                # Closed while it rested, and not a byte of an answer came: once more on a new connection.
                if kept.answer.has_begun:
                    raise
        way.peer = way.connection = None
        async with asyncio.timeout_at(ends_at):
            dialled = await self._dialled(target, way, tls=request.tls)
        return await self._over(dialled, written, key, way, ends_at=ends_at)

    async def _over(
        self, connection: Connection, written: bytes, key: _Key, way: _Way, *, ends_at: float
    ) -> AnswerReader:
        way.peer, way.connection, way.sent_at = connection.peer, connection, self._loop.time()
        self._in_use.add(connection)
        try:
            answer = await connection.exchange(written, ends_at=ends_at)
        finally:
            self._in_use.discard(connection)
        if connection.is_reusable:
            self._rest(connection, key)
        else:
            connection.close()
        return answer

    # Dialling

    async def _dialled(self, target: _Target, way: _Way, *, tls: EndpointTls | None) -> Connection:
        context = await self._contexts.of(tls) if target.has_tls else None
        began = self._loop.time()
        addresses = await self._addresses(target)
        resolved = self._loop.time()
        way.dns_seconds = resolved - began
        found = await self._start(target, addresses)
        connected = self._loop.time()
        way.connect_seconds = connected - resolved
        try:
            self._judge_peer(found, target)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._loop, self._deadlines),
                sock=found,
                ssl=context,
                server_hostname=target.host.rstrip(".") if target.has_tls else None,
            )
        except BaseException:
            found.close()
            raise
        if target.has_tls:
            way.tls_seconds = self._loop.time() - connected
        if self._policy.is_exempt(connection.peer):
            self._note_exempt()
        return connection

    def _judge_peer(self, connected: socket.socket, target: _Target) -> None:
        """A network may lead a good address elsewhere: nothing is written, TLS included, before this is known."""
        if not self._admits(str(connected.getpeername()[0]), target):
            raise AddressBlocked("The connection leads to an address that is refused")

    async def _addresses(self, target: _Target) -> list[str]:
        """One bad address refuses the whole name: the order of the answers is the attacker's to choose."""
        if _is_literal(target.host):
            addresses = [target.host]
        else:
            addresses = await self._resolver.addresses(target.host, target.port)
        if not all(self._admits(address, target) for address in addresses):
            raise AddressBlocked("One of the addresses of the name is refused")
        return addresses

    async def _start(self, target: _Target, addresses: list[str]) -> socket.socket:
        def open_judged(info: Any) -> socket.socket:  # Any: the tuple of getaddrinfo
            family, kind, protocol, _name, address = info
            if not self._admits(str(address[0]), target):
                raise AddressBlocked("The address is refused")
            opened = self._open_socket(family, kind, protocol)
            opened.setblocking(False)  # noqa: FBT003  (the socket module's own signature)
            return opened

        infos = [_address_info(address, target.port) for address in addresses]
        return await start_connection(
            infos,
            happy_eyeballs_delay=SECOND_ADDRESS_AFTER_SECONDS,
            interleave=1,
            loop=self._loop,
            socket_factory=open_judged,
        )

    def _admits(self, address: str, target: _Target) -> bool:
        return self._policy.admits(address, is_plain_http=not target.has_tls)

    # Connections at rest

    def _rested(self, key: _Key) -> Connection | None:
        resting = self._resting.get(key)
        while resting:
            connection = resting.pop()  # the last one used: the others may fall asleep
            if connection.is_reusable and not self._is_stale(connection):
                return connection
            connection.close()
        return None

    def _rest(self, connection: Connection, key: _Key) -> None:
        connection.rests_since = self._loop.time()
        self._resting.setdefault(key, []).append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep_resting)

    def _sweep_resting(self) -> None:
        self._sweep = None
        for key, resting in list(self._resting.items()):
            stale = [one for one in resting if self._is_stale(one) or not one.is_reusable]
            for connection in stale:
                resting.remove(connection)
                connection.close()
            if not resting:
                del self._resting[key]
        if self._resting:
            self._sweep = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep_resting)

    def _is_stale(self, connection: Connection) -> bool:
        now = self._loop.time()
        return now - connection.rests_since > KEEP_ALIVE_SECONDS or now - connection.opened > CONNECTION_LIFE_SECONDS


class _Targets:
    """What an address means to the dialler; the parser that judges its form is the one that names the host."""

    def __init__(self, rules: EndpointRules) -> None:
        self._rules = rules

    def of(self, url: str) -> _Target:
        """Raises EndpointRefused."""
        parsed = self._rules.checked(url)
        head = (
            f"POST {parsed.raw_path_qs} HTTP/1.1\r\nhost: {parsed.host_port_subcomponent}\r\n"
            "accept: */*\r\naccept-encoding: identity\r\n"
        )
        return _Target(
            host=parsed.raw_host or "",
            port=parsed.port or 0,
            has_tls=parsed.scheme == "https",
            head=head.encode("ascii"),
        )


def _request(target: _Target, request: OutgoingWebhook) -> bytes:
    fields = _usual_fields(request.usual) + _fields(request.headers)
    head = target.head if request.method == "POST" else request.method.encode() + target.head.removeprefix(b"POST")
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (head, fields, len(request.body), request.body)


@lru_cache(TARGETS_KEPT)
def _usual_fields(usual: tuple[tuple[str, str], ...]) -> bytes:
    return _fields(dict(usual))


def _fields(headers: Mapping[str, str]) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\r") != len(headers) or lines.count("\n") != len(headers) or "\0" in lines:
        raise EndpointRefused("A header field is one line")
    return lines.encode("latin-1")


def _answer(read: AnswerReader, *, peer: str | None, phases: Phases) -> Answer:
    fields = read.fields
    if not fields and not read.body:
        return _plain_answer(read.status, peer, phases)
    control = fields.get(b"webhook-delivery", "").strip().lower()
    return Answer(
        status=read.status,
        body=read.body,
        is_clipped=read.is_clipped,
        location=fields.get(b"location"),
        retry_after_seconds=retry_after_seconds(fields.get(b"retry-after"), now=datetime.now(UTC)),
        control=control if control in ("disable", "abort-message") else None,
        consent={name.decode(): value for name, value in fields.items() if name.startswith(b"webhook-allowed-")},
        peer=peer,
        phases=phases,
    )


@lru_cache(ANSWERS_KEPT)
def _plain_answer(status: int, peer: str | None, phases: Phases) -> Answer:
    """Most answers are like the one before; the values are frozen, so they may be the same."""
    return Answer(status=status, peer=peer, phases=phases)


@lru_cache(ANSWERS_KEPT)
def _kept_phases(first_byte_ms: int | None, tls_version: str | None, certificate_until: str | None) -> Phases:
    """Of an exchange over a kept connection: no name was looked up and nothing was dialled."""
    return Phases(
        first_byte_ms=first_byte_ms, is_kept=True, tls_version=tls_version, certificate_until=certificate_until
    )


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _outcome(error: BaseException) -> Outcome:
    match error:
        case CertificatesUnfit():
            return Outcome.TLS_ERROR
        case AddressBlocked() | EndpointRefused():
            return Outcome.BLOCKED_ADDRESS
        case NamesUnresolved():
            return Outcome.DNS_ERROR
        case TimeoutError():
            return Outcome.TIMEOUT
        case ssl.SSLError():
            return Outcome.TLS_ERROR
        case ConnectionEnded():
            return Outcome.PROTOCOL_ERROR
        case OSError():
            return Outcome.CONNECT_ERROR
        case _:
            return Outcome.PROTOCOL_ERROR


def _address_info(address: str, port: int) -> tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
