"""The README's calls, one after another, against both services: each answers what is printed below it."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from treaty_status.demo.services import Services, port_near
from treaty_status.main import cli

pytestmark = pytest.mark.journey

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
COUNTERS = {"position", "version", "after", "next", "head"}
"""They depend on what was recorded before."""
ELLIPSIS = re.compile(r"(?<=[\s{\[])…,?(?=[\s}\]])")
TRAILING = re.compile(r",(?=\s*[}\]])")


@dataclass(frozen=True)
class Call:
    """A curl command and the shortened answer below it."""

    command: str
    answer: str

    @property
    def expected(self) -> Any:
        return json.loads(TRAILING.sub("", ELLIPSIS.sub("", self.answer)))


CALLS = [
    Call(command, answer)
    for command, answer in re.findall(r"```console\n\$ (curl [^\n]+)\n(.+?)\n```", README, re.DOTALL)
]


@dataclass(frozen=True)
class House:
    """Both services, where they are, and a key."""

    status: str
    notifier: str
    key: str

    def answer(self, call: Call) -> Any:
        words = shlex.split(call.command.replace("$TREATY_KEY", self.key))
        method, headers, content, url = "GET", {}, None, ""
        rest = iter(words[1:])
        for word in rest:
            if word == "-X":
                method = next(rest)
            elif word == "-H":
                name, _, value = next(rest).partition(":")
                headers[name] = value.strip()
            elif word == "-d":
                content = next(rest)
            elif word != "-s":
                url = word
        url = url.replace("http://127.0.0.1:8000", self.status).replace("http://127.0.0.1:8001", self.notifier)
        return httpx.request(method, url, headers=headers, content=content, timeout=30, trust_env=False).json()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("readme")
    database = f"sqlite:///{folder / 'status.db'}"
    scopes = [word for scope in ("record", "define", "subscribe") for word in ("--scope", scope)]
    made = CliRunner().invoke(cli, ["keys", "create", "desk", *scopes, "--database", database, "--json"])
    key = json.loads(made.stdout)["secret"]
    with Services() as services:
        status = services.start(
            "status",
            module="treaty_status.main",
            arguments=["--database", database],
            port=port_near(0, usual=8000),
            folder=folder,
        )
        notifier = services.start(
            "notifier",
            module="treaty_notifier.main",
            arguments=[
                *("--database", f"sqlite:///{folder / 'notifier.db'}"),
                *("--status-url", status.url),
                *("--allow-network", "127.0.0.0/8"),
            ],
            port=port_near(0, usual=8001),
            folder=folder,
        )
        status.must_answer("/readyz")
        imported = CliRunner().invoke(cli, ["import", "XVIII-16", "--url", status.url, "--key", key])
        assert imported.exit_code == 0, imported.output
        notifier.must_answer("/readyz")
        yield House(status.url, notifier.url, key)


def agrees(shown: Any, actual: Any, at: str = "") -> None:
    """Whatever is shown is there; of a list, what is shown comes in this order."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert name in actual, f"{at}/{name} is not in the answer"
            if name not in COUNTERS:
                agrees(value, actual[name], f"{at}/{name}")
    elif isinstance(shown, list):
        left = iter(actual)
        for one in shown:
            assert any(_fits(one, other) for other in left), f"{at}: {one} is not in {actual}"
    elif isinstance(shown, str):
        pattern = ".+".join(re.escape(part) for part in shown.split("…"))
        assert re.fullmatch(pattern, str(actual)), f"{at}: {actual!r} instead of {shown!r}"
    else:
        assert shown == actual, at


def _fits(shown: Any, actual: Any) -> bool:
    try:
        agrees(shown, actual)
    except AssertionError:
        return False
    return True


def test_every_call_of_the_readme_answers_what_is_printed_below_it(house: House) -> None:
    assert len(CALLS) >= 10
    for call in CALLS:
        agrees(call.expected, house.answer(call), call.command)
