"""What is checked before an act is recorded; the codes are V1 to V15.

Every check looks at the legal day of the act, not at the day on which it is recorded: an act may become known late.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from treaty_events import CONSENT, Action, ParticipantAct, ReservationMade, SignatureWindow, WithdrawalNotified
from treaty_events.actions import AT_SIGNATURE, NEEDS_SIGNATURE, SIGNING
from treaty_status.domain import refusals as no
from treaty_status.domain.assessment import outcome_of, signature_closes_on
from treaty_status.domain.certificates import NEEDED_FACT
from treaty_status.domain.eligibility import asks_who, is_open_to
from treaty_status.domain.evaluation import Binding, bindings, effective_anyway, known_days
from treaty_status.domain.order_of_days import out_of_order
from treaty_status.domain.participation import Life, Notice, Participation
from treaty_status.domain.refusals import Refusal
from treaty_status.domain.rule import Joining, TreatyRule
from treaty_status.domain.setting import Setting
from treaty_status.domain.treaty import Treaty
from treaty_status.domain.world import World


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to know about an act that was recorded all the same."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Case:
    """An act, the treaty it meets, and the day on which we are asked (at the depositary)."""

    treaty: Treaty
    act: ParticipantAct
    world: World
    today: date
    own: Participation = field(init=False, compare=False)
    """What the participant did before. Looked up once: nearly every check asks."""

    def __post_init__(self) -> None:
        name = self.act.participant
        object.__setattr__(self, "own", self.treaty.participations.get(name) or Participation(name))

    @property
    def name(self) -> str:
        """The participant in words."""
        return self.world.name(self.act.participant, "en")

    @property
    def facts(self) -> dict[str, object]:
        """The values every refusal carries."""
        act = self.act
        return {
            "treaty": self.treaty.id,
            "participant": act.participant,
            "action": act.action.value,
            "act_date": act.act_date.isoformat(),
        }


def objections(case: Case, *, clauses: bool = True) -> Iterator[Refusal]:
    """Every reason not to record the act, the plainest first; without ``clauses``, only those of general law."""
    for check in _CHECKS if clauses else _GENERAL:
        refusal = check(case)
        if refusal is not None:
            yield refusal


def misdated(case: Case) -> Iterator[Refusal]:
    """V12 alone: what holds for a corrected act as well."""
    for check in (_future, _too_early):
        refusal = check(case)
        if refusal is not None:
            yield refusal


def warnings(case: Case, *, historic: bool = False) -> Iterator[Warned]:
    """What the desk should know.

    For one of many ``historic`` acts, without V13, since all of them are old, and without V15, which whoever decides
    them looks up (``shared_evidence``).
    """
    for check in _WARNINGS.get(case.act.action, ()):
        yield from check(case)
    yield from _nobody_knows_to_whom(case)
    for sentence in out_of_order(case.act):
        yield Warned("order-of-days", sentence)
    if not historic:
        yield from _evidence_of_another(case)
        yield from _back_dated(case)


def _signatory_acceded(case: Case) -> Iterator[Warned]:
    if case.own.signature is not None:
        yield Warned("signatory-acceded", f"{case.name} has signed; a signatory usually ratifies rather than accedes.")


def _latched(case: Case) -> Iterator[Warned]:
    act, treaty = case.act, case.treaty
    if treaty.rule is None or not treaty.rule.latch:
        return
    outcome = outcome_of(treaty, world=case.world, as_of=case.today)
    threshold = None if outcome is None else outcome.threshold_on
    if threshold is not None and threshold <= act.act_date:
        yield Warned(
            "latch",
            f"The threshold was met on {threshold}; whether a withdrawal of consent between threshold "
            "and entry into force undoes it is not settled, and the date stands.",
        )


def _back_dated(case: Case) -> Iterator[Warned]:
    late = (case.today - case.act.act_date).days
    if late > BACKDATED_AFTER_DAYS:
        yield Warned("V13", f"The act is dated {late} days back; milestones were evaluated again from that day.")


MAY_JOIN: Final = frozenset({"state", "reio", "predecessor"})
"""Kinds to which a clause that says *all States* is open, with the organisations that States have formed."""
BACKDATED_AFTER_DAYS: Final = 30


def _future(case: Case) -> Refusal | None:
    if case.act.act_date <= case.today:
        return None
    zone = case.treaty.details.depositary.time_zone
    return no.ActInTheFuture(
        f"The act is dated {case.act.act_date}, and at the depositary ({zone}) it is {case.today}.",
        way_out="Record it once it has happened, or practise it in a rehearsal.",
        facts={**case.facts, "today": case.today.isoformat(), "time_zone": zone, "check": "V12"},
    )


def _too_early(case: Case) -> Refusal | None:
    act, adopted_on = case.act, case.treaty.details.adopted_on
    if adopted_on is not None and act.act_date < adopted_on:
        return no.ActTooEarly(
            f"The act is dated {act.act_date}, before the treaty was adopted on {adopted_on}.",
            way_out="Check the year of the act against the depositary's notification.",
            facts={**case.facts, "adopted_on": adopted_on.isoformat(), "check": "V12"},
        )
    if not case.world.existed(act.participant, act.act_date):
        return no.ActTooEarly(
            f"{case.name} did not exist, or no longer existed, on {act.act_date}.",
            way_out="Name the predecessor or successor that acted on that day.",
            facts={**case.facts, "check": "V12"},
        )
    return None


def _mode(case: Case) -> Refusal | None:
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is None or case.act.action not in CONSENT or case.act.action in joining.modes:
        return None
    if case.act.action is Action.SUCCESSION:
        return None  # a successor takes its predecessor's place by general law, whatever the final clauses list
    modes = ", ".join(mode.value for mode in joining.modes)
    return no.ModeNotProvided(
        f"Article {joining.clause} provides for {modes}, not for {case.act.action.value}.",
        way_out="Check the act against the instrument, or override V2 with a reason.",
        facts={**case.facts, "clause": joining.clause, "modes": [mode.value for mode in joining.modes], "check": "V2"},
    )


def _eligible(case: Case) -> Refusal | None:
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is None or joining.who != "all_states" or case.act.action not in CONSENT | SIGNING:
        return None
    kind = case.world.kind(case.act.participant)
    organisations = Action.FORMAL_CONFIRMATION in joining.modes
    if kind in MAY_JOIN or (kind == "io" and organisations):
        return None
    return no.NotEligible(
        f"Article {joining.clause} is open to States and regional integration organisations,"
        f" and {case.name} is neither in the registry (kind: {kind}).",
        way_out="Check the participant; if the depositary did accept it, override V2 with a reason.",
        facts={**case.facts, "kind": kind, "clause": joining.clause, "check": "V2"},
    )


def _among_those(case: Case) -> Refusal | None:
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is None or _is_open_to(case, joining) is not False:
        return None
    return no.NotAmongThose(
        f"Article {joining.clause} is open to {joining.who}, and {case.name} was not one of them"
        f" on {case.act.act_date}.",
        way_out="Check participant and day; if the depositary did accept it, override V4 with a reason.",
        facts={**case.facts, "clause": joining.clause, "open_to": joining.who, "check": "V4"},
    )


def _is_open_to(case: Case, joining: Joining) -> bool | None:
    """True where nothing has to be known; None where nobody has recorded to whom it is open."""
    rule = case.treaty.rule
    if rule is None or not asks_who(joining, case.act.action):
        return True
    setting = Setting(case.world, rule, case.treaty, known_days(case.treaty))
    return is_open_to(joining, case.act.participant, setting, on=case.act.act_date)


def _nobody_knows_to_whom(case: Case) -> Iterator[Warned]:
    """V4, where it cannot be checked."""
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is not None and _is_open_to(case, joining) is None:
        yield Warned(
            "V4",
            f"Article {joining.clause} is open to {joining.who}; nobody has recorded here who they are, so it could not"
            f" be checked that {case.name} is one of them.",
        )


def _window(case: Case) -> Refusal | None:
    act, windows = case.act, case.treaty.windows or _window_of_clause(case)
    if act.action not in AT_SIGNATURE or not windows:
        return None
    fitting = [
        window
        for window in windows
        if window.opens_on <= act.act_date and (window.closes_on is None or act.act_date <= window.closes_on)
    ]
    if any(not (act.place and window.place) or act.place.casefold() == window.place.casefold() for window in fitting):
        return None
    told = "; ".join(
        f"{window.place or 'anywhere'}, {window.opens_on} to {window.closes_on or 'no closing day'}"
        for window in windows
    )
    return no.NotOpenForSignature(
        f"On {act.act_date}{f' at {act.place}' if act.place else ''} the treaty was not open for signature"
        f" (open: {told}).",
        way_out="Check day and place against the depositary's notification, or override V1 with a reason.",
        facts={
            **case.facts,
            "place": act.place,
            "windows": [
                {
                    "place": window.place,
                    "opens_on": window.opens_on.isoformat(),
                    "closes_on": window.closes_on and window.closes_on.isoformat(),
                }
                for window in windows
            ],
            "check": "V1",
        },
    )


def _window_of_clause(case: Case) -> tuple[SignatureWindow, ...]:
    """The days for signature that the clause itself names, where no window was recorded."""
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is None or (joining.signature_from is None and joining.signature_until is None):
        return ()
    opens_on = joining.signature_from or case.treaty.details.adopted_on or date.min
    closes_on = joining.signature_until
    if closes_on == "eif":
        outcome = outcome_of(case.treaty, world=case.world, as_of=case.today)
        force = None if outcome is None else outcome.entry_into_force_on
        closes_on = None if force is None else force - timedelta(days=1)
    return (SignatureWindow(place="", opens_on=opens_on, closes_on=closes_on),)


def _signature_first(case: Case) -> Refusal | None:
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if case.act.action not in NEEDS_SIGNATURE or (joining is not None and not joining.signature_required):
        return None
    signature = case.own.signature
    if signature is not None and signature.event.act_date <= case.act.act_date:
        return None
    return no.SignatureMissing(
        f"{case.name} has no signature on record on or before {case.act.act_date},"
        f" and {case.act.action.value} completes one.",
        way_out="Was it an accession? Record the signature first, record an accession, or override V3 with a reason.",
        facts={**case.facts, "check": "V3"},
    )


def _accession(case: Case) -> Refusal | None:
    rule = case.treaty.rule
    if case.act.action is not Action.ACCESSION or rule is None or rule.joining is None:
        return None
    opens = rule.joining.accession_opens
    day: date | None
    if opens == "after_signature_closes":
        day = signature_closes_on(case.treaty)
        open_then = day is not None and case.act.act_date > day
    elif opens == "after_eif":
        outcome = outcome_of(case.treaty, world=case.world, as_of=case.act.act_date)
        day = None if outcome is None else outcome.entry_into_force_on
        open_then = day is not None and case.act.act_date >= day
    else:
        return None
    if open_then:
        return None
    return no.NotOpenForAccession(
        f"Article {rule.joining.clause} opens accession {opens.replace('_', ' ')}"
        f" ({day or 'a day not known yet'}), and the act is dated {case.act.act_date}.",
        way_out="Check the act, or override V4 with a reason.",
        facts={
            **case.facts,
            "clause": rule.joining.clause,
            "opens": opens,
            "opens_on": day and day.isoformat(),
            "check": "V4",
        },
    )


def _member_first(case: Case) -> Refusal | None:
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is None or joining.reio_needs_member == "none" or case.world.kind(case.act.participant) != "reio":
        return None
    consenting = case.act.action in CONSENT and joining.reio_needs_member == "consented"
    if case.act.action not in CONSENT | {Action.SIGNATURE}:
        return None
    members = case.world.members(case.act.participant, case.act.act_date)
    on_board = [
        own
        for own in map(case.treaty.participations.get, members)
        if own is not None and _came_first(own, case.act.act_date, consented=consenting)
    ]
    if on_board:
        return None
    verb = "consented to be bound" if consenting else "signed"
    return no.NoMemberStateYet(
        f"No member State of {case.name} had {verb} by {case.act.act_date},"
        f" and article {joining.clause} asks for at least one.",
        way_out="Record the member's act first, or override V5 with a reason.",
        facts={**case.facts, "clause": joining.clause, "needs": joining.reio_needs_member, "check": "V5"},
    )


def _came_first(own: Participation, day: date, *, consented: bool) -> bool:
    if any(life.counts_from <= day and (life.taken_back_on is None or day < life.taken_back_on) for life in own.lives):
        return True
    return not consented and own.signature is not None and own.signature.event.act_date <= day


def _parent(case: Case) -> Refusal | None:
    joining = None if case.treaty.rule is None else case.treaty.rule.joining
    if joining is None or joining.parent is None or case.act.action not in CONSENT:
        return None
    party = case.world.is_party(joining.parent, case.act.participant, case.act.act_date)
    if party:
        return None
    known = "is not recorded here" if party is None else f"did not bind {case.name} on {case.act.act_date}"
    return no.NotPartyToParent(
        f"Article {joining.clause} is open to parties to {joining.parent}, which {known}.",
        way_out=f"Record the participant's act under {joining.parent} first, or override V6 with a reason.",
        facts={**case.facts, "parent": joining.parent, "clause": joining.clause, "check": "V6"},
    )


def _twice(case: Case) -> Refusal | None:
    if case.act.action in SIGNING - {Action.DEFINITIVE_SIGNATURE} and case.own.signature is not None:
        first = case.own.signature
        return no.AlreadySigned(
            f"{case.name} signed on {first.event.act_date}.",
            way_out="If the date was wrong, correct that act; nothing is recorded twice.",
            facts={
                **case.facts,
                "earlier": first.event_id,
                "signed_on": first.event.act_date.isoformat(),
                "check": "V7",
            },
        )
    if case.act.action not in CONSENT:
        return None
    living = next((life for life in case.own.lives if _alive(life, case)), None)
    if living is None:
        return None
    earlier = living.consent
    way_out = "If that act was wrong, correct or retract it; a second consent needs the first to have ended."
    if case.act.act_date < earlier.event.act_date:
        way_out = (
            "If this opened an earlier period, retract that act, record this one and what ended it, and reinstate "
            "that act; if that act only has a wrong date, correct it."
        )
    return no.AlreadyContracting(
        f"{case.name} has already consented to be bound"
        f" ({earlier.event.action.value}, deposited on {earlier.event.act_date}).",
        way_out=way_out,
        facts={
            **case.facts,
            "earlier": earlier.event_id,
            "earlier_action": earlier.event.action.value,
            "deposited_on": earlier.event.act_date.isoformat(),
            "check": "V7",
        },
    )


def _alive(life: Life, case: Case) -> bool:
    """Does this life overlap with one that would begin on the day of the act?"""
    day = case.act.act_date
    if life.taken_back_on is not None:
        return life.on <= day < life.taken_back_on
    if life.undisturbed and not _has_parent(case):
        return True
    left = _left_on(life, case)
    return left is None or day < left


def _has_parent(case: Case) -> bool:
    rule = case.treaty.rule
    return rule is not None and rule.joining is not None and rule.joining.parent is not None


def ended_with_parent(case: Case) -> date | None:
    """The day on which the consent before that of the act, not ended by its giver, had ended with the parent treaty."""
    begun = [life for life in case.own.lives if life.on <= case.act.act_date]
    if not begun or not begun[-1].undisturbed or not _has_parent(case) or case.act.action not in CONSENT:
        return None
    left = _left_on(begun[-1], case)
    return left if left is not None and left <= case.act.act_date else None


def _left_on(life: Life, case: Case) -> date | None:
    binding = _binding(life, case)
    if binding is not None:
        return binding.leaves_on
    return None if life.standing_notice is None else life.standing_notice.notified.event.effect_date


def _binding(life: Life, case: Case) -> Binding | None:
    """When this consent binds and when that ends; None while no rule says so."""
    rule = case.treaty.rule
    outcome = outcome_of(case.treaty, world=case.world, as_of=case.today)
    if rule is None or outcome is None:
        return None
    found = bindings(case.own, rule, outcome, known_days(case.treaty))
    return next((binding for binding in found if binding.life is life), None)


def _something_to_end(case: Case) -> Refusal | None:
    action, current = case.act.action, case.own.living_on(case.act.act_date)
    if action not in {Action.CONSENT_WITHDRAWN, Action.WITHDRAWAL_NOTIFIED, Action.WITHDRAWAL_REVOKED}:
        return None
    if current is None:
        return no.NothingToTakeBack(
            f"{case.name} had no living consent to be bound on {case.act.act_date}.",
            way_out="Record the consent first, or check the participant.",
            facts=case.facts,
        )
    if action is Action.CONSENT_WITHDRAWN:
        return _not_bound_yet(case, current)
    notice = current.standing_notice
    if action is Action.WITHDRAWAL_NOTIFIED:
        return (
            None
            if notice is None
            else no.NothingToTakeBack(
                f"{case.name} already notified its withdrawal on {notice.notified.event.act_date}.",
                way_out="Correct that act if its date was wrong.",
                facts={**case.facts, "earlier": notice.notified.event_id},
            )
        )
    if notice is None:
        return no.NothingToTakeBack(
            f"{case.name} has no standing notice of withdrawal.", way_out="Record the notice first.", facts=case.facts
        )
    return _revocable(case, notice) or _in_time(case, current)


# ---- what only warns -------------------------------------------------------------------------------------------------
def _withdrawn_too_early(case: Case) -> Iterator[Warned]:
    """V8: a notice before its time, or without what the clause asks for; and from when it would be effective anyway."""
    act, rule = case.act, case.treaty.rule
    life = case.own.living_on(act.act_date)
    if not isinstance(act, WithdrawalNotified) or rule is None or life is None:
        return
    outcome = outcome_of(case.treaty, world=case.world, as_of=case.today)
    found = None
    if outcome is not None:
        found = effective_anyway(life, rule, outcome, known_days(case.treaty), notified=act.act_date)
    if found is None:
        return
    cited = f"article {found.clause.clause}"
    anyway = f"it takes effect on {found.effect_on}" if found.effect_on else "no day of effect can be named yet"
    if found.received_on is None or found.received_on > act.act_date:
        told = f"before {found.received_on}" if found.received_on else "before the treaty binds"
        yield Warned(
            "V8", f"The notice is dated {act.act_date}, and {cited} admits none {told}; taken as given then, {anyway}."
        )
    lacking = [need for need in found.clause.needs if need not in act.fulfils and not _was_certified(case, need)]
    if lacking:
        yield Warned(
            "V8",
            f"Of what {cited} asks for, the notice is not seen to have {', '.join(lacking)}; if it stands, {anyway}.",
        )


def _was_certified(case: Case, need: str) -> bool:
    """Is what a clause on leaving asks for a fact that had been certified by the day of the notice?"""
    found = case.treaty.certified(need.removeprefix(NEEDED_FACT)) if need.startswith(NEEDED_FACT) else ()
    return any(one.on <= case.act.act_date for one in found)


def _unconfirmed_reservation(case: Case) -> Iterator[Warned]:
    """V10: a reservation made when signing has to be confirmed when consenting (VCLT art. 23(2))."""
    act, signature = case.act, case.own.signature
    if act.action not in CONSENT or signature is None or signature.event.act_date >= act.act_date:
        return
    made = [one.event for one in case.own.acts if isinstance(one.event, ReservationMade)]
    early = [one for one in made if signature.event.act_date <= one.act_date < act.act_date]
    if early and not any(one.act_date == act.act_date for one in made):
        yield Warned(
            "V10",
            f"{case.name} made a reservation on {early[0].act_date}, when signing; unless the instrument of"
            f" {act.act_date} confirms it, it lapses (VCLT art. 23(2)). If it does, record a reservation of that day.",
        )


def _prohibited_reservation(case: Case) -> Iterator[Warned]:
    """V11: a reservation that the treaty prohibits."""
    act, rule = case.act, case.treaty.rule
    if not isinstance(act, ReservationMade) or not prohibited(act, rule):
        return
    clause = "" if rule is None or rule.reservations is None else rule.reservations.clause
    life = case.own.living_on(act.act_date)
    yield Warned(
        "V11",
        f"Article {clause} does not admit this reservation. "
        + (
            "If the depositary holds the instrument back because of it, correct the deposit_status of the deposit"
            f" {life.consent.event_id} to pending."
            if life is not None and life.on == act.act_date
            else "An instrument deposited with it is recorded as pending, unless its deposit_status says otherwise."
        ),
    )


def prohibited(made: ReservationMade, rule: TreatyRule | None) -> bool:
    """Does the treaty prohibit this reservation?"""
    return rule is not None and rule.reservations is not None and rule.reservations.prohibits(made.article)


def held_back(case: Case) -> bool:
    """Was a prohibited reservation made with the instrument, so that the depositary will not have taken it as it is?"""
    if case.act.action not in CONSENT:
        return False
    made = (one.event for one in case.own.acts if one.event.act_date == case.act.act_date)
    return any(isinstance(one, ReservationMade) and prohibited(one, case.treaty.rule) for one in made)


def _evidence_of_another(case: Case) -> Iterator[Warned]:
    """V15: the same document was evidence for somebody else."""
    own = {one.sha256 for one in case.act.evidence if one.sha256 is not None}
    if not own:
        return
    for other in case.treaty.acts.values():
        event = other.event
        if other.retracted or event.participant == case.act.participant:
            continue
        if any(one.sha256 in own for one in event.evidence):
            yield shared_evidence(event, case.world)
            return


def shared_evidence(other: ParticipantAct, world: World) -> Warned:
    """V15, where the act of somebody else rests on the same document."""
    return Warned(
        "V15",
        f"The same document is evidence for {world.name(other.participant, 'en')} ({other.action.value} of"
        f" {other.act_date}); if it does not speak of both, correct one of them.",
    )


_Warning = Callable[[Case], Iterator[Warned]]
_WARNINGS: Final[dict[Action, tuple[_Warning, ...]]] = {
    **dict.fromkeys(CONSENT, (_unconfirmed_reservation,)),
    Action.ACCESSION: (_signatory_acceded, _unconfirmed_reservation),
    Action.CONSENT_WITHDRAWN: (_latched,),
    Action.WITHDRAWAL_NOTIFIED: (_withdrawn_too_early,),
    Action.RESERVATION: (_prohibited_reservation,),
}
"""By the act they are about; most acts have none to be looked for."""


def _not_bound_yet(case: Case, current: Life) -> Refusal | None:
    binding = _binding(current, case)
    bound = None if binding is None else binding.effect_on
    if bound is None or case.act.act_date < bound:
        return None
    return no.AlreadyInForceForIt(
        f"The treaty has bound {case.name} since {bound}; a consent can be taken back only before that.",
        way_out="Record a notice of withdrawal (withdrawal_notified) instead.",
        facts={**case.facts, "bound_on": bound.isoformat()},
    )


def _revocable(case: Case, notice: Notice) -> Refusal | None:
    clause = None if case.treaty.rule is None else next(iter(case.treaty.rule.leaving), None)
    if clause is None or clause.revocable_before_effect:
        return None
    return no.WithdrawalNotRevocable(
        f"Article {clause.clause} does not let {case.name} take back the withdrawal it notified on"
        f" {notice.notified.event.act_date}.",
        way_out="A participant that wants to return consents anew; or override V9 with a reason.",
        facts={**case.facts, "clause": clause.clause, "earlier": notice.notified.event_id, "check": "V9"},
    )


def _in_time(case: Case, current: Life) -> Refusal | None:
    notice, effect = current.standing_notice, _left_on(current, case)
    if notice is None or effect is None or case.act.act_date < effect:
        return None
    return no.WithdrawalAlreadyEffective(
        f"The withdrawal notified on {notice.notified.event.act_date} took effect on {effect};"
        " it can be revoked only before that (VCLT art. 68).",
        way_out="A participant that wants to return consents anew.",
        facts={**case.facts, "effective_on": effect.isoformat(), "check": "V9"},
    )


_GENERAL: Final[tuple[Callable[[Case], Refusal | None], ...]] = (_future, _too_early, _twice, _something_to_end)
_CHECKS: Final[tuple[Callable[[Case], Refusal | None], ...]] = (
    *_GENERAL,
    _eligible,
    _among_those,
    _mode,
    _window,
    _signature_first,
    _accession,
    _member_first,
    _parent,
)
