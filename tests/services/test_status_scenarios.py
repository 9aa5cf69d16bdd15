"""What a subscriber hears when the record turns out otherwise: eighteen histories, each through HTTP and the feed.

Every history is read from the feed twice, the second time shuffled and with doubles; both readings fold to one state,
and the service answers the same.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.postgres import fresh_database
from tests.services.both_services import notifier_of, status_on_a_socket
from tests.services.notifier_world import Receiver, Reply, eventually
from tests.services.scenario import EARLY, OTHERS, Consumer, Story, said, story
from tests.services.status_world import Clock, Status, status
from treaty_status.store.verifying import verify

NOON = datetime(2027, 5, 5, 16, 0, tzinfo=UTC)
"""Noon of 5 May 2027 in New York: today, wherever no history says otherwise."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def dsn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of each kind, which these histories share."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('histories') / 'treaty.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres_server")) as address:
        yield address


@pytest.fixture(scope="module")
def service(dsn: str) -> Iterator[Status]:
    """One service for each; every history is about a treaty of its own."""
    with status(dsn, clock=Clock(NOON)) as running:
        yield running


# ---- 1 to 4: the fortieth instrument ---------------------------------------------------------------------------------
def crossed(told: Story, *, before: int = 39) -> None:
    """Thirty-nine, and Brazil on 5 April: in force on 4 July."""
    told.defined()
    told.gathers(before)
    assert told.accedes("bra", on="2027-04-05") == [
        said("participant.consent.reached", "bra", on="2027-04-05", late=30, who="bra"),
        said("threshold.reached", "65(1)", on="2027-04-05", late=30, who="bra", eif="2027-07-04"),
        said("entry_into_force.countdown.reached", "60", on="2027-05-05", eif="2027-07-04"),
        said("entry_into_force.scheduled", "65(1)", on="2027-07-04", eif="2027-07-04"),
    ]
    assert told.force() == ("2027-04-05", "2027-07-04")


def crossed_by_two(told: Story) -> None:
    """Thirty-nine, and two deposits of 5 April."""
    crossed(told)
    assert told.accedes("jpn", on="2027-04-05") == [
        said("participant.consent.reached", "jpn", on="2027-04-05", late=30, who="jpn"),
        said("threshold.revised", "65(1)", revision=2, on="2027-04-05", late=30, who="bra jpn", eif="2027-07-04"),
    ]


def test_1_both_who_deposited_on_the_day_of_the_fortieth_crossed_the_line_and_it_is_reached_once(
    service: Status,
) -> None:
    with story(service, "ROW-1") as told:
        crossed_by_two(told)
        assert [one.status for one in told.expected if one.line == "threshold:65(1):1"] == ["reached", "revised"]
        assert told.force() == ("2027-04-05", "2027-07-04")
        assert len(told.explanation()["counted"]) == 41


def test_2_a_deposit_of_an_earlier_day_that_becomes_known_late_moves_threshold_and_entry_into_force(
    service: Status,
) -> None:
    with story(service, "ROW-2") as told:
        crossed_by_two(told)
        assert told.accedes("mex", on="2027-03-15") == [
            said("participant.consent.reached", "mex", on="2027-03-15", late=51, who="mex"),
            said("threshold.revised", "65(1)", revision=3, on="2027-03-15", late=51, who="mex", eif="2027-06-13"),
            said("entry_into_force.countdown.revised", "60", revision=2, on="2027-04-14", late=21, eif="2027-06-13"),
            said("entry_into_force.rescheduled", "65(1)", revision=2, on="2027-06-13", eif="2027-06-13"),
        ]
        assert told.force() == ("2027-03-15", "2027-06-13")


def test_3_a_duplicate_taken_out_of_the_day_changes_the_names_while_forty_remain(service: Status) -> None:
    with story(service, "ROW-3a") as told:
        crossed_by_two(told)
        assert told.retracts("jpn") == [
            said("participant.consent.revoked", "jpn", revision=2, on="2027-04-05", late=30, who="jpn"),
            said("threshold.revised", "65(1)", revision=3, on="2027-04-05", late=30, who="bra", eif="2027-07-04"),
        ]
        assert told.force() == ("2027-04-05", "2027-07-04")


def test_3_a_duplicate_taken_out_when_too_few_remain_denies_the_threshold_and_one_is_missing_as_before(
    service: Status,
) -> None:
    with story(service, "ROW-3b") as told:
        crossed(told)
        assert told.retracts("bra") == [
            said("participant.consent.revoked", "bra", revision=2, on="2027-04-05", late=30, who="bra"),
            said("threshold.revoked", "65(1)", revision=2, on="2027-04-05", late=30, who="bra"),
            said("entry_into_force.countdown.revoked", "60", revision=2, on="2027-05-05"),
            said("entry_into_force.cancelled", "65(1)", revision=2, on="2027-07-04"),
        ]
        assert told.line("consent.remaining:1:1")["state"] == "reached"
        assert told.status()["progress"]["missing"] == 1
        assert told.force() == (None, None)

        assert told.reinstates("bra") == [
            said("participant.consent.reached", "bra", revision=3, on="2027-04-05", late=30, who="bra"),
            said("threshold.reached", "65(1)", revision=3, on="2027-04-05", late=30, who="bra", eif="2027-07-04"),
            said("entry_into_force.countdown.reached", "60", revision=3, on="2027-05-05", eif="2027-07-04"),
            said("entry_into_force.scheduled", "65(1)", revision=3, on="2027-07-04", eif="2027-07-04"),
        ]


def test_3_one_is_missing_again_when_what_had_brought_it_so_near_was_denied_and_came_back(service: Status) -> None:
    with story(service, "ROW-3c") as told:
        told.defined()
        told.gathers(38)
        near = [
            said("participant.consent.reached", "bra", on="2027-04-05", late=30, who="bra"),
            said("consent.remaining.reached", "1", on="2027-04-05", late=30, who="bra"),
        ]
        assert told.accedes("bra", on="2027-04-05") == near
        assert told.retracts("bra") == [
            said("participant.consent.revoked", "bra", revision=2, on="2027-04-05", late=30, who="bra"),
            said("consent.remaining.revoked", "1", revision=2, on="2027-04-05", late=30, who="bra"),
        ]
        assert told.reinstates("bra") == [replace(one, revision=3) for one in near]


def test_4_a_deposit_re_dated_from_april_to_may_moves_entry_into_force_from_july_to_august(service: Status) -> None:
    with story(service, "ROW-4") as told:
        crossed(told)
        assert told.corrects("bra", act_date="2027-05-05") == [
            said("entry_into_force.countdown.revoked", "60", revision=2, on="2027-05-05", eif="2027-08-03"),
            said("participant.consent.revised", "bra", revision=2, on="2027-05-05", who="bra"),
            said("threshold.revised", "65(1)", revision=2, on="2027-05-05", who="bra", eif="2027-08-03"),
            said("entry_into_force.rescheduled", "65(1)", revision=2, on="2027-08-03", eif="2027-08-03"),
        ]
        assert told.force() == ("2027-05-05", "2027-08-03")


# ---- 5 and 6: the wrong State, the wrong act -------------------------------------------------------------------------
def test_5_the_wrong_congo_is_taken_back_by_name_and_the_day_stands(service: Status) -> None:
    with story(service, "ROW-5") as told:
        told.defined()
        told.gathers(39)
        told.accedes("cog", on="2027-04-05")
        assert told.corrects("cog", participant="cod") == [
            said("participant.consent.revoked", "cog", revision=2, on="2027-04-05", late=30, who="cog"),
            said("participant.consent.reached", "cod", on="2027-04-05", late=30, who="cod"),
            said("threshold.revised", "65(1)", revision=2, on="2027-04-05", late=30, who="cod", eif="2027-07-04"),
        ]
        assert told.force() == ("2027-04-05", "2027-07-04")
        assert told.explanation()["counted"].count("cod") == 1
        assert "cog" not in told.explanation()["counted"]


def test_6_a_ratification_that_was_a_signature_was_no_consent_and_is_a_first_signature(service: Status) -> None:
    with story(service, "ROW-6") as told:
        told.defined()
        told.gathers(39)
        overruled = {"checks": ["V3"], "reason": "The notification speaks of a ratification."}
        told.act("ratification", "bra", "2027-04-05", override=overruled)
        assert told.warned == ["V3"]
        assert told.corrects("bra", act="ratification", action="signature") == [
            said("participant.consent.revoked", "bra", revision=2, on="2027-04-05", late=30, who="bra"),
            said("threshold.revoked", "65(1)", revision=2, on="2027-04-05", late=30, who="bra"),
            said("entry_into_force.countdown.revoked", "60", revision=2, on="2027-05-05"),
            said("entry_into_force.cancelled", "65(1)", revision=2, on="2027-07-04"),
            said("participant.signature.reached", "bra", on="2027-04-05", late=30, who="bra"),
            said("signature.first.reached", on="2027-04-05", late=30, who="bra"),
        ]
        counts = told.status()["counts"]
        assert (counts["signatures"], counts["counted_consents"]) == (1, 39)


# ---- 7 and 8: consent withdrawn before entry into force --------------------------------------------------------------
def test_7_a_consent_withdrawn_at_thirty_eight_loses_the_line_it_had_crossed_and_the_next_crosses_another(
    service: Status,
) -> None:
    with story(service, "ROW-7") as told:
        told.defined()
        told.gathers(37)
        assert told.accedes("bra", on="2027-04-05") == [
            said("participant.consent.reached", "bra", on="2027-04-05", late=30, who="bra"),
            said("consent.remaining.reached", "2", on="2027-04-05", late=30, who="bra"),
        ]
        assert told.act("consent_withdrawn", "bra", "2027-04-10") == [
            said("participant.consent.lost", "bra", revision=2, on="2027-04-10", late=25, who="bra"),
            said("consent.remaining.lost", "2", revision=2, on="2027-04-10", late=25, who="bra"),
        ]
        assert told.warned == []
        assert told.status()["progress"]["have"] == 37
        assert told.accedes("jpn", on="2027-04-20") == [
            said("participant.consent.reached", "jpn", on="2027-04-20", late=15, who="jpn"),
            said("consent.remaining.reached", "2", occurrence=2, on="2027-04-20", late=15, who="jpn"),
        ]


def test_8_a_consent_withdrawn_between_threshold_and_entry_into_force_is_doubted_and_the_date_stands(
    service: Status,
) -> None:
    with story(service, "ROW-8") as told:
        crossed(told)
        assert told.act("consent_withdrawn", "bra", "2027-04-20") == [
            said("participant.consent.lost", "bra", revision=2, on="2027-04-20", late=15, who="bra"),
        ]
        assert told.warned == ["latch"]
        assert told.force() == ("2027-04-05", "2027-07-04")
        assert told.status()["counts"]["counted_consents"] == 39


# ---- 13: the rule was wrong ------------------------------------------------------------------------------------------
def test_13_a_rule_typed_with_thirty_takes_back_what_thirty_instruments_had_reached_when_it_reads_forty(
    service: Status,
) -> None:
    with story(service, "ROW-13") as told:
        told.defined(30)
        told.gathers(29, need=30)
        told.accedes("bra", on="2027-04-05")
        assert told.force() == ("2027-04-05", "2027-07-04")
        assert told.amended(40) == [
            said("consent.percent.revoked", "90", revision=2, on=EARLY, late=93, who=sorted(OTHERS[:27])),
            said("consent.remaining.revoked", "1", revision=2, on=EARLY, late=93, who=sorted(OTHERS[:29])),
            said("consent.remaining.revoked", "2", revision=2, on=EARLY, late=93, who=sorted(OTHERS[:28])),
            said("consent.remaining.revoked", "3", revision=2, on=EARLY, late=93, who=sorted(OTHERS[:27])),
            said("consent.remaining.revoked", "5", revision=2, on=EARLY, late=93, who=sorted(OTHERS[:25])),
            said("threshold.revoked", "65(1)", revision=2, on="2027-04-05", late=30, who="bra"),
            said("entry_into_force.countdown.revoked", "60", revision=2, on="2027-05-05"),
            said("entry_into_force.cancelled", "65(1)", revision=2, on="2027-07-04"),
            said("consent.percent.revised", "75", revision=2, on="2027-04-05", late=30, who="bra"),
            said("consent.remaining.revised", "10", revision=2, on="2027-04-05", late=30, who="bra"),
        ]
        assert told.force() == (None, None)
        assert told.status()["progress"]["missing"] == 10


# ---- 14: the Union and its members -----------------------------------------------------------------------------------
def forced(told: Story) -> None:
    """The European Union deposits before any member, and the desk overrules the check."""
    told.defined()
    told.gathers(39)
    answer = told.service.act(told.treaty, "accession", "eu", "2027-04-05")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (422, "no-member-state-yet")
    assert answer.json()["check"] == "V5"
    overruled = {"checks": ["V5"], "reason": "The depositary took it."}
    assert told.act("accession", "eu", "2027-04-05", override=overruled) == [
        said("participant.consent.reached", "eu", on="2027-04-05", late=30, who="eu"),
        said("threshold.reached", "65(1)", on="2027-04-05", late=30, who="eu", eif="2027-07-04"),
        said("entry_into_force.countdown.reached", "60", on="2027-05-05", eif="2027-07-04"),
        said("entry_into_force.scheduled", "65(1)", on="2027-07-04", eif="2027-07-04"),
    ]
    assert told.status()["counts"]["counted_consents"] == 40


def test_14_the_unions_instrument_counts_while_no_members_does_and_not_beside_one_of_the_same_day(
    service: Status,
) -> None:
    with story(service, "ROW-14a") as told:
        forced(told)
        assert told.accedes("fra", on="2027-04-05") == [
            said("participant.consent.reached", "fra", on="2027-04-05", late=30, who="fra"),
            said("threshold.revised", "65(1)", revision=2, on="2027-04-05", late=30, who="fra", eif="2027-07-04"),
        ]
        assert told.status()["counts"]["counted_consents"] == 40
        left_out = told.explanation()["not_counted"]
        assert [(one["participant"], one["because_of"]) for one in left_out] == [("eu", ["fra"])]


def test_14_a_members_instrument_of_an_earlier_day_takes_the_unions_place_and_the_threshold_moves_there(
    service: Status,
) -> None:
    with story(service, "ROW-14b") as told:
        forced(told)
        assert told.accedes("fra", on="2027-03-15") == [
            said("participant.consent.reached", "fra", on="2027-03-15", late=51, who="fra"),
            said("threshold.revised", "65(1)", revision=2, on="2027-03-15", late=51, who="fra", eif="2027-06-13"),
            said("entry_into_force.countdown.revised", "60", revision=2, on="2027-04-14", late=21, eif="2027-06-13"),
            said("entry_into_force.rescheduled", "65(1)", revision=2, on="2027-06-13", eif="2027-06-13"),
        ]


def test_14_a_member_that_deposits_after_the_day_of_the_threshold_takes_the_place_and_moves_no_day(
    service: Status,
) -> None:
    with story(service, "ROW-14c") as told:
        forced(told)
        assert told.accedes("fra", on="2027-04-20") == [
            said("participant.consent.reached", "fra", on="2027-04-20", late=15, who="fra"),
        ]
        assert told.status()["counts"]["counted_consents"] == 40
        assert told.force() == ("2027-04-05", "2027-07-04")


def test_15_a_member_that_leaves_the_union_after_its_deposit_counts_as_before(database_dsn: str) -> None:
    with (
        status(database_dsn, clock=Clock(datetime(2020, 1, 15, 17, tzinfo=UTC))) as running,
        story(running, "ROW-15") as told,
    ):
        told.defined(2)
        told.accedes("gbr", on="2019-06-01")
        assert told.accedes("eu", on="2019-07-01") == [
            said("participant.consent.reached", "eu", on="2019-07-01", late=198, who="eu"),
        ]
        told.accedes("bra", on="2019-09-01")
        told.accedes("jpn", on="2020-01-03")
        before = told.status()["counts"], told.explanation()["counted"]
        assert told.day_comes("2020-02-02", bringing="participant.bound.reached") == [
            said("participant.bound.reached", "jpn", on="2020-02-02", who="jpn"),
        ]
        after = told.status()["counts"], told.explanation()["counted"]
        assert after[1] == before[1] == ["gbr", "bra", "jpn"]
        assert after[0]["counted_consents"] == before[0]["counted_consents"] == 3
        assert told.force() == ("2019-09-01", "2019-11-30")


# ---- 9 to 12: in force -----------------------------------------------------------------------------------------------
def in_force(told: Story, *, since: str = "2027-04-10") -> None:
    """Three instruments, the third of 10 January: in force since 10 April."""
    told.defined(3)
    told.gathers(2, need=3, on="2026-12-01")
    told.accedes("bra", on="2027-01-10")
    assert told.status()["force"]["entry_into_force_on"] == since
    assert told.status()["force"]["in_force"] is True


def test_9_a_treaty_in_force_that_falls_from_forty_one_parties_to_thirty_nine_stays_in_force(
    database_dsn: str,
) -> None:
    with status(database_dsn, clock=Clock(NOON)) as running, story(running, "ROW-9") as told:
        told.defined()
        told.gathers(39, on="2026-02-01")
        for who in ("bra", "jpn"):
            told.accedes(who, on="2026-03-01")
        told.act("withdrawal_notified", "bra", "2027-05-01")
        told.act("withdrawal_notified", "jpn", "2027-05-03")
        assert told.status()["counts"]["parties_in_force"] == 41

        assert told.day_comes("2028-05-01", bringing="participant.withdrawal.reached") == [
            said("participant.withdrawal.reached", "bra", on="2028-05-01", who="bra"),
        ]
        assert told.day_comes("2028-05-03", bringing="participant.withdrawal.reached") == [
            said("participant.withdrawal.reached", "jpn", on="2028-05-03", who="jpn"),
            said("parties.below_threshold.reached", "65(1)", on="2028-05-03", who="jpn"),
        ]
        now = told.status()
        assert (now["force"]["state"], now["force"]["in_force"]) == ("in_force", True)
        assert now["counts"]["parties_in_force"] == 39
        assert told.force() == ("2026-03-01", "2026-05-30")


def test_10_a_withdrawal_revoked_after_nine_months_never_takes_effect_and_anothers_does(database_dsn: str) -> None:
    with (
        status(database_dsn, clock=Clock(NOON)) as running,
        story(running, "ROW-10") as told,
    ):
        in_force(told)
        other = OTHERS[0]
        for who in ("bra", other):
            assert told.act("withdrawal_notified", who, "2027-05-01") == [
                said("participant.withdrawal_notice.reached", who, on="2027-05-01", late=4, who=who),
            ]
        running.clock.now = datetime(2028, 2, 1, 17, tzinfo=UTC)
        assert told.act("withdrawal_revoked", "bra", "2028-02-01") == [
            said("participant.withdrawal_revocation.reached", "bra", on="2028-02-01", who="bra"),
        ]
        assert told.day_comes("2028-05-01", bringing="participant.withdrawal.reached") == [
            said("participant.withdrawal.reached", other, on="2028-05-01", who=other),
            said("parties.below_threshold.reached", "65(1)", on="2028-05-01", who=other),
        ]
        answered = {who: running.get(f"treaties/ROW-10/participants/{who}")["status"] for who in ("bra", other)}
        assert answered == {"bra": "party", other: "former_party"}


def test_11_after_three_days_of_silence_the_day_of_entry_into_force_is_told_and_that_it_is_late(
    database_dsn: str,
) -> None:
    with status(database_dsn, clock=Clock(NOON)) as running:
        told = Story(running, "ROW-11", 0, 0)
        told.defined(3)
        told.gathers(2, need=3, on="2027-02-01")
        told.accedes("bra", on="2027-04-05")
        assert told.day_comes("2027-07-03", bringing="entry_into_force.countdown.reached")[-1] == said(
            "entry_into_force.countdown.reached", "1", on="2027-07-03", eif="2027-07-04"
        )
    with status(database_dsn, clock=Clock(datetime(2027, 7, 7, 17, tzinfo=UTC))) as running:
        told.service = running
        everyone = sorted([*OTHERS[:2], "bra"])
        assert told.awaits("entry_into_force.reached") == [
            said("entry_into_force.reached", "65(1)", revision=2, on="2027-07-04", late=3, who="bra", eif="2027-07-04"),
            *[said("participant.bound.reached", who, on="2027-07-04", late=3, who=who) for who in everyone],
        ]
        told.check()


def test_12_a_correction_after_entry_into_force_says_that_it_never_entered_into_force(service: Status) -> None:
    with story(service, "ROW-12") as told:
        in_force(told)
        both = sorted(OTHERS[:2])
        assert told.retracts("bra") == [
            said("participant.consent.revoked", "bra", revision=2, on="2027-01-10", late=115, who="bra"),
            said("consent.percent.revoked", "75", revision=2, on="2027-01-10", late=115, who="bra"),
            said("consent.percent.revoked", "90", revision=2, on="2027-01-10", late=115, who="bra"),
            said("threshold.revoked", "65(1)", revision=2, on="2027-01-10", late=115, who="bra", severity="critical"),
            said(
                "entry_into_force.revoked",
                "65(1)",
                revision=2,
                on="2027-04-10",
                late=25,
                who="bra",
                severity="critical",
            ),
            *[
                said("participant.bound.revoked", who, revision=2, on="2027-04-10", late=25, who=who)
                for who in sorted([*both, "bra"])
            ],
        ]
        assert told.force() == (None, None)
        assert told.status()["counts"]["parties_in_force"] == 0


def test_12_under_four_eyes_the_record_is_right_at_once_and_the_world_hears_when_a_second_person_has_looked(
    service: Status,
) -> None:
    with story(service, "ROW-12b") as told:
        told.defined(2, four_eyes_hours=24)
        told.gathers(1, need=2, on="2026-12-01")
        everyone = sorted([OTHERS[0], "bra"])
        assert told.accedes("bra", on="2027-01-10") == [
            said("participant.consent.reached", "bra", on="2027-01-10", late=115, who="bra"),
            said("consent.percent.reached", "75", on="2027-01-10", late=115, who="bra"),
            said("consent.percent.reached", "90", on="2027-01-10", late=115, who="bra"),
            *[said("participant.bound.reached", who, on="2027-04-10", late=25, who=who) for who in everyone],
        ]
        assert told.force() == ("2027-01-10", "2027-04-10")
        assert told.releases(who="record", caused_by=("bra", "accession"), cause="action") == [
            said("threshold.reached", "65(1)", on="2027-01-10", late=115, who="bra", eif="2027-04-10"),
            said("entry_into_force.reached", "65(1)", on="2027-04-10", late=25, who="bra", eif="2027-04-10"),
        ]

        assert told.retracts("bra") == [
            said("participant.consent.revoked", "bra", revision=2, on="2027-01-10", late=115, who="bra"),
            said("consent.percent.revoked", "75", revision=2, on="2027-01-10", late=115, who="bra"),
            said("consent.percent.revoked", "90", revision=2, on="2027-01-10", late=115, who="bra"),
            *[
                said("participant.bound.revoked", who, revision=2, on="2027-04-10", late=25, who=who)
                for who in everyone
            ],
        ]
        assert told.force() == (None, None)
        refused = service.post("ROW-12b/releases", {})
        assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (403, "second-key-needed")
        critical = {"revision": 2, "who": "bra", "severity": "critical"}
        assert told.releases(who="record", caused_by=("bra", "retracted"), cause="correction") == [
            said("threshold.revoked", "65(1)", on="2027-01-10", late=115, **critical),
            said("entry_into_force.revoked", "65(1)", on="2027-04-10", late=25, **critical),
        ]


# ---- 16: what others say ---------------------------------------------------------------------------------------------
def test_16_seventy_four_in_the_press_contradict_seventy_three_in_the_record_and_move_no_count(
    service: Status,
) -> None:
    with story(service, "ROW-16") as told:
        told.defined()
        for who in OTHERS[:73]:
            told.act("signature", who, EARLY)
        before = told.status()["counts"]
        assert before["signatures"] == 73

        news = told.claims(74, on="2027-05-04")
        claim = told.events["A newspaper", "claim"]
        assert news == [said("claim.contradiction.reached", claim, on="2027-05-04", late=1)]
        about = told.line(f"claim.contradiction:{claim}:1")["contradiction"]
        assert (about["verdict"], about["claimed"], about["have"]) == ("wrong_count", 74, 73)
        assert told.status()["counts"] == before

        assert told.claims(73, on="2027-05-04", source="Another newspaper") == []
        assert told.act("signature", "bra", "2027-05-03") == [
            said("claim.contradiction.revoked", claim, revision=2, on="2027-05-04", late=1),
            said("participant.signature.reached", "bra", on="2027-05-03", late=2, who="bra"),
            said(
                "claim.contradiction.reached",
                told.events["Another newspaper", "claim"],
                on="2027-05-04",
                late=1,
            ),
        ]


# ---- 17: the clock of the depositary ---------------------------------------------------------------------------------
WINDOW = [{"place": "New York", "opens_on": "2025-10-25", "closes_on": "2026-12-31"}]


def test_17_a_signature_of_the_closing_day_in_new_york_is_valid_when_recorded_the_next_day(database_dsn: str) -> None:
    with (
        status(database_dsn, clock=Clock(datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC))) as running,
        story(running, "ROW-17") as told,
    ):
        assert told.defined(signature_windows=WINDOW) == [
            said("signature.opening.reached", on="2025-10-25", late=432),
        ]
        running.clock.forward(seconds=1)
        assert told.awaits("signature.closing.reached") == [said("signature.closing.reached", on="2026-12-31")]
        running.clock.forward(hours=12)
        assert told.act("signature", "bra", "2026-12-31", place="New York") == [
            said("participant.signature.reached", "bra", on="2026-12-31", late=1, who="bra"),
            said("signature.first.reached", on="2026-12-31", late=1, who="bra"),
        ]
        refused = running.act("ROW-17", "signature", "jpn", "2027-01-01", place="New York")
        assert (refused.status_code, refused.json()["check"]) == (422, "V1")


# ---- 18: at least once, and in any order -----------------------------------------------------------------------------
def test_18_who_gets_the_second_revision_first_and_the_first_twice_keeps_the_second(
    database_dsn: str, receiver: Receiver, tmp_path: Path
) -> None:
    """The notifier gave up on an endpoint that was down; what is asked for again comes in the order of asking."""
    with (
        status_on_a_socket(database_dsn, clock=Clock(NOON)) as running,
        notifier_of(running, f"sqlite:///{tmp_path / 'notices.db'}") as notifier,
        story(running, "ROW-18") as told,
    ):
        receiver.usual = Reply(503)
        key = running.keys["subscribe"]
        subscription = notifier.subscribe(receiver.url, key=key, types=["treaty.threshold.*"])
        told.defined(2)
        told.gathers(1, need=2)
        told.accedes("bra", on="2027-04-05")
        told.accedes("jpn", on="2027-04-05")
        eventually(lambda: len(notifier.deliveries(subscription, key=key, state="dead")) == 2)

        before, receiver.usual = len(receiver.received), Reply()
        ids = {one["type"]: one["id"] for one in notifier.deliveries(subscription, key=key)}
        order = ["treaty.threshold.revised", "treaty.threshold.reached", "treaty.threshold.reached"]
        for n, name in enumerate(order, start=1):
            answer = notifier.call("POST", f"/v1/deliveries/{ids[name]}/redeliver", key=key)
            assert answer.status_code == 202, answer.text
            receiver.wait_for(before + n)

        arrived = receiver.received[before:]
        messages = [Webhook(subscription["secret"]).verify(one.body, one.headers) for one in arrived]
        assert [message["type"] for message in messages] == order
        assert arrived[1].id == arrived[2].id != arrived[0].id
        consumer = Consumer()
        assert [consumer.take(message["data"]) for message in messages] == [True, False, False]
        (line,) = consumer.lines.values()
        assert (line["revision"], line["supersedes"]) == (2, 1)
        assert [one["participant"] for one in line["attributed_to"]] == ["bra", "jpn"]
        assert told.line("threshold:65(1):1")["announced"]["revision"] == 2


# ---- after all of them -----------------------------------------------------------------------------------------------
def test_what_was_told_in_these_histories_is_what_the_events_say(service: Status, dsn: str) -> None:
    service.settled()
    report = verify(dsn, now=service.clock.now, every=True)
    assert report.findings == []
    assert report.due == []
