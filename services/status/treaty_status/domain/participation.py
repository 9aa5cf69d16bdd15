"""One participant and one treaty: what it has done, as periods rather than dates.

A participant may consent, leave and consent again; each consent begins a *life*, and lives are kept as a list.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from treaty_events import CONSENT, Action, ParticipantAct, event_id


@dataclass(frozen=True, slots=True)
class Act:
    """An act as it stands now: with every correction folded in, or retracted."""

    stream: UUID
    version: int
    event: ParticipantAct
    retracted: bool = False
    corrected_by: tuple[str, ...] = ()

    @property
    def event_id(self) -> str:
        """The permanent id of the event that recorded it."""
        return event_id(self.stream, self.version)


@dataclass(frozen=True, slots=True)
class Notice:
    """A denunciation, and its revocation if it was taken back."""

    notified: Act
    revoked: Act | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """From one consent to be bound until it is taken back or has ended."""

    consent: Act
    taken_back: Act | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def on(self) -> date:
        """The day of deposit."""
        return self.consent.event.act_date

    @property
    def taken_back_on(self) -> date | None:
        """From this day on, the consent no longer counts."""
        return None if self.taken_back is None else self.taken_back.event.act_date

    @property
    def standing_notice(self) -> Notice | None:
        """The denunciation that was not revoked."""
        return next((notice for notice in self.notices if notice.revoked is None), None)


@dataclass(frozen=True, slots=True)
class Participation:
    """Everything one participant did, in legal order, and the lives that follow from it."""

    participant: str
    acts: tuple[Act, ...] = ()
    signature: Act | None = None
    lives: tuple[Life, ...] = ()

    @property
    def current(self) -> Life | None:
        """The last life, if it was not taken back; a denunciation ends it only when it takes effect."""
        return self.lives[-1] if self.lives and self.lives[-1].taken_back is None else None


_ORDER = {
    Action.SIGNATURE: 0,
    Action.WITHDRAWAL_REVOKED: 4,
    Action.WITHDRAWAL_NOTIFIED: 3,
    Action.CONSENT_WITHDRAWN: 3,
}
"""Order of different acts of one day; independent of the order in which they were recorded."""


def _legal_order(act: Act) -> tuple[date, int, int]:
    return act.event.act_date, _ORDER.get(act.event.action, 1), act.version


def participation(participant: str, acts: Iterable[Act]) -> Participation:
    """The lives that a participant's acts add up to; retracted acts are as if they had never been."""
    ordered = tuple(sorted((act for act in acts if not act.retracted), key=_legal_order))
    signature: Act | None = None
    lives: list[Life] = []
    for act in ordered:
        action = act.event.action
        if action in CONSENT:
            lives.append(Life(act))
        elif action is Action.SIGNATURE:
            signature = signature or act
        elif lives:
            lives[-1] = _continued(lives[-1], act)
    return Participation(participant, ordered, signature, tuple(lives))


def _continued(life: Life, act: Act) -> Life:
    match act.event.action:
        case Action.CONSENT_WITHDRAWN:
            return replace(life, taken_back=life.taken_back or act)
        case Action.WITHDRAWAL_NOTIFIED:
            return replace(life, notices=(*life.notices, Notice(act)))
        case Action.WITHDRAWAL_REVOKED:
            return replace(life, notices=tuple(_revoked(notice, act) for notice in life.notices))
        case _:
            return life


def _revoked(notice: Notice, act: Act) -> Notice:
    return notice if notice.revoked else replace(notice, revoked=act)
