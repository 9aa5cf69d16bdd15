"""Everything an endpoint may use, put together by whoever starts the service."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, ParamSpec, Protocol, TypeVar

from fastapi import Depends, Request

from treaty_notifier.consent import SenderName
from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.directory import Groups, Keys, Names
from treaty_notifier.endpoint_tls import EndpointTls
from treaty_notifier.feed import Feed
from treaty_notifier.merkle import Peaks
from treaty_notifier.metrics import Metrics
from treaty_notifier.outbox import Outbox, SigningKey
from treaty_notifier.quota import Quota
from treaty_notifier.sender import EndpointRules, Resolver

P = ParamSpec("P")
R = TypeVar("R")


class Call(Protocol):
    """Runs one synchronous call of the outbox away from the event loop."""

    async def __call__(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R: ...


class Post(Protocol):
    """One POST to an endpoint, through the same guards as every webhook, that nobody books."""

    async def __call__(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        method: Literal["POST", "OPTIONS"] = "POST",
        tls: EndpointTls | None = None,
    ) -> Answer | Failure: ...


@dataclass(frozen=True, kw_only=True)
class Health:
    """``faults`` is empty when the service can do its work; ``facts`` are shown beside it."""

    faults: Mapping[str, str]
    facts: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """``new_id``, ``new_secret`` and ``new_key`` are sources of randomness.

    ``exams`` counts for each owner and host, ``tests`` for each key. ``trees`` are what checkpoints were made of, to go
    on from. ``wake`` says that there may be something to send. ``asks_every_endpoint``:
    by OPTIONS, not only those of CloudEvents.
    """

    outbox: Outbox
    call: Call
    keys: Keys
    groups: Groups
    names: Names
    feed: Feed
    rules: EndpointRules
    resolver: Resolver
    metrics: Metrics
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    new_secret: Callable[[], bytes]
    new_key: Callable[[], SigningKey]
    post: Post
    sender: SenderName
    monotonic_seconds: Callable[[], float]
    exams: Quota
    tests: Quota
    trees: OrderedDict[str, Peaks]
    wake: Callable[[], None]
    health: Callable[[], Health]
    subscriptions_per_owner: int
    new_hosts_per_hour: int
    asks_every_endpoint: bool


def desk_of(request: Request) -> Desk:
    desk: Desk = request.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]
