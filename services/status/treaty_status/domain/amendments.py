"""Which fields of an act or a certificate may be corrected, and the act or certificate as it then reads."""

from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from treaty_events import EVENT_OF, Action, DepositStatus, FactCertified, ParticipantAct, Tier
from treaty_status.domain.amounts import is_amount
from treaty_status.domain.iso import iso_date

_DATES: Final = frozenset({"act_date", "effect_date", "circulated_on", "succeeded_on", "deferred_until"})
_YES_OR_NO: Final = frozenset({"ended", "opposes_entry_into_force"})
_NEEDED: Final = frozenset({"participant", "extent"})
_FIXED: Final = frozenset({"treaty", "recorded", "evidence", "override", "earlier_ended_on"})
CORRECTABLE: Final = frozenset(
    field.name for kind in set(EVENT_OF.values()) for field in fields(kind) if field.name not in _FIXED
)
"""Every field that says what happened; who recorded it, and on what evidence, is history itself."""


def amended(act: ParticipantAct, changes: dict[str, Any]) -> ParticipantAct:
    """The act with these fields replaced; a changed action may turn it into another kind of event.

    What only the old kind had is left behind.

    Raises:
        ValueError: a field that may not change, or that the act does not have, or a value that is not of its kind.
    """
    typed = {name: _typed(name, value) for name, value in changes.items()}
    action = typed.get("action", act.action)
    kind = EVENT_OF[action]
    names = {field.name for field in fields(kind)}
    if foreign := sorted(typed.keys() - names):
        raise ValueError(f"An act of the kind {action.value} has no field {foreign[0]!r}.")
    if kind is type(act):
        return replace(act, **typed)
    kept = {field.name: getattr(act, field.name) for field in fields(act) if field.name in names}
    return kind(**(kept | typed))


def _typed(name: str, value: Any) -> Any:
    if name not in CORRECTABLE:
        raise ValueError(
            f"The field {name!r} of an act cannot be corrected; these can: {', '.join(sorted(CORRECTABLE))}."
        )
    if name in _DATES:
        if value is None and name != "act_date":
            return None
        if type(value) is date:
            return value
        return iso_date(value if isinstance(value, str) else f"{value!r}, no text")
    if name == "action":
        return Action(value)
    if name == "tier":
        return Tier(value)
    if name == "deposit_status":
        return DepositStatus(value)
    if name == "fulfils":
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"The field {name!r} is a list of texts (got: {str(value)[:40]!r}).")
        return tuple(value)
    if name in _YES_OR_NO:
        if type(value) is not bool:
            raise ValueError(f"The field {name!r} is true or false (got: {str(value)[:40]!r}).")
        return value
    if not (isinstance(value, str) or (value is None and name not in _NEEDED)):
        raise ValueError(f"The field {name!r} is text (got: {str(value)[:40]!r}).")
    return value


# ---- certificates ----------------------------------------------------------------------------------------------------
CORRECTABLE_OF_CERTIFICATES: Final = frozenset(field.name for field in fields(FactCertified)) - _FIXED
_DAYS_OF_CERTIFICATES: Final = frozenset({"certified_on", "circulated_on"})
_NEEDED_BY_CERTIFICATES: Final = frozenset({"key", "certified_on", "certified_by", "tier"})


def amended_certificate(certificate: FactCertified, changes: dict[str, Any]) -> FactCertified:
    """The certificate with these fields replaced.

    Raises:
        ValueError: a field that may not change, or that a certificate does not have, or a value not of its kind.
    """
    return replace(certificate, **{name: _of_certificate(name, value) for name, value in changes.items()})


def _of_certificate(name: str, value: Any) -> Any:
    if name not in CORRECTABLE_OF_CERTIFICATES:
        known = ", ".join(sorted(CORRECTABLE_OF_CERTIFICATES))
        raise ValueError(f"The field {name!r} of a certificate cannot be corrected; these can: {known}.")
    if value is None and name not in _NEEDED_BY_CERTIFICATES:
        return None
    if name in _DAYS_OF_CERTIFICATES:
        if type(value) is date:
            return value
        return iso_date(value if isinstance(value, str) else f"{value!r}, no text")
    if name == "tier":
        return Tier(value)
    if not (isinstance(value, str) and value):
        raise ValueError(f"The field {name!r} is text (got: {str(value)[:40]!r}).")
    if name == "quantity" and not is_amount(value):
        raise ValueError(f"A quantity is exact text such as 450000000, 0.55 or 2/3 (got: {value[:40]!r}).")
    return value
