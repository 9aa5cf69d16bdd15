"""Four eyes through the front door: what waits, who may release it, and what the clock does when nobody does."""

from time import monotonic, sleep

from tests.services.status_world import Status, convention

TREATY = "X-1"


def watched(service: Status, need: int = 2, hours: int = 24) -> None:
    """A treaty that needs so many consents, kept under four eyes."""
    body = convention() | {"titles": {"en": "Invented (test)"}, "four_eyes_hours": hours}
    clause = {"clause": "1", "when": {"op": "count", "at_least": need}, "then": {"op": "plus", "days": 90}}
    body["rule"] = {"treaty": TREATY, "title": "x", "in_force": [clause]}
    body["signature_windows"] = []
    assert service.put(TREATY, body).status_code == 201


def types(service: Status) -> list[str]:
    return [kind for kind, _ in service.announced(TREATY)]


def test_a_threshold_waits_for_the_holder_of_another_key(service_anywhere: Status) -> None:
    service = service_anywhere
    watched(service)
    service.recorded(TREATY, "accession", "fra", "2026-11-20")
    receipt = service.recorded(TREATY, "accession", "che", "2026-11-21")
    assert [one["statuses"] for one in receipt["held"]] == [["reached"], ["scheduled"]]
    assert "treaty.threshold.reached" not in types(service)
    status = service.treaty(TREATY)
    assert status["force"]["threshold_on"] == "2026-11-21", "the facts do not wait"
    waiting = service.get(f"treaties/{TREATY}/milestones")["held"]
    assert {one["recorded_by"] for one in waiting} == {"key:admin"}

    own = service.post(f"{TREATY}/releases", {})
    assert (own.status_code, own.json()["type"]) == (403, "/problems/second-key-needed")

    released = service.post(f"{TREATY}/releases", {"key": waiting[0]["key"]}, who="record")
    assert released.status_code == 200, released.text
    assert released.json()["recorded_as"] == "release"
    everything = service.post(f"{TREATY}/releases", {}, who="record")
    assert everything.status_code == 200, everything.text
    assert types(service)[-2:] == ["treaty.entry_into_force.scheduled", "treaty.threshold.reached"]
    assert service.get(f"treaties/{TREATY}/milestones")["held"] == []
    nothing = service.post(f"{TREATY}/releases", {}, who="record")
    assert (nothing.status_code, nothing.json()["type"]) == (404, "/problems/nothing-held")


def test_the_clock_announces_what_nobody_looked_at_in_time(service_anywhere: Status) -> None:
    service = service_anywhere
    watched(service, need=1, hours=2)
    service.recorded(TREATY, "accession", "fra", "2026-11-21")
    service.settled()
    assert "treaty.threshold.reached" not in types(service)
    service.clock.forward(hours=2)
    ends_at = monotonic() + 10
    while "treaty.threshold.reached" not in types(service):
        assert monotonic() < ends_at, "the clock let it wait"
        sleep(0.05)
    ended = [event["data"] for event in service.log(TREATY) if event["type"] == "treaty.milestone.hold_ended"]
    assert {(one["end"], one["recorded"]["by"]) for one in ended} == {("expired", "clock")}


def test_what_was_wrong_is_never_announced_when_nobody_had_released_it(service: Status) -> None:
    watched(service, need=1)
    receipt = service.recorded(TREATY, "accession", "fra", "2026-11-21")
    answer = service.post(
        f"{TREATY}/corrections", {"target": receipt["event_id"], "kind": "retracted", "reason": "duplicate"}
    )
    assert answer.status_code == 201, answer.text
    assert not [kind for kind in types(service) if "threshold" in kind or "entry_into_force" in kind]
    service.clock.forward(days=3)
    service.recorded(TREATY, "accession", "che", "2026-11-22")
    assert [one["key"] for one in service.get(f"treaties/{TREATY}/milestones")["held"]] == [
        f"{TREATY}:entry_into_force:1:1",
        f"{TREATY}:threshold:1:1",
    ]


def test_supposing_says_what_would_follow_whoever_would_have_to_look(service: Status) -> None:
    watched(service, need=1)
    body = {"acts": [{"action": "accession", "participant": "fra", "act_date": "2026-11-21"}]}
    found = service.client.post(f"/v1/treaties/{TREATY}/what-if", json=body).json()
    assert "treaty.threshold.reached" in [one["type"] for one in found["difference"]["milestones"]]
