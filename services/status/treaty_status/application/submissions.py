"""An order handed in, and the receipt for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from treaty_status.domain.arrivals import EndReplay, RecordArrivals
from treaty_status.domain.checks import Warned
from treaty_status.domain.decisions import Order
from treaty_status.domain.history import RecordHistory, Verdict
from treaty_status.domain.reassessment import Reassess
from treaty_status.domain.refusals import Refusal

AnyOrder = Order | RecordHistory | RecordArrivals | EndReplay | Reassess


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key chosen by the one who asks, made theirs alone, and the SHA-256 (hex) of what they ask under it."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is asked, by whom, and on which conditions.

    ``recorded_at`` is for replays only: the instant of the past at which it was recorded, as the record then says.
    """

    order: AnyOrder
    by: str
    idempotency: IdempotencyKey | None = None
    expected_version: int | None = None
    dry_run: bool = False
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was written: the fact's event id, the log position of the last event, the treaty's version after it.

    ``milestones`` are announcements in brief, ``held`` those that wait for a second person; ``replayed`` says that this
    answers an idempotency key seen before; ``recorded_as`` is ``act``, ``claim``, ``correction``, ``definition``,
    ``release``, ``history`` or ``nothing``; a history has a verdict for each of its acts, the ``versions`` of those
    recorded and ``doubts`` about them by their place, and the log ``positions`` of all its events, of which the last
    has the version told.
    """

    treaty: str
    event_id: str | None
    position: int | None
    version: int
    recorded_as: str
    milestones: tuple[dict[str, Any], ...] = ()
    held: tuple[dict[str, Any], ...] = ()
    warnings: tuple[dict[str, str], ...] = ()
    dry_run: bool = False
    replayed: bool = False
    outcome: dict[str, Any] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    versions: Mapping[int, int] = field(default_factory=dict)
    doubts: Mapping[int, tuple[Warned, ...]] = field(default_factory=dict)
    positions: tuple[int, ...] = ()


class StaleVersion(Refusal):
    """The treaty has moved on since the version that the condition names."""

    slug, title = "stale-version", "The treaty has changed since you read it."


class RecordedSince(Refusal):
    """Something was recorded later than the instant that a replay is at; what was known then can no longer change."""

    slug, title = "recorded-since", "The treaty's record has gone on since."


class KeyReused(Refusal):
    """The idempotency key was used for another request."""

    slug, title = "idempotency-key-reused", "This Idempotency-Key was used for another request."


class TooBusy(Refusal):
    """Others kept changing the treaty while we tried."""

    slug, title = "too-busy", "The treaty changed faster than the order could be decided."


class Unavailable(Refusal):
    """The log cannot be written."""

    slug, title = "log-unavailable", "The record cannot be written at the moment."
