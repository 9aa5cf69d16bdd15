"""Words of the field in English and in French: acts, days, clauses, and what a clause may ask for."""

import re
from datetime import date
from typing import Final

LANGUAGES: Final = ("en", "fr")
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
        "objection_withdrawn": "withdrawal of an objection",
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
        "objection_withdrawn": "retrait d'une objection",
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


# ---- clauses ---------------------------------------------------------------------------------------------------------
_PARAGRAPH: Final = re.compile(r"(?P<article>\d+|[IVXLC]+)\((?P<paragraph>\d+)\)(?P<rest>(?: .*)?)")
_PLACES_FR: Final = {
    "first sentence": "première phrase",
    "second sentence": "deuxième phrase",
    "third sentence": "troisième phrase",
    "last sentence": "dernière phrase",
    "and": "et",
}
"""How parts of a paragraph are called; a rule tells them in English."""


def article(clause: str, lang: str) -> str:
    """How a clause is cited: art. 65(1); art. 65, par. 1."""
    if lang != "fr":
        return f"art. {clause}"
    for english, french in _PLACES_FR.items():
        clause = re.sub(rf"\b{english}\b", french, clause)
    found = _PARAGRAPH.fullmatch(clause)
    if found is None:
        return f"art. {clause}"
    rest = f", {found['rest'].strip()}" if found["rest"].strip() else ""
    return f"art. {found['article']}, par. {found['paragraph']}{rest}"


# ---- populations, lists, tables --------------------------------------------------------------------------------------
_POPULATIONS: Final = {
    "signatories": ("the signatories", "des signataires"),
    "signatories_now": ("the signatories", "des signataires"),
    "signatories_at_adoption": ("the signatories at adoption", "des signataires à l'adoption"),
    "parties_now": ("the parties", "des parties"),
    "parties_at_adoption": ("the parties at adoption", "des parties à l'adoption"),
    "contracting_governments": ("the contracting governments", "des gouvernements contractants"),
    "un_members": ("the Members of the United Nations", "des Membres de l'Organisation des Nations Unies"),
    "coe_member": ("the member States of the Council of Europe", "des États membres du Conseil de l'Europe"),
    "coe_members": ("the member States of the Council of Europe", "des États membres du Conseil de l'Europe"),
}
_OBJECTIONS: Final = ":objections"
_PREFIXES: Final = {
    "list:": ("the list {name}", "de la liste {name}"),
    "group:": ("the group {name}", "du groupe {name}"),
    "parties_to:": ("the parties to {name}", "des parties à {name}"),
}


def called(name: str, lang: str) -> str:
    """What a population or a treaty is called in a sentence; in French, with *de* before it."""
    french = lang == "fr"
    plain = name.removesuffix(_OBJECTIONS)
    if plain in _POPULATIONS:
        return _POPULATIONS[plain][french]
    for prefix, words in _PREFIXES.items():
        if plain.startswith(prefix):
            return words[french].format(name=plain.removeprefix(prefix))
    return f"du groupe {plain}" if french else f"the group {plain}"


def table_called(name: str | None) -> str:
    """A table's own name, whether consents are weighed by it or objections."""
    return (name or "").removesuffix(_OBJECTIONS)


_DAYS: Final = {
    "threshold": ("the day on which the condition is met", "le jour où la condition est remplie"),
    "eif": ("the day of entry into force", "le jour de l'entrée en vigueur"),
    "own": ("the day of the instrument", "le jour de l'instrument"),
    "bound": ("the day of entry into force for the party", "le jour de l'entrée en vigueur pour la partie"),
    "received": ("the day of the notification", "le jour de la notification"),
    "adoption": ("the day of adoption", "le jour de l'adoption"),
    "opening": ("the day of opening for signature", "le jour de l'ouverture à la signature"),
    "circulated": ("the day of circulation", "le jour de la communication"),
    "past the year 9999": ("a day before the year 10000", "un jour antérieur à l'an 10000"),
}


def wanting(name: str, lang: str) -> str:
    """What is missing for an answer, in words; ``name`` as an outcome names it."""
    french = lang == "fr"
    kind, _, rest = name.partition(":")
    match kind:
        case "table" if rest.endswith(":whole"):
            table = table_called(rest.removesuffix(":whole"))
            return f"le total du tableau {table}" if french else f"the whole of the table {table}"
        case "table":
            return f"le tableau {table_called(rest)}" if french else f"the table {table_called(rest)}"
        case "group":
            return f"la composition du groupe {rest}" if french else f"the members of the group {rest}"
        case "population":
            return f"la composition {called(rest, lang)}" if french else f"a list of {called(rest, lang)}"
        case "treaty":
            return f"la situation du traité {rest}" if french else f"the status of the treaty {rest}"
        case "fact":
            key = rest.removesuffix(":quantity")
            return f"la quantité certifiée sous « {key} »" if french else f"the quantity certified under “{key}”"
        case "day":
            return _DAYS[rest][french] if rest in _DAYS else rest
        case _:
            return name
