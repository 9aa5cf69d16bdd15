"""On which days a statement was made, as far as we know."""

from datetime import date

from treaty_status.domain.partial_dates import Span, span
from treaty_status.domain.treaty import Claim


def heard_on(claim: Claim) -> date:
    """The legal day on which we wrote it down; of a record that did not say so, the day in UTC."""
    return claim.event.heard_on or claim.event.recorded.at.date()


def said_on(claim: Claim) -> Span | None:
    """The days on which it may have been made: a month or a year ends, at the latest, when it was heard."""
    made, heard = span(claim.event.claimed_on), heard_on(claim)
    return None if made is None else Span(min(made.first, heard), min(made.last, heard))


def spoken_on(claim: Claim) -> date:
    """The legal day from which it stands beside the facts."""
    made = said_on(claim)
    return heard_on(claim) if made is None else made.last


def made_by(claim: Claim, as_of: date) -> bool:
    """Was it made by then? A month or a year may be of its last day; a statement without a day is always shown."""
    made = said_on(claim)
    return made is None or made.last <= as_of
