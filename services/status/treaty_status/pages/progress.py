"""How far a treaty is from entering into force."""

from typing import Any

from treaty_status.application.documents import Document
from treaty_status.pages.cells import Cells, cells
from treaty_status.pages.numbers import amount
from treaty_status.pages.telling import Telling


def progress(status: Document, why: Document, page: Telling) -> dict[str, Any] | None:
    """Big numbers, cells, and what is missing in words; None where no rule is recorded."""
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
        need = say("progress.of", need=amount(found["need"], page.language.text, need=found["need"]))
        shown |= {"big": amount(found["have"], page.language.text, need=found["need"]), "need": need}
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
    return page.say("progress.if_met", day=page.as_of, force=page.plain_day(force))
