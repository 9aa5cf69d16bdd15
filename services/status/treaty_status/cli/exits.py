"""How a command ends: the exit code, and the words on standard error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

REFUSED: Final = 1
"""The service or the record said no; nothing was written."""
DIFFERS: Final = 1
"""Something was verified and is not as the events say."""
CANNOT_RUN: Final = 2
"""It could not be verified: there is no such database or treaty, or it cannot be used."""
UNREACHABLE: Final = 3
"""Nobody answered, or the database cannot be used."""
INTERRUPTED: Final = 130
"""Ctrl-C. (2 is for a command that was not understood.)"""


class Refused(Exception):
    """The service answered with a problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"The service answered {status}."))
        self.status = status
        self.problem = problem

    @property
    def slug(self) -> str:
        """The last part of the problem's type, such as ``already-signed``."""
        return str(self.problem.get("type", "")).rpartition("/")[2]


class Unreachable(Exception):
    """There was no answer to be had."""


@contextmanager
def reported(*, as_json: bool) -> Iterator[None]:
    """Turns what went wrong into a message on standard error and an exit code."""
    try:
        yield
    except Refused as refusal:
        _say(refusal.problem, words(refusal.problem), as_json=as_json)
        sys.exit(REFUSED)
    except Unreachable as fault:
        _say({"title": "Unreachable", "detail": str(fault)}, str(fault), as_json=as_json)
        sys.exit(UNREACHABLE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def words(problem: dict[str, Any]) -> str:
    """A problem document as a person reads it: the sentence and the way out."""
    parts = [str(problem[name]) for name in ("detail", "way_out") if problem.get(name)]
    return " ".join(parts) or str(problem.get("title", "Refused."))


def _say(document: dict[str, Any], text: str, *, as_json: bool) -> None:
    sys.stderr.write((json.dumps(document, ensure_ascii=False) if as_json else text) + "\n")
