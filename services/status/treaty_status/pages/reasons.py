"""Why a treaty stands where it stands."""

from typing import Any

from treaty_status.application.documents import Document
from treaty_status.pages.numbers import amount
from treaty_status.pages.telling import Telling
from treaty_status.pages.wording import distance


def reasons(why: Document, page: Telling) -> dict[str, Any]:
    """The explanation in a sentence, and the tree of conditions with who counts and who does not."""
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
    need = amount(node["need"], page.language.text, need=node["need"]) if counts else None
    op = node["op"] if counts or node["op"] not in {"fraction", "everyone", "weight"} else "population"
    name = page.told.world.name
    return {
        "verdict": verdict,
        "headline": say(f"op.{op}", need=need, subject=page.subjects.subject(node["op"], node.get("subject"))),
        "distance": _distance(node, page) if counts else None,
        "wanting": page.subjects.wanting(node.get("unknown", ())),
        "rests_on": [_foundation(one, page) for one in node.get("rests_on", ())],
        "counted": [_act(act, page) for act in node.get("counted", ())],
        "not_counted": [
            {**_act(act, page), "because": act["text"][page.language.text], "clause": act["clause"]}
            for act in node.get("not_counted", ())
        ],
        "absent": [name(one, page.language.names) for one in node.get("missing_participants", ())],
        "parts": [_node(part, page) for part in node.get("parts", ())],
    }


def _foundation(one: Document, page: Telling) -> str:
    """A table with version and source, or a certificate with its giver."""
    day = "" if one["on"] is None else page.plain_day(one["on"])
    if one["kind"] == "certificate":
        return page.say("why.certificate", by=one["source"] or "?", day=day)
    return page.say("why.table", name=one["name"], version=one["version"] or "?", source=one["source"] or "?")


def _distance(node: Document, page: Telling) -> str:
    if isinstance(node["need"], int):
        return distance(node["have"], node["need"], page.say)
    lang = page.language.text
    have, need = (amount(node[name], lang, need=node["need"]) for name in ("have", "need"))
    return page.say("op.have", have=have, need=f"{need} {node.get('unit', '')}".rstrip())


def _act(act: Document, page: Telling) -> dict[str, Any]:
    return {"name": act["name"], "action": page.say.action(act["action"]), "on": page.day(act["act_date"])}
