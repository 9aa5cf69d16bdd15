"""Tables of weights and certificates in a terminal, and tables read from files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from treaty_status.application.offline.columns import table_of
from treaty_status.application.offline.places import Place, Unreadable, an_object, json_of, text_of
from treaty_status.cli import output
from treaty_status.cli.exits import Refused

UNREADABLE: Final = 422
TAKEN: Final = ("values", "source", "whole", "unit", "values_on", "evidence")
"""Fields of a table in JSON that are sent on; its name is given beside it, its version counts by itself."""


# ---- files -----------------------------------------------------------------------------------------------------------
def table_in(file: Path) -> dict[str, Any]:
    """A table of weights from CSV or JSON, as the service takes it; what the file does not say is left out.

    Raises:
        Refused: it cannot be read; the message says where.
    """
    place = Place(str(file))
    try:
        text = text_of(file)
        document = table_of(text, place) if file.suffix.casefold() == ".csv" else _written_out(text, place)
    except Unreadable as refusal:
        raise Refused(UNREADABLE, {"title": "The file cannot be read.", "detail": str(refusal)}) from None
    return {name: document[name] for name in TAKEN if document.get(name) is not None}


def _written_out(text: str, place: Place) -> dict[str, Any]:
    """One JSON document: a table, or bare values by participant."""
    document = dict(an_object(json_of(text, place), place))
    found = document if "values" in document else {"values": document}
    values = an_object(found["values"], place)
    return {**found, "values": {name: _exact(value) for name, value in values.items()}}


def _exact(value: Any) -> Any:
    """Whole numbers may be written as such; those with a point are read as the text they were written in."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# ---- documents -------------------------------------------------------------------------------------------------------
def certificates(document: Mapping[str, Any]) -> None:
    """What was certified, then what is waited for."""
    rows = [{**one, "amount": _amount(one["quantity"], one["unit"])} for one in document["certificates"]]
    output.table(rows, certified_on="from", key="fact", amount="quantity", certified_by="by", event_id="event")
    for one in document["waits_for"]:
        asked = f", at least {_amount(one['at_least'], one['unit'])}" if one["at_least"] else ""
        given = f"given on {one['on']}" if one["met"] else "not given" if one["met"] is False else "not known"
        output.say(f"{document['treaty']} waits for {one['key']}{asked}: {given}.")


def _amount(quantity: str | None, unit: str | None) -> str | None:
    return None if quantity is None else f"{quantity} {unit or ''}".rstrip()


def tables(document: Mapping[str, Any]) -> None:
    """The tables there are, then those that are missing."""
    held = [{**one, "lines": one["rows"]} for one in document["tables"]]
    output.table(held, name="table", version="version", lines="rows", whole="whole", held_by="in", source="source")
    for name in document["missing"]:
        output.say(f"{document['treaty']} weighs by {name}, and nobody has recorded it.")


def table(document: Mapping[str, Any]) -> None:
    """One table row by row."""
    head = document["table"]
    output.table(document["values"], participant="id", name="participant", value=head["unit"] or "value")
    output.say(f"\n{head['name']}, version {head['version']}, {head['source']}")
    for one in document["versions"]:
        why = f": {one['reason']}" if one["reason"] else ""
        output.say(f"version {one['version']} was set on {one['recorded_at'][:10]} by {one['recorded_by']}{why}")
