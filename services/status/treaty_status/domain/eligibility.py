"""To whom a treaty is open: all States, those of a group or of a list of the rule, or the parties to another treaty.

Three-valued like everything else: where nobody has recorded who belongs, nobody is refused, and the desk is told.
"""

from datetime import date
from typing import Final

from treaty_events import CONSENT, Action
from treaty_events.actions import SIGNING
from treaty_status.domain.rule import Joining
from treaty_status.domain.setting import Setting

ALL_STATES: Final = "all_states"


def asks_who(joining: Joining, action: Action) -> bool:
    """Is this an act that only some may do? Who accedes by invitation, or succeeds, comes by a way of its own."""
    if joining.who == ALL_STATES or action not in CONSENT | SIGNING:
        return False
    if action is Action.ACCESSION and joining.accession_opens == "by_invitation":
        return False
    return action not in {Action.SUCCESSION, Action.SUCCESSION_TO_SIGNATURE}


def knows_who(joining: Joining, setting: Setting, *, on: date) -> bool:
    """Has anybody recorded to whom the treaty is open?"""
    who = joining.who
    return who == ALL_STATES or setting.knows_group(who) or setting.population(who, on) is not None


def is_open_to(joining: Joining, participant: str, setting: Setting, *, on: date) -> bool | None:
    """Is it one of those to whom the treaty is open, on a day? None: nobody has recorded who they are.

    An integration organisation is, where the clause speaks of such organisations and one of its members is.
    """
    if joining.who == ALL_STATES:
        return True
    among = _among(joining.who, participant, setting, on)
    world = setting.world
    if among is False and world.kind(participant) == "reio" and joining.reio_needs_member != "none":
        return any(_among(joining.who, member, setting, on) for member in world.members(participant, on))
    return among


def _among(who: str, participant: str, setting: Setting, on: date) -> bool | None:
    if setting.knows_group(who):
        return setting.belongs(participant, who, on)
    population = setting.population(who, on)
    return None if population is None else setting.world.person(participant) in population
