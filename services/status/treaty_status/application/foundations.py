"""What an answer rests on beside acts, and what would have to be recorded for it to say more; JSON-ready."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from treaty_status.domain.foundations import Foundation
from treaty_status.domain.gauges import Reading

Document = dict[str, Any]


def rests_on(reading: Reading) -> list[Document]:
    """The tables and certificates of a condition and its parts, each once, in their order."""
    return [foundation_document(one) for one in dict.fromkeys(_all(reading))]


def _all(reading: Reading) -> Iterator[Foundation]:
    yield from reading.rests_on
    for part in reading.parts:
        yield from _all(part)


def foundation_document(one: Foundation) -> Document:
    """A table with its version and source, or a certificate with its giver and day."""
    return {
        "kind": one.kind,
        "name": one.name,
        "version": one.version,
        "source": one.source,
        "event_id": one.event_id,
        "on": None if one.on is None else one.on.isoformat(),
    }


# ---- what would tell more --------------------------------------------------------------------------------------------
def supply(treaty: str, unknown: Iterable[str], reading: Reading | None) -> list[Document]:
    """How to record what is missing to know where a treaty stands, and the certificates that its condition waits for.

    ``reading`` is None where the condition has been met and waits for nothing.
    """
    waited_for = [] if reading is None else [f"fact:{one.subject}" for one in _waiting(reading)]
    return [_how(treaty, name) for name in dict.fromkeys((*unknown, *waited_for))]


def _waiting(reading: Reading) -> Iterator[Reading]:
    if reading.op == "fact" and reading.met is False:
        yield reading
    for part in reading.parts:
        yield from _waiting(part)


_WAYS: Final = {
    "table": (
        "Record the table with PUT /v1/treaties/{treaty}/tables/{name}.",
        "Enregistrer le tableau par PUT /v1/treaties/{treaty}/tables/{name}.",
    ),
    "whole": (
        "State what all weigh together (whole): PUT /v1/treaties/{treaty}/tables/{name}.",
        "Indiquer le total du tableau (whole) : PUT /v1/treaties/{treaty}/tables/{name}.",
    ),
    "fact": (
        "Once it is certified, record it with POST /v1/treaties/{treaty}/certificates under the key {key}.",
        "Une fois certifié, l'enregistrer par POST /v1/treaties/{treaty}/certificates sous la clé {key}.",
    ),
    "quantity": (
        "Correct the certificate {key} so that it states its quantity: POST /v1/treaties/{treaty}/corrections.",
        "Corriger le certificat {key} pour qu'il indique la quantité : POST /v1/treaties/{treaty}/corrections.",
    ),
    "treaty": (
        "Record that treaty and its rule with PUT /v1/treaties/{name}.",
        "Enregistrer ce traité et sa règle par PUT /v1/treaties/{name}.",
    ),
    "day": (
        "State the day in the treaty's header, or in the days of its rule: PUT /v1/treaties/{treaty}.",
        "Indiquer ce jour dans la notice du traité ou dans sa règle (days) : PUT /v1/treaties/{treaty}.",
    ),
    "rule": (
        "Record the rule with PUT /v1/treaties/{treaty}.",
        "Enregistrer la règle par PUT /v1/treaties/{treaty}.",
    ),
    "population": (
        "State who belongs to it as a list of the rule (lists): PUT /v1/treaties/{treaty}.",
        "Indiquer qui en fait partie dans une liste de la règle (lists) : PUT /v1/treaties/{treaty}.",
    ),
}


def _how(treaty: str, unknown: str) -> Document:
    kind, _, name = unknown.partition(":")
    for ending in ("whole", "quantity"):
        if name.endswith(f":{ending}"):
            kind, name = ending, name.removesuffix(f":{ending}")
    english, french = _WAYS.get(kind, _WAYS["population"])
    named = {"treaty": quote(treaty, safe="~"), "name": quote(name, safe="~"), "key": name}
    return {"unknown": unknown, "text": {"en": english.format(**named), "fr": french.format(**named)}}
