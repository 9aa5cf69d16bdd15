"""Reasons as sentences that a lawyer would accept, in English and French.

Only what the numbers say is said; every sentence names its clause.
"""

import re
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
        "not_additional": "the {name}'s instrument is not additional to {those}",
        "never": "the {name}'s instrument is not counted",
        "as_members": "the {name}'s members have all been counted themselves",
        "counts": "the {name}'s instrument is not counted",
        "action_not_counted": "{name}'s {action} is not among the acts that count",
        "kind_not_counted": "{name} is not of a kind that counts",
        "not_in_group": "{name} did not belong to the group on the day of its consent",
        "not_in_population": "{name} is not among those whose consent is asked for",
        "not_party_to_parent": "{name} was not a party to the parent treaty on the day of its consent",
        "attribute_too_small": "{name} does not reach the amount asked of each",
        "no_share": "{name} adds nothing to the share",
        "not_known": "whether {name} counts is not known",
        "pending": "{name}'s {action} of {day} is pending: the depositary has not accepted it yet",
        "refused": "{name}'s {action} of {day} was not accepted by the depositary",
        "deferred": "{name}'s {action} of {day} is deferred, and deemed not to be effective until {later}",
    },
    "fr": {
        "not_additional": "l'instrument déposé par {the}{name} ne s'ajoute pas {those}",
        "never": "l'instrument déposé par {the}{name} n'est pas compté",
        "as_members": "les membres {of}{name} ont tous été comptés eux-mêmes",
        "counts": "l'instrument déposé par {the}{name} n'est pas compté",
        "action_not_counted": "l'acte de {name} ({action}) n'est pas de ceux qui comptent",
        "kind_not_counted": "{name} n'est pas de ceux qui comptent",
        "not_in_group": "{name} n'appartenait pas au groupe au jour de son consentement",
        "not_in_population": "{name} n'est pas de ceux dont le consentement est demandé",
        "not_party_to_parent": "{name} n'était pas partie au traité principal au jour de son consentement",
        "attribute_too_small": "{name} n'atteint pas la valeur exigée de chacun",
        "no_share": "{name} n'ajoute rien à la part",
        "not_known": "on ne sait pas si {name} compte",
        "pending": "l'instrument de {name} ({action}, {day}) est en suspens : le dépositaire ne l'a pas encore accepté",
        "refused": "l'instrument de {name} ({action}, {day}) n'a pas été accepté par le dépositaire",
        "deferred": "l'instrument de {name} ({action}, {day}) est différé et réputé sans effet jusqu'au {later}",
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
    settled = outcome.crossing is not None
    parts = [*_distance(outcome.reading, lang, settled=settled), *_left_out(outcome.reading, name, lang)]
    clause = f"({article(outcome.track.clause, lang)})"
    told = [f"{' ; '.join(parts) if lang == 'fr' else '; '.join(parts)} {clause}." if parts else clause]
    told.extend(_days(outcome, lang))
    if outcome.unknown:
        word = "Not known for want of" if lang == "en" else "Indéterminé, faute de"
        colon = ":" if lang == "en" else " :"
        told.append(f"{word}{colon} {', '.join(outcome.unknown)}.")
    return " ".join(told)


def _distance(reading: Reading, lang: str, *, settled: bool) -> list[str]:
    """How far each part is; once the condition is ``settled``, whoever leaves is no longer missing."""
    if reading.op == "not_blocked":
        return [_silence(reading, lang)]
    if reading.parts:
        joint = [sentence for part in reading.parts for sentence in _distance(part, lang, settled=settled)]
        if reading.op == "any" and len(reading.parts) > 1:
            word = " or " if lang == "en" else " ou "
            return [word.join(joint)]
        return joint
    if reading.op == "weight":
        return [_weight(reading, lang)]
    if reading.have is not None and reading.need is not None:
        return [_instruments(reading, lang, settled=settled)]
    return [_plain(reading, lang)]


def _instruments(reading: Reading, lang: str, *, settled: bool) -> str:
    have, need = int(reading.have or 0), int(reading.need or 0)
    whose = "".join(_WHOSE[lang][kind].format(name=_called(name, lang)) for kind, name in reading.whose)
    missing = 0 if settled else need - have
    if lang == "fr":
        return f"{have} sur {need}{whose}" + (f" ; il en manque {missing}" if missing > 0 else "")
    return f"{have} of {need}{whose}" + (f"; {missing} missing" if missing > 0 else "")


def _called(name: str, lang: str) -> str:
    """What a group, list, population or table is called in a sentence."""
    for prefix, words in _PREFIXES.items():
        if name.startswith(prefix):
            return words[lang].format(name=name.removeprefix(prefix).replace("_", " "))
    return _POPULATIONS.get(name, {}).get(lang) or name


_PREFIXES: Final = {
    "list:": {"en": "the list of {name}", "fr": "la liste {name}"},
    "parties_to:": {"en": "the parties to {name}", "fr": "parties à {name}"},
}
_POPULATIONS: Final = {
    "signatories_now": {"en": "the signatories", "fr": "signataires"},
    "signatories_at_adoption": {"en": "the signatories at adoption", "fr": "signataires à l'adoption"},
    "parties_now": {"en": "the parties", "fr": "parties"},
    "parties_at_adoption": {"en": "the parties at adoption", "fr": "parties à l'adoption"},
    "contracting_governments:objections": {"en": "the contracting governments", "fr": "gouvernements contractants"},
}
_WHOSE: Final = {
    "en": {
        "group": " from the group {name}",
        "party_to": " from parties to {name}",
        "attribute": " with at least {name} each",
        "population": " from {name}",
    },
    "fr": {
        "group": " du groupe {name}",
        "party_to": " de parties à {name}",
        "attribute": " d'au moins {name} chacun",
        "population": " de {name}",
    },
}


def _weight(reading: Reading, lang: str) -> str:
    if any(name.startswith("table:") for name in reading.unknown):
        return {"en": f"weight not known ({reading.subject})", "fr": f"poids indéterminé ({reading.subject})"}[lang]
    told = _amount if (reading.need or 0) > 1 else _percent
    have, need = told(reading.have, lang), told(reading.need, lang)
    whose = "".join(_WHOSE[lang][kind].format(name=_called(name, lang)) for kind, name in reading.whose)
    if reading.exceeded:
        need = f"plus de {need}" if lang == "fr" else f"more than {need}"
    if lang == "fr":
        return f"{have} sur {need}{whose} ({reading.subject})"
    return f"{have} of {need}{whose} ({reading.subject})"


def _amount(value: Fraction | int | None, lang: str) -> str:
    """An amount in whole units, rounded down: what is not reached must not look reached."""
    text = f"{int(value or 0):,}"
    return text.replace(",", "\u202f") if lang == "fr" else text


def _silence(reading: Reading, lang: str) -> str:
    """What silence has brought: the day up to which it was waited for, and whether objections blocked."""
    blocking = " or ".join(part for node in reading.parts for part in _distance(node, lang, settled=False))
    if lang == "fr":
        blocking = blocking.replace(" or ", " ou ")
    if reading.on is None:
        return {"en": "tacit acceptance: not known", "fr": "acceptation tacite : indéterminée"}[lang]
    day = long_date(reading.on, lang)
    verdict = (
        {
            "en": {True: f"accepted by silence on {day}", False: f"not accepted by silence by {day}"},
            "fr": {True: f"accepté tacitement le {day}", False: f"pas accepté tacitement au {day}"},
        }[lang].get(bool(reading.met))
        if reading.met is not None
        else {
            "en": f"whether silence accepted it by {day} is not known",
            "fr": f"on ne sait pas si le silence vaut acceptation au {day}",
        }[lang]
    )
    return f"{verdict} (objections: {blocking})" if lang == "en" else f"{verdict} (objections : {blocking})"


def _percent(share: Fraction | int | None, lang: str) -> str:
    hundredths = int((share or 0) * 10_000)  # rounded down: what is not reached must not look reached
    text = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',')} %" if lang == "fr" else f"{text}%"


_CONDITIONS: Final = {
    "date_reached": ("the day asked for", "le jour prévu"),
    "fact": ("the fact to be certified ({subject})", "le fait à certifier ({subject})"),
    "treaty_in_force": ("the entry into force of {subject}", "l'entrée en vigueur de {subject}"),
    "not_blocked": ("the absence of a blocking objection", "l'absence d'objection bloquante"),
}


def _plain(reading: Reading, lang: str) -> str:
    english, french = _CONDITIONS.get(reading.op, (reading.op, reading.op))
    text = (french if lang == "fr" else english).format(subject=reading.subject)
    if reading.on is not None:
        text += f" ({long_date(reading.on, lang)})"
    verdict = {
        "en": {True: "given", False: "not given yet", None: "not known"},
        "fr": {True: "oui", False: "pas encore", None: "on ne sait pas"},
    }[lang][reading.met]
    return f"{text}: {verdict}" if lang == "en" else f"{text} : {verdict}"


def _left_out(reading: Reading, name: NameOf, lang: str) -> list[str]:
    leaves = _leaves(reading)
    counted = {consent.participant for part in leaves for consent in part.counted}
    found: dict[str, NotCounted] = {}
    for part in leaves:
        for left in part.not_counted:
            found.setdefault(left.consent.participant, left)
    nowhere_first = sorted(found, key=counted.__contains__)
    told = [reason(found[one], name, lang) for one in nowhere_first[:MOST_LEFT_OUT]]
    more = len(found) - len(told)
    if more > 0:
        told.append(f"{more} more are not counted" if lang == "en" else f"{more} autres ne sont pas comptés")
    return told


MOST_LEFT_OUT: Final = 8
"""Reasons told in a sentence; the tree has them all."""


def _leaves(reading: Reading) -> list[Reading]:
    return [leaf for part in reading.parts for leaf in _leaves(part)] if reading.parts else [reading]


def reason(left: NotCounted, name: NameOf, lang: str) -> str:
    """Why one consent was not counted."""
    own = name(left.consent.participant, lang)
    the = _french_article(own)
    return _REASONS[lang][left.reason].format(
        name=own,
        the=the,
        of="du " if the == "le " else f"de {the}",
        action=ACTIONS[lang][left.consent.action.value],
        those=_those(left, name, lang),
        day=long_date(left.consent.on, lang),
        later="" if left.consent.deferred_until is None else long_date(left.consent.deferred_until, lang),
    )


def _those(left: NotCounted, name: NameOf, lang: str) -> str:
    """The instruments to which an organisation's is not additional."""
    named = [name(one, lang) for one in left.because_of[:MOST_NAMED]]
    more = len(left.because_of) - len(named)
    if more > 0:
        named.append(f"{more} more" if lang == "en" else f"{more} autre{'s' if more > 1 else ''}")
    if len(left.because_of) == 1:
        return f"that of {named[0]}" if lang == "en" else f"à celui de son État membre ({named[0]})"
    because = f" ({', '.join(named)})" if named else ""
    return f"those of its member States{because}" if lang == "en" else f"à ceux de ses États membres{because}"


MOST_NAMED: Final = 5
_VOWELS: Final = frozenset("AEIOUYÉÈÊÎÔaeiouyéèêîô")
_MASCULINE: Final = ("Bureau", "Comité", "Conseil", "Fonds", "Groupe", "Marché", "Programme", "Secrétariat")


def _french_article(name: str) -> str:
    """The article that an organisation's French name takes; most that act in treaties are feminine."""
    if name[:1] in _VOWELS:
        return "l'"
    return "le " if name.startswith(_MASCULINE) else "la "


_PARAGRAPH: Final = re.compile(r"(?P<article>\d+|[IVXLC]+)\((?P<paragraph>\d+)\)")


def article(clause: str, lang: str) -> str:
    """How a clause is cited: art. 65(1); art. 65, par. 1."""
    found = _PARAGRAPH.fullmatch(clause) if lang == "fr" else None
    return f"art. {clause}" if found is None else f"art. {found['article']}, par. {found['paragraph']}"


def _days(outcome: Outcome, lang: str) -> list[str]:
    if outcome.threshold_on is None:
        return []
    met = long_date(outcome.threshold_on, lang)
    told = [f"The condition was met on {met}." if lang == "en" else f"La condition a été remplie le {met}."]
    force = outcome.entry_into_force_on
    if force is None:
        return told
    day = long_date(force, lang)
    if outcome.ended_on is not None:
        ended = long_date(outcome.ended_on, lang)
        told.append(
            f"In force from {day}, and ended on {ended}, when too few parties remained."
            if lang == "en"
            else f"En vigueur à compter du {day}, éteint le {ended}, faute d'un nombre suffisant de parties."
        )
    elif outcome.in_force():
        told.append(f"In force since {day}." if lang == "en" else f"En vigueur depuis le {day}.")
    else:
        told.append(f"Entry into force on {day}." if lang == "en" else f"Entrée en vigueur le {day}.")
    return told
