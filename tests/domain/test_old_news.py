"""A rule that comes after an imported history tells what it would have told before it, and no more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.builders import (
    EUROPE,
    Twin,
    acceded,
    all_of,
    certified,
    count,
    details,
    hanoi,
    retracted,
    rule,
    states,
    table_of,
    weight,
)
from tests.domain.test_history import historic_acts
from treaty_events import (
    Action,
    Fact,
    HistorySettled,
    ImportFinished,
    MilestoneAnnounced,
    MilestonesSettled,
    Recorded,
    Status,
)
from treaty_status.domain.coherence import Coherence, Finding
from treaty_status.domain.decisions import Circumstances, Define, NeighbourMoved, OpenRehearsal, Order, ReachDay, decide
from treaty_status.domain.history import HistoricAct, RecordHistory, decide_history
from treaty_status.domain.rule import TreatyRule
from treaty_status.domain.treaty import State, Treaty, Undefined

T = "T-1"
IMPORTED = date(2026, 11, 21)


def now(day: date, world: Twin = EUROPE) -> Circumstances:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Circumstances(day, world, Recorded(at=at, by="key:tests"))


def defining(by_rule: dict[str, object] | None) -> Define:
    found = None if by_rule is None else TreatyRule.model_validate(by_rule)
    return Define(treaty=T, details=details(), windows=(), rule=found)


class Stream:
    """A treaty's stream, and what each step added to it."""

    def __init__(self, by_rule: dict[str, object] | None = None) -> None:
        self.state: State = Undefined(T)
        self.events: list[Fact] = []
        self.take(defining(by_rule), on=IMPORTED)

    def take(self, order: Order, *, on: date, world: Twin = EUROPE) -> tuple[Fact, ...]:
        return self._keep(decide(self.state, order, now(on, world)))

    def bring_in(self, *acts: HistoricAct, on: date = IMPORTED) -> tuple[Fact, ...]:
        return self._keep(
            decide_history(self.state, RecordHistory(treaty=T, acts=acts, run="list:1", source="a test"), now(on))
        )

    def _keep(self, decision: object) -> tuple[Fact, ...]:
        self.state = decision.state  # type: ignore[attr-defined]  # a decision of either kind
        self.events += decision.events  # type: ignore[attr-defined]
        return tuple(decision.events)  # type: ignore[attr-defined]

    @property
    def treaty(self) -> Treaty:
        assert isinstance(self.state, Treaty)
        return self.state

    def findings(self) -> list[Finding]:
        """Where what was said contradicts itself: a revision skipped, a line revoked that was never reached."""
        return list(Coherence(T).findings(self.events))

    def lines(self) -> dict[str, tuple[Status, date, bool]]:
        """What is on record as said, and whether as history; however many revisions it took."""
        return {
            key: (said.status, said.occurred_on, said.as_history)
            for key, said in self.treaty.announced.items()
            if said.status not in {Status.REVOKED, Status.CANCELLED}
        }


def accession(participant: str, on: str) -> HistoricAct:
    return HistoricAct(participant, Action.ACCESSION, date.fromisoformat(on))


def news(events: tuple[Fact, ...]) -> list[str]:
    """What is told as news, beside digests."""
    return [
        f"{event.kind}.{event.status}"
        for event in events
        if isinstance(event, MilestoneAnnounced) and event.recorded.imported is None
    ]


def digests(events: tuple[Fact, ...]) -> list[HistorySettled]:
    return [event for event in events if isinstance(event, HistorySettled)]


OLD = [accession(name, f"199{n}-03-01") for n, name in enumerate(states(4))]


# ---- the order of rule and import ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "by_rule",
    [rule(2), hanoi(3), rule(all_of(count(2), {"op": "date_reached", "at": {"op": "on", "date": "2015-01-01"}}))],
)
@settings(max_examples=60)
@given(acts=historic_acts)
def test_it_does_not_matter_whether_the_rule_or_the_history_was_there_first(
    by_rule: dict[str, object], acts: list[HistoricAct]
) -> None:
    # Clauses that are not on record object to nothing; so nothing here that they might object to.
    consents = {Action.RATIFICATION, Action.APPROVAL}
    acts = [act._replace(action=Action.ACCESSION) if act.action in consents else act for act in acts]
    first, last = Stream(by_rule), Stream()
    first.bring_in(*acts)

    last.bring_in(*acts)
    last.take(defining(by_rule), on=IMPORTED)

    assume([act.event for act in first.treaty.acts.values()] == [act.event for act in last.treaty.acts.values()])
    assert last.lines() == first.lines()
    assert first.findings() == last.findings() == []


def test_a_first_rule_settles_the_threshold_of_1991_and_says_so_once() -> None:
    stream = Stream()
    stream.bring_in(*OLD)

    told = stream.take(defining(rule(2)), on=IMPORTED + timedelta(days=3))

    assert news(told) == []
    assert stream.lines()["T-1:threshold:65(1):1"] == (Status.REACHED, date(1991, 3, 1), True)
    assert stream.lines()["T-1:participant.bound:s3:1"] == (Status.REACHED, date(1992, 3, 31), True)
    [digest] = digests(told)
    assert digest is told[-1]
    assert (digest.threshold_on, digest.entry_into_force_on) == (date(1991, 3, 1), date(1991, 5, 30))
    assert (digest.rule_version, digest.consents, digest.recorded.imported) == (1, 4, None)
    silent = [event for event in told if event.recorded.imported is not None]
    settled = sum(len(event.milestones) if isinstance(event, MilestonesSettled) else 1 for event in silent)
    assert digest.milestones == settled


def test_what_a_first_rule_finds_of_today_or_to_come_is_news() -> None:
    stream = Stream()
    stream.bring_in(*OLD[:2], accession("s9", "2026-11-20"))

    told = stream.take(defining(rule(3)), on=date(2026, 11, 22))

    assert "entry_into_force.scheduled" in news(told)
    assert stream.lines()["T-1:threshold:65(1):1"][2] is True  # on the 20th, before the import

    crossed_today = Stream()
    crossed_today.bring_in(*OLD[:2], accession("s9", "2026-11-21"))
    assert "threshold.reached" in news(crossed_today.take(defining(rule(3)), on=IMPORTED))


def test_a_line_that_was_crossed_after_the_import_was_not_history_then_and_is_not_now() -> None:
    stream = Stream()
    stream.bring_in(*OLD, accession("s9", "2026-11-01"))

    told = stream.take(defining(rule(5)), on=date(2027, 6, 1))

    # Threshold on 1 November, before the import; in force on 30 January, after it, and no act was needed for that.
    assert "entry_into_force.reached" in news(told)
    assert "threshold.reached" not in news(told)
    assert news(told).count("participant.bound.reached") == 5


def test_a_line_that_needed_an_act_recorded_as_news_is_news() -> None:
    stream = Stream()
    stream.bring_in(*OLD[:2])
    stream.take(acceded("s9", on="1993-01-01"), on=IMPORTED)

    told = stream.take(defining(rule(3)), on=date(2026, 11, 23))

    assert "threshold.reached" in news(told)
    assert stream.lines()["T-1:consent.percent:50:1"] == (Status.REACHED, date(1991, 3, 1), True)


def test_without_any_import_a_rule_announces_what_it_finds() -> None:
    stream = Stream()
    for name in states(2):
        stream.take(acceded(name, on="1990-01-01"), on=IMPORTED)

    told = stream.take(defining(rule(2)), on=IMPORTED)

    assert "threshold.reached" in news(told)
    assert digests(told) == []


# ---- rules that are amended ------------------------------------------------------------------------------------------
def test_an_amended_rule_that_changes_only_history_tells_it_in_one_digest() -> None:
    stream = Stream(rule(2))
    stream.bring_in(*OLD)

    told = stream.take(defining(rule(3)), on=date(2026, 11, 23))

    assert news(told) == []
    assert stream.lines()["T-1:threshold:65(1):1"] == (Status.REVISED, date(1992, 3, 1), True)
    assert [digest.threshold_on for digest in digests(told)] == [date(1992, 3, 1)]


def test_an_amended_rule_that_changes_what_was_told_as_news_takes_it_back_as_news() -> None:
    stream = Stream(rule(5))
    stream.bring_in(*OLD)
    stream.take(acceded("s9", on="2026-11-22"), on=date(2026, 11, 22))

    told = stream.take(defining(rule(6)), on=date(2026, 11, 23))

    assert {"threshold.revoked", "entry_into_force.cancelled"} <= set(news(told))


@settings(max_examples=80)
@given(acts=historic_acts, need=st.tuples(st.integers(1, 4), st.integers(1, 4)), news=st.integers(0, 3))
def test_no_line_skips_a_revision_whether_it_is_spoken_of_as_history_or_as_news(
    acts: list[HistoricAct], need: tuple[int, int], news: int
) -> None:
    stream = Stream(rule(need[0]))
    stream.bring_in(*acts)
    for name in states(news, first=20):
        stream.take(acceded(name, on="2026-11-20"), on=IMPORTED)

    stream.take(defining(rule(need[1])), on=date(2026, 11, 23))
    stream.take(ReachDay(treaty=T), on=date(2027, 6, 1))

    assert stream.findings() == []


def test_a_line_taken_back_as_history_and_announced_anew_as_news_counts_through() -> None:
    stream = Stream(rule(2))
    stream.bring_in(*OLD)
    stream.take(acceded("s9", on="2026-11-20"), on=IMPORTED)

    told = stream.take(defining(rule(5)), on=date(2026, 11, 23))

    force = [event for event in told if isinstance(event, MilestoneAnnounced) and event.kind == "entry_into_force"]
    assert [(event.status, event.revision, event.recorded.imported) for event in force] == [
        (Status.REVOKED, 2, "list:1"),
        (Status.SCHEDULED, 3, None),
    ]
    assert stream.findings() == []


def test_a_line_that_is_crossed_long_ago_and_ended_today_is_told_in_two_revisions() -> None:
    stream = Stream(rule(4))
    taken_back = HistoricAct(OLD[0].participant, Action.CONSENT_WITHDRAWN, IMPORTED)

    stream.bring_in(*OLD[:2], taken_back)

    told = [event for event in stream.events if isinstance(event, MilestoneAnnounced)]
    assert [(one.status, one.revision) for one in told if one.key == "T-1:consent.remaining:2:1"] == [
        (Status.REACHED, 1),
        (Status.LOST, 2),
    ]


def test_a_rule_withdrawn_to_a_higher_number_leaves_no_old_line_standing() -> None:
    stream = Stream(rule(2))
    stream.bring_in(*OLD)

    stream.take(defining(rule(40)), on=date(2026, 11, 23))

    assert "T-1:threshold:65(1):1" not in stream.lines()
    assert stream.treaty.announced["T-1:threshold:65(1):1"].as_history


# ---- what is today's news all the same -------------------------------------------------------------------------------
def test_a_correction_of_history_is_todays_news() -> None:
    stream = Stream(rule(2))
    stream.bring_in(*OLD)
    target = next(act.event_id for act in stream.treaty.acts.values() if act.event.participant == "s1")

    told = stream.take(retracted(target), on=date(2026, 11, 23))

    assert {"threshold.revised", "participant.consent.revoked"} <= set(news(told))


def test_a_line_of_the_day_of_the_import_is_news_whoever_brought_it() -> None:
    told = Stream(rule(2)).bring_in(OLD[0], accession("s9", IMPORTED.isoformat()))

    assert {"threshold.reached", "participant.consent.reached", "entry_into_force.scheduled"} <= set(news(told))
    assert isinstance(told[-1], ImportFinished)


def test_a_day_that_comes_settles_nothing_that_the_import_did_not_leave_open() -> None:
    stream = Stream(rule(2))
    stream.bring_in(*OLD, accession("s9", "2026-11-01"))

    told = stream.take(ReachDay(treaty=T), on=date(2026, 12, 1))

    assert news(told) == ["participant.bound.reached"]
    assert digests(told) == []


def test_what_follows_from_a_parent_treaty_defined_later_is_as_old_as_the_imported_acts() -> None:
    stream = Stream(rule(all_of(count(2), {"op": "treaty_in_force", "treaty": "P-1"})))
    stream.bring_in(*OLD, accession("s9", "2026-11-01"))

    told = stream.take(NeighbourMoved(treaty=T), on=date(2026, 11, 25), world=Twin(treaties={"P-1": "1995-01-01"}))

    assert news(told) == []
    assert stream.lines()["T-1:threshold:65(1):1"] == (Status.REACHED, date(1995, 1, 1), True)
    assert [digest.cause.kind for digest in digests(told)] == ["other_treaty"]


def test_a_rehearsal_of_an_imported_treaty_does_not_begin_with_its_whole_history() -> None:
    stream = Stream(rule(2))
    stream.bring_in(*OLD)
    order = OpenRehearsal(treaty="T-1~abc", of=stream.treaty, starts_on=date(2026, 11, 23))

    told = decide(Undefined("T-1~abc"), order, now(date(2026, 11, 23))).events

    assert news(told) == []
    assert [digest.livemode for digest in digests(told)] == [False]


# ---- tables and certificates -----------------------------------------------------------------------------------------
def test_a_table_that_comes_after_the_history_is_no_more_news_than_the_history() -> None:
    stream = Stream(rule(weight("shares", "0.5")))
    stream.bring_in(*OLD)

    told = stream.take(table_of("shares", {"s1": "0.3", "s2": "0.3"}), on=IMPORTED + timedelta(days=3))

    assert news(told) == []
    assert stream.lines()["T-1:threshold:65(1):1"] == (Status.REACHED, date(1991, 3, 1), True)
    assert [digest.cause.kind for digest in digests(told)] == ["table"]


def test_a_certificate_recorded_by_itself_is_news_and_a_rule_that_comes_later_says_so() -> None:
    asks = rule(all_of(count(2), {"op": "fact", "key": "oil"}))
    first, last = Stream(asks), Stream()
    for stream in (first, last):
        stream.bring_in(*OLD)
    told = first.take(certified("oil", on="1995-01-01"), on=IMPORTED)
    last.take(certified("oil", on="1995-01-01"), on=IMPORTED)

    later = last.take(defining(asks), on=IMPORTED)

    assert "threshold.reached" in news(told)
    assert "threshold.reached" in news(later)
