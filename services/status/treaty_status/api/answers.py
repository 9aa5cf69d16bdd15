"""Documents as bytes: computed once for each version, legal day and language, with a strong ETag.

A document is a pure function of the treaty's version, the legal day and the language (and of the versions of the other
treaties that its rule asks about), so what is kept can only become unused, never wrong. It does not matter how a state
was asked for: now, by an instant or by a position, the bytes are the same, and they name the address of their own at
which they stay.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import msgspec

from treaty_status.api.workbench import Workbench
from treaty_status.application.documents import View, view
from treaty_status.application.past import Past, Then, Until
from treaty_status.application.treaties import Known, Treaties
from treaty_status.application.world import RecordedWorld, rests_on
from treaty_status.application.writer import Clock
from treaty_status.domain.decisions import defined
from treaty_status.domain.treaty import Treaty

MOST_BYTES: Final = 64 * 1024 * 1024
Maker = Callable[[View], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one treaty. ``as_of`` None: today at the depositary (in a rehearsal, the day it has reached).

    ``kind`` names the document and, where it has parameters, them as well; ``known_at``: as we knew it at an instant;
    ``at_position``: as the log said up to a position. ``part`` follows the treaty in the document's address, and
    ``parameters`` are those it has of its own.
    """

    kind: str
    treaty: str
    as_of: date | None = None
    lang: str = "en"
    known_at: datetime | None = None
    at_position: int | None = None
    part: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def until(self) -> Until | None:
        """How much of the log is to be heard; None: all of it."""
        if self.known_at is None and self.at_position is None:
            return None
        return Until(self.known_at, self.at_position)


@dataclass(frozen=True, slots=True)
class Answer:
    """A document in bytes, and what it rests on.

    ``versions`` are of the treaty and of those it rests on; ``position`` is the log position of the treaty's last
    event; ``permanent`` is the address at which the document stays.
    """

    body: bytes
    etag: str
    versions: tuple[int, ...]
    as_of: date
    time_zone: str
    position: int = 0
    known_at: datetime | None = None
    permanent: str | None = None


def permanent_address(asked: Question, *, as_of: date, position: int, edition: int) -> str | None:
    """Where the same document is had again, whatever is recorded later."""
    if asked.part is None:
        return None
    own = f"{urlencode(asked.parameters)}&" if asked.parameters else ""
    clocks = f"as_of={as_of.isoformat()}&at_position={position}&lang={asked.lang}&edition={edition}"
    return f"/v1/treaties/{quote(asked.treaty, safe='~')}{asked.part}?{own}{clocks}"


class Answers:
    """Makes documents and keeps the newest of them in memory."""

    def __init__(
        self,
        treaties: Treaties,
        world: RecordedWorld,
        past: Past,
        *,
        clock: Clock,
        edition: int,
        build: str,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._treaties = treaties
        self._world = world
        self._past = past
        self._clock = clock
        self.edition = edition
        self.wording = f"{edition}-{build}"
        """The edition and the release, as they stand in every ETag."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, Answer] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    async def answer(self, asked: Question, maker: Maker) -> Answer:
        """The document; only what is not at hand is read from the log, and then off the event loop.

        Raises:
            UnknownTreaty: there is none under this id, or there was none then.
            RehearsalOver: it was a rehearsal, and is closed.
            PositionAhead: the log has not come so far.
        """
        if asked.until is None:
            known = self._treaties.kept(asked.treaty)
            if known is not None:
                treaty = defined(known.state)
                if not rests_on(treaty):
                    return self._told(asked, maker, self._alone(known))
                kept = self._at_hand(asked, treaty)
                if kept is not None:
                    return kept
        else:
            then = self._past.at_hand(asked.treaty, asked.until, self._world)
            if then is not None:
                return self._told(asked, maker, then)
        return await asyncio.to_thread(self._read, asked, maker)

    async def worked_out(self, asked: Question, maker: Maker, workbench: Workbench) -> Answer:
        """The same for a document that takes its time: never worked out on the event loop.

        Raises:
            UnknownTreaty, RehearsalOver, PositionAhead: as above.
            TooManyQuestions: too many of the kind are waiting.
        """
        if asked.until is None:
            known = self._treaties.kept(asked.treaty)
            kept = None if known is None else self._at_hand(asked, defined(known.state))
            if kept is not None:
                return kept
        return await workbench.work(lambda: self._read(asked, maker))

    def then(self, treaty: str, until: Until | None) -> Then:
        """The treaty with as much of the log as is to be heard. Reads the log: not for the event loop.

        Raises:
            UnknownTreaty, RehearsalOver, PositionAhead: as above.
        """
        if until is not None:
            found = self._past.then(treaty, until, self._world)
            defined(found.known.state)
            return found
        known = self._treaties.get(treaty)
        if rests_on(defined(known.state)):
            return self._past.now(treaty, self._world)
        return self._alone(known)

    def today(self, treaty: Treaty) -> date:
        """The legal day it is for a treaty: at its depositary, or in its rehearsal's own calendar."""
        if treaty.rehearsal_day is not None:
            return treaty.rehearsal_day
        return self.today_in(treaty.details.depositary.time_zone)

    def today_in(self, time_zone: str) -> date:
        """The calendar day in a time zone."""
        return self._clock().astimezone(ZoneInfo(time_zone)).date()

    def is_current(self, answer: Answer, known: Known) -> bool:
        """Does an answer made earlier still say what would be said now of a treaty that rests on no other?"""
        return len(answer.versions) == 1 and answer.versions[0] == known.state.version

    def has_passed(self, moment: datetime | None) -> bool:
        """Does an instant lie behind us? What is recorded until a later one is not known yet."""
        return moment is None or moment <= self._clock()

    def heard_at(self, asked: datetime | None, recorded_at: datetime | None) -> datetime | None:
        """The instant that an answer names: the one asked about, once it has passed; else that of the last event."""
        return asked if asked is not None and self.has_passed(asked) else recorded_at

    # ---- one answer -------------------------------------------------------------------------------------------------
    def _alone(self, known: Known) -> Then:
        """A treaty that rests on no other."""
        return Then(known, {known.state.id: known}, known.position, self._world)

    def _at_hand(self, asked: Question, treaty: Treaty) -> Answer | None:
        """What is kept of the present state; None unless the treaties it rests on are at hand as well."""
        versions = self._versions(treaty)
        if versions is None:
            return None
        kept = self._kept.get(_key(asked, asked.as_of or self.today(treaty), None))
        return kept if kept is not None and kept.versions == versions else None

    def _read(self, asked: Question, maker: Maker) -> Answer:
        return self._told(asked, maker, self.then(asked.treaty, asked.until))

    def _told(self, asked: Question, maker: Maker, then: Then) -> Answer:
        known, treaty = then.known, defined(then.known.state)
        day = asked.as_of or self.today(treaty)
        recorded_at = max((one.recorded_at for one in then.involved.values() if one.recorded_at), default=None)
        known_at = self.heard_at(asked.known_at, recorded_at)
        versions = tuple(one.state.version for one in then.involved.values())
        mark = None if known_at == recorded_at else known_at
        key = _key(asked, day, then.position if asked.until else None, mark)
        kept = self._kept.get(key)
        if kept is not None and kept.versions == versions:
            return kept
        permanent = permanent_address(asked, as_of=day, position=then.position, edition=self.edition)
        told = view(
            treaty,
            known.position,
            as_of=day,
            lang=asked.lang,
            world=then.world,
            known_at=known_at,
            permanent=permanent,
        )
        document = maker(told)
        answer = Answer(
            body=document if isinstance(document, bytes) else msgspec.json.encode(document),
            etag=self._etag(versions, day, asked.lang, mark),
            versions=versions,
            as_of=day,
            time_zone=treaty.details.depositary.time_zone,
            position=known.position,
            known_at=known_at,
            permanent=permanent,
        )
        return self._keep(key, answer)

    def _versions(self, treaty: Treaty) -> tuple[int, ...] | None:
        """The treaty's version and those of all that it rests on; None when one of them is not at hand."""
        found = {treaty.id: treaty.version}
        waiting = list(rests_on(treaty))
        while waiting:
            other = waiting.pop(0)
            if other in found:
                continue
            known = self._treaties.kept(other)
            if known is None:
                return None
            found[other] = known.state.version
            waiting.extend(rests_on(known.state))
        return tuple(found.values())

    def _etag(self, versions: tuple[int, ...], day: date, lang: str, mark: datetime | None) -> str:
        others = "".join(f"+{version}" for version in versions[1:])
        known_at = "" if mark is None else f".{mark.isoformat()}"
        return f'"{versions[0]}{others}.{day.isoformat()}.{lang}.{self.wording}{known_at}"'

    def _keep(self, key: "_Key", answer: Answer) -> Answer:
        with self._lock:
            before = self._kept.pop(key, None)
            self._bytes += len(answer.body) - (0 if before is None else len(before.body))
            self._kept[key] = answer
            while self._bytes > self._most_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped.body)
        return answer


_Key = tuple[str, str, date, str, int | None, datetime | None]
"""The newest answer of a kind; of earlier states each position and each instant asked for has one of its own."""


def _key(asked: Question, day: date, position: int | None, mark: datetime | None = None) -> _Key:
    return asked.kind, asked.treaty, day, asked.lang, position, mark
