"""The short road in front of the framework answers as the framework's own route does, and refuses nothing itself."""

import pytest

from tests.services.status_world import Status, protocol
from treaty_status.api.short_queries import clocks_of

EX = "EX-1"
PLAIN = (
    "as_of=2026-03-15",
    "as_of=2026-03-15&lang=fr",
    "lang=fr",
    "at_position={position}",
    "as_of=2026-03-15&at_position={position}",
    "known_at={recorded_at}",
    "as_of=2026-03-15&known_at={recorded_at}&lang=zh-Hant",
    "as_of=2026-03-15&at_position={position}&lang=en&edition={edition}",
)
FOR_THE_FRAMEWORK = (
    "",
    "as_of",
    "as_of=",
    "as_of=2026-02-30",
    "as_of=26-1-1",
    "as_of=9999-12-31",
    "as_of=2026%2D03%2D15",
    "as_of=2026-03-15&as_of=2026-03-16",
    "as_of=2026-03-15&colour=red",
    "known_at=2026-03-15",
    "known_at=2026-03-15T10:00:00+01:00",
    "known_at=2026-03-15T10:00:00Z&at_position=1",
    "at_position=0",
    "at_position=-1",
    "at_position=1.5",
    "at_position=99999999999999999999",
    "lang=English",
    "edition=999",
    "as_of=2026-03-15&",
    "as_of=" + "2" * 300,
    "as_of=\u0662\u0660\u0662\u0666-03-15",
)


@pytest.fixture
def recorded(service: Status) -> dict[str, object]:
    assert service.put(EX, protocol()).status_code == 201
    receipt = service.recorded(EX, "accession", "fra", "2026-03-01")
    recorded_at = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(hours=1)
    service.recorded(EX, "accession", "deu", "2026-03-02")
    edition = service.app.surface.answers.edition
    return {"position": receipt["position"], "recorded_at": recorded_at, "edition": edition}


@pytest.mark.parametrize("query", PLAIN)
def test_both_roads_give_the_same_bytes_and_fields(service: Status, recorded: dict[str, object], query: str) -> None:
    asked = query.format(**recorded)
    assert clocks_of(asked.encode(), edition=int(str(recorded["edition"]))) is not None
    short = service.client.get(f"/v1/treaties/{EX}?{asked}")
    long = service.client.get(f"/v1/treaties/{EX}?{_escaped(asked)}")
    assert (short.status_code, short.content) == (200, long.content)
    fields = {name: value for name, value in long.headers.items() if name != "vary"}  # every origin is told the same
    assert dict(short.headers) == fields


def _escaped(asked: str) -> str:
    """The same query with one character written as only the framework reads it."""
    name, _, value = asked.partition("=")
    return f"{name}=%{ord(value[0]):02X}{value[1:]}"


@pytest.mark.parametrize("query", FOR_THE_FRAMEWORK)
def test_whatever_is_not_plain_is_the_frameworks_to_answer_or_to_refuse(query: str) -> None:
    assert clocks_of(query.encode(), edition=1) is None


def test_a_head_request_and_an_etag_are_heard_on_the_short_road(service: Status, recorded: dict[str, object]) -> None:
    address = f"/v1/treaties/{EX}?as_of=2026-03-15&at_position={recorded['position']}"
    head = service.client.head(address)
    full = service.client.get(address)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(full.content))
    again = service.client.get(address, headers={"if-none-match": full.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_was_not_on_record_is_refused_in_the_frameworks_words(
    service: Status, recorded: dict[str, object]
) -> None:
    ahead = service.client.get(f"/v1/treaties/{EX}?at_position=999999")
    nobody = service.client.get("/v1/treaties/NO-1?as_of=2026-03-15")
    assert (ahead.status_code, ahead.json()["type"].rsplit("/", 1)[-1]) == (404, "position-ahead")
    assert nobody.status_code == 404
    assert recorded
