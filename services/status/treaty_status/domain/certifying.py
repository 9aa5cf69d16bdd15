"""Deciding what becomes of a certificate, or of a table of weights, that somebody hands in."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from treaty_events import ClaimRecorded, Evidence, Fact, FactCertified, Override, Recorded, TableSet, Tier
from treaty_status.domain.amendments import amended_certificate
from treaty_status.domain.certificates import NEEDED_FACT, Certificate
from treaty_status.domain.checks import Warned
from treaty_status.domain.refusals import (
    ActInTheFuture,
    ActTooEarly,
    FieldNotCorrectable,
    NothingChanged,
    Refusal,
)
from treaty_status.domain.rule import (
    OF_OBJECTIONS,
    Certified,
    Condition,
    Count,
    Everyone,
    Share,
    TreatyRule,
    Weight,
    walk,
)
from treaty_status.domain.treaty import Treaty


# ---- orders ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Certify:
    """Record that a decision was taken, a notification made, a quantity reached; fields as in ``FactCertified``."""

    treaty: str
    key: str
    certified_on: date
    certified_by: str
    quantity: str | None = None
    unit: str | None = None
    circulated_on: date | None = None
    depositary_ref: str | None = None
    tier: Tier = Tier.OFFICIAL_DEPOSITARY
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTable:
    """Record what participants weigh: the whole table of that name; fields as in ``TableSet``."""

    treaty: str
    name: str
    values: dict[str, str]
    source: str
    whole: str | None = None
    unit: str | None = None
    values_on: date | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()


# ---- refusals --------------------------------------------------------------------------------------------------------
class AlreadyCertified(Refusal):
    """V7: the same certificate stands in the record: the same key, day and quantity."""

    slug, title = "already-certified", "This certificate is already recorded."


class KeyNotAskedFor(Refusal):
    """V2: no clause of the treaty waits for a fact of this key."""

    slug, title, check = "key-not-asked-for", "No clause of the treaty waits for such a fact.", "V2"


class QuantityNotComparable(Refusal):
    """V2: the clause asks for a quantity, and the certificate states none, or states it in another unit."""

    slug, title, check = "quantity-not-comparable", "The quantity cannot be held against the clause.", "V2"


class TableNotCorrectable(Refusal):
    """A correction names a table; a table is restated as a whole."""

    slug, title = "table-not-correctable", "A table is corrected by its next version."


# ---- certificates ----------------------------------------------------------------------------------------------------
def certificate_facts(
    treaty: Treaty, order: Certify, *, today: date, recorded: Recorded
) -> tuple[list[Fact], list[Warned]]:
    """The certificate, or the claim that it is kept as, with what the desk should know.

    Raises:
        Refusal: it cannot be recorded so.
    """
    event = certificate_for(order, recorded)
    if event.tier is not Tier.OFFICIAL_DEPOSITARY:
        kept = Warned("V14", "Only the depositary's own record proves a fact; this was kept as a claim.")
        return [_as_claim(event)], [kept]
    overruled = set(order.override.checks) if order.override else set()
    warned: list[Warned] = []
    for refusal in certificate_objections(treaty, event, today=today):
        if refusal.check is None or refusal.check not in overruled:
            raise refusal
        warned.append(Warned(refusal.check, f"Overruled: {refusal.detail}"))
    return [event], [*warned, *_falls_short(treaty, event)]


def certificate_for(order: Certify, recorded: Recorded) -> FactCertified:
    """The event that records a certificate."""
    return FactCertified(
        treaty=order.treaty,
        recorded=recorded,
        key=order.key,
        certified_on=order.certified_on,
        certified_by=order.certified_by,
        quantity=order.quantity,
        unit=order.unit,
        circulated_on=order.circulated_on,
        depositary_ref=order.depositary_ref,
        tier=order.tier,
        evidence=order.evidence,
        note=order.note,
        override=order.override,
    )


def certificate_objections(treaty: Treaty, event: FactCertified, *, today: date) -> Iterator[Refusal]:
    """Every reason not to record a certificate, the plainest first."""
    yield from _misdated(treaty, event, today)
    yield from _twice(treaty, event)
    asked = asked_for(treaty.rule, event.key)
    if asked is None:
        yield _not_asked_for(treaty, event)
    for condition in asked or ():
        yield from _not_comparable(treaty, event, condition)


def asked_for(rule: TreatyRule | None, key: str) -> tuple[Certified, ...] | None:
    """The conditions that wait for a fact; none where a clause on leaving does, or no rule says. None: nobody asks."""
    if rule is None:
        return ()
    found = tuple(one for one in certified_facts(rule) if one.key == key)
    needed = any(f"{NEEDED_FACT}{key}" in clause.needs for clause in rule.leaving)
    return found if found or needed else None


def certified_facts(rule: TreatyRule) -> list[Certified]:
    """The facts that the clauses on entry into force wait for."""
    return [node for track in rule.tracks for node in walk(track.when) if isinstance(node, Certified)]


def _facts(treaty: Treaty, event: FactCertified) -> dict[str, Any]:
    return {"treaty": treaty.id, "key": event.key, "certified_on": event.certified_on.isoformat()}


def _misdated(treaty: Treaty, event: FactCertified, today: date) -> Iterator[Refusal]:
    facts, adopted_on = _facts(treaty, event), treaty.details.adopted_on
    if event.certified_on > today:
        zone = treaty.details.depositary.time_zone
        yield ActInTheFuture(
            f"The certificate is dated {event.certified_on}, and at the depositary ({zone}) it is {today}.",
            way_out="Record it once it has been given, or practise it in a rehearsal.",
            facts={**facts, "today": today.isoformat(), "time_zone": zone, "check": "V12"},
        )
    if adopted_on is not None and event.certified_on < adopted_on:
        yield ActTooEarly(
            f"The certificate is dated {event.certified_on}, before the treaty was adopted on {adopted_on}.",
            way_out="Check the year against the depositary's notification.",
            facts={**facts, "adopted_on": adopted_on.isoformat(), "check": "V12"},
        )


def _twice(treaty: Treaty, event: FactCertified) -> Iterator[Refusal]:
    for one in treaty.certificates:
        before = one.event
        if not one.retracted and _says(before) == _says(event):
            quantity = "" if event.quantity is None else f", {event.quantity} {event.unit or ''}".rstrip()
            yield AlreadyCertified(
                f"A certificate of {event.certified_on} under {event.key!r}{quantity} stands in the record.",
                way_out="If it was wrong, correct or retract it; nothing is recorded twice.",
                facts={**_facts(treaty, event), "earlier": one.event_id, "check": "V7"},
            )


def _says(event: FactCertified) -> tuple[str, date, str | None, str | None]:
    return event.key, event.certified_on, event.quantity, event.unit


def _not_asked_for(treaty: Treaty, event: FactCertified) -> Refusal:
    rule = treaty.rule
    assert rule is not None  # noqa: S101 - where no rule is recorded, nothing is objected
    known = list(dict.fromkeys(one.key for one in certified_facts(rule)))
    near = get_close_matches(event.key, known, n=3, cutoff=0.4)
    asks = f"it waits for {', '.join(known)}" if known else "it waits for none"
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return KeyNotAskedFor(
        f"No clause of {treaty.id} waits for a fact of the key {event.key!r} ({asks}).",
        way_out=f"{meant}Amend the rule if it should, or override V2 with a reason.",
        facts={**_facts(treaty, event), "keys": known, "check": "V2"},
    )


def _not_comparable(treaty: Treaty, event: FactCertified, condition: Certified) -> Iterator[Refusal]:
    if condition.at_least is None:
        return
    facts = {**_facts(treaty, event), "at_least": condition.at_least, "unit": condition.unit, "check": "V2"}
    asked = f"The clause asks for at least {condition.at_least} {condition.unit or ''}".rstrip()
    if event.quantity is None:
        yield QuantityNotComparable(
            f"{asked}, and the certificate states no quantity.",
            way_out="State what was certified in quantity, or override V2 with a reason.",
            facts=facts,
        )
    elif condition.unit is not None and event.unit != condition.unit:
        yield QuantityNotComparable(
            f"{asked}, and the certificate is in {event.unit or 'no unit'}.",
            way_out=f"State the quantity in {condition.unit}, or override V2 with a reason.",
            facts=facts,
        )


def _falls_short(treaty: Treaty, event: FactCertified) -> Iterator[Warned]:
    if event.quantity is None:
        return
    for condition in asked_for(treaty.rule, event.key) or ():
        if condition.at_least is not None and Fraction(event.quantity) < Fraction(condition.at_least):
            unit = f" {condition.unit}" if condition.unit else ""
            yield Warned(
                "short", f"{event.quantity}{unit} were certified, and the clause waits for {condition.at_least}{unit}."
            )


def _as_claim(event: FactCertified) -> ClaimRecorded:
    quantity = "" if event.quantity is None else f", {event.quantity} {event.unit or ''}".rstrip()
    return ClaimRecorded(
        treaty=event.treaty,
        recorded=event.recorded,
        claimed_on=event.recorded.at.date().isoformat(),
        source=event.certified_by,
        url=event.evidence[0].url if event.evidence else None,
        statement=f"Certified {event.certified_on}: {event.key}{quantity}",
        about="other",
        tier=event.tier,
        note=event.note,
        evidence=event.evidence,
    )


# ---- corrections -----------------------------------------------------------------------------------------------------
def checked_certificate(
    treaty: Treaty, target: Certificate, fields: dict[str, Any], *, today: date, facts: dict[str, Any]
) -> FactCertified:
    """The certificate as it would read.

    Raises:
        FieldNotCorrectable, NothingChanged, ActInTheFuture, ActTooEarly: as for acts.
    """
    try:
        after = amended_certificate(target.event, fields)
    except ValueError as error:
        raise FieldNotCorrectable(
            str(error), way_out="Name only fields of the certificate, with values of their kind.", facts=facts
        ) from error
    if after == target.event:
        raise NothingChanged("The certificate already reads so.", way_out="Say what was different.", facts=facts)
    if after.tier is not Tier.OFFICIAL_DEPOSITARY:
        raise FieldNotCorrectable(
            "A certificate rests on the depositary's record; a lesser source makes a claim, and proves nothing.",
            way_out="Retract it if the depositary did not record it, and keep the statement as a claim.",
            facts=facts,
        )
    for refusal in _misdated(treaty, after, today):
        raise refusal
    return after


def doubts_about(treaty: Treaty, target: Certificate, event: FactCertified, *, today: date) -> list[Warned]:
    """What would have been objected to a certificate as it reads now; it stands all the same."""
    others = replace(treaty, certificates=tuple(one for one in treaty.certificates if one is not target))
    overruled = set(event.override.checks) if event.override else set()
    return [
        Warned(str(refusal.facts.get("check", refusal.slug)), f"Recorded all the same: {refusal.detail}")
        for refusal in certificate_objections(others, event, today=today)
        if refusal.check not in overruled
    ]


def refuse_table(treaty: Treaty, target: str) -> None:
    """A table is restated as a whole.

    Raises:
        TableNotCorrectable: the event set a table.
    """
    for name, versions in treaty.tables.items():
        if any(one.event_id == target for one in versions):
            raise TableNotCorrectable(
                f"The event {target} set the table {name!r}, and a table is corrected by its next version.",
                way_out=f"Set it again as it should read, with PUT …/tables/{name}.",
                facts={"treaty": treaty.id, "target": target, "table": name, "version": len(versions)},
            )


# ---- tables ----------------------------------------------------------------------------------------------------------
def table_facts(treaty: Treaty, order: SetTable, *, recorded: Recorded) -> tuple[list[Fact], list[Warned]]:
    """The next version of a table; nothing where it already reads so."""
    versions = treaty.tables.get(order.name, ())
    event = TableSet(
        treaty=treaty.id,
        recorded=recorded,
        name=order.name,
        version=len(versions) + 1,
        values=order.values,
        source=order.source,
        whole=order.whole,
        unit=order.unit,
        values_on=order.values_on,
        reason=order.reason,
        evidence=order.evidence,
    )
    if versions and _reads(versions[-1].event) == _reads(event):
        return [], []
    return [event], list(_about_table(treaty, event))


def _reads(event: TableSet) -> tuple[Any, ...]:
    return event.values, event.source, event.whole, event.unit, event.values_on, event.evidence


def tables_asked_for(rule: TreatyRule) -> list[str]:
    """The tables that the clauses on entry into force weigh by, in their order."""
    found: dict[str, None] = {}
    for track in rule.tracks:
        for node in walk(track.when):
            found.update(dict.fromkeys(name.removesuffix(OF_OBJECTIONS) for name in _tables_of(node)))
    return list(found)


def _tables_of(node: Condition) -> Iterator[str]:
    if isinstance(node, Weight):
        yield node.table
        if node.over is not None:
            yield node.over
    if isinstance(node, Count | Weight | Share | Everyone) and node.who.attribute is not None:
        yield node.who.attribute.table


def _about_table(treaty: Treaty, event: TableSet) -> Iterator[Warned]:
    rule = treaty.rule
    if rule is None:
        return
    asked = tables_asked_for(rule)
    if event.name not in asked:
        known = f"they weigh by {', '.join(asked)}" if asked else "they weigh by none"
        yield Warned("not-asked-for", f"No clause weighs by a table named {event.name!r} ({known}).")
    if event.version == 1 and any(one.table == event.name for one in rule.tables):
        yield Warned("replaces", f"The rule has a table {event.name!r} itself; the one recorded is taken from now on.")
    in_shares = all(Fraction(value) <= 1 for value in event.values.values())
    if event.whole is None and not in_shares and _asks_for_a_share(rule, event.name):
        yield Warned("whole", f"A clause asks for a share of {event.name!r}, and the table does not say of what whole.")
    weighed = sum(map(Fraction, event.values.values()))
    whole = Fraction(event.whole) if event.whole is not None else Fraction(1) if in_shares else None
    if whole is not None and weighed > whole and _asks_for_a_share(rule, event.name):
        yield Warned(
            "more-than-whole",
            f"The rows of {event.name!r} come to {float(weighed / whole):.4g} times the whole: as they may where an "
            "organisation stands beside its members; otherwise a row or the whole is wrong.",
        )


def _asks_for_a_share(rule: TreatyRule, name: str) -> bool:
    weights = [node for track in rule.tracks for node in walk(track.when) if isinstance(node, Weight)]
    return any(
        one.table.removesuffix(OF_OBJECTIONS) == name and one.over is None and Fraction(one.at_least) <= 1
        for one in weights
    )
