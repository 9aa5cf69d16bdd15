"""Signed statements of what was sent, compared offline with what a receiver holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.services.notifier_world import OTHER, FakeStatus, Notifier, Receiver, eventually, milestone
from tests.services.test_notifier_cloudevents import Consenting, consenting
from treaty_notifier.formats import Format
from treaty_notifier.listener import Verdict
from treaty_notifier.listener import _record as kept_record
from treaty_notifier.main import cli
from treaty_notifier.reconciling import Wanted
from treaty_notifier.reconciling import run as reconcile
from treaty_notifier.shelf import Shelf

__all__ = ["consenting"]  # a fixture, used by its name


def told(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    return done.exit_code, done.output


class Kept:
    """What a receiver has on its disk, and a checkpoint beside it."""

    def __init__(self, folder: Path, service: Notifier, subscription: dict[str, Any]) -> None:
        self.have, self.file = folder / "kept.ndjson", folder / "checkpoint.json"
        self.key = subscription["keys"][0]["public_key"]
        self._service, self._id = service, subscription["id"]

    def pull(self) -> None:
        reconcile(
            Wanted(
                url=str(self._service.client.base_url),
                subscription=self._id,
                key="ts_desk",
                have=(),
                state=self.have,
                post=None,
                secret=None,
                as_json=True,
            )
        )

    def sign(self) -> dict[str, Any]:
        answer = self._service.call("POST", f"/v1/subscriptions/{self._id}/checkpoint")
        assert answer.status_code == 200, answer.text
        self.file.write_text(answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def verify(self, *more: object) -> tuple[int, str]:
        return told("verify-checkpoint", self.file, "--public-key", self.key, *more)

    def alter(self, before: str, after: str) -> None:
        text = self.have.read_text()
        assert before in text
        self.have.write_text(text.replace(before, after, 1))


@pytest.fixture
def kept(running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver, tmp_path: Path) -> Kept:
    """Seven messages, delivered and kept, and a checkpoint of them."""
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(*(milestone(number) for number in range(1, 8)))
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(made)] == ["delivered"] * 7)
    found = Kept(tmp_path, running_notifier, made)
    found.pull()
    found.sign()
    return found


def test_what_is_held_is_what_was_signed_and_nobody_is_asked(kept: Kept, fake_status: FakeStatus) -> None:
    fake_status.is_down = True

    code, said = kept.verify("--have", kept.have)

    assert code == 0, said
    assert said.startswith("Fits: the signature and what is held. 7 numbers of sub_")


def test_the_tree_grows_with_the_feed_and_earlier_statements_stay_true(
    kept: Kept, running_notifier: Notifier, fake_status: FakeStatus
) -> None:
    first = kept.sign()
    fake_status.record(*(milestone(number) for number in range(8, 13)))
    eventually(lambda: running_notifier.client.get("/readyz").json()["position"] == 12)
    kept.pull()
    second = kept.sign()
    kept.file.write_text(json.dumps(first) + "\n" + json.dumps(second) + "\n")

    code, said = kept.verify("--have", kept.have)

    assert (first["size"], second["size"], second["head"]) == (7, 12, 12)
    assert (code, said.count("Fits: ")) == (0, 2)


def test_one_message_is_proved_to_others_without_the_rest(kept: Kept, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    for number in range(1, 8):
        code, document = told("prove", number, "--have", kept.have)
        proof.write_text(document)
        assert code == 0
        assert len(json.loads(document)["path"]) <= 3
        assert kept.verify("--proof", proof)[0] == 0

    altered = json.loads(proof.read_text())
    for name, value in (
        ("payload", altered["payload"].replace("reached", "revoked")),
        ("sequence", 6),
        ("webhook_id", "msg_other"),
        ("path", altered["path"][:-1]),
        ("path", ["?"]),
        ("payload", 7),
    ):
        proof.write_text(json.dumps(altered | {name: value}))
        code, said = kept.verify("--proof", proof)
        assert (code, said.startswith("Does not fit: ")) == (1, True)
    assert told("prove", 8, "--have", kept.have)[0] == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [("XVIII-16", "XVIII-17"), ('"webhook_id":"msg_', '"webhook_id":"msg_x'), ('"sequence":3,', '"sequence":33,')],
)
def test_what_is_held_otherwise_does_not_fit(kept: Kept, before: str, after: str) -> None:
    kept.alter(before, after)

    code, said = kept.verify("--have", kept.have)

    assert code == 1
    assert said.startswith("Does not fit: ")


def test_a_statement_that_was_altered_or_is_by_another_key_does_not_fit(
    kept: Kept, running_notifier: Notifier, receiver: Receiver
) -> None:
    signed = json.loads(kept.file.read_text())
    stranger = running_notifier.subscribe(f"{receiver.url}/other")["keys"][0]["public_key"]

    assert told("verify-checkpoint", kept.file, "--public-key", stranger)[0] == 1
    for name, value in (
        ("text", signed["text"].replace("\n7\n", "\n6\n")),
        ("text", signed["text"] + "\n"),
        ("signature", "v1a,AAAA"),
        ("signature", signed["signature"].replace("v1a", "v1")),
    ):
        kept.file.write_text(json.dumps(signed | {name: value}))
        assert kept.verify()[0] == 1
    kept.file.write_text(json.dumps(signed))
    assert kept.verify()[0] == 0
    code, said = told("verify-checkpoint", kept.file)
    assert (code, "by the key that the file itself names" in said) == (0, True)


def test_what_was_sent_again_is_what_it_was(kept: Kept) -> None:
    """Told in a replay or a resend, the body says so; what it tells is the same."""
    lines = [json.loads(line) for line in kept.have.read_text().splitlines()]
    for line, mark in zip(lines, ("replay", "resend") * 3, strict=False):
        line["payload"] = line["payload"][:-1] + f',"{mark}":true}}'
    kept.have.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert kept.verify("--have", kept.have)[0] == 0


def test_what_was_sent_again_as_new_beside_itself_changes_nothing(kept: Kept) -> None:
    lines = [json.loads(line) for line in kept.have.read_text().splitlines()]
    copy = lines[1] | {"webhook_id": "msg_copy", "payload": lines[1]["payload"][:-1] + ',"resend":true}'}
    kept.have.write_text("".join(json.dumps(line) + "\n" for line in [*lines, copy]))

    assert kept.verify("--have", kept.have)[0] == 0


@pytest.mark.parametrize("says_of_what", [True, False])
def test_a_copy_under_an_id_of_its_own_stands_for_its_message_where_it_says_for_which(
    running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver, tmp_path: Path, says_of_what: bool
) -> None:
    """It was delivered and the message itself never came; copies of older notifiers did not say whose they are."""
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(*(milestone(number) for number in range(1, 4)))
    webhooks = {one.json["sequence"]: one for one in receiver.wait_for(3)}
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(made)] == ["delivered"] * 3)
    running_notifier.call("POST", f"/v1/deliveries/{webhooks[2].id}/redeliver", json={"as_new": True})
    copy = receiver.wait_for(4)[3]
    assert copy.json == webhooks[2].json | {"resend": True, "resend_of": webhooks[2].id}
    payload = copy.body.decode()
    if not says_of_what:
        payload = payload.replace(f',"resend_of":"{webhooks[2].id}"', "")
    kept, shelf = Kept(tmp_path, running_notifier, made), Shelf(tmp_path / "kept.ndjson")
    for id_, text in ((webhooks[1].id, webhooks[1].body.decode()), (copy.id, payload)):
        said = json.loads(text)
        shelf.keep({name: said[name] for name in ("sequence", "previous_id")} | {"webhook_id": id_, "payload": text})

    kept.pull()
    kept.sign()
    code, told_ = kept.verify("--have", kept.have)

    assert code == 0, told_
    numbers = [json.loads(line)["sequence"] for line in kept.have.read_text().splitlines()]
    assert numbers == ([1, 2, 3] if says_of_what else [1, 2, 2, 3])
    kept.pull()
    assert len(kept.have.read_text().splitlines()) == len(numbers)  # there is nothing more to fetch


@pytest.mark.parametrize("form", Format)
def test_what_was_kept_in_another_form_is_compared_in_the_standard_one(
    running_notifier: Notifier, fake_status: FakeStatus, consenting: Consenting, tmp_path: Path, form: Format
) -> None:
    """Also where a number came only as a copy or in a replay."""
    made = running_notifier.subscribe(consenting.url, format=form.value)
    fake_status.record(*(milestone(number) for number in range(1, 5)))
    first = {one.id: one for one in consenting.wait_for(4)}
    eventually(lambda: [one["state"] for one in running_notifier.deliveries(made)] == ["delivered"] * 4)
    known = {one["sequence"]: one["id"] for one in running_notifier.deliveries(made)}
    running_notifier.call("POST", f"/v1/deliveries/{known[2]}/redeliver", json={"as_new": True})
    copy = consenting.wait_for(5)[4]
    running_notifier.call("POST", f"/v1/deliveries/{known[3]}/redeliver")
    again = consenting.wait_for(6)[5]
    kept, shelf = Kept(tmp_path, running_notifier, made), Shelf(tmp_path / "kept.ndjson")
    for one in (first[known[1]], copy, again, first[known[4]]):
        headers = {name.lower(): value for name, value in one.headers.items()}
        shelf.keep(kept_record(headers, one.body, Verdict(word="verified")))
    kept.sign()

    code, said = kept.verify("--have", kept.have)

    assert code == 0, said
    for number in range(1, 5):
        (tmp_path / "proof.json").write_text(told("prove", number, "--have", kept.have)[1])
        assert kept.verify("--proof", tmp_path / "proof.json")[0] == 0


def test_what_cannot_be_compared_is_said(kept: Kept, running_notifier: Notifier, tmp_path: Path) -> None:
    lines = kept.have.read_text().splitlines(keepends=True)
    kept.have.write_text("".join(lines[:2] + lines[3:]))
    code, said = kept.verify("--have", kept.have)
    assert (code, "1 are not held (the first: 3)" in said) == (1, True)

    nonsense = tmp_path / "nonsense.txt"
    nonsense.write_text("Dear Sir,")
    empty = tmp_path / "empty.json"
    empty.write_text("")
    for arguments in (
        (nonsense, "--public-key", kept.key),
        (empty, "--public-key", kept.key),
        (tmp_path / "none", "--public-key", kept.key),
        (kept.file, "--public-key", "whpk_x"),
        (kept.file, "--keys", nonsense),
    ):
        assert told("verify-checkpoint", *arguments)[0] == 2
    other = running_notifier.call("POST", f"/v1/subscriptions/{kept._id}/checkpoint", key=OTHER)
    assert other.status_code == 404


def test_of_a_feed_without_messages_it_says_so(running_notifier: Notifier, receiver: Receiver, tmp_path: Path) -> None:
    kept = Kept(tmp_path, running_notifier, running_notifier.subscribe(receiver.url))
    kept.have.write_text("")

    assert kept.sign()["size"] == 0
    assert kept.verify("--have", kept.have)[0] == 0
