"""Put what was read from a file on record, treaty by treaty, and account for every cell.

Each treaty's acts are one order, so they are on record together or not at all, and many treaties share a commit. The
same act is recognised by who did what on which day under which treaty, whichever file or request told of it first:
running an import again, or another file that overlaps, records nothing twice.
"""

import gc
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from treaty_events import Depositary, Details, Evidence, SourceNote
from treaty_status.application.sheets import Doubted, Found, Reason, Reported, Sheet
from treaty_status.application.submissions import Receipt, Submission
from treaty_status.application.writer import Writer
from treaty_status.domain.checks import Warned
from treaty_status.domain.history import TABLE, AlreadyOnRecord, HistoricAct, RecordHistory, Verdict
from treaty_status.domain.refusals import Refusal, UnknownTreaty

ACTS_TOGETHER: Final = 4_000
"""Acts on their way into one commit; requests that come meanwhile wait about a tenth of a second."""
PATIENCE_SECONDS: Final = 300.0
_OF_THE_UN: Final = re.compile(r"[IVXL]+(-[A-Za-z0-9]+)+")
_UNITED_NATIONS: Final = Depositary(
    id="un-sg",
    name={
        "en": "Secretary-General of the United Nations",
        "fr": "Secrétaire général de l'Organisation des Nations Unies",
    },
    time_zone="America/New_York",
)
_UNTOLD: Final = Depositary(
    id="not-told", name={"en": "Not told by the source", "fr": "Non indiqué par la source"}, time_zone="UTC"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How to import: in whose name, whether a treaty that is not on record may be put there with a bare header (its
    ``title``, where the file has none), whether a complete table may have lost rows, whether only to try."""

    by: str
    define: bool = False
    title: str | None = None
    allow_fewer: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Balance:
    """What became of the cells of one file. ``recorded`` now, ``already`` on record before, the rest ``reported``.

    ``doubted`` names cells among the recorded ones, once for each thing to know about them.
    """

    file: str
    format: str
    cells: int
    empty: int
    recorded: int = 0
    already: int = 0
    reported: list[Reported] = field(default_factory=list)
    doubted: list[Doubted] = field(default_factory=list)
    treaties: int = 0
    notes: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def balances(self) -> bool:
        """Is every cell accounted for?"""
        return self.cells == self.recorded + self.already + len(self.reported)

    @property
    def by_reason(self) -> dict[str, int]:
        """How many cells were reported for each reason."""
        return dict(sorted(Counter(one.reason.value for one in self.reported).items()))


Progress = Callable[[int], None]
"""Told how many acts were settled."""


def import_sheet(sheet: Sheet, writer: Writer, request: Request, *, done: Progress = lambda _: None) -> Balance:
    """Put one file on record.

    Raises:
        Refusal: nothing of it was written: the table shrank, none of its treaties is on record, or the log does not
            answer (then what was committed before stays, and running it again goes on from there).
    """
    balance = Balance(
        file=sheet.file,
        format=sheet.format,
        cells=sheet.cells,
        empty=sheet.empty,
        reported=list(sheet.reported),
        notes=list(sheet.notes),
        dry_run=request.dry_run,
    )
    unknown: list[tuple[UnknownTreaty, Sequence[Found]]] = []
    with _without_collections():
        _put(sheet, writer, request, balance, unknown, done)
    if unknown and len(unknown) == balance.treaties:
        raise UnknownTreaty(
            unknown[0][0].detail,
            way_out="Define it first, or let the import define it with a bare header and no rule (--define).",
            facts=unknown[0][0].facts,
        )
    for refusal, found in unknown:
        balance.reported += [_refused(sheet.file, one, refusal) for one in found]
    balance.reported.sort(key=lambda one: one.row)
    balance.doubted.sort(key=lambda one: one.row)
    return balance


@contextmanager
def _without_collections() -> Iterator[None]:
    """Hundreds of thousands of objects that all stay: looking for garbage among them takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _put(
    sheet: Sheet,
    writer: Writer,
    request: Request,
    balance: Balance,
    unknown: list[tuple[UnknownTreaty, Sequence[Found]]],
    done: Progress,
) -> None:
    for together in _loads(_orders(sheet, request)):
        handed_in = [(found, writer.hand_in(_submission(order, request))) for found, order in together]
        for found, future in handed_in:
            refusal = _settle(balance, found, future)
            if refusal is not None:
                unknown.append((refusal, found))
            done(len(found))


def _submission(order: RecordHistory, request: Request) -> Submission:
    return Submission(order=order, by=request.by, dry_run=request.dry_run)


# ---- orders ----------------------------------------------------------------------------------------------------------
Order = tuple[Sequence[Found], RecordHistory]


def _orders(sheet: Sheet, request: Request) -> Iterator[Order]:
    by_treaty: dict[str, list[Found]] = {treaty: [] for treaty in sheet.parts}
    for found in sheet.acts:
        by_treaty.setdefault(found.treaty, []).append(found)
    run = f"{TABLE if sheet.complete else 'list:'}{sheet.sha256[:32]}"
    for treaty, acts in by_treaty.items():
        part = sheet.parts.get(treaty)
        yield (
            acts,
            RecordHistory(
                treaty=treaty,
                acts=tuple(_historic(found, sheet) for found in acts),
                run=run,
                source=f"{sheet.source} ({sheet.file})" if sheet.source != sheet.file else sheet.file,
                define=bare_details(treaty, sheet, request.title) if request.define else None,
                table=part.rows if sheet.complete and part is not None and not request.allow_fewer else None,
            ),
        )


def _historic(found: Found, sheet: Sheet) -> HistoricAct:
    more = found.more
    # A table's cell is short and worth keeping word for word; the line of a list says what the act says.
    locator = f"{sheet.file}, row {found.row}: {found.text}" if sheet.complete else f"{sheet.file}, row {found.row}"
    evidence = (Evidence(source=found.source or sheet.source, locator=locator),)
    if more is not None and "evidence" in more:
        evidence = (*more["evidence"], *evidence)
        more = {name: value for name, value in more.items() if name != "evidence"}
    return HistoricAct(found.participant, found.action, found.act_date, evidence, more)


def bare_details(treaty: str, sheet: Sheet, title: str | None) -> Details:
    """The header of a treaty of which only a table is known: its title as printed, or its number."""
    part = sheet.parts.get(treaty)
    printed = title or (part.title if part is not None else None)
    concluded = None if part is None else part.concluded
    return bare_header(treaty, title=printed, source=f"{sheet.source}; {concluded}" if concluded else sheet.source)


def bare_header(treaty: str, *, title: str | None, source: str) -> Details:
    """A header that says no more than a title, or the number where there is none, and who the depositary must be."""
    return Details(
        titles={"en": title or treaty},
        depositary=_UNITED_NATIONS if _OF_THE_UN.fullmatch(treaty) else _UNTOLD,
        sources=(SourceNote(label=source),),
    )


def _loads(orders: Iterable[Order]) -> Iterator[list[Order]]:
    load: list[Order] = []
    acts = 0
    for order in orders:
        load.append(order)
        acts += len(order[0])
        if acts >= ACTS_TOGETHER:
            yield load
            load, acts = [], 0
    if load:
        yield load


# ---- outcomes --------------------------------------------------------------------------------------------------------
def _settle(balance: Balance, found: Sequence[Found], future: "Future[Receipt]") -> UnknownTreaty | None:
    balance.treaties += 1
    try:
        receipt = future.result(timeout=PATIENCE_SECONDS)
    except UnknownTreaty as refusal:
        return refusal
    for one, verdict in zip(found, receipt.verdicts, strict=True):
        _count(balance, one, verdict)
    for place, doubts in receipt.doubts.items():
        balance.doubted += [_doubted(balance.file, found[place], doubt) for doubt in doubts]
    return None


def _count(balance: Balance, found: Found, verdict: Verdict) -> None:
    if verdict is None:
        balance.recorded += 1
    elif isinstance(verdict, AlreadyOnRecord) and not verdict.retracted:
        balance.already += 1
    else:
        balance.reported.append(_refused(balance.file, found, verdict))


def _refused(file: str, found: Found, verdict: "AlreadyOnRecord | Refusal") -> Reported:
    if isinstance(verdict, AlreadyOnRecord):
        why, detail = Reason.RETRACTED, "This act was recorded before and retracted since; it stays out."
    else:
        why, detail = Reason.REFUSED, f"{verdict.slug}: {verdict.detail}"
    return Reported(
        file=file,
        row=found.row,
        column=found.column,
        text=found.text,
        reason=why,
        detail=detail,
        treaty=found.treaty,
    )


def _doubted(file: str, found: Found, doubt: Warned) -> Doubted:
    return Doubted(
        file=file,
        row=found.row,
        column=found.column,
        text=found.text,
        code=doubt.code,
        detail=doubt.message,
        treaty=found.treaty,
    )


def document(balance: Balance) -> dict[str, Any]:
    """The balance as JSON."""
    return {
        "file": balance.file,
        "format": balance.format,
        "dry_run": balance.dry_run,
        "treaties": balance.treaties,
        "cells": balance.cells,
        "recorded": balance.recorded,
        "already_on_record": balance.already,
        "reported": len(balance.reported),
        "balances": balance.balances,
        "empty": balance.empty,
        "by_reason": balance.by_reason,
        "notes": balance.notes,
        "lines": [
            {
                "file": one.file,
                "treaty": one.treaty,
                "row": one.row,
                "column": one.column,
                "text": one.text,
                "reason": one.reason.value,
                "detail": one.detail,
            }
            for one in balance.reported
        ],
        "warned": len({one.row for one in balance.doubted}),
        "warnings": [asdict(one) for one in balance.doubted],
    }
