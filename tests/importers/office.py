"""A record to import into: one log, one writer, a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.importers.tables import REGISTRY, csv_table
from treaty_events import Fact
from treaty_status.application.event_log import EventLog
from treaty_status.application.importing import Balance, Request, import_sheet
from treaty_status.application.submissions import Receipt, Submission
from treaty_status.application.treaties import Treaties, decoded
from treaty_status.application.writer import Writer
from treaty_status.domain.decisions import Order
from treaty_status.domain.treaty import Treaty
from treaty_status.importers import read_sheet
from treaty_status.store import codec

NOW = datetime(2026, 11, 21, 17, tzinfo=UTC)
FILE = "IV-99.csv"


@dataclass
class ImportOffice:
    """Imports files and looks at what the log holds."""

    log: EventLog
    writer: Writer

    def put(self, raw: bytes, *, file: str = FILE, define: bool = True, **how: Any) -> Balance:
        """Import a file; the balance has to balance."""
        sheet = read_sheet(file, raw, registry=REGISTRY)
        balance = import_sheet(sheet, self.writer, Request(by="key:tests", define=define, **how))
        assert balance.balances
        return balance

    def table(self, *rows: str, **how: Any) -> Balance:
        return self.put(csv_table(*rows), **how)

    def record(self, order: Order) -> Receipt:
        return self.writer.record(Submission(order=order, by="key:tests"))

    def treaty(self, treaty: str = "IV-99") -> Treaty:
        """The treaty as a process that has just started reads it."""
        state = Treaties(self.log, codec).get(treaty).state
        assert isinstance(state, Treaty)
        return state

    def facts(self) -> list[Fact]:
        return [decoded(codec, event) for event in self.log.read(after=0, limit=100_000)]

    def topics(self, *, after: int = 0) -> list[str]:
        return [event.topic for event in self.log.read(after=after, limit=100_000)]


@contextmanager
def import_office(log: EventLog) -> Iterator[ImportOffice]:
    """An office on a log; the log is closed by whoever opened it."""
    writer = Writer(log, codec, Treaties(log, codec), REGISTRY, clock=lambda: NOW)
    writer.start()
    try:
        yield ImportOffice(log, writer)
    finally:
        writer.stop()
