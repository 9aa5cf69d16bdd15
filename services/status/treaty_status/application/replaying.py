"""Replay a record of arrivals: every change is put on record as of the instant at which it was first seen.

Arrivals of all treaties go in the order in which they were seen, each instant of a treaty in one commit, so a replay
that broke off goes on where it stopped. A treaty about which anything was recorded later is left alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from treaty_events import (
    Evidence,
    Fact,
    FactCorrected,
    FactReinstated,
    FactRetracted,
    ImportFinished,
    ParticipantAct,
    event_id,
    stream_of,
)
from treaty_status.application.arrivals import Arrival, ArrivalHistory, Change
from treaty_status.application.event_log import EventLog
from treaty_status.application.importing import bare_header
from treaty_status.application.sheets import Found, Reason, Reported
from treaty_status.application.submissions import AnyOrder, Receipt, RecordedSince, Submission
from treaty_status.application.treaties import Codec, decoded
from treaty_status.application.writer import Writer
from treaty_status.domain.arrivals import ActOn, Arrived, EndReplay, Opening, RecordArrivals
from treaty_status.domain.history import OF_THE_CLAUSES, AlreadyOnRecord, Verdict
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.rule import TreatyRule

BY: Final = "replay:"
"""How the name begins under which replayed facts are recorded; the file follows."""
BEFORE_THE_FIRST: Final = timedelta(seconds=1)
"""How long before a treaty's first arrival its starting state is recorded; when it was first seen is not told."""


@dataclass(slots=True)
class Accounts:
    """What became of some rows: ``recorded`` now, ``already`` on record from this replay, the rest ``reported``."""

    rows: int = 0
    recorded: int = 0
    already: int = 0
    reported: list[Reported] = field(default_factory=list)

    @property
    def balances(self) -> bool:
        """Is every row accounted for?"""
        return self.rows == self.recorded + self.already + len(self.reported)


@dataclass(slots=True)
class ReplayBalance:
    """What a replay came to: the rows of the file, and the acts of the starting states."""

    file: str
    arrivals: Accounts = field(default_factory=Accounts)
    starts: Accounts = field(default_factory=Accounts)
    treaties: int = 0
    instants: int = 0
    """Instants at which something was recorded now."""
    overruled: int = 0
    """Acts recorded now although clauses object to them: the depositary's record held them."""

    @property
    def balances(self) -> bool:
        """Is everything accounted for?"""
        return self.arrivals.balances and self.starts.balances


@dataclass(frozen=True, slots=True)
class Recorded:
    """One instant of one treaty that is on record now; ``first``: the starting state."""

    treaty: str
    at: datetime
    receipt: Receipt
    first: bool


class Replay:
    """One run over one file. Iterate to carry it out: each step is durable when it is handed out.

    ``rules`` are put in force, where there is one, together with the bare header of a treaty.
    """

    def __init__(
        self,
        history: ArrivalHistory,
        *,
        writer: Writer,
        log: EventLog,
        codec: Codec,
        rules: Mapping[str, TreatyRule],
    ) -> None:
        self._history = history
        self._writer = writer
        self._log = log
        self._codec = codec
        self._rules = rules
        self.run = f"{BY}{history.sha256[:32]}"
        self.by = f"{BY}{history.file}"
        self.balance = ReplayBalance(history.file)
        self.balance.arrivals.rows = history.rows
        self.balance.arrivals.reported += history.reported

    def __iter__(self) -> Iterator[Recorded]:
        first = {arrival.treaty: arrival.at for arrival in reversed(self._history.arrivals)}
        here = {treaty: _Here(self.run, self._facts(treaty), treaty) for treaty in first}
        self.balance.treaties = len(first)
        steps = [
            *((at - BEFORE_THE_FIRST, treaty, None) for treaty, at in first.items()),
            *((arrival.at, arrival.treaty, arrival) for arrival in self._history.arrivals),
        ]
        for at, treaty, arrival in sorted(steps, key=lambda step: step[:2]):
            done = self._start(at, treaty, here[treaty]) if arrival is None else self._arrive(arrival, here[treaty])
            if done is not None:
                self.balance.instants += 1
                yield Recorded(treaty, at, done, first=arrival is None)
        for treaty in sorted(first):
            if not here[treaty].is_finished:
                self._hand_in(EndReplay(treaty=treaty, run=self.run, source=self._history.file), at=None)
        for accounts in (self.balance.arrivals, self.balance.starts):
            accounts.reported.sort(key=lambda one: one.row)

    def _facts(self, treaty: str) -> list[Fact]:
        return [decoded(self._codec, event) for event in self._log.read_stream(stream_of(treaty))]

    # ---- steps ------------------------------------------------------------------------------------------------------
    def _start(self, at: datetime, treaty: str, here: "_Here") -> Receipt | None:
        acts = self._history.starts[treaty]
        arrived = tuple(
            Arrived(one.participant, None, ActOn(one.action, one.act_date), (_evidence(one, self._history.file),))
            for one in acts
        )
        title = self._history.titles.get(treaty)
        opening = Opening(
            details=bare_header(treaty, title=title, source=self._history.file), rule=self._rules.get(treaty)
        )
        self.balance.starts.rows += len(acts)
        verdicts, receipt = self._recorded(at, treaty, arrived, here, opening)
        for one, verdict in zip(acts, verdicts, strict=True):
            _count(self.balance.starts, 1, verdict, lambda why, one=one: [_unstarted(one, self._history.file, *why)])
        return receipt

    def _arrive(self, arrival: Arrival, here: "_Here") -> Receipt | None:
        arrived = tuple(Arrived(one.participant, one.before, one.after, (self._seen(one),)) for one in arrival.changes)
        verdicts, receipt = self._recorded(arrival.at, arrival.treaty, arrived, here, None)
        for one, verdict in zip(arrival.changes, verdicts, strict=True):
            _count(
                self.balance.arrivals,
                len(one.rows),
                verdict,
                lambda why, one=one: [_unrecorded(one, row, arrival, self._history.file, *why) for row in one.rows],
            )
        return receipt

    def _seen(self, change: Change) -> Evidence:
        rows = ", ".join(str(row) for row in change.rows)
        return Evidence(source=change.source, locator=f"{self._history.file}, row {rows}")

    def _recorded(
        self, at: datetime, treaty: str, arrived: tuple[Arrived, ...], here: "_Here", opening: Opening | None
    ) -> tuple[list[Verdict], Receipt | None]:
        """A verdict for each; the receipt where something was recorded now."""
        if here.reaches(at):
            left = RecordedSince("It was not recorded when it arrived, and the replay has gone on since.", way_out="")
            return [
                AlreadyOnRecord(retracted=False, version=0) if here.told(at, one) else left for one in arrived
            ], None
        order = RecordArrivals(treaty=treaty, run=self.run, source=self._history.file, arrived=arrived, opening=opening)
        try:
            receipt = self._hand_in(order, at=at)
        except Refusal as refusal:
            return [refusal] * len(arrived), None
        overruled = [doubts for doubts in receipt.doubts.values() if any(one.code in OF_THE_CLAUSES for one in doubts)]
        self.balance.overruled += len(overruled)
        return list(receipt.verdicts), receipt if receipt.position is not None else None

    def _hand_in(self, order: AnyOrder, *, at: datetime | None) -> Receipt:
        return self._writer.record(Submission(order=order, by=self.by, recorded_at=at), timeout_seconds=300)


class _Here:
    """What a treaty's stream holds of this very replay."""

    def __init__(self, run: str, facts: list[Fact], treaty: str) -> None:
        stream = stream_of(treaty)
        who = {
            event_id(stream, n): fact.participant for n, fact in enumerate(facts, 1) if isinstance(fact, ParticipantAct)
        }
        own = [fact for fact in facts if fact.recorded.imported == run]
        self._last = max((fact.recorded.at for fact in own), default=None)
        self._told: Counter[tuple[datetime, str]] = Counter()
        for fact in own:
            if isinstance(fact, ParticipantAct):
                self._told[fact.recorded.at, fact.participant] += 1
            elif isinstance(fact, FactCorrected | FactRetracted | FactReinstated):
                self._told[fact.recorded.at, who[fact.target]] += 1
        self.is_finished = any(isinstance(fact, ImportFinished) and fact.run == run for fact in facts)

    def reaches(self, at: datetime) -> bool:
        """Did the replay come this far before?"""
        return self._last is not None and at <= self._last

    def told(self, at: datetime, one: Arrived) -> bool:
        """Was this recorded then? Each fact answers for one arrival."""
        key = at, one.participant
        self._told[key] -= 1
        return self._told[key] >= 0


# ---- accounts --------------------------------------------------------------------------------------------------------
def _count(accounts: Accounts, rows: int, verdict: Verdict, reported: Any) -> None:
    if verdict is None:
        accounts.recorded += rows
    elif isinstance(verdict, AlreadyOnRecord):
        accounts.already += rows
    else:
        accounts.reported += reported((Reason.REFUSED, f"{verdict.slug}: {verdict.detail}"))


def _evidence(one: Found, file: str) -> Evidence:
    return Evidence(source=one.source or file, note=None if one.row else "known from the changes alone")


def _unstarted(one: Found, file: str, why: Reason, detail: str) -> Reported:
    return Reported(file=file, row=one.row, column="start", text=one.text, reason=why, detail=detail, treaty=one.treaty)


def _unrecorded(one: Change, row: int, arrival: Arrival, file: str, why: Reason, detail: str) -> Reported:
    text = f"{one.participant}: {_words(one.before)} -> {_words(one.after)}"
    return Reported(file=file, row=row, column="change", text=text, reason=why, detail=detail, treaty=arrival.treaty)


def _words(what: ActOn | None) -> str:
    return "nothing" if what is None else f"{what.action.value} {what.on}"


def document(balance: ReplayBalance) -> dict[str, Any]:
    """The balance as JSON."""
    return {
        "file": balance.file,
        "treaties": balance.treaties,
        "instants": balance.instants,
        "balances": balance.balances,
        "overruled": balance.overruled,
        **{
            name: _accounts(accounts) for name, accounts in (("arrivals", balance.arrivals), ("starts", balance.starts))
        },
    }


def _accounts(accounts: Accounts) -> dict[str, Any]:
    return {
        "rows": accounts.rows,
        "recorded": accounts.recorded,
        "already_on_record": accounts.already,
        "reported": len(accounts.reported),
        "by_reason": dict(sorted(Counter(one.reason.value for one in accounts.reported).items())),
        "lines": [asdict(one) for one in accounts.reported],
    }
