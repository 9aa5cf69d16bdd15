"""How a participant acts towards a treaty, in the depositary's words.

Source: Vienna Convention on the Law of Treaties (1969), articles 2, 11 to 19, 24, 25, 54 and 65 to 68.
"""

from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """One kind of act on the international plane."""

    SIGNATURE = "signature"
    SUCCESSION_TO_SIGNATURE = "succession_to_signature"
    DEFINITIVE_SIGNATURE = "definitive_signature"
    RATIFICATION = "ratification"
    ACCEPTANCE = "acceptance"
    APPROVAL = "approval"
    ACCESSION = "accession"
    FORMAL_CONFIRMATION = "formal_confirmation"
    SUCCESSION = "succession"
    SIMPLIFIED_PROCEDURE = "simplified_procedure"
    DEEMED_CONSENT = "deemed_consent"
    CONSENT_TO_BE_BOUND = "consent_to_be_bound"
    PROVISIONAL_APPLICATION = "provisional_application"
    RESERVATION = "reservation"
    DECLARATION = "declaration"
    OBJECTION = "objection"
    OBJECTION_WITHDRAWN = "objection_withdrawn"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    WITHDRAWAL_NOTIFIED = "withdrawal_notified"
    WITHDRAWAL_REVOKED = "withdrawal_revoked"
    TERRITORIAL_APPLICATION = "territorial_application"


class Tier(StrEnum):
    """Who says so. Only the depositary's own record moves a count; everything else is a claim."""

    OFFICIAL_DEPOSITARY = "official_depositary"
    OFFICIAL_STATE = "official_state"
    OFFICIAL_ORG = "official_org"
    PRESS = "press"
    UNKNOWN = "unknown"


class DepositStatus(StrEnum):
    """Whether the depositary took an instrument that reached it.

    One that it holds back, such as for a reservation that the treaty prohibits, is ``pending`` and expresses nothing
    yet; one that it sent back is ``refused``.
    """

    ACCEPTED = "accepted"
    PENDING = "pending"
    REFUSED = "refused"


CONSENT: Final[frozenset[Action]] = frozenset(
    {
        Action.DEFINITIVE_SIGNATURE,
        Action.RATIFICATION,
        Action.ACCEPTANCE,
        Action.APPROVAL,
        Action.ACCESSION,
        Action.FORMAL_CONFIRMATION,
        Action.SUCCESSION,
        Action.SIMPLIFIED_PROCEDURE,
        Action.DEEMED_CONSENT,
        Action.CONSENT_TO_BE_BOUND,
    }
)
"""The acts that express consent to be bound (VCLT art. 11).

``consent_to_be_bound`` is the notification that some final clauses ask for in these words (the protocols of the
Convention on Certain Conventional Weapons), and stands where a source does not tell the form of a consent.
"""


NEEDS_SIGNATURE: Final[frozenset[Action]] = frozenset({Action.RATIFICATION, Action.ACCEPTANCE, Action.APPROVAL})
"""The acts that complete a signature made subject to them (VCLT art. 14)."""

AT_SIGNATURE: Final[frozenset[Action]] = frozenset({Action.SIGNATURE, Action.DEFINITIVE_SIGNATURE})
"""The acts that need an open window for signature."""

SIGNING: Final[frozenset[Action]] = AT_SIGNATURE | {Action.SUCCESSION_TO_SIGNATURE}
"""The acts that make a signatory; a successor State takes over its predecessor's signature (VSSRT art. 18 to 20)."""
