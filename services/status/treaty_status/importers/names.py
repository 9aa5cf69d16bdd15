"""Who is meant by a printed name: exactly one participant, or a reason to report."""

from datetime import date

from treaty_status.application.sheets import Reason
from treaty_status.registry import Kind, Participant, Registry

Problem = tuple[Reason, str]


class Names:
    """Looks names up for one file; each spelling once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._found: dict[str, Participant | None] = {}
        self._on: dict[tuple[str, date], Participant | None] = {}
        self._unknown: dict[str, str] = {}

    def anyone(self, name: str) -> Participant | None:
        """The participant of a name, whatever the day; None: nobody, or several."""
        if name not in self._found:
            self._found[name] = self._registry.find(name)
        return self._found[name]

    def on(self, name: str, day: date) -> "str | Problem":
        """The id of the one who bore a name on a day and may act in its own name, or why there is none."""
        found = self.anyone(name) or self._bearer(name, day)
        if found is None:
            return Reason.UNKNOWN_PARTICIPANT, self._nobody(name)
        if found.kind is Kind.TERRITORY:
            return (
                Reason.TERRITORY,
                f"{found.name()} is a territory; what is done for a territory is not an act of becoming party.",
            )
        return found.id

    def _bearer(self, name: str, day: date) -> Participant | None:
        key = (name, day)
        if key not in self._on:
            self._on[key] = self._registry.find(name, on=day)
        return self._on[key]

    def _nobody(self, name: str) -> str:
        if name not in self._unknown:
            near = self._registry.suggest(name)
            meant = " or ".join(f"{one.name} ({one.id})" for one in near)
            self._unknown[name] = f"No participant has exactly this name (got: {name[:80]!r})." + (
                f" Did you mean {meant}? Nothing is guessed." if near else ""
            )
        return self._unknown[name]
