"""``treaty-notifier verify``: one green line, or what is not as the events say, in plain words."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from treaty_notifier.audit import Finding, Line, LogAudit, SubscriptionAudit, Taken, roster_findings
from treaty_notifier.errors import FeedError
from treaty_notifier.feed import page_of
from treaty_notifier.messages import Draft, draft
from treaty_notifier.outbox.evidence import Evidence, NoRecord, OnRecord, snapshot

GREEN, DIFFERS, CANNOT_RUN = 0, 1, 2
LISTED = 20  # differences that are named for people; JSON has all
PAGE_EVENTS = 1_000
ASK_SECONDS = 60.0


class CannotVerify(Exception):
    """The feed does not answer, or is another one."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """``messages`` counts numbers of all subscriptions, ``lines`` the message log."""

    findings: tuple[Finding, ...]
    position: int
    lines: int
    subscriptions: int
    messages: int
    attempts: int

    @property
    def green(self) -> bool:
        return not self.findings


def run(database: str, *, status_url: str, subscription: str | None, as_json: bool) -> int:
    """Verify, print what came of it; the exit code: 0 green, 1 something differs, 2 it cannot be done."""
    began = perf_counter()
    try:
        with (
            snapshot(database) as evidence,
            httpx.Client(base_url=status_url, trust_env=False, timeout=ASK_SECONDS) as client,
        ):
            report = verify(evidence, client, subscription=subscription)
    except (CannotVerify, NoRecord, FeedError, SQLAlchemyError) as fault:
        sys.stderr.write(f"Nothing was verified. {fault}\n")
        return CANNOT_RUN
    seconds = perf_counter() - began
    sys.stdout.write((_document(report, seconds) if as_json else _told(report, seconds)) + "\n")
    return GREEN if report.green else DIFFERS


def verify(evidence: Evidence, client: httpx.Client, *, subscription: str | None = None) -> Report:
    """Read the feed from its beginning and the record beside it.

    Raises:
        CannotVerify: there is no feed to compare with, or no such subscription.
        FeedError: what answers is no feed.
    """
    reached, rosters = evidence.progress(), evidence.rosters()
    books = [book for book in evidence.books() if subscription in (None, book.id)]
    if subscription is not None and subscription not in rosters.subscriptions:
        raise CannotVerify(f"There is no such subscription (subscription: {subscription})")
    key, log = evidence.instance_key(), LogAudit()
    audits = {book.id: SubscriptionAudit(book, instance_key=key) for book in books}
    drafts, tried = _Peeked(_drafts(client, up_to=reached.position)), 0
    numbers, begun = _Numbers(evidence.taken(), audits), _Begun(audits)
    for line, known in evidence.lines():
        log.line(line)
        if line.entry.audience is None:
            _beside(log, line, drafts)
        numbers.up_to(line.entry.seq)
        for id_, audit in begun.at(line, known):
            attempts = known.tried.get(id_, [])
            tried += len(attempts)
            audit.line(line, attempts, known.owed.get(id_))
    numbers.up_to(None)
    while (left := drafts.take()) is not None:
        log.compare(None, left)
    log.end(seq=reached.seq)
    for audit in audits.values():
        audit.end()
    return Report(
        findings=(
            *log.findings,
            *(one for one in roster_findings(rosters) if subscription in (None, one.subscription)),
            *(one for audit in audits.values() for one in audit.findings),
        ),
        position=reached.position,
        lines=log.lines,
        subscriptions=len(rosters.subscriptions) if subscription is None else 1,
        messages=sum(audit.messages for audit in audits.values()),
        attempts=tried,
    )


class _Numbers:
    """Hands the numbers that were given out to their subscriptions, as the lines come to them."""

    def __init__(self, taken: Iterator[tuple[str, Taken]], audits: Mapping[str, SubscriptionAudit]) -> None:
        self._taken = taken
        self._audits = audits
        self._next = next(taken, None)

    def up_to(self, seq: int | None) -> None:
        """Those that count before this line; None stands for all that are left."""
        while self._next is not None and (seq is None or self._next[1].after_seq < seq):
            id_, piece = self._next
            if id_ in self._audits:
                self._audits[id_].taken(piece)
            self._next = next(self._taken, None)


class _Begun:
    """Which subscriptions a line can mean anything to: a thousand that began yesterday are not asked about a year."""

    def __init__(self, audits: Mapping[str, SubscriptionAudit]) -> None:
        self._audits = audits
        self._waiting = sorted(audits, key=lambda id_: -audits[id_].begins_after)
        self._begun: dict[str, SubscriptionAudit] = {}

    def at(self, line: Line, known: OnRecord) -> Iterator[tuple[str, SubscriptionAudit]]:
        while self._waiting and self._audits[self._waiting[-1]].begins_after < line.entry.seq:
            id_ = self._waiting.pop()
            self._begun[id_] = self._audits[id_]
        yield from self._begun.items()
        for other in {*known.tried, *known.owed, line.entry.audience} - self._begun.keys():
            if other is not None and other in self._audits:
                yield other, self._audits[other]


class _Peeked:
    """The feed's messages, the next one in sight."""

    def __init__(self, drafts: Iterator[Draft]) -> None:
        self._drafts = drafts
        self.next: Draft | None = next(drafts, None)

    def take(self) -> Draft | None:
        taken, self.next = self.next, next(self._drafts, None) if self.next is not None else None
        return taken


def _beside(log: LogAudit, line: Line, drafts: _Peeked) -> None:
    while drafts.next is not None and drafts.next.position < line.entry.position:
        log.compare(None, drafts.take())
    is_there = drafts.next is not None and drafts.next.position == line.entry.position
    log.compare(line, drafts.take() if is_there else None)


def _drafts(client: httpx.Client, *, up_to: int) -> Iterator[Draft]:
    after = 0
    while after < up_to:
        try:
            answer = client.get("/v1/feed", params={"after": after, "limit": PAGE_EVENTS, "wait": 0})
            document = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError) as error:
            raise CannotVerify(
                f"The status service's feed does not answer (url: {client.base_url}, {type(error).__name__}); name "
                "it with --status-url"
            ) from error
        if document is None:
            raise CannotVerify(f"The feed cannot be read (url: {client.base_url}, status: {answer.status_code})")
        page = page_of(document)
        if page.head < up_to:
            raise CannotVerify(
                f"The feed is shorter than what was digested: another log, or one restored from an older copy (head: "
                f"{page.head}, digested: {up_to}); name the right one with --status-url"
            )
        yield from (draft(event) for event in page.events if event.position <= up_to)
        if page.next <= after:
            return
        after = page.next


def _told(report: Report, seconds: float) -> str:
    counted = (
        f"{report.subscriptions:,} subscriptions, {report.messages:,} numbered messages, {report.attempts:,} attempts "
        f"and {report.lines:,} lines of the message log, up to position {report.position} in {seconds:.1f} s"
    )
    if report.green:
        return f"Green: {counted}."
    listed = [f"Differs: {_sentence(finding)}" for finding in report.findings[:LISTED]]
    more = len(report.findings) - LISTED
    return "\n".join(
        [*listed, *([f"… and {more} more; --json has all."] if more > 0 else []), f"Looked at: {counted}."]
    )


def _sentence(finding: Finding) -> str:
    return f"{finding.sentence} [{finding.subscription}]" if finding.subscription else finding.sentence


def _document(report: Report, seconds: float) -> str:
    found: dict[str, Any] = {
        "green": report.green,
        "position": report.position,
        "lines": report.lines,
        "subscriptions": report.subscriptions,
        "messages": report.messages,
        "attempts": report.attempts,
        "seconds": round(seconds, 3),
        "differences": [asdict(one) for one in report.findings],
    }
    return json.dumps(found, ensure_ascii=False)
