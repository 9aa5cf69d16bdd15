"""A line about an act, or about the treaty's own story, as it is given to an assessment.

Only the depositary's own record moves a count; what has no effect on a consent is kept as a remark.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Final

from treaty_events import Action, DepositStatus, Tier
from treaty_status.application.offline.evidence import attestation
from treaty_status.application.offline.places import Document, Place, Unreadable, a_day, a_text
from treaty_status.domain.certificates import Attestation

ACT_DATE: Final = ("act_date", "date", "on", "notified_on", "deposited_on")
SAME: Final = {
    "withdrawal": Action.WITHDRAWAL_NOTIFIED,
    "denunciation": Action.WITHDRAWAL_NOTIFIED,
    "participation_simplified": Action.SIMPLIFIED_PROCEDURE,
    "amendment_accepted": Action.ACCEPTANCE,
    "amendment_objected": Action.OBJECTION,
    "rejection": Action.OBJECTION,
    "rejection_withdrawn": Action.OBJECTION_WITHDRAWN,
    "unspecified": Action.CONSENT_TO_BE_BOUND,
}
"""Other words for our actions. ``unspecified``: a consent whose form the source does not tell."""
STORY: Final = {
    "adoption": "adoption",
    "amendment_adopted": "adoption",
    "opening": "opening",
    "circulated": "circulated",
    "circulation": "circulated",
}
"""Lines about the treaty itself, and the day of its story that each tells."""
WITHOUT_EFFECT: Final = frozenset(
    {
        "accession_accepted",
        "accession_objected",
        "authority_designated",
        "closing",
        "depositary_correction",
        "admission_resolution",
        "domestic_approval",
        "entry_into_force_for_participant",
        "intention_not_to_ratify",
        "interpretative_declaration",
        "mandatory_declaration",
        "modified",
        "optional_declaration",
        "reservation_withdrawn",
        "suspension",
        "text_correction_effected",
        "text_correction_proposed",
    }
)
"""Acts of the practice that change nobody's consent."""
EFFECTIVE: Final = frozenset({"withdrawal_effective", "end_of_participation"})
CERTIFIED: Final = frozenset({"fact", "fact_certified", "factcertified", "certified"})
FORCE: Final = frozenset({"entry_into_force", "entered_into_force"})


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act: who did what on which day; ``specified_on`` is a day of effect that the instrument itself names."""

    place: Place
    participant: str
    action: Action
    on: date
    treaty: str | None = None
    specified_on: date | None = None
    circulated_on: date | None = None
    predecessor: str | None = None
    succeeded_on: date | None = None
    deposit_status: DepositStatus = DepositStatus.ACCEPTED
    deferred_until: date | None = None


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A day of the treaty's own story: its adoption, its opening, its circulation."""

    name: str
    on: date
    treaty: str | None = None


@dataclass(frozen=True, slots=True)
class CertifiedLine:
    """A decision, certificate or quantity that was certified on a day."""

    key: str
    what: Attestation


@dataclass(frozen=True, slots=True)
class ForceLine:
    """Another treaty entered into force."""

    treaty: str
    on: date


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that moves nothing, and why."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


Line = ActLine | StoryLine | CertifiedLine | ForceLine | Remark


def act_lines(lines: Iterable[tuple[Place, Document]]) -> list[Line]:
    """Every line, read.

    Raises:
        Unreadable: a word, a date or a participant that nobody can read; the message says where.
    """
    return [line for place, document in lines for line in _read(place, document)]


def _read(place: Place, document: Document) -> Iterable[Line]:
    word = _word(document, place)
    on = a_day(document, ACT_DATE, place)
    if on is None:
        raise Unreadable(place, "The act has no day (field 'act_date', YYYY-MM-DD).")
    circulated_on = a_day(document, ("circulated_on",), place)
    if word in STORY:
        treaty = _treaty_named(document)
        yield StoryLine(STORY[word], on, treaty)
        if circulated_on is not None:
            yield StoryLine("circulated", circulated_on, treaty)
    elif word in CERTIFIED and (remark := _left_aside(word, document)) is not None:
        yield Remark(place, remark)
    elif word in CERTIFIED:
        yield CertifiedLine(a_text(document, "key", place), attestation(document, on))
    elif word in FORCE:
        yield ForceLine(a_text(document, "treaty", place), on)
    elif (remark := _left_aside(word, document)) is not None:
        yield Remark(place, remark)
    else:
        yield _act(place, document, word, on, circulated_on)


def _word(document: Document, place: Place) -> str:
    found = document.get("action", document.get("type"))
    if not isinstance(found, str):
        raise Unreadable(place, "The field 'action' is missing or not text.")
    return found.strip().casefold().replace(" ", "_").replace("-", "_").partition(":")[0]


def _left_aside(word: str, document: Document) -> str | None:
    """Why a line moves nothing; None where it is an act."""
    if document.get("retracted") is True:
        return "It was retracted."
    if document.get("tier", Tier.OFFICIAL_DEPOSITARY.value) != Tier.OFFICIAL_DEPOSITARY.value:
        return f"It is a claim ({document['tier']}); only the depositary's own record moves a count."
    return f"It changes nobody's consent ({word})." if word in WITHOUT_EFFECT else None


def _act(place: Place, document: Document, word: str, on: date, circulated_on: date | None) -> ActLine:
    return ActLine(
        place=place,
        participant=a_text(document, "participant", place),
        action=Action.CONSENT_WITHDRAWN if word in EFFECTIVE else _action(word, place),
        on=on,
        treaty=_treaty_named(document),
        specified_on=a_day(document, ("specified_effect_date", "effect_date"), place),
        circulated_on=circulated_on,
        predecessor=document.get("predecessor") if isinstance(document.get("predecessor"), str) else None,
        deposit_status=_deposit_status(document, place),
        deferred_until=a_day(document, ("deferred_until",), place),
        succeeded_on=a_day(document, ("succeeded_on", "date_of_succession"), place),
    )


def _treaty_named(document: Document) -> str | None:
    treaty = document.get("treaty")
    return treaty if isinstance(treaty, str) else None


def _deposit_status(document: Document, place: Place) -> DepositStatus:
    found = document.get("deposit_status", DepositStatus.ACCEPTED.value)
    try:
        return DepositStatus(found)
    except ValueError:
        known = ", ".join(DepositStatus)
        raise Unreadable(place, f"The field 'deposit_status' is one of {known} (got: {str(found)[:40]!r}).") from None


def _action(word: str, place: Place) -> Action:
    if word in SAME:
        return SAME[word]
    try:
        return Action(word)
    except ValueError:
        known = sorted({*Action, *SAME, *STORY, *WITHOUT_EFFECT, *EFFECTIVE})
        near = get_close_matches(word, known, n=2)
        meant = f" Did you mean {' or '.join(near)}?" if near else f" Known are {', '.join(sorted(Action))}."
        raise Unreadable(place, f"There is no such act (got: {word[:60]!r}).{meant}") from None
