"""One row per treaty and participant."""

from collections.abc import Sequence

from treaty_status.application.views import ParticipationRow
from treaty_status.domain.evaluation import Binding
from treaty_status.domain.participation import Participation


def participation_row(treaty: str, own: Participation, bound: Sequence[Binding]) -> ParticipationRow | None:
    """The row; None for a participant all of whose acts were retracted.

    ``bound`` holds the day of effect of each life, and is empty while the treaty has no rule.
    """
    if not own.acts:
        return None
    signed_on = None if own.signature is None else own.signature.event.act_date
    if not own.lives:
        return ParticipationRow(treaty=treaty, participant=own.participant, signed_on=signed_on, acts=len(own.acts))
    life = own.lives[-1]
    notice = life.standing_notice
    binding = bound[-1] if bound else None
    return ParticipationRow(
        treaty=treaty,
        participant=own.participant,
        signed_on=signed_on,
        consent_action=life.consent.event.action.value,
        consent_on=life.on,
        consent_event_id=life.consent.event_id,
        effect_on=None if binding is None else binding.effect_on,
        effect_clause=None if binding is None else binding.clause,
        taken_back_on=life.taken_back_on,
        notified_on=None if notice is None else notice.notified.event.act_date,
        leaves_on=None if binding is None else binding.leaves_on,
        leaving_clause=None if binding is None else binding.leaving_clause,
        lives=len(own.lives),
        acts=len(own.acts),
    )
