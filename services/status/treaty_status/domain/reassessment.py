"""A treaty looked at anew: every line that the facts cross, against every line that was announced."""

from datetime import date

from treaty_status.domain.announcements import Change, changes
from treaty_status.domain.assessment import assess
from treaty_status.domain.holds import not_waiting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


def unsaid(treaty: Treaty, *, world: World, today: date) -> list[Change]:
    """What would have to be said on a day so that everything announced holds and everything that holds is announced.

    Nothing is left out, whatever was settled when the treaty was last looked at, but what waits for a second person.
    """
    holding = assess(treaty, world=world, as_of=today).milestones
    found = changes(treaty.announced, holding, holding.keys() | treaty.announced.keys(), today=today)
    return not_waiting(treaty, found)
