"""What an assessment knows beside the acts: tables of weights, lists, certified facts, other treaties."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from treaty_status.application.offline import columns
from treaty_status.application.offline.places import (
    Document,
    Place,
    Unreadable,
    a_day,
    a_text,
    an_object,
    json_of,
    lines_of,
    text_of,
)
from treaty_status.application.offline.problems import first_problem
from treaty_status.domain.amounts import is_amount
from treaty_status.domain.certificates import Attestation
from treaty_status.domain.rule import TableOfWeights
from treaty_status.domain.tables import Table

IdOf = Callable[[str], str]
UNVERSIONED: Final = "not stated"
NAMING_A_LIST: Final = ("list", "population", "group", "name", "id")


@dataclass(slots=True)
class Evidence:
    """By name: tables, lists, what was certified when, and the days on which treaties entered into force."""

    tables: dict[str, Table] = field(default_factory=dict)
    lists: dict[str, frozenset[str]] = field(default_factory=dict)
    certified: dict[str, tuple[Attestation, ...]] = field(default_factory=dict)
    in_force: dict[str, date | None] = field(default_factory=dict)


def evidence_in(folder: Path, id_of: IdOf) -> Evidence:
    """Every ``*.json`` file of a folder (one document, or a list of them), ``*.ndjson`` and ``*.csv``.

    A CSV file is a table of weights that is called as the file is.

    Raises:
        Unreadable: no such folder, or a document that is neither a table, a list, a fact nor a treaty.
    """
    if not folder.is_dir():
        raise Unreadable(Place(str(folder)), "There is no such folder of tables.")
    found = Evidence()
    for path in sorted(folder.iterdir()):
        place = Place(str(path))
        match path.suffix.casefold():
            case ".json":
                take(found, json_of(text_of(path), place), place, id_of, name=path.stem)
            case ".ndjson" | ".jsonl":
                for line, document in lines_of(text_of(path), str(path)):
                    take(found, document, line, id_of, name=path.stem)
            case ".csv":
                take(found, columns.table_of(text_of(path), place), place, id_of, name=path.stem)
            case _:
                pass  # a note beside the tables
    return found


def evidence_of(value: Any, place: Place, id_of: IdOf) -> Evidence:
    """The same, written out: a list of documents, or an object with one under each name.

    Raises:
        Unreadable: a document that is neither a table, a list, a fact nor a treaty.
    """
    found = Evidence()
    if isinstance(value, list) or (isinstance(value, dict) and _is_one(value)):
        take(found, value, place, id_of, name=None)
    else:
        for name, one in an_object(value, place).items():
            take(found, one, place, id_of, name=name)
    return found


def take(found: Evidence, value: Any, place: Place, id_of: IdOf, *, name: str | None) -> None:
    """Read one document, or a list of them, into what is known already."""
    if isinstance(value, list) and name is not None and all(isinstance(one, str) for one in value):
        found.lists[name.removeprefix("list:")] = frozenset(map(id_of, value))
        return
    for one in value if isinstance(value, list) else [value]:
        _take_one(found, an_object(one, place), place, id_of, name)


def _take_one(found: Evidence, document: Document, place: Place, id_of: IdOf, name: str | None) -> None:
    if "members" in document:
        listed = next((document[word] for word in NAMING_A_LIST if document.get(word)), name)
        if not isinstance(listed, str):
            raise Unreadable(place, "A list has a name (field 'list').")
        found.lists[listed.removeprefix("list:")] = frozenset(map(id_of, _texts(document["members"], place)))
    elif "fact" in document:
        on = a_day(document, ("certified_on", "on", "date"), place)
        if on is not None:
            key = a_text(document, "fact", place)
            found.certified[key] = (*found.certified.get(key, ()), attestation(document, on))
    elif "treaty" in document:
        treaty = a_text(document, "treaty", place)
        found.in_force[treaty] = a_day(document, ("entered_into_force_on", "in_force_on", "entry_into_force"), place)
        if "parties" in document:
            found.lists[f"parties_to:{treaty}"] = frozenset(map(id_of, _texts(document["parties"], place)))
    else:
        table = _table(document, place, id_of, name)
        found.tables[table.name] = table


def attestation(document: Document, on: date) -> Attestation:
    """What was certified on a day; a ``quantity`` that is no exact text or whole number is taken as not stated."""
    quantity, unit = _exact(document.get("quantity")), document.get("unit")
    stated = isinstance(quantity, str) and is_amount(quantity)
    return Attestation(on, Fraction(quantity) if stated else None, unit if isinstance(unit, str) else None)


def _is_one(document: Document) -> bool:
    return bool({"values", "members", "fact", "treaty"} & document.keys())


def _texts(value: Any, place: Place) -> Iterable[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Unreadable(place, "A list of participants is a list of texts.")
    return value


def _table(document: Document, place: Place, id_of: IdOf, name: str | None) -> Table:
    """A table; a bare object of values takes the name of its file."""
    whole_document: Mapping[str, Any] = document if "values" in document else {"values": document}
    values = whole_document["values"]
    stated = {
        "table": whole_document.get("table") or name,
        "version": str(whole_document.get("version") or UNVERSIONED),
        "source": whole_document.get("source") or str(place),
        "whole": None if whole_document.get("whole") is None else str(whole_document["whole"]),
        "values": {one: _exact(value) for one, value in an_object(values, place).items()},
    }
    try:
        table = TableOfWeights.model_validate(stated)
    except ValidationError as refusal:
        raise Unreadable(place, f"It is no table of weights ({first_problem(refusal)}).") from None
    weights: dict[str, Fraction] = {}
    for one, value in table.values.items():
        own = id_of(one)
        if own in weights:
            raise Unreadable(place, f"{own} is in the table {table.table} twice (once as {one}); one row for each.")
        weights[own] = Fraction(value)
    exact = table.exact
    return Table(exact.name, weights, exact.whole, exact.version, exact.source)


def _exact(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
