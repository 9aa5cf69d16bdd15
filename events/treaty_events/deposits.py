"""Facts about a participant: what it signed, deposited, notified, withdrew.

Four days may belong to one act: ``act_date`` (the instrument reached the depositary; it decides counting),
``effect_date`` (only where the instrument itself names one), ``circulated_on`` (the depositary told the others) and
``recorded.at`` (our log). Source: VCLT art. 16(b) and 78.
"""

from dataclasses import dataclass
from datetime import date

from treaty_events.actions import Action, DepositStatus, Tier
from treaty_events.facts import Evidence, Fact, Override


@dataclass(frozen=True, kw_only=True)
class ParticipantAct(Fact):
    """One act of one participant, as the depositary received it."""

    participant: str
    action: Action
    act_date: date
    place: str | None = None
    effect_date: date | None = None
    circulated_on: date | None = None
    depositary_ref: str | None = None
    tier: Tier = Tier.OFFICIAL_DEPOSITARY
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    override: Override | None = None


@dataclass(frozen=True, kw_only=True)
class Signed(ParticipantAct):
    """A signature subject to ratification, acceptance or approval, or the taking over of a predecessor's."""


@dataclass(frozen=True, kw_only=True)
class InstrumentDeposited(ParticipantAct):
    """Consent to be bound, in any of its forms. For a succession: whose place is taken, and from which day.

    ``deferred_until``: deposited, and deemed not to be effective before that day; so art. 13(2) of the 1992 Protocol to
    the Civil Liability Convention, for an instrument that is tied to the denunciation of the earlier treaty.
    ``earlier_ended_on``: the day on which an earlier consent, not denounced itself, had ended with the parent treaty,
    as was known when this was recorded; this one begins a second participation.
    """

    predecessor: str | None = None
    succeeded_on: date | None = None
    deposit_status: DepositStatus = DepositStatus.ACCEPTED
    deferred_until: date | None = None
    earlier_ended_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectionWithdrawn(ParticipantAct):
    """It took its objection back, in writing; operative when the other has received notice (VCLT art. 22(2), 23(4))."""

    objected_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(ParticipantAct):
    """An instrument was taken back before the treaty was in force for its depositor."""


@dataclass(frozen=True, kw_only=True)
class ProvisionallyApplied(ParticipantAct):
    """The participant applies the treaty provisionally, or no longer (``ended``); VCLT art. 25."""

    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class ReservationMade(ParticipantAct):
    """A reservation; it never changes counting."""

    text: str | None = None
    article: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeclarationMade(ParticipantAct):
    """An interpretative, optional or mandatory declaration."""

    text: str | None = None
    article: str | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectionMade(ParticipantAct):
    """An objection to another participant's reservation; qualified when it opposes entry into force between the two."""

    objected_to: str | None = None
    opposes_entry_into_force: bool = False
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class WithdrawalNotified(ParticipantAct):
    """A denunciation was received; the participant stays bound until it takes effect.

    ``fulfils``: which of the requirements of the clause on leaving it was seen to fulfil, in the words of that clause's
    ``needs``, such as ``reasons`` or ``notify:UNSC``.
    """

    fulfils: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WithdrawalRevoked(ParticipantAct):
    """A denunciation was taken back before it took effect; VCLT art. 68."""


@dataclass(frozen=True, kw_only=True)
class TerritorialApplicationDeclared(ParticipantAct):
    """The treaty was extended to a territory, a territory excluded, or an extension ended; never an act of joining."""

    territory: str | None = None
    extent: str = "extended"


EVENT_OF: dict[Action, type[ParticipantAct]] = {
    Action.SIGNATURE: Signed,
    Action.SUCCESSION_TO_SIGNATURE: Signed,
    Action.DEFINITIVE_SIGNATURE: InstrumentDeposited,
    Action.RATIFICATION: InstrumentDeposited,
    Action.ACCEPTANCE: InstrumentDeposited,
    Action.APPROVAL: InstrumentDeposited,
    Action.ACCESSION: InstrumentDeposited,
    Action.FORMAL_CONFIRMATION: InstrumentDeposited,
    Action.SUCCESSION: InstrumentDeposited,
    Action.SIMPLIFIED_PROCEDURE: InstrumentDeposited,
    Action.DEEMED_CONSENT: InstrumentDeposited,
    Action.CONSENT_TO_BE_BOUND: InstrumentDeposited,
    Action.PROVISIONAL_APPLICATION: ProvisionallyApplied,
    Action.RESERVATION: ReservationMade,
    Action.DECLARATION: DeclarationMade,
    Action.OBJECTION: ObjectionMade,
    Action.OBJECTION_WITHDRAWN: ObjectionWithdrawn,
    Action.CONSENT_WITHDRAWN: ConsentWithdrawn,
    Action.WITHDRAWAL_NOTIFIED: WithdrawalNotified,
    Action.WITHDRAWAL_REVOKED: WithdrawalRevoked,
    Action.TERRITORIAL_APPLICATION: TerritorialApplicationDeclared,
}
"""The event that records each action."""
