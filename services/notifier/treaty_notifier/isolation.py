"""How an endpoint behaved lately, and what it may be sent because of it. Pure; instants and rates are passed in.

A bad endpoint harms nobody but itself: after a run of failures it is left alone (the breaker), then asked with one
message (the canary), then with two, four and eight at a time. Only failures for days end in its being disabled, and
never without a notice before. A rate that the subscriber set is kept by a token bucket.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from treaty_notifier.schedule import Schedule

FAILURES_IN_A_ROW = 5
WINDOW = 20  # attempts, from the first failure on, half of which may fail
RAMP = (1, 2, 4, 8)
LONGEST_PAUSE_SECONDS = 900.0
SHORTEST_PAUSE_SECONDS = 0.05
PATIENCE = timedelta(hours=120)
NOTICE_AFTER = 0.5  # of the patience


class Circuit(StrEnum):
    CLOSED = "closed"  # everything is sent
    OPEN = "open"  # left alone; when the pause is over, one canary goes
    RAMP = "ramp"  # the canary came back: two, four, eight at a time


class NoticeKind(StrEnum):
    """What is told about an endpoint itself; also the end of the message's type, ``endpoint.failing``."""

    FAILING = "failing"
    RECOVERED = "recovered"
    DISABLED = "disabled"
    EXHAUSTED = "exhausted"
    LAGGING = "lagging"
    CAUGHT_UP = "caught_up"


@dataclass(frozen=True, kw_only=True)
class Conduct:
    """``recent`` holds the last attempts from the first failure on, 1 for a success. An endpoint that never failed has
    the empty conduct, and nothing is written about it.

    ``openings`` counts how often the circuit opened since it was last closed, ``well`` the successes since it opened.
    ``tokens`` is what the bucket held at ``filled_at``. ``is_lagging`` says that its being far behind was told.
    """

    circuit: Circuit = Circuit.CLOSED
    recent: str = ""
    openings: int = 0
    well: int = 0
    failing_since: datetime | None = None
    is_noticed: bool = False
    tokens: float | None = None
    filled_at: datetime | None = None
    is_lagging: bool = False


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """``disables`` says why the endpoint is to be disabled now, if it is."""

    conduct: Conduct
    notices: tuple[NoticeKind, ...] = ()
    disables: str | None = None


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How many POSTs may begin in this turn (None: as many as there are), and how long to wait when it is used up."""

    posts: int | None = None
    wait_seconds: float = 0.0


def allowance(conduct: Conduct, *, rate_per_minute: float | None, at: datetime) -> Allowance:
    """What the circuit and the bucket leave."""
    room = ramp_room(conduct)
    if rate_per_minute is None:
        return Allowance(posts=room)
    tokens = _filled(conduct, rate_per_minute=rate_per_minute, at=at)
    posts = max(0, math.floor(tokens))
    per_second = rate_per_minute / 60
    wait_seconds = max(0.0, (posts + 1 - tokens) / per_second)
    return Allowance(posts=posts if room is None else min(posts, room), wait_seconds=wait_seconds)


def ramp_room(conduct: Conduct) -> int | None:
    """How many at a time: one canary, then two, four and eight; None when the circuit is closed."""
    if conduct.circuit is Circuit.CLOSED:
        return None
    passed = 0
    for width in RAMP:
        passed += width
        if conduct.well < passed:
            return width
    return None


def after_turn(conduct: Conduct, results: Sequence[bool], *, at: datetime) -> Conduct:
    """The circuit and the span of failures after a turn's attempts, in the order in which they ended.

    What was under way when the circuit opened does not open it once more.
    """
    has_opened = False
    for is_well in results:
        if is_well:
            conduct = _after_success(conduct)
        elif not has_opened:
            conduct = _after_failure(conduct, at=at)
            has_opened = conduct.circuit is Circuit.OPEN
    return conduct


def spent(conduct: Conduct, posts: int, *, rate_per_minute: float | None, at: datetime) -> Conduct:
    """The bucket after so many POSTs."""
    if rate_per_minute is None:
        return replace(conduct, tokens=None, filled_at=None)
    tokens = _filled(conduct, rate_per_minute=rate_per_minute, at=at)
    return replace(conduct, tokens=tokens - posts, filled_at=at)


def judged(conduct: Conduct, *, was: Conduct, at: datetime, patience: timedelta = PATIENCE) -> Judgement:
    """What is told about an endpoint that behaves like this now and behaved like that before.

    Half of the patience brings a notice, its end the disabling; whoever was never noticed is noticed first.
    """
    if conduct.failing_since is None:
        return Judgement(conduct=conduct, notices=(NoticeKind.RECOVERED,) if was.is_noticed else ())
    failing = at - conduct.failing_since
    if not conduct.is_noticed:
        if failing < patience * NOTICE_AFTER:
            return Judgement(conduct=conduct)
        return Judgement(conduct=replace(conduct, is_noticed=True), notices=(NoticeKind.FAILING,))
    if failing < patience:
        return Judgement(conduct=conduct)
    hours = patience.total_seconds() / 3600
    reason = f"every attempt failed for {hours:g} hours"
    return Judgement(conduct=conduct, notices=(NoticeKind.DISABLED,), disables=reason)


def pause_seconds(conduct: Conduct, *, schedule: Schedule, jitter: float) -> float:
    """How long an open circuit leaves the endpoint alone: longer each time, as retries are, at most a quarter hour."""
    if conduct.circuit is not Circuit.OPEN:
        return 0.0
    delay = schedule.delay_seconds(failures=min(max(1, conduct.openings), schedule.attempts - 1), jitter=jitter)
    return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, delay or 0.0))


def forgiven() -> Conduct:
    """Made active again by its owner: what waits comes slowly at first."""
    return Conduct(circuit=Circuit.OPEN, openings=1)


def moved(conduct: Conduct, *, by: timedelta) -> Conduct:
    """The same conduct after the clock was set: spans and the bucket are as full as before."""
    since, filled = conduct.failing_since, conduct.filled_at
    return replace(
        conduct,
        failing_since=None if since is None else since + by,
        filled_at=None if filled is None else filled + by,
    )


def conduct_document(conduct: Conduct) -> dict[str, object]:
    """Empty for an endpoint about which there is nothing to be said."""
    usual = Conduct()
    found = {name: value for name, value in vars(conduct).items() if value != getattr(usual, name)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def conduct_of(document: Mapping[str, Any]) -> Conduct:
    given = dict(document)
    for name in ("failing_since", "filled_at"):
        if name in given:
            given[name] = datetime.fromisoformat(given[name])
    if "circuit" in given:
        given["circuit"] = Circuit(given["circuit"])
    return Conduct(**given)


def _after_success(conduct: Conduct) -> Conduct:
    conduct = replace(conduct, failing_since=None, is_noticed=False)
    if conduct.circuit is Circuit.CLOSED:
        recent = (conduct.recent + "1")[-WINDOW:] if conduct.recent else ""
        return replace(conduct, recent=recent if "0" in recent else "")
    well = conduct.well + 1
    if well >= sum(RAMP):
        return replace(conduct, circuit=Circuit.CLOSED, recent="", openings=0, well=0)
    return replace(conduct, circuit=Circuit.RAMP, well=well)


def _after_failure(conduct: Conduct, *, at: datetime) -> Conduct:
    conduct = replace(conduct, failing_since=conduct.failing_since or at)
    recent = (conduct.recent + "0")[-WINDOW:]
    is_full_and_half_bad = len(recent) == WINDOW and recent.count("0") * 2 >= WINDOW
    is_bad = recent.endswith("0" * FAILURES_IN_A_ROW) or is_full_and_half_bad
    if conduct.circuit is Circuit.CLOSED and not is_bad:
        return replace(conduct, recent=recent)
    return replace(conduct, circuit=Circuit.OPEN, recent="", openings=conduct.openings + 1, well=0)


def _filled(conduct: Conduct, *, rate_per_minute: float, at: datetime) -> float:
    """The bucket holds what a second brings, at least one."""
    size = max(1.0, rate_per_minute / 60)
    if conduct.tokens is None or conduct.filled_at is None:
        return size
    seconds = max(0.0, (at - conduct.filled_at).total_seconds())
    return min(size, conduct.tokens + seconds * rate_per_minute / 60)
