"""Statements that the facts contradict, as lines: one for each, for as long as they do.

A statement moves no count; that the facts contradict it is worth telling. Corrected facts may make it right, and then
the line is taken back like any other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from treaty_events import Cause, Contradiction, Fact, Kind, ParticipantAct, Recorded
from treaty_status.domain.announcements import Change, announcements
from treaty_status.domain.claim_days import spoken_on
from treaty_status.domain.claimed_numbers import FAMILY_OF
from treaty_status.domain.claims import NUMBERS, judge, ledger_of
from treaty_status.domain.evaluation import NOBODY, Outcome
from treaty_status.domain.ledger import APPROVAL, Family, family_of
from treaty_status.domain.lines import Lines, Milestone
from treaty_status.domain.partial_dates import span
from treaty_status.domain.treaty import Claim, Treaty
from treaty_status.domain.verdicts import Verdict
from treaty_status.domain.world import World

MOST_TEXT: Final = 500
"""Characters of a statement, and of its source, that travel with its line."""
ONCE: Final = 1
"""A statement is made once, so its line has one occurrence; it may be taken back and hold again."""


def contradiction_lines(
    treaty: Treaty, outcome: Outcome | None, world: World, *, as_of: date, of: Iterable[Claim] | None = None
) -> Iterator[Milestone]:
    """The statements that the facts of a day contradict; of these, where only some may have changed."""
    claims = [claim for claim in (treaty.claims if of is None else of) if spoken_on(claim) <= as_of]
    if not claims:
        return
    ledger, lines = ledger_of(treaty, world=world, as_of=as_of, outcome=outcome), Lines(treaty)
    for claim in claims:
        verdict = judge(claim, ledger)
        if verdict.contradicts:
            yield _line(lines, claim, verdict)


def _line(lines: Lines, claim: Claim, verdict: Verdict) -> Milestone:
    event = claim.event
    named = event.participant is not None and event.action is not None
    who = frozenset({(event.participant or "", "" if event.action is None else event.action.value)})
    return lines.line(
        Kind.CLAIM_CONTRADICTION,
        claim.event_id,
        spoken_on(claim),
        attributed=who if named else NOBODY,
        contradiction=Contradiction(
            claim=claim.event_id,
            verdict=verdict.kind,
            statement=_short(event.statement),
            source=_short(event.source),
            claimed_on=event.claimed_on,
            claimed=verdict.claimed,
            have=verdict.have if event.about in NUMBERS else None,
        ),
    )


def _short(text: str) -> str:
    """A line travels; the statement has the whole of it."""
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def key_of(treaty: Treaty, claim: Claim) -> str:
    """The key of a statement's line."""
    return f"{treaty.id}:{Kind.CLAIM_CONTRADICTION.value}:{claim.event_id}:{ONCE}"


def came_as_history(treaty: Treaty, line: Milestone | None) -> str | None:
    """The id of the import that brought a statement in, where nobody has been told of its line yet."""
    if line is None or line.contradiction is None or line.key in treaty.announced:
        return None
    said = next((claim for claim in treaty.claims if claim.event_id == line.params), None)
    return None if said is None else said.event.recorded.imported


def told_as_history(
    treaty: Treaty, found: Iterable[Change], *, world: World, today: date, cause: Cause, recorded: Recorded
) -> list[Fact]:
    """What to append about statements that an import brought in: they are old, whatever the facts say to them."""
    said: list[Fact] = []
    spoken: dict[str, int] = {}
    for change in found:
        historic = replace(recorded, imported=came_as_history(treaty, change.milestone))
        said += announcements(treaty, [change], world=world, today=today, cause=cause, recorded=historic, spoken=spoken)
    return said


def days_of_claims(claims: Iterable[Claim], *, after: date) -> tuple[date, ...]:
    """The days to come that statements speak of: until then they cannot be judged."""
    found = (span(text) for claim in claims for text in (claim.event.measured_on, claim.event.act_date) if text)
    return tuple(sorted({days.last for days in found if days is not None and days.last > after}))


# ---- what facts may change -------------------------------------------------------------------------------------------
def concerned(treaty: Treaty, facts: Iterable[Fact], *, since: int) -> list[Claim]:
    """The statements whose verdict these acts and statements, the last of their stream, may have changed.

    ``since`` is the version before them. Acts of one participant say nothing of what others are said to have done,
    and an act says nothing of numbers of the days before it.
    """
    if not treaty.claims:
        return []
    acts = [fact for fact in facts if isinstance(fact, ParticipantAct)]
    new = [claim for claim in treaty.claims if claim.version > since]
    approved = {claim.event.participant for claim in new if claim.event.about == APPROVAL}
    if not acts and not approved:
        return new
    first_on: dict[Family, date] = {}
    for act in acts:
        for family in _families(act):
            first_on[family] = min(act.act_date, first_on.get(family, date.max))
    people = approved | {act.participant for act in acts}
    return [
        claim
        for claim in treaty.claims
        if claim.version > since or claim.event.participant in people or _touched(claim, first_on)
    ]


def _families(act: ParticipantAct) -> tuple[Family, ...]:
    """What the number of may change by it: taking a consent back, or leaving, are acts of that family too."""
    found = family_of(act.action)
    if act.action.value == "definitive_signature":
        return ("signature", "consent")
    return ("consent",) if found is None else (found,)


def _touched(claim: Claim, first_on: dict[Family, date]) -> bool:
    event = claim.event
    if event.about == "date" or event.ordinal is not None:
        return True
    family = FAMILY_OF.get(event.about)
    if family is None:
        return False
    # A claimed number of ratifications may be one of signatures, and the reverse never is.
    days = [first_on[one] for one in (family, *(("signature",) if family == "consent" else ())) if one in first_on]
    if not days:
        return False
    spoken = span(event.act_date if event.about == "signatures_on_day" else event.measured_on or event.claimed_on)
    return spoken is None or spoken.last >= min(days)
