"""``treaty-status import`` of tables and lists, as somebody at a terminal or a script runs it."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.importers.tables import MAINTENANCE, csv_table
from tests.services.test_status_import import serving
from treaty_status.main import cli

WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "IV-99.csv").write_bytes(csv_table("France,1 Jan 1990,2 Jan 1991", "Frence,1 Jan 1990,"))
    (tmp_path / "IV-98.csv").write_bytes(csv_table("Peru,,2 Jan 1991 a"))
    (tmp_path / "IV-97.en.xml").write_bytes(MAINTENANCE)
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    database = f"sqlite:///{folder / 'record.db'}"
    return CliRunner().invoke(cli, ["import", *arguments, "--database", database], env=WIDE)


def answer(folder: Path, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    told = run(folder, *arguments, "--json")
    assert told.exit_code == exit_code, told.output
    return dict(json.loads(told.stdout))


def test_tables_are_imported_and_every_cell_is_accounted_for(files: Path) -> None:
    both = [str(files / "IV-99.csv"), str(files / "IV-98.csv")]

    first = answer(files, *both, "--define")
    again = answer(files, *both, "--define")

    assert first["totals"] == {
        "treaties": 2,
        "cells": 4,
        "recorded": 3,
        "already_on_record": 0,
        "reported": 1,
        "empty": 2,
        "warned": 0,
    }
    assert (again["totals"]["recorded"], again["totals"]["already_on_record"], again["balances"]) == (0, 3, True)
    (line,) = first["files"][0]["lines"]
    assert (line["file"], line["row"], line["column"], line["reason"]) == (
        "IV-99.csv",
        3,
        "Signature",
        "unknown_participant",
    )


def test_a_dry_run_prints_the_balance_and_leaves_nothing_behind(files: Path) -> None:
    tried = answer(files, str(files / "IV-99.csv"), "--define", "--dry-run")

    assert (tried["files"][0]["dry_run"], tried["totals"]["recorded"]) == (True, 2)
    assert not (files / "record.db").exists()


def test_a_maintenance_page_writes_nothing_and_the_other_files_go_on(files: Path) -> None:
    told = answer(files, str(files / "IV-97.en.xml"), str(files / "IV-98.csv"), "--define", exit_code=1)

    assert [(one["type"], Path(one["file"]).name) for one in told["refused"]] == [("maintenance-page", "IV-97.en.xml")]
    assert told["totals"]["recorded"] == 1


def test_a_table_of_a_treaty_that_is_not_on_record_says_how_to_go_on(files: Path) -> None:
    told = run(files, str(files / "IV-98.csv"))

    assert told.exit_code == 1
    assert "--define" in told.stdout


def test_people_are_told_each_reported_cell_and_the_sums(files: Path) -> None:
    told = run(files, str(files / "IV-99.csv"), "--define")

    assert told.exit_code == 0, told.output
    assert "IV-99.csv, row 3, Signature: 1 Jan 1990 - No participant has exactly this name" in told.stdout
    assert "France (fra)" in told.stdout


def test_a_format_nobody_knows_and_a_file_that_is_not_there_are_refused(files: Path) -> None:
    assert run(files, str(files / "IV-98.csv"), "--format", "pdf").exit_code == 1
    assert answer(files, str(files / "IV-1.csv"), exit_code=1)["refused"][0]["title"] == "Not readable"


def test_ndjson_goes_in_bulk_where_the_format_is_named(files: Path) -> None:
    acts = files / "acts.ndjson"
    acts.write_text('{"participant": "fra", "action": "signature", "act_date": "1990-01-01"}\n')

    told = answer(files, str(acts), "--format", "ndjson", "--treaty", "T-1", "--define", "--title", "A Treaty")

    assert (told["files"][0]["format"], told["totals"]["recorded"]) == ("ndjson", 1)


# ---- through a service -----------------------------------------------------------------------------------------------
ACTS = (
    "treaty_id,treaty_title,participant,iso3,action,date,source\n"
    "IV-99,,Fiji,FJI,signature,1990-02-02,a set\n"
    "IV-99,,Fiji,FJI,accession,1991-02-02,a set\n"
    "IV-99,,Peru,PER,ratification,1993-05-05,a set\n"
    "IV-99,,Slovakia,SVK,accession,1980-05-05,a set\n"
    "IV-99,,Atlantis,,accession,1993-05-05,a set\n"
)


def over_http(url: str, key: str, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    told = CliRunner().invoke(cli, ["import", *arguments, "--url", url, "--key", key, "--json"], env=WIDE)
    assert told.exit_code == exit_code, told.output
    return dict(json.loads(told.stdout)) if told.stdout else {}


def test_a_list_goes_through_a_service_and_comes_to_the_same_balance(tmp_path: Path, sqlite_dsn: str) -> None:
    (tmp_path / "acts.csv").write_text(ACTS)
    named = str(tmp_path / "acts.csv")

    with serving(sqlite_dsn) as (url, headers):
        key = headers["authorization"].removeprefix("Bearer ")
        tried = over_http(url, key, named, "--define", "--dry-run")
        first = over_http(url, key, named, "--define")
        again = over_http(url, key, named)
        log = httpx.get(f"{url}/v1/treaties/IV-99/log").text

    beside = answer(tmp_path, named, "--define")
    for told in (tried, first):
        assert told["totals"] == beside["totals"]
        assert [(one["row"], one["reason"]) for one in told["files"][0]["lines"]] == [
            (one["row"], one["reason"]) for one in beside["files"][0]["lines"]
        ]
        assert [one["code"] for one in told["files"][0]["warnings"]] == ["signatory-acceded"]
    assert (again["totals"]["recorded"], again["totals"]["already_on_record"], again["balances"]) == (0, 3, True)
    assert "acts.csv, row 3" in log


def test_a_table_goes_through_a_service_and_is_refused_when_it_shrank(files: Path, sqlite_dsn: str) -> None:
    named = str(files / "IV-99.csv")

    with serving(sqlite_dsn) as (url, headers):
        key = headers["authorization"].removeprefix("Bearer ")
        first = over_http(url, key, named, "--define", "--title", "Convention on Invented Matters")
        again = over_http(url, key, named)
        (files / "IV-99.csv").write_bytes(csv_table("France,[1 Jan 1990],2 Jan 1991", "Frence,1 Jan 1990,"))
        bracketed = over_http(url, key, named)
        (files / "IV-99.csv").write_bytes(csv_table("France,1 Jan 1990,", "Frence,1 Jan 1990,"))
        shrunk = over_http(url, key, named, exit_code=1)
        allowed = over_http(url, key, named, "--allow-fewer")
        treaty = httpx.get(f"{url}/v1/treaties/IV-99").json()
        log = httpx.get(f"{url}/v1/treaties/IV-99/log").text

    assert (first["totals"]["recorded"], again["totals"]["already_on_record"]) == (2, 2)
    assert bracketed["files"][0]["by_reason"] == {"no_longer_in_effect": 1, "unknown_participant": 1}
    assert [one["type"] for one in shrunk["refused"]] == ["table-shrank"]
    assert shrunk["totals"]["recorded"] == 0
    assert allowed["totals"]["already_on_record"] == 1
    assert treaty["title"] == "Convention on Invented Matters"
    assert "IV-99.csv, row 2: 2 Jan 1991" in log


def test_a_service_that_refuses_the_key_refuses_the_import(tmp_path: Path, sqlite_dsn: str) -> None:
    (tmp_path / "acts.csv").write_text(ACTS)

    with serving(sqlite_dsn) as (url, _):
        told = CliRunner().invoke(cli, ["import", str(tmp_path / "acts.csv"), "--url", url, "--key", "ts_x"], env=WIDE)

    assert told.exit_code == 1
    assert "key" in told.output
