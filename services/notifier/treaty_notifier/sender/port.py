"""What the dispatcher asks of whoever carries the bytes."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.endpoint_tls import EndpointTls

OpenSocket = Callable[[int, int, int], socket.socket]


@dataclass(frozen=True, kw_only=True)
class OutgoingWebhook:
    """One POST: the endpoint, the signed headers and the exact bytes that were signed.

    ``usual`` are further fields, which most requests to this endpoint have in common. ``tls`` is what the subscriber
    brought for its endpoint; a connection is shared only by requests that agree in it. OPTIONS only asks for consent.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: Literal["POST", "OPTIONS"] = "POST"
    tls: EndpointTls | None = None
    usual: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Transport(Protocol):
    """Sends and never raises for anything the network or the endpoint does."""

    async def send(self, request: OutgoingWebhook, *, deadline_seconds: float) -> Answer | Failure:
        """One POST within one total deadline, from resolving the name to the last byte that is kept of the answer."""

    async def close(self) -> None: ...
