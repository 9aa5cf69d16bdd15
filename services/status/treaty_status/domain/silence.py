"""Whom a treaty binds without an act of their own: everybody of a population who did not object in time."""

from datetime import date
from typing import NamedTuple

from treaty_status.domain.evaluation import Outcome, known_days
from treaty_status.domain.gauges import named_day
from treaty_status.domain.rule import OF_OBJECTIONS, Each, Everyone, NotBlocked, Share, TreatyRule, walk
from treaty_status.domain.setting import Setting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


class Silent(NamedTuple):
    """Bound by silence, from a day on, by a clause."""

    effect_on: date
    clause: str


class BoundBySilence(NamedTuple):
    """Those bound by silence; and the population that the clause names and nobody has recorded, if that is why not."""

    parties: dict[str, Silent]
    unknown: str | None = None


NOBODY = BoundBySilence({})


def bound_by_silence(treaty: Treaty, outcome: Outcome, world: World) -> BoundBySilence:
    """For a treaty that binds all but objectors: those who did nothing, and who neither objected nor consented."""
    rule, force, threshold = treaty.rule, outcome.entry_into_force_on, outcome.threshold_on
    each = None if rule is None else next((one for one in rule.for_each if one.except_objectors), None)
    whole = None if rule is None or each is None else population_of(rule, each)
    if rule is None or each is None or whole is None or force is None or threshold is None:
        return NOBODY
    days = {**known_days(treaty), **outcome.elsewhere, "threshold": threshold, "eif": force, "own": threshold}
    on = named_day(each.then, days, trigger="own")[0]
    if on is None:
        return NOBODY
    population = Setting(world, rule, treaty, known_days(treaty)).population(whole, force)
    if population is None:
        return NOBODY if each.of is None else BoundBySilence({}, f"population:{whole}")
    acted = {world.person(own.participant) for own in treaty.participations.values() if own.lives}
    against = {world.person(one.participant) for one in treaty.participations.values() if one.objects_on(threshold)}
    silent = Silent(max(on, force) if rule.floor_each_at_eif else on, each.clause)
    return BoundBySilence(dict.fromkeys(population - acted - against, silent))


def population_of(rule: TreatyRule, each: Each) -> str | None:
    """Whose silence it is: what the clause says, else those whose objections block."""
    if each.of is not None:
        return each.of
    tacit = [node for track in rule.in_force for node in walk(track.when) if isinstance(node, NotBlocked)]
    blocking = (part for node in tacit for part in walk(node.blocked_if))
    found = next((part.of for part in blocking if isinstance(part, Share | Everyone)), None)
    return None if found is None else found.removesuffix(OF_OBJECTIONS)
