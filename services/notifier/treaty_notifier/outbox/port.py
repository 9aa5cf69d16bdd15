"""The outbox as the rest of the notifier sees it: what it promises, not how it keeps it.

The model: a dense log of messages with their final bytes; one *lane* for each subscription (and one more for each
replay) that is a cursor into that log under a lease; rows only for exceptions (retrying, dead) and for attempts.
Whatever belongs together moves in one commit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from treaty_notifier.deliveries import Decision, DeliveryState, Outcome, Phases
from treaty_notifier.endpoint_options import EndpointOptions
from treaty_notifier.isolation import Allowance, Conduct, NoticeKind
from treaty_notifier.messages import Draft
from treaty_notifier.numbering import Occasion, Place
from treaty_notifier.subscriptions import Filter, Membership, Subscription, SubscriptionState

REPLAY_PER_SECOND = 100
LATE_LINES = 1_000  # a lane that is so far behind the log has nothing new to send


@dataclass(frozen=True, kw_only=True)
class Progress:
    """``position`` is the last place of the feed that was digested, ``seq`` the last line of the message log."""

    position: int
    seq: int


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a new lane begins: with the first message after this feed position and not recorded before this instant."""

    after_position: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One message ready to be sent to one subscription.

    ``body`` holds the final bytes. ``attempts`` counts all attempts so far, ``failures`` those of the present round of
    the schedule; ``is_exception`` says that it comes from a retry row and not from the cursor. ``place`` is None for
    what is no part of the subscription's feed. ``request`` is how often it had been asked for once more when it was
    claimed: who asks while it is under way is not answered by that attempt.
    """

    seq: int
    webhook_id: str
    type: str
    body: bytes
    attempts: int
    failures: int
    is_exception: bool
    place: Place | None = None
    occasion: Occasion = Occasion.FEED
    request: int = 0


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to serve a lane until it expires; ``epoch`` fences off whoever held it before."""

    lane_id: str
    subscription_id: str
    epoch: int
    cursor: int


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """An ed25519 key; ``expires_at`` is empty for the current one."""

    seed: bytes = field(repr=False)
    public: bytes
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RetiredKey:
    """The public half of an ed25519 key that has signed nothing since ``retired_at``."""

    public: bytes
    retired_at: datetime


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """What is known of an endpoint beyond its subscription. ``keys`` are those valid now, newest first.

    ``conduct`` is how it behaved lately, ``allowance`` what it may be sent now because of that and of its rate.

    A subscription of an earlier release has no keys until the next start.
    """

    options: EndpointOptions = field(default_factory=EndpointOptions)
    keys: tuple[SigningKey, ...] = ()
    conduct: Conduct = field(default_factory=Conduct)
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one lane is to send now. ``scanned_to`` is where its cursor stands when everything here was attempted.

    ``is_slow`` says that the endpoint was found slow, ``is_late`` that nothing here is new: a replay, retries alone, or
    a lane far behind the log.
    """

    lease: Lease
    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    parcels: tuple[Parcel, ...]
    scanned_to: int
    dossier: Dossier = field(default_factory=Dossier)
    is_slow: bool = False
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The turns taken, and whether lanes may have more to give at once."""

    turns: tuple[Turn, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the feed as messages: the position is moved from ``expected`` to ``position`` with them."""

    drafts: Sequence[Draft]
    expected: int
    position: int


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Up to ``lanes`` lanes for ``owner``, each with up to ``batch`` messages, for ``lease_seconds``.

    Of them at most ``slow_lanes`` of slow endpoints, each with ``slow_batch`` messages, and ``late_lanes`` that have
    nothing new; None stands for as many as there are.
    """

    owner: str
    lanes: int
    batch: int
    lease_seconds: float
    slow_lanes: int | None = None
    slow_batch: int | None = None
    late_lanes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What came of everything that was handed in at once.

    ``booked`` is false where another epoch holds the lane; ``progress`` is where the log stands after the page and
    ``is_taken`` says that the page came too late and nothing of it was written. ``due_seconds`` is how long until a
    retry is due or a pause ends, infinite when nothing waits for its time; a page in a hurry leaves it out.
    ``claim_seconds`` is how long finding and reading the turns took, without the commit.
    """

    booked: tuple[bool, ...]
    claim: Claim
    due_seconds: float | None
    progress: Progress | None = None
    is_taken: bool = False
    claim_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One attempt as the sender reports it, and what follows from it."""

    parcel: Parcel
    started_at: datetime
    duration_ms: int
    outcome: Outcome
    decision: Decision
    status_code: int | None = None
    response: bytes = b""
    is_clipped: bool = False
    location: str | None = None
    peer: str | None = None
    phases: Phases | None = None


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """The end of a turn: the new cursor and what became of each parcel that was attempted, as they ended.

    ``pause_seconds`` leaves the endpoint alone for so long. ``is_notable`` says that something about its conduct is to
    be written; a turn in which everything is as it was costs nothing. ``is_slow`` is whether the endpoint is slow from
    now on, None when that is as it was.
    """

    lease: Lease
    cursor: int
    sent: tuple[Sent, ...]
    pause_seconds: float = 0.0
    is_notable: bool = False
    is_slow: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One POST. ``next_attempt_at`` is what was planned after it, ``occasion`` why it was made."""

    number: int
    started_at: datetime
    duration_ms: int
    outcome: Outcome
    status_code: int | None
    response: bytes
    is_clipped: bool
    location: str | None
    peer: str | None
    next_attempt_at: datetime | None
    sequence: int | None = None
    occasion: Occasion = Occasion.FEED
    phases: Phases | None = None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one subscription, as far as it has come.

    ``body`` is what is signed, as far as its number is known, and empty in listings. ``sequence`` is None for what is
    no part of the feed, and for what was not taken up yet.
    """

    webhook_id: str
    subscription_id: str
    seq: int
    position: int
    type: str
    treaty: str | None
    recorded_at: datetime
    body: bytes
    state: DeliveryState
    reason: str | None
    next_attempt_at: datetime | None
    attempts: tuple[Attempt, ...]
    sequence: int | None = None
    previous_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """A stretch of a subscription's feed, each message with its number and its final bytes, however far it has come.

    ``head`` is the last number given out, ``watermark`` the number up to which everything is delivered or given up
    now. ``has_more`` says that the log has more to give than was asked for.
    """

    deliveries: tuple[Delivery, ...]
    head: int
    watermark: int
    has_more: bool


class ReplayState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"  # the lane came to its end; what failed goes on being tried
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        return self in (ReplayState.FINISHED, ReplayState.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A lane of its own that sends again what the log holds up to what was sent when it was asked for.

    It looks through the lines after ``after_seq`` up to ``stop_seq`` and has come to ``cursor``.
    """

    id: str
    subscription_id: str
    asked_at: datetime
    after_seq: int
    stop_seq: int
    cursor: int
    per_second: int
    state: ReplayState = ReplayState.RUNNING

    @property
    def messages(self) -> int:
        """Lines to look through; the filter decides."""
        return max(0, self.stop_seq - self.after_seq)


@dataclass(frozen=True, kw_only=True)
class LaneReport:
    """Where a subscription's lane stands: at line ``cursor`` of the log, ``behind`` lines before its end.

    ``retrying`` and ``dead`` count what is owed; ``served_at`` is None when it never had a turn.
    """

    cursor: int
    behind: int
    sequence: int
    retrying: int
    dead: int
    served_at: datetime | None
    paused_until: datetime | None
    leased_until: datetime | None
    is_slow: bool


@dataclass(frozen=True, kw_only=True)
class Census:
    """Counts for operators: how many of each, and how far the slowest lane is behind the log."""

    subscriptions: int
    disabled: int
    retrying: int
    dead: int
    lanes: int
    lanes_leased: int
    max_lag: int


@dataclass(frozen=True, kw_only=True)
class Behind:
    """How far live lanes of active subscriptions are behind the log's end, ``head``.

    ``slowest`` is the cursor of the one that is furthest behind; ``lanes`` has those that were asked for, by
    subscription, with how many lines each has before it.
    """

    head: int
    slowest: int
    lanes: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something about an endpoint that its owner and the operator should know; ``facts`` are JSON."""

    id: int
    subscription_id: str
    kind: NoticeKind
    at: datetime
    facts: Mapping[str, object]


OptionsChange = Callable[[EndpointOptions], EndpointOptions]
"""Makes the new options from those that are there when it is written."""


class Dossiers(Protocol):
    """Thread-safe; every method is one transaction."""

    def of(self, subscription_ids: Sequence[str]) -> dict[str, Dossier]:
        """Those that are there."""

    def rotate_key(self, subscription_id: str, *, key: SigningKey, overlap_seconds: int) -> datetime | None:
        """Sign with ``key`` and, until the returned instant, with the one before as well; None when unknown.

        Those before that one go on until the end that was told for each.

        Raises:
            RotationRefused: too many would sign at once.
        """

    def public_keys(self) -> list[bytes]:
        """Every public key that is valid now, each once."""

    def retired_keys(self, *, after: str, limit: int) -> list[RetiredKey]:
        """Every public key that signs no more, also of subscriptions that are gone, by name and after this name."""

    def forgive(self, subscription_id: str) -> None:
        """Forget how its endpoint behaved; what waits comes slowly at first."""

    def notices(self, *, limit: int) -> list[Notice]:
        """What nobody was told yet, oldest first."""

    def told(self, notice_ids: Sequence[int]) -> None:
        """Forget these notices."""

    def judge_lag(self, lagging: Mapping[str, int]) -> int:
        """``lagging`` is every subscription that is far behind now, with its messages: whoever was not told gets a
        notice, and so does whoever was and is not among them any more. How many notices.
        """

    def circuits_open(self) -> int:
        """How many endpoints are left alone, or asked with one message, because they failed."""

    def complete(self, new_key: Callable[[], SigningKey]) -> int:
        """Give a dossier to every subscription of an earlier release; how many had none."""


class Outbox(Protocol):
    """Thread-safe; every method is one transaction. Instants come from the store's own clock unless passed in."""

    @property
    def instance_key(self) -> bytes:
        """Random, made at first start; part of every webhook id."""

    @property
    def dossiers(self) -> Dossiers: ...

    def progress(self) -> Progress: ...

    def append(self, drafts: Sequence[Draft], *, expected: int, position: int) -> Progress:
        """Write messages and move the feed position from ``expected`` to ``position`` in one commit.

        Raises:
            PositionTaken: the position is no longer ``expected``; nothing was written.
        """

    def add_subscription(
        self,
        subscription: Subscription,
        *,
        secret: bytes,
        start: Start,
        owner_limit: int | None = None,
        dossier: Dossier | None = None,
    ) -> None:
        """Without ``dossier`` it is as one of an earlier release.

        Raises:
            SubscriptionLimit: the owner already holds ``owner_limit`` subscriptions.
        """

    def introduce(self, *, owner: str, host: str, limit: int) -> None:
        """Note that the owner is about to point an endpoint to this host.

        Raises:
            HostLimit: the owner named ``limit`` other hosts within the last hour.
        """

    def subscription(self, subscription_id: str) -> Subscription | None: ...

    def subscriptions(self, *, owner: str | None, after: str, limit: int) -> list[Subscription]:
        """In order of id, those after ``after``; ``owner`` None means everybody's."""

    def change_subscription(
        self,
        subscription_id: str,
        *,
        url: str | None = None,
        description: str | None = None,
        filter: Filter | None = None,  # noqa: A002  (the word of the API)
        state: SubscriptionState | None = None,
        options: OptionsChange | None = None,
    ) -> Subscription | None:
        """None when it does not exist. A new filter holds for every message that is not in the log yet.

        All of it in one transaction, so that no turn is claimed with the address of one and the fields of the other.
        """

    def remove_subscription(self, subscription_id: str) -> bool: ...

    def valid_secrets(self, subscription_id: str) -> tuple[bytes, ...]:
        """Newest first; none when there is no such subscription."""

    def rotate_secret(self, subscription_id: str, *, secret: bytes, overlap_seconds: int) -> datetime | None:
        """Sign with ``secret`` and, until the returned instant, with the one before as well; None when unknown.

        Those before that one go on until the end that was told for each.

        Raises:
            RotationRefused: too many would sign at once.
        """

    def add_probe(self, draft: Draft, *, subscription_id: str) -> str | None:
        """Put a test message into the log, due at once for one subscription; the webhook id, None if unknown."""

    def redeliver(self, *, subscription_id: str, seq: int) -> bool:
        """Make one message due at once again, under its own id, with a fresh schedule.

        What still waits for its first attempt is left as it is. What is under way is sent once more after that attempt,
        however it ends.
        """

    def resend_as_new(self, *, subscription_id: str, seq: int) -> str | None:
        """Send one message once more under an id of its own, for a receiver that would drop a repetition.

        The new webhook id; None when the message or the subscription does not exist.
        """

    def add_replay(
        self, subscription_id: str, *, replay_id: str, start: Start, per_second: int = REPLAY_PER_SECOND
    ) -> Replay | None:
        """At most ``per_second`` messages a second, beside what is new."""

    def replays(self, subscription_id: str) -> list[Replay]:
        """Newest first, those that have ended included."""

    def change_replay(self, subscription_id: str, replay_id: str, *, state: ReplayState) -> Replay | None:
        """Pause it, let it go on or cancel it; what has ended stays so. None when there is no such replay."""

    def claim(self, *, owner: str, lanes: int, batch: int, lease_seconds: float) -> Claim:
        """Lease up to ``lanes`` lanes that have something due, least recently served first, and read their turns."""

    def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Book finished turns and give the leases back, all in one commit; False where another epoch holds the lane."""

    def exchange(
        self, *, settlements: Sequence[Settlement] = (), page: Page | None = None, wish: Wish | None = None
    ) -> Exchange:
        """``settle``, ``append`` and ``claim``, in this order and in one commit, so that all share its price.

        What the page brings is claimed at once, and so are the lanes that the settlements give back.
        """

    def park(self, lease: Lease, *, seconds: float) -> bool:
        """Give a lease back without booking anything and leave the lane alone for a while; False if it was lost."""

    def enter(self, *, owner: str, lease_seconds: float = 45.0) -> None:
        """Say that this owner is at work, until ``close`` or the end of the process, however it ends.

        A store for one process at a time is taken over from one that is gone, or that has not moved for its lease.
        From then on that one's ``exchange`` and ``reap`` raise OutboxOwned.

        Raises:
            OutboxOwned: the store is for one process at a time and another one is at work.
        """

    def reap(self) -> int:
        """Give back the leases of owners that entered once and are gone; how many. Nobody waits for the dead."""

    def release(self, *, owner: str) -> None:
        """Give back every lease of this owner, so that nobody waits for them to expire."""

    def deliveries(
        self, subscription_id: str, *, before: int | None, limit: int, state: DeliveryState | None
    ) -> list[Delivery]:
        """Newest first, those with ``seq`` below ``before``; attempts included."""

    def delivery(self, webhook_id: str, *, owner: str | None) -> Delivery | None:
        """By its id; one that was never attempted is found only among what the lanes of ``owner`` have before them."""

    def pull(self, subscription_id: str, *, after: int, until: int | None, limit: int) -> Pulled | None:
        """Messages with ``after < sequence <= until``, at most ``limit``; None when there is no such subscription.

        What nobody has taken up yet gets its number and its bytes by this, and the lane sends the very same later.
        """

    def membership(self) -> Membership:
        """Who belongs to which group now."""

    def put_group(self, group: str, members: frozenset[str]) -> None:
        """From the next message on; a group that is new has always been so."""

    def groups_wanted(self) -> list[str]:
        """Every group that some subscription names."""

    def forget_answers(self, *, before: datetime, limit: int) -> int:
        """Empty what endpoints answered to attempts before then, ``limit`` at most; how many. The attempts stay."""

    def lane_reports(self, subscription_ids: Sequence[str]) -> dict[str, LaneReport]:
        """Where the lanes of those that are there stand."""

    def behind(self, seq: int) -> Behind:
        """``lanes`` are those that have not come past line ``seq``."""

    def move_waits(self, by: timedelta, *, moved: Callable[[], None]) -> bool:
        """Everything that waits for an instant waits as long as before though the clock was set by so much.

        ``moved`` is called before the commit, while nobody else writes. False where the store has a clock of its own,
        which nobody here sets.
        """

    def clock_lag_seconds(self, local: Callable[[], datetime]) -> float | None:
        """How far ``local`` is ahead of the store's own clock; None where it has none but this machine's."""

    def census(self) -> Census: ...

    def probe(self) -> None:
        """Could something be recorded now? Changes nothing.

        Raises:
            OutboxUnavailable: it could not; every other method raises it as well while that is so.
        """

    def close(self) -> None: ...
