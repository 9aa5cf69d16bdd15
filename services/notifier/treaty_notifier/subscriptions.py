"""Who wants which messages. Pure: group membership is passed in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from treaty_notifier.errors import TypePatternRefused
from treaty_notifier.messages import HISTORIC, MILESTONE, Entry

_WORDS = re.compile(r"(\*|[A-Za-z0-9_]+)(\.(\*|[A-Za-z0-9_]+))*")


class Livemode(StrEnum):
    """Which world a subscription hears of: the real treaties, their rehearsals, or both."""

    LIVE = "live"
    REHEARSAL = "rehearsal"
    ALL = "all"


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by its owner; the cursor waits and nothing is lost
    DISABLED = "disabled"  # by its endpoint's own answer; the owner may make it active again


@dataclass(frozen=True, kw_only=True)
class Filter:
    """An empty part asks for nothing in particular; the parts that are not empty must all agree.

    ``types`` are dotted patterns; a last ``*`` stands for any tail, another ``*`` for one word; no types at all
    means every milestone. ``participants`` and ``groups`` together are one set of participants. ``history``: also what
    an import brought in long after the day; otherwise one message says that it is there.
    """

    types: tuple[str, ...] = ()
    treaties: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    livemode: Livemode = Livemode.LIVE
    history: bool = False


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One endpoint and what it is told. ``owner`` is the id of the key that made it."""

    id: str
    owner: str
    url: str
    description: str
    filter: Filter
    created_at: datetime
    state: SubscriptionState = SubscriptionState.ACTIVE
    state_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """From where on a lane sends: after a feed position and not before an instant; both may be open."""

    after_position: int = 0
    not_before: datetime | None = None

    def admits(self, entry: Entry) -> bool:
        return entry.position > self.after_position and (
            self.not_before is None or entry.recorded_at >= self.not_before
        )


@dataclass(frozen=True, kw_only=True)
class Membership:
    """The participants of each group, as last heard from the status service."""

    members: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, groups: Sequence[str]) -> frozenset[str]:
        return frozenset().union(*(self.members.get(group, frozenset()) for group in groups))


def wants(wanted: Filter, entry: Entry, *, membership: Membership) -> bool:
    """Whether a message that is for everybody belongs to this subscription."""
    return (
        entry.audience is None
        and _wants_world(wanted.livemode, livemode=entry.livemode)
        and (wanted.history or not entry.category.startswith(HISTORIC))
        and _wants_type(wanted.types, entry)
        and (not wanted.treaties or entry.treaty in wanted.treaties)
        and _wants_participant(wanted, entry, membership)
    )


@lru_cache(10_000)
def type_matches(pattern: str, message_type: str) -> bool:
    """Whether ``treaty.threshold.*`` or ``treaty.*.reached`` covers ``treaty.threshold.reached``."""
    words, given = pattern.split("."), message_type.split(".")
    if words[-1] == "*":
        words = words[:-1]
        if len(given) <= len(words):
            return False
        given = given[: len(words)]
    return len(words) == len(given) and all(word in ("*", one) for word, one in zip(words, given, strict=True))


def checked_pattern(pattern: str) -> str:
    """The pattern itself.

    Raises:
        TypePatternRefused: it is not made of dotted words.
    """
    if len(pattern) > 200 or not _WORDS.fullmatch(pattern):
        raise TypePatternRefused(
            f"A message type is dotted words, * stands for one word or, at the end, for any tail "
            f"(given: {pattern[:80]}); write for example treaty.threshold.* or treaty.*.reached"
        )
    return pattern


def _wants_world(wanted: Livemode, *, livemode: bool) -> bool:
    return wanted is Livemode.ALL or (wanted is Livemode.LIVE) == livemode


def _wants_type(patterns: tuple[str, ...], entry: Entry) -> bool:
    if not patterns:
        return entry.category.removeprefix(HISTORIC) == MILESTONE
    return any(type_matches(pattern, entry.type) for pattern in patterns)


def _wants_participant(wanted: Filter, entry: Entry, membership: Membership) -> bool:
    if not wanted.participants and not wanted.groups:
        return True
    return not entry.participants.isdisjoint(wanted.participants) or not entry.participants.isdisjoint(
        membership.of(wanted.groups)
    )
