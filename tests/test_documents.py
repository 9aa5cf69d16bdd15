"""What the documents promise is there: commands, pins, services, samples."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic_settings import BaseSettings
from typer.main import get_command

from treaty_notifier.main import cli as notifier
from treaty_notifier.settings import Settings as NotifierSettings
from treaty_status.main import cli as status
from treaty_status.settings import Settings as StatusSettings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROGRAMS = {"treaty-status": get_command(status), "treaty-notifier": get_command(notifier)}
COMMANDS = re.compile(
    r"(?:^|[$`(&|;] ?|exec status |KEY=ts_… status )(treaty-(?:status|notifier) [^\n`#|&)]+)", re.MULTILINE
)


def understood(words: list[str]) -> None:
    """Follow the words of a command down to its options; whatever does not exist is named."""
    program, *rest = words
    command: Any = PROGRAMS[program]
    while rest and hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands, f"{program} has no command {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    assert not unknown, f"{words} has no {unknown}"


def commands_in(text: str) -> list[list[str]]:
    return [found.strip().split() for found in COMMANDS.findall(text) if "…" not in found]


# ---- README ----------------------------------------------------------------------------------------------------------
def test_the_readme_names_the_two_commands_word_for_word() -> None:
    assert re.findall(r"^\$ (python3 run.py \w+)$", README, re.MULTILINE)[:2] == [
        "python3 run.py demo",
        "python3 run.py test",
    ]


@pytest.mark.parametrize(
    "document",
    ["README.md", "docker-compose.yml", "CHANGELOG.md", "services/status/README.md", "services/notifier/README.md"],
)
def test_every_command_of_the_documents_exists_with_its_options(document: str) -> None:
    for words in commands_in((ROOT / document).read_text(encoding="utf-8")):
        understood(words)


def test_the_readme_s_commands_are_found_at_all() -> None:
    assert ["treaty-status", "serve"] in commands_in(README)
    assert len(commands_in(README)) >= 4


def test_the_readme_names_no_file_that_is_not_there() -> None:
    named = re.findall(r"`((?:docs|tests|events|services|benchmarks|\.ci)[\w./-]*|[\w-]+\.(?:py|yml|lock|md))`", README)
    gone = {path for path in named if not (ROOT / path).exists()} - {"domain", "contracts", "journeys", "histories"}

    assert not gone


def test_it_says_that_it_is_not_the_depositary() -> None:
    assert "not the depositary" in README


@pytest.mark.parametrize(
    ("document", "prefix", "settings"),
    [("status", "TREATY_", StatusSettings), ("notifier", "TREATY_NOTIFIER_", NotifierSettings)],
)
def test_a_service_s_readme_names_settings_that_exist(document: str, prefix: str, settings: type[BaseSettings]) -> None:
    text = (ROOT / f"services/{document}/README.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"`({prefix}[A-Z_]+)`", text)) - {"TREATY_URL", "TREATY_KEY", "TREATY_WEBHOOK_SECRET"}
    known = {f"{prefix}{name}".upper() for name in settings.model_fields}

    assert named <= known
    assert named


# ---- the lock --------------------------------------------------------------------------------------------------------
def pins() -> dict[str, str]:
    return {canonicalize_name(name): at for name, at in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}


def wanted() -> Iterator[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    for text in [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *chain.from_iterable(extras),
    ]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["project"]["name"]:
            yield requirement


def test_the_lock_pins_everything_that_the_project_asks_for() -> None:
    pinned = pins()
    loose = [str(one) for one in wanted() if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0"))]

    assert not loose, "make the lock anew, as the README says"


def test_every_pin_carries_a_hash_and_nothing_carries_an_address() -> None:
    entries = re.split(r"\n(?=[\w.-]+==)", LOCK.strip())

    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"https?:|--(?:index|extra|find|trusted)|^#", LOCK, re.MULTILINE) == []


def test_the_lock_of_the_receivers_carries_no_address() -> None:
    lock = json.loads((ROOT / "tests/receivers/package-lock.json").read_text(encoding="utf-8"))

    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    assert all("integrity" in one for name, one in lock["packages"].items() if name)


# ---- compose ---------------------------------------------------------------------------------------------------------
def test_compose_runs_both_services_a_database_and_a_receiver_each_with_a_health_check() -> None:
    services = COMPOSE["services"]

    assert set(services) == {"postgres", "status", "notifier", "receiver"}
    assert [name for name, one in services.items() if "healthcheck" not in one] == []


def test_compose_s_commands_exist_with_their_options() -> None:
    for one in COMPOSE["services"].values():
        if "command" in one:
            understood(one["command"])


def test_compose_sets_only_what_the_services_read() -> None:
    known = {f"TREATY_NOTIFIER_{name}".upper() for name in NotifierSettings.model_fields}
    known |= {f"TREATY_{name}".upper() for name in StatusSettings.model_fields}
    known |= {"TREATY_WEBHOOK_SECRET"}
    given = {name for one in COMPOSE["services"].values() for name in one.get("environment", {})}

    assert {name for name in given if name.startswith("TREATY_")} <= known


def test_compose_asks_only_for_variables_of_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))

    assert asked == example


@pytest.mark.parametrize("service", ["status", "notifier"])
def test_an_image_is_made_from_the_lock_and_does_not_run_as_root(service: str) -> None:
    lines = (ROOT / f"services/{service}/Dockerfile").read_text(encoding="utf-8").splitlines()

    assert any("--require-hashes --requirement requirements.lock" in line for line in lines)
    assert "USER treaty" in lines
    understood(json.loads(lines[-1].removeprefix("CMD ")))


# ---- the rest --------------------------------------------------------------------------------------------------------
def test_the_changelog_is_for_users_and_has_a_place_for_what_is_not_released() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    kinds = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))

    assert "## [Unreleased]" in changelog
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_each_decision_says_why_what_follows_and_what_else_was_considered() -> None:
    wanted_parts = ["## Context", "## Decision", "## Consequences", "## What else we considered"]
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        found = re.findall(r"^## .+$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert [part for part in wanted_parts if part not in found] == [], page.name


def test_continuous_integration_runs_the_readme_s_test_command() -> None:
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert "\npython3 run.py test\n" in script.read_text(encoding="utf-8")


def test_the_licence_is_whole() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert PROJECT["project"]["license"] == "Apache-2.0"
