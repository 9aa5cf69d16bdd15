"""The convention through the front door: what is recorded, and every golden row of its article 65 in a rehearsal."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.status_world import HANOI, Status, convention, load_convention, status
from treaty_status.registry import Kind, load_registry

MEMBERS_OF_THE_EU = {"aut", "bel", "cze", "esp", "fra", "grc", "irl", "lux", "pol", "prt", "svk", "svn", "swe"}


# ---- the record ------------------------------------------------------------------------------------------------------
def test_71_states_and_the_european_union_have_signed(hanoi: Status) -> None:
    counts = hanoi.treaty()["counts"]

    assert counts["signatures"] == 72
    assert counts["signatures_by_states"] == 71
    assert counts["signatures_by_organisations"] == 1
    assert counts["consents"] == counts["counted_consents"] == counts["parties_in_force"] == 0


def test_on_the_first_day_69_had_signed(hanoi: Status) -> None:
    told = hanoi.treaty(as_of="2025-10-25")

    assert told["as_of"] == "2025-10-25"
    assert told["counts"]["signatures"] == 69


def test_forty_instruments_are_missing_and_the_convention_is_not_in_force(hanoi: Status) -> None:
    told = hanoi.treaty()

    assert told["progress"] | {"share": None} == {"have": 0, "need": 40, "missing": 40, "share": None, "of": "count"}
    assert told["force"]["in_force"] is False
    assert told["force"]["state"] == "gathering"


def test_the_next_day_that_comes_by_itself_is_the_closing_of_signature(hanoi: Status) -> None:
    first = hanoi.treaty()["next_due"][0]
    assert (first["on"], first["kind"]) == ("2026-12-31", "signature.closing")


def test_the_convention_has_68_articles_and_the_claim_of_71_is_shown_with_its_source(hanoi: Status) -> None:
    told = hanoi.treaty()

    assert (told["articles"], told["chapters"]) == (68, 9)
    against = [claim for claim in told["claims"]["contradicting"] if claim["about"] == "articles"]
    assert all(claim["value"] == 71 and claim["fact"] == 68 and claim["source"] for claim in against)
    assert any("EFE" in claim["source"] for claim in against)


def test_reported_deposits_are_claims_and_move_no_count(hanoi: Status) -> None:
    claims = hanoi.get(f"treaties/{HANOI}/claims")

    reported = {claim["participant"] for claim in claims["claims"] if claim["action"] == "ratification"}
    assert {"qat", "vnm", "aze"} <= reported
    assert hanoi.treaty()["counts"]["consents"] == 0


def test_a_participant_is_found_by_id_code_and_name_in_any_language(hanoi: Status) -> None:
    for name in ("vnm", "VNM", "Viet Nam", "Việt Nam", "viet nam"):
        told = hanoi.get(f"treaties/{HANOI}/participants/{name}")
        assert (told["participant"], told["status"], told["signed_on"]) == ("vnm", "signatory", "2025-10-25")


def test_the_table_lists_names_in_the_language_asked_for(hanoi: Status) -> None:
    rows = hanoi.get(f"treaties/{HANOI}/participants", lang="fr")["participants"]

    assert len(rows) == 72
    assert "Viet Nam" in {row["name"] for row in rows}
    assert "Royaume-Uni de Grande-Bretagne et d'Irlande du Nord" in {row["name"].replace("’", "'") for row in rows}


def test_the_table_can_be_narrowed_to_a_group_and_to_those_still_missing(hanoi: Status) -> None:
    asean = hanoi.get(f"treaties/{HANOI}/participants", group="asean")
    missing = hanoi.get(f"treaties/{HANOI}/participants", group="asean", missing="true")

    assert "vnm" in {row["participant"] for row in asean["participants"]}
    assert {row["status"] for row in missing["participants"]} <= {"signatory", "other"}
    assert missing["total"] >= asean["total"]


def test_the_history_of_the_convention_is_one_event_a_line(hanoi: Status) -> None:
    events = hanoi.log()

    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "treaty.defined"
    assert sum(event["type"] == "treaty.signature.recorded" for event in events) == 72
    assert all(event["recorded_by"] == "key:admin" for event in events)


def test_what_was_known_at_an_instant_can_be_asked(service: Status) -> None:
    load_convention(service)
    service.clock.forward(days=1)
    service.recorded(HANOI, "signature", "fji", "2026-11-22", place="New York")

    assert service.treaty()["counts"]["signatures"] == 73
    told = service.treaty(known_at="2026-11-21T23:00:00Z")
    assert told["counts"]["signatures"] == 72
    assert told["known_at"].startswith("2026-11-21T23:00:00")


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_an_instant_at_the_ends_of_the_calendar_is_refused(service: Status, instant: str) -> None:
    load_convention(service)
    answer = service.client.get(f"/v1/treaties/{HANOI}", params={"known_at": instant})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "known_at")


# ---- article 65 in a rehearsal ---------------------------------------------------------------------------------------
@pytest.fixture
def rehearsed(service_anywhere: Status) -> tuple[Status, str]:
    """A rehearsal of the convention in which 37 States, France and the European Union have deposited."""
    service = service_anywhere
    assert service.put(HANOI, convention()).status_code == 201
    treaty = service.rehearse(starts_on="2026-11-21")
    for name in [*others(37), "fra", "eu"]:
        deposit(service, treaty, name, "2026-12-01")
    return service, treaty


def others(n: int, *, skip: int = 0) -> list[str]:
    """So many States that are not members of the European Union, by id."""
    registry = load_registry()
    union = registry.members_of_organisation("eu", __import__("datetime").date(2026, 11, 21))
    states = sorted(one.id for one in registry.all() if one.kind is Kind.STATE and one.id not in union)
    return states[skip : skip + n]


def deposit(service: Status, treaty: str, who: str, on: str) -> dict[str, Any]:
    """An accession, which needs no signature."""
    return service.recorded(treaty, "accession", who, on)


def crossed(rehearsed: tuple[Status, str]) -> tuple[Status, str, dict[str, Any]]:
    """Two more deposits on 5 April 2027, one on 6 April; the receipt of the second."""
    service, treaty = rehearsed
    a, b, c = others(3, skip=37)
    deposit(service, treaty, a, "2027-04-05")
    fortieth = deposit(service, treaty, b, "2027-04-05")
    deposit(service, treaty, c, "2027-04-06")
    return service, treaty, fortieth


def test_37_states_france_and_the_union_are_38_of_40(rehearsed: tuple[Status, str]) -> None:
    service, treaty = rehearsed

    told = service.treaty(treaty)
    assert (told["progress"]["have"], told["progress"]["need"]) == (38, 40)
    assert told["livemode"] is False
    why = service.get(f"treaties/{treaty}/explanation")
    (union,) = why["not_counted"]
    assert (union["participant"], union["reason"], union["because_of"]) == ("eu", "not_additional", ["fra"])
    assert union["clause"] == "65(1)"


def test_the_fortieth_deposit_fixes_the_day_of_entry_into_force(rehearsed: tuple[Status, str]) -> None:
    service, treaty, fortieth = crossed(rehearsed)

    types = {one["type"]: one for one in fortieth["milestones"]}
    reached = types["treaty.threshold.reached"]
    assert (reached["occurred_on"], reached["entry_into_force"]) == ("2027-04-05", "2027-07-04")
    assert types["treaty.entry_into_force.scheduled"]["occurred_on"] == "2027-07-04"
    told = service.treaty(treaty)["force"]
    assert (told["threshold_on"], told["entry_into_force_on"], told["in_force"]) == ("2027-04-05", "2027-07-04", False)


def test_a_later_joiner_is_bound_thirty_days_after_its_own_deposit_or_with_the_treaty(
    rehearsed: tuple[Status, str],
) -> None:
    service, treaty, _ = crossed(rehearsed)
    (late,) = others(1, skip=40)
    deposit(service, treaty, late, "2027-07-01")

    the_day_after = service.get(f"treaties/{treaty}/participants/{others(1, skip=39)[0]}")
    much_later = service.get(f"treaties/{treaty}/participants/{late}")
    assert (the_day_after["effect_on"], the_day_after["effect_clause"]) == ("2027-07-04", "65(2)")
    assert (much_later["effect_on"], much_later["effect_clause"]) == ("2027-07-31", "65(2)")


def test_a_deposit_dated_anew_moves_the_threshold_and_entry_into_force(rehearsed: tuple[Status, str]) -> None:
    service, treaty, fortieth = crossed(rehearsed)
    service.post(f"{treaty}/day", {"on": "2027-05-06"})

    answer = service.post(
        f"{treaty}/corrections",
        {
            "target": fortieth["event_id"],
            "kind": "corrected",
            "fields": {"act_date": "2027-05-05"},
            "reason": "typing",
        },
    )

    assert answer.status_code == 201, answer.text
    told = service.treaty(treaty)["force"]
    assert (told["threshold_on"], told["entry_into_force_on"]) == ("2027-04-06", "2027-07-05")
    said = dict(service.announced(treaty))
    assert said["treaty.threshold.revised"] == "2027-04-06"
    assert said["treaty.entry_into_force.rescheduled"] == "2027-07-05"


def test_an_instrument_taken_back_before_the_threshold_no_longer_counts(rehearsed: tuple[Status, str]) -> None:
    service, treaty = rehearsed
    service.recorded(treaty, "consent_withdrawn", others(1)[0], "2027-02-01")
    service, treaty, _ = crossed((service, treaty))

    told = service.treaty(treaty)["force"]
    assert (told["threshold_on"], told["entry_into_force_on"]) == ("2027-04-06", "2027-07-05")


def test_the_day_of_entry_into_force_comes_when_the_rehearsal_reaches_it(rehearsed: tuple[Status, str]) -> None:
    service, treaty, _ = crossed(rehearsed)

    answer = service.post(f"{treaty}/day", {"on": "2027-07-04"})

    assert answer.status_code == 200, answer.text
    assert "treaty.entry_into_force.reached" in {one["type"] for one in answer.json()["milestones"]}
    told = service.treaty(treaty)
    assert told["force"]["in_force"] is True
    assert told["counts"]["parties_in_force"] >= 40


def test_every_milestone_of_the_way_is_announced_once_and_in_order(rehearsed: tuple[Status, str]) -> None:
    service, treaty, _ = crossed(rehearsed)

    said = service.announced(treaty)
    kinds = [kind for kind, _ in said if not kind.startswith(("treaty.participant", "treaty.signature"))]
    assert kinds.count("treaty.threshold.reached") == 1
    assert kinds.count("treaty.consent.first.reached") == 1
    assert [kind for kind in kinds if "percent" in kind].count("treaty.consent.percent.reached") == 4
    assert kinds.index("treaty.consent.first.reached") < kinds.index("treaty.threshold.reached")


def test_a_rehearsal_leaves_the_record_as_it_was(rehearsed: tuple[Status, str]) -> None:
    service, _, _ = crossed(rehearsed)

    assert service.treaty()["counts"]["consents"] == 0
    assert service.treaty()["livemode"] is True


# ---- the clock -------------------------------------------------------------------------------------------------------
@pytest.fixture
def on_the_eve(sqlite_dsn: str) -> Iterator[Status]:
    with status(sqlite_dsn) as running:
        load_convention(running)
        running.settled()
        yield running


def test_signature_closes_at_the_depositary_without_any_request(on_the_eve: Status) -> None:
    service = on_the_eve
    service.clock.now = service.clock.now.replace(year=2027, month=1, day=1, hour=4)  # still 2026 in New York
    service.app.surface.desk.clock_task.look()
    assert ("treaty.signature.closing.reached", "2026-12-31") not in service.announced()

    service.clock.forward(hours=2)
    service.app.surface.desk.clock_task.look()

    assert ("treaty.signature.closing.reached", "2026-12-31") in service.announced()


def test_what_came_while_the_service_was_down_is_said_late_and_in_order(sqlite_dsn: str) -> None:
    with status(sqlite_dsn) as before:
        load_convention(before)
        clock = before.clock
    clock.forward(days=60)

    with status(sqlite_dsn, clock=clock) as after:
        after.settled()
        after.app.surface.desk.clock_task.look()
        said = [event for event in after.log() if event["recorded_by"] == "clock"]

    assert [event["data"]["occurred_on"] for event in said] == sorted(event["data"]["occurred_on"] for event in said)
    closing = next(event["data"] for event in said if event["type"] == "treaty.signature.closing.reached")
    assert closing["late_by_days"] > 0
