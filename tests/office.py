"""An office that records: a log, the writer before it, and a calendar that the test turns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

from tests import builders
from treaty_events import CorrectionReason
from treaty_status.application.event_log import EventLog
from treaty_status.application.submissions import Receipt, Submission
from treaty_status.application.treaties import Treaties
from treaty_status.application.writer import Writer
from treaty_status.domain.decisions import Correct, Define, OpenRehearsal, Order, ReachDay, RecordAct
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import Treaty
from treaty_status.registry import Registry, load_registry
from treaty_status.store import codec

REGISTRY: Registry = load_registry()


@dataclass
class Office:
    """Records orders through the real writer, each on the day of its act unless another is named."""

    log: EventLog
    today: date = date(2026, 1, 1)
    treaties: Treaties = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.treaties = Treaties(self.log, codec)
        self.writer = Writer(self.log, codec, self.treaties, REGISTRY, clock=self.now)
        self.writer.start()

    def now(self) -> datetime:
        """Noon in New York, more or less."""
        return datetime.combine(self.today, time(17), tzinfo=UTC)

    def close(self) -> None:
        self.writer.stop()

    def take(self, order: Order) -> Receipt:
        return self.writer.record(Submission(order=order, by="key:tests"))

    def define(self, treaty: str, by_rule: Mapping[str, Any] | None = None, **more: Any) -> Receipt:
        windows = more.pop("windows", ())
        rule = None if by_rule is None else TreatyRule.model_validate({**by_rule, "treaty": treaty})
        return self.take(Define(treaty=treaty, details=builders.details(**more), windows=windows, rule=rule))

    def record(self, treaty: str, *acts: RecordAct) -> list[Receipt]:
        """These acts, one after another, each on its own day."""
        receipts = []
        for act in acts:
            self.today = max(self.today, act.act_date)
            receipts.append(self.take(replace(act, treaty=treaty)))
        return receipts

    def day_comes(self, treaty: str, on: str) -> Receipt:
        self.today = date.fromisoformat(on)
        return self.take(ReachDay(treaty=treaty))

    def retract(self, treaty: str, receipt: Receipt) -> Receipt:
        assert receipt.event_id is not None
        return self.take(
            Correct(treaty=treaty, target=receipt.event_id, kind="retracted", reason=CorrectionReason.DUPLICATE)
        )

    def correct(self, treaty: str, receipt: Receipt, **fields: Any) -> Receipt:
        assert receipt.event_id is not None
        reason = CorrectionReason.TYPING
        return self.take(
            Correct(treaty=treaty, target=receipt.event_id, kind="corrected", reason=reason, fields=fields)
        )

    def rehearse(self, treaty: str, under: str, starts_on: str) -> Receipt:
        state = self.treaties.get(treaty).state
        assert isinstance(state, Treaty)
        return self.take(OpenRehearsal(treaty=under, of=state, starts_on=date.fromisoformat(starts_on)))
