"""The notifier's document: valid, committed, and true of every webhook that there is, in each form.

``python -m tests.services.test_notifier_openapi`` writes the committed copy anew.
"""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import validate
from pydantic import BaseModel

from tests.webhook_contract import SENDER, STATUS, breaches, documented_types
from treaty_events.catalogue import MILESTONES, NAMES, category_of
from treaty_notifier.api import contract, create_app, schemas
from treaty_notifier.formats import Format, shaped
from treaty_notifier.messages import FeedEvent, draft, probe_draft
from treaty_notifier.numbering import Occasion, Place, numbered
from treaty_notifier.webhook_signature import webhook_headers

SAMPLES = Path(__file__).parents[2] / "events" / "samples"
AGAIN = (
    "The committed document is another: run `python -m tests.services.test_notifier_openapi` and look at the change."
)


def document() -> dict[str, Any]:
    @asynccontextmanager
    async def closed(_app: object) -> Any:
        yield {}

    return json.loads(json.dumps(create_app(closed).openapi()))  # type: ignore[no-any-return]  # what JSON makes of it


def text(told: dict[str, Any]) -> str:
    return json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return document()


def test_the_document_is_valid_openapi_3_1_and_the_committed_one_is_this(told: dict[str, Any]) -> None:
    assert told["openapi"].startswith("3.1")
    validate(told)
    assert SENDER.read_text(encoding="utf-8") == text(told), AGAIN


def test_no_shape_of_the_api_has_the_name_of_a_shape_of_the_vocabulary() -> None:
    ours = {one.__name__ for one in vars(schemas).values() if isinstance(one, type) and issubclass(one, BaseModel)}

    assert ours.isdisjoint(contract.components()["schemas"])


def test_every_example_is_true(told: dict[str, Any]) -> None:
    asked = {
        name: webhook["post"]["requestBody"]["content"]["application/json"].get("example")
        for name, webhook in told["webhooks"].items()
    }

    wrong = {name: breaches({}, json.dumps(example).encode()) for name, example in asked.items() if example}

    assert len(wrong) == 11
    assert {name: found for name, found in wrong.items() if found} == {}


# ---- the webhooks ----------------------------------------------------------------------------------------------------
PLACES = (
    (Place(1, None, 0), Occasion.FEED),
    (Place(7, "msg_a2", 5), Occasion.FEED),
    (Place(7, "msg_a2", 5), Occasion.RESEND),
    (None, Occasion.REPLAY),
)


def event(name: str, **more: object) -> FeedEvent:
    data = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return FeedEvent(
        position=7,
        event_id="5a1f8a9e-4d1f-5c0e-9d55-6f3b7f0f2a11",
        type=name,
        category=category_of(name),
        treaty="EXAMPLE-1",
        livemode=True,
        recorded_at=datetime(2026, 11, 21, 10, 4, tzinfo=UTC),
        data=data | more,
    )


def sent(body: bytes, form: Format) -> tuple[dict[str, str], bytes]:
    """A message as it leaves the notifier in this form."""
    fields, final = shaped(body, webhook_id="msg_a2b3", source="urn:treaty-status", form=form)
    return fields | webhook_headers(webhook_id="msg_a2b3", timestamp=1_795_255_440, body=final, secrets=[b"s"]), final


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_sample_of_every_event_keeps_the_contract_in_every_form(name: str, form: Format) -> None:
    for place, occasion in PLACES:
        assert breaches(*sent(numbered(draft(event(name)).body, place, occasion=occasion), form)) == []


def test_every_type_is_documented() -> None:
    assert documented_types() == {*contract.message_types()}


@pytest.mark.parametrize("form", Format)
def test_a_test_message_keeps_it_and_so_does_what_had_to_be_clipped(form: Format) -> None:
    probe = probe_draft(subscription_id="sub_a", test_id="t1", at=datetime(2026, 11, 21, tzinfo=UTC)).body
    many = [{"participant": f"x{number}", "action": "accession", "name": "N" * 90} for number in range(300)]
    shortened = draft(event("treaty.threshold.reached", attributed_to=many)).body
    clipped = draft(event("treaty.claim.recorded", quote="N" * 30_000)).body

    for body in (probe, numbered(shortened, Place(1, None, 0)), numbered(clipped, Place(2, "msg_a2", 0))):
        assert breaches(*sent(body, form)) == []


ALTERED = {
    "a field is missing": ("treaty.threshold.reached", b'"kind":"threshold",', b""),
    "another kind": ("treaty.threshold.reached", b'"kind":"threshold"', b'"kind":"consent.first"'),
    "a day that is none": ("treaty.threshold.reached", b'"occurred_on":"2027-04-05"', b'"occurred_on":"2027-04-31"'),
    "a number as text": ("treaty.threshold.reached", b'"sequence":7', b'"sequence":"7"'),
    "no number": ("treaty.threshold.reached", b',"sequence":7', b""),
    "what is not documented, beside the data": ("treaty.threshold.reached", b'"watermark":5', b'"watermark":5,"x":1'),
    "what is not documented, in the data": ("treaty.consent.recorded", b'"position":7', b'"position":7,"x":1'),
    "a word that is none": ("treaty.consent.recorded", b'"action":"ratification"', b'"action":"ratified"'),
    "a type that is none": ("treaty.consent.recorded", b'"type":"treaty.consent.recorded"', b'"type":"treaty.x"'),
    "an instant without a zone": (
        "treaty.consent.recorded",
        b'"timestamp":"2026-11-21T10:04:00.000000Z"',
        b'"timestamp":"2026-11-21T10:04:00"',
    ),
}


@pytest.mark.parametrize("deed", ALTERED)
def test_an_altered_body_breaks_it(deed: str) -> None:
    name, before, after = ALTERED[deed]
    whole = numbered(draft(event(name)).body, Place(7, "msg_a2", 5))
    assert before in whole

    assert breaches({}, whole) == []
    assert breaches({}, whole.replace(before, after, 1)) != []


@pytest.mark.parametrize("form", [Format.STANDARD, Format.BINARY])
def test_a_body_is_of_one_form_and_not_of_two(told: dict[str, Any], form: Format) -> None:
    for name in NAMES:
        content = told["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**content, "components": told["components"]}, validate_formats=True)
        _, body = sent(numbered(draft(event(name)).body, Place(7, "msg_a2", 5)), form)

        assert validator.is_valid(json.loads(body)), name


def test_headers_are_held_against_it_too() -> None:
    headers, body = sent(numbered(draft(event("treaty.consent.recorded")).body, Place(1, None, 0)), Format.BINARY)

    assert breaches(headers, body) == []
    for name, value in (
        ("webhook-signature", "v1=abc"),
        ("webhook-timestamp", "2026-11-21T10:04:00Z"),
        ("ce-subject", "Công ước"),
        ("ce-sequence", "0"),
        ("ce-colour", "red"),
    ):
        assert breaches(headers | {name: value}, body) != []


def test_both_services_document_the_same_milestones() -> None:
    assert set(json.loads(STATUS.read_text(encoding="utf-8"))["webhooks"]) == set(MILESTONES)


if __name__ == "__main__":
    SENDER.write_text(text(document()), encoding="utf-8")
