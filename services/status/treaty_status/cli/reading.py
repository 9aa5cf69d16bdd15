"""Which document a question is about, and how it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from treaty_status.cli import output


@dataclass(frozen=True, slots=True)
class Side:
    """A path of the service and the drawing of what it answers."""

    path: str
    draw: Callable[[Mapping[str, Any]], None]


def side(treaty: str | None, participant: str | None, name: str | None) -> Side:
    """Every treaty, one treaty, one participant, or the side of that name."""
    if treaty is None:
        return Side("/v1/treaties", output.treaties)
    home = f"/v1/treaties/{quote(treaty, safe='~')}"
    if participant is not None:
        return Side(f"{home}/participants/{quote(participant, safe='')}", output.participant)
    if name is None:
        return Side(home, output.status)
    drawings = {"participants": output.participants, "milestones": output.milestones, "claims": output.claims}
    return Side(f"{home}/{name}", drawings[name])
