"""The few files that pages bring along; each has its content's hash in its address and may be kept for ever."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from typing import Final

FOLDER: Final = "/static"
KINDS: Final = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is served."""

    path: str
    content: bytes
    kind: str


def load(name: str) -> File:
    """One of the files in ``static``."""
    content = (files("treaty_status.pages") / "static" / name).read_bytes()
    stem, _, ending = name.rpartition(".")
    return File(f"{FOLDER}/{stem}.{sha256(content).hexdigest()[:16]}.{ending}", content, KINDS[ending])


class Files:
    """The stylesheet and the mark."""

    def __init__(self) -> None:
        self._stylesheet, self._mark = load("pages.css"), load("mark.svg")

    @property
    def stylesheet(self) -> str:
        """The address of the stylesheet."""
        return self._stylesheet.path

    @property
    def mark(self) -> str:
        """The address of the mark."""
        return self._mark.path

    @cached_property
    def by_path(self) -> dict[str, File]:
        """Every file by its address."""
        return {file.path: file for file in (self._stylesheet, self._mark)}
