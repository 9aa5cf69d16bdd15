"""The guarded transport: aiohttp, with every address judged at the moment it is dialled.

The socket factory sees the literal address that is about to be dialled, for names and for literals alike, so what was
judged is what is dialled and a name that changes its mind in between gains nothing. The peer of the connection is
judged once more before anything is written to it. HTTP/1.1, no redirects, no cookies, no proxy from the environment.
"""

import asyncio
import contextvars
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from treaty_notifier.deliveries import ANSWER_LIMIT_BYTES, Answer, Failure, Outcome, retry_after_seconds
from treaty_notifier.errors import EndpointRefused
from treaty_notifier.sender.addresses import AddressBlocked, AddressPolicy
from treaty_notifier.sender.endpoints import EndpointRules
from treaty_notifier.sender.port import OpenSocket, OutgoingWebhook
from treaty_notifier.sender.resolver import NamesUnresolved, Resolver

KEEP_ALIVE_SECONDS = 15.0
URLS_KEPT = 10_000  # whose form was found good; addresses are judged at every dial all the same
HEADER_VALUE_LIMIT = 2000  # of an answer's header that is kept, such as Location


@dataclass
class _Dial:
    """What happened on the way to one answer; found by the callbacks of aiohttp through a context variable."""

    is_blocked: bool = False
    has_opened: bool = False
    is_reused: bool = False
    peer: str | None = None


_dial: contextvars.ContextVar[_Dial] = contextvars.ContextVar("dial")


class GuardedTransport:
    """Implements ``Transport``. Make it inside a running event loop.

    ``open_socket`` makes the socket for a judged address; tests pass one that records the dial and refuses it.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        resolver: Resolver,
        open_socket: OpenSocket = socket.socket,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._checked = lru_cache(URLS_KEPT)(EndpointRules(policy).checked)
        # Two connectors, because only the scheme decides whether a public address may be dialled.
        self._sessions = {
            scheme: _session(
                _GuardedConnector(
                    policy, is_plain_http=scheme == "http", resolver=resolver, open_socket=open_socket, tls=tls
                )
            )
            for scheme in ("http", "https")
        }

    async def send(self, request: OutgoingWebhook, *, deadline_seconds: float) -> Answer | Failure:
        dial = _Dial()
        token = _dial.set(dial)
        try:
            async with asyncio.timeout(deadline_seconds):
                return await self._send_once_or_twice(request, dial)
        except Exception as error:  # noqa: BLE001  (whatever a stranger provokes is his failure, not ours)
            return Failure(outcome=_outcome(error, dial), peer=dial.peer)
        finally:
            _dial.reset(token)

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    async def _send_once_or_twice(self, request: OutgoingWebhook, dial: _Dial) -> Answer:
        try:
            return await self._send(request, dial)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
            if not dial.is_reused:
                raise
        # The endpoint had closed a kept-alive connection and no byte of an answer came: once more on a new one.
        dial.is_reused = False
        return await self._send(request, dial)

    async def _send(self, request: OutgoingWebhook, dial: _Dial) -> Answer:
        url = self._checked(request.url)
        headers = {"accept-encoding": "identity", **request.headers}
        async with self._sessions[url.scheme].request(
            request.method, url, data=request.body, headers=headers, allow_redirects=False
        ) as response:
            dial.is_reused = False  # an answer has begun: whatever breaks now is not repeated
            body, is_clipped = await _clipped(response)
            return Answer(
                status=response.status,
                body=body,
                is_clipped=is_clipped,
                location=_header(response, "location"),
                retry_after_seconds=retry_after_seconds(_header(response, "retry-after"), now=datetime.now(UTC)),
                control=_control(response),
                consent=_consent(response),
                peer=dial.peer,
            )


class _GuardedConnector(aiohttp.TCPConnector):
    def __init__(
        self,
        policy: AddressPolicy,
        *,
        is_plain_http: bool,
        resolver: Resolver,
        open_socket: OpenSocket,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._policy = policy
        self._is_plain_http = is_plain_http
        self._open_socket = open_socket
        super().__init__(
            resolver=_JudgingResolver(resolver, self._admits),
            socket_factory=self._open_judged,
            ssl=tls or True,
            limit=0,
            use_dns_cache=False,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # Any: aiohttp's own request and connection
        connection = await super().connect(req, traces, timeout)
        peer = connection.transport.get_extra_info("peername") if connection.transport else None
        address = str(peer[0]) if peer else ""
        if not self._admits(address):
            connection.close()
            _note_blocked()
            raise AddressBlocked("The connection leads to an address that is refused")
        dial = _dial.get()
        dial.peer = address
        dial.is_reused, dial.has_opened = not dial.has_opened, False
        return connection

    def _admits(self, address: str) -> bool:
        return self._policy.admits(address, is_plain_http=self._is_plain_http)

    def _open_judged(self, info: Any) -> socket.socket:  # Any: the tuple of getaddrinfo
        family, kind, protocol, _name, address = info
        if not self._admits(str(address[0])):
            _note_blocked()
            raise AddressBlocked("The address is refused")
        _dial.get().has_opened = True
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
        if not all(self._admits(address) for address in addresses):
            _note_blocked()
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


def _note_blocked() -> None:
    dial = _dial.get(None)
    if dial is not None:
        dial.is_blocked = True


def _outcome(error: BaseException, dial: _Dial) -> Outcome:
    if dial.is_blocked or isinstance(error, EndpointRefused):
        return Outcome.BLOCKED_ADDRESS
    match error:
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
