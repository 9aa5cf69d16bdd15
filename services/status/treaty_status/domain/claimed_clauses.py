"""What others say of the text itself: how long it is, what its final clauses ask for, and on which days they hang."""

from collections.abc import Iterable
from datetime import date

from treaty_events import ClaimedThreshold, ClaimRecorded, ClaimVerdict
from treaty_status.domain.ledger import STATES, Ledger
from treaty_status.domain.partial_dates import span
from treaty_status.domain.rule import All, Any_, Condition, Count, Plus, Ref, Track
from treaty_status.domain.verdicts import Grounds, Verdict


def judge_size(event: ClaimRecorded, ledger: Ledger) -> Verdict:
    """What the header says to a number of articles or chapters."""
    details = ledger.treaty.details
    have = details.articles if event.about == "articles" else details.chapters
    grounds = Grounds(rows="header", on=ledger.as_of)
    if have is None or event.value is None:
        kind, because = ClaimVerdict.NOT_SHOWN, "not_structured" if event.value is None else "not_in_the_header"
        return Verdict(kind=kind, grounds=grounds, on=ledger.as_of, have=have, claimed=event.value, because=because)
    kind = ClaimVerdict.RIGHT if have == event.value else ClaimVerdict.WRONG_TEXT_FACT
    return Verdict(kind=kind, grounds=grounds, on=ledger.as_of, have=have, claimed=event.value)


# ---- days ------------------------------------------------------------------------------------------------------------
def judge_date(event: ClaimRecorded, ledger: Ledger) -> Verdict:
    """What the record says to a day: of adoption, opening, closing, first acts, threshold or entry into force."""
    said, day = span(event.act_date), _day_of(event.day_of, ledger)
    rows = {"adoption": "header", "opening": "windows", "closing": "windows"}.get(event.day_of or "", "force")
    grounds = Grounds(rows=rows, on=ledger.as_of)
    if said is None or day is None:
        because = "not_structured" if said is None or event.day_of is None else "no_such_day"
        return Verdict(kind=ClaimVerdict.NOT_SHOWN, grounds=grounds, on=ledger.as_of, because=because)
    kind = ClaimVerdict.RIGHT if said.holds(day) else ClaimVerdict.WRONG_DATE
    return Verdict(kind=kind, grounds=grounds, on=ledger.as_of, true_on=day)


def _day_of(name: str | None, ledger: Ledger) -> date | None:
    treaty, outcome = ledger.treaty, ledger.outcome
    match name:
        case "adoption":
            return treaty.details.adopted_on
        case "opening":
            return min((window.opens_on for window in treaty.windows), default=None)
        case "closing":
            days = [window.closes_on for window in treaty.windows]
            return None if None in days else max((day for day in days if day is not None), default=None)
        case "first_signature" | "first_consent":
            starts = ledger.everyone("signature" if name == "first_signature" else "consent").starts
            return starts[0] if starts else None
        case "threshold":
            return None if outcome is None else outcome.threshold_on
        case "entry_into_force":
            return None if outcome is None else outcome.entry_into_force_on
        case _:
            return None


# ---- the clause on entry into force ----------------------------------------------------------------------------------
def judge_rule(event: ClaimRecorded, ledger: Ledger) -> Verdict:
    """What the recorded clauses say to what entry into force is said to take.

    Only clauses that count instruments and wait for so many days can be compared; of several ways into force one that
    reads as claimed is enough.
    """
    rule = ledger.treaty.rule
    claimed = event.threshold or (None if event.value is None else ClaimedThreshold(count=event.value))
    if claimed is None and event.delay_days is None:
        return _not_shown(ledger, "not_structured")
    if rule is None:
        return _not_shown(ledger, "no_rule")
    read = [(track, _differs(track, claimed, event.delay_days)) for track in rule.in_force]
    known = [(track, differs) for track, differs in read if differs is not None]
    if not known:
        return _not_shown(ledger, "clause_not_comparable")
    track, differs = min(known, key=lambda one: len(one[1]))
    counted = _counted(track.when)
    return Verdict(
        kind=ClaimVerdict.WRONG_RULE if differs else ClaimVerdict.RIGHT,
        grounds=Grounds(rows="rule", on=ledger.as_of, clause=track.clause),
        on=ledger.as_of,
        have=None if counted is None else counted.at_least,
        claimed=None if claimed is None else claimed.count,
        days=_delay(track),
        differs=differs,
    )


def _differs(track: Track, claimed: ClaimedThreshold | None, delay_days: int | None) -> tuple[str, ...] | None:
    """Which parts of a clause read otherwise; None where it cannot be compared with what is claimed."""
    counted, delay = _counted(track.when), _delay(track)
    if (claimed is not None and counted is None) or (delay_days is not None and delay is None):
        return None
    return tuple(_differences(counted, delay, claimed, delay_days))


def _differences(
    counted: Count | None, delay: int | None, claimed: ClaimedThreshold | None, delay_days: int | None
) -> Iterable[str]:
    if claimed is not None and counted is not None:
        if claimed.count is not None and claimed.count != counted.at_least:
            yield "count"
        if claimed.by == "signature":
            yield "act"
        if claimed.among is not None and not _asks_for(counted, claimed.among):
            yield "population"
    if delay_days is not None and delay_days != delay:
        yield "delay"


def _asks_for(counted: Count, among: str) -> bool:
    """Does the clause itself count only these? Where it counts organisations never, it counts States alone."""
    who = counted.who
    if among == STATES:
        return who.reio == "never" or who.kinds == ("state",)
    return among in who.groups


def _counted(when: Condition) -> Count | None:
    """The one number of instruments that a condition asks for; None where it asks for none or for several."""
    match when:
        case Count():
            return when
        case All(of=parts) | Any_(of=parts):
            found = [counted for part in parts if (counted := _counted(part)) is not None]
            return found[0] if len(found) == 1 else None
        case _:
            return None


def _delay(track: Track) -> int | None:
    """So many days after the condition was met; None where the clause says it otherwise."""
    match track.then:
        case Plus(days=days, months=0, years=0, of=None | Ref(name="threshold")):
            return days
        case Ref(name="threshold"):
            return 0
        case _:
            return None


def _not_shown(ledger: Ledger, because: str) -> Verdict:
    grounds = Grounds(rows="rule", on=ledger.as_of)
    return Verdict(kind=ClaimVerdict.NOT_SHOWN, grounds=grounds, on=ledger.as_of, because=because)
