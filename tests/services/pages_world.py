"""A record small enough to build in a test, and the pages of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from fastapi import FastAPI

from treaty_events import Action, ClaimRecorded, Details, Recorded, SignatureWindow, Tier
from treaty_status.application.past import Then
from treaty_status.application.treaties import Known
from treaty_status.application.views import TreatyPage, TreatyQuery, TreatyRow, searchable, words
from treaty_status.application.world import RecordedWorld
from treaty_status.domain.assessment import outcome_of, signature_closes_on
from treaty_status.domain.decisions import Circumstances, Correct, Define, OpenRehearsal, Order, RecordAct, decide
from treaty_status.domain.decisions import RecordClaim as Claim
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import State, Treaty, Undefined
from treaty_status.pages import pages_router
from treaty_status.registry import Registry, load_registry

HISTORY = files("treaty_status") / "histories" / "XVIII-16"
REGISTRY = cache(load_registry)
NOON = time(17, tzinfo=UTC)


@dataclass
class Record:
    """Treaties built by the real decisions, without a log; it is also the views that the list asks for."""

    today: date = date(2026, 11, 21)
    states: dict[str, State] = field(default_factory=dict)
    position: int = 0

    def __post_init__(self) -> None:
        self.world = RecordedWorld(REGISTRY(), lambda treaty: self.get(treaty).state)

    def get(self, treaty: str) -> Known:
        return Known(self.states.get(treaty, Undefined(treaty)), self.position)

    def clock(self) -> datetime:
        return datetime.combine(self.today, NOON)

    @property
    def registry(self) -> Registry:
        return REGISTRY()

    @property
    def treaties(self) -> "Record":
        return self

    def order(self, order: Order, *, today: date | None = None) -> None:
        now = Circumstances(today or self.today, self.world, Recorded(at=self.clock(), by="key:test"))
        decision = decide(self.get(order.treaty).state, order, now)
        self.states[order.treaty] = decision.state
        self.position += len(decision.events)

    def act(self, treaty: str, action: str, participant: str, on: str, **more: Any) -> None:
        day = date.fromisoformat(on)
        order = RecordAct(treaty=treaty, action=Action(action), participant=participant, act_date=day, **more)
        self.order(order)

    @property
    def past(self) -> "Record":
        return self

    def now(self, treaty: str, world: RecordedWorld) -> Then:
        known = self.get(treaty)
        return Then(known, {treaty: known}, known.position, world)

    # ---- the list ----
    @property
    def views(self) -> "Lists":
        return Lists(self)


@dataclass
class Lists:
    """The list, worked out on the spot."""

    record: Record

    def treaties(self, query: TreatyQuery) -> TreatyPage:
        rows = [self._row(state) for _, state in sorted(self.record.states.items()) if isinstance(state, Treaty)]
        found = [row for row in rows if _asked(row, query)]
        page = found[: query.limit]
        return TreatyPage(rows=tuple(page), next=page[-1].id if len(found) > len(page) else None, position=0)

    def _row(self, treaty: Treaty) -> TreatyRow:
        today = treaty.rehearsal_day or self.record.today
        outcome = outcome_of(treaty, world=self.record.world, as_of=today)
        reading = None if outcome is None else outcome.reading
        exact = reading is not None and isinstance(reading.need, int)
        return TreatyRow(
            id=treaty.id,
            rehearsal_of=treaty.rehearsal_of,
            rehearsal_day=treaty.rehearsal_day,
            version=treaty.version,
            position=self.record.position,
            titles=treaty.details.titles,
            short_titles=treaty.details.short_titles or {},
            depositary=treaty.details.depositary.id,
            time_zone=treaty.details.depositary.time_zone,
            signature_opens_on=min((window.opens_on for window in treaty.windows), default=None),
            signature_closes_on=signature_closes_on(treaty),
            signatures=sum(1 for own in treaty.participations.values() if own.signature),
            counted=int(reading.have or 0) if exact and reading is not None else None,
            needed=int(reading.need or 0) if exact and reading is not None else None,
            threshold_on=None if outcome is None else outcome.threshold_on,
            entry_into_force_on=None if outcome is None else outcome.entry_into_force_on,
            rule_version=treaty.rule_version,
            updated_at=self.record.clock(),
        )


def _asked(row: TreatyRow, query: TreatyQuery) -> bool:
    if query.rehearsals is not None and query.rehearsals == row.livemode:
        return False
    if query.after is not None and row.id <= query.after:
        return False
    text = searchable(" ".join([row.id, *row.titles.values(), *row.short_titles.values()]))
    return all(word in text for word in words(query.q or ""))


def app_of(record: Record, **more: Any) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(pages_router(record, **more))  # type: ignore[arg-type]  # it stands in for the whole desk
    return app


# ---- treaties --------------------------------------------------------------------------------------------------------
def hanoi(record: Record, *, claims: bool = True) -> str:
    """The convention as the repository's history tells it."""
    given = _json("treaty.json")
    define(record, "XVIII-16", given)
    for act in _lines("acts.ndjson"):
        record.act("XVIII-16", act["action"], act["participant"], act["act_date"], place=act["place"], note=act["note"])
    for claim in _lines("claims.ndjson") if claims else ():
        known = msgspec.convert({**claim, "treaty": "", "recorded": {"at": record.clock(), "by": ""}}, ClaimRecorded)
        parts = {name: getattr(known, name) for name in claim}
        record.order(Claim(treaty="XVIII-16", claim={**parts, "tier": Tier(claim["tier"])}))
    return "XVIII-16"


def define(record: Record, treaty: str, given: dict[str, Any]) -> None:
    details = msgspec.convert({k: v for k, v in given.items() if k not in {"signature_windows", "rule"}}, Details)
    windows = tuple(msgspec.convert(given.get("signature_windows", []), list[SignatureWindow]))
    rule = None if given.get("rule") is None else TreatyRule.model_validate(given["rule"])
    record.order(Define(treaty=treaty, details=details, windows=windows, rule=rule))


def plain(title: str = "Treaty of Somewhere", **more: Any) -> dict[str, Any]:
    """A treaty without windows or rule."""
    depositary = {"id": "nld", "name": {"en": "Kingdom of the Netherlands"}, "time_zone": "Europe/Amsterdam"}
    return {"titles": {"en": title}, "depositary": depositary, **more}


def rule(treaty: str, need: int, **who: Any) -> dict[str, Any]:
    """So many instruments, in force thirty days later."""
    when = {"op": "count", "at_least": need, "who": who}
    track = {"clause": "10", "when": when, "then": {"op": "plus", "days": 30}}
    each = {"clause": "10", "then": {"op": "ref", "name": "eif"}, "own": "by_threshold"}
    later = {"clause": "11", "then": {"op": "plus", "days": 30}}
    leaving = {"clause": "12", "takes_effect": {"op": "plus", "years": 1, "of": {"op": "ref", "name": "received"}}}
    return {"treaty": treaty, "title": "", "in_force": [track], "for_each": [each, later], "leaving": [leaving]}


def rehearsal(record: Record, of: str, *, starts_on: str = "2026-11-21", named: str | None = None) -> str:
    name = named or f"{of}~c0ffee"
    known = record.get(of).state
    assert isinstance(known, Treaty)
    record.order(OpenRehearsal(treaty=name, of=known, starts_on=date.fromisoformat(starts_on)))
    return name


def deposits(record: Record, treaty: str, number: int, *, on: Callable[[int], str]) -> None:
    """So many ratifications by States that have signed, one after another."""
    signatories = [act["participant"] for act in _lines("acts.ndjson") if act["participant"] not in {"eu", "fra"}]
    for n, participant in enumerate(signatories[:number]):
        record.act(treaty, "ratification", participant, on(n))


def _json(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HISTORY / name).read_text(encoding="utf-8"))
    return found


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HISTORY / name).read_text(encoding="utf-8").splitlines()]


__all__ = ["Correct", "Record", "app_of", "define", "deposits", "hanoi", "plain", "rehearsal", "rule"]
