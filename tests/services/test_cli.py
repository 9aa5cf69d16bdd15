"""The commands of treaty-status, against a service that runs, and straight into a database."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from treaty_status.cli import importing
from treaty_status.demo.services import Services, port_near
from treaty_status.main import cli

NOBODY = "http://127.0.0.1:9"
WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


def run(*arguments: str, stdin: str | None = None, **environment: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=stdin, env={**WIDE, **environment})


def answer(*arguments: str, **environment: str) -> Any:
    """What a command prints as JSON."""
    told = run(*arguments, "--json", **environment)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


@dataclass(frozen=True)
class Place:
    """A service that runs, its database, and a key of it."""

    url: str
    database: str
    key: str

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        return run(*arguments, stdin=stdin, TREATY_URL=self.url, TREATY_KEY=self.key)

    def answer(self, *arguments: str) -> Any:
        return answer(*arguments, TREATY_URL=self.url, TREATY_KEY=self.key)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service with the convention in it."""
    folder = tmp_path_factory.mktemp("place")
    database = f"sqlite:///{folder / 'status.db'}"
    made = answer("keys", "create", "desk", "--scope", "record", "--scope", "define", "--database", database)
    with Services() as services:
        service = services.start(
            "status",
            module="treaty_status.main",
            arguments=["--database", database],
            port=port_near(0, usual=8000),
            folder=folder,
        )
        service.must_answer("/readyz")
        here = Place(service.url, database, made["secret"])
        balance = here.answer("import", "XVIII-16")
        assert (balance["definition"], balance["acts"]["recorded"], balance["claims"]["recorded"]) == (
            "created",
            72,
            38,
        )
        yield here


# ---- help ------------------------------------------------------------------------------------------------------------
def test_help_imports_neither_the_web_nor_the_database_stack() -> None:
    heavy = "{'fastapi', 'starlette', 'uvicorn', 'httpx', 'sqlalchemy', 'eventsourcing', 'pydantic', 'msgspec'}"
    code = f"import sys, treaty_status.main; print(sorted({heavy} & set(sys.modules)))"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "demo",
        "record",
        "show",
        "explain",
        "log",
        "watch",
        "rebuild",
        "import",
        "keys",
        "certify",
        "certificates",
        "tables",
        "version",
        "correct",
        "retract",
        "reinstate",
        "release",
    ],
)
def test_each_command_explains_itself(command: str) -> None:
    told = run(command, "--help")

    assert told.exit_code == 0
    assert "Usage" in told.stdout


def test_a_command_that_is_not_understood_ends_with_2() -> None:
    assert run("recrod").exit_code == 2
    assert run("record", "XVIII-16", "ratification", "France", "2026-11-01", "--override", "V1").exit_code == 2
    assert run("show", "--claims").exit_code == 2


def test_the_version_is_the_installed_one() -> None:
    assert answer("version") == {"name": "treaty-status", "version": run("version").stdout.strip()}


# ---- reading ---------------------------------------------------------------------------------------------------------
def test_show_says_where_the_treaty_stands(place: Place) -> None:
    told = place.run("show", "XVIII-16", "--as-of", "2026-11-01")

    assert told.exit_code == 0, told.output
    assert "72 signatures" in told.stdout
    assert "0 of 40, 40 missing" in told.stdout
    assert place.answer("show", "XVIII-16", "--as-of", "2025-10-25")["counts"]["signatures"] == 69


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "XVIII-16"),
        (("XVIII-16", "--participants"), "Viet Nam"),
        (("XVIII-16", "--claims"), "On Line Opinion"),
        (("XVIII-16", "--milestones"), "signature.first"),
        (("XVIII-16", "France"), "signatory"),
    ],
    ids=["list", "participants", "claims", "milestones", "participant"],
)
def test_show_draws_each_side_and_prints_it_as_json(place: Place, arguments: tuple[str, ...], word: str) -> None:
    told = place.run("show", *arguments)

    assert told.exit_code == 0, told.output
    assert word in told.stdout
    assert isinstance(place.answer("show", *arguments), dict)


def test_explain_says_what_is_missing(place: Place) -> None:
    told = place.run("explain", "XVIII-16")

    assert told.exit_code == 0, told.output
    assert "0 of 40: not met" in told.stdout
    assert place.answer("explain", "XVIII-16")["missing"] == 40


def test_log_prints_every_event_one_a_line(place: Place) -> None:
    told = place.run("log", "XVIII-16", "--json")
    events = [json.loads(line) for line in told.stdout.splitlines()]

    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "treaty.defined"
    assert "treaty.signature.recorded" in place.run("log", "XVIII-16").stdout


def test_an_earlier_state_of_the_record_can_be_shown_explained_and_listed(place: Place) -> None:
    acts = [json.loads(line) for line in place.run("log", "XVIII-16", "--json").stdout.splitlines()]
    tenth = next(event for event in acts[10:] if event["type"] == "treaty.signature.recorded")
    known_at = tenth["recorded_at"].replace("+00:00", "Z")

    shown = place.answer("show", "XVIII-16", "--known-at", known_at, "--as-of", "2026-11-01")
    why = place.answer("explain", "XVIII-16", "--known-at", known_at)
    logged = place.run("log", "XVIII-16", "--known-at", known_at, "--json").stdout.splitlines()

    assert 0 < shown["counts"]["signatures"] < 72
    assert shown["position"] == why["position"] == json.loads(logged[-1])["position"]
    assert shown["permanent"] in place.run("show", "XVIII-16", "--known-at", known_at, "--as-of", "2026-11-01").stdout
    assert place.run("show", "XVIII-16", "--known-at", "yesterday").exit_code != 0


def test_watch_follows_the_feed_from_a_position(place: Place) -> None:
    told = place.run(
        "watch", "XVIII-16", "--after", "0", "--types", "treaty.signature.recorded", "--count", "3", "--json"
    )

    assert told.exit_code == 0, told.output
    assert [json.loads(line)["type"] for line in told.stdout.splitlines()] == ["treaty.signature.recorded"] * 3
    assert "treaty.defined" in place.run("watch", "--after", "0", "--count", "1").stdout


# ---- recording -------------------------------------------------------------------------------------------------------
def test_a_dry_run_says_what_would_happen_and_records_nothing(place: Place) -> None:
    before = place.answer("show", "XVIII-16")["version"]
    told = place.run("record", "XVIII-16", "ratification", "France", "2026-11-02", "--dry-run")

    assert told.exit_code == 0, told.output
    assert "Nothing was recorded" in told.stdout
    assert "treaty.consent.first.reached" in told.stdout
    assert place.answer("show", "XVIII-16")["version"] == before


def test_a_recorded_act_stands_there_with_who_recorded_it_and_the_same_key_never_records_twice(place: Place) -> None:
    act = ("record", "XVIII-16", "declaration", "Viet Nam", "2026-11-03", "--idempotency-key", "once", "--note", "a")
    first = place.answer(*act, "--source", "C.N.1.2026", "--source-url", "https://treaties.un.org/")

    assert place.answer(*act, "--source", "C.N.1.2026", "--source-url", "https://treaties.un.org/") == first
    acts = place.answer("show", "XVIII-16", "vnm")["acts"]
    assert [(act["action"], act["recorded_by"]) for act in acts] == [
        ("signature", "key:desk"),
        ("declaration", "key:desk"),
    ]
    assert acts[1]["evidence"][0]["source"] == "C.N.1.2026"


def test_a_refusal_names_the_way_out_on_standard_error_and_ends_with_1(place: Place) -> None:
    told = place.run("record", "XVIII-16", "ratification", "Frnace", "2026-11-01")

    assert told.exit_code == 1
    assert told.stdout == ""
    assert "France" in told.stderr
    problem = json.loads(place.run("show", "I-1", "--json").stderr)
    assert problem["type"].endswith("unknown-treaty")


def test_a_stale_version_is_refused(place: Place) -> None:
    told = place.run("record", "XVIII-16", "ratification", "France", "2026-11-01", "--if-version", "1")

    assert told.exit_code == 1
    assert "version" in told.stderr


def test_without_a_key_nothing_is_recorded(place: Place) -> None:
    told = run("record", "XVIII-16", "ratification", "France", "2026-11-01", "--url", place.url)

    assert told.exit_code == 1
    assert "key" in told.stderr.lower()


@pytest.mark.parametrize("command", [("show",), ("watch",), ("import", "XVIII-16", "--key", "ts_x"), ("log", "T")])
def test_where_nobody_answers_the_command_says_so_and_ends_with_3(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "START_SECONDS", 0.0)
    told = run(*command, "--url", NOBODY)

    assert told.exit_code == 3
    assert "Nobody answers" in told.stderr


# ---- importing -------------------------------------------------------------------------------------------------------
def test_claims_prints_what_the_record_says_to_each_statement(place: Place) -> None:
    drawn = run("claims", "XVIII-16", "--verdict", "wrong_population", "--url", place.url).stdout
    found = place.answer("claims", "XVIII-16", "--contradicting")

    assert "wrong population" in " ".join(drawn.split())
    assert "38 statements" in drawn
    assert all(row["contradicts"] for row in found["claims"])
    assert found["shown"] == found["contradicting"]


def test_importing_again_records_nothing_twice(place: Place) -> None:
    before = place.answer("show", "XVIII-16")["version"]
    again = place.answer("import", "XVIII-16")

    assert (again["definition"], again["acts"]["already_there"], again["claims"]["already_there"]) == (
        "unchanged",
        72,
        38,
    )
    assert place.answer("show", "XVIII-16")["version"] == before


def test_an_import_straight_into_a_database_needs_no_key_and_no_service(sqlite_dsn: str) -> None:
    first = answer("import", "XVIII-16", "--database", sqlite_dsn)
    again = run("import", "XVIII-16", "--database", sqlite_dsn)

    assert (first["acts"]["recorded"], first["claims"]["recorded"]) == (72, 38)
    assert again.exit_code == 0, again.output
    assert "definition unchanged" in again.stdout
    assert answer("keys", "list", "--database", sqlite_dsn) == {"keys": []}


def test_a_folder_of_tables_is_not_taken_for_an_empty_history(tmp_path: Path, sqlite_dsn: str) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "I-1.csv").write_text("Participant,Signature\n", encoding="utf-8")

    told = run("import", str(tables), "--database", sqlite_dsn)

    assert told.exit_code != 0
    assert "holds no history" in " ".join(told.output.split())


ACTS = [
    {"action": "approval", "participant": "eu", "act_date": "2026-11-05"},
    {"action": "ratification", "participant": "fra", "act_date": "2026-11-04"},
    "not JSON",
    {"action": "ratification", "participant": "Frnace", "act_date": "2026-11-04"},
    {"action": "ratification", "participant": "aut", "act_date": "2026-11-05", "tier": "press"},
    {"action": "ratification", "participant": "usa", "act_date": "2026-11-05"},
]


def test_a_bad_line_is_named_and_stops_nothing_and_order_between_participants_does_not_matter(sqlite_dsn: str) -> None:
    answer("import", "XVIII-16", "--database", sqlite_dsn)
    lines = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in ACTS)
    to_there = ("import", "-", "--treaty", "XVIII-16", "--database", sqlite_dsn, "--json")

    first = run(*to_there, stdin=lines)
    again = run(*to_there, stdin=lines)

    told = json.loads(first.stdout)["acts"]
    assert first.exit_code == 1
    assert (told["lines"], told["recorded"], told["kept_as_claims"]) == (6, 2, 1)
    assert [one["line"] for one in told["refused"]] == [3, 4, 6]
    assert "France" in told["refused"][1]["detail"]
    told = json.loads(again.stdout)["acts"]
    assert (told["recorded"], told["kept_as_claims"], told["already_there"], len(told["refused"])) == (0, 0, 3, 3)


def test_a_folder_is_a_history_too(sqlite_dsn: str, tmp_path: Path) -> None:
    bundled = Path(sys.modules["treaty_status"].__path__[0]) / "histories" / "XVIII-16"
    folder = tmp_path / "T-7"
    folder.mkdir()
    definition = json.loads((bundled / "treaty.json").read_text(encoding="utf-8"))
    definition.get("rule", {}).update(treaty="T-7")
    (folder / "treaty.json").write_text(json.dumps(definition), encoding="utf-8")
    (folder / "acts.ndjson").write_text((bundled / "acts.ndjson").read_text(encoding="utf-8"), encoding="utf-8")

    told = answer("import", str(folder), "--database", sqlite_dsn)

    assert (told["treaty"], told["acts"]["recorded"], told["claims"]["lines"]) == ("T-7", 72, 0)


def test_a_history_that_is_not_there_is_refused_with_those_that_are() -> None:
    told = run("import", "XVIII-99")

    assert told.exit_code == 1
    assert "XVIII-16" in told.stderr


# ---- the house -------------------------------------------------------------------------------------------------------
def test_a_key_s_secret_is_shown_once_and_a_revoked_key_is_listed_as_such(sqlite_dsn: str) -> None:
    made = answer("keys", "create", "desk", "--scope", "record", "--database", sqlite_dsn)
    revoked = answer("keys", "revoke", "desk", "--database", sqlite_dsn)
    listed = answer("keys", "list", "--database", sqlite_dsn)["keys"]

    assert made["secret"].startswith("ts_")
    assert revoked["revoked_at"] is not None
    assert listed == [{name: value for name, value in revoked.items() if name != "secret"}]
    assert made["secret"] not in run("keys", "list", "--database", sqlite_dsn).output


@pytest.mark.parametrize(
    "arguments",
    [("create", "desk", "--scope", "everything"), ("create", "", "--scope", "record"), ("revoke", "nobody")],
    ids=["scope", "name", "nobody"],
)
def test_what_makes_no_sense_of_a_key_is_refused(sqlite_dsn: str, arguments: tuple[str, ...]) -> None:
    told = run("keys", *arguments, "--database", sqlite_dsn)

    assert told.exit_code == 1
    assert told.stderr


def test_rebuilding_while_the_service_answers_changes_nothing_that_is_read(place: Place) -> None:
    before = place.answer("show")["treaties"]
    rebuilt = answer("rebuild", "--database", place.database)

    assert rebuilt["position"] > 0
    assert place.answer("show")["treaties"] == before


@pytest.mark.parametrize("command", [("serve",), ("rebuild",), ("keys", "list"), ("import", "XVIII-16")])
def test_a_database_that_is_none_is_named_as_such(command: tuple[str, ...]) -> None:
    told = run(*command, "--database", "mysql://somewhere/db")

    assert told.exit_code == 3
    assert "sqlite:///" in told.stderr


def test_settings_that_make_no_sense_are_named() -> None:
    told = run("serve", TREATY_PORT="many")

    assert told.exit_code == 3
    assert "port" in told.stderr


# ---- corrections -----------------------------------------------------------------------------------------------------
def test_an_act_is_corrected_retracted_and_reinstated_by_its_event_id(place: Place) -> None:
    made = place.answer("record", "XVIII-16", "signature", "Japan", "2026-11-10")
    target = made["event_id"]
    why = ("--reason", "typing", "--source", "C.N.0.2026 (test)")

    moved = place.answer("correct", "XVIII-16", target, "act_date=2026-11-11", "place=New York", *why)
    assert moved["recorded_as"] == "correction"
    assert place.answer("show", "XVIII-16", "jpn")["acts"][0]["act_date"] == "2026-11-11"
    assert "reads so" in place.run("correct", "XVIII-16", target, "act_date=2026-11-11", *why).output

    taken = place.run("retract", "XVIII-16", target, "--reason", "duplicate", "--dry-run")
    assert "Nothing was recorded" in taken.output
    assert place.run("retract", "XVIII-16", target, "--reason", "duplicate").exit_code == 0
    assert place.run("reinstate", "XVIII-16", target, "--reason", "source_error").exit_code == 0
    assert place.run("retract", "XVIII-16", target, "--reason", "duplicate").exit_code == 0


def test_a_correction_says_field_and_value(place: Place) -> None:
    assert place.run("correct", "XVIII-16", "x", "act_date", "--reason", "typing").exit_code == 2


def test_where_nothing_waits_nothing_is_released(place: Place) -> None:
    told = place.run("release", "XVIII-16")
    assert told.exit_code != 0
    assert "No announcement" in told.output
