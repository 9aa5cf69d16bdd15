"""Two notifiers on one SQLite file: one delivers, the other stands by, answers the API, and takes over."""

import pytest

from tests.services.notifier_world import FakeStatus, Notifier, Receiver, eventually, milestone, notifier


def role(service: Notifier) -> str:
    answer = service.call("GET", "/readyz", key=None)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["role"])


def test_who_stands_by_is_ready_answers_and_takes_over_when_the_keeper_ends(
    sqlite_dsn: str, fake_status: FakeStatus, receiver: Receiver
) -> None:
    with notifier(sqlite_dsn, fake_status) as standby_to_be:
        eventually(lambda: role(standby_to_be) == "serving")
        with notifier(sqlite_dsn, fake_status) as second:
            eventually(lambda: second.call("GET", "/readyz", key=None).status_code == 200)
            assert (role(standby_to_be), role(second)) == ("serving", "standing by")
            assert "treaty_notifier_serving 0.0" in second.call("GET", "/metrics", key=None).text
            made = second.subscribe(receiver.url)
            fake_status.record(milestone(1))
            receiver.wait_for(1)
            assert standby_to_be.call("GET", f"/v1/subscriptions/{made['id']}").status_code == 200

            standby_to_be.close()
            eventually(lambda: role(second) == "serving")
            assert "treaty_notifier_serving 1.0" in second.call("GET", "/metrics", key=None).text
            fake_status.record(milestone(2))
            receiver.wait_for(2)
            second.call("GET", "/livez", key=None)

    assert len(set(receiver.ids())) == 2


def test_several_on_one_postgres_all_serve(postgres_dsn: str, fake_status: FakeStatus) -> None:
    with notifier(postgres_dsn, fake_status) as first, notifier(postgres_dsn, fake_status) as second:
        for service in (first, second):
            eventually(lambda service=service: role(service) == "serving")


@pytest.fixture
def fake_status() -> FakeStatus:
    return FakeStatus()
