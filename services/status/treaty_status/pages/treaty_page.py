"""What the page of one treaty shows: the documents, put into words and cells. Nothing is derived a second time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from markupsafe import Markup, escape

from treaty_status.application.documents import (
    REMINDERS,
    Document,
    View,
    claims_document,
    explanation_document,
    folded,
    milestones_document,
    participants_document,
    status_document,
)
from treaty_status.pages import dates
from treaty_status.pages.addresses import Here, address, data_path, treaty_path
from treaty_status.pages.cells import Cells, cells
from treaty_status.pages.languages import Language, direction
from treaty_status.pages.moments import written_instant
from treaty_status.pages.numbers import amount
from treaty_status.pages.subjects import GroupName, Subjects
from treaty_status.pages.wording import Words, distance

MOST_NAMED: Final = 3
"""Names after a milestone; the table has them all."""

DATA: Final = (
    ("foot.status", "", "application/json"),
    ("foot.participants", "/participants", "application/json"),
    ("who.csv", "/participants.csv", "text/csv"),
    ("foot.explanation", "/explanation", "application/json"),
    ("foot.milestones", "/milestones", "application/json"),
    ("foot.claims", "/claims", "application/json"),
    ("foot.log", "/log", "application/x-ndjson"),
)
IN_ORDER: Final = (
    "signature.opening",
    "signature.first",
    "signature.count",
    "signature.closing",
    "consent.first",
    "consent.percent",
    "consent.remaining",
    "threshold",
    "entry_into_force",
)
UNDATED: Final = frozenset({"/log"})
"""Data that is the same on every day and in every language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One treaty at the end of one day, for one reader. ``today`` is the depositary's, or the rehearsal's.

    ``known_at`` None: as we know it now.
    """

    told: View
    today: date
    known_at: datetime | None
    language: Language
    origin: str
    group: GroupName

    @property
    def subjects(self) -> Subjects:
        """Words for groups and tables."""
        return Subjects(self.say, self.group)

    @property
    def say(self) -> Words:
        """The page's words."""
        return Words(self.language.text)

    @property
    def here(self) -> Here:
        """This state's own address: always with its day, so that it can be cited."""
        return Here(treaty_path(self.told.treaty.id), self.query)

    @property
    def query(self) -> dict[str, str | None]:
        """What is asked: the legal day, the instant, the language."""
        known_at = None if self.known_at is None else written_instant(self.known_at)
        return {"as_of": self.told.as_of.isoformat(), "known_at": known_at, "lang": self.language.names}

    def day(self, iso: str | None) -> Markup:
        """A day as this reader reads it."""
        return dates.element(iso, self.language.text)

    def plain_day(self, iso: str) -> str:
        """A day inside a text."""
        day = dates.parsed(iso)
        return iso if day is None else dates.long(day, self.language.text)


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
        "progress": _progress(status, why, page),
        "counts": _counts(status, page),
        "dates": _dates(status, page),
        "zone": status["depositary"]["time_zone"],
        "why": _why(why, page),
        **_table(table, page),
        "milestones": _milestones(milestones_document(told), page),
        "claims": _claims(claims_document(told), page),
        "sources": [{**source, "url": web(source["url"])} for source in status["sources"]],
        "path": page.here.path,
        "at": page.here,
        "names": page.language.names,
        "permalink": f"{page.origin}{page.here()}",
        "citation": _citation(status, page),
        "provenance": _provenance(status, page),
        "data": _data(page),
        "alternates": _data(page)[:3],
    }


def _spoken(titles: dict[str, str], lang: str) -> dict[str, str]:
    """The language that a title is shown in, and how that is written."""
    tag = next((tag for tag in (lang, "en") if tag in titles), next(iter(titles)))
    return {"tag": tag, "direction": direction(tag)}


def web(url: str | None) -> str | None:
    """The address, if it is one that a page may link to."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _of_record(treaty: str, page: Telling) -> str:
    return address(treaty_path(treaty), lang=page.language.names)


def _other_day(page: Telling) -> str | None:
    as_of = page.told.as_of
    if as_of == page.today:
        return None
    key = "as_of.future" if as_of > page.today else "as_of.past"
    return page.say(key, day=dates.long(as_of, page.language.text))


# ---- progress --------------------------------------------------------------------------------------------------------
def _progress(status: Document, why: Document, page: Telling) -> dict[str, Any] | None:
    found = status["progress"]
    if found is None:
        return None
    say = page.say
    shown: dict[str, Any] = {
        "big": None,
        "need": None,
        "what": "",
        "cells": None,
        "share": found["share"],
        "each": None,
    }
    instruments = isinstance(found["need"], int) and found["need"] > 0
    if instruments:
        row = _row_of_cells(found, why, page)
        over = found["have"] > found["need"]
        shown |= {
            "big": found["have"],
            "need": None if over else say("progress.of", need=found["need"]),
            "what": say("progress.over", need=found["need"]) if over else say("progress.have", n=found["have"]),
            "cells": row,
            "each": say("progress.each", n=row.each) if row.each > 1 else None,
        }
    elif found["need"] is not None:
        need = say("progress.of", need=amount(found["need"], page.language.text))
        shown |= {"big": amount(found["have"], page.language.text), "need": need}
    return {
        **shown,
        "missing": _missing(found, status, page),
        "if_met": _if_met(why, page),
        "joint": say("progress.parts") if "parts" in (why["tree"] or {}) else None,
        "unknown": page.subjects.wanting(status["force"].get("unknown", ())),
    }


def _row_of_cells(found: Document, why: Document, page: Telling) -> Cells:
    acts = _first_counted(why["tree"])
    labels = [f"{act['name']}, {page.say.action(act['action'])}, {page.plain_day(act['act_date'])}" for act in acts]
    return cells(have=found["have"], need=found["need"], labels=labels)


def _first_counted(node: Document | None) -> list[Document]:
    """The acts of the first node that counts instruments: the same that the progress is taken from."""
    if node is None:
        return []
    if node["op"] in {"count", "fraction", "everyone"}:
        return list(node.get("counted", ()))
    return next((found for part in node.get("parts", ()) if (found := _first_counted(part))), [])


def _missing(found: Document, status: Document, page: Telling) -> str:
    say, force = page.say, status["force"]
    if force["threshold_on"] is not None:
        key = force["state"] if force["entry_into_force_on"] else "threshold_only"
        days = {"threshold": page.plain_day(force["threshold_on"])}
        days["force"] = page.plain_day(force["entry_into_force_on"] or "")
        return say(f"progress.{key}", **days) + "."
    missing = found["missing"]
    if not isinstance(missing, int):
        return ""
    return (say("progress.missing", n=missing) if missing else say("progress.met")) + "."


def _if_met(why: Document, page: Telling) -> str | None:
    follows = why.get("if_next")
    force = None if follows is None else follows["earliest_entry_into_force_if_met_today"]
    if force is None:
        return None
    day = dates.long(page.told.as_of, page.language.text)
    return page.say("progress.if_met", day=day, force=page.plain_day(force))


# ---- numbers and dates -----------------------------------------------------------------------------------------------
def _counts(status: Document, page: Telling) -> list[dict[str, Any]]:
    counts, say = status["counts"], page.say
    in_force = status["force"]["in_force"]
    by = None
    if counts["signatures_by_organisations"]:
        by = say("counts.by", states=counts["signatures_by_states"], n=counts["signatures_by_organisations"])
    none = None if in_force or status["force"]["state"] == "no_rule" else say("counts.no_parties")
    return [
        {"n": counts["signatures"], "what": say("counts.signatures", n=counts["signatures"]), "more": by},
        {"n": counts["signatories_not_consented"], "what": say("counts.not_consented"), "more": None},
        {
            "n": counts["consents"],
            "what": say("counts.consents", n=counts["consents"]),
            "more": say("counts.counted", n=counts["counted_consents"]) if counts["consents"] else None,
        },
        {
            "n": counts["parties_in_force"],
            "what": say("counts.parties", n=counts["parties_in_force"]),
            "more": none if not counts["parties_in_force"] else None,
        },
    ]


def _dates(status: Document, page: Telling) -> list[dict[str, Any]]:
    force, say = status["force"], page.say
    clause = [] if force["clause"] is None else [say("dates.clause", clause=force["clause"])]
    known = force["state"] not in {"no_rule", "unknown"}
    adopted = [text for text in (status["adopted_at"], status["adoption_reference"]) if text]
    adoption = {"what": say("dates.adopted"), "day": page.day(status["adopted_on"]), "state": "", "more": adopted}
    return [
        *([{**adoption, "ahead": False}] if status["adopted_on"] else []),
        _signature(status["signature"], page),
        _line("threshold", force["threshold_on"], clause, page, known=known),
        _line("force", force["entry_into_force_on"], clause, page, known=known),
    ]


def _signature(signature: Document, page: Telling) -> dict[str, Any]:
    say = page.say
    state = say(f"dates.signature.{signature['state']}")
    if signature["days_left"] is not None:
        state = f"{state}, {say('dates.days_left', n=signature['days_left'])}"
    windows = [
        Markup("{}{}").format(say("label", label=window["place"]), _span(window["opens_on"], window["closes_on"], page))
        for window in signature["windows"]
    ]
    day = _span(signature["opens_on"], signature["closes_on"], page) if signature["opens_on"] else Markup("")
    return {
        "what": say("dates.signature"),
        "day": day,
        "state": state,
        "more": windows,
        "ahead": signature["state"] == "open",
    }


def _span(opens_on: str, closes_on: str | None, page: Telling) -> Markup:
    if closes_on is None:
        return escape(page.say("dates.from", day="{}")).format(page.day(opens_on))
    return Markup("{} – {}").format(page.day(opens_on), page.day(closes_on))


def _line(what: str, iso: str | None, clause: list[str], page: Telling, *, known: bool) -> dict[str, Any]:
    say = page.say
    ahead = None if iso is None else (date.fromisoformat(iso) - page.told.as_of).days
    if ahead is None:
        state = say(f"dates.{what}.not" if known else "dates.unknown")
    else:
        state = say("dates.force.in", n=ahead) if ahead >= 0 and what == "force" else ""
    day = Markup("") if iso is None else page.day(iso)
    return {"what": say(f"dates.{what}"), "day": day, "state": state, "more": clause, "ahead": bool(state and iso)}


# ---- why -------------------------------------------------------------------------------------------------------------
def _why(why: Document, page: Telling) -> dict[str, Any]:
    text: str = why["text"][page.language.text]
    track = None if page.told.outcome is None else page.told.outcome.track
    tree = None if why["tree"] is None else _node(why["tree"], page)
    return {
        "text": text,
        "tree": tree,
        "nobody": not any(own.lives for own in page.told.treaty.participations.values()),
        "source": None if track is None else track.source,
    }


def _node(node: Document, page: Telling) -> dict[str, Any]:
    say = page.say
    verdict = {True: "met", False: "not_met", None: "unknown"}[node["met"]]
    counts = node.get("have") is not None
    need = amount(node["need"], page.language.text) if counts else None
    op = node["op"] if counts or node["op"] not in {"fraction", "everyone", "weight"} else "population"
    name = page.told.world.name
    return {
        "verdict": verdict,
        "headline": say(f"op.{op}", need=need, subject=page.subjects.subject(node["op"], node.get("subject"))),
        "distance": _distance(node, page) if counts else None,
        "wanting": page.subjects.wanting(node.get("unknown", ())),
        "counted": [_act(act, page) for act in node.get("counted", ())],
        "not_counted": [
            {**_act(act, page), "because": act["text"][page.language.text], "clause": act["clause"]}
            for act in node.get("not_counted", ())
        ],
        "absent": [name(one, page.language.names) for one in node.get("missing_participants", ())],
        "parts": [_node(part, page) for part in node.get("parts", ())],
    }


def _distance(node: Document, page: Telling) -> str:
    if isinstance(node["need"], int):
        return distance(node["have"], node["need"], page.say)
    lang = page.language.text
    return page.say("op.have", have=amount(node["have"], lang), need=amount(node["need"], lang))


def _act(act: Document, page: Telling) -> dict[str, Any]:
    return {"name": act["name"], "action": page.say.action(act["action"]), "on": page.day(act["act_date"])}


# ---- participants ----------------------------------------------------------------------------------------------------
def _table(table: list[Document], page: Telling) -> dict[str, Any]:
    notes = list(dict.fromkeys(row["note"] for row in table if row["note"]))
    marks = {note: "*" * n if n <= MOST_NAMED else f"({n})" for n, note in enumerate(notes, start=1)}
    rows = [_row(row, marks, page) for row in table]
    waiting = [row for row in rows if row["status"] == "signatory"]
    return {
        "participants": rows,
        "waiting": waiting,
        "notes": [{"mark": mark, "text": note} for note, mark in marks.items()],
    }


def _row(row: Document, marks: dict[str, str], page: Telling) -> dict[str, Any]:
    consent, leaves_on = row["consent"], row["leaves_on"]
    leaving = None
    if leaves_on is not None:
        left = leaves_on <= page.told.as_of.isoformat()
        leaving = page.say("who.left" if left else "who.leaves", day=page.plain_day(leaves_on))
    return {
        "anchor": f"p-{row['participant']}",
        "name": row["name"],
        "status": row["status"],
        "signed": None if row["signed_on"] is None else page.day(row["signed_on"]),
        "mark": marks.get(row["note"] or ""),
        "consent": None
        if consent is None
        else {
            "on": page.day(consent["on"]),
            "action": page.say.action(consent["action"]),
            "counted": consent["counted"] or consent["not_counted_because"] is None,
        },
        "effect": None if row["effect_on"] is None else page.day(row["effect_on"]),
        "clause": row["effect_clause"] if row["effect_on"] is not None else None,
        "leaving": leaving,
    }


# ---- milestones and claims -------------------------------------------------------------------------------------------
def _milestones(found: Document, page: Telling) -> dict[str, list[dict[str, Any]]]:
    lines = sorted((line for line in found["milestones"] if line["kind"] not in REMINDERS), key=_told_at)
    of_treaty = [line for line in lines if not line["kind"].startswith("participant.")]
    own = [line for line in lines if line["kind"].startswith("participant.")]
    return {
        "ahead": _told(page, (line for line in of_treaty if line["state"] == "upcoming")),
        "behind": _told(page, reversed([line for line in of_treaty if line["state"] != "upcoming"])),
        "taken_back": _told(page, found["taken_back"]),
        "own": _told(page, reversed(own)),
    }


def _told_at(line: Document) -> tuple[str, int, int, str]:
    """When a line is told: by its day, within a day in the order in which one comes after another."""
    kind, params = line["kind"], line["params"]
    level = int(params) if params.isdecimal() else 0
    place = IN_ORDER.index(kind) if kind in IN_ORDER else len(IN_ORDER)
    return line["occurred_on"], place, -level if kind == "consent.remaining" else level, line["key"]


def _told(page: Telling, lines: Iterable[Document]) -> list[dict[str, Any]]:
    return [_milestone(line, page) for line in lines]


def _milestone(line: Document, page: Telling) -> dict[str, Any]:
    kind, on = line["kind"], line["occurred_on"]
    params = line.get("params") or _params(line["key"])
    name = page.told.world.name(params, page.language.names) if kind.startswith("participant.") else ""
    return {
        "state": line["state"],
        "on": page.day(on),
        "href": page.here(as_of=on),
        "text": page.say(f"kind.{kind}", params=params, name=name),
        "clause": line.get("clause"),
        "remarks": [remark for remark in _remarks(line, page) if remark],
    }


def _params(key: str) -> str:
    """The parameter in a milestone's key ``treaty:kind:params:occurrence``."""
    parts = key.rsplit(":", 2)
    return parts[1] if len(parts) == 3 else ""


def _remarks(line: Document, page: Telling) -> Iterable[str | None]:
    say = page.say
    if line["state"] in {"lost", "revoked", "cancelled"}:
        lost_on = line.get("lost_on")
        yield say("milestones.lost", day=page.plain_day(lost_on)) if lost_on else say(f"state.{line['state']}")
    if line.get("progress") and line["kind"] in {"threshold", "consent.percent"}:
        yield say("op.have", **line["progress"])
    if not line["kind"].startswith("participant."):
        yield _by(line.get("attributed_to", ()), say)
    if line["kind"] == "threshold" and line.get("entry_into_force_on"):
        yield say("milestones.force", day=page.plain_day(line["entry_into_force_on"]))
    announced = line.get("announced")
    if announced is not None and announced["revision"] > 1 and line["state"] in {"reached", "upcoming"}:
        yield say("milestones.revised", n=announced["revision"] - 1)
    late = None if announced is None else announced.get("late_by_days")
    yield say("milestones.late", n=late) if late else None


def _by(who: Iterable[Document], say: Words) -> str | None:
    names = sorted((one["name"] for one in who), key=folded)
    if not names:
        return None
    more = len(names) - MOST_NAMED
    if more > 1:
        return say("milestones.many", names=", ".join(names[:MOST_NAMED]), n=more)
    return say("milestones.by", names=", ".join(names))


def _claims(found: Document, page: Telling) -> dict[str, list[dict[str, Any]]]:
    told = [(claim["contradicts"], _claim(claim, page)) for claim in found["claims"]]
    return {
        "contradicting": [claim for contradicts, claim in told if contradicts],
        "others": [claim for contradicts, claim in told if not contradicts],
    }


def _claim(claim: Document, page: Telling) -> dict[str, Any]:
    return {
        "statement": claim["statement"],
        "on": page.day(claim["claimed_on"]),
        "tier": page.say(f"tier.{claim['tier']}"),
        "source": claim["source"],
        "url": web(claim["url"]),
        "fact": claim["fact"] if claim["contradicts"] else None,
        "note": claim["note"],
    }


# ---- foot ------------------------------------------------------------------------------------------------------------
def _citation(status: Document, page: Telling) -> str:
    day = page.plain_day(status["as_of"])
    parts = [status["short_title"], status["id"], f"{page.say('as_of').lower()} {day}"]
    if page.query["known_at"]:
        parts.append(page.say("known_at.cited", instant=page.query["known_at"]))
    return ", ".join(parts) + "."


def _provenance(status: Document, page: Telling) -> list[str]:
    say = page.say
    rule = [] if status["rule"] is None else [say("foot.rule", version=status["rule"]["version"])]
    return [
        say("foot.position", position=status["position"]),
        say("foot.version", version=status["version"]),
        *rule,
    ]


def _data(page: Telling) -> list[dict[str, str]]:
    said: Callable[..., str] = page.say
    return [
        {
            "title": said(key),
            "type": kind,
            "href": data_path(page.told.treaty.id, part) if part in UNDATED else _dated(part, page),
        }
        for key, part, kind in DATA
    ]


def _dated(part: str, page: Telling) -> str:
    path = data_path(page.told.treaty.id, part)
    return address(path, **page.query)
