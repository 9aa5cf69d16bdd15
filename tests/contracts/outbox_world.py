"""An outbox of each kind with a clock that tests set, and short words for what is done to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from treaty_notifier.deliveries import Decision, Delivered, Outcome
from treaty_notifier.messages import FeedEvent, drafts
from treaty_notifier.outbox import Claim, Dossier, MemoryOutbox, Outbox, Sent, Settlement, SqlOutbox, Start, Turn
from treaty_notifier.subscriptions import Filter, Subscription

NOON = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)
KEY = b"k" * 32
SECRET = b"s" * 32


@dataclass
class Clock:
    """Where the store has no clock of its own, this is it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    outbox: Outbox
    kind: str
    dsn: str
    clock: Clock
    others: list[Outbox] = field(default_factory=list)

    def another(self) -> Outbox:
        """The same store as a second process would open it."""
        if self.kind == "memory":
            return self.outbox
        opened = SqlOutbox(self.dsn, new_key=b"other" * 8, clock=self.clock)
        self.others.append(opened)
        return opened

    def later(self, seconds: float) -> None:
        """Let time pass: the given clock, or on PostgreSQL, whose clock nobody sets, move everything into the past."""
        self.clock.now += timedelta(seconds=seconds)
        if self.kind == "postgres":
            assert isinstance(self.outbox, SqlOutbox)
            with self.outbox._database.writing() as connection:
                for table, column in (
                    ("lanes", "lease_until"),
                    ("lanes", "due_at"),
                    ("lanes", "paused_until"),
                    ("exceptions", "next_at"),
                    ("secrets", "expires_at"),
                    ("introductions", "introduced_at"),
                ):
                    connection.execute(
                        text(f"UPDATE {table} SET {column} = {column} - make_interval(secs => :s)"), {"s": seconds}
                    )


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    clock, kind = Clock(NOON), request.param
    if kind == "memory":
        yield World(MemoryOutbox(new_key=KEY, clock=clock), kind, "", clock)
        return
    dsn = request.getfixturevalue(f"{kind}_dsn")
    outbox = SqlOutbox(dsn, new_key=KEY, clock=clock)
    world = World(outbox, kind, dsn, clock)
    yield world
    for opened in (outbox, *world.others):
        opened.close()


def event(position: int, **changes: object) -> FeedEvent:
    fields: dict[str, object] = {
        "position": position,
        "event_id": f"event-{position}",
        "type": "treaty.threshold.reached",
        "category": "milestone",
        "treaty": "XVIII-16",
        "livemode": True,
        "recorded_at": NOON + timedelta(seconds=position),
        "data": {"milestone_id": f"milestone-{position}", "revision": 1},
    }
    return FeedEvent(**(fields | changes))  # type: ignore[arg-type]  # the fields above with some replaced


def append(outbox: Outbox, *events: FeedEvent) -> None:
    outbox.append(drafts(events), expected=outbox.progress().position, position=events[-1].position)


def subscribe(
    outbox: Outbox,
    id_: str = "sub_a",
    *,
    start: Start | None = None,
    dossier: Dossier | None = None,
    **changes: object,
) -> Subscription:
    fields: dict[str, object] = {"url": "https://example.org/", "description": "", "filter": Filter(), "owner": "desk"}
    subscription = Subscription(id=id_, created_at=NOON, **(fields | changes))  # type: ignore[arg-type]
    outbox.add_subscription(subscription, secret=SECRET, start=start or Start(), dossier=dossier)
    return subscription


def claim(outbox: Outbox, *, owner: str = "one", lanes: int = 10, batch: int = 16) -> Claim:
    """What may be sent now, after every lane without anything to send has moved on."""
    while True:
        found = outbox.claim(owner=owner, lanes=lanes, batch=batch, lease_seconds=45)
        if found.turns or not found.has_more:
            return found


def settled(turn: Turn, decision: Decision | None = None) -> Settlement:
    decision = decision or Delivered()
    outcome = Outcome.OK if isinstance(decision, Delivered) else Outcome.HTTP_ERROR
    return Settlement(
        lease=turn.lease,
        cursor=turn.scanned_to,
        sent=tuple(
            Sent(
                parcel=parcel,
                started_at=NOON,
                duration_ms=7,
                outcome=outcome,
                decision=decision,
                status_code=204 if outcome is Outcome.OK else 500,
                response=b"answer",
                peer="203.0.113.9",
            )
            for parcel in turn.parcels
        ),
    )


def own(body: bytes) -> bytes:
    """The message's own bytes, without its place in the subscription's feed."""
    return body[: body.rindex(b',"sequence":')] + b"}"
