"""An endpoint is examined: by endpoints that are good, and by each of the usual mistakes."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, Reply, notifier

Judge = Callable[[Mapping[str, str], bytes, str], bool]


class Pupil(Receiver):
    """An endpoint that answers by what it makes of a webhook; it is given its secret afterwards."""

    def __init__(self, judge: Judge, *, refuses_repetitions: bool = False) -> None:
        self.secret = ""
        self._judge = judge
        self._seen: set[str] = set()
        self._refuses_repetitions = refuses_repetitions
        super().__init__()

    def _note(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        name = headers["webhook-id"]
        is_good = self._judge(headers, body, self.secret)
        if self._refuses_repetitions and name in self._seen:
            is_good = False
        self._seen.add(name)
        self.script = [Reply(204 if is_good else 401)]
        return super()._note(path, headers, body)


def good(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers))
    except (WebhookVerificationError, ValueError):
        return False
    return True


def accepts_everything(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    return True


def refuses_everything(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    return False


def only_looks_for_a_signature(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    return "webhook-signature" in headers


def never_looks_at_the_clock(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return right in headers.get("webhook-signature", "").split(" ")


def examined(service: Notifier, pupil: Pupil, **fields: Any) -> dict[str, Any]:
    made = service.subscribe(pupil.url, **fields)
    pupil.secret = made["secret"]
    answer = service.call("POST", f"/v1/subscriptions/{made['id']}/exam")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def failed(report: Mapping[str, Any]) -> set[str]:
    return {one["question"] for one in report["questions"] if one["mark"] == "failed"}


@pytest.mark.parametrize(
    ("judge", "grade", "wrong"),
    [
        (good, "A", set()),
        (accepts_everything, "F", {"unsigned", "bad_signature", "altered_body", "stale"}),
        (only_looks_for_a_signature, "F", {"bad_signature", "altered_body", "stale"}),
        (never_looks_at_the_clock, "C", {"stale"}),
        (refuses_everything, "F", {"valid"}),
    ],
)
def test_each_endpoint_gets_the_grade_that_it_earns(
    running_notifier: Notifier, judge: Judge, grade: str, wrong: set[str]
) -> None:
    pupil = Pupil(judge)
    try:
        report = examined(running_notifier, pupil)
    finally:
        pupil.close()

    assert (report["grade"], failed(report)) == (grade, wrong)
    assert all(bool(one["advice"]) == (one["mark"] == "failed") for one in report["questions"])
    assert {one["mark"] for one in report["questions"]} <= {"passed", "failed", "not_asked"}


def test_an_endpoint_that_refuses_a_repetition_is_told_so(running_notifier: Notifier) -> None:
    pupil = Pupil(good, refuses_repetitions=True)
    try:
        report = examined(running_notifier, pupil)
    finally:
        pupil.close()

    assert (report["grade"], failed(report)) == ("B", {"duplicate"})


def test_an_endpoint_that_refuses_what_is_genuine_is_asked_nothing_more(running_notifier: Notifier) -> None:
    pupil = Pupil(refuses_everything)
    try:
        report = examined(running_notifier, pupil)
        assert len(pupil.received) == 1
    finally:
        pupil.close()

    assert [one["mark"] for one in report["questions"]] == ["failed", *["not_asked"] * 6]


def test_an_exam_books_nothing_disables_nothing_and_comes_once_in_ten_seconds(
    running_notifier: Notifier, receiver: Receiver
) -> None:
    receiver.usual = Reply(410)
    made = running_notifier.subscribe(receiver.url)
    path = f"/v1/subscriptions/{made['id']}"
    report = running_notifier.call("POST", f"{path}/exam").json()

    assert report["grade"] == "F"
    assert "disables" in report["questions"][0]["advice"]
    assert running_notifier.call("GET", path).json()["state"] == "active"
    assert running_notifier.deliveries(made) == []
    again = running_notifier.call("POST", f"{path}/exam")
    assert (again.status_code, again.json()["type"]) == (429, "/problems/exam-too-soon")
    assert running_notifier.call("POST", f"{path}/exam", key="ts_other").status_code == 404


def test_a_second_subscription_does_not_bring_a_second_exam_of_the_same_host(
    running_notifier: Notifier, receiver: Receiver
) -> None:
    def asked() -> int:
        made = running_notifier.subscribe(receiver.url)
        answer = running_notifier.call("POST", f"/v1/subscriptions/{made['id']}/exam")
        running_notifier.call("DELETE", f"/v1/subscriptions/{made['id']}")
        return answer.status_code

    assert [asked() for _ in range(5)] == [200, 429, 429, 429, 429]
    assert len(receiver.received) == 6


def test_a_question_looks_like_any_test_and_fields_of_ones_own_are_on_it(running_notifier: Notifier) -> None:
    pupil = Pupil(good)
    try:
        examined(running_notifier, pupil, headers={"x-gateway": "open"})
    finally:
        pupil.close()

    assert len(pupil.received) == 6
    assert {json.loads(one.body)["type"] for one in pupil.received} == {"webhook.test"}
    assert {one.headers["x-gateway"] for one in pupil.received} == {"open"}
    assert sum(abs(int(one.headers["webhook-timestamp"]) - time.time()) > 300 for one in pupil.received) == 1


def test_an_exam_dials_nothing_that_a_webhook_would_not(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status) as service:
        made = service.subscribe(receiver.url)
    with notifier(sqlite_dsn, fake_status, allow_networks="") as service:
        report = service.call("POST", f"/v1/subscriptions/{made['id']}/exam").json()

    assert report["questions"][0]["outcome"] == "blocked_address"
    assert receiver.received == []


class Watch(Receiver):
    """An endpoint that notes when requests came."""

    def __init__(self) -> None:
        self.came_at: list[float] = []
        super().__init__()

    def _note(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.came_at.append(time.monotonic())
        return super()._note(path, headers, body)


def test_an_exam_keeps_the_rate_that_was_agreed(running_notifier: Notifier) -> None:
    endpoint = Watch()
    try:
        made = running_notifier.subscribe(endpoint.url, rate_per_minute=600)
        running_notifier.call("POST", f"/v1/subscriptions/{made['id']}/exam")
    finally:
        endpoint.close()

    assert len(endpoint.came_at) == 6
    assert all(after - before >= 0.1 for before, after in pairwise(endpoint.came_at))


def test_a_rate_that_leaves_no_time_for_an_exam_is_named_and_nothing_is_asked(
    running_notifier: Notifier, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url, rate_per_minute=9)
    path = f"/v1/subscriptions/{made['id']}"
    refused = running_notifier.call("POST", f"{path}/exam")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/exam-too-long")
    assert "rate_per_minute: 9, at least: 10" in refused.json()["detail"]
    assert receiver.received == []
    running_notifier.call("PATCH", path, json={"rate_per_minute": 6000})
    assert running_notifier.call("POST", f"{path}/exam").status_code == 200  # what was refused did not count
