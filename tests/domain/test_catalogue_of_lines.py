"""Lines beyond entry into force: groups, universality, what a treaty in force comes to, and its end."""

from typing import Any

import pytest

from tests.builders import (
    Story,
    T,
    Twin,
    acceded,
    all_acceded,
    corrected,
    count,
    denounced,
    hanoi,
    plus,
    ref,
    retracted,
    states,
    story,
    the_day_comes,
    took_back,
)
from treaty_status.domain.rule import TreatyRule

FORCE_OF_40 = "2027-05-02"


def gathered(n: int, *, world: Twin | None = None, **rules: Any) -> Story:
    return story(hanoi() | rules, *all_acceded(states(n), on="2027-02-01"), world=world)


def about(told: Story, kind: str) -> list[tuple[str, str, int, str]]:
    """What was said of one kind: params, status, occurrence, legal day."""
    return [
        (said.params, said.status.value, said.occurrence, said.occurred_on.isoformat())
        for said in told.said()
        if said.kind == kind
    ]


# ---- groups ----------------------------------------------------------------------------------------------------------
ALPS = Twin(
    groups={"alps": [("s1", None, None), ("s2", None, None), ("s3", "2027-06-01", None)]}, told_groups=("alps",)
)


def test_the_first_and_the_last_of_a_group_are_told() -> None:
    told = story(hanoi(), world=ALPS)
    told.on("2027-02-01", acceded("s1", on="2027-02-01"))
    assert about(told, "group.first") == [("alps", "reached", 1, "2027-02-01")]
    assert about(told, "group.complete") == []
    found = told.on("2027-03-01", acceded("s2", on="2027-03-01")).one("group.complete.reached")
    assert [who.participant for who in found.attributed_to] == ["s2"]
    assert found.progress is not None
    assert (found.progress.have, found.progress.need) == (2, 2)


def test_a_group_that_gains_a_member_who_has_not_consented_is_no_longer_complete() -> None:
    told = story(hanoi(), *all_acceded(["s1", "s2"], on="2027-02-01"), world=ALPS)
    told.on("2027-06-01", the_day_comes())
    assert about(told, "group.complete") == [("alps", "reached", 1, "2027-02-01"), ("alps", "lost", 1, "2027-06-01")]
    told.on("2027-07-01", acceded("s3", on="2027-07-01"))
    assert about(told, "group.complete")[-1] == ("alps", "reached", 2, "2027-07-01")


def test_who_joined_a_group_after_consenting_was_not_the_first_of_it() -> None:
    told = story(hanoi(), acceded("s3", on="2027-02-01"), world=ALPS)
    assert about(told, "group.first") == []
    told.on("2027-02-02", acceded("s1", on="2027-02-02"))
    assert about(told, "group.first") == [("alps", "reached", 1, "2027-02-02")]


def test_a_group_is_complete_no_more_when_a_consent_is_taken_back_and_was_not_when_it_is_corrected_away() -> None:
    told = story(hanoi(), *all_acceded(["s1", "s2"], on="2027-02-01"), world=ALPS)
    told.on("2027-03-01", took_back("s1", on="2027-03-01"))
    assert about(told, "group.complete")[-1] == ("alps", "lost", 1, "2027-03-01")

    other = story(hanoi(), *all_acceded(["s1", "s2"], on="2027-02-01"), world=ALPS)
    other.on("2027-03-01", retracted(other.act_of("s2").event_id))
    assert about(other, "group.complete")[-1] == ("alps", "revoked", 1, "2027-02-01")


def test_a_consent_taken_back_on_its_own_day_completes_nothing() -> None:
    told = story(hanoi(), acceded("s1", on="2027-02-01"), world=ALPS)
    told.on("2027-03-01", acceded("s2", on="2027-03-01"), took_back("s2", on="2027-03-01"))
    assert about(told, "group.complete")[-1:] != [("alps", "reached", 1, "2027-03-01")]


def test_a_member_corrected_into_another_day_moves_the_completion() -> None:
    told = story(hanoi(), acceded("s1", on="2027-02-01"), acceded("s2", on="2027-02-03"), world=ALPS)
    told.on("2027-03-01", corrected(told.act_of("s2").event_id, act_date="2027-02-05"))
    assert about(told, "group.complete")[-1] == ("alps", "revised", 1, "2027-02-05")


def test_a_group_of_which_nobody_is_known_is_never_complete() -> None:
    told = story(hanoi(), acceded("s1", on="2027-02-01"), world=Twin(groups={"void": []}, told_groups=("void",)))
    assert about(told, "group.complete") == []


def test_universality_is_the_consent_of_the_last_member() -> None:
    world = Twin(groups={"un_members": ["s1", "s2", ("s9", "2028-01-01", None)]}, told_groups=("un_members",))
    told = story(hanoi(), *all_acceded(["s1", "s2"], on="2027-02-01"), world=world)
    assert about(told, "universality") == [("un_members", "reached", 1, "2027-02-01")]
    told.on("2028-01-01", the_day_comes())
    assert about(told, "universality")[-1] == ("un_members", "lost", 1, "2028-01-01")


# ---- in force --------------------------------------------------------------------------------------------------------
AFTERWARDS = {
    "afterwards": [
        {"clause": "57", "what": "conference_due", "on": plus(years=1)},
        {"clause": "66", "what": "amendments_open", "on": plus(years=5, of=ref("eif"))},
        {"clause": "62", "what": "protocol_possible", "parties": 42},
    ]
}


def test_the_conference_and_the_amendments_are_due_so_long_after_entry_into_force() -> None:
    told = gathered(40, **AFTERWARDS)
    told.on(FORCE_OF_40, the_day_comes())
    assert about(told, "conference.due") == []
    told.on("2028-05-02", the_day_comes())
    assert about(told, "conference.due") == [("57", "reached", 1, "2028-05-02")]
    told.on("2032-05-02", the_day_comes())
    assert about(told, "amendments.open") == [("66", "reached", 1, "2032-05-02")]


def test_a_protocol_is_possible_with_so_many_states_parties_and_not_with_so_many_instruments() -> None:
    told = gathered(40, **AFTERWARDS, world=Twin(organisations={"eu": ["s1"]}))
    told.on(FORCE_OF_40, the_day_comes())
    told.on("2027-06-01", *all_acceded(["s41", "eu"], on="2027-06-01"))
    told.on("2027-07-01", the_day_comes())
    assert about(told, "protocol.possible") == []
    told.on("2027-07-02", acceded("s42", on="2027-07-02"))
    assert about(told, "protocol.possible") == []
    told.on("2027-08-01", the_day_comes())
    assert about(told, "protocol.possible") == [("62", "reached", 1, "2027-08-01")]
    told.on("2027-09-01", denounced("s1", on="2027-09-01"))
    told.on("2028-09-01", the_day_comes())
    assert about(told, "protocol.possible")[-1] == ("62", "lost", 1, "2028-09-01")


def test_a_treaty_below_its_threshold_stays_in_force_and_rises_again() -> None:
    told = gathered(40)
    told.on(FORCE_OF_40, the_day_comes())
    told.on("2028-01-01", denounced("s1", on="2028-01-01"))
    told.on("2029-01-01", the_day_comes())
    assert about(told, "parties.below_threshold") == [("65(1)", "reached", 1, "2029-01-01")]
    told.on("2029-02-01", acceded("s1", on="2029-02-01"))
    assert len(about(told, "parties.below_threshold")) == 1, "it is bound thirty days after its own deposit"
    told.on("2029-03-03", the_day_comes())
    assert about(told, "parties.below_threshold")[-1] == ("65(1)", "lost", 1, "2029-03-03")
    told.on("2029-04-01", denounced("s2", on="2029-04-01"))
    told.on("2030-04-01", the_day_comes())
    assert about(told, "parties.below_threshold")[-1] == ("65(1)", "reached", 2, "2030-04-01")
    assert about(told, "terminated") == []


def test_a_newcomer_in_time_keeps_the_number() -> None:
    told = gathered(40)
    told.on(FORCE_OF_40, the_day_comes())
    told.on("2028-01-01", denounced("s1", on="2028-01-01"), acceded("s41", on="2028-01-01"))
    told.on("2029-01-01", the_day_comes())
    assert about(told, "parties.below_threshold") == []


# ---- the end ---------------------------------------------------------------------------------------------------------
def test_a_treaty_that_ends_below_a_number_is_terminated_on_the_day_the_denunciation_takes_effect() -> None:
    told = gathered(40, below_threshold="terminates", ends_below={"clause": "XV", "parties": 39})
    told.on(FORCE_OF_40, the_day_comes())
    told.on("2028-01-01", denounced("s1", on="2028-01-01"), denounced("s2", on="2028-01-01"))
    assert about(told, "terminated") == []
    told.on("2029-01-01", the_day_comes())
    assert about(told, "terminated") == [("all", "reached", 1, "2029-01-01")]
    assert told.said()[-1].clause == "XV"


def test_a_denunciation_that_was_never_made_takes_the_end_back() -> None:
    told = gathered(40, below_threshold="terminates", ends_below={"clause": "XV", "parties": 39})
    told.on("2028-01-01", denounced("s1", on="2028-01-01"), denounced("s2", on="2028-01-01"))
    told.on("2029-01-01", the_day_comes())
    notice = told.act_of("s2", "withdrawal_notified")
    told.on("2029-02-01", retracted(notice.event_id))
    assert about(told, "terminated")[-1] == ("all", "revoked", 1, "2029-01-01")


def test_a_treaty_may_end_on_a_fixed_day() -> None:
    told = gathered(40, endings=[{"clause": "7", "on": plus(years=10, of=ref("eif"))}])
    told.on("2037-05-01", the_day_comes())
    assert about(told, "terminated") == []
    told.on("2037-05-02", the_day_comes())
    assert about(told, "terminated") == [("all", "reached", 1, "2037-05-02")]


def test_a_treaty_may_end_when_a_decision_is_certified() -> None:
    ending = {"clause": "54 VCLT", "when": {"op": "fact", "key": "termination"}}
    told = gathered(40, endings=[ending], world=Twin(certified={"termination": "2030-01-01"}))
    told.on("2029-12-31", the_day_comes())
    assert about(told, "terminated") == []
    told.on("2030-01-01", the_day_comes())
    assert about(told, "terminated") == [("all", "reached", 1, "2030-01-01")]


def test_what_cannot_come_once_the_treaty_has_ended_is_not_told() -> None:
    told = gathered(40, **AFTERWARDS, endings=[{"clause": "7", "on": plus(years=2, of=ref("eif"))}])
    told.on("2033-01-01", the_day_comes())
    assert about(told, "conference.due") == [("57", "reached", 1, "2028-05-02")]
    assert about(told, "amendments.open") == []


@pytest.mark.parametrize(
    "part",
    [
        {"afterwards": [{"clause": "57", "what": "conference_due"}]},
        {"afterwards": [{"clause": "57", "what": "conference_due", "on": plus(years=1), "parties": 3}]},
        {"endings": [{"clause": "7"}]},
        {"endings": [{"clause": "7", "on": plus(years=1), "when": count(1)}]},
    ],
)
def test_what_comes_afterwards_comes_on_a_day_or_with_a_number(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give one of both"):
        TreatyRule.model_validate({"treaty": T, "title": "x"} | hanoi() | part)
