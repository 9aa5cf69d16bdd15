"""Certificates and tables from the command line, against a service that runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.services.status_world import Json, protocol
from tests.services.test_cli import Place, answer
from treaty_status.demo.services import Services, port_near


def weighed() -> Json:
    """One instrument, half of a table, and a certificate."""
    body = protocol("EX-1", need=1)
    parts = [
        {"op": "count", "at_least": 1},
        {"op": "weight", "table": "fleet", "at_least": "0.5"},
        {"op": "fact", "key": "oil", "at_least": "10", "unit": "t"},
    ]
    body["rule"]["in_force"][0]["when"] = {"op": "all", "of": parts}
    return body


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("certificates")
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
        headers = {"authorization": f"Bearer {here.key}"}
        with httpx.Client(trust_env=False) as client:
            assert client.put(f"{here.url}/v1/treaties/EX-1", json=weighed(), headers=headers).status_code == 201
        yield here


def written(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_a_table_is_set_from_csv_listed_and_shown(place: Place, tmp_path: Path) -> None:
    assert "weighs by fleet, and nobody has recorded it" in place.run("tables", "list", "EX-1").stdout.replace(
        "\n", " "
    )
    file = written(tmp_path, "fleet.csv", "iso3,participant,share\nFRA,France,30\nITA,Italy,25.5\ntotal,,100\n")
    set_ = ("tables", "set", "EX-1", "fleet", file, "--source", "An invented register")

    assert "Nothing was recorded" in place.run(*set_, "--dry-run").stdout
    first = place.answer(*set_)
    again = place.answer(*set_)

    assert (first["recorded_as"], again["recorded_as"]) == ("table", "nothing")
    shown = place.answer("tables", "show", "EX-1", "fleet")
    assert [(row["participant"], row["value"]) for row in shown["values"]] == [("fra", "30"), ("ita", "25.5")]
    assert shown["table"]["whole"] == "100"
    assert "An invented register" in place.run("tables", "list", "EX-1").stdout
    assert "version 1 was set on" in place.run("tables", "show", "EX-1", "fleet").stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("fleet.csv", "who,what\nFRA,1\n", "fleet.csv"),
        ("fleet.json", "[1]", "A JSON object is expected"),
        ("fleet.json", json.dumps({"values": {"Frnace": "1"}, "source": "s"}), "Did you mean France"),
        ("fleet.json", json.dumps({"FRA": 1}), "source"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(
    place: Place, tmp_path: Path, name: str, content: str, words: str
) -> None:
    told = place.run("tables", "set", "EX-1", "other", written(tmp_path, name, content))

    assert told.exit_code == 1
    assert words in told.stderr


def test_the_reasons_name_what_they_rest_on_and_what_to_record(place: Place) -> None:
    told = " ".join(place.run("explain", "EX-1").stdout.split())

    assert "rests on the table fleet, version 1 (An invented register)" in told
    assert "record it with POST /v1/treaties/EX-1/certificates under the key oil" in told


def test_a_certificate_is_tried_recorded_and_shown(place: Place) -> None:
    certify = ("certify", "EX-1", "oil", "2026-05-01", "--by", "The Director", "--quantity", "10", "--unit", "t")
    assert "not given" in place.run("certificates", "EX-1").stdout
    assert place.answer(*certify, "--dry-run")["dry_run"] is True

    told: Any = place.answer(*certify, "--source", "A letter", "--depositary-ref", "N.1")

    assert told["recorded_as"] == "certificate"
    shown = place.run("certificates", "EX-1").stdout
    assert "10 t" in shown
    assert "given on 2026-05-01" in shown
    assert place.run(*certify).exit_code == 1
    assert place.run(*certify, "--override", "V2").exit_code == 2
