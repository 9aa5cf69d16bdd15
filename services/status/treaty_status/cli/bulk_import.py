"""``treaty-status import`` of tables and lists: read the files, put them on record as history, print the balance.

It goes straight into a database, also while services serve it, or through a service. Nobody is told of old lines as
news: one announcement for each treaty says that its history is there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.importing import Balance, Request, document, import_sheet
from treaty_status.application.sheets import Sheet
from treaty_status.application.submissions import TooBusy, Unavailable
from treaty_status.application.treaties import Treaties
from treaty_status.application.writer import Writer
from treaty_status.cli import output
from treaty_status.cli.exits import Refused, Unreachable
from treaty_status.cli.http_import import import_over_http
from treaty_status.cli.keys import database_of
from treaty_status.domain.refusals import Refusal
from treaty_status.importers import AUTO, FORMATS, read_sheet
from treaty_status.registry import Registry, load_registry
from treaty_status.service import now
from treaty_status.store import UnknownDatabase, codec, open_log

BY: Final = "key:import"
LISTED: Final = 20
"""Reported cells listed for each file for people; JSON has all."""
TABLES: Final = (".csv", ".xml")
Take = Callable[[Sheet], Balance]


@dataclass(slots=True)
class Outcome:
    """What came of all the files; ``refused`` are those of which nothing was written."""

    balances: list[Balance] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)


def is_bulk(sources: Sequence[str], *, format_name: str, wanted: bool) -> bool:
    """Is this an import of tables and lists, and not of one history with its definition and claims, line by line?"""
    return wanted or format_name != AUTO or len(sources) > 1 or sources[0].casefold().endswith(TABLES)


def run(
    sources: Sequence[str],
    request: Request,
    *,
    format_name: str,
    treaty: str | None,
    database: str | None,
    service: tuple[str, str | None] | None = None,
    as_json: bool,
) -> Outcome:
    """Import the files one after another and print what came of them; ``service`` is the address and the key of one.

    Raises:
        Refused: the format has no such name. Unreachable: the database cannot be used.
    """
    if format_name not in {AUTO, *FORMATS}:
        named = f"There is no format {format_name!r}; there are {', '.join([AUTO, *FORMATS])}."
        raise Refused(0, {"title": "No such format", "detail": named})
    outcome = Outcome()
    registry = load_registry()
    with _taking(request, registry, database, service) as take, _bar(len(sources), as_json) as bar:
        task = bar.add_task("files", total=len(sources))
        for source in sources:
            _import(source, take, format_name, treaty, registry, outcome)
            bar.advance(task)
    if as_json:
        output.as_json(summary(outcome))
    else:
        _print(outcome)
    return outcome


@contextmanager
def _taking(
    request: Request, registry: Registry, database: str | None, service: tuple[str, str | None] | None
) -> Iterator[Take]:
    """What puts a sheet on record: a writer of our own on the database, or a service."""
    if service is not None:
        url, key = service
        yield lambda sheet: import_over_http(sheet, request, url=url, key=key)
        return
    with _writing(_address(database, dry_run=request.dry_run), registry) as writer:
        yield lambda sheet: import_sheet(sheet, writer, request)


def _import(
    source: str, take: Take, format_name: str, treaty: str | None, registry: Registry, outcome: Outcome
) -> None:
    path = Path(source)
    try:
        sheet = read_sheet(path.name, path.read_bytes(), registry=registry, format_name=format_name, treaty=treaty)
        outcome.balances.append(take(sheet))
    except OSError as fault:
        outcome.refused.append({"file": source, "title": "Not readable", "detail": str(fault)})
    except (Unavailable, TooBusy) as fault:
        raise Unreachable(f"{fault.detail} Run the import again; what is on record stays.") from fault
    except Refusal as refusal:
        outcome.refused.append(
            {
                "file": source,
                "type": refusal.slug,
                "title": refusal.title,
                "detail": refusal.detail,
                "way_out": refusal.way_out,
                **{name: value for name, value in refusal.facts.items() if name != "file"},
            }
        )


@contextmanager
def _writing(address: str, registry: Registry) -> Iterator[Writer]:
    try:
        log = open_log(address)
    except (LogUnavailable, UnknownDatabase) as fault:
        raise Unreachable(str(fault)) from fault
    writer = Writer(log, codec, Treaties(log, codec), registry, clock=now)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()
        log.close()


def _address(database: str | None, *, dry_run: bool) -> str:
    address = database_of(database)
    file = address.removeprefix("sqlite:///")
    # Trying something out leaves no empty database behind.
    return "memory:" if dry_run and file != address and not Path(file).exists() else address


def _bar(files: int, quiet: bool) -> Bar:  # noqa: FBT001 - private
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Bar(*columns, console=errors, disable=quiet or files < 2 or not errors.is_terminal)


# ---- what is printed -------------------------------------------------------------------------------------------------
def summary(outcome: Outcome) -> dict[str, Any]:
    """All balances, their sum, and the files refused."""
    files = [document(balance) for balance in outcome.balances]
    names = ("treaties", "cells", "recorded", "already_on_record", "reported", "empty", "warned")
    return {
        "files": files,
        "refused": outcome.refused,
        "totals": {name: sum(one[name] for one in files) for name in names},
        "balances": all(one["balances"] for one in files),
    }


def _print(outcome: Outcome) -> None:
    found = summary(outcome)
    rows = [*found["files"], {**found["totals"], "file": "all", "balances": found["balances"]}]
    output.table(
        rows,
        file="file",
        cells="cells",
        recorded="recorded",
        already_on_record="already there",
        reported="reported",
        empty="empty",
        warned="recorded with warnings",
        balances="balances",
    )
    for one in found["files"]:
        for note in one["notes"]:
            output.say(f"{one['file']}: {note}")
        for line in one["lines"][:LISTED]:
            output.say(f"{line['file']}, row {line['row']}, {line['column']}: {line['text'][:60]} - {line['detail']}")
        if len(one["lines"]) > LISTED:
            reasons = ", ".join(f"{count} {reason}" for reason, count in one["by_reason"].items())
            output.say(f"{one['file']}: {len(one['lines'])} reported in all ({reasons}); --json lists each.")
        for line in one["warnings"][:LISTED]:
            output.say(f"{line['file']}, row {line['row']}: recorded, and {line['code']}: {line['detail']}")
        if len(one["warnings"]) > LISTED:
            output.say(f"{one['file']}: {len(one['warnings'])} warnings in all; --json lists each.")
    for refused in outcome.refused:
        output.say(f"{refused['file']}: nothing was written. {refused['detail']} {refused.get('way_out', '')}".rstrip())
