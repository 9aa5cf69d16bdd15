"""The few numbers and days that stand for a treaty."""

from datetime import date
from typing import Any

from markupsafe import Markup, escape

from treaty_status.application.documents import Document
from treaty_status.pages.telling import Telling


def key_counts(status: Document, page: Telling) -> list[dict[str, Any]]:
    """Counts that must not be mixed, each with what it counts."""
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


def key_dates(status: Document, page: Telling) -> list[dict[str, Any]]:
    """Adoption, signature, threshold and entry into force; what is still to come says so."""
    force, say = status["force"], page.say
    clause = [] if force["clause"] is None else [say.article(force["clause"])]
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
