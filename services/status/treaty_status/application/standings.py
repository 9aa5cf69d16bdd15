"""Where each participant stands at the end of a legal day: worked out for all of them in one go."""

from collections.abc import Container, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from treaty_status.domain.evaluation import Binding
from treaty_status.domain.participation import Participation


class Standing(NamedTuple):
    """``status``: ``party``, ``contracting``, ``signatory``, ``former_party``, ``withdrawn`` or ``other``.

    ``consents``: it is a contracting State on the day. ``ahead``: a day of its own, of effect or of leaving, is to come
    without any further act.
    """

    status: str
    consents: bool = False
    ahead: bool = False


SIGNATORY: Final = Standing("signatory")
CONTRACTING: Final = Standing("contracting", consents=True)
BOUND_LATER: Final = Standing("contracting", consents=True, ahead=True)
PARTY: Final = Standing("party", consents=True)


def standings(
    participations: Mapping[str, Participation],
    bound: Mapping[str, Sequence[Binding]],
    day: date,
    *,
    retroactive: Container[str],
) -> dict[str, Standing]:
    """By participant. ``retroactive`` are those who were bound on the day, as was notified only later."""
    found = {}
    for name, own in participations.items():
        its = bound.get(name, ())
        if name in retroactive:
            found[name] = _standing(own, its, day, is_party=True)
        elif own.plain_consent is not None and len(its) == 1 and its[0].leaves_on is None:
            effect_on = its[0].effect_on
            if effect_on is None:
                found[name] = CONTRACTING
            else:
                found[name] = PARTY if effect_on <= day else BOUND_LATER
        elif own.signature is not None and not own.lives:
            found[name] = SIGNATORY
        else:
            found[name] = _standing(own, its, day, is_party=any(one.binds(day) for one in its))
    return found


def _standing(own: Participation, bound: Sequence[Binding], day: date, *, is_party: bool) -> Standing:
    leaving = [one.leaves_on for one in bound if one.leaves_on is not None]
    gone = bool(bound) and bound[-1].leaves_on is not None and bound[-1].leaves_on <= day
    consents = own.current is not None and not gone
    if is_party:
        status = "party"
    elif consents:
        status = "contracting"
    elif any(left_on <= day for left_on in leaving):
        status = "former_party"
    elif own.signature is not None:
        status = "signatory"
    else:
        status = "withdrawn" if own.lives else "other"
    own_days = (*leaving, *(one.effect_on for one in bound if one.effect_on is not None))
    return Standing(status, consents=consents, ahead=any(on > day for on in own_days))
