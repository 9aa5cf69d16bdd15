"""The contradiction report: every statement beside the facts, the verdict that the facts give, and what it rests on.

The facts are those up to the day asked for, and as far as we knew them; the number is that of the day the statement
speaks of.
"""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from treaty_events import ClaimVerdict
from treaty_status.domain.claim_days import made_by, spoken_on
from treaty_status.domain.claims import NUMBERS, judge, ledger_of
from treaty_status.domain.contradictions import key_of
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.ledger import STATES
from treaty_status.domain.treaty import Claim, Treaty, before
from treaty_status.domain.verdict_sentences import verdict_text
from treaty_status.domain.verdicts import Grounds, Verdict
from treaty_status.domain.words import LANGUAGES
from treaty_status.domain.world import World

Document = dict[str, Any]


class Seen(Protocol):
    """A treaty at the end of a legal day, with every act we hold."""

    @property
    def whole(self) -> Treaty:
        """With every act, also those after the day."""

    @property
    def world(self) -> World:
        """Participants and groups."""

    @property
    def as_of(self) -> date:
        """The legal day."""

    @property
    def lang(self) -> str:
        """The language asked for."""

    @property
    def outcome(self) -> Outcome | None:
        """Where the rule stood on the day."""


def claims_report(told: Seen) -> Document:
    """Every statement made by the day asked for, judged; how many there are, and of which verdict."""
    found = judged(told)
    rows = [_row(claim, verdict, told) for claim, verdict in found]
    verdicts = Counter(verdict.kind.value for _, verdict in found)
    return {
        "claims": rows,
        "total": len(rows),
        "contradicting": sum(1 for row in rows if row["contradicts"]),
        "verdicts": {kind.value: verdicts[kind.value] for kind in ClaimVerdict if verdicts[kind.value]},
    }


def narrowed(report: Document, *, verdict: str | None = None, contradicting: bool | None = None) -> Document:
    """The report with only those rows; the numbers above them are still of all."""
    rows = [
        row
        for row in report["claims"]
        if (verdict is None or row["verdict"]["kind"] == verdict)
        and (contradicting is None or row["contradicts"] is contradicting)
    ]
    return {**report, "claims": rows, "shown": len(rows)}


def claims_summary(told: Seen) -> Document:
    """How many statements there are, of which verdict, and in brief those that the record contradicts."""
    found = judged(told)
    verdicts = Counter(verdict.kind.value for _, verdict in found)
    return {
        "total": len(found),
        "verdicts": {kind.value: verdicts[kind.value] for kind in ClaimVerdict if verdicts[kind.value]},
        "contradicting": [_brief(claim, verdict, told) for claim, verdict in found if verdict.contradicts],
    }


def _brief(claim: Claim, verdict: Verdict, told: Seen) -> Document:
    event = claim.event
    return {
        **_statement(claim),
        "fact": verdict.have if event.about in NUMBERS else None,
        "contradicts": verdict.contradicts,
        "verdict": {
            "kind": verdict.kind.value,
            "says": verdict_text(event, verdict, told.world.name, told.lang if told.lang in LANGUAGES else "en"),
        },
    }


def judged(told: Seen) -> list[tuple[Claim, Verdict]]:
    """The statements made by the day asked for, in the order of their days, each with its verdict."""
    made = tuple(sorted((claim for claim in told.whole.claims if made_by(claim, told.as_of)), key=_told_order))
    if not made:
        return []
    facts = replace(before(told.whole, told.as_of), claims=made)
    ledger = ledger_of(facts, world=told.world, as_of=told.as_of, outcome=told.outcome)
    return [(claim, judge(claim, ledger)) for claim in made]


def _statement(claim: Claim) -> Document:
    """Who said what, when."""
    event = claim.event
    return {
        "event_id": claim.event_id,
        "claimed_on": event.claimed_on,
        "source": event.source,
        "url": event.url,
        "statement": event.statement,
        "about": event.about,
        "value": event.value,
        "participant": event.participant,
        "action": None if event.action is None else event.action.value,
        "act_date": event.act_date,
        "tier": event.tier.value,
        "note": event.note,
    }


def _told_order(claim: Claim) -> tuple[date, int]:
    return spoken_on(claim), claim.version


def _row(claim: Claim, verdict: Verdict, told: Seen) -> Document:
    event = claim.event
    threshold = event.threshold
    return {
        **_statement(claim),
        "bound": None if event.bound is None else event.bound.value,
        "among": STATES if event.about == "signatures_by_states" and event.among is None else event.among,
        "besides": list(event.besides),
        "measured_on": event.measured_on,
        "ordinal": event.ordinal,
        "day_of": event.day_of,
        "threshold": None
        if threshold is None
        else {"count": threshold.count, "by": threshold.by, "among": threshold.among},
        "delay_days": event.delay_days,
        "recorded_at": event.recorded.at.isoformat(),
        "fact": verdict.have if event.about in NUMBERS else None,
        "contradicts": verdict.contradicts,
        "verdict": _verdict(claim, verdict, told),
        "announced": _announced(claim, told.whole),
        "as_known_then": _as_known_then(claim, told),
    }


def _announced(claim: Claim, treaty: Treaty) -> Document | None:
    """What was last said of the contradiction, if there ever was one: a number above 1 tells that the facts moved."""
    said = treaty.announced.get(key_of(treaty, claim))
    return None if said is None else {"status": said.status.value, "revision": said.revision}


def _as_known_then(claim: Claim, told: Seen) -> str:
    """Where the report can be read as it stood when the statement was heard, with what was known of the facts then."""
    at = claim.event.recorded.at.isoformat().replace("+00:00", "Z")
    asked = urlencode({"as_of": max(told.as_of, spoken_on(claim)).isoformat(), "known_at": at})
    return f"{_home(told.whole.id)}/claims?{asked}"


def _verdict(claim: Claim, verdict: Verdict, told: Seen) -> Document:
    return {
        "kind": verdict.kind.value,
        "also": [kind.value for kind in verdict.also],
        "text": {lang: verdict_text(claim.event, verdict, told.world.name, lang) for lang in LANGUAGES},
        "on": verdict.on.isoformat(),
        "have": verdict.have,
        "claimed": verdict.claimed,
        "right_from": _iso(verdict.right_from),
        "right_until": _iso(verdict.right_until),
        "passed_on": _iso(verdict.passed_on),
        "true_on": _iso(verdict.true_on),
        "days": verdict.days,
        "differs": list(verdict.differs),
        "because": verdict.because,
        "read_until": _iso(verdict.read_until),
        "rests_on": _rests_on(verdict.grounds, told.whole.id),
    }


def _rests_on(grounds: Grounds, treaty: str) -> Document:
    return {
        "rows": grounds.rows,
        "as_of": grounds.on.isoformat(),
        "count": grounds.count,
        "among": grounds.among,
        "participant": grounds.participant,
        "clause": grounds.clause,
        "event_ids": list(grounds.event_ids),
        "address": _address(grounds, treaty),
    }


def _address(grounds: Grounds, treaty: str) -> str | None:
    """Where the rows can be read, relative to the service."""
    home, asked = _home(treaty), {"as_of": grounds.on.isoformat()}
    match grounds.rows:
        case "signatures" | "consents":
            group = {} if grounds.among in {None, STATES} else {"group": str(grounds.among)}
            return f"{home}/participants?{urlencode(asked | group)}"
        case "participant" if grounds.participant is not None:
            return f"{home}/participants/{quote(grounds.participant, safe='')}?{urlencode(asked)}"
        case "none" | "participant":
            return None
        case _:
            return f"{home}?{urlencode(asked)}"


def _home(treaty: str) -> str:
    return f"/v1/treaties/{quote(treaty, safe='~')}"


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
