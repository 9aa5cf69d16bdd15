"""A receiver that keeps what arrives, and finds what did not: ``listen --out`` and ``reconcile``."""

import json
from pathlib import Path

import pytest

from tests.services.notifier_world import DESK, OTHER, FakeStatus, Notifier, Receiver, eventually, milestone
from treaty_notifier.holdings import HoldingsUnreadable
from treaty_notifier.reconciling import Wanted, run
from treaty_notifier.shelf import Shelf


def record(
    sequence: int | None, *, watermark: int = 0, previous: int | None = None, **more: object
) -> dict[str, object]:
    before = f"msg_{previous}" if previous else None
    return {"sequence": sequence, "webhook_id": f"msg_{sequence}", "previous_id": before, "watermark": watermark} | more


def test_a_shelf_keeps_each_message_once_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "kept.ndjson"
    shelf = Shelf(file)

    assert shelf.keep(record(1)) == (True, [])
    assert shelf.keep(record(1)) == (False, [])
    assert shelf.keep(record(None, webhook_id="msg_test")) == (True, [])
    file.write_bytes(file.read_bytes() + b'{"sequence":2,"webhook_')  # the machine died while this was written
    again = Shelf(file)

    assert again.keep(record(None, webhook_id="msg_test")) == (False, [])
    assert again.keep(record(2, previous=1)) == (True, [])
    assert [json.loads(line)["sequence"] for line in file.read_text().splitlines()] == [1, None, 2]


def test_a_shelf_says_what_is_missing_once_and_when_it_came_after_all(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "kept.ndjson")

    assert shelf.keep(record(1)) == (True, [])
    assert shelf.keep(record(4, watermark=1)) == (True, [])  # 2 and 3 may still be on their way
    (said,) = shelf.keep(record(5, watermark=3))[1]
    assert said.startswith("Missing: 2 to 3")
    assert shelf.keep(record(6, watermark=3)) == (True, [])
    shelf.keep(record(2))
    assert shelf.keep(record(3)) == (True, ["No longer missing: 3"])
    (odd,) = shelf.keep(record(7, previous=99))[1]
    assert "does not follow" in odd


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir,\n")

    with pytest.raises(HoldingsUnreadable):
        Shelf(file)

    assert file.read_text() == "Dear Sir,\n"


def wanted(service: Notifier, subscription: dict[str, str], **changes: object) -> Wanted:
    fields: dict[str, object] = {
        "url": str(service.client.base_url),
        "subscription": subscription["id"],
        "key": DESK,
        "have": (),
        "state": None,
        "post": None,
        "secret": None,
        "as_json": True,
    }
    return Wanted(**(fields | changes))  # type: ignore[arg-type]  # the fields above with some replaced


@pytest.fixture
def subscription(running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver) -> dict[str, str]:
    """Six messages, all delivered."""
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(*(milestone(number) for number in range(1, 7)))
    receiver.wait_for(6)
    eventually(lambda: {one["state"] for one in running_notifier.deliveries(made)} == {"delivered"})
    return made


@pytest.mark.parametrize("remembers", ["numbers", "ids"])
def test_a_receiver_that_remembers_numbers_or_ids_gets_exactly_what_it_lacks(
    running_notifier: Notifier,
    subscription: dict[str, str],
    receiver: Receiver,
    tmp_path: Path,
    remembers: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ids = {one.json["sequence"]: one.id for one in receiver.received}
    folder = tmp_path / "have"
    folder.mkdir()
    (folder / "a.txt").write_text("1-2\n" if remembers == "numbers" else f"{ids[1]}\n{ids[2]}\n")
    (folder / "b.txt").write_text("5\n" if remembers == "numbers" else f"{ids[5]}\n")

    code = run(wanted(running_notifier, subscription, have=(folder,)))

    told = capsys.readouterr()
    fetched = [json.loads(line) for line in told.out.splitlines()]
    assert (code, [one["sequence"] for one in fetched]) == (1, [3, 4, 6])
    assert json.loads(told.err)["gaps"] == [{"from": 3, "to": 4}, {"from": 6, "to": 6}]
    by_number = {one.json["sequence"]: one.body.decode() for one in receiver.received}
    assert [one["payload"] for one in fetched] == [by_number[3], by_number[4], by_number[6]]


def test_what_was_missing_is_posted_signed_to_an_endpoint_of_ones_own(
    running_notifier: Notifier, subscription: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    from standardwebhooks import Webhook  # noqa: PLC0415

    have, own = tmp_path / "have.txt", Receiver()
    have.write_text("1-4")

    code = run(wanted(running_notifier, subscription, have=(have,), post=own.url, secret=subscription["secret"]))

    assert code == 1
    assert [one.json["sequence"] for one in own.received] == [5, 6]
    pushed = {one.id: one.body for one in receiver.received}
    for one in own.received:
        Webhook(subscription["secret"]).verify(one.body, one.headers)
        assert pushed[one.id] == one.body
    own.close()


def test_what_cannot_be_right_is_said(
    running_notifier: Notifier,
    subscription: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    have = tmp_path / "have.txt"
    have.write_text("1-6\n" + json.dumps({"sequence": 6, "webhook_id": "msg_other"}))
    assert run(wanted(running_notifier, subscription, have=(have,))) == 1
    assert "held under another id" in capsys.readouterr().err

    have.write_text("1-9")
    assert run(wanted(running_notifier, subscription, have=(have,))) == 1
    assert "another subscription's state" in capsys.readouterr().err

    have.write_text("1-6")
    assert run(wanted(running_notifier, subscription, have=(have,))) == 0
    assert run(wanted(running_notifier, subscription, have=(have,), key=OTHER)) == 2
    assert run(wanted(running_notifier, subscription, have=(tmp_path / "none",))) == 2
    assert run(wanted(running_notifier, subscription, have=(have,), url="http://127.0.0.1:9")) == 2
    assert run(wanted(running_notifier, subscription, post="http://127.0.0.1:9")) == 2
