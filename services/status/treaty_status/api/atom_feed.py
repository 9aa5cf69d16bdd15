"""What was said about the lines of a treaty as a feed (RFC 4287): one entry a line, updated when it is said anew."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from treaty_events import stream_of
from treaty_status.api.entries import Entry
from treaty_status.api.xml_text import xml_text
from treaty_status.application.documents import NOTICE, View, in_language

MEDIA_TYPE: Final = "application/atom+xml; charset=utf-8"
NAMESPACE: Final = "http://www.w3.org/2005/Atom"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def atom_feed(told: View, lines: Sequence[Entry]) -> bytes:
    """The feed, the last said first. Lines that nobody has announced yet are no news."""
    treaty = told.treaty
    title = in_language(treaty.details.short_titles or treaty.details.titles, told.lang)
    said = [(one, one.said_at) for one in lines if one.said_at is not None]
    said.sort(key=lambda pair: (pair[1], pair[0].on, pair[0].key), reverse=True)
    feed = Element("feed", {"xmlns": NAMESPACE, XML_LANG: told.lang})
    _text(feed, "id", f"urn:uuid:{uuid5(stream_of(treaty.id), f'milestones.atom/{told.lang}')}")
    _text(feed, "title", title)
    _text(feed, "subtitle", NOTICE.get(told.lang, NOTICE["en"]))
    _text(feed, "updated", instant(said[0][1] if said else told.known_at))
    _text(SubElement(feed, "author"), "name", "treaty-status")
    _link(feed, "self", f"/v1/treaties/{treaty.id}/milestones.atom?lang={told.lang}", MEDIA_TYPE)
    _link(feed, "alternate", f"/treaties/{treaty.id}?lang={told.lang}", "text/html")
    for one, said_at in said:
        _entry(feed, one, said_at, told)
    text: str = tostring(feed, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _entry(feed: Element, one: Entry, said_at: datetime, told: View) -> None:
    entry = SubElement(feed, "entry")
    _text(entry, "id", f"urn:uuid:{one.id}")
    _text(entry, "title", one.name)
    _text(entry, "updated", instant(said_at))
    _text(entry, "summary", f"{one.on.isoformat()}. {'. '.join(one.remarks)}.")
    SubElement(entry, "category", {"term": one.kind})
    SubElement(entry, "category", {"term": f"state:{one.state}"})
    day = f"/treaties/{told.treaty.id}?as_of={one.on.isoformat()}&lang={told.lang}"
    _link(entry, "alternate", day, "text/html")


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = xml_text(text)


def _link(parent: Element, relation: str, address: str, kind: str) -> None:
    SubElement(parent, "link", {"rel": relation, "href": address, "type": kind.partition(";")[0]})


def instant(moment: datetime | None) -> str:
    """An instant as RFC 3339 writes it."""
    found = datetime(1970, 1, 1, tzinfo=UTC) if moment is None else moment.astimezone(UTC)
    return found.isoformat().replace("+00:00", "Z")
