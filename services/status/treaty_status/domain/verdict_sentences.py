"""Verdicts as sentences, in English and French: what is wrong, the facts, and the day they are of."""

from collections.abc import Callable
from typing import Final

from treaty_events import ClaimRecorded, ClaimVerdict
from treaty_status.domain.partial_dates import span
from treaty_status.domain.verdicts import Verdict
from treaty_status.domain.words import ACTIONS, long_date

NameOf = Callable[[str, str], str]
Texts = dict[str, str]

_HEADS: Final[dict[ClaimVerdict, Texts]] = {
    ClaimVerdict.RIGHT: {"en": "Right: {fact}.", "fr": "Exact : {fact}."},
    ClaimVerdict.RIGHT_AT_ITS_TIME: {
        "en": "Right at its time: {fact}{until}.",
        "fr": "Exact à sa date : {fact}{until}.",
    },
    ClaimVerdict.APPROXIMATE: {"en": "A round figure that holds: {fact}.", "fr": "Chiffre rond, juste : {fact}."},
    ClaimVerdict.EARLY: {
        "en": "Early: the depositary records the {action} of {who} on {true_on}, {days} later.",
        "fr": "Trop tôt : le dépositaire enregistre l'acte de {who} ({action}) le {true_on}, {days} plus tard.",
    },
    ClaimVerdict.WRONG_COUNT: {
        "en": "Wrong count: {fact}, not {claimed}{when}.",
        "fr": "Nombre inexact : {fact}, non {claimed}{when}.",
    },
    ClaimVerdict.CONFUSES_SIGNATURE_WITH_RATIFICATION: {
        "en": "Takes signature for ratification: {signed}; {fact}.",
        "fr": "Confond signature et ratification : {signed} ; {fact}.",
    },
    ClaimVerdict.CONFUSES_APPROVAL_WITH_DEPOSIT: {
        "en": "Takes approval at home for the deposit of an instrument: the record shows no {action} of {who}.",
        "fr": "Confond l'approbation interne et le dépôt d'un instrument : aucun acte de {who} au registre ({action}).",
    },
    ClaimVerdict.COUNTS_THE_ORGANISATION_AS_A_STATE: {
        "en": "Counts an organisation as a State: {fact}, and {claimed} with organisations.",
        "fr": "Compte une organisation comme un État : {fact}, et {claimed} avec les organisations.",
    },
    ClaimVerdict.DOUBLE_COUNTS_THE_ORGANISATION: {
        "en": "Counts an organisation twice: the {claimed} include it; {fact}.",
        "fr": "Compte deux fois une organisation : elle est comprise dans les {claimed} ; {fact}.",
    },
    ClaimVerdict.WRONG_POPULATION: {
        "en": "Names the wrong population: {claimed} is the number with others; {fact}.",
        "fr": "Se trompe d'ensemble : le nombre {claimed} en comprend d'autres ; {fact}.",
    },
    ClaimVerdict.WRONG_TEXT_FACT: {
        "en": "Wrong: the text has {have} {what}, not {claimed}.",
        "fr": "Inexact : le texte compte {have} {what}, non {claimed}.",
    },
    ClaimVerdict.RECORD_DIFFERS: {
        "en": "The depositary publishes {claimed} and this record differs: {fact}. One of the two is to be checked.",
        "fr": "Le dépositaire publie {claimed} et ce registre diffère : {fact}. L'un des deux est à vérifier.",
    },
}
_NOT_SHOWN: Final[dict[str, Texts]] = {
    "beyond_the_record": {
        "en": "Not shown: this record, which holds {have}, was not kept up to that day.",
        "fr": "Non établi : ce registre, qui en compte {have}, n'était pas tenu jusqu'à cette date.",
    },
    "no_act": {
        "en": "Not shown: the record has no {action} of {who}; {total}.",
        "fr": "Non établi : le registre ne contient aucun acte de {who} ({action}) ; {total}.",
    },
    "not_yet": {"en": "Not shown: the day has not come.", "fr": "Non établi : la date n'est pas encore venue."},
    "population_unknown": {
        "en": "Not shown: no list of {among} is held here.",
        "fr": "Non établi : aucune liste de {among} n'est tenue ici.",
    },
    "domestic": {
        "en": "Not shown: approval at home is no act between States, so the depositary does not record it.",
        "fr": "Non établi : l'approbation interne n'est pas un acte entre États, le dépositaire ne l'enregistre pas.",
    },
    "no_such_day": {
        "en": "Not shown: the record does not give that day.",
        "fr": "Non établi : le registre ne donne pas cette date.",
    },
    "not_in_the_header": {
        "en": "Not shown: the record does not say how many the text has.",
        "fr": "Non établi : le registre n'indique pas combien le texte en compte.",
    },
    "no_rule": {"en": "Not shown: no rule is recorded.", "fr": "Non établi : aucune règle n'est enregistrée."},
    "clause_not_comparable": {
        "en": "Not shown: the recorded clause is of another shape.",
        "fr": "Non établi : la clause enregistrée est d'une autre forme.",
    },
    "not_structured": {
        "en": "Not shown: nothing in it can be held against the record.",
        "fr": "Non établi : rien n'y peut être confronté au registre.",
    },
}
_PARTS: Final[dict[str, Texts]] = {
    "count": {
        "en": "{have} instruments are needed, not {claimed}",
        "fr": "il faut {have} instruments, non {claimed}",
    },
    "act": {
        "en": "consents to be bound count, not signatures",
        "fr": "comptent les consentements à être lié, non les signatures",
    },
    "population": {
        "en": "the instrument of any participant that may join counts, not only those of {among}",
        "fr": "compte l'instrument de tout participant qui peut adhérer, et non seulement de {among}",
    },
    "delay": {
        "en": "{days} days pass after the condition is met, not {delay}",
        "fr": "{days} jours s'écoulent une fois la condition remplie, non {delay}",
    },
}
_AMONG: Final[dict[str | None, Texts]] = {
    None: {"en": "", "fr": ""},
    "states": {"en": "States", "fr": "États"},
    "un_members": {"en": "Members of the United Nations", "fr": "Membres de l'Organisation des Nations Unies"},
}


def verdict_text(event: ClaimRecorded, verdict: Verdict, name: NameOf, lang: str) -> str:
    """The verdict in a sentence."""
    words = _words(event, verdict, name, lang)
    match verdict.kind:
        case ClaimVerdict.NOT_SHOWN:
            text = _NOT_SHOWN[verdict.because or "not_structured"][lang]
        case ClaimVerdict.WRONG_RULE:
            return _wrong_rule(event, verdict, lang)
        case ClaimVerdict.WRONG_DATE:
            text = _wrong_date(event, lang)
        case ClaimVerdict.WRONG_PARTICIPANT:
            text = _wrong_participant(verdict, lang)
        case kind:
            text = _HEADS[kind][lang]
    return text.format(**words)


def _words(event: ClaimRecorded, verdict: Verdict, name: NameOf, lang: str) -> dict[str, object]:
    action = None if event.action is None else ACTIONS[lang].get(event.action.value, event.action.value)
    return {
        "have": verdict.have,
        "claimed": verdict.claimed,
        "fact": _fact(event, verdict, lang),
        "signed": _signed(verdict, lang),
        "until": _until(verdict, lang),
        "when": _when(verdict, lang),
        "who": "" if event.participant is None else name(event.participant, lang),
        "action": action or "",
        "true_on": "" if verdict.true_on is None else long_date(verdict.true_on, lang),
        "days": _days(verdict.days or 0, lang),
        "what": {"articles": "articles", "chapters": {"en": "chapters", "fr": "chapitres"}[lang]}.get(event.about, ""),
        "among": among(event.among, lang),
        "total": _total(event, verdict, lang),
    }


def among(population: str | None, lang: str) -> str:
    """A population in words; a group without any is told by its id."""
    found = _AMONG.get(population)
    return str(population) if found is None else found[lang]


def _fact(event: ClaimRecorded, verdict: Verdict, lang: str) -> str:
    """What the record says of the same thing."""
    match event.about:
        case "articles" | "chapters":
            what = {"articles": "articles", "chapters": {"en": "chapters", "fr": "chapitres"}[lang]}[event.about]
            return {"en": f"the text has {verdict.have} {what}", "fr": f"le texte compte {verdict.have} {what}"}[lang]
        case "date":
            return (
                ""
                if verdict.true_on is None
                else {"en": "it was on ", "fr": "c'était le "}[lang] + long_date(verdict.true_on, lang)
            )
        case "rule":
            return {"en": "the recorded clause reads so", "fr": "la clause enregistrée se lit ainsi"}[lang]
        case "participant_act":
            return _act(verdict, lang)
        case _:
            return _number(event, verdict, lang)


def _act(verdict: Verdict, lang: str) -> str:
    if verdict.true_on is None:
        return ""
    day = long_date(verdict.true_on, lang)
    text = {"en": f"the depositary records it on {day}", "fr": f"le dépositaire l'enregistre le {day}"}[lang]
    if not verdict.days:
        return text
    later = {"en": ", written down here {days} after the statement", "fr": ", inscrit ici {days} après la déclaration"}
    return text + later[lang].format(days=_days(verdict.days, lang))


def _number(event: ClaimRecorded, verdict: Verdict, lang: str) -> str:
    population = event.among if event.about == "consents" else verdict.grounds.among
    who = f"{verdict.have} {among(population, lang)}".strip()
    one = (verdict.have or 0) <= (1 if lang == "fr" else -1)
    if event.about == "signatures_on_day":
        return {
            "en": f"{who} signed in all {_in(event, lang)}",
            "fr": f"{who} {'a' if one else 'ont'} signé {_in(event, lang)}",
        }[lang]
    return _by_the_end(who, verdict, lang, consented=event.about == "consents", one=one)


def _signed(verdict: Verdict, lang: str) -> str:
    number = verdict.grounds.count or 0
    who = f"{number} {among(verdict.grounds.among, lang)}".strip()
    return _by_the_end(who, verdict, lang, consented=False, one=number <= 1)


def _by_the_end(who: str, verdict: Verdict, lang: str, *, consented: bool, one: bool) -> str:
    day = long_date(verdict.on, lang)
    if lang == "fr":
        done = "consenti à être lié" if consented else "signé"
        return f"{who} {'avait' if one else 'avaient'} {done} à la fin du {day}"
    return f"{who} had {'consented to be bound' if consented else 'signed'} by the end of {day}"


def _in(event: ClaimRecorded, lang: str) -> str:
    """The days a number is of."""
    days = span(event.act_date)
    if days is None:
        return ""
    first, last = long_date(days.first, lang), long_date(days.last, lang)
    if days.first == days.last:
        return {"en": f"on {first}", "fr": f"le {first}"}[lang]
    return {"en": f"from {first} to {last}", "fr": f"du {first} au {last}"}[lang]


def _total(event: ClaimRecorded, verdict: Verdict, lang: str) -> str:
    number = verdict.have or 0
    signing = event.action is not None and event.action.value in {"signature", "definitive_signature"}
    if lang == "fr":
        return f"il en compte {number} de cette nature"
    return f"it has {number} {'signature' if signing else 'consent'}{'' if number == 1 else 's'} in all"


def _until(verdict: Verdict, lang: str) -> str:
    if verdict.right_until is None:
        return ""
    day = long_date(verdict.right_until, lang)
    if verdict.right_until == verdict.on:
        return {"en": ", and no longer", "fr": ", et plus ensuite"}[lang]
    return {"en": f", until {day}", "fr": f", jusqu'au {day}"}[lang]


def _when(verdict: Verdict, lang: str) -> str:
    if verdict.right_from is not None:
        day = long_date(verdict.right_from, lang)
        return {"en": f" (right from {day} on)", "fr": f" (exact à partir du {day})"}[lang]
    if verdict.passed_on is not None:
        day = long_date(verdict.passed_on, lang)
        return {"en": f" (passed in the course of {day})", "fr": f" (dépassé dans le courant du {day})"}[lang]
    return ""


def _days(number: int, lang: str) -> str:
    noun = {"en": "day", "fr": "jour"}[lang]
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _wrong_rule(event: ClaimRecorded, verdict: Verdict, lang: str) -> str:
    threshold = event.threshold
    words = {
        "have": verdict.have,
        "claimed": verdict.claimed,
        "among": among(None if threshold is None else threshold.among, lang),
        "days": verdict.days,
        "delay": event.delay_days,
    }
    parts = "; ".join(_PARTS[part][lang] for part in verdict.differs).format(**words)
    if lang == "fr":
        return f"Se trompe de règle : {parts.replace('; ', ' ; ')} (art. {verdict.grounds.clause})."
    return f"Wrong rule: {parts} (art. {verdict.grounds.clause})."


def _wrong_date(event: ClaimRecorded, lang: str) -> str:
    if event.about == "participant_act":
        return {
            "en": "Wrong date: the depositary records the {action} of {who} on {true_on}.",
            "fr": "Date inexacte : le dépositaire enregistre l'acte de {who} ({action}) le {true_on}.",
        }[lang]
    return {"en": "Wrong date: it was on {true_on}.", "fr": "Date inexacte : c'était le {true_on}."}[lang]


def _wrong_participant(verdict: Verdict, lang: str) -> str:
    if verdict.because == "not_in_this_place":
        return {
            "en": "Wrong participant: {who} was not the one in that place; {total}.",
            "fr": "Participant inexact : ce n'est pas {who} qui occupe ce rang ; {total}.",
        }[lang]
    return {
        "en": "Wrong participant: the record, kept up past that day, has no {action} of {who}.",
        "fr": "Participant inexact : le registre, tenu au-delà, ne contient aucun acte de {who} ({action}).",
    }[lang]
