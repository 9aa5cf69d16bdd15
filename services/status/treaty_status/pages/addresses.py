"""Addresses of pages and of the data behind them: every state has one that can be cited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

HOME: Final = "/"


def treaty_path(treaty: str) -> str:
    """The page of a treaty; ``~`` of a rehearsal stays readable."""
    return f"/treaties/{quote(treaty, safe='~')}"


def data_path(treaty: str, part: str = "") -> str:
    """The data of a treaty, or one part of it."""
    return f"/v1/treaties/{quote(treaty, safe='~')}{part}"


def address(path: str, **query: str | None) -> str:
    """A path with those parts of the query that are given."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def web(url: str | None) -> str | None:
    """The address, if it is one that a page may link to."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


@dataclass(frozen=True, slots=True)
class Here:
    """The page at hand; called with what should be otherwise, it gives the address of that page."""

    path: str
    query: Mapping[str, str | None]

    def __call__(self, **otherwise: str | None) -> str:
        """This page with some parts of its query changed; None leaves one out."""
        return address(self.path, **{**self.query, **otherwise})
