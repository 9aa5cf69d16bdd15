"""The certificates of a treaty, and the facts that its clauses wait for; JSON-ready."""

from fractions import Fraction

from treaty_status.application.documents import Document, View, echo
from treaty_status.domain.certificates import Certificate, Proof
from treaty_status.domain.certifying import certified_facts
from treaty_status.domain.rule import Certified


def certificates_document(told: View) -> Document:
    """Those that stand by the day asked for, oldest first; and each fact that the rule waits for, given or not."""
    living = [one for one in told.treaty.certificates if not one.retracted]
    rows = [_certificate(one) for one in sorted(living, key=_by_day)]
    return {**echo(told), "certificates": rows, "total": len(rows), "waits_for": _waits_for(told)}


def _by_day(one: Certificate) -> tuple[str, int]:
    return one.event.certified_on.isoformat(), one.version


def _certificate(one: Certificate) -> Document:
    event = one.event
    return {
        "event_id": one.event_id,
        "key": event.key,
        "certified_on": event.certified_on.isoformat(),
        "certified_by": event.certified_by,
        "quantity": event.quantity,
        "unit": event.unit,
        "circulated_on": None if event.circulated_on is None else event.circulated_on.isoformat(),
        "depositary_ref": event.depositary_ref,
        "tier": event.tier.value,
        "evidence": [{"source": e.source, "url": e.url, "locator": e.locator, "note": e.note} for e in event.evidence],
        "note": event.note,
        "recorded_at": event.recorded.at.isoformat(),
        "recorded_by": event.recorded.by,
        "corrected_by": list(one.corrected_by),
    }


def _waits_for(told: View) -> list[Document]:
    rule = told.treaty.rule
    return [] if rule is None else [_waited_for(one, told) for one in dict.fromkeys(certified_facts(rule))]


def _waited_for(one: Certified, told: View) -> Document:
    need = None if one.at_least is None else Fraction(one.at_least)
    proof = Proof(one.key, told.treaty.certified(one.key), need=need, unit=one.unit)
    return {
        "key": one.key,
        "at_least": one.at_least,
        "unit": one.unit,
        "met": None if proof.missing else proof.on is not None,
        "on": None if proof.on is None else proof.on.isoformat(),
    }
