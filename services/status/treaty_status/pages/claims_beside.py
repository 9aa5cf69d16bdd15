"""What others say, beside what is recorded."""

from typing import Any

from treaty_status.application.documents import Document
from treaty_status.pages.addresses import web
from treaty_status.pages.telling import Telling


def claims_beside(found: Document, page: Telling) -> dict[str, list[dict[str, Any]]]:
    """The claims that the record contradicts, and the others."""
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
        "verdict": claim["verdict"]["text"].get(page.language.text, claim["verdict"]["text"]["en"]),
        "contradicts": claim["contradicts"],
        "note": claim["note"],
    }
