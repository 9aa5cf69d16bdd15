"""Press and depositary disagree: the line is told through the feed, and no count moves."""

from typing import Any

from tests.services.status_world import HANOI, Status, convention, history, load_convention, protocol


def folded(events: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a consumer holds who keeps the highest revision of each line, however often it is delivered."""
    kept: dict[str, dict[str, Any]] = {}
    for event in events:
        data = event["data"]
        if "milestone_id" in data and data["revision"] > kept.get(data["milestone_id"], {"revision": 0})["revision"]:
            kept[data["milestone_id"]] = data
    return kept


def feed(service: Status) -> list[dict[str, Any]]:
    events = list(service.get("feed", limit=1000)["events"])
    return events + events  # at least once means: perhaps twice


def contradictions(service: Status) -> list[dict[str, Any]]:
    return [one for one in folded(feed(service)).values() if one["kind"] == "claim.contradiction"]


def test_press_says_74_and_the_depositary_73(service_anywhere: Status) -> None:
    service = service_anywhere
    load_convention(service)
    service.recorded(HANOI, "signature", "mus", "2025-11-19", place="New York")
    before = service.treaty()["counts"]
    claim = {"claimed_on": "2026-11-20", "source": "A newspaper", "statement": "74 have signed", "tier": "press"}
    answer = service.post(f"{HANOI}/claims", {**claim, "about": "signatures", "value": 74})

    assert answer.status_code == 201, answer.text
    assert [one["type"] for one in answer.json()["milestones"]] == ["treaty.claim.contradiction.reached"]
    (told,) = contradictions(service)
    assert (told["status"], told["occurred_on"], told["late_by_days"]) == ("reached", "2026-11-20", 1)
    assert told["params"] == told["contradiction"]["claim"] == answer.json()["event_id"]
    said = told["contradiction"]
    assert (said["verdict"], said["claimed"], said["have"]) == ("wrong_count", 74, 73)
    assert service.treaty()["counts"] == before
    assert before["signatures"] == 73

    service.clock.forward(days=1)
    service.recorded(HANOI, "signature", "are", "2026-02-01", place="New York")  # circulated late

    (told,) = contradictions(service)
    assert (told["status"], told["revision"], told["supersedes"]) == ("revoked", 2, 1)
    (row,) = service.get(f"treaties/{HANOI}/claims")["claims"]
    assert row["verdict"]["kind"] == "right"
    assert row["announced"] == {"status": "revoked", "revision": 2}
    (then,) = service.client.get(row["as_known_then"]).json()["claims"]
    assert (then["verdict"]["kind"], then["announced"]) == ("wrong_count", {"status": "reached", "revision": 1})


def test_a_total_of_the_depositary_itself_is_held_against_the_record(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    service.recorded("EX-1", "accession", "fra", "2026-03-01")
    total = {"claimed_on": "2026-03-02", "source": "Status table", "statement": "Parties: 2", "about": "consents"}
    answer = service.post("EX-1/claims", {**total, "tier": "official_depositary", "value": 2})

    assert answer.status_code == 201, answer.text
    (told,) = contradictions(service)
    assert told["contradiction"]["verdict"] == "record_differs"
    assert service.treaty("EX-1")["counts"]["consents"] == 1

    act = {**total, "tier": "official_depositary", "about": "participant_act", "participant": "deu"}
    refused = service.post("EX-1/claims", act)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/tier"


def test_a_population_that_nobody_holds_is_refused_with_those_there_are(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    body = {"claimed_on": "2026-03-02", "source": "S", "statement": "9", "about": "consents", "tier": "press"}
    refused = service.post("EX-1/claims", {**body, "value": 9, "among": "g77"})

    assert refused.status_code == 422
    assert "un_members" in refused.json()["detail"] + str(refused.json())


def test_a_reported_act_is_judged_and_later_right_with_the_days_between(service: Status) -> None:
    assert service.put("EX-1", protocol()).status_code == 201
    reported = service.act("EX-1", "accession", "fra", "2026-11-20", tier="press")
    assert reported.json()["recorded_as"] == "claim"
    (row,) = service.get("treaties/EX-1/claims")["claims"]
    assert (row["verdict"]["kind"], row["claimed_on"], row["contradicts"]) == ("not_shown", "2026-11-21", False)

    service.clock.forward(days=12)
    service.recorded("EX-1", "accession", "fra", "2026-11-20")

    (row,) = service.get("treaties/EX-1/claims")["claims"]
    assert (row["verdict"]["kind"], row["verdict"]["days"]) == ("right", 12)


def test_statements_that_come_with_a_history_are_no_news(service: Status) -> None:
    assert service.put(HANOI, convention()).status_code == 201
    for body in history("acts"):
        assert service.post(f"{HANOI}/actions", body).status_code == 201
    for body in history("claims"):
        assert service.post(f"{HANOI}/claims", {**body, "imported": "history:XVIII-16"}).status_code == 201

    told = [event for event in feed(service) if event["type"].startswith("treaty.claim.contradiction")]
    assert {event["category"] for event in told} == {"historic_milestone"}
    assert len(contradictions(service)) == len(service.treaty()["claims"]["contradicting"])


def test_lines_of_statements_stand_among_the_milestones_with_their_numbers(hanoi: Status) -> None:
    lines = [row for row in hanoi.get(f"treaties/{HANOI}/milestones")["milestones"] if row["contradiction"]]
    against = hanoi.get(f"treaties/{HANOI}/claims", contradicting="true")["claims"]

    assert {row["params"] for row in lines} == {row["event_id"] for row in against}
    assert all(row["state"] == "reached" and row["announced"]["status"] == "reached" for row in lines)
    early = hanoi.get(f"treaties/{HANOI}/milestones", as_of="2025-10-24")["milestones"]
    assert {row["contradiction"]["statement"][:17] for row in early if row["contradiction"]} == {"Entry into force "}
