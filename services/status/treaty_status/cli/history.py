"""Histories on disk: what a treaty is, the acts done under it, and what others claimed. One JSON object a line."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final


class HistoryNotFound(Exception):
    """Neither a folder, nor a file, nor the name of a history that comes with the service."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, counted from 1; ``body`` is None where it is not a JSON object."""

    number: int
    body: dict[str, Any] | None


PARTS: Final = ("treaty.json", "acts.ndjson", "claims.ndjson")
"""The files of a history; any of them may be missing, but not all."""


@dataclass(frozen=True, slots=True)
class History:
    """A treaty's definition, if the history has one, and its lines in the order of the files."""

    treaty: str
    definition: dict[str, Any] | None
    acts: tuple[Line, ...]
    claims: tuple[Line, ...]


def bundled() -> list[str]:
    """The names of the histories that come with the service."""
    return sorted(entry.name for entry in _home().iterdir() if entry.joinpath("treaty.json").is_file())


def history(source: str, *, treaty: str | None = None) -> History:
    """The history of a name, a folder, a file of acts, or standard input (``-``).

    Raises:
        HistoryNotFound: there is none; the message names those that there are.
    """
    if source == "-":
        return _of_acts(sys.stdin, source, treaty)
    path = Path(source)
    if path.is_dir():
        if not any(path.joinpath(name).is_file() for name in PARTS):
            raise HistoryNotFound(
                f"The folder {source!r} holds no history ({', '.join(PARTS)}); tables and lists are named one by one, "
                f"such as {path.joinpath('*.csv')}."
            )
        return _of_folder(path, treaty or path.resolve().name)
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            return _of_acts(lines, source, treaty)
    if source in bundled():
        return _of_folder(_home().joinpath(source), treaty or source)
    raise HistoryNotFound(
        f"There is no file, folder or bundled history {source!r}. Bundled are: {', '.join(bundled())}."
    )


def _home() -> Traversable:
    return files("treaty_status").joinpath("histories")


def _of_folder(folder: "Traversable | Path", treaty: str) -> History:
    definition = folder.joinpath("treaty.json")
    return History(
        treaty=treaty,
        definition=json.loads(definition.read_text(encoding="utf-8")) if definition.is_file() else None,
        acts=_lines_of(folder.joinpath("acts.ndjson")),
        claims=_lines_of(folder.joinpath("claims.ndjson")),
    )


def _of_acts(lines: Iterable[str], source: str, treaty: str | None) -> History:
    if treaty is None:
        raise HistoryNotFound(f"Acts alone do not say whose they are ({source}); name the treaty with --treaty.")
    return History(treaty=treaty, definition=None, acts=_lines(lines), claims=())


def _lines_of(file: "Traversable | Path") -> tuple[Line, ...]:
    return _lines(file.read_text(encoding="utf-8").split("\n")) if file.is_file() else ()


def _lines(lines: Iterable[str]) -> tuple[Line, ...]:
    return tuple(Line(number, _body(text)) for number, text in enumerate(lines, start=1) if text.strip())


def _body(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
