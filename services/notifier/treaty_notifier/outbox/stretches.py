"""Numbers given out: reading and writing them inside the caller's transaction.

A stretch is what was taken up together. Its row fixes the watermark that the signed bodies of its messages carry, and
says from where in the log to count: everything else is derived.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from treaty_notifier.messages import webhook_id
from treaty_notifier.numbering import NO_ROLLS, Place, Rolls, Terms
from treaty_notifier.outbox.driver import Driver
from treaty_notifier.outbox.message_log import LoggedMessage, MessageLog
from treaty_notifier.outbox.rows import filter_of
from treaty_notifier.subscriptions import Filter, Window

SCAN_ROWS = 500  # log lines that one stretch spans at most: what one turn looks at

_COLUMNS = "subscription_id, first_sequence, last_sequence, after_seq, last_seq, previous_id, last_id, watermark"
_STANDINGS = """
    SELECT l.id, l.sequence, t.last_sequence, t.last_seq, t.last_id,
           (SELECT min(e.sequence) FROM exceptions e WHERE e.subscription_id = l.id AND e.state = 'retrying'
            AND e.occasion = 'feed' AND e.sequence > 0)
    FROM lanes l LEFT JOIN stretches t ON t.subscription_id = l.id AND t.first_sequence =
         (SELECT max(x.first_sequence) FROM stretches x WHERE x.subscription_id = l.id)
    WHERE {among:l.id:ids}
"""
_BY_SEQUENCE = """
    SELECT subscription_id, first_sequence, last_sequence, after_seq, last_seq, previous_id, last_id, watermark
    FROM stretches
    WHERE subscription_id = :subscription AND first_sequence <= :last AND first_sequence >= coalesce(
      (SELECT max(first_sequence) FROM stretches WHERE subscription_id = :subscription AND first_sequence <= :first), 0)
    ORDER BY first_sequence
"""
_BY_LINE = """
    SELECT subscription_id, first_sequence, last_sequence, after_seq, last_seq, previous_id, last_id, watermark
    FROM stretches
    WHERE subscription_id = :subscription AND after_seq < :last AND last_seq >= :first AND last_seq <= coalesce(
      (SELECT min(last_seq) FROM stretches WHERE subscription_id = :subscription AND last_seq >= :last), :last)
    ORDER BY first_sequence
"""
_TERMS = """
    SELECT {text:s.filter}, s.filter_changes, l.after_position, l.not_before, l.numbered_after
    FROM lanes l JOIN subscriptions s ON s.id = l.subscription_id WHERE l.id = :subscription
"""
_FORMERS = """
    SELECT until_seq, {text:filter} FROM former_filters WHERE subscription_id = :subscription ORDER BY until_seq
"""
_ROLLS = "SELECT group_id, after_seq, {text:members} FROM memberships ORDER BY group_id, after_seq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Numbers ``first_sequence`` to ``last_sequence``, of the wanted messages after line ``after_seq``."""

    subscription_id: str
    first_sequence: int
    last_sequence: int
    after_seq: int
    last_seq: int
    previous_id: str | None
    last_id: str
    watermark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a subscription's numbers have come: attempted, and taken up."""

    attempted: int
    taken: int
    taken_seq: int
    taken_id: str | None
    oldest_owed: int | None

    @property
    def watermark(self) -> int:
        """Everything up to this number is delivered or given up."""
        return self.attempted if self.oldest_owed is None else min(self.attempted, self.oldest_owed - 1)


@dataclass(frozen=True)
class Numbers:
    """``instance_key`` makes the ids; ``log`` gives the lines."""

    instance_key: bytes
    log: MessageLog
    scan_rows: int = field(default=SCAN_ROWS)

    def id_of(self, subscription_id: str, message: LoggedMessage) -> str:
        return webhook_id(
            instance_key=self.instance_key, subscription_id=subscription_id, identity=message.entry.identity
        )

    def take(
        self,
        subscription_id: str,
        wanted: Sequence[LoggedMessage],
        standing: Standing,
        *,
        after_seq: int,
    ) -> tuple[Stretch, list[Place], list[str]]:
        """The next numbers for these messages: the row to write, and what each body says, with the ids."""
        ids = [self.id_of(subscription_id, message) for message in wanted]
        stretch = Stretch(
            subscription_id=subscription_id,
            first_sequence=standing.taken + 1,
            last_sequence=standing.taken + len(wanted),
            after_seq=after_seq,
            last_seq=wanted[-1].entry.seq,
            previous_id=standing.taken_id,
            last_id=ids[-1],
            watermark=standing.watermark,
        )
        return stretch, _places(stretch, ids), ids

    def walk(
        self, driver: Driver, stretch: Stretch, terms: Terms, *, until: int | None = None
    ) -> Iterator[tuple[LoggedMessage, Place, str]]:
        """The messages of a stretch in order, up to line ``until``: each with its place and its id."""
        last = stretch.last_seq if until is None else min(until, stretch.last_seq)
        sequence, previous = stretch.first_sequence, stretch.previous_id
        for message in self.log.after(driver, stretch.after_seq, until=last, limit=last - stretch.after_seq):
            if terms.wants(message.entry):
                known = self.id_of(stretch.subscription_id, message)
                place = Place(sequence=sequence, previous_id=previous, watermark=stretch.watermark)
                yield message, place, known
                sequence, previous = sequence + 1, known

    def places(self, driver: Driver, subscription_id: str, terms: Terms, *, first: int, last: int) -> dict[int, Place]:
        """The places of lines ``first`` to ``last`` that have one, by line."""
        rows = driver.rows(_BY_LINE, subscription=subscription_id, first=first, last=last)
        return {
            message.entry.seq: place
            for stretch in map(_stretch, rows)
            for message, place, _ in self.walk(driver, stretch, terms, until=last)
            if message.entry.seq >= first
        }


def standings(driver: Driver, subscription_ids: Sequence[str]) -> dict[str, Standing]:
    """Read after the lanes are locked, so that nobody gives out numbers meanwhile."""
    if not subscription_ids:
        return {}
    return {
        id_: Standing(
            attempted=attempted, taken=taken or 0, taken_seq=taken_seq or 0, taken_id=taken_id, oldest_owed=oldest
        )
        for id_, attempted, taken, taken_seq, taken_id, oldest in driver.rows(_STANDINGS, ids=list(subscription_ids))
    }


def between(driver: Driver, subscription_id: str, *, first: int, last: int) -> list[Stretch]:
    """The stretches that hold these numbers, in order."""
    return [_stretch(row) for row in driver.rows(_BY_SEQUENCE, subscription=subscription_id, first=first, last=last)]


def write(driver: Driver, taken: Sequence[Stretch]) -> None:
    driver.insert(
        "stretches",
        _COLUMNS,
        [
            (
                one.subscription_id,
                one.first_sequence,
                one.last_sequence,
                one.after_seq,
                one.last_seq,
                one.previous_id,
                one.last_id,
                one.watermark,
            )
            for one in taken
        ],
    )


def terms_of(driver: Driver, subscription_id: str) -> Terms | None:
    """What a subscription asked for at each line; None when it does not exist."""
    found = driver.rows(_TERMS, subscription=subscription_id)
    if not found:
        return None
    ((document, changes, after_position, not_before, numbered_after),) = found
    current = filter_from(document)
    known = formers(driver, subscription_id) if changes else ()
    names_groups = any(one.groups for one in (current, *(former for _, former in known)))
    return Terms(
        current=current,
        window=Window(after_position=after_position, not_before=driver.instant_or_none(not_before)),
        numbered_after=numbered_after,
        formers=known,
        rolls=rolls(driver) if names_groups else NO_ROLLS,
    )


def formers(driver: Driver, subscription_id: str) -> tuple[tuple[int, Filter], ...]:
    rows = driver.rows(_FORMERS, subscription=subscription_id)
    return tuple((until, filter_from(document)) for until, document in rows)


def rolls(driver: Driver) -> Rolls:
    """Every group, at each of its versions."""
    versions: dict[str, list[tuple[int, frozenset[str]]]] = {}
    for group, after, members in driver.rows(_ROLLS):
        versions.setdefault(group, []).append((after, frozenset(json.loads(members))))
    return Rolls(versions=versions)


@lru_cache(10_000)
def filter_from(document: str) -> Filter:
    return filter_of(json.loads(document))


def _stretch(row: Sequence[object]) -> Stretch:
    names = _COLUMNS.split(", ")
    return Stretch(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]  # the columns in their order


def _places(stretch: Stretch, ids: Sequence[str]) -> list[Place]:
    before = [stretch.previous_id, *ids]
    return [
        Place(sequence=stretch.first_sequence + n, previous_id=before[n], watermark=stretch.watermark)
        for n in range(len(ids))
    ]
