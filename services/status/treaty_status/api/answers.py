"""Documents as bytes: computed once for each version, legal day and language, with a strong ETag.

A document is a pure function of the treaty's version, the legal day and the language (and of the versions of the other
treaties that its rule asks about), so what is kept can only become unused, never wrong.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from treaty_status.api.workbench import Workbench
from treaty_status.application.documents import View, view
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

    ``kind`` names the document and, where it has parameters, them as well; ``known_at``: as we knew it at an instant.
    """

    kind: str
    treaty: str
    as_of: date | None = None
    lang: str = "en"
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A document in bytes, and what it rests on."""

    body: bytes
    etag: str
    versions: tuple[int, ...]
    as_of: date
    time_zone: str


class Answers:
    """Makes documents and keeps the newest of them in memory."""

    def __init__(
        self, treaties: Treaties, world: RecordedWorld, *, clock: Clock, edition: str, most_bytes: int = MOST_BYTES
    ) -> None:
        self._treaties = treaties
        self._world = world
        self._clock = clock
        self._edition = edition
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, str, date, str], Answer] = OrderedDict()
        self._bytes = 0

    async def answer(self, asked: Question, maker: Maker) -> Answer:
        """The document; only what is not at hand is read from the log, and then off the event loop.

        Raises:
            UnknownTreaty: there is none under this id.
            RehearsalOver: it was a rehearsal, and is closed.
        """
        known = None if asked.known_at else self._treaties.kept(asked.treaty)
        if known is not None:
            treaty = defined(known.state)
            versions = self._versions(treaty, self._treaties.kept)
            if versions is not None:
                return self._at_hand(asked, maker, known, versions)
        return await asyncio.to_thread(self._read, asked, maker)

    async def worked_out(self, asked: Question, maker: Maker, workbench: Workbench) -> Answer:
        """The same for a document that takes its time: never worked out on the event loop.

        Raises:
            UnknownTreaty, RehearsalOver: as above.
            TooManyQuestions: too many of the kind are waiting.
        """
        known = self._treaties.kept(asked.treaty)
        versions = None if known is None else self._versions(defined(known.state), self._treaties.kept)
        if known is not None and versions is not None:
            day = asked.as_of or self.today(defined(known.state))
            kept = self._kept.get((asked.kind, asked.treaty, day, asked.lang))
            if kept is not None and kept.versions == versions:
                return kept
        return self._keep(asked, await workbench.work(lambda: self._read(asked, maker)))

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

    def _at_hand(self, asked: Question, maker: Maker, known: Known, versions: tuple[int, ...]) -> Answer:
        day = asked.as_of or self.today(defined(known.state))
        kept = self._kept.get((asked.kind, asked.treaty, day, asked.lang))
        if kept is not None and kept.versions == versions:
            return kept
        return self._keep(asked, self._made(asked, maker, known, day, versions))

    def _read(self, asked: Question, maker: Maker) -> Answer:
        if asked.known_at is None:
            known = self._treaties.get(asked.treaty)
        else:
            known = self._treaties.known_at(asked.treaty, asked.known_at)
        treaty = defined(known.state)
        versions = self._versions(treaty, self._treaties.get) or (treaty.version,)
        return self._made(asked, maker, known, asked.as_of or self.today(treaty), versions)

    def _made(self, asked: Question, maker: Maker, known: Known, day: date, versions: tuple[int, ...]) -> Answer:
        treaty = defined(known.state)
        told = view(treaty, known.position, as_of=day, lang=asked.lang, world=self._world)
        document = maker(told)
        if isinstance(document, dict) and asked.known_at is not None:
            document["known_at"] = asked.known_at.isoformat()
        return Answer(
            body=document if isinstance(document, bytes) else msgspec.json.encode(document),
            etag=self._etag(versions, day, asked.lang),
            versions=versions,
            as_of=day,
            time_zone=treaty.details.depositary.time_zone,
        )

    def _versions(self, treaty: Treaty, get: Callable[[str], Known | None]) -> tuple[int, ...] | None:
        """The treaty's version and those of all that it rests on; None when one of them is not at hand."""
        found = {treaty.id: treaty.version}
        waiting = list(rests_on(treaty))
        while waiting:
            other = waiting.pop()
            if other in found:
                continue
            known = get(other)
            if known is None:
                return None
            found[other] = known.state.version
            waiting.extend(rests_on(known.state))
        return tuple(found.values())

    def _etag(self, versions: tuple[int, ...], day: date, lang: str) -> str:
        others = "".join(f"+{version}" for version in versions[1:])
        return f'"{versions[0]}{others}.{day.isoformat()}.{lang}.{self._edition}"'

    def _keep(self, asked: Question, answer: Answer) -> Answer:
        key = (asked.kind, asked.treaty, answer.as_of, asked.lang)
        before = self._kept.pop(key, None)
        self._bytes += len(answer.body) - (0 if before is None else len(before.body))
        self._kept[key] = answer
        while self._bytes > self._most_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.body)
        return answer
