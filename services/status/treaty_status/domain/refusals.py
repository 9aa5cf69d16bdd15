"""Refusals: what cannot be recorded, named in the field's words. Each says the fact, the rule and the way out."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refusal(Exception):
    """The root. ``facts`` are the values a program may want; ``way_out`` is what a person can do now."""

    slug: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused."
    check: ClassVar[str | None] = None
    """The code of the check that can be overruled with a reason, if it can."""

    def __init__(self, detail: str, *, way_out: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{detail} {way_out}")
        self.detail = detail
        self.way_out = way_out
        self.facts = dict(facts or {})


class UnknownTreaty(Refusal):
    """No treaty is recorded under this id."""

    slug, title = "unknown-treaty", "There is no such treaty in this record."


class TreatyExists(Refusal):
    """The id is taken."""

    slug, title = "treaty-exists", "A treaty with this id is already recorded."


class RehearsalOver(Refusal):
    """The rehearsal was closed."""

    slug, title = "rehearsal-closed", "This rehearsal is closed."


class NotARehearsal(Refusal):
    """Only a rehearsal's calendar can be moved by hand."""

    slug, title = "not-a-rehearsal", "This is the record, not a rehearsal."


class UnknownParticipant(Refusal):
    """The registry holds no participant of this name; nothing is guessed."""

    slug, title = "unknown-participant", "The registry does not know this participant."


class NotOpenForSignature(Refusal):
    """V1: a signature outside every window."""

    slug, title, check = "not-open-for-signature", "The treaty was not open for signature then and there.", "V1"


class ModeNotProvided(Refusal):
    """V2: the treaty's clauses do not provide for this way of consenting."""

    slug, title, check = "mode-not-provided", "The treaty does not provide for this act.", "V2"


class NotEligible(Refusal):
    """V2: the treaty is not open to a participant of this kind."""

    slug, title, check = "not-eligible", "The treaty is not open to this participant.", "V2"


class SignatureMissing(Refusal):
    """V3: ratification, acceptance or approval completes a signature, and there is none."""

    slug, title, check = "signature-missing", "There is no signature to complete.", "V3"


class NotOpenForAccession(Refusal):
    """V4: accession is not open yet."""

    slug, title, check = "not-open-for-accession", "The treaty was not open for accession then.", "V4"


class NotAmongThose(Refusal):
    """V4: the treaty is open to some, and the participant is none of them."""

    slug, title, check = "not-among-those", "The treaty is open to others.", "V4"


class NoMemberStateYet(Refusal):
    """V5: an integration organisation comes before any of its members."""

    slug, title, check = "no-member-state-yet", "No member State of the organisation is on board yet.", "V5"


class NotPartyToParent(Refusal):
    """V6: only parties to the parent treaty may join."""

    slug, title, check = "not-party-to-parent", "The participant is not a party to the parent treaty.", "V6"


class AlreadyContracting(Refusal):
    """V7: a second consent while the first lives."""

    slug, title = "already-contracting", "The participant has already consented to be bound."


class AlreadySigned(Refusal):
    """V7: a second signature."""

    slug, title = "already-signed", "The participant has already signed."


class NothingToTakeBack(Refusal):
    """There is no living consent, or no standing notice, for this act to end."""

    slug, title = "nothing-to-take-back", "There is nothing that this act could end."


class AlreadyInForceForIt(Refusal):
    """A consent can be taken back only before the treaty is in force for its giver."""

    slug, title = "already-in-force", "The treaty is already in force for the participant."


class WithdrawalAlreadyEffective(Refusal):
    """V9: a withdrawal can be revoked only before it takes effect (VCLT art. 68)."""

    slug, title = "withdrawal-already-effective", "The withdrawal has already taken effect."


class WithdrawalNotRevocable(Refusal):
    """V9: the treaty says that a withdrawal, once notified, stands."""

    slug, title, check = "withdrawal-not-revocable", "The treaty does not let a withdrawal be taken back.", "V9"


class ActInTheFuture(Refusal):
    """V12: the act would happen after today at the depositary."""

    slug, title = "act-in-the-future", "The act lies in the future."


class ActTooEarly(Refusal):
    """V12: before adoption, before the participant existed, or before it took part."""

    slug, title = "act-too-early", "The act lies too early."


class UnknownFact(Refusal):
    """A correction names an event that is not an act of this treaty."""

    slug, title = "unknown-fact", "There is no such act in this treaty's record."


class FieldNotCorrectable(Refusal):
    """A correction changes what may not change, or to what cannot be."""

    slug, title = "field-not-correctable", "This cannot be corrected so."


class NothingChanged(Refusal):
    """A correction that changes nothing."""

    slug, title = "nothing-changed", "This would change nothing."


class NothingHeld(Refusal):
    """No announcement waits for a second person there."""

    slug, title = "nothing-held", "No announcement waits there."


class SecondKeyNeeded(Refusal):
    """Who recorded a fact may not also release the announcement that follows from it."""

    slug, title = "second-key-needed", "Another person has to release this."
