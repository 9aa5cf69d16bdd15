"""One cell of the depositary's tables: footnote marks, tabs, brackets, day and suffix.

Source: the tables of *Multilateral Treaties Deposited with the Secretary-General*, which print ``20 Sep\\t 2016 A``.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

_SUPERSCRIPT: Final = re.compile(r"<(superscript|sup)\b[^>]*>.*?</\1\s*>|<(?:superscript|sup)\b[^>]*/>", re.I | re.S)
_RAISED: Final = str.maketrans("", "", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_FOOTNOTES: Final = re.compile(r"(?<=[^\d\s,])[\s,]*\d+(?:\s*,\s*\d+)*$")
# Bytes 128 to 159 of Windows-1252, which pages that declare ISO-8859-1 hold all the same.
_WINDOWS: Final = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_DAY: Final = re.compile(r"(\d{1,2}) ([A-Za-z]{3,9})\.? (\d{4})(?: ?([A-Za-z]+))?")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
FIRST_YEAR: Final = 1600


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, the suffix letters behind it exactly as printed (empty: none), and whether it stands in brackets."""

    on: date
    suffix: str
    bracketed: bool


def plain(text: str) -> str:
    """The text of a cell without footnote marks, with single blanks."""
    if "<" in text:
        text = _SUPERSCRIPT.sub("", text)
    if not text.isascii():
        text = text.translate(_WINDOWS).translate(_RAISED)
    return " ".join(text.split())


def name_in(text: str) -> tuple[str, bool]:
    """A participant's name as printed, and whether it stands in brackets (its action no longer has effect)."""
    name = plain(text)
    bracketed = name.startswith("[") and name.endswith("]")
    if bracketed:
        name = name[1:-1].strip()
    return _FOOTNOTES.sub("", name).rstrip(" ,"), bracketed


@lru_cache(maxsize=65_536)
def dated(text: str) -> Dated | None:
    """What a plain cell says; None where it is not one day with at most one suffix."""
    inner = text.strip("[] ")
    bracketed = "[" in text or "]" in text
    found = _DAY.fullmatch(" ".join(inner.replace("[", " ").replace("]", " ").split()))
    if found is None:
        return None
    day, month, year, suffix = found.groups()
    number = _MONTHS.get(month.casefold())
    if number is None or int(year) < FIRST_YEAR:
        return None
    try:
        return Dated(date(int(year), number, int(day)), suffix or "", bracketed)
    except ValueError:
        return None
