"""What the page of one treaty shows: the documents, put into words and cells. Nothing is derived a second time."""

from typing import Any

from treaty_status.application.documents import (
    claims_document,
    explanation_document,
    milestones_document,
    participants_document,
    status_document,
)
from treaty_status.pages.addresses import address, treaty_path, web
from treaty_status.pages.citation import citation, data_links, provenance
from treaty_status.pages.claims_beside import claims_beside
from treaty_status.pages.key_facts import key_counts, key_dates
from treaty_status.pages.languages import direction
from treaty_status.pages.milestone_lines import milestone_lines
from treaty_status.pages.participants_table import participants_table
from treaty_status.pages.progress import progress
from treaty_status.pages.reasons import reasons
from treaty_status.pages.telling import Telling


def treaty_page(page: Telling) -> dict[str, Any]:
    """Everything that the template asks for."""
    told = page.told
    status, why = status_document(told), explanation_document(told)
    table = participants_document(told)["participants"]
    details = told.treaty.details
    return {
        "status": status,
        "notice": status["notice"],
        "rehearsing": not status["livemode"],
        "rehearsal_day": None if status["rehearsal_day"] is None else page.plain_day(status["rehearsal_day"]),
        "record": None if status["rehearsal_of"] is None else _of_record(status["rehearsal_of"], page),
        "titles": {
            "short": _spoken(details.short_titles or details.titles, page.language.names),
            "whole": _spoken(details.titles, page.language.names),
        },
        "today": page.today.isoformat(),
        "other_day": _other_day(page),
        "known_at": page.query["known_at"],
        "at_position": page.at_position,
        "chosen_instant": (page.query["known_at"] or "").removesuffix("Z"),
        "heard_at": page.heard_at,
        "progress": progress(status, why, page),
        "counts": key_counts(status, page),
        "dates": key_dates(status, page),
        "zone": status["depositary"]["time_zone"],
        "why": reasons(why, page),
        **participants_table(table, page),
        "milestones": milestone_lines(milestones_document(told), page),
        "claims": claims_beside(claims_document(told), page),
        "sources": [{**source, "url": web(source["url"])} for source in status["sources"]],
        "path": page.here.path,
        "at": page.here,
        "names": page.language.names,
        "canonical": f"{page.origin}{page.here()}",
        "permalink": f"{page.origin}{page.permanent}",
        "citation": citation(status, page),
        "provenance": provenance(status, page),
        "data": data_links(page),
        "alternates": [*data_links(page)[:3], data_links(page)[-1]],
    }


def _spoken(titles: dict[str, str], lang: str) -> dict[str, str]:
    """The language that a title is shown in, and how that is written."""
    tag = next((tag for tag in (lang, "en") if tag in titles), next(iter(titles)))
    return {"tag": tag, "direction": direction(tag)}


def _of_record(treaty: str, page: Telling) -> str:
    return address(treaty_path(treaty), lang=page.language.names)


def _other_day(page: Telling) -> str | None:
    as_of = page.told.as_of
    if as_of == page.today:
        return None
    key = "as_of.future" if as_of > page.today else "as_of.past"
    return page.say(key, day=page.as_of)
