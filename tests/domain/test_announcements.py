"""What is said when a line is crossed, moved, crossed back, or was never crossed; each thing once.

The scenarios are those a desk meets: a late deposit, a duplicate, a wrong year, the wrong Congo, a service that was
down on the day.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    EUROPE,
    JOINING,
    PRESS,
    Story,
    Twin,
    acceded,
    act,
    all_acceded,
    all_of,
    corrected,
    count,
    day,
    denounced,
    details,
    hanoi,
    move_to,
    ratified,
    rehearsal_of,
    reinstated,
    retracted,
    revoked_denunciation,
    rule,
    signed,
    states,
    story,
    the_day_comes,
    took_back,
    weight,
    window,
)
from treaty_events import MilestoneAnnounced, Severity, Status
from treaty_status.domain import refusals as no
from treaty_status.domain.assessment import assess
from treaty_status.domain.decisions import Define, Order
from treaty_status.domain.rule import TreatyRule

TAKEN_BACK = {Status.REVOKED, Status.CANCELLED, Status.LOST}


def gathered(n: int, *more: Any, at_least: int = 40, world: Twin | None = None, **rules: Any) -> Story:
    """A treaty with so many instruments of 1 February 2027, and then these acts, each on its own day."""
    return story(hanoi(at_least) | rules, *all_acceded(states(n), on="2027-02-01"), *more, world=world)


def standing(told: Story) -> set[str]:
    """The keys of what was said and not taken back."""
    last = {said.key: said.status for said in told.said()}
    return {key for key, status in last.items() if status not in TAKEN_BACK}


def check(told: Story, today: str | date) -> None:
    """What was said and stands is what holds at the end of the day, by a fresh assessment of all facts.

    What leads up to something that has come need not have been said.
    """
    today = day(today)
    found = assess(told.treaty, world=told.world, as_of=today).milestones.values()
    holding = {
        line.key
        for line in found
        if (line.due <= today and (line.lost_on is None or line.lost_on > today))
        or (line.due > today and line.kind.value == "entry_into_force")
    }
    overtaken = {line.key for line in found if line.overtaken_on is not None and line.overtaken_on <= today}
    assert holding - overtaken <= standing(told) <= holding


def quiet(told: Story, today: str, *orders: Order) -> None:
    """These orders lead to no announcement."""
    assert told.on(today, *orders).names() == []


# ---- crossing --------------------------------------------------------------------------------------------------------
def test_two_deposits_of_one_day_cross_together() -> None:
    """39 counted; the fortieth and the forty-first are recorded one after the other."""
    told = gathered(39)
    first = told.on("2027-04-05", acceded("a", on="2027-04-05"))
    second = told.on("2027-04-05", ratified("b", on="2027-04-05", override="V3"))

    reached = first.one("threshold.reached")
    assert reached.occurred_on == day("2027-04-05")
    assert [who.participant for who in reached.attributed_to] == ["a"]
    assert reached.progress is not None
    assert (reached.progress.have, reached.progress.need) == (40, 40)
    assert reached.consequence is not None
    assert reached.consequence.entry_into_force == day("2027-07-04")
    assert first.one("entry_into_force.scheduled").occurred_on == day("2027-07-04")
    revised = second.one("threshold.revised")
    assert [(who.participant, who.action) for who in revised.attributed_to] == [
        ("a", "accession"),
        ("b", "ratification"),
    ]
    assert (revised.revision, revised.supersedes) == (2, 1)
    assert "entry_into_force.rescheduled" not in second.names()


def test_both_names_are_told_at_once_when_both_are_recorded_before_the_day_is_assessed() -> None:
    told = gathered(38)
    told.on("2027-04-05", acceded("a", on="2027-04-05"))
    reached = told.on("2027-04-05", acceded("b", on="2027-04-05")).one("threshold.reached")
    assert [who.participant for who in reached.attributed_to] == ["a", "b"]


def test_an_earlier_deposit_that_arrives_late_moves_the_threshold_and_the_date() -> None:
    told = gathered(39, acceded("a", on="2027-04-05"))
    found = told.on("2027-04-20", acceded("late", on="2027-03-15"))

    assert found.one("threshold.revised").occurred_on == day("2027-03-15")
    rescheduled = found.one("entry_into_force.rescheduled")
    assert rescheduled.occurred_on == day("2027-06-13")
    assert (rescheduled.revision, rescheduled.supersedes) == (2, 1)
    assert found.one("threshold.revised").late_by_days == 36


def test_a_duplicate_taken_out_revises_while_enough_remain() -> None:
    told = gathered(39, acceded("a", on="2027-04-05"), acceded("b", on="2027-04-05"))
    found = told.on("2027-04-06", retracted(told.act_of("b").event_id))

    assert [who.participant for who in found.one("threshold.revised").attributed_to] == ["a"]
    assert "entry_into_force.cancelled" not in found.names()
    assert "participant.consent.revoked" in found.names()


def test_a_duplicate_taken_out_revokes_when_too_few_remain() -> None:
    told = gathered(38, acceded("a", on="2027-04-05"), acceded("b", on="2027-04-05"))
    found = told.on("2027-04-06", retracted(told.act_of("b").event_id))

    assert found.one("threshold.revoked").occurred_on == day("2027-04-05")
    assert found.one("entry_into_force.cancelled").occurred_on == day("2027-07-04")
    assert "threshold.lost" not in found.names()
    assert "T-1:consent.remaining:1:1" in standing(told)

    again = told.on("2027-04-07", reinstated(told.act_of("b").event_id))
    reached = again.one("threshold.reached")
    assert (reached.revision, reached.supersedes, reached.occurrence) == (3, 2, 1)
    assert again.one("entry_into_force.scheduled").revision == 3


def test_what_was_wrong_is_taken_back_before_anything_new_is_said() -> None:
    told = gathered(38, acceded("a", on="2027-04-05"), acceded("b", on="2027-04-05"))
    statuses = [said.status for said in told.on("2027-04-06", retracted(told.act_of("b").event_id)).milestones]
    assert statuses == sorted(statuses, key=lambda status: status not in {Status.REVOKED, Status.CANCELLED})


def test_a_deposit_re_dated_by_a_month_moves_threshold_and_force() -> None:
    told = gathered(38, *[acceded(one, on="2027-04-05") for one in ("a", "b")], acceded("c", on="2027-04-06"))
    found = told.on("2027-05-20", corrected(told.act_of("a").event_id, act_date="2027-05-05"))

    assert found.one("threshold.revised").occurred_on == day("2027-04-06")
    assert found.one("entry_into_force.rescheduled").occurred_on == day("2027-07-05")
    assert [who.participant for who in found.one("threshold.revised").attributed_to] == ["c"]
    assert found.one("participant.consent.revised").occurred_on == day("2027-05-05")


def test_the_wrong_congo_changes_names_and_not_the_day() -> None:
    told = gathered(39, acceded("cog", on="2027-04-05"))
    found = told.on("2027-04-06", corrected(told.act_of("cog").event_id, participant="cod"))

    by_name = {(f"{said.kind}.{said.status}", said.params) for said in found.milestones}
    assert ("participant.consent.revoked", "cog") in by_name
    assert ("participant.consent.reached", "cod") in by_name
    revised = found.one("threshold.revised")
    assert revised.occurred_on == day("2027-04-05")
    assert [who.participant for who in revised.attributed_to] == ["cod"]
    assert "entry_into_force.rescheduled" not in found.names()


def test_a_ratification_that_was_a_signature() -> None:
    told = gathered(39, ratified("a", on="2027-04-05", override="V3"))
    found = told.on("2027-04-06", corrected(told.act_of("a").event_id, action="signature"))
    assert {"participant.consent.revoked", "participant.signature.reached", "threshold.revoked"} <= set(found.names())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"action": "ratification"}, "V3"),
        ({"action": "signature", "act_date": "2027-04-05"}, None),
    ],
)
def test_a_correction_onto_the_wrong_row_stands_and_is_doubted(fields: dict[str, str], code: str | None) -> None:
    told = gathered(2, acceded("a", on="2027-04-05"), acceded("b", on="2027-04-05"))
    found = told.on("2027-04-06", corrected(told.act_of("a").event_id, **fields))
    assert found.warned == ([] if code is None else [code])


def test_a_correction_of_what_nobody_objects_to_is_not_doubted() -> None:
    told = gathered(2, acceded("a", on="2027-04-05"))
    found = told.on("2027-04-07", corrected(told.act_of("a").event_id, act_date="2027-04-06"))
    assert found.warned == []


# ---- the law changed -------------------------------------------------------------------------------------------------
def test_a_consent_taken_back_before_force_loses_what_it_had_reached() -> None:
    told = gathered(37, acceded("a", on="2027-04-05"))
    found = told.on("2027-04-10", took_back("a", on="2027-04-10"))

    lost = {(said.kind.value, said.params, said.status) for said in found.milestones}
    assert ("participant.consent", "a", Status.LOST) in lost
    assert not {said.status for said in found.milestones} & {Status.REVOKED}

    told = gathered(35, acceded("a", on="2027-04-05"))
    found = told.on("2027-04-10", took_back("a", on="2027-04-10"))
    assert not [said for said in found.milestones if said.kind == "consent.remaining"]
    told = gathered(36, acceded("a", on="2027-04-05"))
    found = told.on("2027-04-10", took_back("a", on="2027-04-10"))
    (lost_line,) = [said for said in found.milestones if said.kind == "consent.remaining"]
    assert (lost_line.params, lost_line.status, lost_line.occurred_on) == ("3", Status.LOST, day("2027-04-10"))


def test_a_line_crossed_again_after_it_was_lost_is_another_occurrence() -> None:
    told = gathered(36, acceded("a", on="2027-04-05"), took_back("a", on="2027-04-10"))
    found = told.on("2027-04-20", acceded("b", on="2027-04-20"))
    (again,) = [said for said in found.milestones if said.kind == "consent.remaining"]
    assert (again.params, again.status, again.occurrence, again.revision) == ("3", Status.REACHED, 2, 1)


def test_a_lost_line_stands_again_when_the_loss_is_retracted() -> None:
    told = gathered(36, acceded("a", on="2027-04-05"), took_back("a", on="2027-04-10"))
    found = told.on("2027-04-11", retracted(told.act_of("a", "consent_withdrawn").event_id))
    again = [said for said in found.milestones if said.kind == "consent.remaining"]
    assert [(said.status, said.occurrence, said.revision) for said in again] == [(Status.REACHED, 1, 3)]


def test_a_loss_that_was_told_of_the_wrong_day_is_told_again() -> None:
    told = gathered(36, acceded("a", on="2027-04-05"), took_back("a", on="2027-04-10"))
    target = told.act_of("a", "consent_withdrawn").event_id
    found = told.on("2027-04-20", corrected(target, act_date="2027-04-12"))
    lost = [(said.kind.value, said.status, str(said.occurred_on), said.revision) for said in found.milestones]
    assert sorted(lost) == [
        ("consent.remaining", Status.LOST, "2027-04-12", 3),
        ("participant.consent", Status.LOST, "2027-04-12", 3),
    ]


def test_between_threshold_and_force_a_withdrawal_warns_and_the_date_stands() -> None:
    told = gathered(40)
    found = told.on("2027-03-01", took_back("s1", on="2027-03-01"))
    assert found.warned == ["latch"]
    assert found.names(about="threshold") == found.names(about="entry_into_force") == []


def test_without_the_latch_the_threshold_is_lost_and_the_date_cancelled() -> None:
    told = gathered(40, latch=False)
    found = told.on("2027-03-01", took_back("s1", on="2027-03-01"))
    assert "latch" not in found.warned
    assert found.one("threshold.lost").occurred_on == day("2027-03-01")
    assert found.one("entry_into_force.cancelled").occurred_on == day("2027-05-02")

    again = told.on("2027-03-20", acceded("s41", on="2027-03-20"))
    reached = again.one("threshold.reached")
    assert (reached.occurrence, reached.occurred_on, reached.revision) == (2, day("2027-03-20"), 1)
    scheduled = again.one("entry_into_force.scheduled")
    assert (scheduled.occurrence, scheduled.revision, scheduled.occurred_on) == (1, 3, day("2027-06-18"))


def test_without_the_latch_a_countdown_that_was_told_is_lost_and_not_denied() -> None:
    told = gathered(40, latch=False)
    told.on("2027-04-02", the_day_comes())
    found = told.on("2027-04-05", took_back("s1", on="2027-04-05"))
    lost = [(said.params, said.status) for said in found.milestones if said.kind == "entry_into_force.countdown"]
    assert lost == [("30", Status.LOST), ("60", Status.LOST)]


def test_after_force_withdrawals_end_participations_and_not_the_treaty() -> None:
    told = gathered(40)
    told.on("2027-05-02", the_day_comes())
    noticed = told.on("2028-01-01", denounced("s1", on="2028-01-01"), denounced("s2", on="2028-01-01"))
    assert noticed.names(about="participant") == ["participant.withdrawal_notice.reached"] * 2

    gone = told.on("2029-01-01", the_day_comes())
    assert gone.names() == ["participant.withdrawal.reached"] * 2 + ["parties.below_threshold.reached"]
    assert {said.clause for said in gone.milestones} == {"67", "65(1)"}
    below = gone.one("parties.below_threshold.reached")
    assert below.progress is not None
    assert (below.progress.have, below.progress.need) == (38, 40)
    assert {who.participant for who in below.attributed_to} == {"s1", "s2"}
    assert gone.names(about="terminated") == []


def test_a_withdrawal_revoked_in_time_never_takes_effect() -> None:
    told = gathered(40)
    told.on("2028-01-01", denounced("s1", on="2028-01-01"))
    revoked = told.on("2028-10-01", revoked_denunciation("s1", on="2028-10-01"))
    assert revoked.names() == ["participant.withdrawal_revocation.reached"]
    quiet(told, "2029-01-02", the_day_comes())


# ---- time ------------------------------------------------------------------------------------------------------------
def test_entry_into_force_comes_without_any_act_and_brings_everyone() -> None:
    told = gathered(40)
    quiet(told, "2027-03-02", the_day_comes())
    assert told.on("2027-03-03", the_day_comes()).names() == ["entry_into_force.countdown.reached"]
    found = told.on("2027-05-02", the_day_comes())
    assert found.names(about="entry_into_force")[-1] == "entry_into_force.reached"
    assert found.names(about="participant").count("participant.bound.reached") == 40
    assert found.one("entry_into_force.reached").late_by_days == 0


def test_after_three_days_of_silence_the_day_itself_is_told_and_how_late() -> None:
    told = gathered(40)
    found = told.on("2027-05-05", the_day_comes())
    reached = found.one("entry_into_force.reached")
    assert (reached.occurred_on, reached.late_by_days) == (day("2027-05-02"), 3)
    assert reached.time_zone == "America/New_York"
    assert not [said for said in found.milestones if said.kind == "entry_into_force.countdown"]


def test_what_was_missed_is_told_in_the_order_of_its_days() -> None:
    told = gathered(40, acceded("later", on="2027-04-20"))
    days = [said.occurred_on for said in told.on("2027-09-01", the_day_comes()).milestones]
    assert days == sorted(days)
    assert days[-1] == day("2027-05-20")


def test_signature_opens_nears_its_end_and_closes_when_its_last_day_has_passed() -> None:
    told = story(hanoi(), windows=(window("2025-10-25", "2026-12-31"),))
    seen = {}
    today = day("2025-10-24")
    while today <= day("2027-01-05"):
        for said in told.on(today, the_day_comes()).milestones:
            seen[f"{said.kind}:{said.params}"] = (str(today), str(said.occurred_on), said.late_by_days)
        today += timedelta(days=1)
    assert seen == {
        "signature.opening:all": ("2025-10-25", "2025-10-25", 0),
        "signature.closing_soon:90": ("2026-10-02", "2026-10-02", 0),
        "signature.closing_soon:30": ("2026-12-01", "2026-12-01", 0),
        "signature.closing_soon:7": ("2026-12-24", "2026-12-24", 0),
        "signature.closing_soon:1": ("2026-12-30", "2026-12-30", 0),
        "signature.closing:all": ("2027-01-01", "2026-12-31", 0),
    }


def test_reminders_of_what_has_already_come_are_not_sent_after_it() -> None:
    told = story(hanoi(), windows=(window("2025-10-25", "2026-12-31"),))
    assert told.on("2027-02-01", the_day_comes()).names() == ["signature.opening.reached", "signature.closing.reached"]


def test_a_signature_of_the_closing_day_recorded_the_next_day_is_valid_and_a_day_late() -> None:
    told = story(hanoi(), windows=(window("2025-10-25", "2026-12-31"),))
    told.on("2027-01-01", the_day_comes())
    found = told.on("2027-01-01", signed("fra", on="2026-12-31"))
    assert found.one("participant.signature.reached").late_by_days == 1


def test_a_window_without_an_end_or_at_the_end_of_the_calendar_does_not_close() -> None:
    for closes in (None, "9999-12-31"):
        told = story(hanoi(), windows=(window("2025-10-25", closes),))
        assert told.on("2027-01-01", the_day_comes()).names() == ["signature.opening.reached"]


def test_an_extended_window_takes_its_closing_back() -> None:
    told = story(hanoi(), windows=(window("2025-10-25", "2026-12-31"),))
    told.on("2027-01-01", the_day_comes())
    model = TreatyRule.model_validate(hanoi())
    longer = Define(treaty="T-1", details=details(), windows=(window("2025-10-25", "2027-12-31"),), rule=model)
    assert "signature.closing.revoked" in told.on("2027-01-02", longer).names()


# ---- rules and organisations -----------------------------------------------------------------------------------------
def test_a_rule_typed_with_thirty_is_taken_back_in_cascade_when_it_reads_forty() -> None:
    told = gathered(30, at_least=30)
    assert "threshold.reached" in [f"{said.kind}.{said.status}" for said in told.said()]
    fixed = Define(treaty="T-1", details=details(), windows=(), rule=TreatyRule.model_validate(hanoi(40)))
    found = told.on("2027-02-02", fixed)

    assert {"threshold.revoked", "entry_into_force.cancelled"} <= set(found.names())
    percents = {said.params: said.status for said in found.milestones if said.kind == "consent.percent"}
    assert percents["90"] is Status.REVOKED
    assert {said.cause.kind for said in found.milestones} == {"rule"}
    quiet(told, "2027-02-02", the_day_comes())


def test_a_correction_after_entry_into_force_revokes_it() -> None:
    told = gathered(39, acceded("a", on="2027-04-05"))
    told.on("2027-07-04", the_day_comes())
    found = told.on("2027-07-10", retracted(told.act_of("a").event_id))
    assert {"threshold.revoked", "entry_into_force.revoked", "participant.bound.revoked"} <= set(found.names())
    assert found.one("entry_into_force.revoked").occurred_on == day("2027-07-04")
    assert found.one("entry_into_force.revoked").cause.kind == "correction"
    assert {said.kind for said in found.milestones if said.severity is Severity.CRITICAL} == {
        "threshold",
        "entry_into_force",
    }
    again = told.on("2027-07-11", reinstated(told.act_of("a").event_id))
    assert {said.severity for said in again.milestones} == {None}


def test_a_threshold_denied_before_entry_into_force_wakes_nobody() -> None:
    told = gathered(39, acceded("a", on="2027-04-05"))
    found = told.on("2027-04-06", retracted(told.act_of("a").event_id))
    assert found.one("threshold.revoked").severity is None


def test_the_union_before_any_member_is_refused_and_forced_counts_until_a_member_deposits() -> None:
    told = gathered(39, world=EUROPE, joining=JOINING)
    with pytest.raises(no.NoMemberStateYet):
        told.on("2027-04-05", acceded("eu", on="2027-04-05"))
    forced = told.on("2027-04-05", acceded("eu", on="2027-04-05", override="V5"))
    assert [who.participant for who in forced.one("threshold.reached").attributed_to] == ["eu"]

    member = told.on("2027-04-05", acceded("fra", on="2027-04-05"))
    assert [who.participant for who in member.one("threshold.revised").attributed_to] == ["fra"]


def test_the_unions_instrument_on_the_day_is_not_named_among_those_that_crossed() -> None:
    told = gathered(38, acceded("fra", on="2027-02-02"), world=EUROPE, joining=JOINING)
    told.on("2027-04-05", acceded("eu", on="2027-04-05"))
    reached = told.on("2027-04-05", acceded("a", on="2027-04-05")).one("threshold.reached")
    assert [who.participant for who in reached.attributed_to] == ["a"]


def test_a_member_that_leaves_the_union_changes_nothing_that_was_said() -> None:
    told = story(hanoi(2), acceded("gbr", on="2019-06-01"), acceded("eu", on="2019-07-01"), world=EUROPE)
    quiet(told, "2019-07-02", the_day_comes())
    quiet(told, "2020-02-01", the_day_comes())


def test_a_claim_changes_nothing() -> None:
    told = gathered(39)
    quiet(told, "2027-02-01", ratified("a", on="2027-02-01", **PRESS))


def test_instruments_remaining_are_told_only_where_instruments_alone_are_missing() -> None:
    """Emissions fall short as instruments come in: 'two to go' would be a promise nobody can keep."""
    world = Twin(tables={"gt": {"s1": "0.2", "big": "0.4"}})
    both = rule(all_of(count(5), weight("gt", "0.5")))
    told = story(both, *[acceded(one, on="2027-02-01") for one in states(3)], world=world)
    assert not [said for said in told.said() if said.kind == "consent.remaining"]
    told.on("2027-03-01", acceded("s4", on="2027-03-01"))
    assert not [said for said in told.said() if said.kind == "consent.remaining"]
    found = told.on("2027-04-01", acceded("big", on="2027-04-01"))
    assert "threshold.reached" in found.names()


def test_percentages_are_of_the_worst_condition() -> None:
    world = Twin(tables={"gt": {"s1": "0.1", "s2": "0.1", "s3": "0.1", "s4": "0.2"}})
    told = story(rule(all_of(count(4), weight("gt", "0.4"))), world=world)
    seen = {}
    for n, one in enumerate(states(4), start=1):
        found = told.on(f"2027-0{n}-01", acceded(one, on=f"2027-0{n}-01"))
        seen[one] = [said.params for said in found.milestones if said.kind == "consent.percent"]
    assert seen == {"s1": ["25"], "s2": ["50"], "s3": ["75"], "s4": ["90"]}


@pytest.mark.parametrize(
    ("need", "n", "params"),
    [(40, 19, ["25"]), (40, 20, ["25", "50"]), (3, 1, ["25"]), (3, 2, ["25", "50"]), (1, 0, [])],
)
def test_half_way_is_half_rounded_up(need: int, n: int, params: list[str]) -> None:
    told = gathered(n, at_least=need)
    assert [said.params for said in told.said() if said.kind == "consent.percent"] == params


# ---- what is carried -------------------------------------------------------------------------------------------------
def test_an_announcement_names_line_clause_zone_and_cause() -> None:
    told = gathered(39)
    found = told.on("2027-04-05", acceded("a", on="2027-04-05"))
    reached = found.one("threshold.reached")
    assert reached.key == "T-1:threshold:65(1):1"
    assert (reached.clause, reached.time_zone, reached.livemode) == ("65(1)", "America/New_York", True)
    assert reached.titles == {"en": "Invented Treaty", "fr": "Traité inventé"}
    assert reached.cause.kind == "action"
    assert reached.cause.event_ids == (told.act_of("a").event_id,)


def test_the_same_line_keeps_its_id_through_all_revisions() -> None:
    told = gathered(38, acceded("a", on="2027-04-05"), acceded("b", on="2027-04-05"))
    for _ in range(3):
        told.on("2027-04-06", retracted(told.act_of("b").event_id))
        told.on("2027-04-06", reinstated(told.act_of("b").event_id))
    lines = [said for said in told.said() if said.kind == "threshold"]
    assert len({said.milestone_id for said in lines}) == 1
    assert [said.revision for said in lines] == list(range(1, 8))
    assert [said.supersedes for said in lines] == [None, *range(1, 7)]


def test_what_is_taken_back_names_those_that_it_had_named() -> None:
    """Who follows one participant alone has to hear that it did not cross the line after all."""
    told = gathered(39, acceded("cog", on="2027-04-05"))
    found = told.on("2027-04-06", corrected(told.act_of("cog").event_id, participant="cod"))
    (denied,) = [said for said in found.milestones if said.status is Status.REVOKED]
    assert [(who.participant, who.action) for who in denied.attributed_to] == [("cog", "accession")]
    found = told.on("2027-04-07", retracted(told.act_of("cod").event_id))
    assert [who.participant for who in found.one("threshold.revoked").attributed_to] == ["cod"]


def test_a_line_to_come_names_nobody_before_it_is_reached() -> None:
    """Another deposit of the day, or another name for one, moves no calendar; so none is left standing in it."""
    told = gathered(39, acceded("a", on="2027-04-05"), acceded("b", on="2027-04-05"))
    (ahead,) = [said for said in told.said() if said.kind == "entry_into_force"]
    assert (ahead.status, ahead.attributed_to) == (Status.SCHEDULED, ())
    reached = told.on("2027-07-04", the_day_comes()).one("entry_into_force.reached")
    assert [who.participant for who in reached.attributed_to] == ["a", "b"]


def test_a_rehearsal_says_so_in_every_announcement() -> None:
    real = gathered(39)
    rehearsed = Story()
    rehearsed.on("2027-03-01", rehearsal_of(real.treaty, starts_on="2027-03-01"))
    rehearsed.on("2027-03-01", acceded("a", on="2027-04-05"), move_to("2027-07-04"))
    assert {said.livemode for said in rehearsed.said()} == {False}
    assert "entry_into_force.reached" in [f"{said.kind}.{said.status}" for said in rehearsed.said()]
    check(rehearsed, "2027-07-04")


# ---- properties ------------------------------------------------------------------------------------------------------
KINDS = (
    "signature",
    "ratification",
    "accession",
    "accession",
    "accession",
    "consent_withdrawn",
    "withdrawal_notified",
    "withdrawal_revoked",
    "correct",
    "retract",
    "reinstate",
    "day",
    "rule",
)
STEP = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from([*states(5), "fra", "eu"]),
    st.integers(0, 120),  # days that pass first
    st.integers(0, 60),  # days the act lies back
    st.integers(0, 99),
)
SHAPES = [
    hanoi(3),
    hanoi(3) | {"latch": False},
    rule(all_of(count(2), weight("gt", "1/2")), latch=False),
    rule({"op": "any", "of": [count(4), {"op": "date_reached", "at": {"op": "on", "date": "2027-09-01"}}]}),
]


def _orders(told: Story, step: tuple[str, str, int, int, int], today: date) -> list[Order]:
    kind, who, _, back, choice = step
    on = today - timedelta(days=back)
    acts = sorted(told.treaty.acts.values(), key=lambda one: one.version)
    match kind:
        case "day":
            return [the_day_comes()]
        case "rule":
            model = TreatyRule.model_validate(SHAPES[choice % len(SHAPES)])
            return [Define(treaty="T-1", details=told.treaty.details, windows=told.treaty.windows, rule=model)]
        case "correct" | "retract" | "reinstate" if acts:
            target = acts[choice % len(acts)].event_id
            if kind == "retract":
                return [retracted(target)]
            return [reinstated(target) if kind == "reinstate" else corrected(target, act_date=str(on))]
        case "correct" | "retract" | "reinstate":
            return []
        case _:
            return [act(kind, who, on=on)]


def _play(steps: list[tuple[str, str, int, int, int]], shape: dict[str, Any], *, hinted: bool) -> Story:
    world = Twin(organisations={"eu": ["fra"]}, tables={"gt": {"s1": "1/3", "s2": "1/3", "fra": "1/3"}})
    told = Story(world=world, hinted=hinted)
    today = day("2027-01-01")
    windows = (window("2026-12-01", "2027-06-30"),)
    told.on(today, Define(treaty="T-1", details=details(), windows=windows, rule=TreatyRule.model_validate(shape)))
    for step in steps:
        today += timedelta(days=step[2])
        for order in _orders(told, step, today):
            try:
                found = told.on(today, order)
            except no.Refusal:
                continue
            _in_order(found.milestones)
    told.on(today, the_day_comes())
    check(told, today)
    assert told.on(today, the_day_comes()).milestones == []
    return told


def _in_order(said: list[MilestoneAnnounced]) -> None:
    keys = [one.key for one in said]
    for key in set(keys):
        revisions = [one.revision for one in said if one.key == key]
        assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))


@settings(max_examples=150)
@given(st.lists(STEP, max_size=25), st.sampled_from(SHAPES))
def test_what_was_said_folds_to_what_holds_and_the_hint_changes_nothing(
    steps: list[tuple[str, str, int, int, int]], shape: dict[str, Any]
) -> None:
    with_hint, without = _play(steps, shape, hinted=True), _play(steps, shape, hinted=False)
    assert with_hint.events == without.events
    assert with_hint.state == without.state


@settings(max_examples=60)
@given(st.lists(STEP, max_size=20))
def test_no_key_skips_a_revision_and_nothing_is_said_twice(steps: list[tuple[str, str, int, int, int]]) -> None:
    told = _play(steps, SHAPES[1], hinted=True)
    last: dict[str, MilestoneAnnounced] = {}
    for said in told.said():
        before = last.get(said.key)
        assert said.revision == (0 if before is None else before.revision) + 1
        assert said.supersedes == (None if before is None else before.revision)
        if before is not None:
            assert (before.status, before.occurred_on, before.attributed_to, before.consequence) != (
                said.status,
                said.occurred_on,
                said.attributed_to,
                said.consequence,
            )
        last[said.key] = said
