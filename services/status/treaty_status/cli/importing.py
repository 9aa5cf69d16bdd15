"""A history into the record: one order a line, a few at a time, safe to run again.

Acts of one participant go in the order of the file; different participants travel side by side. What is refused then
is asked once more in the order of the file, because an act may need another participant's (an organisation's, a
member's). What the log already holds is not sent again.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final

import httpx

from treaty_status.cli.exits import Refused, Unreachable, words
from treaty_status.cli.history import History, Line
from treaty_status.cli.service import HERE, TIMEOUT_SECONDS, accepted, authorized, nobody_answers

SIDE_BY_SIDE: Final = 16
ATTEMPTS: Final = 4
START_SECONDS: Final = 10.0
"""What a service may take to start before it counts as away."""
FAULT: Final = 500
"""From this HTTP status on, the service is to blame."""
OFFICIAL: Final = "official_depositary"
Progress = Callable[[], None]
Client = AbstractAsyncContextManager[httpx.AsyncClient]


@dataclass(slots=True)
class Tally:
    """What became of the lines of one file; ``refused`` has line numbers and reasons."""

    lines: int = 0
    recorded: int = 0
    already_there: int = 0
    kept_as_claims: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def balances(self) -> bool:
        """Whether every line is accounted for."""
        return self.lines == self.recorded + self.already_there + self.kept_as_claims + len(self.refused)


@dataclass(slots=True)
class Balance:
    """What an import came to. ``definition`` is ``created``, ``amended``, ``unchanged`` or ``none``."""

    treaty: str
    definition: str = "none"
    acts: Tally = field(default_factory=Tally)
    claims: Tally = field(default_factory=Tally)

    @property
    def refused(self) -> int:
        """How many lines were refused."""
        return len(self.acts.refused) + len(self.claims.refused)


@dataclass(frozen=True, slots=True)
class _Item:
    """A line on its way, with the key that makes asking twice the same as asking once."""

    line: Line
    path: str
    key: str


def over_http(url: str, key: str | None) -> Client:
    """The service at an address."""
    limits = httpx.Limits(max_connections=SIDE_BY_SIDE)
    return httpx.AsyncClient(base_url=url, headers=authorized(key), timeout=TIMEOUT_SECONDS, limits=limits, mounts=HERE)


def import_history(history: History, client: Client, *, done: Progress = lambda: None) -> Balance:
    """Put a history into the record; ``done`` is called for each line settled.

    Raises:
        Refused: the definition itself was refused, or the key, or the service failed.
        Unreachable: the service stopped answering; running the import again goes on where it stopped.
    """
    return asyncio.run(_import(history, client, done))


async def _import(history: History, client: Client, done: Progress) -> Balance:
    async with client as service:
        try:
            await _answering(service)
            balance = Balance(history.treaty)
            if history.definition is not None:
                balance.definition = await _define(service, history)
            known = await _known(service, history.treaty)
            for lines, tally, kind in (
                (history.acts, balance.acts, "actions"),
                (history.claims, balance.claims, "claims"),
            ):
                await _file(service, history.treaty, lines, tally, kind, known, done)
        except httpx.TransportError as error:
            raise Unreachable(nobody_answers(str(service.base_url))) from error
        return balance


async def _answering(service: httpx.AsyncClient) -> None:
    """Wait for a service that was started a moment ago."""
    deadline = monotonic() + START_SECONDS
    while True:
        try:
            await service.get("/livez")
        except httpx.ConnectError:
            if monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
        else:
            return


async def _define(service: httpx.AsyncClient, history: History) -> str:
    response = accepted(await service.put(f"/v1/treaties/{history.treaty}", json=history.definition))
    if response.status_code == httpx.codes.CREATED:
        return "created"
    return "unchanged" if response.json().get("recorded_as") == "nothing" else "amended"


async def _known(service: httpx.AsyncClient, treaty: str) -> Counter[str]:
    response = accepted(await service.get(f"/v1/treaties/{treaty}/log"))
    return Counter(one for line in response.text.splitlines() if line for one in marks(json.loads(line)["data"]))


def marks(data: dict[str, Any]) -> list[str]:
    """What a line would have to be to say the same as an event: the act, or the statement and the act it speaks of."""
    act = "\t".join(str(data.get(name)) for name in ("participant", "action", "act_date"))
    if "statement" not in data:
        return [act]
    return ["\t".join(str(data.get(name)) for name in ("claimed_on", "source", "statement")), f"claim\t{act}"]


def mark(line: dict[str, Any]) -> str:
    """What of an event a line is compared with. An act that is not the depositary's word was kept as a claim."""
    if "statement" in line or line.get("tier", OFFICIAL) == OFFICIAL:
        return marks(line)[0]
    return marks({**line, "statement": ""})[1]


async def _file(
    service: httpx.AsyncClient,
    treaty: str,
    lines: tuple[Line, ...],
    tally: Tally,
    kind: str,
    known: Counter[str],
    done: Progress,
) -> None:
    tally.lines = len(lines)
    items = []
    told = {"imported": f"history:{treaty}"} if kind == "claims" else {}  # old statements are no news
    for item in _items(lines, f"/v1/treaties/{treaty}/{kind}", tally, done, told):
        marked = mark(item.line.body or {})
        if known[marked] > 0:
            known[marked] -= 1
            tally.already_there += 1
            done()
        else:
            items.append(item)
    for item in sorted(await _side_by_side(service, items, tally, done), key=lambda one: one.line.number):
        refusal = await _send(service, item, tally)
        if refusal is not None:
            tally.refused.append({"line": item.line.number, "detail": words(refusal.problem)})
        done()
    tally.refused.sort(key=lambda one: int(one["line"]))


def _items(lines: Iterable[Line], path: str, tally: Tally, done: Progress, told: dict[str, Any]) -> Iterable[_Item]:
    seen: Counter[str] = Counter()
    for line in lines:
        if line.body is None:
            tally.refused.append({"line": line.number, "detail": "This is not a JSON object."})
            done()
            continue
        body = told | line.body
        text = json.dumps([path, body], sort_keys=True, ensure_ascii=False)
        seen[text] += 1
        digest = hashlib.sha256(f"{seen[text]}\n{text}".encode()).hexdigest()
        yield _Item(replace(line, body=body), path, f"import-{digest[:32]}")


async def _side_by_side(service: httpx.AsyncClient, items: list[_Item], tally: Tally, done: Progress) -> list[_Item]:
    lanes: dict[str, list[_Item]] = {}
    for item in items:
        lanes.setdefault(str((item.line.body or {}).get("participant") or item.line.number), []).append(item)
    waiting = iter(lanes.values())
    refused: list[_Item] = []

    async def work() -> None:
        for lane in waiting:
            for item in lane:
                if await _send(service, item, tally) is None:
                    done()
                else:
                    refused.append(item)

    await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))
    return refused


async def _send(service: httpx.AsyncClient, item: _Item, tally: Tally) -> Refused | None:
    for attempt in range(1, ATTEMPTS + 1):
        response = await service.post(item.path, json=item.line.body, headers={"idempotency-key": item.key})
        if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        await asyncio.sleep(attempt * 0.5)
    try:
        receipt = accepted(response).json()
    except Refused as refusal:
        if refusal.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN) or refusal.status >= FAULT:
            raise  # no line of the file is to blame, and every other line would end the same way
        return refusal
    if response.headers.get("idempotency-replayed") == "true":
        tally.already_there += 1
    elif receipt.get("recorded_as") == "claim" and item.path.endswith("/actions"):
        tally.kept_as_claims += 1
    else:
        tally.recorded += 1
    return None
