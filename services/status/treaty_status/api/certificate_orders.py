"""From bodies to orders: certificates, and tables whose every row names a participant that the registry knows."""

from datetime import date
from fractions import Fraction
from typing import Any, Final

from treaty_events import Override
from treaty_status.api.certificate_bodies import CertificateBody, TableBody
from treaty_status.api.orders import SUGGESTIONS, day, evidence, optional_day
from treaty_status.api.problems import invalid
from treaty_status.domain.amounts import is_amount
from treaty_status.domain.certifying import Certify, SetTable
from treaty_status.domain.refusals import UnknownParticipant
from treaty_status.domain.rule import OF_OBJECTIONS
from treaty_status.registry import Registry

MOST_TOLD: Final = 20
"""Rows named in one refusal."""
LONGEST_NAME: Final = 120
"""Characters in the name of a table, as in rules."""


def certificate(body: CertificateBody, *, treaty: str) -> Certify:
    """The order to record a certificate.

    Raises:
        InvalidRequest: a day that is none, or a quantity that is no amount.
    """
    if body.unit is not None and body.quantity is None:
        raise invalid(("/unit", "A unit belongs to a quantity, and there is none"))
    return Certify(
        treaty=treaty,
        key=body.key,
        certified_on=day(body.certified_on, "/certified_on"),
        certified_by=body.certified_by,
        quantity=None if body.quantity is None else _amount(body.quantity, "/quantity"),
        unit=body.unit,
        circulated_on=optional_day(body.circulated_on, "/circulated_on"),
        depositary_ref=body.depositary_ref,
        tier=body.tier,
        evidence=evidence(body.evidence),
        note=body.note,
        override=None if body.override is None else Override(checks=body.override.checks, reason=body.override.reason),
    )


def table(body: TableBody, *, treaty: str, name: str, registry: Registry) -> SetTable:
    """The order to set a table; names and codes become ids, as borne on the day that the values are of.

    Raises:
        InvalidRequest: no name for a table, a row twice, a value that is no amount or is more than the whole.
        UnknownParticipant: rows whose names the registry does not hold.
    """
    values_on = optional_day(body.values_on, "/values_on")
    whole = None if body.whole is None else _amount(body.whole, "/whole")
    values = _values(body.values, registry, on=values_on)
    if whole is not None:
        _must_fit(body.values, Fraction(whole))
    return SetTable(
        treaty=treaty,
        name=table_name(name),
        values=values,
        source=body.source,
        whole=whole,
        unit=body.unit,
        values_on=values_on,
        reason=body.reason,
        evidence=evidence(body.evidence),
    )


def table_name(text: str) -> str:
    """The name of a table.

    Raises:
        InvalidRequest: one by which no rule could ask for it.
    """
    if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable() or text.endswith(OF_OBJECTIONS):
        raise invalid(
            ("name", f"A table's name has 1 to {LONGEST_NAME} characters and does not end in {OF_OBJECTIONS}")
        )
    return text


def _amount(text: str, pointer: str) -> str:
    if not is_amount(text):
        raise invalid((pointer, f"An amount is exact text such as 17, 0.55 or 2/3 (got: {text[:40]!r})"))
    return text


def _values(given: dict[str, str], registry: Registry, *, on: date | None) -> dict[str, str]:
    found: dict[str, str] = {}
    rows: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in given.items():
        one = registry.find(name, on=on)
        if one is None:
            unknown.append(name)
        elif one.id in rows:
            raise invalid((_row(name), f"{rows[one.id]!r} and {name!r} are the same participant ({one.id})"))
        else:
            rows[one.id] = name
            found[one.id] = _amount(value, _row(name))
    if unknown:
        raise _unknown_rows(unknown, registry)
    return found


def _must_fit(given: dict[str, str], whole: Fraction) -> None:
    if not whole:
        raise invalid(("/whole", "A whole is more than nothing; leave it out where the source does not state it"))
    over = [name for name, value in given.items() if Fraction(value) > whole]
    if over:
        raise invalid(*((_row(name), "This is more than the whole") for name in over[:MOST_TOLD]))


def _row(name: str) -> str:
    return "/values/" + name.replace("~", "~0").replace("/", "~1")


def _unknown_rows(names: list[str], registry: Registry) -> UnknownParticipant:
    """The refusal of rows whose participants nobody knows; each with up to three that resemble it."""
    errors = [_unknown_row(name, registry) for name in names[:MOST_TOLD]]
    first = errors[0]
    more = f" ({len(names)} rows are so)" if len(names) > 1 else ""
    meant = " or ".join(f"{one['name']} ({one['id']})" for one in first["suggestions"])
    return UnknownParticipant(
        f"The row {names[0][:80]!r} names no participant of the registry{more}.",
        way_out=f"Did you mean {meant}? Nothing is guessed." if meant else "Look it up at /v1/participants.",
        facts={
            "participant": names[0][:300],
            "pointer": first["pointer"],
            "suggestions": first["suggestions"],
            "errors": errors,
            "unknown": len(names),
        },
    )


def _unknown_row(name: str, registry: Registry) -> dict[str, Any]:
    near = [{"id": one.id, "name": one.name, "score": one.score} for one in registry.suggest(name, limit=SUGGESTIONS)]
    return {"pointer": _row(name), "detail": f"No participant is called {name[:80]!r}", "suggestions": near}
