"""The pages inside the whole service: the same record, the same numbers as the documents."""

import re
from collections.abc import Iterator

import pytest

from tests.services.status_world import Clock, Status, convention, load_convention, status
from treaty_status.pages import pages_router


@pytest.fixture
def service(sqlite_dsn: str) -> Iterator[Status]:
    """The service on SQLite with its pages, empty."""
    with status(sqlite_dsn, clock=Clock()) as running:
        desk = running.app.surface.desk
        running.app.framework.include_router(pages_router(desk))
        yield running


def page(service: Status, path: str, *, code: int = 200) -> str:
    answer = service.client.get(path)
    assert answer.status_code == code, answer.text[:300]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_page_and_document_say_the_same(service: Status) -> None:
    load_convention(service, claims=True)
    service.settled()
    document = service.treaty()
    told = page(service, "/treaties/XVIII-16")

    assert document["sentence"] in told
    assert f"{document['counts']['signatures']} signatures" in told
    assert f"log position {document['position']}" in told
    assert f"{len(document['claims']['contradicting'])} contradict the record" in told
    assert "0 of 40" in page(service, "/")


def test_every_document_that_a_page_leads_to_is_there(service: Status) -> None:
    service.put("XVIII-16", convention())
    links = re.findall(r'href="(/v1/[^"]+)"', service.client.get("/treaties/XVIII-16?as_of=2026-01-01").text)

    assert len(set(links)) == 10
    for link in set(links):
        assert service.client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_a_page_can_be_read_as_it_was_known_before_a_record_was_made(service: Status) -> None:
    service.put("XVIII-16", convention())
    before = service.clock.now.isoformat().replace("+00:00", "Z")
    service.clock.forward(hours=1)
    service.recorded("XVIII-16", "signature", "France", "2025-10-25")

    assert "1 signature" in page(service, "/treaties/XVIII-16")
    then = page(service, f"/treaties/XVIII-16?known_at={before}")
    assert "0 signatures" in then
    assert f"This is what was recorded by {before}" in then


@pytest.mark.parametrize("asked", ["yesterday", "2026-11-21", "2026-11-21T25:00:00", "0", "9999-12-31T23:00:00-14:00"])
def test_what_is_not_an_instant_is_refused_with_an_example(service: Status, asked: str) -> None:
    service.put("XVIII-16", convention())
    assert "Write it like 2026-11-21T17:00:00Z" in page(service, f"/treaties/XVIII-16?known_at={asked}", code=422)


def test_the_address_shown_for_citation_stays_as_it_is(service: Status) -> None:
    service.put("XVIII-16", convention())
    service.recorded("XVIII-16", "signature", "France", "2025-10-25")
    shown = service.client.get("/treaties/XVIII-16?as_of=2026-11-01&lang=fr").text
    permanent = re.findall(r'class="permalink" href="http://testserver([^"]+)"', shown)[0].replace("&amp;", "&")
    cited = service.client.get(permanent).text

    service.clock.forward(days=40)
    service.recorded("XVIII-16", "signature", "Germany", "2025-10-25")

    assert service.client.get(permanent).text == cited
    assert "Cette adresse est permanente" in cited
    assert permanent in cited.replace("&amp;", "&")
    assert "1 signature" in page(service, permanent)
    assert "There is no such position" in page(service, "/treaties/XVIII-16?at_position=99999", code=404)
    assert "There is no such position" in page(service, "/treaties/XVIII-16?at_position=-3", code=404)


def test_the_form_asks_for_a_day_and_for_an_instant_in_utc(service: Status) -> None:
    service.put("XVIII-16", convention())
    then = service.clock.now.strftime("%Y-%m-%dT%H:%M")
    service.clock.forward(hours=1)
    service.recorded("XVIII-16", "signature", "France", "2025-10-25")

    assert "1 signature" in page(service, "/treaties/XVIII-16?as_of=2026-11-21&known_at=")
    chosen = f"/treaties/XVIII-16?as_of=2026-11-21&known_at={then}"
    assert "0 signatures" in page(service, chosen)
    assert f'name="known_at" step="any" value="{then}:00"' in service.client.get(chosen).text


def test_a_closed_rehearsal_is_gone_and_leads_to_the_record(service: Status) -> None:
    service.put("XVIII-16", convention())
    practice = service.rehearse()
    assert "Nothing on this page has happened." in page(service, f"/treaties/{practice}")

    service.client.delete(f"/v1/treaties/{practice}", headers=service.bearer())
    assert "See the record of XVIII-16" in page(service, f"/treaties/{practice}", code=410)
    service.settled()
    assert practice not in page(service, "/")


def test_head_of_a_page_has_no_body_and_the_length_of_the_page(service: Status) -> None:
    service.put("XVIII-16", convention())
    whole, head = (service.client.request(method, "/treaties/XVIII-16") for method in ("GET", "HEAD"))

    assert head.content == b""
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert head.headers["etag"] == whole.headers["etag"]
