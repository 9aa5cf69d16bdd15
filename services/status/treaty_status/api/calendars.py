"""The lines of a treaty as a calendar (RFC 5545): a day each, revised in place, cancelled when taken back."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from treaty_status.api.entries import Entry
from treaty_status.application.documents import NOTICE, View, in_language

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
MOST_OCTETS: Final = 75
"""Of one line; longer ones are folded (section 3.1)."""
COUNTS_DOWN_TO: Final = {
    "signature.closing_soon": "signature.closing",
    "entry_into_force.countdown": "entry_into_force",
}
"""Reminders become alarms of what they remind of."""


def calendar(told: View, lines: Sequence[Entry]) -> bytes:
    """The calendar. Every line is an event of one whole day, whose UID and SEQUENCE are the line's id and revision."""
    title = in_language(told.treaty.details.short_titles or told.treaty.details.titles, told.lang)
    notice = NOTICE.get(told.lang, NOTICE["en"])
    ahead = [one for one in lines if one.kind in COUNTS_DOWN_TO and one.state == "upcoming"]
    content = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//treaty-status//milestones//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{escaped(title)}",
        f"X-WR-CALNAME:{escaped(title)}",
        f"DESCRIPTION:{escaped(notice)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    for one in lines:
        if one.kind not in COUNTS_DOWN_TO:
            content += _event(one, told, title, [soon for soon in ahead if COUNTS_DOWN_TO[soon.kind] == one.kind])
    content.append("END:VCALENDAR")
    return b"".join(folded(line) for line in content)


def _event(one: Entry, told: View, title: str, reminders: Sequence[Entry]) -> Iterator[str]:
    stamp = one.said_at or told.known_at
    yield "BEGIN:VEVENT"
    yield f"UID:{one.id}"
    yield f"DTSTAMP:{_instant(stamp)}"
    yield f"SEQUENCE:{one.revision}"
    yield f"DTSTART;VALUE=DATE:{_day(one.on)}"
    yield f"DTEND;VALUE=DATE:{_day(one.on + timedelta(days=1))}"
    yield f"SUMMARY:{escaped(f'{title}: {one.name}')}"
    yield f"DESCRIPTION:{escaped('. '.join(one.remarks) + '.')}"
    yield f"CATEGORIES:{escaped(one.kind)}"
    yield f"STATUS:{'CANCELLED' if one.is_taken_back else 'CONFIRMED'}"
    yield "TRANSP:TRANSPARENT"
    yield "CLASS:PUBLIC"
    if one.state == "upcoming":
        yield from _alarms(one, reminders)
    yield "END:VEVENT"


def _alarms(one: Entry, reminders: Iterable[Entry]) -> Iterator[str]:
    for days in sorted({(one.on - soon.on).days for soon in reminders if soon.on < one.on}, reverse=True):
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{escaped(one.name)}"
        yield f"TRIGGER:-P{days}D"
        yield "END:VALARM"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}" if day.year >= 1000 else f"{day.year:04}{day:%m%d}"


def _instant(moment: datetime | None) -> str:
    found = datetime(1970, 1, 1, tzinfo=UTC) if moment is None else moment.astimezone(UTC)
    return f"{found:%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """A text as a value (section 3.3.11)."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def folded(line: str) -> bytes:
    """One content line, folded between characters so that no piece is longer than 75 octets, with its line end."""
    pieces: list[bytes] = []
    piece = b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > MOST_OCTETS - (1 if pieces else 0):
            pieces.append(piece)
            piece = b""
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
