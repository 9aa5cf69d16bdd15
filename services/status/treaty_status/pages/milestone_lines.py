"""The lines that a treaty has crossed, and those that time will bring."""

from collections.abc import Iterable
from typing import Any, Final

from treaty_status.application.documents import REMINDERS, Document, folded
from treaty_status.domain.gatherings import ALL_STATES
from treaty_status.pages.telling import Telling
from treaty_status.pages.wording import Words

MOST_NAMED: Final = 3
"""Names after a milestone; the table has them all."""
TOLD_ELSEWHERE: Final = REMINDERS | {"claim.contradiction"}
"""Statements have a part of the page of their own."""
IN_ORDER: Final = (
    "signature.opening",
    "signature.first",
    "signature.count",
    "signature.closing",
    "consent.first",
    "group.first",
    "group.complete",
    "universality",
    "consent.percent",
    "consent.remaining",
    "threshold",
    "entry_into_force",
)
"""Of the lines of one day, which is told first."""


def milestone_lines(found: Document, page: Telling) -> dict[str, list[dict[str, Any]]]:
    """Those of the treaty ahead and behind, those taken back, and those of single participants."""
    lines = sorted((line for line in found["milestones"] if line["kind"] not in TOLD_ELSEWHERE), key=_told_at)
    of_treaty = [line for line in lines if not line["kind"].startswith("participant.")]
    own = [line for line in lines if line["kind"].startswith("participant.")]
    return {
        "ahead": _told(page, (line for line in of_treaty if line["state"] == "upcoming")),
        "behind": _told(page, reversed([line for line in of_treaty if line["state"] != "upcoming"])),
        "taken_back": _told(page, (line for line in found["taken_back"] if line["kind"] not in TOLD_ELSEWHERE)),
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
        "text": page.say(f"kind.{kind}", params=params, name=name, group=_group(params, page)),
        "clause": line.get("clause"),
        "remarks": [remark for remark in _remarks(line, page) if remark],
    }


def _group(params: str, page: Telling) -> str:
    if params == ALL_STATES:
        return page.say("group.all_states")
    return page.group(params, page.language.text) or params


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
    if announced is not None and announced["late_by_days"] and not announced["as_history"]:
        yield say("milestones.late", n=announced["late_by_days"])


def _by(who: Iterable[Document], say: Words) -> str | None:
    names = sorted((one["name"] for one in who), key=folded)
    if not names:
        return None
    more = len(names) - MOST_NAMED
    if more > 1:
        return say("milestones.many", names=", ".join(names[:MOST_NAMED]), n=more)
    return say("milestones.by", names=", ".join(names))
