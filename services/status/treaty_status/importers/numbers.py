"""The depositary's own numbers for treaties, from the names of its files: ``xxvii-7-d.en.xml`` is ``XXVII-7-d``."""

import re
from typing import Final

from treaty_events import NotAFact, treaty_id
from treaty_status.importers.refusals import TreatyNotNamed

_STEM: Final = re.compile(r"(?P<chapter>[ivxl]+|\d{1,2})(?P<rest>(?:-[a-z0-9]+)+)", re.I)
_ROMAN: Final = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_PARTED_CHAPTER: Final = "XI"
"""Chapter XI has the parts A and B; a number without one is of part A."""
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9._~-]")


def treaty_of_file(file_name: str, treaty: str | None) -> str:
    """The treaty named by whoever imports, else by the file's own name.

    Raises:
        TreatyNotNamed: neither names one.
    """
    if treaty is not None:
        return _well_formed(treaty)
    stem = file_name.replace("\\", "/").rpartition("/")[2].partition(".")[0].strip()
    found = _STEM.fullmatch(stem)
    if found is None:
        raise TreatyNotNamed(
            f"The name of the file is not the depositary's number of a treaty (file: {file_name}).",
            way_out="Name the treaty with --treaty, such as --treaty IV-8.",
            facts={"file": file_name},
        )
    chapter = found["chapter"]
    roman = _roman(int(chapter)) if chapter.isdecimal() else chapter.upper()
    parts = found["rest"].strip("-").split("-")
    if roman == _PARTED_CHAPTER:
        parts = [parts[0].upper(), *parts[1:]] if parts[0].casefold() in {"a", "b"} else ["A", *parts]
    head = 1 if roman == _PARTED_CHAPTER else 0
    return "-".join([roman, *parts[:head], *(part.lower() for part in parts[head:])])


def usable_id(printed: str) -> str:
    """An id as other compilations print it, in letters that our ids may have: ``GGO:X_1986A`` is ``GGO~X_1986A``.

    Raises:
        NotAFact: nothing usable is left, or too much.
    """
    return treaty_id(_NOT_IN_IDS.sub("~", printed.strip()))


def _well_formed(treaty: str) -> str:
    try:
        return treaty_id(treaty)
    except NotAFact as error:
        raise TreatyNotNamed(str(error), way_out="Name another.", facts={"treaty": treaty[:80]}) from None


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written
