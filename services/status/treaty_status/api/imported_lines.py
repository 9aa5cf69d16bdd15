"""Lines of acts, decided many at once; each ends in one line of answer."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from treaty_events import Evidence, NotAFact, Tier, event_id, stream_of, treaty_id
from treaty_status.api import orders
from treaty_status.api.bodies import ImportedActBody, ImportedTables, ImportHeadBody
from treaty_status.api.conditions import idempotency
from treaty_status.api.intake import decoded
from treaty_status.api.line_cutter import Line
from treaty_status.api.problems import invalid, problem_of, refusal_of
from treaty_status.api.refusals import BodyTooLarge
from treaty_status.api.surface import Surface
from treaty_status.application.importing import ACTS_TOGETHER, bare_header
from treaty_status.application.keys import Key
from treaty_status.application.submissions import Receipt, Submission
from treaty_status.domain.checks import Warned
from treaty_status.domain.decisions import RecordAct
from treaty_status.domain.history import (
    TABLE,
    AlreadyOnRecord,
    HistoricAct,
    Identity,
    NotTheDepositarys,
    RecordHistory,
    RetractedBefore,
    identity,
)
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.treaty import Treaty

_DECODER: Final = msgspec.json.Decoder(ImportedActBody)
_HEAD: Final = msgspec.json.Decoder(ImportHeadBody)
_ANY: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode: Final = msgspec.json.Encoder().encode
ROAD: Final = "POST /v1/import"
_PLAIN: Final = ("place", "effect_date", "circulated_on", "depositary_ref", "note", "override")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How the lines are to be recorded: as history or as ``news``; ``source`` says in words where they come from."""

    source: str
    news: bool = False
    define: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Entry:
    """One line on its way; ``answer`` is there as soon as it is settled."""

    number: int
    order: RecordAct | None = None
    body: bytes = b""
    """The line in its canonical form."""
    answer: bytes | None = None


@dataclass(slots=True)
class LineImport:
    """Reads and settles the lines of one request."""

    surface: Surface
    key: Key
    wanted: Wanted
    digest: str = ""
    """Of everything read so far, in hexadecimal digits."""
    head: ImportedTables = field(default_factory=ImportedTables)
    _begun: bool = False

    # ---- reading ----------------------------------------------------------------------------------------------------
    def entry(self, line: Line) -> Entry | None:
        """What a line says, or why it says nothing that can be recorded; None for a blank line."""
        if line.text is not None and not line.text.strip():
            return None
        found = Entry(line.number)
        first, self._begun = not self._begun, True
        try:
            if first and line.text is not None and _is_head(line.text):
                self.head = decoded(line.text.strip(), _HEAD).head
                found.answer = _encode({"line": line.number, "result": "noted"})
            else:
                found.order, found.body = self._read(line)
        except Refusal as refusal:
            found.answer = _problem(line.number, refusal)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one line stops no other line
            found.answer = _problem(line.number, refusal_of(error))
        return found

    def _read(self, line: Line) -> tuple[RecordAct, bytes]:
        if line.text is None:
            raise BodyTooLarge(
                f"A line holds at most {self.surface.body_limit_bytes} bytes.",
                way_out="Shorten its texts, or refer to a document by its address.",
                facts={"limit_bytes": self.surface.body_limit_bytes},
            )
        body = decoded(line.text.strip(), _DECODER)
        try:
            treaty = treaty_id(body.treaty)
        except NotAFact as error:
            raise invalid(("/treaty", str(error))) from None
        if body.tier is not Tier.OFFICIAL_DEPOSITARY:
            raise NotTheDepositarys(
                "Only the depositary's own record moves a count.",
                way_out=f"Hand it in at /v1/treaties/{treaty}/claims.",
                facts={"treaty": treaty, "tier": body.tier.value},
            )
        return orders.act(body, treaty=treaty, registry=self.surface.desk.registry), orders.canonical(body)

    # ---- settling ---------------------------------------------------------------------------------------------------
    async def settle(self, entries: Sequence[Entry]) -> bytes:
        """The answers of these lines, in their order, after everything that is recorded of them is durable."""
        open_ = [entry for entry in entries if entry.answer is None]
        if self.wanted.news:
            await self._as_news(open_)
        else:
            await self._as_history(open_)
        return b"".join(entry.answer + b"\n" for entry in entries if entry.answer is not None)

    async def _as_history(self, entries: Iterable[Entry]) -> None:
        by_treaty: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.order is not None:
                by_treaty.setdefault(entry.order.treaty, []).append(entry)
        together: list[Awaitable[None]] = []
        acts = 0
        for treaty, its in by_treaty.items():
            together.append(self._history(treaty, its))
            acts += len(its)
            if acts >= ACTS_TOGETHER:
                await asyncio.gather(*together)
                together, acts = [], 0
        await asyncio.gather(*together)

    async def _history(self, treaty: str, entries: Sequence[Entry]) -> None:
        wanted, rows = self.wanted, self.head.tables.get(treaty)
        title = self.head.titles.get(treaty)
        order = RecordHistory(
            treaty=treaty,
            acts=tuple(_historic(entry.order, entry.number, wanted.source) for entry in entries if entry.order),
            run=f"{'list:' if rows is None else TABLE}{self.digest[:32]}",
            source=wanted.source,
            define=bare_header(treaty, title=title, source=wanted.source) if wanted.define else None,
            table=None if self.head.may_have_fewer else rows,
        )
        submission = Submission(order=order, by=f"key:{self.key.name}", dry_run=wanted.dry_run)
        try:
            receipt = await self.surface.desk.writer.submit(submission)
        except Exception as error:  # noqa: BLE001 - told to each of its lines; other treaties' lines go on
            refusal = refusal_of(error)
            for entry in entries:
                entry.answer = _problem(entry.number, refusal)
            return
        for place, entry in enumerate(entries):
            entry.answer = _historic_answer(entry.number, place, receipt)

    async def _as_news(self, entries: Sequence[Entry]) -> None:
        """In the order of the lines: each is decided after those before it."""
        treaties = {entry.order.treaty for entry in entries if entry.order is not None}
        known = await asyncio.to_thread(self._on_record, treaties)
        waiting: list[tuple[Entry, Awaitable[Receipt]]] = []
        for entry in entries:
            order = entry.order
            if order is None:
                continue
            told = known.get((order.treaty, (order.participant, order.action, order.act_date)))
            if told is not None:
                entry.answer = _already(entry.number, order.treaty, told)
            else:
                waiting.append((entry, self.surface.desk.writer.submit(self._submission(order, entry))))
        for entry, future in waiting:
            try:
                entry.answer = _news_answer(entry.number, await future)
            except Exception as error:  # noqa: BLE001 - told to this line; the others go on
                entry.answer = _problem(entry.number, refusal_of(error))

    def _submission(self, order: RecordAct, entry: Entry) -> Submission:
        name = f"import-{orders.digest(entry.body.decode())[:32]}"
        once = idempotency(name, key=self.key, treaty=order.treaty, what=ROAD, body=entry.body)
        return Submission(order=order, by=f"key:{self.key.name}", idempotency=once)

    def _on_record(self, treaties: Iterable[str]) -> "dict[tuple[str, Identity], AlreadyOnRecord]":
        found: dict[tuple[str, Identity], AlreadyOnRecord] = {}
        for treaty in treaties:
            state = self.surface.desk.treaties.get(treaty).state
            if isinstance(state, Treaty):
                for act in state.acts.values():
                    found[treaty, identity(act)] = AlreadyOnRecord(act.retracted, act.version)
        return found


def _is_head(text: bytes) -> bool:
    try:
        return _ANY.decode(text).keys() == {"import"}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _historic(order: RecordAct, number: int, source: str) -> HistoricAct:
    more = {name: value for name in _PLAIN if (value := getattr(order, name)) is not None} | order.extra
    evidence = order.evidence or (Evidence(source=source, locator=f"line {number}"),)
    return HistoricAct(order.participant, order.action, order.act_date, evidence, more or None)


# ---- answers ---------------------------------------------------------------------------------------------------------
def too_many(number: int, limit: int) -> bytes:
    """The answer to the first line that is not read any more."""
    refusal = BodyTooLarge(
        f"An import holds at most {limit} lines; this line and those after it were not read.",
        way_out=f"Send line {number} and those after it in another request.",
        facts={"limit_lines": limit},
    )
    return _problem(number, refusal) + b"\n"


def _historic_answer(number: int, place: int, receipt: Receipt) -> bytes:
    verdict = receipt.verdicts[place]
    if isinstance(verdict, Refusal):
        return _problem(number, verdict)
    if isinstance(verdict, AlreadyOnRecord):
        return _already(number, receipt.treaty, verdict, dry_run=receipt.dry_run)
    answer: dict[str, Any] = {"line": number, "result": "recorded", "treaty": receipt.treaty}
    if receipt.dry_run:
        answer["dry_run"] = True
    else:
        version = receipt.versions[place]
        answer["event_id"] = event_id(stream_of(receipt.treaty), version)
        answer["version"] = version
        answer["position"] = receipt.positions[version - receipt.version - 1]
    answer["warnings"] = [_warning(one) for one in receipt.doubts.get(place, ())]
    return _encode(answer)


def _news_answer(number: int, receipt: Receipt) -> bytes:
    result = "already" if receipt.replayed else "recorded"
    return _encode(
        {
            "line": number,
            "result": result,
            "treaty": receipt.treaty,
            "event_id": receipt.event_id,
            "version": receipt.version,
            "position": receipt.position,
            "milestones": receipt.milestones,
            "warnings": receipt.warnings,
        }
    )


def _already(number: int, treaty: str, told: AlreadyOnRecord, *, dry_run: bool = False) -> bytes:
    by = event_id(stream_of(treaty), told.version)
    if told.retracted:
        refusal = RetractedBefore(
            "This act was recorded before and retracted since; it stays out.",
            way_out=f"If the retraction was wrong, reinstate it at /v1/treaties/{treaty}/corrections.",
            facts={"treaty": treaty, "event_id": by},
        )
        return _problem(number, refusal)
    # In a dry run the act may be one of an earlier line, which was recorded by nobody.
    return _encode({"line": number, "result": "already", "treaty": treaty} | ({} if dry_run else {"event_id": by}))


def _problem(number: int, refusal: Refusal) -> bytes:
    document = msgspec.Raw(problem_of(refusal).body)
    return _encode({"line": number, "result": "problem", "problem": document})


def _warning(one: Warned) -> dict[str, str]:
    return {"code": one.code, "message": one.message}
