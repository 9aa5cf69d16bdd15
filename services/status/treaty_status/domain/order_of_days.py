"""The days that one act names, held against each other: a slip of the pen is often seen in their order alone."""

from collections.abc import Iterator

from treaty_events import InstrumentDeposited, ParticipantAct


def out_of_order(act: ParticipantAct) -> Iterator[str]:
    """What cannot be so, or is without effect, in a sentence each. The act is taken all the same."""
    on = act.act_date
    if act.effect_date is not None and act.effect_date < on:
        yield (
            f"The day of effect named ({act.effect_date}) lies before the act ({on}) and changes nothing; "
            "correct effect_date if it was mistyped."
        )
    if act.circulated_on is not None and act.circulated_on < on:
        yield (
            f"The depositary would have told the others on {act.circulated_on}, before the act ({on}); "
            "correct circulated_on or act_date."
        )
    if isinstance(act, InstrumentDeposited):
        yield from _of_a_deposit(act)


def _of_a_deposit(act: InstrumentDeposited) -> Iterator[str]:
    on = act.act_date
    if act.deferred_until is not None and act.deferred_until < on:
        yield (
            f"The instrument is deferred until {act.deferred_until}, a day before its deposit ({on}), and counts "
            "from its deposit; correct deferred_until if it was mistyped."
        )
    if act.succeeded_on is not None and act.succeeded_on > on:
        yield (
            f"The date of succession ({act.succeeded_on}) lies after the notification ({on}); "
            "correct succeeded_on if it was mistyped."
        )
