"""Suppose that certain acts happened: what would follow, worked out exactly as if they were recorded, and not recorded.

The treaty is taken as a rehearsal of itself, whose day follows the acts supposed; every check and every announcement
is that of recording. Beside it the same days pass without the acts, so that only what the acts cause is told of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from treaty_events import MilestoneAnnounced
from treaty_status.domain.certifying import Certify
from treaty_status.domain.checks import Warned
from treaty_status.domain.decisions import Circumstances, MoveRehearsalDay, Order, ReachDay, RecordAct, decide
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.settled import Settled
from treaty_status.domain.treaty import State, Treaty


@dataclass(frozen=True, slots=True)
class Announcement:
    """What would be said, and the index of the act or certificate that would cause it; of neither: the day alone."""

    act: int | None
    milestone: MilestoneAnnounced
    certificate: int | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning about the act, or the certificate, of an index."""

    act: int | None
    warned: Warned
    certificate: int | None = None


class Step(NamedTuple):
    """One order of a supposition, and its place among the acts or among the certificates."""

    order: RecordAct | Certify
    act: int | None
    certificate: int | None

    @property
    def place(self) -> str:
        """Where it stands in what was asked."""
        return f"/acts/{self.act}" if self.certificate is None else f"/certificates/{self.certificate}"


@dataclass(frozen=True, slots=True)
class Supposition:
    """The treaty with the acts supposed, as at the end of ``day``.

    ``announcements`` are those that would not be made by then without the acts, in their order.
    """

    treaty: Treaty
    day: date
    announcements: tuple[Announcement, ...]
    remarks: tuple[Remark, ...]


def suppose(
    treaty: Treaty,
    acts: Sequence[RecordAct],
    now: Circumstances,
    *,
    until: date | None = None,
    certificates: Sequence[Certify] = (),
) -> Supposition:
    """The acts in the order given, each on what those before it left; then the days until ``until``, if any.

    A certificate comes before the first act of its day or a later one.

    Raises:
        Refusal: one of them could not be recorded; it is that of recording, and its facts name the index of the act or
            certificate.
    """
    practice = replace(
        treaty,
        rehearsal_of=treaty.rehearsal_of or treaty.id,
        rehearsal_day=treaty.rehearsal_day or now.today,
        details=replace(treaty.details, four_eyes=None),  # what would follow is asked, not when it would be announced
        held={},
    )
    course = _Course(practice, now)
    course.take(ReachDay(treaty=treaty.id))  # what is due already is no consequence of what is supposed
    start = course.state
    said: list[Announcement] = []
    remarks: list[Remark] = []
    for step in _steps(acts, certificates):
        try:
            milestones, warned = course.take(step.order)
        except Refusal as refusal:
            raise _without_invented_ids(_placed_at(step, refusal), treaty) from refusal
        said.extend(Announcement(step.act, milestone, step.certificate) for milestone in milestones)
        remarks.extend(Remark(step.act, one, step.certificate) for one in warned)
    if until is not None and until > course.day:
        milestones, _ = course.take(MoveRehearsalDay(treaty=treaty.id, on=until))
        said.extend(Announcement(None, milestone) for milestone in milestones)
    anyway = _said_anyway(start, course.day, now)
    return Supposition(
        treaty=_of_the_record(course.treaty, treaty),
        day=course.day if until is None else until,
        announcements=tuple(one for one in said if _line(one.milestone) not in anyway),
        remarks=tuple(remarks),
    )


def _steps(acts: Sequence[RecordAct], certificates: Sequence[Certify]) -> Iterator[Step]:
    waiting = [Step(one, None, index) for index, one in enumerate(certificates)]
    waiting.sort(key=_certified_on, reverse=True)
    for index, act in enumerate(acts):
        while waiting and _certified_on(waiting[-1]) <= act.act_date:
            yield waiting.pop()
        yield Step(act, index, None)
    yield from reversed(waiting)


def _certified_on(step: Step) -> date:
    assert isinstance(step.order, Certify)  # noqa: S101 - asked of certificates only
    return step.order.certified_on


def _placed_at(step: Step, refusal: Refusal) -> Refusal:
    named = {"act": step.act} if step.certificate is None else {"certificate": step.certificate}
    return _placed(refusal, step.place, named)


def placed(refusal: Refusal, index: int) -> Refusal:
    """The same refusal, with the place of the act that it is about among the acts supposed."""
    return _placed(refusal, f"/acts/{index}", {"act": index})


def placed_certificate(refusal: Refusal, index: int) -> Refusal:
    """The same of a certificate among those supposed."""
    return _placed(refusal, f"/certificates/{index}", {"certificate": index})


def _placed(refusal: Refusal, where: str, named: Mapping[str, int | None]) -> Refusal:
    facts = dict(refusal.facts)
    if isinstance(facts.get("pointer"), str):
        facts["pointer"] = where + facts["pointer"]
    if isinstance(facts.get("errors"), list):
        facts["errors"] = [{**one, "pointer": where + one["pointer"]} for one in facts["errors"]]
    detail = f"{where}{refusal.detail}" if refusal.detail.startswith("/") else f"{where}: {refusal.detail}"
    return type(refusal)(detail, way_out=refusal.way_out, facts={**facts, **named})


def _without_invented_ids(refusal: Refusal, treaty: Treaty) -> Refusal:
    """What was only supposed has no event id that anybody could look up."""
    earlier = refusal.facts.get("earlier")
    if isinstance(earlier, str) and treaty.act(earlier) is None and treaty.certificate(earlier) is None:
        del refusal.facts["earlier"]
    return refusal


class _Course:
    """A state, order by order."""

    def __init__(self, state: State, now: Circumstances) -> None:
        self.state = state
        self._now = now
        self._settled: Settled | None = None

    @property
    def treaty(self) -> Treaty:
        assert isinstance(self.state, Treaty)  # noqa: S101 - no order taken here undefines a treaty
        return self.state

    @property
    def day(self) -> date:
        return self.treaty.rehearsal_day or self._now.today

    def take(self, order: Order) -> tuple[tuple[MilestoneAnnounced, ...], tuple[Warned, ...]]:
        decision = decide(self.state, order, self._now, settled=self._settled)
        self.state, self._settled = decision.state, decision.settled
        return decision.milestones, decision.warnings


def _said_anyway(start: State, day: date, now: Circumstances) -> frozenset[tuple[str, str, date]]:
    course = _Course(start, now)
    if day <= course.day:
        return frozenset()
    milestones: Iterable[MilestoneAnnounced]
    milestones, _ = course.take(MoveRehearsalDay(treaty=start.id, on=day))
    return frozenset(map(_line, milestones))


def _line(said: MilestoneAnnounced) -> tuple[str, str, date]:
    return said.key, said.status.value, said.occurred_on


def _of_the_record(supposed: Treaty, treaty: Treaty) -> Treaty:
    """The acts supposed, in the treaty as it is known: no rehearsal was opened and no version passed."""
    return replace(
        supposed,
        version=treaty.version,
        rehearsal_of=treaty.rehearsal_of,
        rehearsal_day=treaty.rehearsal_day,
        announced=treaty.announced,
    )
