"""Which language a page speaks, and which one its names are in."""

from dataclasses import dataclass
from typing import Final

WRITTEN: Final = ("en", "fr")
"""The languages in which the pages' own words exist."""

NAMED: Final = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "ru": "Русский",
    "ar": "العربية",
    "zh": "中文",
    "vi": "Tiếng Việt",
}
"""The languages in which the registry holds names, each called as it calls itself."""

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
MOST_PREFERENCES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """``names``: of titles and participants. ``text``: of everything else; English where we have not written it."""

    names: str
    text: str

    @property
    def direction(self) -> str:
        """How the page runs, ``ltr`` or ``rtl``."""
        return direction(self.text)


def direction(tag: str) -> str:
    """How a language is written, ``ltr`` or ``rtl``."""
    return "rtl" if tag in RIGHT_TO_LEFT else "ltr"


def chosen(asked: str | None, accepted: str | None) -> Language:
    """The language asked for in the address; else the browser's first that we know; else English."""
    named = _primary(asked or "")
    if named not in NAMED:
        named = next((tag for tag in preferences(accepted or "") if tag in NAMED), "en") if not asked else "en"
    return Language(names=named, text=named if named in WRITTEN else "en")


def preferences(accepted: str) -> list[str]:
    """The primary tags of an Accept-Language header, best first; those with weight zero are left out."""
    weighed = []
    for place, part in enumerate(accepted.split(",")[:MOST_PREFERENCES]):
        tag, _, weight = part.partition(";")
        share = _weight(weight)
        if share > 0:
            weighed.append((-share, place, _primary(tag)))
    return [tag for _, _, tag in sorted(weighed)]


def _primary(tag: str) -> str:
    return tag.strip().replace("_", "-").partition("-")[0].lower()


def _weight(text: str) -> float:
    try:
        return float(text.replace(" ", "").removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0
