"""Examining an endpoint: does it accept what is genuine and refuse what is not? Pure.

An endpoint that accepts everything is the most common mistake of a receiver, and nobody notices it until it is used.
The questions look like any test message, so that an endpoint cannot know which of them it is asked. Source of the idea:
Discord sends deliberately invalid signatures and removes endpoints that accept them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from treaty_notifier.deliveries import Answer, Failure, Outcome, outcome_of
from treaty_notifier.errors import ExamTooLong
from treaty_notifier.webhook_signature import TOLERANCE_SECONDS, Signer

STALE_SECONDS = 2 * TOLERANCE_SECONDS
QUICK_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 30.0  # that an exam spends on pauses
_GONE = 410


class Question(StrEnum):
    """In the order in which they are asked; when the first is not answered well the others would prove nothing."""

    VALID = "valid"
    DUPLICATE = "duplicate"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    ALTERED_BODY = "altered_body"
    STALE = "stale"
    QUICK = "quick"  # not asked by itself: how long the first answer took


PAUSES = len(Question) - 2
"""Between the requests; ``QUICK`` is none."""


class Mark(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


class Grade(StrEnum):
    A = "A"  # everything as it should be
    B = "B"  # genuine messages may come late or be tried again for nothing
    C = "C"  # a message of long ago can be played again
    F = "F"  # genuine messages are refused, or forged ones accepted


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One request: exactly these headers and these bytes."""

    question: Question
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """What came back, and after how long."""

    result: Answer | Failure
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Remark:
    """``expected`` says what a good endpoint does, ``advice`` what to change; empty when it passed."""

    question: Question
    mark: Mark
    expected: str
    advice: str = ""
    outcome: Outcome | None = None
    status_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    grade: Grade
    remarks: tuple[Remark, ...]


def papers(*, webhook_id: str, timestamp: int, body: bytes, signer: Signer, forger: Signer) -> list[Paper]:
    """The requests, in order. ``forger`` signs with what the endpoint was never given."""

    def signed(by: Signer, *, at: int = timestamp, what: bytes = body, name: str = webhook_id) -> dict[str, str]:
        return by.headers(webhook_id=name, timestamp=at, body=what)

    good = signed(signer)
    bare = {name: value for name, value in signed(signer, name=f"{webhook_id}u").items() if "signature" not in name}
    altered = body.replace(b"false", b"true ", 1)
    return [
        Paper(question=Question.VALID, headers=good, body=body),
        Paper(question=Question.DUPLICATE, headers=good, body=body),
        Paper(question=Question.UNSIGNED, headers=bare, body=body),
        Paper(question=Question.BAD_SIGNATURE, headers=signed(forger, name=f"{webhook_id}f"), body=body),
        Paper(question=Question.ALTERED_BODY, headers=signed(signer, name=f"{webhook_id}a"), body=altered),
        Paper(
            question=Question.STALE,
            headers=signed(signer, at=timestamp - STALE_SECONDS, name=f"{webhook_id}s"),
            body=body,
        ),
    ]


def pause_seconds(rate_per_minute: int | None) -> float:
    """How long to wait between an answer and the next request, so that an exam keeps the rate that was agreed.

    Raises:
        ExamTooLong: whoever asked would wait for more than half a minute.
    """
    if rate_per_minute is None:
        return 0.0
    if PAUSES * 60 / rate_per_minute > LONGEST_WAIT_SECONDS:
        least = math.ceil(PAUSES * 60 / LONGEST_WAIT_SECONDS)
        raise ExamTooLong(
            f"An exam keeps the rate of its subscription and would take too long at this one (rate_per_minute: "
            f"{rate_per_minute}, at least: {least}); PATCH it for the exam, or examine another subscription of the "
            "same endpoint"
        )
    return 60 / rate_per_minute


def report(sittings: Mapping[Question, Sitting]) -> Report:
    """Each question marked, and one grade for all."""
    remarks = [_remark(question, sittings) for question in Question]
    return Report(grade=_grade(remarks), remarks=tuple(remarks))


_EXPECTED = {
    Question.VALID: "a 2xx answer",
    Question.DUPLICATE: "a 2xx answer to the same webhook-id once more, and nothing done twice",
    Question.UNSIGNED: "a refusal such as 401",
    Question.BAD_SIGNATURE: "a refusal such as 401",
    Question.ALTERED_BODY: "a refusal such as 401",
    Question.STALE: f"a refusal of a message signed {STALE_SECONDS // 60} minutes ago",
    Question.QUICK: f"an answer within {QUICK_SECONDS:g} seconds",
}
_ADVICE = {
    Question.VALID: "Verify id.timestamp.body, byte for byte as it came, with the secret of this subscription, and "
    "answer 204.",
    Question.DUPLICATE: "Remember webhook-ids, and answer 2xx to one that was done already: it is a repetition.",
    Question.UNSIGNED: "Refuse what carries no webhook-signature.",
    Question.BAD_SIGNATURE: "Compare the signature; whoever knows the address can send what they like.",
    Question.ALTERED_BODY: "Sign the body as it came, not only its headers.",
    Question.STALE: f"Refuse what is more than {TOLERANCE_SECONDS // 60} minutes off, or old messages can be replayed.",
    Question.QUICK: "Answer first and work afterwards; slow endpoints are served after the others.",
}


def _remark(question: Question, sittings: Mapping[Question, Sitting]) -> Remark:
    expected = _EXPECTED[question]
    sitting = sittings.get(Question.VALID if question is Question.QUICK else question)
    if sitting is None or (question is Question.QUICK and outcome_of(sitting.result) is not Outcome.OK):
        return Remark(question=question, mark=Mark.NOT_ASKED, expected=expected)
    outcome = outcome_of(sitting.result)
    has_passed = _has_passed(question, outcome, sitting.seconds)
    status = sitting.result.status if isinstance(sitting.result, Answer) else None
    advice = "" if has_passed else _ADVICE[question]
    if status == _GONE and question in (Question.VALID, Question.DUPLICATE):
        advice = "410 asks never to be sent anything again: outside an exam it disables the subscription."
    return Remark(
        question=question,
        mark=Mark.PASSED if has_passed else Mark.FAILED,
        expected=expected,
        advice=advice,
        outcome=outcome,
        status_code=status,
    )


def _has_passed(question: Question, outcome: Outcome, seconds: float) -> bool:
    if question is Question.QUICK:
        return seconds <= QUICK_SECONDS
    if question in (Question.VALID, Question.DUPLICATE):
        return outcome is Outcome.OK
    # Only an answer refuses; an endpoint that broke off or was silent has not said what it makes of it.
    return outcome in (Outcome.HTTP_ERROR, Outcome.GONE)


def _grade(remarks: Sequence[Remark]) -> Grade:
    failed = {remark.question for remark in remarks if remark.mark is Mark.FAILED}
    if failed & {Question.VALID, Question.UNSIGNED, Question.BAD_SIGNATURE, Question.ALTERED_BODY}:
        return Grade.F
    if Question.STALE in failed:
        return Grade.C
    return Grade.B if failed else Grade.A
