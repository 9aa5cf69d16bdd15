"""A delivery's life, one message to one subscription: pending, then delivered, retrying or dead. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import assert_never

from treaty_notifier.schedule import RETRY_AFTER_CAP_SECONDS, Schedule

ANSWER_LIMIT_BYTES = 16_384
_ASKS_TO_WAIT = frozenset({429, 503})
_GONE = 410


class DeliveryState(StrEnum):
    PENDING = "pending"  # in the log, no attempt yet
    DELIVERED = "delivered"
    RETRYING = "retrying"
    DEAD = "dead"  # given up; visible, and can be asked for again


class Outcome(StrEnum):
    """The class of an attempt's end. Subscribers see classes and never our network's own words."""

    OK = "ok"
    REDIRECT = "redirect"
    GONE = "gone"
    HTTP_ERROR = "http_error"
    TIMEOUT = "timeout"
    DNS_ERROR = "dns_error"
    BLOCKED_ADDRESS = "blocked_address"
    TLS_ERROR = "tls_error"
    CONNECT_ERROR = "connect_error"
    PROTOCOL_ERROR = "protocol_error"


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Where an attempt's time went, in milliseconds; None where it did not come so far or the connection was kept.

    ``first_byte_ms`` runs from the request's last byte to the answer's first. ``certificate_until`` is the day on which
    the endpoint's certificate ends.
    """

    dns_ms: int | None = None
    connect_ms: int | None = None
    tls_ms: int | None = None
    first_byte_ms: int | None = None
    is_kept: bool = False
    tls_version: str | None = None
    certificate_until: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an endpoint answered. ``body`` holds the first 16 KiB; ``control`` is its ``webhook-delivery`` header.

    ``consent`` holds its ``webhook-allowed-…`` fields.
    """

    status: int
    body: bytes = b""
    is_clipped: bool = False
    location: str | None = None
    retry_after_seconds: float | None = None
    control: str | None = None
    consent: Mapping[str, str] = field(default_factory=dict, compare=False)
    peer: str | None = None
    phases: Phases | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """No answer came. ``peer`` is the address that was connected to, if it came that far."""

    outcome: Outcome
    peer: str | None = None
    phases: Phases | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Delivered:
    """A 2xx answer came within the deadline."""


@dataclass(frozen=True, kw_only=True)
class RetryIn:
    """Ask again after ``delay_seconds``; ``pause_seconds`` above 0 holds back everything for this endpoint."""

    delay_seconds: float
    pause_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Dead:
    """Given up. ``disables`` is true when the endpoint asked to be left alone, ``is_exhausted`` when nothing of the
    schedule is left.
    """

    reason: str
    disables: bool = False
    is_exhausted: bool = False


Decision = Delivered | RetryIn | Dead


def outcome_of(result: Answer | Failure) -> Outcome:
    match result:
        case Failure():
            return result.outcome
        case Answer(status=status) if 200 <= status < 300:
            return Outcome.OK
        case Answer(status=status) if 300 <= status < 400:
            return Outcome.REDIRECT
        case Answer(status=410):
            return Outcome.GONE
        case Answer():
            return Outcome.HTTP_ERROR
        case _:
            assert_never(result)


def after_attempt(result: Answer | Failure, *, failures_before: int, schedule: Schedule, jitter: float) -> Decision:
    """What follows from one attempt.

    Only 2xx is success: a redirect is a failure, 410 and ``webhook-delivery: disable`` disable the subscription,
    ``Retry-After`` on 429 and 503 holds back the whole endpoint for at most a day. ``jitter`` lies between -1 and 1.
    """
    if isinstance(result, Answer):
        if result.control == "disable":
            return Dead(reason="the endpoint answered webhook-delivery: disable", disables=True)
        if 200 <= result.status < 300:
            return Delivered()
        if result.status == _GONE:
            return Dead(reason="the endpoint answered 410 Gone", disables=True)
        if result.control == "abort-message":
            return Dead(reason="the endpoint answered webhook-delivery: abort-message")
    failures = failures_before + 1
    delay = schedule.delay_seconds(failures=failures, jitter=jitter)
    pause = _pause_seconds(result)
    if delay is None:
        return Dead(reason=f"all {schedule.attempts} attempts failed", is_exhausted=True)
    return RetryIn(delay_seconds=max(delay, pause), pause_seconds=pause)


def delivery_state(outcomes: Sequence[Outcome], *, owed: DeliveryState | None) -> DeliveryState:
    """Derived, never stored: what is still owed (retrying, dead) decides, else whether any attempt went well."""
    if owed is DeliveryState.DEAD:
        return DeliveryState.DEAD
    if owed is not None:
        return DeliveryState.RETRYING if outcomes else DeliveryState.PENDING
    return DeliveryState.DELIVERED if Outcome.OK in outcomes else DeliveryState.PENDING


def retry_after_seconds(text: str | None, *, now: datetime) -> float | None:
    """``Retry-After`` as seconds from ``now``; None when absent or unreadable. Source: RFC 9110, 10.2.3."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), RETRY_AFTER_CAP_SECONDS)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), RETRY_AFTER_CAP_SECONDS)


def _pause_seconds(result: Answer | Failure) -> float:
    if isinstance(result, Answer) and result.status in _ASKS_TO_WAIT and result.retry_after_seconds:
        return min(result.retry_after_seconds, RETRY_AFTER_CAP_SECONDS)
    return 0.0
