"""Treaties that rest on one another: what one does is soon said of the others, by any process; no answer is stale."""

from typing import Any

import pytest

from tests.services.status_world import Json, Status, protocol, status

LEAVING = [{"clause": "20", "takes_effect": {"op": "plus", "years": 1, "of": {"op": "ref", "name": "received"}}}]


def with_rule(treaty: str, *, need: int = 1, **rule: Any) -> Json:
    body = protocol(treaty, need=need, adopted_on="2000-01-01")
    body["rule"] |= rule
    return body


def child(treaty: str = "CHILD", **rule: Any) -> Json:
    """A protocol for parties to PARENT alone, which leave it with PARENT."""
    joining = {"clause": "9", "modes": ["accession"], "parent": "PARENT"}
    return with_rule(treaty, **({"joining": joining} | rule))


def parent(treaty: str = "PARENT", **rule: Any) -> Json:
    return with_rule(treaty, **({"leaving": [LEAVING[0] | {"cascades_to": "protocols"}]} | rule))


def define(service: Status, *bodies: Json) -> None:
    for body in bodies:
        answer = service.put(body["rule"]["treaty"], body)
        assert answer.status_code == 201, answer.text


def looked(service: Status) -> None:
    """The clock has looked once more, with the lists up to date."""
    service.settled()
    service.app.surface.desk.clock_task.look()


@pytest.fixture
def family(service_anywhere: Status) -> Status:
    """A parent and its protocol, both in force for France and Italy since 2002."""
    define(service_anywhere, parent(), child())
    for treaty in ("PARENT", "CHILD"):
        for who in ("fra", "ita"):
            service_anywhere.recorded(treaty, "accession", who, "2002-01-01")
    looked(service_anywhere)
    return service_anywhere


# ---- what is said ----------------------------------------------------------------------------------------------------
def test_who_left_the_parent_has_left_the_protocol_and_it_is_said_without_any_act_there(family: Status) -> None:
    family.recorded("PARENT", "withdrawal_notified", "fra", "2010-05-01")
    looked(family)

    said = [
        event["data"] for event in family.log("CHILD") if event["data"].get("cause", {}).get("kind") == "other_treaty"
    ]

    assert ("treaty.participant.withdrawal.reached", "2011-05-01") in family.announced("CHILD")
    assert [(one["params"], one["clause"]) for one in said if one["kind"] == "participant.withdrawal"] == [
        ("fra", "20 PARENT")
    ]


def test_a_correction_of_the_parent_takes_back_what_was_said_of_the_protocol(family: Status) -> None:
    notice = family.recorded("PARENT", "withdrawal_notified", "fra", "2010-05-01")
    looked(family)
    body = {"target": notice["event_id"], "kind": "retracted", "reason": "source_error"}
    assert family.post("PARENT/corrections", body).status_code == 201
    looked(family)

    assert ("treaty.participant.withdrawal.revoked", "2011-05-01") in family.announced("CHILD")


def test_a_look_after_which_nothing_is_to_be_said_leaves_no_trace_and_is_not_repeated(family: Status) -> None:
    before = family.treaty("CHILD")["version"]
    family.recorded("PARENT", "accession", "deu", "2003-01-01")
    family.settled()
    clock = family.app.surface.desk.clock_task
    clock.look()

    assert clock.look() == 0
    assert family.treaty("CHILD")["version"] == before


def test_a_protocol_of_a_protocol_follows_as_well(service: Status) -> None:
    joining = {"clause": "9", "modes": ["accession"], "parent": "CHILD"}
    grandchild = child("GRANDCHILD", joining=joining, leaving=[LEAVING[0] | {"cascades_to": "parent_leaves_this"}])
    define(service, parent(), child(leaving=[LEAVING[0] | {"cascades_to": "protocols"}]), grandchild)
    for treaty in ("PARENT", "CHILD", "GRANDCHILD"):
        service.recorded(treaty, "accession", "fra", "2002-01-01")
    looked(service)

    service.recorded("PARENT", "withdrawal_notified", "fra", "2010-05-01")
    for _ in range(3):
        looked(service)

    assert ("treaty.participant.withdrawal.reached", "2011-05-01") in service.announced("GRANDCHILD")
    assert service.app.surface.desk.clock_task.look() == 0


def test_treaties_that_wait_for_one_another_come_to_rest(service: Status) -> None:
    def waits_for(treaty: str, other: str) -> Json:
        when = {"op": "any", "of": [{"op": "count", "at_least": 1}, {"op": "treaty_in_force", "treaty": other}]}
        return with_rule(treaty, in_force=[{"clause": "1", "when": when, "then": {"op": "plus", "days": 1}}])

    define(service, waits_for("A", "B"), waits_for("B", "A"))
    service.recorded("A", "accession", "fra", "2002-01-01")
    for _ in range(4):
        looked(service)

    assert ("treaty.entry_into_force.reached", "2002-01-03") in service.announced("B")
    assert service.app.surface.desk.clock_task.look() == 0


def test_two_processes_say_it_once(database_dsn: str) -> None:
    with status(database_dsn) as one, status(database_dsn, clock=one.clock) as other:
        define(one, parent(), child())
        for treaty in ("PARENT", "CHILD"):
            one.recorded(treaty, "accession", "fra", "2002-01-01")
        looked(one)
        looked(other)
        one.recorded("PARENT", "withdrawal_notified", "fra", "2010-05-01")
        for _ in range(2):
            looked(other)
            looked(one)

        said = [
            one_said for one_said in one.announced("CHILD") if one_said[0].startswith("treaty.participant.withdrawal")
        ]

    assert said == [("treaty.participant.withdrawal.reached", "2011-05-01")]


def test_who_left_with_the_parent_and_came_back_to_both_has_two_periods(family: Status) -> None:
    family.recorded("PARENT", "withdrawal_notified", "fra", "2010-05-01")
    assert family.act("CHILD", "accession", "fra", "2011-04-30").json()["type"] == "/problems/already-contracting"
    assert family.act("CHILD", "accession", "fra", "2012-01-01").json()["type"] == "/problems/not-party-to-parent"

    family.recorded("PARENT", "accession", "fra", "2012-01-01")
    family.recorded("CHILD", "accession", "fra", "2012-06-01")

    periods = family.get("treaties/CHILD/participants/fra")["periods"]
    assert [(one["effect_on"], one["leaves_on"], one["left_with"]) for one in periods] == [
        ("2002-04-01", "2011-05-01", "PARENT"),
        ("2012-07-01", None, None),
    ]
    assert family.treaty("CHILD", as_of="2011-06-01")["counts"]["parties_in_force"] == 1
    assert family.treaty("CHILD")["counts"]["parties_in_force"] == 2


# ---- what is read ----------------------------------------------------------------------------------------------------
def counts_from(other: str) -> Json:
    day = {"op": "plus", "days": 10, "of": {"op": "in_force_of", "treaty": other}}
    return {"in_force": [{"clause": "1", "when": {"op": "count", "at_least": 1}, "then": day}]}


def everyone_of(other: str) -> Json:
    when = {"op": "everyone", "of": f"parties_to:{other}"}
    return {"in_force": [{"clause": "1", "when": when, "then": {"op": "plus", "days": 1}}]}


@pytest.mark.parametrize("rule", [counts_from("PARENT"), everyone_of("PARENT"), everyone_of("BETWEEN")])
def test_no_answer_is_kept_that_another_treaty_has_made_untrue(service: Status, rule: Json) -> None:
    """Whatever the clause asks of the other treaty, and however far off that is."""
    define(service, parent(), with_rule("BETWEEN", **everyone_of("PARENT")), with_rule("CHILD", **rule))
    first = service.recorded("PARENT", "accession", "fra", "2002-01-01")
    service.recorded("BETWEEN", "accession", "fra", "2002-01-01")
    service.recorded("CHILD", "accession", "fra", "2002-01-01")
    before = service.client.get("/v1/treaties/CHILD/explanation")

    body = {"target": first["event_id"], "kind": "corrected", "reason": "typing", "fields": {"act_date": "2002-02-01"}}
    assert service.post("PARENT/corrections", body).status_code == 201

    after = service.client.get("/v1/treaties/CHILD/explanation", headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert _told(after.json()) != _told(before.json())


def _told(document: Json) -> list[Any]:
    return [document["entry_into_force_on"], document["tree"], document["unknown"]]
