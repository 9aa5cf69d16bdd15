"""Reasons as sentences that a lawyer would accept, in English and French.

Only what the numbers say is said; every sentence names its clause.
"""

from datetime import date
from fractions import Fraction
from typing import Final, NamedTuple

from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.gauges import Reading
from treaty_status.domain.left_out import NameOf, left_out
from treaty_status.domain.names import listed
from treaty_status.domain.words import LANGUAGES, article, called, long_date, table_called, wanting


class _How(NamedTuple):
    """In which language, at the end of which day; once the condition is ``settled``, nobody who left is missing."""

    lang: str
    as_of: date
    settled: bool

    @property
    def french(self) -> bool:
        return self.lang == "fr"


def explained(outcome: Outcome, name: NameOf) -> dict[str, str]:
    """Where the treaty stands and why, in each language we write."""
    return {lang: _explained(outcome, name, lang) for lang in LANGUAGES}


def _explained(outcome: Outcome, name: NameOf, lang: str) -> str:
    how = _How(lang, outcome.as_of, settled=outcome.crossing is not None)
    leaves = _leaves(outcome.reading)
    parts = [*_distance(outcome.reading, how), *left_out(leaves, name, lang, settled=how.settled)]
    clause = f"({article(outcome.track.clause, lang)})"
    told = [f"{_capital((' ; ' if how.french else '; ').join(parts))} {clause}." if parts else clause]
    told.extend(_days(outcome, lang))
    if outcome.unknown:
        missing = ", ".join(wanting(one, lang) for one in outcome.unknown)
        told.append(f"Ne peut être établi, faute de connaître : {missing}." if how.french else f"Not known: {missing}.")
    return " ".join(told)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _distance(reading: Reading, how: _How) -> list[str]:
    """How far each part is."""
    if reading.op == "not_blocked":
        return [_silence(reading, how)]
    if reading.parts:
        joint = [sentence for part in reading.parts for sentence in _distance(part, how)]
        if reading.op == "any" and len(reading.parts) > 1:
            return [(", ou " if how.french else ", or ").join(joint)]
        return joint
    if reading.op == "weight":
        return [_weight(reading, how)]
    if reading.op == "fact":
        return [_plain(reading, how)]
    if reading.have is not None and reading.need is not None:
        return [_instruments(reading, how)]
    return [_plain(reading, how)]


def _instruments(reading: Reading, how: _How) -> str:
    have, need = int(reading.have or 0), int(reading.need or 0)
    missing = 0 if how.settled else need - have
    measured = _of(str(have), str(need), _whose(reading, how), how, more=have > need)
    if missing <= 0:
        return measured
    return measured + (f" ; il en manque {missing}" if how.french else f"; {missing} missing")


def _of(have: str, need: str, whose: str, how: _How, *, more: bool) -> str:
    """So much of what is needed; where there is ``more``, a part of it would be nonsense."""
    if more:
        return f"{have}{whose}, pour {need} requis" if how.french else f"{have}{whose}, where {need} are needed"
    return f"{have} sur {need}{whose}" if how.french else f"{have} of {need}{whose}"


def _whose(reading: Reading, how: _How) -> str:
    """Whose are counted, where not everyone's are."""
    names: dict[str, list[str]] = {}
    for kind, name in reading.whose:
        names.setdefault(kind, []).append(name)
    return "".join(_of_whom(kind, those, how) for kind, those in names.items())


def _of_whom(kind: str, names: list[str], how: _How) -> str:
    match kind:
        case "any_group":
            joined = listed((called(name, how.lang) for name in names), how.lang)
            return f" de l'un au moins {joined}" if how.french else f" from one at least of {joined}"
        case "not_group" | "others_than":
            joined = listed((called(name, how.lang) for name in names), how.lang)
            return f", à l'exception {joined}" if how.french else f", other than {joined}"
        case "group" if len(names) > 1:
            return f" des groupes {listed(names, 'fr')}" if how.french else f" from the groups {listed(names, 'en')}"
        case "party_to":
            return f" de parties au traité {names[0]}" if how.french else f" from parties to {names[0]}"
        case "attribute":
            return f" d'au moins {names[0]} chacun" if how.french else f" with at least {names[0]} each"
        case _:
            name = called(names[0], how.lang)
            return f" {name}" if how.french else f" from {name}"


def _weight(reading: Reading, how: _How) -> str:
    table = table_called(reading.subject)
    if any(name.startswith("table:") for name in reading.unknown):
        return f"poids indéterminé ({table})" if how.french else f"weight not known ({table})"
    told = _amount if (reading.need or 0) > 1 else _percent
    have, need = told(reading.have, how.lang), told(reading.need, how.lang)
    whose = _whose(reading, how)
    if reading.exceeded:
        need = f"plus de {need}" if how.french else f"more than {need}"
    more = not reading.exceeded and (reading.have or 0) > (reading.need or 0)
    return f"{_of(have, need, whose, how, more=more)} ({table})"


def _amount(value: Fraction | int | None, lang: str) -> str:
    """An amount in whole units, rounded down: what is not reached must not look reached."""
    text = f"{int(value or 0):,}"
    return text.replace(",", "\u202f") if lang == "fr" else text


def _silence(reading: Reading, how: _How) -> str:
    """What silence has brought: the day up to which it was waited for, and whether objections blocked."""
    if reading.on is None:
        return "acceptation tacite : indéterminée" if how.french else "tacit acceptance: not known"
    blocking = (", ou " if how.french else ", or ").join(
        part for node in reading.parts for part in _distance(node, how._replace(settled=True))
    )
    day = long_date(reading.on, how.lang)
    french, english = (
        (f"objections possibles jusqu'au {day}", f"open to objections until {day}")
        if reading.met is False and how.as_of < reading.on
        else _VERDICTS[reading.met]
    )
    verdict = (french if how.french else english).format(day=day)
    return f"{verdict} (objections : {blocking})" if how.french else f"{verdict} (objections: {blocking})"


_VERDICTS: Final = {
    True: ("accepté tacitement le {day}", "accepted by silence on {day}"),
    False: ("pas accepté tacitement au {day}", "not accepted by silence by {day}"),
    None: (
        "on ne sait pas si le silence vaut acceptation au {day}",
        "whether silence accepted it by {day} is not known",
    ),
}


def _percent(share: Fraction | int | None, lang: str) -> str:
    hundredths = int((share or 0) * 10_000)  # rounded down: what is not reached must not look reached
    text = f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',')} %" if lang == "fr" else f"{text}%"


_CONDITIONS: Final = {
    "date_reached": {
        True: ("{day} has come", "la date du {day} est atteinte"),
        False: ("{day} has not come yet", "la date du {day} n'est pas encore atteinte"),
        None: ("the day asked for is not known", "la date requise n'est pas connue"),
    },
    "fact": {
        True: ("“{subject}”{asked} was certified on {day}", "« {subject} »{asked} a été certifié le {day}"),
        False: ("“{subject}”{asked} has not been certified yet", "« {subject} »{asked} n'a pas encore été certifié"),
        None: (
            "whether “{subject}”{asked} was certified is not known",
            "on ne sait pas si « {subject} »{asked} a été certifié",
        ),
    },
    "treaty_in_force": {
        True: ("the treaty {subject} entered into force on {day}", "le traité {subject} est entré en vigueur le {day}"),
        False: ("the treaty {subject} is not in force yet", "le traité {subject} n'est pas encore en vigueur"),
        None: (
            "whether the treaty {subject} is in force is not known",
            "on ne sait pas si le traité {subject} est en vigueur",
        ),
    },
}


def _plain(reading: Reading, how: _How) -> str:
    """A condition that is not counted; or one whose population nobody has recorded."""
    words = _CONDITIONS.get(reading.op)
    if words is None:
        whole = called(reading.subject or reading.op, how.lang)
        return f"la composition {whole} n'est pas connue" if how.french else f"who belongs to {whole} is not known"
    day = "" if reading.on is None else long_date(reading.on, how.lang)
    asked, short = _quantity(reading, how)
    return words[reading.met][how.french].format(subject=reading.subject, day=day, asked=asked) + short


def _quantity(reading: Reading, how: _How) -> tuple[str, str]:
    """How much has to be certified, as an apposition; and how much was, where that is less."""
    if reading.op != "fact" or reading.need is None:
        return "", ""
    unit = f" {reading.unit}" if reading.unit else ""
    need, have = f"{_exactly(reading.need, how)}{unit}", f"{_exactly(reading.have, how)}{unit}"
    asked = f", au moins {need}," if how.french else f", at least {need},"
    if reading.met is not False or not reading.have:
        return asked, ""
    return asked, f" (au plus {have} à ce jour)" if how.french else f" ({have} at most so far)"


def _exactly(value: Fraction | int | None, how: _How) -> str:
    """A quantity as it was stated, where it has decimals or is a fraction; whole numbers in groups of three."""
    exact = Fraction(value or 0)
    return _amount(exact, how.lang) if exact.denominator == 1 else str(exact)


def _leaves(reading: Reading) -> list[Reading]:
    return [leaf for part in reading.parts for leaf in _leaves(part)] if reading.parts else [reading]


_OUTSIDE: Final = {
    "en": "The condition came to hold at a time for which this clause is not made.",
    "fr": "La condition s'est trouvée remplie à un moment que cette clause ne vise pas.",
}
"""Where the guards of a track leave out the day on which its condition was met."""


def _days(outcome: Outcome, lang: str) -> list[str]:
    if outcome.threshold_on is None:
        return [_OUTSIDE[lang]] if outcome.met is False and outcome.reading.met else []
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
