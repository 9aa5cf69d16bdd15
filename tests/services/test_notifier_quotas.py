"""Nobody asks for more than is allowed, and whoever does is told when to go on."""

import pytest

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, notifier
from treaty_notifier.quota import Quota


def test_what_was_taken_is_free_again_after_the_window_and_each_name_counts_for_itself() -> None:
    now = [100.0]
    quota = Quota(limit=2, window_seconds=60, seconds=lambda: now[0])

    assert [quota.take("desk"), quota.take("other")] == [None, None]
    now[0] = 110.0
    assert [quota.take("desk"), quota.take("desk")] == [None, 50.0]
    now[0] = 160.0
    assert [quota.take("desk"), quota.take("desk")] == [None, 10.0]
    now[0] = 170.0
    assert quota.take("desk", longer_seconds=30) is None
    now[0] = 231.0
    assert [quota.take("desk"), quota.take("desk")] == [None, 29.0]


def test_a_quota_holds_nothing_of_what_is_over() -> None:
    now = [0.0]
    quota = Quota(limit=1, window_seconds=10, seconds=lambda: now[0])
    for number in range(1000):
        now[0] = float(number)
        assert quota.take(f"host-{number}") is None
        assert len(quota) <= 10


def test_tests_and_copies_under_new_ids_are_counted_together_and_leave_no_more_lines_than_that(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status, tests_per_minute=3) as service:
        first, second = service.subscribe(receiver.url), service.subscribe(receiver.url)
        sent = [service.call("POST", f"/v1/subscriptions/{one['id']}/test") for one in (first, second)]
        again = f"/v1/deliveries/{sent[0].json()['delivery']}/redeliver"
        receiver.wait_for(2)
        copy = service.call("POST", again, json={"as_new": True})
        refused = [
            service.call("POST", f"/v1/subscriptions/{first['id']}/test"),
            service.call("POST", again, json={"as_new": True}),
        ]

        assert [answer.status_code for answer in (*sent, copy)] == [202] * 3
        for answer in refused:
            assert (answer.status_code, answer.json()["type"]) == (429, "/problems/test-limit")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
            assert "limit: 3" in answer.json()["detail"]
            assert "TREATY_NOTIFIER_TESTS_PER_MINUTE" in answer.json()["detail"]
        assert len(service.deliveries(first)) + len(service.deliveries(second)) == 3
        assert service.call("POST", again).status_code == 202  # under its own id it is no new line
        assert service.call("GET", "/problems/test-limit").status_code == 200


def test_an_exam_that_comes_too_soon_says_when_to_ask_again(running_notifier: Notifier, receiver: Receiver) -> None:
    made = running_notifier.subscribe(receiver.url)
    answers = [running_notifier.call("POST", f"/v1/subscriptions/{made['id']}/exam") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert 1 <= int(answers[1].headers["retry-after"]) <= 10


@pytest.mark.parametrize("status", ["429", "503"])
def test_the_document_says_that_such_an_answer_tells_when_to_go_on(running_notifier: Notifier, status: str) -> None:
    document = running_notifier.call("GET", "/openapi.json").json()
    answer = document["paths"]["/v1/subscriptions/{subscription_id}/test"]["post"]["responses"][status]

    assert "Retry-After" in answer["headers"]
