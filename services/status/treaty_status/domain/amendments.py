"""Which fields of an act may be corrected, and the act as it then reads."""

from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from treaty_events import EVENT_OF, Action, ParticipantAct, Tier
from treaty_status.domain.iso import iso_date

_DATES: Final = frozenset({"act_date", "effect_date", "circulated_on", "succeeded_on"})
_FIXED: Final = frozenset({"treaty", "recorded", "evidence", "override"})
CORRECTABLE: Final = frozenset(
    field.name for kind in set(EVENT_OF.values()) for field in fields(kind) if field.name not in _FIXED
)
"""Every field that says what happened; who recorded it, and on what evidence, is history itself."""


def amended(act: ParticipantAct, changes: dict[str, Any]) -> ParticipantAct:
    """The act with these fields replaced; a changed action may turn it into another kind of event.

    Raises:
        ValueError: a field that may not change, or a value that is not of its kind.
    """
    typed = {name: _typed(name, value) for name, value in changes.items()}
    action = typed.get("action", act.action)
    kind = EVENT_OF[action]
    if kind is type(act):
        return replace(act, **_known(kind, typed))
    kept = {field.name: getattr(act, field.name) for field in fields(act)}
    return kind(**_known(kind, kept | typed))


def _known(kind: type[ParticipantAct], values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def _typed(name: str, value: Any) -> Any:
    if name not in CORRECTABLE:
        raise ValueError(
            f"The field {name!r} of an act cannot be corrected; these can: {', '.join(sorted(CORRECTABLE))}."
        )
    if name in _DATES:
        if value is None and name != "act_date":
            return None
        return value if type(value) is date else iso_date(str(value))
    if name == "action":
        return Action(value)
    return Tier(value) if name == "tier" else value
