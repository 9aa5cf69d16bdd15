"""``treaty-status import`` of lists over HTTP: read here, streamed to the service, and its answers made a balance."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import httpx

from treaty_events import Evidence
from treaty_status.application.importing import Balance, Request
from treaty_status.application.sheets import Doubted, Found, Reason, Reported, Sheet
from treaty_status.cli.exits import Refused, Unreachable
from treaty_status.cli.service import HERE, accepted, authorized, nobody_answers

LINES_TOGETHER: Final = 50_000
"""Lines sent in one request; a service takes twice as many."""
ANSWER_SECONDS: Final = 300.0
"""How long nothing may come back while a service decides what was sent."""
NDJSON: Final = "application/x-ndjson"
NEEDS_THE_DATABASE: Final = {
    "title": "Tables go into the database",
    "detail": "A table claims to be complete, so it is compared with what was read from it before, beside the record.",
    "way_out": "Leave --url out and name the database with --database, or import it as a list.",
}


def import_over_http(sheet: Sheet, request: Request, *, url: str, key: str | None) -> Balance:
    """Put one list on record through a service.

    Raises:
        Refused: the service took none of it, or it is a table.
        Unreachable: nobody answers; sending it again goes on where it stopped.
    """
    if sheet.complete:
        raise Refused(0, NEEDS_THE_DATABASE)
    balance = Balance(
        file=sheet.file,
        format=sheet.format,
        cells=sheet.cells,
        empty=sheet.empty,
        reported=list(sheet.reported),
        notes=list(sheet.notes),
        dry_run=request.dry_run,
        treaties=len({found.treaty for found in sheet.acts}),
    )
    try:
        with httpx.Client(base_url=url, headers=authorized(key), timeout=ANSWER_SECONDS, mounts=HERE) as client:
            for start in range(0, len(sheet.acts), LINES_TOGETHER):
                _send(client, sheet, sheet.acts[start : start + LINES_TOGETHER], request, balance)
    except httpx.TransportError as error:
        raise Unreachable(nobody_answers(url)) from error
    balance.reported.sort(key=lambda one: one.row)
    return balance


def _send(client: httpx.Client, sheet: Sheet, acts: Sequence[Found], request: Request, balance: Balance) -> None:
    asked = {"source": sheet.source[:300]} | {
        name: "true" for name, on in (("define", request.define), ("dry_run", request.dry_run)) if on
    }
    body = (json.dumps(line(sheet, found), ensure_ascii=False).encode() + b"\n" for found in acts)
    with client.stream("POST", "/v1/import", params=asked, content=body, headers={"content-type": NDJSON}) as answer:
        if not answer.is_success:
            answer.read()
        accepted(answer)
        told = 0
        for text in answer.iter_lines():
            one = json.loads(text)
            _count(balance, acts[one["line"] - 1], one)
            told += 1
    if told != len(acts):
        raise Unreachable(f"The service answered {told} of {len(acts)} lines and then no more. Run the import again.")


def line(sheet: Sheet, found: Found) -> dict[str, Any]:
    """An act as a line of an import, with the place in the file where it stands."""
    more = dict(found.more or {})
    given = more.pop("evidence", ())
    own = Evidence(source=found.source or sheet.source, locator=f"{sheet.file}, row {found.row}")
    return {
        "treaty": found.treaty,
        "action": found.action.value,
        "participant": found.participant,
        "act_date": found.act_date.isoformat(),
        "evidence": list(_plain((*given, own))),
        **{name: value.isoformat() if isinstance(value, date) else value for name, value in more.items()},
    }


def _plain(evidence: Sequence[Evidence]) -> Iterator[dict[str, str]]:
    for one in evidence:
        yield {name: value for name, value in asdict(one).items() if value is not None}


def _count(balance: Balance, found: Found, told: dict[str, Any]) -> None:
    if told["result"] == "problem":
        balance.reported.append(_reported(balance.file, found, told["problem"]))
        return
    if told["result"] == "recorded":
        balance.recorded += 1
    else:
        balance.already += 1
    balance.doubted += [
        Doubted(
            file=balance.file,
            row=found.row,
            column=found.column,
            text=found.text,
            code=warning["code"],
            detail=warning["message"],
            treaty=found.treaty,
        )
        for warning in told.get("warnings", ())
    ]


def _reported(file: str, found: Found, problem: dict[str, Any]) -> Reported:
    slug = str(problem.get("type", "")).rpartition("/")[2]
    return Reported(
        file=file,
        row=found.row,
        column=found.column,
        text=found.text,
        reason=Reason.RETRACTED if slug == "retracted-before" else Reason.REFUSED,
        detail=f"{slug}: {problem.get('detail')}",
        treaty=found.treaty,
    )
