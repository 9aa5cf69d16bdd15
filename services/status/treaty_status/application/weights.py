"""The tables that a treaty's clauses weigh by; JSON-ready. Values are exact texts, as they were recorded."""

from typing import Any

from treaty_status.application.documents import Document, View, echo
from treaty_status.domain.certifying import tables_asked_for
from treaty_status.domain.rule import TableOfWeights
from treaty_status.domain.tables import RecordedTable


def tables_document(told: View) -> Document:
    """Every table on record or in the rule, without its rows; and those asked for that nobody has supplied."""
    names = sorted({*told.treaty.tables, *_stated(told)})
    wanted = [] if told.treaty.rule is None else tables_asked_for(told.treaty.rule)
    return {
        **echo(told),
        "tables": [head for name in names if (head := _head(told, name)) is not None],
        "missing": [name for name in wanted if name not in names],
    }


def table_document(told: View, name: str) -> Document | None:
    """One table with its rows by name, and what was said of each version; None where there is none of that name."""
    head = _head(told, name)
    if head is None:
        return None
    recorded = told.treaty.tables.get(name, ())
    values = recorded[-1].event.values if recorded else _stated(told)[name].values
    rows = [
        {"participant": one, "name": told.world.name(one, told.lang), "value": value} for one, value in values.items()
    ]
    rows.sort(key=lambda row: (row["name"], row["participant"]))
    return {**echo(told), "table": head, "values": rows, "versions": [_version(one) for one in recorded]}


def _stated(told: View) -> dict[str, TableOfWeights]:
    """The tables that the rule itself carries."""
    return {} if told.treaty.rule is None else {one.table: one for one in told.treaty.rule.tables}


def _head(told: View, name: str) -> Document | None:
    recorded, stated = told.treaty.tables.get(name), _stated(told).get(name)
    asked = told.treaty.rule is not None and name in tables_asked_for(told.treaty.rule)
    head: dict[str, Any]
    if recorded is not None:
        event = recorded[-1].event
        head = {
            "version": str(event.version),
            "source": event.source,
            "whole": event.whole,
            "unit": event.unit,
            "values_on": None if event.values_on is None else event.values_on.isoformat(),
            "rows": len(event.values),
        }
    elif stated is not None:
        more = {"whole": stated.whole, "unit": None, "values_on": None, "rows": len(stated.values)}
        head = {"version": stated.version, "source": stated.source, **more}
    else:
        return None
    return {"name": name, **head, "held_by": "rule" if recorded is None else "record", "asked_for": asked}


def _version(one: RecordedTable) -> Document:
    event = one.event
    return {
        "version": str(event.version),
        "event_id": one.event_id,
        "source": event.source,
        "reason": event.reason,
        "evidence": [{"source": e.source, "url": e.url, "locator": e.locator, "note": e.note} for e in event.evidence],
        "recorded_at": event.recorded.at.isoformat(),
        "recorded_by": event.recorded.by,
    }
