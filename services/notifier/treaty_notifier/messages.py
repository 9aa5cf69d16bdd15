"""An event of the feed as a message: what is matched, what is hashed into its id, and the bytes that are signed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

BODY_LIMIT_BYTES = 20_000 - 250  # Standard Webhooks recommends to stay below 20 kB; the rest is for the numbers
MILESTONE = "milestone"
HISTORIC = "historic_"
"""How the category of an event begins that an import of history brought in."""
TEST_TYPE = "webhook.test"
OUTSIDE: Mapping[str, object] = {"sequence": None, "previous_id": None, "watermark": None}
"""What a message says that is no part of its subscription's numbered feed."""


@dataclass(frozen=True, kw_only=True)
class FeedEvent:
    """One event as the status service's feed tells it. ``position`` is its place in the whole log."""

    position: int
    event_id: str
    type: str
    category: str
    treaty: str | None
    livemode: bool
    recorded_at: datetime
    data: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message before it has its place in the message log.

    ``identity`` is what makes it the same message after the log is rebuilt; ``audience`` names the one subscription
    a test event is for, None means everybody whose filter wants it.
    """

    identity: str
    position: int
    type: str
    category: str
    treaty: str | None
    livemode: bool
    participants: frozenset[str]
    recorded_at: datetime
    body: bytes
    audience: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a filter looks at: a line of the message log without its bytes. ``seq`` is dense, 1, 2, 3 …"""

    seq: int
    position: int
    type: str
    category: str
    treaty: str | None
    livemode: bool
    participants: frozenset[str]
    recorded_at: datetime
    identity: str
    audience: str | None


def draft(event: FeedEvent) -> Draft:
    """The message that carries ``event``; the same event always gives the same bytes."""
    return Draft(
        identity=identity(event),
        position=event.position,
        type=event.type,
        category=event.category,
        treaty=event.treaty,
        livemode=event.livemode,
        participants=participants(event.data),
        recorded_at=event.recorded_at,
        body=body(event),
    )


def probe_draft(*, subscription_id: str, test_id: str, at: datetime) -> Draft:
    """A message that says only that the path from here to there works."""
    content = {"subscription": subscription_id, "event_id": test_id, "livemode": False}
    return Draft(
        identity=test_id,
        position=0,
        type=TEST_TYPE,
        category="meta",
        treaty=None,
        livemode=False,
        participants=frozenset(),
        recorded_at=at,
        body=_compact({"type": TEST_TYPE, "timestamp": instant_text(at), "data": content, **OUTSIDE}),
        audience=subscription_id,
    )


def identity(event: FeedEvent) -> str:
    """A milestone is itself by its id and revision, so that a rebuilt log sends no second id; others by event id."""
    milestone_id, revision = event.data.get("milestone_id"), event.data.get("revision")
    is_milestone = event.category.removeprefix(HISTORIC) == MILESTONE
    if is_milestone and isinstance(milestone_id, str) and isinstance(revision, int):
        return f"{milestone_id}:{revision}"
    return event.event_id


def participants(data: Mapping[str, object]) -> frozenset[str]:
    """Everyone the event names: the participant of a fact, and all to whom a milestone is attributed."""
    named = [data.get("participant")]
    attributed = data.get("attributed_to")
    if isinstance(attributed, list):
        named += [one.get("participant") for one in attributed if isinstance(one, dict)]
    return frozenset(name for name in named if isinstance(name, str))


def body(event: FeedEvent) -> bytes:
    """The message's own bytes: ``type``, ``timestamp`` (when the event was recorded) and ``data``, below 20 kB.

    Its number in a subscription's feed is put to them when it is taken up (``numbering.numbered``).

    A long attribution is clipped and ``attributed_to_total`` says how many there are; data that is too long for
    another reason is left out, ``clipped`` is true and the receiver reads the event by its position in the feed.
    """
    extra = {"event_id": event.event_id, "position": event.position, "livemode": event.livemode}
    whole = _body(event, {**event.data, **extra})
    if len(whole) < BODY_LIMIT_BYTES:
        return whole
    attributed = event.data.get("attributed_to")
    if isinstance(attributed, list):
        for kept in (100, 30, 10, 3):
            clipped = {"attributed_to": attributed[:kept], "attributed_to_total": len(attributed)}
            shorter = _body(event, {**event.data, **clipped, **extra})
            if len(shorter) < BODY_LIMIT_BYTES:
                return shorter
    return _body(event, {"treaty": event.treaty, "clipped": True, **extra})


def webhook_id(*, instance_key: bytes, subscription_id: str, identity: str, generation: int = 0) -> str:
    """One id for one message to one subscription, the same after every crash, rebuild and restore.

    ``generation`` above 0 is a wanted second copy under a new id.
    """
    hashed = _id_begun(instance_key, subscription_id).copy()
    hashed.update(f"\n{copied_identity(identity, generation=generation) if generation else identity}".encode())
    return "msg_" + _base32(hashed.digest())


def copied_identity(identity: str, *, generation: int) -> str:
    """The identity of a wanted second copy: its webhook id is that of the same ``generation``."""
    return f"{identity}\n{generation}"


def instant_text(at: datetime) -> str:
    """An aware instant as UTC with microseconds and ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def drafts(events: Iterable[FeedEvent]) -> list[Draft]:
    return [draft(event) for event in events]


_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_SHIFTS = range(250, -1, -10)


def _base32(digest: bytes) -> str:
    """RFC 4648 base32 of 32 bytes, in small letters and without padding, in half the time of the library's."""
    bits = int.from_bytes(digest) << 4  # 260 bits are 52 letters
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


@lru_cache(10_000)
def _id_begun(instance_key: bytes, subscription_id: str) -> "hashlib._Hash":
    """What all ids of one subscription begin with, hashed once. Copy it; it is never updated."""
    return hashlib.sha256(f"{instance_key.hex()}\n{subscription_id}".encode())


def _body(event: FeedEvent, data: Mapping[str, object]) -> bytes:
    return _compact({"type": event.type, "timestamp": instant_text(event.recorded_at), "data": data})


def _compact(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
