"""The OpenAPI document: valid, complete, committed, and true of what the service answers.

``python -m tests.services.test_status_openapi`` writes the committed copy anew.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from tests.services.status_world import HANOI, Status, protocol, status
from treaty_events.catalogue import MILESTONES
from treaty_status.api import Server, create_app
from treaty_status.api.examples import BODIES, PATH, WHAT_IF
from treaty_status.api.openapi import NDJSON, QUESTIONS
from treaty_status.service import open_desk

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
AGAIN = "The committed document is another: run `python -m tests.services.test_status_openapi` and look at the change."


def document() -> dict[str, Any]:
    with status("memory:") as running:
        return dict(running.client.get("/openapi.json").json())


def text(told: dict[str, Any]) -> str:
    return json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return document()


def test_the_document_is_valid_openapi_3_1(told: dict[str, Any]) -> None:
    assert told["openapi"].startswith("3.1")
    validate(told)


def test_the_committed_document_is_this_one(told: dict[str, Any]) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == text(told), AGAIN


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(told: dict[str, Any]) -> None:
    operations = [one for methods in told["paths"].values() for one in methods.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all(one["summary"] and one["description"] for one in operations)


def test_every_body_has_examples_that_fit_its_schema(told: dict[str, Any]) -> None:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if "requestBody" not in operation:
                continue
            ((kind, content),) = operation["requestBody"]["content"].items()
            assert content["examples"], (path, method)
            for example in content["examples"].values():
                fits(example["value"], content["schema"], told)
                for line in example["value"].splitlines() if kind == NDJSON else ():
                    fits(json.loads(line), {"$ref": "#/components/schemas/ImportedActBody"}, told)


def fits(value: object, schema: dict[str, Any], told: dict[str, Any]) -> None:
    OAS31Validator({**schema, "components": told["components"]}).validate(value)


def test_writing_asks_for_a_key_and_declares_its_refusals(told: dict[str, Any]) -> None:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in QUESTIONS:
                assert "security" not in operation, path
            elif method in {"post", "put", "delete"}:
                assert operation["security"] == [{"key": []}], path
                assert {"400", "401", "403", "404", "409", "412", "413", "415", "422"} <= set(operation["responses"])


def test_an_import_is_answered_line_by_line_as_the_document_says(service: Status, told: dict[str, Any]) -> None:
    operation = told["paths"]["/v1/import"]["post"]
    ((_, example),) = operation["requestBody"]["content"][NDJSON]["examples"].items()
    headers = service.bearer() | {"content-type": NDJSON}

    assert service.put("EX-1", protocol()).status_code == 201
    body = example["value"] + "{}\n" + example["value"]
    lines = service.client.post("/v1/import", content=body, headers=headers).text
    lines += operation["responses"]["200"]["content"][NDJSON]["example"]

    for line in lines.splitlines():
        fits(json.loads(line), {"$ref": "#/components/schemas/ImportedLine"}, told)
    assert {json.loads(line)["result"] for line in lines.splitlines()} == {"recorded", "already", "problem"}


def test_there_is_a_webhook_for_each_milestone(told: dict[str, Any]) -> None:
    assert set(told["webhooks"]) == set(MILESTONES)


def test_a_milestone_in_the_log_fits_the_schema_of_the_message(told: dict[str, Any], hanoi: Status) -> None:
    for event in hanoi.log():
        if event["type"] in MILESTONES:
            message = event["data"] | {"event_id": event["id"], "position": event["position"]}
            fits(message, {"$ref": "#/components/schemas/Milestone"}, told)


def test_the_examples_are_taken_by_the_service(service: Status) -> None:
    (treaty,) = BODIES["treaty"].values()
    assert service.put("EX-1", treaty).status_code == 201
    for name, path in (("claim", "EX-1/claims"), ("rehearsal", "EX-1/rehearsals")):
        for body in BODIES[name].values():
            answer = service.post(path, body)
            assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        (f"/v1/treaties/{HANOI}", "Treaty"),
        (f"/v1/treaties/{HANOI}/participants", "Participants"),
        (f"/v1/treaties/{HANOI}/participants/fra", "Participant"),
        (f"/v1/treaties/{HANOI}/explanation", "Explanation"),
        (f"/v1/treaties/{HANOI}/milestones", "Milestones"),
        (f"/v1/treaties/{HANOI}/claims", "Claims"),
        (f"/v1/treaties/{HANOI}/path", "Path"),
        ("/v1/treaties", "TreatyList"),
        ("/v1/participants", "RegistryList"),
        ("/v1/participants/fra", "RegistryEntry"),
        ("/v1/feed?limit=1000", "FeedPage"),
    ],
)
def test_what_is_answered_fits_its_schema(hanoi: Status, told: dict[str, Any], path: str, schema: str) -> None:
    fits(hanoi.client.get(path).json(), {"$ref": f"#/components/schemas/{schema}"}, told)


def test_what_a_question_is_answered_fits_its_schema_and_so_do_the_examples(
    hanoi: Status, told: dict[str, Any]
) -> None:
    for body in BODIES["what_if"].values():
        answer = hanoi.client.post(f"/v1/treaties/{HANOI}/what-if", json=body)
        assert answer.status_code == 200, answer.text
        fits(answer.json(), {"$ref": "#/components/schemas/WhatIf"}, told)
        assert answer.json().keys() == WHAT_IF.keys()
        assert answer.json()["difference"].keys() == WHAT_IF["difference"].keys()
    fits(WHAT_IF, {"$ref": "#/components/schemas/WhatIf"}, told)
    fits(PATH, {"$ref": "#/components/schemas/Path"}, told)
    assert hanoi.get(f"treaties/{HANOI}/path").keys() == PATH.keys()


# ---- whatever the document allows ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def on_a_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service with a treaty on a real socket; its address and a key that opens everything."""
    dsn = f"sqlite:///{tmp_path_factory.mktemp('whatever') / 'treaty.db'}"
    with status(dsn) as before:
        assert before.put("EX-1", protocol()).status_code == 201
        before.recorded("EX-1", "accession", "fra", "2026-03-01")
        key = before.keys["admin"]
    app = create_app(open_desk(dsn))
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None), app)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", key
    server.should_exit = True
    app.closing()
    thread.join(timeout=10)


schemathesis.serializer.alias(NDJSON, "text/plain")
OPERATIONS = {one.ok().label: one.ok() for one in schemathesis.openapi.from_dict(document()).get_all_operations()}
BOUNDED = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_the_document_allows_is_answered_as_it_says(label: str, on_a_socket: tuple[str, str]) -> None:
    operation, (address, key) = OPERATIONS[label], on_a_socket

    @given(case=operation.as_strategy(), known=booleans())
    @BOUNDED
    def asked(case: Any, known: bool) -> None:
        if known and "treaty" in (case.path_parameters or {}):
            case.path_parameters["treaty"] = "EX-1"
        if case.path == "/v1/feed":
            case.query = {**(case.query or {}), "wait": 0}
        answer = case.call(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=20)

        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in operation.definition.raw["responses"] or answer.status_code in {404, 405}
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]

    asked()


if __name__ == "__main__":
    COMMITTED.write_text(text(document()), encoding="utf-8")
