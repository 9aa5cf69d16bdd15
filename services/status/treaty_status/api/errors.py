"""The one place that knows which refusal is which HTTP status."""

from collections.abc import Iterator
from typing import Final

from treaty_status.api import refusals as at_the_door
from treaty_status.application import submissions
from treaty_status.application.editions import EditionOver, UnknownEdition
from treaty_status.application.past import PositionAhead
from treaty_status.domain import history
from treaty_status.domain import refusals as no
from treaty_status.domain.certifying import AlreadyCertified
from treaty_status.domain.refusals import Refusal

RULE_REFUSED: Final = 422
"""What the law or the record's own rules refuse, unless the table says otherwise."""

STATUS: Final[dict[type[Refusal], int]] = {
    EditionOver: 307,
    at_the_door.BadRequest: 400,
    at_the_door.MalformedJson: 400,
    at_the_door.MalformedHeader: 400,
    at_the_door.KeyMissing: 401,
    at_the_door.KeyUnknown: 401,
    at_the_door.ScopeMissing: 403,
    at_the_door.NotFound: 404,
    at_the_door.NoSuchParticipant: 404,
    at_the_door.UnknownGroup: 404,
    at_the_door.UnknownTable: 404,
    no.UnknownTreaty: 404,
    PositionAhead: 404,
    UnknownEdition: 404,
    at_the_door.MethodNotAllowed: 405,
    no.TreatyExists: 409,
    no.NotARehearsal: 409,
    no.AlreadyContracting: 409,
    no.AlreadySigned: 409,
    no.NothingToTakeBack: 409,
    no.AlreadyInForceForIt: 409,
    no.WithdrawalAlreadyEffective: 409,
    no.WithdrawalNotRevocable: 409,
    no.NothingChanged: 409,
    history.RetractedBefore: 409,
    history.TableShrank: 409,
    AlreadyCertified: 409,
    no.NothingHeld: 404,
    no.SecondKeyNeeded: 403,
    no.RehearsalOver: 410,
    submissions.RecordedSince: 409,
    submissions.StaleVersion: 412,
    at_the_door.BodyTooLarge: 413,
    at_the_door.NotJson: 415,
    at_the_door.Fault: 500,
    at_the_door.TooManyQuestions: 503,
    submissions.TooBusy: 503,
    submissions.Unavailable: 503,
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal, or of the nearest of its ancestors that the table names."""
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), RULE_REFUSED)


def every_refusal() -> Iterator[type[Refusal]]:
    """Each kind of refusal there is, once."""
    waiting, seen = [Refusal], set[str]()
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.slug not in seen and kind is not Refusal:
            seen.add(kind.slug)
            yield kind
