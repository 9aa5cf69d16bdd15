"""Putting the notifier together and serving it."""

import asyncio
import logging
import os
import random
import secrets
import signal
import sys
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Literal

import aiohttp
import httpx
import uvicorn
from fastapi import FastAPI

from treaty_notifier.api import Desk, Health, create_app
from treaty_notifier.api.desk import Post
from treaty_notifier.api.operations import own_version
from treaty_notifier.consent import SenderName
from treaty_notifier.deliveries import Answer, Failure
from treaty_notifier.directory import StatusDirectory
from treaty_notifier.ed25519 import SEED_BYTES, public_bytes
from treaty_notifier.endpoint_tls import EndpointTls
from treaty_notifier.feed import HttpFeed
from treaty_notifier.logs import start_logging
from treaty_notifier.loops import (
    Clerk,
    ClockWatch,
    Dispatcher,
    Follower,
    GroupRefresher,
    Herald,
    Janitor,
    LagWatch,
    Limits,
    Reaper,
    Scribe,
    Supervised,
    Threads,
    is_worth_a_process,
)
from treaty_notifier.metrics import Metrics
from treaty_notifier.open_files import allow_connections
from treaty_notifier.outbox import Outbox, SigningKey, SqlOutbox
from treaty_notifier.quota import Quota
from treaty_notifier.schedule import Schedule
from treaty_notifier.sealed_box import RingBox
from treaty_notifier.sender import (
    EndpointRules,
    GuardedTransport,
    NarrowTransport,
    OutgoingWebhook,
    ThreadResolver,
    TranslationWatch,
    Transport,
)
from treaty_notifier.settings import Settings
from treaty_notifier.steady_clock import SteadyClock
from treaty_notifier.webhook_signature import SECRET_BYTES

LOG = logging.getLogger(__name__)
EXAM_REST_SECONDS = 10.0  # between two exams of one host by one owner, so that nobody is made a target of them
STOP_SECONDS = 1  # what open requests get after a signal
SWITCH_SECONDS = 0.0005  # how long the loop may keep the interpreter while a commit waits for it
STATUS_CONNECTIONS = 20
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_TRANSPORTS: Mapping[str, type[NarrowTransport] | type[GuardedTransport]] = {
    "narrow": NarrowTransport,
    "aiohttp": GuardedTransport,
}


def now() -> datetime:
    """The instant, in UTC."""
    return datetime.now(UTC)


def application(settings: Settings, *, clock: Callable[[], datetime] = now) -> FastAPI:
    """The whole service: its loops live as long as the application does. ``clock`` is this machine's wall clock."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[Mapping[str, Desk]]:
        async with AsyncExitStack() as stack:
            yield {"desk": await _open(settings, stack, clock=clock)}

    return create_app(lifespan)


async def _open(settings: Settings, stack: AsyncExitStack, *, clock: Callable[[], datetime]) -> Desk:
    """Everything that is opened here is closed in the opposite order."""
    metrics, threads = Metrics(), Threads()
    stack.callback(threads.close)
    steady = SteadyClock(clock, monotonic_seconds=_elapsed_seconds)
    outbox = await threads.call(open_outbox, settings, clock=steady)
    stack.callback(outbox.close)
    client = await stack.enter_async_context(_status_client(settings))
    policy = settings.policy
    _say_what_is_dialled(settings)
    metrics.allowed_networks.set(len(policy.allowed))
    resolver = TranslationWatch(
        ThreadResolver(), known=policy.nat64, note=lambda _prefix: metrics.nat64_unconfigured.set(1)
    )
    transport = _TRANSPORTS[settings.transport](policy, resolver=resolver, note_exempt=metrics.exempt_connections.inc)
    stack.push_async_callback(transport.close)
    limits = Limits(
        deadline_seconds=settings.deadline_seconds,
        lease_seconds=settings.lane_lease_seconds,
        answer_bytes=settings.answer_bytes,
    )
    books = Threads(count=1, name="books")
    stack.callback(books.close)
    owner = secrets.token_hex(8)
    clerk = Clerk(outbox, owner=owner, limits=limits, threads=books, metrics=metrics)
    scribe = Scribe() if settings.sign_beside or (settings.sign_beside is None and is_worth_a_process()) else None
    if scribe is not None:
        stack.push_async_callback(scribe.close)
    sender = SenderName(origin=settings.origin, source=settings.cloudevents_source)
    dispatcher = Dispatcher(
        clerk,
        transport,
        user_agent=f"treaty-notifier/{own_version()}",
        sender=sender,
        schedule=Schedule(delays_seconds=settings.delays_seconds),
        limits=limits,
        metrics=metrics,
        clock=clock,
        jitter=lambda: random.uniform(-1, 1),  # noqa: S311  (spreads retries, keeps no secret)
        helper=scribe,
    )
    session = await stack.enter_async_context(_feed_session())
    feed = HttpFeed(session, status_url=settings.status_url)
    directory = StatusDirectory(client, monotonic_seconds=time.monotonic)
    follower = Follower(
        feed, clerk, progress=lambda: threads.call(outbox.progress), metrics=metrics, jitter=random.random
    )
    refresher = GroupRefresher(directory, outbox, threads=threads)
    herald = Herald(clerk, outbox, threads=threads, metrics=metrics)
    watch = ClockWatch(
        clerk, outbox, clock=steady, wall=clock, threads=threads, metrics=metrics, herald=herald, notifier=owner
    )
    lag = LagWatch(
        clerk,
        outbox,
        after_seconds=settings.lag_notice_seconds,
        seconds=_elapsed_seconds,
        threads=threads,
        metrics=metrics,
    )
    stack.push_async_callback(dispatcher.finish)
    loops = [
        Supervised("feed", follower.run, metrics=metrics),
        Supervised("lanes", dispatcher.run, metrics=metrics),
        Supervised("leases", Reaper(clerk, outbox, threads=threads).run, metrics=metrics),
        Supervised("notices", herald.run, metrics=metrics),
        Supervised(
            "retention",
            Janitor(clerk, outbox, threads=threads, clock=clock, kept=timedelta(days=settings.answers_kept_days)).run,
            metrics=metrics,
        ),
        Supervised("groups", refresher.run, metrics=metrics),
        Supervised("clocks", watch.run, metrics=metrics),
        Supervised("lag", lag.run, metrics=metrics),
    ]
    stack.push_async_callback(_stop, [asyncio.create_task(loop.run(), name=loop.name) for loop in loops])
    return Desk(
        outbox=outbox,
        call=threads.call,
        keys=directory,
        groups=directory,
        names=directory,
        feed=feed,
        rules=EndpointRules(policy),
        resolver=resolver,
        metrics=metrics,
        clock=clock,
        new_id=lambda: secrets.token_hex(16),
        new_secret=lambda: secrets.token_bytes(SECRET_BYTES),
        new_key=new_key,
        post=_post(transport, deadline_seconds=settings.deadline_seconds),
        sender=sender,
        monotonic_seconds=time.monotonic,
        exams=Quota(limit=1, window_seconds=EXAM_REST_SECONDS, seconds=time.monotonic),
        tests=Quota(limit=settings.tests_per_minute, window_seconds=60, seconds=time.monotonic),
        trees=OrderedDict(),
        wake=clerk.wake,
        health=lambda: _health(loops, follower, clerk, watch),
        subscriptions_per_owner=settings.subscriptions_per_owner,
        new_hosts_per_hour=settings.new_hosts_per_hour,
        asks_every_endpoint=settings.consent == "every",
    )


def _say_what_is_dialled(settings: Settings) -> None:
    if settings.allow_networks:
        LOG.warning(
            "Endpoints inside these networks are allowed", extra={"facts": {"networks": settings.allow_networks}}
        )
    proxies = sorted(name for name in os.environ if name.lower() in _PROXY_VARIABLES and os.environ[name])
    if proxies:
        LOG.warning(
            "A proxy is set in the environment; endpoints are dialled without it, because behind a proxy nobody could "
            "judge the address. Where all traffic must pass one, route it there",
            extra={"facts": {"variables": proxies}},
        )


def open_outbox(settings: Settings, *, clock: Callable[[], datetime] = now) -> Outbox:
    """SQLite's file is served by one process at a time, others stand by; PostgreSQL by as many as like to."""
    box = RingBox(settings.ring, new_nonce=secrets.token_bytes)
    if not settings.ring:
        LOG.warning("Secrets rest in the database as they are; set TREATY_NOTIFIER_KEYRING to have them sealed")
    outbox = SqlOutbox(
        settings.database,
        new_key=secrets.token_bytes(32),
        clock=clock,
        patience=timedelta(hours=settings.disable_after_hours),
        box=box,
    )
    try:
        resealed = outbox.reseal(box.renewed)
    except BaseException:
        outbox.close()
        raise
    if resealed:
        LOG.info("Secrets were sealed under the current key of the ring", extra={"facts": {"rows": resealed}})
    outbox.dossiers.complete(new_key)
    return outbox


def new_key() -> SigningKey:
    seed = secrets.token_bytes(SEED_BYTES)
    return SigningKey(seed=seed, public=public_bytes(seed))


def _post(transport: Transport, *, deadline_seconds: float) -> Post:
    usual = {"user-agent": f"treaty-notifier/{own_version()}"}

    async def post(
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        method: Literal["POST", "OPTIONS"] = "POST",
        tls: EndpointTls | None = None,
    ) -> Answer | Failure:
        request = OutgoingWebhook(url=url, headers={**usual, **headers}, body=body, method=method, tls=tls)
        return await transport.send(request, deadline_seconds=deadline_seconds)

    return post


def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM."""
    start_logging(settings.log_level)
    allow_connections()
    config = uvicorn.Config(
        application(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
    # The server answers these signals itself and then raises them once more, which would make an orderly end look
    # like a death: whoever asked for the end gets exit code 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_ended)
    sys.setswitchinterval(SWITCH_SECONDS)
    uvicorn.Server(config).run()


def _already_ended(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to be ended."""


def _status_client(settings: Settings) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=settings.status_url,
        trust_env=False,
        headers={"user-agent": f"treaty-notifier/{own_version()}"},
        limits=httpx.Limits(max_connections=STATUS_CONNECTIONS),
    )


def _feed_session() -> aiohttp.ClientSession:
    headers = {"user-agent": f"treaty-notifier/{own_version()}", "accept-encoding": "identity"}
    return aiohttp.ClientSession(headers=headers, trust_env=False, cookie_jar=aiohttp.DummyCookieJar())


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _health(loops: list[Supervised], follower: Follower, clerk: Clerk, watch: ClockWatch) -> Health:
    faults = {loop.name: loop.fault for loop in loops if loop.fault}
    if not follower.is_reachable:
        faults.setdefault("feed", "the status service does not answer")
    if watch.fault is not None:
        faults["clock"] = watch.fault
    role = "serving" if clerk.entered.is_set() else "standing by"
    facts: dict[str, object] = {"role": role, "feed_head": follower.head, "feed_position": follower.position}
    if watch.skew_seconds:
        facts["clock_skew_seconds"] = round(watch.skew_seconds, 3)
    if watch.set_by_seconds:
        facts["clock_set_by_seconds"] = round(watch.set_by_seconds, 3)
    return Health(faults=faults, facts=facts)


def _elapsed_seconds() -> float:
    """A clock that nobody sets and that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
