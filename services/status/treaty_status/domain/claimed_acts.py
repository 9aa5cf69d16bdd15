"""Acts that others report, held against what the depositary recorded of the same participant."""

from collections.abc import Iterable
from datetime import date

from treaty_events import ClaimRecorded, ClaimVerdict
from treaty_status.domain.claim_days import said_on
from treaty_status.domain.ledger import Entry, Family, Ledger, family_of
from treaty_status.domain.partial_dates import Span, span
from treaty_status.domain.participation import Act
from treaty_status.domain.treaty import Claim
from treaty_status.domain.verdicts import Grounds, Verdict


def judge_act(claim: Claim, ledger: Ledger) -> Verdict:
    """What the record says to a reported signature, consent or other act."""
    event = claim.event
    made = said_on(claim)
    when = span(event.act_date) or (None if made is None else Span(date.min, made.last))
    if event.participant is None or event.action is None or made is None or when is None:
        return _verdict(event, ledger, ClaimVerdict.NOT_SHOWN, because="not_structured")
    family = family_of(event.action)
    entries = _other_acts(event, ledger) if family is None else ledger.entries_of(event.participant, family)
    if entries:
        return _on_record(claim, ledger, family, entries, when, made)
    return _not_on_record(event, ledger, family, when)


# ---- the depositary has such an act ----------------------------------------------------------------------------------
def _on_record(
    claim: Claim, ledger: Ledger, family: Family | None, entries: list[Entry], when: Span, made: Span
) -> Verdict:
    event = claim.event
    within = next((entry for entry in entries if when.holds(entry.on)), None)
    if within is not None:
        if family is not None and not _in_its_place(event, ledger, family, within):
            return _verdict(event, ledger, ClaimVerdict.WRONG_PARTICIPANT, entry=within, because="not_in_this_place")
        return _verdict(event, ledger, ClaimVerdict.RIGHT, entry=within, days=_lag(claim, within, made))
    nearest = min(entries, key=lambda entry: abs((entry.on - when.last).days))
    if nearest.on > when.last and made.first < nearest.on:
        also = (ClaimVerdict.CONFUSES_APPROVAL_WITH_DEPOSIT,) if _approved_at_home(event, ledger, when) else ()
        early = (nearest.on - when.last).days
        return _verdict(event, ledger, ClaimVerdict.EARLY, entry=nearest, days=early, also=also)
    return _verdict(event, ledger, ClaimVerdict.WRONG_DATE, entry=nearest)


def _in_its_place(event: ClaimRecorded, ledger: Ledger, family: Family, entry: Entry) -> bool:
    """Was it the nth of its kind? Within one day the order is unknown, so every place of the day is admitted."""
    if event.ordinal is None:
        return True
    starts = ledger.everyone(family)
    return starts.within(date.min, _eve(entry.on)) < event.ordinal <= starts.within(date.min, entry.on)


def _lag(claim: Claim, entry: Entry, made: Span) -> int | None:
    """How many days after the statement the depositary's act was written down; None where it was there before."""
    if entry.act.version < claim.version:
        return None
    return max(0, (entry.act.event.recorded.at.date() - made.last).days)


def _other_acts(event: ClaimRecorded, ledger: Ledger) -> list[Entry]:
    own = ledger.treaty.participations.get(event.participant or "")
    acts = () if own is None else own.acts
    return [
        Entry(act.event.act_date, act.event.participant, act, date.max)
        for act in acts
        if act.event.action is event.action and act.event.act_date <= ledger.as_of
    ]


# ---- it has none -----------------------------------------------------------------------------------------------------
def _not_on_record(event: ClaimRecorded, ledger: Ledger, family: Family | None, when: Span) -> Verdict:
    if when.last > ledger.as_of:
        return _verdict(event, ledger, ClaimVerdict.NOT_SHOWN, because="not_yet")
    if family == "consent":
        if (approval := _approved_at_home(event, ledger, when)) is not None:
            kind = ClaimVerdict.CONFUSES_APPROVAL_WITH_DEPOSIT
            return _verdict(event, ledger, kind, event_ids=(approval.event_id,))
        signed = next(iter(ledger.entries_of(event.participant or "", "signature")), None)
        if signed is not None and event.act_date is not None and when.holds(signed.on):
            return _verdict(event, ledger, ClaimVerdict.CONFUSES_SIGNATURE_WITH_RATIFICATION, entry=signed)
    if family is not None and _place_taken(event, ledger, family, when):
        return _verdict(event, ledger, ClaimVerdict.WRONG_PARTICIPANT, because="not_in_this_place")
    if ledger.rules_out(when.last):
        return _verdict(event, ledger, ClaimVerdict.WRONG_PARTICIPANT)
    if family is None:
        return _verdict(event, ledger, ClaimVerdict.NOT_SHOWN, because="no_such_act")
    held = _held_back(event, ledger) if family == "consent" else None
    if held is not None:
        return _verdict(event, ledger, ClaimVerdict.NOT_SHOWN, because="held_back", event_ids=(held.event_id,))
    return _verdict(event, ledger, ClaimVerdict.NOT_SHOWN, because="no_act")


def _place_taken(event: ClaimRecorded, ledger: Ledger, family: Family, when: Span) -> bool:
    """Had so many others done it already, before the first day on which it is said to have been?"""
    return event.ordinal is not None and ledger.everyone(family).within(date.min, _eve(when.first)) >= event.ordinal


def _held_back(event: ClaimRecorded, ledger: Ledger) -> Act | None:
    """An instrument that reached the depositary, and that it has not taken."""
    own = ledger.treaty.participations.get(event.participant or "")
    held = () if own is None else own.held
    return next((act for act in held if act.event.act_date <= ledger.as_of), None)


def _approved_at_home(event: ClaimRecorded, ledger: Ledger, when: Span) -> Claim | None:
    """A statement kept beside the record that a parliament or government approved it on those very days."""
    mine = ledger.approvals.get(event.participant or "", ())
    return next((one for one in mine if _meets(one.event.act_date, when)), None)


def _meets(text: str | None, when: Span) -> bool:
    days = span(text)
    return days is not None and days.meets(when)


def judge_approval(event: ClaimRecorded, ledger: Ledger) -> Verdict:
    """Approval at home is no act between States: the depositary's record has no place for it."""
    return _verdict(event, ledger, ClaimVerdict.NOT_SHOWN, because="domestic")


def _verdict(
    event: ClaimRecorded,
    ledger: Ledger,
    kind: ClaimVerdict,
    *,
    entry: Entry | None = None,
    days: int | None = None,
    because: str | None = None,
    also: Iterable[ClaimVerdict] = (),
    event_ids: tuple[str, ...] = (),
) -> Verdict:
    ids = event_ids if entry is None else (entry.act.event_id, *event_ids)
    family = None if event.action is None else family_of(event.action)
    have = None if family is None else ledger.everyone(family).at(ledger.as_of)
    return Verdict(
        kind=kind,
        grounds=Grounds(rows="participant", on=ledger.as_of, participant=event.participant, event_ids=ids),
        on=ledger.as_of,
        have=have,
        true_on=None if entry is None else entry.on,
        days=days,
        because=because,
        also=tuple(also),
    )


def _eve(day: date) -> date:
    return date.fromordinal(max(1, day.toordinal() - 1))
