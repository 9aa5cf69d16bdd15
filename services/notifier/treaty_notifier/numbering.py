"""Numbers without gaps: which messages are a subscription's, in which order, and what their signed bodies say of it.

A number is derived, never drawn: the message log is fixed, and so is what a subscription asked for at each of its
lines. Whoever counts again, after a crash or on another machine, counts the same. Pure.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from treaty_notifier.messages import Draft, Entry, copied_identity
from treaty_notifier.subscriptions import Filter, Membership, Window, wants

NOBODY = Membership()


class Occasion(StrEnum):
    """Why a message is on its way: because it is next, because a stretch is replayed, or because it was asked for."""

    FEED = "feed"
    REPLAY = "replay"
    RESEND = "resend"


class Place(NamedTuple):
    """Where a message stands in one subscription's feed.

    ``sequence`` counts 1, 2, 3 …; ``previous_id`` is the webhook id of the one before, None at the beginning.
    ``watermark``: when this message was taken up first, everything up to this number was delivered or given up.
    """

    sequence: int
    previous_id: str | None
    watermark: int


@dataclass(frozen=True, kw_only=True)
class Rolls:
    """Who belonged to a group at which line of the log: for each group ``(after_seq, members)``, ascending."""

    versions: Mapping[str, Sequence[tuple[int, frozenset[str]]]] = field(default_factory=dict)

    def at(self, seq: int) -> Membership:
        """As it was for this line. A group holds from its first version's line, and unchanged until the next."""
        return self._every[bisect_left(self._changes, seq)]

    @cached_property
    def _changes(self) -> list[int]:
        """Lines after which some group is another one."""
        return sorted({after for versions in self.versions.values() for after, _ in versions})

    @cached_property
    def _every(self) -> list[Membership]:
        """The membership before the first change, and after each."""
        known: dict[str, frozenset[str]] = {}
        found = [NOBODY]
        for change in self._changes:
            for group, versions in self.versions.items():
                known.update((group, members) for after, members in versions if after == change)
            found.append(Membership(members=dict(known)))
        return found


NO_ROLLS = Rolls()


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one subscription asked for at each line of the log.

    ``formers`` are ``(until_seq, filter)``, ascending: a filter that was changed holds for every line that was in the
    log by then, sent or not. Lines up to ``numbered_after`` are before the beginning.
    """

    current: Filter
    window: Window = Window()  # noqa: RUF009  (frozen)
    numbered_after: int = 0
    formers: tuple[tuple[int, Filter], ...] = ()
    rolls: Rolls = NO_ROLLS

    def filter_at(self, seq: int) -> Filter:
        return next((former for until, former in self.formers if seq <= until), self.current)

    def wants(self, entry: Entry) -> bool:
        """Whether this line has a number in the subscription's feed."""
        if entry.seq <= self.numbered_after or not self.window.admits(entry):
            return False
        wanted = self.filter_at(entry.seq) if self.formers else self.current
        return wants(wanted, entry, membership=self.rolls.at(entry.seq) if wanted.groups else NOBODY)


def copy_of(draft: Draft, place: Place | None, *, audience: str, generation: int, resend_of: str) -> Draft:
    """A message once more, for one subscription alone and under an id of its own, with the number it had.

    ``resend_of`` is the webhook id that the message itself has there, which its body says.
    """
    body = (
        draft.body
        if draft.audience is not None
        else (numbered(draft.body, place, occasion=Occasion.RESEND, resend_of=resend_of))
    )
    identity = copied_identity(draft.identity.split("\n")[0], generation=generation)
    return replace(draft, identity=identity, audience=audience, body=body)


def numbered(
    body: bytes, place: Place | None, *, occasion: Occasion = Occasion.FEED, resend_of: str | None = None
) -> bytes:
    """The final bytes: the message's own, with its place in the feed at their end.

    ``sequence`` is null for what belongs to no feed: a test, or a replay from before the subscription's beginning.
    ``resend_of`` is in a copy under an id of its own, and names the message itself.
    """
    if place is None:
        tail = b'"sequence":null,"previous_id":null,"watermark":null'
    else:
        previous = b"null" if place.previous_id is None else b'"%b"' % place.previous_id.encode()  # base32 and msg_
        tail = b'"sequence":%d,"previous_id":%b,"watermark":%d' % (place.sequence, previous, place.watermark)
    if occasion is not Occasion.FEED:
        tail += b',"%b":true' % occasion.value.encode()
    if resend_of is not None:
        tail += b',"resend_of":"%b"' % resend_of.encode()
    return body[:-1] + b"," + tail + b"}"
