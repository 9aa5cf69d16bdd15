"""``treaty-status replay``: late arrivals put on record as of the instants at which each was first seen."""

from pathlib import Path
from typing import Any, Final

from treaty_status.application.arrivals import ArrivalHistory
from treaty_status.application.corpus import corpus
from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.replaying import Replay, document
from treaty_status.application.submissions import TooBusy, Unavailable
from treaty_status.application.treaties import Treaties
from treaty_status.application.writer import Writer
from treaty_status.cli import output
from treaty_status.cli.exits import Refused, Unreachable
from treaty_status.cli.keys import database_of
from treaty_status.domain.refusals import Refusal
from treaty_status.importers import read_arrivals, read_sheet
from treaty_status.registry import Registry, load_registry
from treaty_status.service import now
from treaty_status.store import UnknownDatabase, codec, open_log

LISTED: Final = 20


def run(arrivals: str, *, final: str, with_rules: bool, database: str | None, as_json: bool) -> dict[str, Any]:
    """Replay and print what came of it; the balance.

    Raises:
        Refused: a file cannot be read. Unreachable: the database cannot be used; running it again goes on.
    """
    registry = load_registry()
    history = _read(arrivals, final, registry)
    try:
        log = open_log(database_of(database))
    except (LogUnavailable, UnknownDatabase) as fault:
        raise Unreachable(str(fault)) from fault
    writer = Writer(log, codec, Treaties(log, codec), registry, clock=now)
    writer.start()
    try:
        replay = Replay(history, writer=writer, log=log, codec=codec, rules=corpus() if with_rules else {})
        for _ in replay:
            pass
    except (LogUnavailable, Unavailable, TooBusy) as fault:
        raise Unreachable(f"{fault} Run the replay again; it goes on where it stopped.") from fault
    finally:
        writer.stop()
        log.close()
    told = document(replay.balance)
    if as_json:
        output.as_json(told)
    else:
        _print(told)
    return told


def _read(arrivals: str, final: str, registry: Registry) -> ArrivalHistory:
    try:
        rows = Path(final)
        sheet = read_sheet(rows.name, rows.read_bytes(), registry=registry)
        record = Path(arrivals)
        return read_arrivals(record.name, record.read_bytes(), final=sheet, registry=registry)
    except OSError as fault:
        raise Refused(0, {"title": "Not readable", "detail": str(fault)}) from fault
    except Refusal as refusal:
        raise Refused(0, {"title": refusal.title, "detail": refusal.detail, "way_out": refusal.way_out}) from refusal


def _print(told: dict[str, Any]) -> None:
    output.say(
        f"{told['file']}: {told['treaties']} treaties, {told['instants']} instants recorded now,"
        f" {told['overruled']} acts that clauses object to, recorded as they stood."
    )
    parts = (("starts", "there before"), ("arrivals", "arrivals"))
    rows: list[dict[str, Any]] = [{**told[name], "part": words} for name, words in parts]
    output.table(
        rows, part="", rows="rows", recorded="recorded", already_on_record="already there", reported="reported"
    )
    for name in ("starts", "arrivals"):
        lines = told[name]["lines"]
        for line in lines[:LISTED]:
            output.say(f"{line['file']}, row {line['row']}, {line['column']}: {line['text'][:60]} - {line['detail']}")
        if len(lines) > LISTED:
            output.say(f"{len(lines)} reported in all; --json lists each.")
