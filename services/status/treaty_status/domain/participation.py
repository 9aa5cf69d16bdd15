"""One participant and one treaty: what it has done, as periods rather than dates.

A participant may consent, leave and consent again; each consent begins a *life*, and lives are kept as a list.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Final
from uuid import UUID

from treaty_events import CONSENT, Action, DepositStatus, InstrumentDeposited, ParticipantAct, event_id
from treaty_events.actions import SIGNING
from treaty_status.domain.lazily import lazily


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
    followed: Act | None = None
    """The next consent, where this one ended with the parent treaty and not by an act of its giver."""

    @property
    def on(self) -> date:
        """The day of deposit."""
        return self.consent.event.act_date

    @property
    def deferred_until(self) -> date | None:
        """The day before which the instrument is deemed not to be effective, where that is after its deposit."""
        deposit = self.consent.event
        until = deposit.deferred_until if isinstance(deposit, InstrumentDeposited) else None
        return until if until is not None and until > self.on else None

    @property
    def counts_from(self) -> date:
        """The day from which it counts: that of deposit, unless the instrument is deferred."""
        return self.deferred_until or self.on

    @property
    def taken_back_on(self) -> date | None:
        """From this day on, the consent no longer counts."""
        return None if self.taken_back is None else self.taken_back.event.act_date

    @property
    def followed_on(self) -> date | None:
        """From this day on, a later consent stands in its place."""
        return None if self.followed is None else self.followed.event.act_date

    @property
    def standing_notice(self) -> Notice | None:
        """The denunciation that was not revoked."""
        return next((notice for notice in self.notices if notice.revoked is None), None) if self.notices else None

    @property
    def undisturbed(self) -> bool:
        """Neither taken back nor denounced: it goes on."""
        return self.taken_back is None and self.standing_notice is None


@dataclass(frozen=True)
class Participation:
    """Everything one participant did, in legal order, and the lives that follow from it.

    ``signature`` is the first, simple or definitive; a definitive one consents as well. ``held`` are the instruments
    that the depositary did not take, or has not yet: they begin no life.
    """

    participant: str
    acts: tuple[Act, ...] = ()
    signature: Act | None = None
    lives: tuple[Life, ...] = ()
    held: tuple[Act, ...] = ()

    @lazily
    def last_on(self) -> date | None:
        """The day of its last act; None where all were retracted."""
        return self.acts[-1].event.act_date if self.acts else None

    @lazily
    def succeeds(self) -> bool:
        """Is a consent of its own a succession, which may bind it from a day before it was notified?"""
        consents = (life.consent.event for life in self.lives)
        return any(isinstance(event, InstrumentDeposited) and event.succeeded_on is not None for event in consents)

    @lazily
    def plain_consent(self) -> tuple[date, Action] | None:
        """Its day and how it was given, where it has consented once and that goes on, as with most it does."""
        if len(self.lives) != 1:
            return None
        life = self.lives[0]
        if life.taken_back or life.notices or life.followed or life.deferred_until is not None:
            return None
        return life.on, life.consent.event.action

    def by(self, day: date) -> "Participation | None":
        """As its acts up to the end of a day tell it, the same object for the same acts; None before the first."""
        last_on = self.last_on
        if last_on is None or last_on <= day:
            return None if last_on is None else self
        days, eras = self._eras
        era = bisect_right(days, day)
        return eras[era - 1] if era else None

    @lazily
    def _eras(self) -> "tuple[list[date], list[Participation]]":
        """The days on which it acted, and what it was from each of them on."""
        days = sorted({act.event.act_date for act in self.acts})
        until_then = [
            participation(self.participant, (act for act in self.acts if act.event.act_date <= day))
            for day in days[:-1]
        ]
        return days, [*until_then, self]

    @property
    def objections(self) -> tuple[tuple[date, date | None], ...]:
        """From when until when it objected, which is how it stops what silence would accept; None: it still does."""
        found: list[tuple[date, date | None]] = []
        for act in self.acts:  # on one day, an objection comes before its withdrawal, as their names do
            action, on = act.event.action, act.event.act_date
            if action is Action.OBJECTION and not (found and found[-1][1] is None):
                found.append((on, None))
            elif action is Action.OBJECTION_WITHDRAWN and found and found[-1][1] is None:
                found[-1] = (found[-1][0], on)
        return tuple(found)

    def objects_on(self, day: date) -> bool:
        """Does its objection stand at the end of that day?"""
        return any(since <= day and (until is None or day < until) for since, until in self.objections)

    @property
    def current(self) -> Life | None:
        """The last life, if it was not taken back; a denunciation ends it only when it takes effect."""
        return self.lives[-1] if self.lives and self.lives[-1].taken_back is None else None

    def living_on(self, day: date) -> Life | None:
        """The life that an act of that day speaks of: the last begun by then, if it was not taken back."""
        begun = [life for life in self.lives if life.on <= day]
        return begun[-1] if begun and begun[-1].taken_back is None else None


def participation(participant: str, acts: Iterable[Act]) -> Participation:
    """The lives that a participant's acts add up to, in whatever order they were recorded.

    Retracted acts are as if they had never been. A consent given while an earlier one lives undisturbed begins
    nothing new: the earliest deposit governs.
    """
    ordered = tuple(sorted((act for act in acts if not act.retracted), key=_legal_order))
    if len(ordered) == 1:  # most participants of most treaties, at first
        act, action = ordered[0], ordered[0].event.action
        taken = action in CONSENT and not _not_taken(act)
        signing = act if action in SIGNING else None
        held_alone = (act,) if action in CONSENT and not taken else ()
        return Participation(participant, ordered, signing, (Life(act),) if taken else (), held_alone)
    signature: Act | None = None
    lives: list[Life] = []
    held: list[Act] = []
    for _, of_one_day in groupby(ordered, key=lambda act: act.event.act_date):
        contracting = bool(lives) and lives[-1].taken_back is None
        for act in sorted(of_one_day, key=lambda act: _rank(act.event.action, contracting=contracting)):
            action = act.event.action
            if action in SIGNING:
                signature = signature or act
            if action in CONSENT and _not_taken(act):
                held.append(act)
            elif action in CONSENT:
                if lives and lives[-1].undisturbed:
                    if not _begins_anew(act):
                        continue
                    lives[-1] = replace(lives[-1], followed=act)
                lives.append(Life(act))
            elif lives:
                lives[-1] = _continued(lives[-1], act)
    return Participation(participant, ordered, signature, tuple(lives), tuple(held))


def _not_taken(deposit: Act) -> bool:
    event = deposit.event
    return isinstance(event, InstrumentDeposited) and event.deposit_status is not DepositStatus.ACCEPTED


def _begins_anew(deposit: Act) -> bool:
    """Had an earlier consent ended with the parent treaty when this one was given?"""
    ended_on = getattr(deposit.event, "earlier_ended_on", None)
    return ended_on is not None and ended_on <= deposit.event.act_date


def _legal_order(act: Act) -> tuple[date, str, int]:
    return act.event.act_date, act.event.action.value, act.version


def _rank(action: Action, *, contracting: bool) -> int:
    """Order of different acts of one day: who is bound to nothing yet consents before it takes back; who is bound
    already takes back before it consents anew."""
    if action is Action.CONSENT_WITHDRAWN and contracting:
        return 1
    return _RANKS.get(action, 2)


_RANKS: Final = {
    Action.SIGNATURE: 0,
    Action.SUCCESSION_TO_SIGNATURE: 0,
    Action.CONSENT_WITHDRAWN: 3,
    Action.WITHDRAWAL_NOTIFIED: 3,
    Action.WITHDRAWAL_REVOKED: 4,
}


def _continued(life: Life, act: Act) -> Life:
    match act.event.action:
        case Action.CONSENT_WITHDRAWN:
            return replace(life, taken_back=life.taken_back or act)
        case Action.WITHDRAWAL_NOTIFIED if life.standing_notice is None:
            return replace(life, notices=(*life.notices, Notice(act)))
        case Action.WITHDRAWAL_REVOKED:
            return replace(life, notices=tuple(_revoked(notice, act) for notice in life.notices))
        case _:
            return life


def _revoked(notice: Notice, act: Act) -> Notice:
    return notice if notice.revoked else replace(notice, revoked=act)
