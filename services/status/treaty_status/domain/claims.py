"""Statements beside the facts, judged by the facts of the day they speak of, never by those of today.

Nothing of a verdict is stored: other facts give another one.
"""

from datetime import date
from typing import Final

from treaty_events import ClaimVerdict
from treaty_status.domain.claimed_acts import judge_act, judge_approval
from treaty_status.domain.claimed_clauses import judge_date, judge_rule, judge_size
from treaty_status.domain.claimed_numbers import FAMILY_OF, judge_number
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.ledger import APPROVAL, Ledger
from treaty_status.domain.treaty import Claim, Treaty
from treaty_status.domain.verdicts import Grounds, Verdict
from treaty_status.domain.world import World

NUMBERS: Final = frozenset({*FAMILY_OF, "articles", "chapters", "rule"})
"""What a statement is about whose number can be set beside the record's."""


def judge(claim: Claim, ledger: Ledger) -> Verdict:
    """What the facts of a ledger say to a statement."""
    event = claim.event
    match event.about:
        case about if about in FAMILY_OF:
            return judge_number(claim, ledger)
        case "participant_act":
            return judge_act(claim, ledger)
        case about if about == APPROVAL:
            return judge_approval(event, ledger)
        case "articles" | "chapters":
            return judge_size(event, ledger)
        case "date":
            return judge_date(event, ledger)
        case "rule":
            return judge_rule(event, ledger)
        case _:
            grounds = Grounds(rows="none", on=ledger.as_of)
            return Verdict(kind=ClaimVerdict.NOT_SHOWN, grounds=grounds, on=ledger.as_of, because="not_structured")


def ledger_of(treaty: Treaty, *, world: World, as_of: date, outcome: Outcome | None = None) -> Ledger:
    """The facts up to the end of a legal day, as statements speak of them."""
    return Ledger(treaty, world, as_of, outcome)
