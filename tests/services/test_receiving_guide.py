"""docs/receiving.md is true: each of its blocks is run as it stands, against a real notifier."""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.receivers.matrix import CASES, HOLDERS, Sent, expected
from tests.services.notifier_world import DESK, FakeStatus, Notifier, Receiver, altered, eventually, milestone

GUIDE = (Path(__file__).parents[2] / "docs" / "receiving.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL))
SECONDS = 30
PATHS = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """A folder with every block in its file."""
    for name, text in BLOCKS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def needs(command: str) -> str:
    found = shutil.which(command)
    if found is None:
        pytest.skip(f"needs {command}")
    return found


def said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout


def node() -> str:
    found = needs("node")
    if int(said_by(found, "-p", "process.versions.node").split(".")[0]) < 20:
        pytest.skip("needs node 20")
    return found


def openssl() -> str:
    found = needs("openssl")
    if not said_by(found, "version").startswith("OpenSSL 3"):
        pytest.skip("needs OpenSSL 3")
    return found


def test_the_guide_has_these_blocks_and_no_other_code() -> None:
    assert set(BLOCKS) == {
        "receive.py",
        "verify.py",
        "receive.mjs",
        "verify.sh",
        "gaps.py",
        "pull.sh",
        "listen.sh",
        "evidence.sh",
    }
    assert GUIDE.count("```") == 2 * len(BLOCKS)


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[str]:
    """A receiver in a process of its own; its address."""
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, env=PATHS)
        try:
            eventually(lambda: accepts(port) or process.poll() is not None, seconds=SECONDS)
            assert process.poll() is None, (folder / "said.txt").read_text()
            yield f"http://127.0.0.1:{port}/hook"
        finally:
            process.terminate()
            process.wait(10)


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def in_python(folder: Path, port: int, made: dict[str, Any]) -> list[str]:
    return [sys.executable, "receive.py", str(port), made["secret"], "kept"]


def in_javascript(folder: Path, port: int, made: dict[str, Any]) -> list[str]:
    return [node(), "receive.mjs", str(port), made["secret"], "kept"]


def in_javascript_with_the_public_key(folder: Path, port: int, made: dict[str, Any]) -> list[str]:
    return [node(), "receive.mjs", str(port), made["keys"][0]["public_key"], "kept"]


def without_writing_anything(folder: Path, port: int, made: dict[str, Any]) -> list[str]:
    return ["sh", "listen.sh", str(port), made["secret"], made["keys"][0]["public_key"], "kept"]


def kept(folder: Path) -> list[int | None]:
    """The numbers that a receiver holds, as it got them."""
    file = folder / "kept"
    if not file.exists():
        return []
    if file.read_bytes()[:6] == b"SQLite":
        connection = sqlite3.connect(file)
        found = [row[0] for row in connection.execute("SELECT sequence FROM webhooks ORDER BY rowid")]
        connection.close()
        return found
    return [json.loads(line)["sequence"] for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "command", [in_python, in_javascript, in_javascript_with_the_public_key, without_writing_anything]
)
def test_each_receiver_of_the_guide_keeps_everything_once_and_is_given_an_a(
    guide: Path,
    running_notifier: Notifier,
    fake_status: FakeStatus,
    receiver: Receiver,
    command: Callable[[Path, int, dict[str, Any]], list[str]],
) -> None:
    made, port = running_notifier.subscribe(receiver.url), free_port()
    path = f"/v1/subscriptions/{made['id']}"
    with running(command(guide, port, made), port, guide) as url:
        running_notifier.call("PATCH", path, json={"url": url})

        fake_status.record(*(milestone(number) for number in range(1, 6)))
        eventually(lambda: sorted(kept(guide), key=str) == [1, 2, 3, 4, 5], seconds=SECONDS)
        eventually(lambda: {one["state"] for one in running_notifier.deliveries(made)} == {"delivered"})
        again = running_notifier.deliveries(made)[0]["id"]
        running_notifier.call("POST", f"/v1/deliveries/{again}/redeliver")
        eventually(lambda: len(running_notifier.delivery(again)["attempts"]) == 2)

        report = running_notifier.call("POST", f"{path}/exam").json()

        assert (report["grade"], [one["question"] for one in report["questions"] if one["mark"] != "passed"]) == (
            "A",
            [],
        )
        assert running_notifier.delivery(again)["attempts"][1]["outcome"] == "ok"
        assert sorted(number for number in kept(guide) if number) == [1, 2, 3, 4, 5]
        assert kept(guide).count(None) == 1  # the exam's genuine question, which came twice
    assert receiver.received == []


def test_a_restarted_receiver_still_knows_what_it_has(
    guide: Path, running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made, port = running_notifier.subscribe(receiver.url), free_port()
    for _ in range(2):
        with running(in_javascript(guide, port, made), port, guide) as url:
            running_notifier.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"url": url})
            if not kept(guide):
                fake_status.record(milestone(1))
                eventually(lambda: kept(guide) == [1], seconds=SECONDS)
            eventually(lambda: running_notifier.deliveries(made)[0]["state"] == "delivered")
            known = running_notifier.deliveries(made)[0]["id"]
            before = len(running_notifier.delivery(known)["attempts"])
            running_notifier.call("POST", f"/v1/deliveries/{known}/redeliver")
            eventually(lambda known=known, before=before: len(running_notifier.delivery(known)["attempts"]) > before)  # type: ignore[misc]  # bound now

    assert kept(guide) == [1]


# ---- one webhook, looked at ------------------------------------------------------------------------------------------
def by_verify_py(folder: Path, one: Sent) -> bool:
    command = [sys.executable, "verify.py", one.key, *_three(one)]
    return subprocess.run(command, cwd=folder, input=one.body.encode(), timeout=SECONDS, check=False).returncode == 0


def by_verify_sh(folder: Path, one: Sent) -> bool:
    openssl()
    (folder / "body").write_text(one.body, encoding="utf-8")
    command = ["sh", "verify.sh", one.key, *_three(one), "body"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    assert (done.stdout, done.stderr) == (b"", b"")
    return done.returncode == 0


def _three(one: Sent) -> list[str]:
    return [one.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")]


@pytest.mark.parametrize(("verify", "scheme"), [(by_verify_py, "v1a"), (by_verify_sh, "v1"), (by_verify_sh, "v1a")])
def test_the_matrix_holds_for_the_guide_s_verifiers_too(
    guide: Path, verify: Callable[[Path, Sent], bool], scheme: str
) -> None:
    said = {
        (case, holder): verify(guide, CASES[case].sent(key))
        for case in CASES
        for holder, key in HOLDERS[scheme].items()
    }

    assert said == expected(scheme)


def test_a_delivery_is_genuine_by_secret_and_by_public_key_and_not_when_altered(
    guide: Path, running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    made = running_notifier.subscribe(receiver.url)
    fake_status.record(milestone(1, data={"titles": {"vi": "Công ước Hà Nội 🖋"}}))
    (webhook,) = receiver.wait_for(1)
    body, public = webhook.body.decode(), made["keys"][0]["public_key"]

    for verify, key in ((by_verify_py, public), (by_verify_sh, public), (by_verify_sh, made["secret"])):
        assert verify(guide, Sent(key, webhook.headers, body))
        assert not verify(guide, Sent(key, webhook.headers, body + " "))
    assert not by_verify_sh(guide, Sent(altered(made["secret"]), webhook.headers, body))


# ---- what is missing -------------------------------------------------------------------------------------------------
def test_a_gap_is_found_and_pulled(
    guide: Path, running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    needs("curl")
    made, port = running_notifier.subscribe(receiver.url), free_port()
    with running(in_python(guide, port, made), port, guide) as url:
        running_notifier.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"url": url})
        for number in range(1, 8):
            fake_status.record(milestone(number))
            eventually(lambda number=number: number in kept(guide), seconds=SECONDS)  # type: ignore[misc]  # bound now
            eventually(lambda: {one["state"] for one in running_notifier.deliveries(made)} == {"delivered"})
        sixth = next(one["id"] for one in running_notifier.deliveries(made) if one["sequence"] == 6)
        # Under an id of its own it is no second message of its number.
        copy = running_notifier.call("POST", f"/v1/deliveries/{sixth}/redeliver", json={"as_new": True}).json()
        eventually(lambda: running_notifier.delivery(copy["delivery"]).get("state") == "delivered")
    lost = sqlite3.connect(guide / "kept")
    with lost:
        lost.execute("DELETE FROM webhooks WHERE sequence IN (2, 3, 5)")
    lost.close()

    found = subprocess.run([sys.executable, "gaps.py", "kept"], cwd=guide, capture_output=True, text=True, check=True)
    first, last = found.stdout.split()[0].split("-")
    url = str(running_notifier.client.base_url)
    pulled = subprocess.run(
        ["sh", "pull.sh", url, made["id"], DESK, first, last], cwd=guide, capture_output=True, text=True, check=True
    )

    assert found.stdout.split() == ["2-3", "5-5"]
    assert [json.loads(one["payload"])["sequence"] for one in json.loads(pulled.stdout)["messages"]] == [2, 3]


def test_evidence_is_kept_day_by_day(
    guide: Path, running_notifier: Notifier, fake_status: FakeStatus, receiver: Receiver
) -> None:
    needs("curl")
    made, port = running_notifier.subscribe(receiver.url), free_port()
    public, url = made["keys"][0]["public_key"], str(running_notifier.client.base_url)
    said = []
    with running(without_writing_anything(guide, port, made), port, guide) as endpoint:
        running_notifier.call("PATCH", f"/v1/subscriptions/{made['id']}", json={"url": endpoint})
        for day in (1, 2):
            fake_status.record(milestone(day))
            eventually(lambda day=day: day in kept(guide), seconds=SECONDS)  # type: ignore[misc]  # bound now
            command = ["sh", "evidence.sh", url, made["id"], DESK, public, "kept"]
            done = subprocess.run(command, cwd=guide, capture_output=True, text=True, env=PATHS, check=True)
            said.append(done.stdout)

    assert [one.count("Fits: the signature") for one in said] == [1, 2]
