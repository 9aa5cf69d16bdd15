"""A statement that the facts contradict is a line: announced once, revised, taken back and reached again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.builders import (
    Story,
    T,
    Twin,
    acceded,
    corrected,
    denounced,
    hanoi,
    ratified,
    reinstated,
    retracted,
    signed,
    states,
    story,
    the_day_comes,
    took_back,
)
from treaty_events import Action, Bound, ClaimedThreshold, Recorded, Tier
from treaty_status.domain import decisions
from treaty_status.domain.claim_days import spoken_on
from treaty_status.domain.decisions import RecordAct, RecordClaim
from treaty_status.domain.reassessment import unsaid
from treaty_status.domain.refusals import Refusal

OPEN = {**hanoi(3), "joining": {"clause": "64", "modes": ["ratification", "accession"], "signature_required": False}}


def claimed(on: str = "2030-01-10", *, imported: str | None = None, **claim: Any) -> RecordClaim:
    body = {"claimed_on": on, "source": "A newspaper", "statement": "…", "tier": Tier.PRESS, "about": "signatures"}
    return RecordClaim(treaty=T, claim=body | claim, imported=imported)


def told(of: Story) -> list[tuple[str, int, int | None, int | None]]:
    """Everything said about statements: the status, the revision, the number claimed and the record's."""
    said = [one for one in of.said() if one.kind == "claim.contradiction"]
    return [
        (
            one.status.value,
            one.revision,
            None if one.contradiction is None else one.contradiction.claimed,
            None if one.contradiction is None else one.contradiction.have,
        )
        for one in said
    ]


@pytest.fixture(params=[True, False], ids=["hinted", "afresh"])
def two_signed(request: pytest.FixtureRequest) -> Story:
    """Two have signed by 3 January 2030."""
    return story(OPEN, signed("s1", on="2030-01-02"), signed("s2", on="2030-01-03"), hinted=bool(request.param))


def holds(of: Story, today: str) -> None:
    """What was announced is what holds."""
    assert unsaid(of.treaty, world=of.world, today=date.fromisoformat(today)) == []


def test_a_number_that_the_facts_contradict_is_told_and_moves_no_count(two_signed: Story) -> None:
    before = two_signed.treaty.participations
    (said,) = two_signed.on("2030-01-10", claimed(value=3)).milestones

    assert (said.kind, said.status, said.occurred_on) == ("claim.contradiction", "reached", date(2030, 1, 10))
    assert said.contradiction is not None
    assert (said.contradiction.verdict, said.contradiction.claimed, said.contradiction.have) == ("wrong_count", 3, 2)
    assert said.params == said.contradiction.claim == two_signed.treaty.claims[0].event_id
    assert said.cause.kind == "claim"
    assert two_signed.treaty.participations == before
    holds(two_signed, "2030-01-10")


def test_a_long_statement_travels_shortened(two_signed: Story) -> None:
    (said,) = two_signed.on("2030-01-10", claimed(value=3, statement="x" * 20_000)).milestones
    assert said.contradiction is not None
    assert len(said.contradiction.statement) == 500


def test_a_number_that_is_right_is_not_told(two_signed: Story) -> None:
    assert two_signed.on("2030-01-10", claimed(value=2)).milestones == []


def test_a_signature_recorded_late_makes_the_statement_right_and_the_line_is_taken_back(two_signed: Story) -> None:
    two_signed.on("2030-01-10", claimed(value=3))
    two_signed.on("2030-01-12", signed("s3", on="2030-01-08"))

    assert told(two_signed) == [("reached", 1, 3, 2), ("revoked", 2, None, None)]
    holds(two_signed, "2030-01-12")


def test_a_signature_of_a_later_day_changes_nothing_for_an_earlier_statement(two_signed: Story) -> None:
    two_signed.on("2030-01-10", claimed(value=3))
    two_signed.on("2030-01-12", signed("s3", on="2030-01-12"))

    assert told(two_signed) == [("reached", 1, 3, 2)]
    holds(two_signed, "2030-01-12")


def test_a_correction_takes_it_back_and_another_lets_it_be_reached_again(two_signed: Story) -> None:
    two_signed.on("2030-01-10", claimed(value=1))
    wrong = two_signed.act_of("s2").event_id
    two_signed.on("2030-01-11", retracted(wrong))
    two_signed.on("2030-01-12", reinstated(wrong))

    assert told(two_signed) == [("reached", 1, 1, 2), ("revoked", 2, None, None), ("reached", 3, 1, 2)]
    holds(two_signed, "2030-01-12")


def test_another_number_of_the_record_revises_it(two_signed: Story) -> None:
    two_signed.on("2030-01-10", claimed(value=7))
    two_signed.on("2030-01-11", corrected(two_signed.act_of("s2").event_id, act_date="2030-01-11"))

    assert told(two_signed) == [("reached", 1, 7, 2), ("revised", 2, 7, 1)]


def test_a_reported_deposit_is_not_contradicted_while_it_may_be_on_its_way(two_signed: Story) -> None:
    report = claimed(about="participant_act", participant="s1", action="ratification", act_date="2030-01-09")
    assert two_signed.on("2030-01-10", report).milestones == []
    two_signed.on("2030-01-15", ratified("s1", on="2030-01-09"))

    assert told(two_signed) == []
    holds(two_signed, "2030-01-15")


def test_a_statement_about_days_to_come_is_judged_when_they_have_come(two_signed: Story) -> None:
    assert two_signed.on("2030-01-10", claimed(value=3, measured_on="2030-02")).milestones == []
    assert two_signed.on("2030-02-27", the_day_comes()).names(about="claim") == []
    assert two_signed.on("2030-02-28", the_day_comes()).names(about="claim") == ["claim.contradiction.reached"]
    holds(two_signed, "2030-02-28")


def test_a_month_heard_before_it_ends_is_judged_by_the_days_until_then(two_signed: Story) -> None:
    (said,) = two_signed.on("2030-01-10", claimed("2030-01", value=3)).milestones
    assert said.occurred_on == date(2030, 1, 10)
    assert two_signed.on("2030-01-10", claimed("2030-01", value=1)).milestones == [], "on 2 January it was one"


def test_signatures_told_as_ratifications_stop_being_so_when_as_many_have_ratified(two_signed: Story) -> None:
    two_signed.on("2030-01-10", claimed(about="consents", value=2))
    two_signed.on("2030-01-20", acceded("s8", on="2030-01-05"), acceded("s9", on="2030-01-06"))

    statuses = [(status, claim) for status, _, claim, _ in told(two_signed)]
    assert statuses == [("reached", 2), ("revised", 2), ("revoked", None)]
    holds(two_signed, "2030-01-20")


SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_recorded_what_was_announced_is_what_holds(seed: int) -> None:
    """Acts and statements in any order, some of them late, some corrected: no line of a statement is left behind."""
    chance = Random(seed)
    first = date(2030, 1, 1)
    read = {"last_read_on": first + timedelta(days=chance.randint(0, 60))} if chance.random() < 0.5 else {}
    world = Twin(organisations={"org": ["s1", "s2"]}, populations={"un_members": ["s1", "s3", "s4"]})
    of = story(OPEN, world=world, **read)
    today = first
    for _ in range(70):
        today += timedelta(days=chance.choice((0, 0, 0, 1, 3)))
        orders = [_some_act(chance, today), _some_statement(chance, today), _some_statement(chance, today)]
        acts = list(of.treaty.acts.values())
        if acts and chance.random() < 0.2:
            act = chance.choice(acts)
            orders.append(reinstated(act.event_id) if act.retracted else retracted(act.event_id))
        try:
            of.on(today, chance.choice(orders))
        except Refusal:
            continue
        assert unsaid(of.treaty, world=world, today=today) == [], (seed, today)
    assert any(one.kind == "claim.contradiction" for one in of.said())


def _some_act(chance: Random, today: date) -> RecordAct:
    who = chance.choice(["org", *states(7)])
    make = chance.choice((signed, signed, ratified, acceded, took_back, denounced))
    return make(who, on=today - timedelta(days=chance.choice((0, 0, 1, 9, 30))))


def _some_statement(chance: Random, today: date) -> RecordClaim:
    on = today + timedelta(days=chance.choice((0, 0, -1, -10, -40, 5)))
    text = chance.choice((on.isoformat(), on.isoformat(), f"{on:%Y-%m}"))
    who = chance.choice(["org", *states(8)])
    about: dict[str, Any] = chance.choice(
        (
            {"about": "signatures", "among": chance.choice((None, None, "un_members", "states"))},
            {"about": "signatures_by_states", "besides": chance.choice(((), ("org",)))},
            {"about": "signatures_on_day", "act_date": text},
            {"about": "consents", "measured_on": chance.choice((None, text))},
            {"about": "participant_act", "participant": who, "action": Action.RATIFICATION, "ordinal": 1},
            {"about": "participant_act", "participant": who, "action": Action.SIGNATURE, "act_date": text},
            {"about": "participant_act", "participant": who, "action": Action.ACCESSION, "act_date": text},
            {"about": "participant_act", "participant": who, "action": Action.CONSENT_WITHDRAWN, "act_date": text},
            {"about": "domestic_approval", "participant": who, "act_date": text},
            {"about": "date", "day_of": chance.choice(("first_consent", "first_signature", "threshold"))},
            {"about": "rule", "threshold": ClaimedThreshold(count=chance.choice((2, 3)))},
        )
    )
    about.setdefault("act_date", text)
    bound = chance.choice((None, None, *Bound))
    return claimed(on.isoformat(), value=chance.randint(0, 6), bound=bound, **about)


def test_a_statement_that_came_with_a_history_is_told_as_history() -> None:
    of = story(OPEN, signed("s1", on="2030-01-02"))
    (said,) = of.on("2030-03-01", claimed(value=3, imported="history:T-1")).milestones
    assert said.recorded.imported == "history:T-1"
    (news,) = of.on("2030-03-01", claimed(value=4)).milestones
    assert news.recorded.imported is None


def test_an_act_of_one_is_not_held_against_statements_about_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a thousand statements about others, and about earlier days, an act looks at none of them."""
    of = story(OPEN, signed("s1", on="2030-01-02"))
    for n in range(300):
        of.on("2030-01-10", claimed(value=1))
        report = {"about": "participant_act", "participant": f"s{n + 10}", "action": "signature"}
        of.on("2030-01-10", claimed(**report, act_date="2030-01-09"))
    of.on("2030-01-11", signed("s2", on="2030-01-11"))
    looked_at: list[int] = []
    real = decisions.contradiction_lines

    def counting(*arguments: Any, of: Any, **more: Any) -> Any:
        looked_at.append(len(list(of)))
        return real(*arguments, of=of, **more)

    monkeypatch.setattr(decisions, "contradiction_lines", counting)
    of.on("2030-01-12", signed("s3", on="2030-01-12"))
    assert looked_at == [0]


def test_a_record_of_old_shape_is_dated_by_the_instant_it_was_recorded() -> None:
    of = story(OPEN, signed("s1", on="2030-01-02"))
    of.on("2030-01-10", claimed("2030-01", value=3))
    (claim,) = of.treaty.claims
    recorded = Recorded(at=datetime(2030, 1, 5, 12, tzinfo=UTC), by="key:tests")

    assert spoken_on(claim) == date(2030, 1, 10)
    assert spoken_on(replace(claim, event=replace(claim.event, heard_on=None, recorded=recorded))) == date(2030, 1, 5)
