"""Reasons as sentences that a lawyer would accept, in English and French.

Only what the numbers say is said; every sentence names its clause.
"""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Final

from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.gauges import NotCounted, Reading

NameOf = Callable[[str, str], str]
LANGUAGES: Final = ("en", "fr")

_REASONS: Final = {
    "en": {
        "not_additional": "the {name}'s instrument is not additional to those of its member States {because}",
        "never": "the {name}'s instrument is not counted",
        "as_members": "the {name}'s members have all been counted themselves",
        "counts": "the {name}'s instrument is not counted",
        "action_not_counted": "{name}'s {action} is not among the acts that count",
        "kind_not_counted": "{name} is not of a kind that counts",
        "not_in_group": "{name} did not belong to the group on the day of its consent",
        "not_party_to_parent": "{name} was not a party to the parent treaty",
        "attribute_too_small": "{name} does not reach the amount asked of each",
    },
    "fr": {
        "not_additional": "l'instrument déposé par {the}{name} ne s'ajoute pas à ceux de ses États membres {because}",
        "never": "l'instrument déposé par {the}{name} n'est pas compté",
        "as_members": "les membres de {the}{name} ont tous été comptés eux-mêmes",
        "counts": "l'instrument déposé par {the}{name} n'est pas compté",
        "action_not_counted": "l'acte de {name} ({action}) n'est pas de ceux qui comptent",
        "kind_not_counted": "{name} n'est pas de ceux qui comptent",
        "not_in_group": "{name} n'appartenait pas au groupe au jour de son consentement",
        "not_party_to_parent": "{name} n'était pas partie au traité principal",
        "attribute_too_small": "{name} n'atteint pas la valeur exigée de chacun",
    },
}
ACTIONS: Final = {
    "en": {
        "signature": "signature",
        "succession_to_signature": "succession to signature",
        "definitive_signature": "definitive signature",
        "ratification": "ratification",
        "acceptance": "acceptance",
        "approval": "approval",
        "accession": "accession",
        "formal_confirmation": "formal confirmation",
        "succession": "succession",
        "simplified_procedure": "simplified procedure",
        "deemed_consent": "deemed consent",
        "consent_to_be_bound": "consent to be bound",
        "consent_withdrawn": "withdrawal of consent",
        "withdrawal_notified": "denunciation",
        "withdrawal_revoked": "revocation of denunciation",
        "provisional_application": "provisional application",
        "reservation": "reservation",
        "declaration": "declaration",
        "objection": "objection",
        "territorial_application": "territorial application",
    },
    "fr": {
        "signature": "signature",
        "succession_to_signature": "succession à la signature",
        "definitive_signature": "signature définitive",
        "ratification": "ratification",
        "acceptance": "acceptation",
        "approval": "approbation",
        "accession": "adhésion",
        "formal_confirmation": "confirmation formelle",
        "succession": "succession",
        "simplified_procedure": "procédure simplifiée",
        "deemed_consent": "consentement réputé donné",
        "consent_to_be_bound": "consentement à être lié",
        "consent_withdrawn": "retrait du consentement",
        "withdrawal_notified": "dénonciation",
        "withdrawal_revoked": "retrait de la dénonciation",
        "provisional_application": "application provisoire",
        "reservation": "réserve",
        "declaration": "déclaration",
        "objection": "objection",
        "territorial_application": "application territoriale",
    },
}
_MONTHS_FR: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
_MONTHS_EN: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def long_date(day: date, lang: str) -> str:
    """A day in words: 4 July 2027; 1er juillet 2027."""
    if lang == "fr":
        number = "1er" if day.day == 1 else str(day.day)
        return f"{number} {_MONTHS_FR[day.month - 1]} {day.year}"
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def explained(outcome: Outcome, name: NameOf) -> dict[str, str]:
    """Where the treaty stands and why, in each language we write."""
    return {lang: _explained(outcome, name, lang) for lang in LANGUAGES}


def _explained(outcome: Outcome, name: NameOf, lang: str) -> str:
    parts = [*_distance(outcome.reading, lang), *_left_out(outcome.reading, name, lang)]
    clause = f"(art. {outcome.track.clause})"
    told = [f"{' ; '.join(parts) if lang == 'fr' else '; '.join(parts)} {clause}." if parts else clause]
    told.extend(_days(outcome, lang))
    if outcome.unknown:
        word = "Not known for want of" if lang == "en" else "Indéterminé, faute de"
        colon = ":" if lang == "en" else " :"
        told.append(f"{word}{colon} {', '.join(outcome.unknown)}.")
    return " ".join(told)


def _distance(reading: Reading, lang: str) -> list[str]:
    if reading.parts:
        joint = [sentence for part in reading.parts for sentence in _distance(part, lang)]
        if reading.op == "any" and len(reading.parts) > 1:
            word = " or " if lang == "en" else " ou "
            return [word.join(joint)]
        return joint
    if reading.op == "weight":
        return [_weight(reading, lang)]
    if reading.have is not None and reading.need is not None:
        return [_instruments(int(reading.have), int(reading.need), lang)]
    return [_plain(reading, lang)]


def _instruments(have: int, need: int, lang: str) -> str:
    missing = need - have
    if lang == "fr":
        return f"{have} sur {need}" + (f" ; il en manque {missing}" if missing > 0 else "")
    return f"{have} of {need}" + (f"; {missing} missing" if missing > 0 else "")


def _weight(reading: Reading, lang: str) -> str:
    have, need = _percent(reading.have, lang), _percent(reading.need, lang)
    return f"{have} sur {need} ({reading.subject})" if lang == "fr" else f"{have} of {need} ({reading.subject})"


def _percent(share: Fraction | int | None, lang: str) -> str:
    text = f"{float((share or 0) * 100):.2f}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',')} %" if lang == "fr" else f"{text}%"


_CONDITIONS: Final = {
    "date_reached": ("the day asked for", "le jour prévu"),
    "fact": ("the fact to be certified", "le fait à certifier"),
    "treaty_in_force": ("the entry into force of {subject}", "l'entrée en vigueur de {subject}"),
    "not_blocked": ("the absence of a blocking objection", "l'absence d'objection bloquante"),
}


def _plain(reading: Reading, lang: str) -> str:
    english, french = _CONDITIONS.get(reading.op, (reading.op, reading.op))
    text = (french if lang == "fr" else english).format(subject=reading.subject)
    verdict = {
        "en": {True: "is given", False: "is not given yet", None: "is not known"},
        "fr": {True: "est acquis", False: "n'est pas encore acquis", None: "n'est pas connu"},
    }[lang][reading.met]
    return f"{text}: {verdict}" if lang == "en" else f"{text} : {verdict}"


def _left_out(reading: Reading, name: NameOf, lang: str) -> list[str]:
    found: dict[str, str] = {}
    for part in (reading, *reading.parts):
        for left in part.not_counted:
            found.setdefault(left.consent.participant, reason(left, name, lang))
    return list(found.values())


def reason(left: NotCounted, name: NameOf, lang: str) -> str:
    """Why one consent was not counted."""
    because = ", ".join(name(one, lang) for one in left.because_of[:MOST_NAMED])
    more = len(left.because_of) - MOST_NAMED
    if more > 0:
        because += f" and {more} more" if lang == "en" else f" et {more} autres"
    own = name(left.consent.participant, lang)
    text = _REASONS[lang][left.reason].format(
        name=own,
        the="l'" if own[:1] in VOWELS else "la ",
        action=ACTIONS[lang][left.consent.action.value],
        because=f"({because})" if because else "",
    )
    return text.strip()


MOST_NAMED: Final = 5
VOWELS: Final = frozenset("AEIOUÉÈaeiouéè")
"""French names of organisations that begin so take an elided article; the others that act here are feminine."""


def _days(outcome: Outcome, lang: str) -> list[str]:
    if outcome.threshold_on is None:
        return []
    met = long_date(outcome.threshold_on, lang)
    told = [f"The condition was met on {met}." if lang == "en" else f"La condition a été remplie le {met}."]
    force = outcome.entry_into_force_on
    if force is None:
        return told
    day = long_date(force, lang)
    if outcome.in_force():
        told.append(f"In force since {day}." if lang == "en" else f"En vigueur depuis le {day}.")
    else:
        told.append(f"Entry into force on {day}." if lang == "en" else f"Entrée en vigueur le {day}.")
    return told
