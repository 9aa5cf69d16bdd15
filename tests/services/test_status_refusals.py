"""Bad input through the front door: every refusal names the fact, the rule and the way out, and writes nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.status_world import HANOI, Status, convention, protocol, status


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Status]:
    """The convention without signatures; a test that is right leaves nothing behind but what it says."""
    with status(f"sqlite:///{tmp_path_factory.mktemp('refusals') / 'treaty.db'}", body_limit_bytes=65_536) as running:
        assert running.put(HANOI, convention()).status_code == 201
        yield running


@pytest.fixture(autouse=True)
def nothing_half_written(service: Status) -> Iterator[None]:
    """After a refusal, events and version agree: whatever was written was written whole."""
    yield
    versions = [event["version"] for event in service.log()]
    assert versions == list(range(1, len(versions) + 1))


def problem(answer: Any, status_code: int, slug: str) -> dict[str, Any]:
    """The problem document, which is what it has to be."""
    assert answer.status_code == status_code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == f"/problems/{slug}"
    assert told["status"] == status_code
    assert told["title"]
    assert told["detail"]
    assert told["way_out"]
    return dict(told)


def raw(service: Status, body: bytes, **headers: str) -> Any:
    return service.client.post(
        f"/v1/treaties/{HANOI}/actions",
        content=body,
        headers=service.bearer() | {"content-type": "application/json"} | headers,
    )


def version(service: Status) -> int:
    return int(service.treaty()["version"])


# ---- addresses -------------------------------------------------------------------------------------------------------
def test_a_misspelt_dry_run_records_nothing(service: Status) -> None:
    before = version(service)
    act = {"action": "accession", "participant": "jpn", "act_date": "2026-11-20"}
    answer = service.client.post(f"/v1/treaties/{HANOI}/actions?dryrun=true", json=act, headers=service.bearer())

    assert problem(answer, 422, "invalid-request")["way_out"] == "There are: dry_run."
    assert version(service) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"{HANOI}/claims"), ("POST", f"{HANOI}/rehearsals"), ("POST", f"{HANOI}/day"), ("DELETE", HANOI)],
)
def test_what_cannot_be_tried_does_not_pass_over_being_asked_to(service: Status, method: str, path: str) -> None:
    answer = service.client.request(method, f"/v1/treaties/{path}?dry_run=true", json={}, headers=service.bearer())
    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "dry_run"


def test_a_misspelt_day_is_not_answered_with_todays_status(service: Status) -> None:
    told = problem(service.client.get(f"/v1/treaties/{HANOI}?asof=2025-10-25"), 422, "invalid-request")
    assert "as_of" in told["way_out"]


@pytest.mark.parametrize("query", ["as_of=2025-10-25&as_of=2026-10-25", "as_of=2025-10-25&as_of=2025-10-25"])
def test_a_day_given_twice_is_not_answered_with_either(service: Status, query: str) -> None:
    told = problem(service.client.get(f"/v1/treaties/{HANOI}?{query}"), 422, "invalid-request")
    assert told["errors"][0]["pointer"] == "as_of"


def test_a_page_does_not_mind_what_others_hang_on_to_its_address(service: Status) -> None:
    assert service.client.get("/docs?utm_source=letter").status_code == 200


# ---- bodies ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("body", [b"{", b"", b'{"action":', b"\xff\xfe", b'{"action": "\xc3"}'])
def test_what_is_not_json_is_told_so(service: Status, body: bytes) -> None:
    problem(raw(service, body), 400, "malformed-json")


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"x"'])
def test_json_that_is_no_object_is_told_so(service: Status, body: bytes) -> None:
    problem(raw(service, body), 422, "invalid-request")


@pytest.mark.parametrize("opening", [b"[", b'{"op":"all","of":['])
def test_a_nesting_beyond_reason_is_refused(service: Status, opening: bytes) -> None:
    body = json.dumps(protocol("EX-3") | {"rule": "HERE"}).encode().replace(b'"HERE"', opening * 3_000)
    answer = service.client.put(
        "/v1/treaties/EX-3", content=body, headers=service.bearer() | {"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text
    closed = json.dumps(protocol("EX-3") | {"rule": "HERE"}).encode()
    deep = b'{"a":' * 3_000 + b"1" + b"}" * 3_000
    answer = service.client.put(
        "/v1/treaties/EX-3",
        content=closed.replace(b'"HERE"', deep),
        headers=service.bearer() | {"content-type": "application/json"},
    )
    assert answer.status_code in {400, 422}, answer.text


def test_an_unknown_field_is_refused_by_name(service: Status) -> None:
    answer = service.act(HANOI, "signature", "fra", "2025-10-25", country="France")
    assert "country" in problem(answer, 422, "invalid-request")["detail"]


def test_a_missing_field_is_named(service: Status) -> None:
    answer = service.post(f"{HANOI}/actions", {"action": "signature", "participant": "fra"})
    assert "act_date" in problem(answer, 422, "invalid-request")["detail"]


def test_a_value_of_another_kind_is_pointed_at(service: Status) -> None:
    answer = service.act(HANOI, "signature", "fra", "2025-10-25", evidence=[{"source": 5}])
    told = problem(answer, 422, "invalid-request")
    assert told["errors"][0]["pointer"] == "/evidence/0/source"


@pytest.mark.parametrize(
    "given", [0, 1761350400, "0", "2025-10-25T00:00:00Z", "2025-10-25 ", "25.10.2025", "20251025", "2025-W43-6", ""]
)
def test_a_date_is_written_year_month_day_and_no_other_way(service: Status, given: object) -> None:
    answer = service.act(HANOI, "signature", "fra", given)  # type: ignore[arg-type]  # that is the point
    told = problem(answer, 422, "invalid-request")
    assert told["errors"][0]["pointer"] == "/act_date"


def test_a_day_that_is_not_in_the_calendar_is_refused(service: Status) -> None:
    told = problem(service.act(HANOI, "signature", "fra", "2025-02-30"), 422, "invalid-request")
    assert "no such day" in told["detail"]


def test_a_field_of_another_act_is_refused(service: Status) -> None:
    answer = service.act(HANOI, "signature", "fra", "2025-10-25", predecessor="sun")
    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/predecessor"


def test_an_action_that_does_not_exist_is_refused_with_those_that_do(service: Status) -> None:
    told = problem(service.act(HANOI, "ratificaton", "fra", "2025-10-25"), 422, "invalid-request")
    assert told["way_out"].startswith("Did you mean ratification?")
    assert "formal_confirmation" in told["way_out"]


def test_a_field_that_does_not_exist_inside_another_is_refused_with_those_that_do(service: Status) -> None:
    answer = service.act(HANOI, "signature", "fra", "2025-10-25", evidence=[{"sorce": "x"}])
    assert "source" in problem(answer, 422, "invalid-request")["way_out"]


def test_a_body_over_the_limit_is_refused_by_its_declared_length(service: Status) -> None:
    answer = service.act(HANOI, "signature", "fra", "2025-10-25", note="x" * 70_000)
    assert problem(answer, 413, "body-too-large")["limit_bytes"] == 65_536


def test_a_body_over_the_limit_is_refused_when_it_comes_in_chunks(service: Status) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(80):
            yield b" " * 1_024

    answer = service.client.post(
        f"/v1/treaties/{HANOI}/actions",
        content=chunks(),
        headers=service.bearer() | {"content-type": "application/json"},
    )
    problem(answer, 413, "body-too-large")


@pytest.mark.parametrize("path", ["claims", "corrections", "rehearsals", "day"])
def test_the_limit_holds_on_every_road(service: Status, path: str) -> None:
    answer = service.post(f"{HANOI}/{path}", {"note": "x" * 70_000})
    problem(answer, 413, "body-too-large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_sent_as_json_is_refused(service: Status, kind: str) -> None:
    answer = raw(service, b'{"action":"signature"}', **{"content-type": kind})
    problem(answer, 415, "unsupported-media-type")


def test_the_character_nul_is_refused(service: Status) -> None:
    answer = service.act(HANOI, "signature", "fra", "2025-10-25", note="a\x00b")
    problem(answer, 422, "invalid-request")


# ---- the law ---------------------------------------------------------------------------------------------------------
def test_an_unknown_participant_is_refused_with_suggestions(service: Status) -> None:
    told = problem(service.act(HANOI, "signature", "Vietnamm", "2025-10-25"), 422, "unknown-participant")

    assert told["suggestions"][0]["id"] == "vnm"
    assert 1 <= len(told["suggestions"]) <= 3


def test_a_name_of_two_participants_is_not_guessed(service: Status) -> None:
    problem(service.act(HANOI, "signature", "Korea", "2025-10-25"), 422, "unknown-participant")


def test_an_unknown_treaty_is_not_found(service: Status) -> None:
    problem(service.act("NO-SUCH", "signature", "fra", "2025-10-25"), 404, "unknown-treaty")
    for path in ("", "/participants", "/participants.csv", "/participants/fra", "/explanation", "/milestones", "/log"):
        problem(service.client.get(f"/v1/treaties/NO-SUCH{path}"), 404, "unknown-treaty")


def test_a_signature_outside_the_window_is_refused_and_can_be_overruled_with_a_reason(service: Status) -> None:
    told = problem(service.act(HANOI, "signature", "fji", "2025-09-01"), 422, "not-open-for-signature")
    assert told["check"] == "V1"
    assert told["windows"][0]["place"] == "Hanoi"

    override = {"checks": ["V1"], "reason": "a test of overruling"}
    receipt = service.recorded(HANOI, "signature", "fji", "2025-09-01", override=override)
    assert receipt["warnings"][0]["code"] == "V1"


def test_an_override_needs_a_reason(service: Status) -> None:
    override = {"checks": ["V1"], "reason": ""}
    problem(service.act(HANOI, "signature", "nru", "2025-09-01", override=override), 422, "invalid-request")


def test_ratification_without_signature_is_refused(service: Status) -> None:
    told = problem(service.act(HANOI, "ratification", "tuv", "2026-11-01"), 422, "signature-missing")
    assert "accession" in told["way_out"]


def test_a_second_consent_while_the_first_lives_is_a_conflict(service: Status) -> None:
    service.recorded(HANOI, "accession", "mhl", "2026-11-01")
    told = problem(service.act(HANOI, "accession", "mhl", "2026-11-02"), 409, "already-contracting")
    assert told["deposited_on"] == "2026-11-01"


def test_a_second_signature_is_a_conflict(service: Status) -> None:
    service.recorded(HANOI, "signature", "plw", "2025-10-25", place="Hanoi")
    problem(service.act(HANOI, "signature", "plw", "2025-10-26"), 409, "already-signed")


def test_a_future_act_is_refused(service: Status) -> None:
    told = problem(service.act(HANOI, "accession", "kir", "2026-11-22"), 422, "act-in-the-future")
    assert told["today"] == "2026-11-21"


def test_today_is_the_depositarys_today(service: Status) -> None:
    """At 03:00 UTC on the 22nd it is still the 21st in New York."""
    before, service.clock.now = service.clock.now, service.clock.now.replace(day=22, hour=3)
    try:
        problem(service.act(HANOI, "accession", "kir", "2026-11-22"), 422, "act-in-the-future")
    finally:
        service.clock.now = before


def test_the_european_union_cannot_come_before_any_of_its_members(service: Status) -> None:
    told = problem(service.act(HANOI, "accession", "eu", "2026-11-01"), 422, "no-member-state-yet")
    assert told["check"] == "V5"


def test_an_act_of_a_participant_that_did_not_exist_is_refused(service: Status) -> None:
    problem(service.act(HANOI, "signature", "Czechoslovakia", "2025-10-25"), 422, "act-too-early")


def test_an_act_below_the_depositarys_tier_is_kept_as_a_claim(service: Status) -> None:
    receipt = service.recorded(HANOI, "accession", "wsm", "2026-11-01", tier="press")
    assert receipt["recorded_as"] == "claim"
    assert receipt["warnings"][0]["code"] == "V14"


def test_a_withdrawal_that_took_effect_cannot_be_revoked(service: Status) -> None:
    assert service.put("EX-2", protocol("EX-2", need=1)).status_code == 201
    body = convention()["rule"]["leaving"]
    rule = {**protocol("EX-2", need=1)["rule"], "leaving": body}
    assert service.put("EX-2", {**protocol("EX-2", need=1), "rule": rule}).status_code == 200
    treaty = service.rehearse("EX-2", starts_on="2026-02-01")
    service.recorded(treaty, "accession", "fra", "2026-02-01")
    service.recorded(treaty, "withdrawal_notified", "fra", "2026-08-01")
    answer = service.act(treaty, "withdrawal_revoked", "fra", "2027-08-02")
    problem(answer, 409, "withdrawal-already-effective")


def test_the_records_own_calendar_cannot_be_moved(service: Status) -> None:
    problem(service.post(f"{HANOI}/day", {"on": "2027-01-01"}), 409, "not-a-rehearsal")


def test_the_record_itself_cannot_be_deleted(service: Status) -> None:
    answer = service.client.delete(f"/v1/treaties/{HANOI}", headers=service.bearer())
    problem(answer, 409, "not-a-rehearsal")


# ---- conditions ------------------------------------------------------------------------------------------------------
def test_a_stale_version_is_told_with_the_present_one(service: Status) -> None:
    body = {"action": "accession", "participant": "ton", "act_date": "2026-11-01"}
    answer = service.post(f"{HANOI}/actions", body, if_match='"1"')
    told = problem(answer, 412, "stale-version")
    assert (told["expected"], told["version"]) == (1, version(service))


def test_the_etag_of_the_document_is_a_condition(service: Status) -> None:
    etag = service.client.get(f"/v1/treaties/{HANOI}").headers["etag"]
    body = {"action": "accession", "participant": "ton", "act_date": "2026-11-01"}

    assert service.post(f"{HANOI}/actions", body, if_match=etag).status_code == 201
    again = service.post(f"{HANOI}/actions", body | {"participant": "slb"}, if_match=etag)
    problem(again, 412, "stale-version")


@pytest.mark.parametrize("given", ["84", "abc", '"x"', '"1", "2"', '""'])
def test_a_condition_that_cannot_be_read_is_not_passed_over(service: Status, given: str) -> None:
    body = {"action": "accession", "participant": "vut", "act_date": "2026-11-01"}
    problem(service.post(f"{HANOI}/actions", body, if_match=given), 400, "malformed-header")


def test_the_same_request_under_the_same_key_is_answered_once_and_told_again(service: Status) -> None:
    body = {"action": "accession", "participant": "cub", "act_date": "2026-11-01"}
    first = service.post(f"{HANOI}/actions", body, idempotency_key="once")
    before = version(service)
    second = service.post(f"{HANOI}/actions", dict(reversed(body.items())), idempotency_key="once")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert version(service) == before


def test_a_retry_is_answered_though_its_condition_is_stale_by_now(service: Status) -> None:
    body = {"action": "accession", "participant": "jam", "act_date": "2026-11-01"}
    condition = f'"{version(service)}"'
    first = service.post(f"{HANOI}/actions", body, idempotency_key="retry", if_match=condition)
    second = service.post(f"{HANOI}/actions", body, idempotency_key="retry", if_match=condition)
    assert (first.status_code, first.json()) == (second.status_code, second.json())


def test_a_key_used_for_another_body_is_refused(service: Status) -> None:
    body = {"action": "accession", "participant": "mdv", "act_date": "2026-11-01"}
    assert service.post(f"{HANOI}/actions", body, idempotency_key="mine").status_code == 201
    other = service.post(f"{HANOI}/actions", body | {"participant": "bhr"}, idempotency_key="mine")
    problem(other, 422, "idempotency-key-reused")


def test_two_holders_may_choose_the_same_idempotency_key(service: Status) -> None:
    one = {"action": "accession", "participant": "omn", "act_date": "2026-11-01"}
    two = {"action": "accession", "participant": "kwt", "act_date": "2026-11-01"}
    assert service.post(f"{HANOI}/actions", one, idempotency_key="shared").status_code == 201
    assert service.post(f"{HANOI}/actions", two, who="record", idempotency_key="shared").status_code == 201


@pytest.mark.parametrize("given", ["x" * 201, "with space", "tab\there"])
def test_an_idempotency_key_is_short_and_visible(service: Status, given: str) -> None:
    body = {"action": "accession", "participant": "vut", "act_date": "2026-11-01"}
    problem(service.post(f"{HANOI}/actions", body, idempotency_key=given), 400, "malformed-header")


def test_a_refusal_leaves_the_idempotency_key_free(service: Status) -> None:
    wrong = {"action": "accession", "participant": "vut", "act_date": "2027-11-01"}
    right = wrong | {"act_date": "2026-11-01"}
    problem(service.post(f"{HANOI}/actions", wrong, idempotency_key="again"), 422, "act-in-the-future")
    assert service.post(f"{HANOI}/actions", right, idempotency_key="again").status_code == 201


def test_a_dry_run_says_what_would_follow_and_records_nothing(service: Status) -> None:
    before = version(service)
    body = {"action": "accession", "participant": "lka", "act_date": "2026-11-01"}

    answer = service.post(f"{HANOI}/actions", body, query="?dry_run=true")

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["dry_run"], told["event_id"], told["position"]) == (True, None, None)
    assert "treaty.participant.consent.reached" in {one["type"] for one in told["milestones"]}
    assert version(service) == before
    problem(
        service.post(f"{HANOI}/actions", body | {"participant": "mhl"}, query="?dry_run=1"), 409, "already-contracting"
    )


# ---- keys ------------------------------------------------------------------------------------------------------------
def test_writing_needs_a_key_and_says_which_scheme(service: Status) -> None:
    answer = service.client.post(f"/v1/treaties/{HANOI}/actions", json={})
    problem(answer, 401, "key-missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("given", ["Bearer nonsense", "Bearer ts_" + "A" * 43, "Bearer ", "Bearer ünd"])
def test_a_key_that_is_not_ours_is_refused_without_saying_more(service: Status, given: str) -> None:
    answer = (
        service.client.post(
            f"/v1/treaties/{HANOI}/actions",
            json={},
            headers={"authorization": given.encode("latin-1").decode("latin-1")},
        )
        if given.isascii()
        else service.client.post(f"/v1/treaties/{HANOI}/actions", json={}, headers=[(b"authorization", given.encode())])
    )
    told = problem(answer, 401, "key-unknown")
    assert given.removeprefix("Bearer ") not in json.dumps(told) or given == "Bearer "


@pytest.mark.parametrize("who", ["define", "subscribe"])
def test_recording_needs_the_scope_record(service: Status, who: str) -> None:
    body = {"action": "accession", "participant": "lka", "act_date": "2026-11-01"}
    for path in ("actions", "claims", "corrections", "rehearsals", "day"):
        told = problem(service.post(f"{HANOI}/{path}", body, who=who), 403, "scope-missing")
        assert told["needs"] == "record"


def test_defining_needs_the_scope_define(service: Status) -> None:
    answer = service.client.put("/v1/treaties/EX-9", json=protocol("EX-9"), headers=service.bearer("record"))
    assert problem(answer, 403, "scope-missing")["needs"] == "define"
    answer = service.client.delete(f"/v1/treaties/{HANOI}", headers=service.bearer("record"))
    assert problem(answer, 403, "scope-missing")["needs"] == "define"


def test_a_revoked_key_is_refused_within_five_seconds(service: Status) -> None:
    now = [0.0]
    access, service.app.surface.access._now_seconds = service.app.surface.access, lambda: now[0]
    keys = service.app.surface.desk.keys
    key, secret = keys.create(name="to-be-revoked", scopes=["record"], now=service.clock.now)  # type: ignore[list-item]
    held = {"authorization": f"Bearer {secret}"}
    assert service.client.get("/v1/keys/self", headers=held).status_code == 200

    keys.revoke(key.id, now=service.clock.now)
    now[0] += 1.6

    problem(service.client.get("/v1/keys/self", headers=held), 401, "key-unknown")
    assert access is service.app.surface.access


def test_a_key_may_ask_who_it_is(service: Status) -> None:
    told = service.client.get("/v1/keys/self", headers=service.bearer("record")).json()
    assert (told["name"], told["scopes"]) == ("record", ["record"])
    problem(service.client.get("/v1/keys/self"), 401, "key-missing")


def test_every_event_names_the_key_that_wrote_it(service: Status) -> None:
    body = {"action": "accession", "participant": "npl", "act_date": "2026-11-01"}
    assert service.post(f"{HANOI}/actions", body, who="record").status_code == 201
    assert service.log()[-1]["recorded_by"] == "key:record"


# ---- addresses -------------------------------------------------------------------------------------------------------
def test_an_address_that_does_not_exist_is_a_problem_too(service: Status) -> None:
    problem(service.client.get("/v1/nothing"), 404, "not-found")


def test_a_method_that_is_not_taken_names_those_that_are(service: Status) -> None:
    answer = service.client.patch(f"/v1/treaties/{HANOI}", headers=service.bearer())
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize("query", ["as_of=0", "as_of=1761350400", "as_of=2025-10-25T00:00:00Z", "as_of=9999-12-31"])
def test_a_legal_day_is_written_year_month_day(service: Status, query: str) -> None:
    told = problem(service.client.get(f"/v1/treaties/{HANOI}?{query}"), 422, "invalid-request")
    assert told["errors"][0]["pointer"] == "as_of"


def test_a_participant_in_an_address_that_nobody_knows_is_not_found(service: Status) -> None:
    told = problem(service.client.get(f"/v1/treaties/{HANOI}/participants/Vietnamm"), 404, "no-such-participant")
    assert told["suggestions"][0]["id"] == "vnm"
    problem(service.client.get("/v1/participants/Vietnamm"), 404, "no-such-participant")


def test_a_group_that_nobody_knows_names_those_there_are(service: Status) -> None:
    told = problem(service.client.get("/v1/participants?group=atlantis"), 404, "unknown-group")
    assert "eu" in told["groups"]


def test_what_a_problem_means_can_be_read_at_its_type(service: Status) -> None:
    told = service.client.get("/problems/already-contracting").json()
    assert (told["status"], told["type"]) == (409, "/problems/already-contracting")
    problem(service.client.get("/problems/no-such-thing"), 404, "not-found")


def test_a_fault_of_ours_tells_nothing_of_itself(service: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError("a secret of the implementation")

    monkeypatch.setattr(service.app.surface.desk.log, "head", fails, raising=False)
    monkeypatch.setattr(service.app.surface.desk.views, "treaties", fails)
    answer = service.client.get("/v1/treaties")
    assert problem(answer, 500, "fault")
    assert "secret" not in answer.text


# ---- a treaty's id and its zone --------------------------------------------------------------------------------------
def test_a_new_treaty_may_not_differ_from_a_recorded_one_in_capital_letters_alone(service: Status) -> None:
    body = protocol(HANOI.lower())
    told = problem(service.put(HANOI.lower(), body), 409, "treaty-exists")

    assert told["recorded_as"] == HANOI
    assert HANOI in told["way_out"]
    assert service.client.get(f"/v1/treaties/{HANOI.lower()}").status_code == 404
    assert service.put(HANOI, convention()).status_code == 200


def test_an_id_that_only_contains_another_is_an_id_of_its_own(service: Status) -> None:
    assert service.put(f"{HANOI}-a", protocol(f"{HANOI}-a")).status_code == 201


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "europe/paris", "posix/Europe/Paris", ""])
def test_a_depositarys_zone_is_one_that_means_the_same_on_every_machine(service: Status, zone: str) -> None:
    depositary = {"id": "x", "name": {"en": "x"}, "time_zone": zone}
    answer = service.put("ZONE-1", protocol("ZONE-1", depositary=depositary))

    assert "/depositary/time_zone" in problem(answer, 422, "invalid-request")["detail"]
