"""The catalogue: every event name has a class, a sample that anyone can read, and a place in the README."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from treaty_events import (
    Action,
    Fact,
    InstrumentDeposited,
    Kind,
    MilestoneAnnounced,
    Status,
    UnknownEventName,
    category_of,
    class_of,
    milestone_id,
    milestone_key,
    name_of,
)
from treaty_events import catalogue as book
from treaty_status.store import codec

EVENTS = Path(__file__).parents[1] / "events"
SAMPLES = EVENTS / "samples"
NAMES = sorted(book.NAMES)
README = (EVENTS / "README.md").read_text(encoding="utf-8")


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.json").read_text(encoding="utf-8")


def read(name: str) -> Fact:
    return codec.decode(book.topic_of(name), sample(name).encode())


def test_every_name_has_one_sample_and_every_sample_a_name() -> None:
    assert {file.name.removesuffix(".json") for file in SAMPLES.iterdir()} == set(NAMES), (
        "A new event needs events/samples/<name>.json and its place in events/README.md."
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_into_its_class_and_written_back_the_same(name: str) -> None:
    event = read(name)

    assert type(event) is class_of(name)
    assert name_of(event) == name
    topic, body = codec.encode(event)
    assert topic == book.topic_of(name)
    assert json.loads(body) == json.loads(sample(name))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_fact_says_so(name: str) -> None:
    text = sample(name)
    assert "XVIII-16" in text or "synthetic" in text or "EXAMPLE-1" in text


@pytest.mark.parametrize("name", sorted(book.MILESTONES))
def test_a_milestone_sample_keeps_the_rules_of_announcements(name: str) -> None:
    said = read(name)
    assert isinstance(said, MilestoneAnnounced)
    assert said.key == milestone_key(said.treaty, said.kind.value, said.params, said.occurrence)
    assert said.milestone_id == str(milestone_id(said.key))
    assert said.supersedes == (said.revision - 1 or None)
    assert said.late_by_days >= 0
    if said.status in {Status.REVISED, Status.REVOKED, Status.LOST, Status.RESCHEDULED, Status.CANCELLED}:
        assert said.revision > 1


def test_a_fresh_process_reads_every_sample() -> None:
    script = (
        "import pathlib, sys\n"
        "from treaty_status.store import codec\n"
        "files = sorted(pathlib.Path(sys.argv[1]).glob('*.json'))\n"
        "print(sum(codec.decode(file.name.removesuffix('.json'), file.read_bytes()) is not None for file in files))\n"
    )
    found = _run("-c", script, str(SAMPLES))
    assert int(found) == len(NAMES)


def test_the_vocabulary_needs_nothing_but_the_standard_library() -> None:
    """No site-packages at all: a consumer may take the folder and go."""
    script = (
        "import sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from treaty_events.catalogue import NAMES, class_of\n"
        "print(sum(class_of(name) is not None for name in NAMES))\n"
    )
    assert int(_run("-I", "-S", "-c", script, str(EVENTS))) == len(NAMES)


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- names -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["treaty.signature", "", "TREATY.DEFINED", "treaty.defined ", "treaty.threshold.gone"])
def test_a_name_that_nobody_knows_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownEventName):
        class_of(name)
    with pytest.raises(UnknownEventName):
        codec.decode(name, b"{}")


def test_a_body_of_a_newer_version_is_unknown_and_not_misread() -> None:
    with pytest.raises(UnknownEventName):
        codec.decode("treaty.consent.recorded@2", sample("treaty.consent.recorded").encode())


def test_names_are_dotted_and_milestones_end_in_what_is_said_of_them() -> None:
    assert all(re.fullmatch(r"treaty(\.[a-z_]+){1,4}", name) for name in NAMES)
    for kind in Kind:
        for status in ("reached", "revised", "revoked", "lost"):
            assert category_of(f"treaty.{kind.value}.{status}") == "milestone"


def test_names_do_not_change() -> None:
    """Stored rows and subscriptions carry these names; one may be added, none may go."""
    assert {
        "treaty.defined",
        "treaty.rule.set",
        "treaty.signature.recorded",
        "treaty.consent.recorded",
        "treaty.withdrawal.notified",
        "treaty.fact.corrected",
        "treaty.fact.retracted",
        "treaty.claim.recorded",
        "treaty.threshold.reached",
        "treaty.entry_into_force.scheduled",
        "treaty.entry_into_force.reached",
        "treaty.participant.bound.reached",
    } <= set(NAMES)


# ---- bodies of old ---------------------------------------------------------------------------------------------------
def test_an_old_body_is_brought_up_to_date_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: in a first version the day was called deposited_on, in a second the participant was a country."""
    name = "treaty.consent.recorded"

    def day_renamed(body: dict[str, Any]) -> dict[str, Any]:
        body = dict(body)
        return body | {"act_date": body.pop("deposited_on")}

    def participant_renamed(body: dict[str, Any]) -> dict[str, Any]:
        body = dict(body)
        return body | {"participant": body.pop("country")}

    monkeypatch.setitem(book.VERSIONS, name, 3)
    monkeypatch.setitem(book.UPCASTERS, (name, 1), day_renamed)
    monkeypatch.setitem(book.UPCASTERS, (name, 2), participant_renamed)
    now = json.loads(sample(name))
    second = {("country" if key == "participant" else key): value for key, value in now.items()}
    first = {("deposited_on" if key == "act_date" else key): value for key, value in second.items()}

    read_first = codec.decode(name, json.dumps(first).encode())
    read_second = codec.decode(f"{name}@2", json.dumps(second).encode())
    read_now = codec.decode(f"{name}@3", json.dumps(now).encode())

    assert read_first == read_second == read_now
    assert isinstance(read_first, InstrumentDeposited)
    assert read_first.action is Action.RATIFICATION
    assert codec.encode(read_first)[0] == f"{name}@3"
    with pytest.raises(UnknownEventName):
        codec.decode(f"{name}@4", json.dumps(now).encode())


# ---- the README ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", sorted({*book.NAMES} - {*book.MILESTONES}))
def test_the_readme_describes_every_fact(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("kind", sorted(kind.value for kind in Kind))
def test_the_readme_describes_every_kind_of_milestone(kind: str) -> None:
    assert f"`{kind}`" in README


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_names_every_field(name: str) -> None:
    missing = [field.name for field in fields(class_of(name)) if f"`{field.name}`" not in README]
    assert not missing
