"""Second consents: whether one would begin nothing, because another lives; and when one begins a second life.

A consent given while an earlier one lives undisturbed begins nothing new: the earliest deposit governs. Recorded alone
it is refused (V7). A correction can bring about the same: of a date, of a participant, of an instrument's status, or of
the act that had ended the earlier consent.
"""

from dataclasses import replace

from treaty_events import CONSENT, DepositStatus, InstrumentDeposited, ParticipantAct
from treaty_status.domain import refusals as no
from treaty_status.domain.checks import Case, ended_with_parent
from treaty_status.domain.participation import Act, Participation
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


def renewed(case: Case) -> ParticipantAct:
    """The act; a deposit after an earlier consent ended with the parent treaty says so, and begins a second life."""
    act = case.act
    if not isinstance(act, InstrumentDeposited):
        return act
    ended_on = ended_with_parent(case)
    return act if ended_on is None else replace(act, earlier_ended_on=ended_on)


def made_void(before: Treaty, after: Treaty, target: Act, *, world: World) -> Refusal | None:
    """The refusal of a correction after which a consent begins nothing that began something, or was none, before it."""
    found = [
        (own, act)
        for name, own in after.participations.items()
        if own is not (was := before.participations.get(name))
        for act in _void(own)
        if was is None or act.version not in {one.version for one in _void(was)}
    ]
    if not found:
        return None
    own, act = found[0]
    name, event = world.name(own.participant, "en"), act.event
    earlier = max((life.consent for life in own.lives if life.on <= event.act_date), key=lambda one: one.event.act_date)
    which = "this" if act.version == target.version else "its later"
    return no.AlreadyContracting(
        f"{name} consented to be bound on {earlier.event.act_date} ({earlier.event.action.value}); corrected so,"
        f" {which} {event.action.value} of {event.act_date} would be a second consent and begin nothing.",
        way_out="Retract the one that was recorded twice, or override V7 with a reason if the depositary has both.",
        facts={
            "treaty": after.id,
            "target": target.event_id,
            "participant": own.participant,
            "earlier": earlier.event_id,
            "second": act.event_id,
            "check": "V7",
        },
    )


def _void(own: Participation) -> list[Act]:
    """The consents that the depositary took and that begin no life."""
    lives = {life.consent.version for life in own.lives}
    return [act for act in own.acts if _is_taken_consent(act.event) and act.version not in lives]


def _is_taken_consent(event: ParticipantAct) -> bool:
    if event.action not in CONSENT:
        return False
    return not isinstance(event, InstrumentDeposited) or event.deposit_status is DepositStatus.ACCEPTED
