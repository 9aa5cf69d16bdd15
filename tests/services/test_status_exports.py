"""Lines for calendars and feed readers, and the table as a workbook, read by other people's programs."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from tests.services.status_world import HANOI, Status, protocol
from treaty_status.api.calendars import escaped, folded
from treaty_status.api.workbooks import workbook

ATOM = "{http://www.w3.org/2005/Atom}"


def events(service: Status, address: str) -> dict[str, Any]:
    """Each event of a calendar by its summary, as the icalendar package reads it."""
    icalendar = pytest.importorskip("icalendar")
    answer = service.client.get(f"/v1/treaties/{address}")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = icalendar.Calendar.from_ical(answer.content)
    assert not found.errors
    return {str(one["SUMMARY"]): one for one in found.walk("VEVENT")}


# ---- calendars -------------------------------------------------------------------------------------------------------
def test_every_line_is_a_day_in_the_calendar(hanoi: Status) -> None:
    found = events(hanoi, f"{HANOI}/milestones.ics?as_of=2026-11-21")

    closing = found["United Nations Convention against Cybercrime: Signature closes"]
    assert (closing["DTSTART"].dt, closing["DTEND"].dt) == (date(2026, 12, 31), date(2027, 1, 1))
    assert closing["DTSTART"].params["VALUE"] == "DATE"
    assert "CANCELLED" not in {str(one["STATUS"]) for one in found.values()}
    assert len({str(one["UID"]) for one in found.values()}) == len(found)
    assert all(one["DTSTAMP"].dt.tzinfo for one in found.values())


def test_a_reminder_is_an_alarm_of_the_day_it_reminds_of(hanoi: Status) -> None:
    found = events(hanoi, f"{HANOI}/milestones.ics?as_of=2026-11-21")

    alarms = found["United Nations Convention against Cybercrime: Signature closes"].walk("VALARM")
    assert [alarm["TRIGGER"].dt for alarm in alarms] == sorted(alarm["TRIGGER"].dt for alarm in alarms)
    assert timedelta(days=-7) in [alarm["TRIGGER"].dt for alarm in alarms]
    assert not any("days before" in name for name in found)


def test_what_was_taken_back_is_cancelled_under_the_same_id_with_a_higher_number(service: Status) -> None:
    assert service.put("EX-1", protocol(need=1)).status_code == 201
    act = service.recorded("EX-1", "accession", "fra", "2026-11-01")
    before = events(service, "EX-1/milestones.ics")["Protocol EX-1: Threshold reached"]
    body = {"target": act["event_id"], "kind": "retracted", "reason": "source_error"}
    assert service.post("EX-1/corrections", body).status_code == 201

    after = events(service, "EX-1/milestones.ics")["Protocol EX-1: Threshold reached"]

    assert (before["STATUS"], after["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (1, 2)


def test_a_calendar_may_be_about_one_participant(service: Status) -> None:
    assert service.put("EX-1", protocol(need=1)).status_code == 201
    service.recorded("EX-1", "accession", "fra", "2026-11-01")
    service.recorded("EX-1", "accession", "deu", "2026-11-02")

    found = events(service, "EX-1/milestones.ics?participant=FRA&lang=fr")

    assert "Protocol EX-1: En vigueur à l'égard de : France" in found
    assert not any("Allemagne" in name for name in found)
    unknown = service.client.get("/v1/treaties/EX-1/milestones.ics?participant=Freedonia")
    assert unknown.status_code == 404


def test_content_lines_are_folded_between_characters() -> None:
    line = "SUMMARY:" + escaped("Công ước; Hà Nội, 2025\n" * 9)

    told = folded(line)

    assert all(len(piece) <= 75 for piece in told.split(b"\r\n"))
    assert all(piece.decode() for piece in told.split(b"\r\n")[:-1])
    assert told.replace(b"\r\n ", b"").decode() == line + "\r\n"
    assert "\\;" in line
    assert "\\," in line
    assert "\\n" in line


# ---- feeds -----------------------------------------------------------------------------------------------------------
def test_the_feed_has_an_entry_for_each_line_that_was_announced(service: Status) -> None:
    assert service.put("EX-1", protocol(need=1)).status_code == 201
    act = service.recorded("EX-1", "accession", "fra", "2026-11-01")
    first = fromstring(service.client.get("/v1/treaties/EX-1/milestones.atom").content)
    service.clock.forward(days=1)
    body = {"target": act["event_id"], "kind": "retracted", "reason": "source_error"}
    assert service.post("EX-1/corrections", body).status_code == 201
    answer = service.client.get("/v1/treaties/EX-1/milestones.atom")
    second = fromstring(answer.content)

    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    one, same = _threshold(first), _threshold(second)
    assert one["id"] == same["id"]
    assert datetime.fromisoformat(same["updated"]) - datetime.fromisoformat(one["updated"]) == timedelta(days=1)
    assert same["updated"] == second.findtext(f"{ATOM}updated")
    assert "announced in error" in same["summary"]
    assert datetime.fromisoformat(one["updated"]).tzinfo == UTC


def _threshold(feed: Any) -> dict[str, str]:
    (found,) = [one for one in feed.iter(f"{ATOM}entry") if one.findtext(f"{ATOM}title") == "Threshold reached"]
    return {part.tag.removeprefix(ATOM): part.text or "" for part in found}


def test_a_feed_says_what_every_feed_has_to_say(hanoi: Status) -> None:
    feed = fromstring(hanoi.client.get(f"/v1/treaties/{HANOI}/milestones.atom?lang=fr").content)

    for element in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", element.findtext(f"{ATOM}id") or "")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert "Première signature" in [one.text for one in feed.iter(f"{ATOM}title")]


# ---- workbooks -------------------------------------------------------------------------------------------------------
def test_the_workbook_has_the_rows_of_the_table_with_days_as_days(hanoi: Status) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    address = f"/v1/treaties/{HANOI}/participants.xlsx?as_of=2025-10-25"
    answer = hanoi.client.get(address)

    assert answer.headers["content-disposition"].endswith(f'filename="{HANOI}-participants-2025-10-25.xlsx"')
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    head, *rows = book["Participants"].iter_rows(values_only=True)
    assert len(rows) == 69
    assert {row[head.index("signed_on")] for row in rows} == {datetime(2025, 10, 25)}  # noqa: DTZ001 - a day
    about = dict(book["About"].iter_rows(values_only=True))
    assert about["position"] == int(answer.headers["x-position"])
    assert about["permanent"] in answer.headers["link"]


def test_a_workbook_holds_what_spreadsheets_take_for_formulas_and_days_they_have_not() -> None:
    openpyxl = pytest.importorskip("openpyxl")

    book = openpyxl.load_workbook(
        io.BytesIO(workbook([("A & B", [["a", "b", "c"], ["=1+1", date(1864, 8, 22), 7], [None, "<é\x0b>\n", "x"]])]))
    )

    cells = [[cell.value for cell in row] for row in book["A & B"].iter_rows()]
    assert cells == [["a", "b", "c"], ["=1+1", "1864-08-22", 7], [None, "<é>\n", "x"]]
    assert book["A & B"]["A2"].data_type == "s"
