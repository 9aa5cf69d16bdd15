"""The guarded transport: aiohttp, with every address judged at the moment it is dialled.

The socket factory sees the literal address that is about to be dialled, for names and for literals alike, so what was
judged is what is dialled and a name that changes its mind in between gains nothing. The peer of the connection is
judged once more before anything is written to it; a kept connection stays with the peer it was judged by, for fifteen
idle seconds and five minutes in all. HTTP/1.1, no redirects, no cookies, no proxy from the environment.
"""

import asyncio
import contextvars
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES, Answer, Failure, Outcome, retry_after_seconds
from treaty_notifier.errors import EndpointRefused
from treaty_notifier.sender.addresses import AddressBlocked, AddressPolicy
from treaty_notifier.sender.answer_reader import LOWEST_STATUS
from treaty_notifier.sender.endpoints import EndpointRules
from treaty_notifier.sender.handler import NotingHandler, Way
from treaty_notifier.sender.port import OpenSocket, OutgoingWebhook
from treaty_notifier.sender.resolver import NamesUnresolved, Resolver
from treaty_notifier.sender.tls_contexts import CertificatesUnfit, TlsContexts

KEEP_ALIVE_SECONDS = 15.0
CONNECTION_LIFE_SECONDS = 300.0  # a name that has moved is looked up again by then, however busy its lane is
READ_AHEAD_BYTES = 2_048  # a body in chunks of a byte is held in as many pieces, each a hundred times as large
URLS_KEPT = 10_000  # whose form was found good; addresses are judged at every dial all the same
HEADER_VALUE_LIMIT = 2000  # of an answer's header that is kept, such as Location

#: Found by the callbacks of aiohttp.
_way: contextvars.ContextVar[Way] = contextvars.ContextVar("way")


class GuardedTransport:
    """Implements ``Transport``. Make it inside a running event loop.

    ``open_socket`` makes the socket for a judged address; tests pass one that records the dial and refuses it.
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
        self._checked = lru_cache(URLS_KEPT)(EndpointRules(policy).checked)
        self._contexts = TlsContexts(tls)
        # Two connectors, because only the scheme decides whether a public address may be dialled.
        self._sessions = {
            scheme: _session(
                _GuardedConnector(
                    policy,
                    is_plain_http=scheme == "http",
                    resolver=resolver,
                    open_socket=open_socket,
                    note_exempt=note_exempt,
                )
            )
            for scheme in ("http", "https")
        }

    async def send(self, request: OutgoingWebhook, *, deadline_seconds: float) -> Answer | Failure:
        way = Way()
        token = _way.set(way)
        try:
            async with asyncio.timeout(deadline_seconds):
                return await self._send_once_or_twice(request, way)
        except Exception as error:  # noqa: BLE001  (whatever a stranger provokes is his failure, not ours)
            return Failure(outcome=_outcome(error, way), peer=way.peer, phases=way.phases())
        finally:
            _way.reset(token)

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    async def _send_once_or_twice(self, request: OutgoingWebhook, way: Way) -> Answer:
        try:
            return await self._send(request, way)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
            if not way.may_repeat:
                raise
        # The endpoint had closed a kept-alive connection and no byte of an answer came: once more on a new one.
        way.may_repeat, way.handler = False, None
        return await self._send(request, way)

    async def _send(self, request: OutgoingWebhook, way: Way) -> Answer:
        url = self._checked(request.url)
        headers = {"accept-encoding": "identity", **dict(request.usual), **request.headers}
        async with self._sessions[url.scheme].request(
            request.method,
            url,
            data=request.body,
            headers=headers,
            allow_redirects=False,
            ssl=await self._contexts.of(request.tls),
        ) as response:
            if response.status < LOWEST_STATUS:
                raise aiohttp.ClientPayloadError("The status is none of HTTP")
            way.may_repeat = False  # an answer has begun: whatever breaks now is not repeated
            if way.handler is None:
                raise TypeError("An answer on a connection that nobody noted")
            body, is_clipped = await _clipped(response)
            way.handler.is_asked = False
            return Answer(
                status=response.status,
                body=body,
                is_clipped=is_clipped,
                location=_header(response, "location"),
                retry_after_seconds=retry_after_seconds(_header(response, "retry-after"), now=datetime.now(UTC)),
                control=_control(response),
                consent=_consent(response),
                peer=way.peer,
                phases=way.phases(),
            )


class _GuardedConnector(aiohttp.TCPConnector):
    def __init__(
        self,
        policy: AddressPolicy,
        *,
        is_plain_http: bool,
        resolver: Resolver,
        open_socket: OpenSocket,
        note_exempt: Callable[[], None],
    ) -> None:
        self._policy = policy
        self._is_plain_http = is_plain_http
        self._open_socket = open_socket
        self._note_exempt = note_exempt
        super().__init__(
            resolver=_JudgingResolver(resolver, self._admits),
            socket_factory=self._open_judged,
            limit=0,
            use_dns_cache=False,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )
        # No public way leads to the moment between TCP and TLS, nor to what came first of an answer.
        made = partial(NotingHandler, loop=asyncio.get_running_loop())
        self._factory = made  # type: ignore[assignment]  # partial is invariant; what it makes is a ResponseHandler

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # Any: aiohttp's own request and connection
        way, loop = _way.get(), asyncio.get_running_loop()
        way.began_at, way.resolved_at = loop.time(), None
        while True:
            connection = await super().connect(req, traces, timeout)
            handler = connection.protocol
            if not isinstance(handler, NotingHandler):
                raise TypeError("A connection that nobody noted")
            if not handler.requests or not _is_stale(handler, now=loop.time()):
                break
            connection.close()  # too old, or something came on it that nobody asked for
        if not self._admits(handler.peer):
            handler.abort()  # without a farewell of TLS
            connection.close()
            way.is_blocked = True
            raise AddressBlocked("The connection leads to an address that is refused")
        way.handler, way.is_new, way.may_repeat = handler, not handler.requests, bool(handler.requests)
        if way.is_new and self._policy.is_exempt(handler.peer):
            self._note_exempt()
        handler.ask()
        way.sent_at = loop.time()
        return connection

    def _admits(self, address: str) -> bool:
        return self._policy.admits(address, is_plain_http=self._is_plain_http)

    def _open_judged(self, info: Any) -> socket.socket:  # Any: the tuple of getaddrinfo
        family, kind, protocol, _name, address = info
        way = _way.get()
        if not self._admits(str(address[0])):
            way.is_blocked = True
            raise AddressBlocked("The address is refused")
        way.resolved_at = way.resolved_at or asyncio.get_running_loop().time()  # a literal is not looked up
        opened = self._open_socket(family, kind, protocol)
        opened.setblocking(False)  # noqa: FBT003  (the socket module's own signature)
        return opened


class _JudgingResolver(AbstractResolver):
    """One bad address refuses the whole name: the order of the answers is the attacker's to choose."""

    def __init__(self, resolver: Resolver, admits: Callable[[str], bool]) -> None:
        self._resolver = resolver
        self._admits = admits

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  (both families are looked up and judged)
    ) -> list[ResolveResult]:
        addresses = await self._resolver.addresses(host, port)
        way = _way.get()
        way.resolved_at = asyncio.get_running_loop().time()
        if not all(self._admits(address) for address in addresses):
            way.is_blocked = True
            raise AddressBlocked("One of the addresses of the name is refused")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """The resolver belongs to whoever made it."""


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),  # one deadline, ours, around everything
        read_bufsize=READ_AHEAD_BYTES,
    )


async def _clipped(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """At most 16 KiB of the raw answer; when there is more the connection is closed instead of read."""
    kept = bytearray()
    while len(kept) <= ANSWER_LIMIT_BYTES:
        chunk = await response.content.read(ANSWER_LIMIT_BYTES + 1 - len(kept))
        if not chunk:
            return bytes(kept), False
        kept += chunk
    response.close()
    return bytes(kept[:ANSWER_LIMIT_BYTES]), True


def _header(response: aiohttp.ClientResponse, name: str) -> str | None:
    value = response.headers.get(name)
    if value is None:
        return None
    # Bytes that are no UTF-8 arrive as surrogates, which no database would store.
    return value[:HEADER_VALUE_LIMIT].encode("utf-8", "backslashreplace").decode()


def _control(response: aiohttp.ClientResponse) -> str | None:
    value = (response.headers.get("webhook-delivery") or "").strip().lower()
    return value if value in ("disable", "abort-message") else None


def _consent(response: aiohttp.ClientResponse) -> dict[str, str]:
    known = {name: _header(response, name) for name in ("webhook-allowed-origin", "webhook-allowed-rate")}
    return {name: value for name, value in known.items() if value is not None}


def _is_stale(handler: NotingHandler, *, now: float) -> bool:
    return handler.should_close or now - handler.connected_at > CONNECTION_LIFE_SECONDS


def _outcome(error: BaseException, way: Way) -> Outcome:
    if way.is_blocked or isinstance(error, EndpointRefused):
        return Outcome.BLOCKED_ADDRESS
    match error:
        case CertificatesUnfit():
            return Outcome.TLS_ERROR
        case TimeoutError():
            return Outcome.TIMEOUT
        case aiohttp.ClientConnectorDNSError() | NamesUnresolved():
            return Outcome.DNS_ERROR
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Outcome.TLS_ERROR
        case aiohttp.ClientOSError() | OSError():
            return Outcome.CONNECT_ERROR
        case _:
            return Outcome.PROTOCOL_ERROR
