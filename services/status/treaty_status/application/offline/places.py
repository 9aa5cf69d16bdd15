"""Where something stands in a file, and what is said when it cannot be read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from treaty_status.domain.iso import iso_date

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line in it, counted from 1; no line where the whole file is meant."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}, line {self.line}"


class Unreadable(Exception):
    """Something in a file is not what it has to be. The message begins with the file and the line."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        Unreadable: there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as reason:
        raise Unreadable(Place(str(path)), f"It cannot be read ({reason.strerror}).") from None
    except UnicodeDecodeError:
        raise Unreadable(Place(str(path)), "It is not text in UTF-8.") from None
    except ValueError:  # a null character in the name
        raise Unreadable(Place(repr(str(path))), "There can be no such file.") from None


def json_of(text: str, place: Place) -> Any:
    """What JSON text says; numbers with a point stay the exact text they were written in.

    Raises:
        Unreadable: it is not JSON, or a field of an object is there twice.
    """
    try:
        found = json.loads(text, parse_float=str, parse_constant=_no_number, object_pairs_hook=_said_once)
        if _HALF_A_LETTER.search(text):
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Unreadable(place, "It holds half a letter (a surrogate without the other), which no text may.") from None
    except (ValueError, RecursionError) as reason:
        raise Unreadable(place, f"It is not JSON ({_briefly(reason)}).") from None
    return found


_HALF_A_LETTER = re.compile(r"\\u[dD][89a-fA-F]")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _said_once(pairs: list[tuple[str, Any]]) -> Document:
    """An object whose fields are named once; which of two would be meant, nobody can say."""
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice[:60]!r} is there twice")
    return document


def _briefly(reason: Exception) -> str:
    if isinstance(reason, RecursionError):
        return "it is nested too deeply"
    text = str(reason)
    return "a number is too long" if "integer string conversion" in text else text


def lines_of(text: str, file: str) -> Iterator[tuple[Place, Document]]:
    """Every line that is not empty, as a JSON object."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = Place(file, number)
            yield place, an_object(json_of(line, place), place)


def an_object(value: Any, place: Place) -> Document:
    """The value, which has to be a JSON object."""
    if not isinstance(value, dict):
        raise Unreadable(place, f"A JSON object is expected here (got: {json.dumps(value)[:60]}).")
    return value


def a_text(document: Document, name: str, place: Place) -> str:
    """A field that has to be there and to be text."""
    found = document.get(name)
    if not isinstance(found, str) or not found.strip():
        raise Unreadable(place, f"The field {name!r} is missing or not text.")
    return found.strip()


def a_day(document: Document, names: tuple[str, ...], place: Place) -> date | None:
    """The first of these fields that is there, as a civil date."""
    for name in names:
        found = document.get(name)
        if found is None:
            continue
        if not isinstance(found, str):
            raise Unreadable(place, f"The field {name!r} is a date, YYYY-MM-DD as text.")
        try:
            return iso_date(found)
        except ValueError as reason:
            raise Unreadable(place, str(reason)) from None
    return None
