"""``treaty-status verify``: one green line, or what is not as the events say, in plain words."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from time import perf_counter
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.views import ViewsUnavailable
from treaty_status.cli import output
from treaty_status.cli.exits import CANNOT_RUN, DIFFERS
from treaty_status.cli.keys import database_of
from treaty_status.domain.coherence import Finding
from treaty_status.projections.verifying import DueNow, Report, UnknownTreaty
from treaty_status.service import now
from treaty_status.store import UnknownDatabase
from treaty_status.store.verifying import NothingToVerify, verify

DUE_LISTED: Final = 5
"""Lines due now that are named for people; JSON has all."""


def run(database: str | None, *, treaty: str | None, every: bool, as_json: bool) -> None:
    """Verify, print what came of it, and exit: 0 all green, 1 something differs, 2 it cannot be done."""
    began = perf_counter()
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        with Progress(*columns, console=errors, disable=as_json or not errors.is_terminal, transient=True) as bar:
            task = bar.add_task("treaties", total=None)
            report = verify(
                database_of(database),
                now=now(),
                treaty=treaty,
                every=every,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
    except (LogUnavailable, ViewsUnavailable, UnknownDatabase, UnknownTreaty, NothingToVerify) as fault:
        sys.stderr.write(f"Nothing was verified. {fault}\n")
        sys.exit(CANNOT_RUN)
    seconds = perf_counter() - began
    if as_json:
        output.as_json(document(report, seconds=seconds))
    else:
        _print(report, seconds)
    if not report.green:
        sys.exit(DIFFERS)


def document(report: Report, *, seconds: float) -> dict[str, Any]:
    """A report as JSON."""
    return {
        "green": report.green,
        "position": report.position,
        "rows_position": report.rows_at,
        "treaties": report.treaties,
        "events": report.events,
        "milestones": report.milestones,
        "rows": report.rows,
        "seconds": round(seconds, 3),
        "differences": [{**asdict(one), "sentence": str(one)} for one in report.findings],
        "due_now": [{**asdict(one), "occurred_on": one.occurred_on.isoformat()} for one in report.due],
    }


def _print(report: Report, seconds: float) -> None:
    counted = (
        f"{report.treaties:,} treaties, {report.events:,} events, {report.milestones:,} milestones and "
        f"{report.rows:,} rows, up to position {report.position} in {seconds:.1f} s"
    )
    if report.green:
        output.OUT.print(Text(f"Green: {counted}. {_rows(report)}".rstrip(), style="green"))
    for finding in report.findings:
        output.OUT.print(Text(_sentence(finding), style="red"))
    if not report.green:
        output.say(f"Looked at: {counted}.")
    _print_due(report.due)


def _sentence(finding: Finding) -> str:
    advice = {
        "milestone": " `treaty-status reassess` says what was left unsaid; what the log lost, a backup has.",
        "row": " `treaty-status rebuild` makes the rows anew.",
        "checkpoint": " `treaty-status rebuild` makes the rows anew, unless it is the log that lost something.",
    }
    return f"Differs: {finding}{advice.get(finding.kind, '')}"


def _rows(report: Report) -> str:
    if report.rows_at is None:
        return "No rows are kept beside this log, so none were compared."
    behind = report.position - report.rows_at
    return f"The rows are {behind} positions behind the log." if behind > 0 else ""


def _print_due(due: Sequence[DueNow]) -> None:
    if not due:
        return
    output.say(f"Due now, and not yet told by the clock: {len(due)}.")
    for one in due[:DUE_LISTED]:
        output.say(f"  {one.key} {one.status} on {one.occurred_on}: {one.because}.")
