"""Rules coded by outsiders in a few fields, as rules of ours: a pure translation, nothing for one treaty.

``count`` instruments of these ``kinds``, a ``delay``, whether organisations count, and ``extra_conditions``.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from treaty_status.registry import Registry

Document = dict[str, Any]
THRESHOLD = {"op": "ref", "name": "threshold"}
KINDS = {"unspecified": "consent_to_be_bound"}
GROUPS = {"UN": "un_members"}


class NotTranslated(Exception):
    """The code uses a word that this translation does not know."""


def translated(treaty: str, title: str, clause: str, coded: Mapping[str, Any], registry: Registry) -> Document:
    """The rule.

    Raises:
        NotTranslated: a delay or a condition of a type nobody has seen.
    """
    extras = coded["extra_conditions"]
    who = _who(coded, extras)
    lists: list[Document] = []
    conditions = [] if coded["count"] is None else [{"op": "count", "at_least": coded["count"], "who": who}]
    then = _delay(coded["delay"])
    fixed: date | None = None
    for number, extra in enumerate(extras):
        name = f"named_{number}"
        match extra["type"]:
            case "all_of" | "some_of":
                lists.append({"list": name, "members": _ids(extra["iso3"], registry)})
                conditions.append(_named(extra, name, who))
            case "fraction_of_members":
                of = GROUPS[extra["of"]]
                conditions.append({"op": "fraction", "of": of, "at_least": extra["at_least"], "who": who})
            case "fraction_of_parties":
                conditions.append(_of_parties(extra, who))
            case "weighted_share":
                table = extra["data"] or extra["label"]
                share = f"{round(extra['at_least'])}/100" if "at_least" in extra else "1/2"
                conditions.append({"op": "weight", "table": table, "at_least": share, "who": who})
            case "weighted_members":
                conditions.append({"op": "weight", "table": extra["label"], "at_least": "400000", "who": who})
            case "only_members_of":
                pass  # says who counts
            case "not_before_eif_of":
                then = {"op": "later", "of": [then, {"op": "in_force_of", "treaty": extra["id"]}]}
            case "not_before_date":
                then = {"op": "later", "of": [then, {"op": "on", "date": extra["date"]}]}
            case "fixed_date_if_met_before":
                fixed = date.fromisoformat(extra["date"])
            case other:
                raise NotTranslated(f"No condition of the type {other!r} is known.")
    when = conditions[0] if len(conditions) == 1 else {"op": "all", "of": conditions}
    return {
        "treaty": treaty.replace(":", "."),
        "title": title,
        "source": "translated from a coding of the clause by outsiders",
        "lists": lists,
        "in_force": _tracks(clause, when, then, fixed),
        "for_each": [{"clause": clause, "own": "by_threshold", "then": {"op": "ref", "name": "eif"}}],
    }


def _who(coded: Mapping[str, Any], extras: list[Document]) -> Document:
    who: Document = {
        "actions": sorted({KINDS.get(kind, kind) for kind in coded["kinds"]}),
        "reio": "counts" if coded["reio_counted"] else "not_additional",
    }
    groups = [GROUPS[extra["of"]] for extra in extras if extra["type"] == "only_members_of"]
    return {**who, "groups": groups} if groups else who


def _ids(codes: list[str], registry: Registry) -> list[str]:
    return [code if (found := registry.find(code)) is None else found.id for code in codes]


def _named(extra: Document, name: str, who: Document) -> Document:
    if extra["type"] == "all_of":
        return {"op": "everyone", "of": f"list:{name}", "who": who}
    return {"op": "count", "at_least": extra["min"], "who": {**who, "groups": [*who.get("groups", []), name]}}


def _of_parties(extra: Document, who: Document) -> Document:
    return {
        "op": "fraction",
        "of": f"parties_to:{extra['of']}",
        "at_least": extra["at_least"],
        "frozen_on": {"op": "on", "date": extra["as_of"]},
        "of_kinds": ["state"] if extra["exclude_reio"] else None,
        "from_anyone": not extra["only_those"],
        "who": who,
    }


def _delay(coded: Mapping[str, Any]) -> Document:
    match coded["type"]:
        case "none":
            return THRESHOLD
        case "days":
            return {"op": "plus", "days": coded["n"]}
        case "months":
            return {"op": "plus", "months": coded["n"]}
        case "first_of_month_after":
            return {"op": "first_of_next_month", "of": _period(coded)}
        case "first_of_nth_month":
            return {"op": "first_of_nth_month", "n": coded["n"]}
        case other:
            raise NotTranslated(f"No delay of the type {other!r} is known.")


def _period(coded: Mapping[str, Any]) -> Document:
    period = {name: coded[name] for name in ("days", "months") if coded.get(name)}
    return {"op": "plus", **period} if period else THRESHOLD


def _tracks(clause: str, when: Document, then: Document, fixed: date | None) -> list[Document]:
    if fixed is None:
        return [{"clause": clause, "when": when, "then": then}]
    after = (fixed + timedelta(days=1)).isoformat()
    by_then = {"op": "on", "date": fixed.isoformat()}
    return [
        {"clause": f"{clause}, first case", "when": when, "then": by_then, "threshold_before": after},
        {"clause": f"{clause}, second case", "when": when, "then": then, "threshold_from": after},
    ]
