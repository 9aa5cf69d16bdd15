"""``treaty-status import`` over HTTP: files are read here, acts streamed to the service, its answers made a balance."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import httpx

from treaty_events import Evidence
from treaty_status.application.importing import Balance, Request
from treaty_status.application.sheets import Doubted, Found, Reason, Reported, Sheet
from treaty_status.cli.exits import Unreachable
from treaty_status.cli.service import HERE, accepted, authorized, nobody_answers
from treaty_status.domain.history import TableShrank

LINES_TOGETHER: Final = 50_000
"""Lines sent in one request; a service takes twice as many."""
ANSWER_SECONDS: Final = 300.0
"""How long nothing may come back while a service decides what was sent."""
NDJSON: Final = "application/x-ndjson"


def import_over_http(sheet: Sheet, request: Request, *, url: str, key: str | None) -> Balance:
    """Put one file on record through a service.

    Raises:
        TableShrank: nothing of it was written.
        Refused: the service takes nothing from this key.
        Unreachable: nobody answers; sending it again goes on where it stopped.
    """
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
    lines = (head(sheet, request), *(line(sheet, found) for found in acts))
    body = (json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in lines)
    with client.stream("POST", "/v1/import", params=asked, content=body, headers={"content-type": NDJSON}) as answer:
        if not answer.is_success:
            answer.read()
        accepted(answer)
        told = 0
        for text in answer.iter_lines():
            one = json.loads(text)
            if one["line"] > 1:
                _count(balance, acts[one["line"] - 2], one)
                told += 1
    if told != len(acts):
        raise Unreachable(f"The service answered {told} of {len(acts)} lines and then no more. Run the import again.")


def head(sheet: Sheet, request: Request) -> dict[str, Any]:
    """The first line: what the file says of its treaties beside their acts."""
    titles = {one: request.title or part.title for one, part in sheet.parts.items() if request.title or part.title}
    told: dict[str, Any] = {"titles": {one: str(title)[:400] for one, title in titles.items()}}
    if sheet.complete:
        told["tables"] = {one: dict(part.rows) for one, part in sheet.parts.items()}
        told["may_have_fewer"] = request.allow_fewer
    return {"import": told}


def line(sheet: Sheet, found: Found) -> dict[str, Any]:
    """An act as a line of an import, with the place in the file where it stands."""
    more = dict(found.more or {})
    given = more.pop("evidence", ())
    locator = f"{sheet.file}, row {found.row}"
    own = Evidence(
        source=found.source or sheet.source, locator=f"{locator}: {found.text}" if sheet.complete else locator
    )
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
        _refuse_if_shrunk(told["problem"])
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


def _refuse_if_shrunk(problem: dict[str, Any]) -> None:
    """No line of a treaty whose table shrank was recorded, and a table holds one treaty."""
    if str(problem.get("type", "")).endswith(f"/{TableShrank.slug}"):
        raise TableShrank(problem["detail"], way_out=problem["way_out"])


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
