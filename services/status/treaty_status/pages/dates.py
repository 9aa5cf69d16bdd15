"""Days as people read them, beside the ISO form that machines read."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date
from markupsafe import Markup, escape

SHORT = "d MMM y"
LONG = "d MMMM y"
MONTH = "MMM y"


@lru_cache(maxsize=4_096)
def short(day: date, lang: str) -> str:
    """25 Oct 2025; 25 oct. 2025."""
    return _written(day, SHORT, lang)


@lru_cache(maxsize=4_096)
def long(day: date, lang: str) -> str:
    """25 October 2025; 25 octobre 2025."""
    return _written(day, LONG, lang)


def element(day: str | date | None, lang: str) -> Markup:
    """A ``<time>`` element with the ISO day in its attribute; a dash where there is no day.

    A month alone (``2026-02``) is shown as a month, a year alone as it came.
    """
    if day is None or not day:
        return Markup('<span class="none">–</span>')
    iso = day if isinstance(day, str) else day.isoformat()
    whole = parsed(iso)
    text = _partial(iso, lang) if whole is None else short(whole, lang)
    return Markup('<time datetime="{}">{}</time>').format(iso, escape(text))


def parsed(iso: str) -> date | None:
    """A whole ISO day; None for a partial one."""
    try:
        return date.fromisoformat(iso) if len(iso) == len("2025-10-25") else None
    except ValueError:
        return None


def _partial(iso: str, lang: str) -> str:
    month = parsed(f"{iso}-01")
    return iso if month is None else _written(month, MONTH, lang)


def _written(day: date, pattern: str, lang: str) -> str:
    text = format_date(day, pattern, locale=lang)
    return f"1er{text[1:]}" if lang == "fr" and text.startswith("1 ") else text
