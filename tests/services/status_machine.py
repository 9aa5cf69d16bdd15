"""Anything that may happen to a record, in any order, on a real database, with the calendar in the test's hand.

After every step: no key skips a revision, what was announced is what holds; and what was answered at some moment is
still the answer to "as known at that moment". At the end everything is verified, rows included.

``TREATY_MACHINE_EXAMPLES`` and ``TREATY_MACHINE_STEPS`` make it run longer than the continuous integration does.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.builders import act, hanoi, window
from tests.builders import details as the_details
from tests.office import REGISTRY
from tests.services.status_world import Clock
from treaty_events import CorrectionReason, FourEyes, Tier
from treaty_status.api import create_app
from treaty_status.application.desk import Desk
from treaty_status.application.submissions import AnyOrder, Receipt, Submission
from treaty_status.application.writer import today_at
from treaty_status.domain.certifying import Certify, SetTable
from treaty_status.domain.decisions import (
    CloseRehearsal,
    Correct,
    Define,
    MoveRehearsalDay,
    OpenRehearsal,
    RecordClaim,
    ReleaseHold,
)
from treaty_status.domain.history import HistoricAct, RecordHistory
from treaty_status.domain.reassessment import Reassess
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import Treaty
from treaty_status.projections.runner import Projector
from treaty_status.projections.verifying import Report
from treaty_status.projections.verifying import verify as verify_rows
from treaty_status.service import open_desk
from treaty_status.store import codec
from treaty_status.store.verifying import verify

BEGINNING: Final = datetime(2026, 1, 5, 17, tzinfo=UTC)
PARENT, CHILD, ONE, OTHER, WEIGHED, REHEARSAL = "A-1", "A-1.a", "B-1", "B-2", "C-1", "A-1~try"
LIVE: Final = (PARENT, CHILD, ONE, OTHER, WEIGHED)
FLEETS, DECISION = "fleets", "decision"
ALL: Final = (*LIVE, REHEARSAL)
WHO: Final = ("fji", "vnm", "fra", "deu", "eu", "bra")
LEAVING: Final = ("consent_withdrawn", "withdrawal_notified", "withdrawal_notified", "withdrawal_revoked", "objection")
treaties = st.sampled_from([PARENT, PARENT, *ALL])
whoever = st.sampled_from(WHO)
lately = st.sampled_from([0, 0, 0, 1, 3, 20])
DOCUMENTS: Final = ("", "/explanation", "/participants", "/milestones", "/claims")
OF_THE_ANSWER: Final = frozenset({"known_at", "permanent", "position", "log_position"})
"""Fields that speak of the question, or of the log, and not of the treaty."""
LOOKED_BACK: Final = 4
"""Earlier moments asked about after every step; at the end all of them are."""
MOST_LOOKS: Final = 12


def settings_of_the_machine(*, examples: int, steps: int) -> settings:
    """How long it may take: quick for everybody, as long as the environment says for who wants more."""
    return settings(
        max_examples=int(os.environ.get("TREATY_MACHINE_EXAMPLES", examples)),
        stateful_step_count=int(os.environ.get("TREATY_MACHINE_STEPS", steps)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def under_the_parent(at_least: int) -> dict[str, Any]:
    """The clauses of a protocol: parties to the parent alone, once it is in force; who leaves it leaves both."""
    joining = {"clause": "3", "modes": ["ratification", "accession"], "signature_required": False, "parent": PARENT}
    when = {
        "op": "all",
        "of": [
            {"op": "count", "at_least": at_least, "who": {"party_to": PARENT}},
            {"op": "treaty_in_force", "treaty": PARENT},
        ],
    }
    return {
        "title": "A protocol",
        "joining": joining,
        "in_force": [{"clause": "4", "when": when, "then": {"op": "plus", "days": 10}}],
        "for_each": [{"clause": "5", "then": {"op": "plus", "days": 5}}],
        "leaving": [
            {"clause": "6", "takes_effect": {"op": "plus", "days": 20, "of": {"op": "ref", "name": "received"}}}
        ],
    }


def waiting_for(other: str, at_least: int) -> dict[str, Any]:
    """The clauses of one of two treaties in a circle: enough consents, or the other in force and one."""
    when = {
        "op": "any",
        "of": [
            {"op": "count", "at_least": at_least},
            {"op": "all", "of": [{"op": "count", "at_least": 1}, {"op": "treaty_in_force", "treaty": other}]},
        ],
    }
    return {"title": "One of two", "in_force": [{"clause": "8", "when": when, "then": {"op": "plus", "days": 7}}]}


def weighed(at_least: int) -> dict[str, Any]:
    """The clauses of a treaty that waits for tonnage, and for a decision that somebody certifies."""
    when = {
        "op": "all",
        "of": [{"op": "weight", "table": FLEETS, "at_least": str(10 * at_least)}, {"op": "fact", "key": DECISION}],
    }
    return {"title": "Of weight", "in_force": [{"clause": "17", "when": when, "then": {"op": "plus", "months": 1}}]}


def clauses(treaty: str, at_least: int) -> dict[str, Any]:
    """The rule of one of the treaties, with any number."""
    leaving = {"clause": "67", "takes_effect": {"op": "plus", "days": 30, "of": {"op": "ref", "name": "received"}}}
    by_treaty: dict[str, Callable[[], dict[str, Any]]] = {
        PARENT: lambda: hanoi(at_least, leaving=[leaving | {"cascades_to": "protocols"}]),
        CHILD: lambda: under_the_parent(at_least),
        ONE: lambda: waiting_for(OTHER, at_least),
        OTHER: lambda: waiting_for(ONE, at_least),
        WEIGHED: lambda: weighed(at_least),
    }
    return by_treaty[treaty]() | {"treaty": treaty}


@dataclass(frozen=True)
class Answered:
    """What was answered at a moment, about a legal day."""

    at: datetime
    treaty: str
    document: str
    as_of: str
    body: Any


class Record(RuleBasedStateMachine):
    """A service without its threads: what they do is done when the machine says so."""

    database: Callable[[], AbstractContextManager[str]]

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(BEGINNING)
        self.told: list[tuple[str, str]] = []
        self.answered: list[Answered] = []
        self.seen: dict[str, Any] = {}
        self.runs = 0
        self.held = ExitStack()
        """What has to be let go of; taken only once the story begins."""

    def teardown(self) -> None:
        with self.held:
            if not self.seen:
                return
            self._look()
            for one in self.answered:
                self._still_says(one)
            self._stop()
            report = verify(self.dsn, now=self.clock(), every=True)
            assert report.findings == [], "\n".join(map(str, report.findings))

    # ---- the service ------------------------------------------------------------------------------------------------
    def _start(self) -> None:
        self.desk: Desk = open_desk(self.dsn, clock=self.clock)
        self.desk.writer.start()
        self.projector = Projector(self.desk.log, codec, self.desk.views, REGISTRY)  # type: ignore[arg-type]  # a read model, too
        transport = httpx.ASGITransport(create_app(self.desk))  # type: ignore[arg-type]  # an ASGI application
        self.client = httpx.AsyncClient(transport=transport, base_url="http://record")
        self.open = True

    def _stop(self) -> None:
        if self.open:
            self.open = False
            self.loop.run(self.client.aclose())
            self.desk.writer.stop()
            self.desk.watcher.stop()
            self.desk.views.close()
            self.desk.keys.close()
            self.desk.log.close()

    def _take(self, order: AnyOrder, *, by: str = "key:tests") -> Receipt | None:
        """A second passes with every order; what is refused did not happen."""
        self.clock.forward(seconds=1)
        try:
            receipt = self.desk.writer.record(Submission(order=order, by=by))
        except Refusal:
            return None
        if receipt.event_id is not None and receipt.recorded_as == "act":
            self.told.append((order.treaty, receipt.event_id))
        return receipt

    def _today(self) -> date:
        return today_at("America/New_York", self.clock())

    # ---- what may happen --------------------------------------------------------------------------------------------
    @initialize(at_least=st.integers(1, 3))
    def begin(self, at_least: int) -> None:
        self.dsn = self.held.enter_context(type(self).database())
        self.loop = self.held.enter_context(asyncio.Runner())
        self.open = False
        self.held.callback(self._stop)
        self._start()
        windows = (window("2026-01-01", "2026-03-31"),)
        for treaty in LIVE:
            rule_of_it = TreatyRule.model_validate(clauses(treaty, at_least))
            assert self._take(
                Define(
                    treaty=treaty,
                    details=the_details(
                        adopted_on=date(2025, 12, 1), four_eyes=FourEyes(hours=30) if treaty == OTHER else None
                    ),
                    windows=windows if treaty == PARENT else (),
                    rule=rule_of_it,
                )
            )

    @rule(treaty=treaties, action=st.sampled_from(["signature", "definitive_signature"]), who=whoever, ago=lately)
    def sign(self, treaty: str, action: str, who: str, ago: int) -> None:
        self._act(treaty, action, who, ago)

    @rule(treaty=treaties, action=st.sampled_from(["ratification", "accession"]), who=whoever, ago=lately)
    def join(self, treaty: str, action: str, who: str, ago: int) -> None:
        self._act(treaty, action, who, ago)

    @rule(treaty=treaties, who=st.lists(whoever, min_size=1, max_size=3, unique=True), ago=lately)
    def join_together(self, treaty: str, who: list[str], ago: int) -> None:
        for one in who:
            self._act(treaty, "accession", one, ago)

    @rule(treaty=st.sampled_from([PARENT, CHILD]), who=st.lists(whoever, min_size=2, max_size=4, unique=True))
    def join_both(self, treaty: str, who: list[str]) -> None:
        for one in who:
            self._act(PARENT, "accession", one, 0)
            self._act(CHILD, "accession", one, 0)

    @rule(ago=lately)
    def certify(self, ago: int) -> None:
        on = self._today() - timedelta(days=ago)
        order = Certify(treaty=WEIGHED, key=DECISION, certified_on=on, certified_by="the assembly")
        receipt = self._take(order)
        if receipt is not None and receipt.event_id is not None:
            self.told.append((WEIGHED, receipt.event_id))

    @rule(weights=st.lists(st.integers(0, 30), min_size=len(WHO), max_size=len(WHO)))
    def weigh(self, weights: list[int]) -> None:
        values = {who: str(weight) for who, weight in zip(WHO, weights, strict=True)}
        self._take(SetTable(treaty=WEIGHED, name=FLEETS, values=values, source="a register"))

    @rule(ago=lately)
    def recertify(self, ago: int) -> None:
        certificates = [at for at, (treaty, _) in enumerate(self.told) if treaty == WEIGHED]
        if certificates:
            on = (self._today() - timedelta(days=ago)).isoformat()
            self._correct(certificates[-1], "corrected", certified_on=on)

    @rule(which=st.integers(0, 99), action=st.sampled_from(LEAVING), ago=lately)
    def leave(self, which: int, action: str, ago: int) -> None:
        joined = [
            (treaty, name)
            for treaty in ALL
            if isinstance(state := self.desk.treaties.get(treaty).state, Treaty)
            for name, own in state.participations.items()
            if own.lives
        ]
        if joined:
            treaty, who = joined[which % len(joined)]
            self._act(treaty, action, who, ago)

    def _act(self, treaty: str, action: str, who: str, ago: int) -> None:
        on = self._today() - timedelta(days=ago)
        self._take(replace(act(action, who, on=on, override="V6"), treaty=treaty))

    @rule(which=st.integers(0, 99), ago=st.integers(0, 30))
    def redate(self, which: int, ago: int) -> None:
        self._correct(which, "corrected", act_date=(self._today() - timedelta(days=ago)).isoformat())

    @rule(which=st.integers(0, 99), who=st.sampled_from(WHO))
    def rename(self, which: int, who: str) -> None:
        self._correct(which, "corrected", participant=who)

    @rule(which=st.integers(0, 99), action=st.sampled_from(["signature", "ratification", "accession"]))
    def rename_the_action(self, which: int, action: str) -> None:
        self._correct(which, "corrected", action=action)

    @rule(which=st.integers(0, 99), kind=st.sampled_from(["retracted", "reinstated"]))
    def retract_or_reinstate(self, which: int, kind: str) -> None:
        self._correct(which, kind)

    def _correct(self, which: int, kind: str, **fields: Any) -> None:
        if self.told:
            treaty, target = self.told[which % len(self.told)]
            reason = CorrectionReason.DEPOSITARY_CORRECTION
            self._take(Correct(treaty=treaty, target=target, kind=kind, reason=reason, fields=fields))  # type: ignore[arg-type]  # sampled

    @rule(treaty=st.sampled_from(LIVE), at_least=st.integers(1, 4))
    def amend_the_rule(self, treaty: str, at_least: int) -> None:
        state = self.desk.treaties.get(treaty).state
        assert isinstance(state, Treaty)
        new = TreatyRule.model_validate(clauses(treaty, at_least))
        self._take(Define(treaty=treaty, details=state.details, windows=state.windows, rule=new, reason="mistyped"))

    @rule(treaty=st.sampled_from(LIVE), who=st.sampled_from(WHO))
    def claim(self, treaty: str, who: str) -> None:
        today = self._today().isoformat()
        claim = {
            "claimed_on": today,
            "source": "a newspaper",
            "url": None,
            "statement": f"{who} has ratified",
            "about": "participant_act",
            "tier": Tier.PRESS,
            "participant": who,
            "act_date": today,
        }
        self._take(RecordClaim(treaty=treaty, claim=claim))

    @rule(treaty=st.sampled_from(LIVE), who=st.lists(st.sampled_from(WHO), min_size=1, max_size=4, unique=True))
    def bring_in_history(self, treaty: str, who: list[str]) -> None:
        self.runs += 1
        day = date(2026, 1, 1)
        action = act("accession", "x", on=day).action
        acts = tuple(HistoricAct(one, action, day) for one in who)
        self._take(RecordHistory(treaty=treaty, acts=acts, run=f"table:{self.runs}", source="an old table"))

    @rule(treaty=st.sampled_from(ALL))
    def reassess(self, treaty: str) -> None:
        self._digest()
        self._take(Reassess(treaty=treaty, software="tests"))
        again = self._take(Reassess(treaty=treaty, software="tests"))
        assert again is None or again.recorded_as == "nothing"

    @rule(by=st.sampled_from(["key:tests", "key:second"]))
    def release(self, by: str) -> None:
        self._take(ReleaseHold(treaty=OTHER), by=by)

    @rule(days=st.sampled_from([1, 1, 2, 7, 10, 30, 90]))
    def days_pass(self, days: int) -> None:
        self.clock.forward(days=days)

    @rule()
    def rehearse(self) -> None:
        state = self.desk.treaties.get(PARENT).state
        assert isinstance(state, Treaty)
        self._take(OpenRehearsal(treaty=REHEARSAL, of=state, starts_on=self._today()))

    @rule(days=st.integers(1, 60), close=st.integers(0, 9))
    def rehearse_on(self, days: int, close: int) -> None:
        self._take(MoveRehearsalDay(treaty=REHEARSAL, on=self._today() + timedelta(days=days)))
        if close == 9:
            self._take(CloseRehearsal(treaty=REHEARSAL))

    @rule()
    def restart(self) -> None:
        self._stop()
        self._start()

    @rule()
    def look(self) -> None:
        """The projections catch up and the clock looks until it has nothing more to order."""
        self._look()
        report = self._report()
        assert [one for one in report.due if one.treaty != REHEARSAL] == []

    def _look(self) -> None:
        self._digest()
        for _ in range(MOST_LOOKS):
            self.clock.forward(seconds=1)
            if not self.desk.clock_task.look():
                return
            self._digest()
        raise AssertionError("the clock finds more and more to say")

    def _digest(self) -> None:
        while self.projector.step():
            pass

    # ---- what must be true ------------------------------------------------------------------------------------------
    @invariant()
    def what_was_announced_is_what_holds(self) -> None:
        findings = self._report().findings
        assert findings == [], "\n".join(map(str, findings))

    def _report(self) -> Report:
        return verify_rows(self.desk.log, codec, None, REGISTRY, now=self.clock(), every=True)

    @invariant()
    def what_was_answered_then_is_what_was_known_then(self) -> None:
        before = self.answered[:: max(1, len(self.answered) // LOOKED_BACK)]
        self.clock.forward(seconds=1)
        versions = tuple(self.desk.treaties.get(name).state.version for name in ALL)
        for treaty in ALL:
            rests_on = versions if treaty in {CHILD, ONE, OTHER} else (versions[ALL.index(treaty)],)
            if self.seen.get(treaty) == (rests_on, self._today()):
                continue
            self.seen[treaty] = (rests_on, self._today())
            for document in DOCUMENTS:
                answer = self._ask(treaty, document)
                if answer is not None:
                    as_of = answer.get("as_of") or self._today().isoformat()
                    self.answered.append(Answered(self.clock(), treaty, document, as_of, _said(answer)))
        for one in before:
            self._still_says(one)

    def _ask(self, treaty: str, document: str, **asked: str) -> Any:
        answer = self.loop.run(self.client.get(f"/v1/treaties/{treaty}{document}", params=asked))
        if answer.status_code in {404, 410}:
            return None
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _still_says(self, then: Answered) -> None:
        known_at = then.at.isoformat().replace("+00:00", "Z")
        now = _said(self._ask(then.treaty, then.document, as_of=then.as_of, known_at=known_at))
        assert now == then.body, f"{then.treaty}{then.document} as of {then.as_of}, known at {known_at}"


def _said(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: value for name, value in answer.items() if name not in OF_THE_ANSWER}
    return answer


@contextmanager
def a_file() -> Iterator[str]:
    """The address of a SQLite file that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="treaty-machine-") as folder:
        yield f"sqlite:///{Path(folder) / 'treaty.db'}"
