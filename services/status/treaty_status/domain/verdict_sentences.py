"""Verdicts as sentences, in English and French: what is wrong, the facts, and the day they are of."""

from collections.abc import Callable
from typing import Final

from treaty_events import Bound, ClaimRecorded, ClaimVerdict
from treaty_status.domain.claimed_figures import claimed_figure, figure, had_done, in_days, people
from treaty_status.domain.names import named
from treaty_status.domain.verdicts import Verdict
from treaty_status.domain.words import ACTIONS, article, long_date

NameOf = Callable[[str, str], str]
Texts = dict[str, str]

_HEADS: Final[dict[ClaimVerdict, Texts]] = {
    ClaimVerdict.RIGHT: {"en": "Right: {fact}.", "fr": "Exact : {fact}."},
    ClaimVerdict.RIGHT_AT_ITS_TIME: {
        "en": "Right at its time: {fact}{until}.",
        "fr": "Exact à sa date : {fact}{until}.",
    },
    ClaimVerdict.APPROXIMATE: {
        "en": "Right as a round figure or a bound: {fact}.",
        "fr": "Exact comme chiffre rond ou comme limite : {fact}.",
    },
    ClaimVerdict.EARLY: {
        "en": "Early: the depositary has the {act} on {true_on}, {days} later.",
        "fr": "Trop tôt : pour le dépositaire, {act} le {true_on}, {days} plus tard.",
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
        "en": "Takes approval at home for the deposit of an instrument: the record has no {act}.",
        "fr": "Confond l'approbation interne et le dépôt d'un instrument : le registre n'a pas {no_act}.",
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
        "en": "Names the wrong population: {claimed} counts others as well; {fact}.",
        "fr": "Se trompe d'ensemble : {claimed} en comprend d'autres ; {fact}.",
    },
    ClaimVerdict.WRONG_TEXT_FACT: {"en": "Wrong: {fact}, not {claimed}.", "fr": "Inexact : {fact}, non {claimed}."},
    ClaimVerdict.WRONG_DATE: {"en": "Wrong date: {fact}.", "fr": "Date inexacte : {fact}."},
    ClaimVerdict.WRONG_PARTICIPANT: {
        "en": "Wrong participant: the record, which was read past that day, has no {act}.",
        "fr": "Participant inexact : le registre, lu au-delà de cette date, n'a pas {no_act}.",
    },
    ClaimVerdict.WRONG_RULE: {
        "en": "Wrong rule: {differs} ({clause}).",
        "fr": "Règle inexacte : {differs} ({clause}).",
    },
    ClaimVerdict.RECORD_DIFFERS: {
        "en": "The depositary publishes {claimed}, and this record differs: {fact}. One of the two is to be checked.",
        "fr": "Le dépositaire publie {claimed} et ce registre diffère : {fact}. L'un des deux est à vérifier.",
    },
}
_OTHERS_BEFORE: Final[Texts] = {
    "en": "Wrong participant: others hold that place; the record has {total}.",
    "fr": "Participant inexact : d'autres occupent ce rang ; le registre compte {total}.",
}
_NOT_SHOWN: Final[dict[str, Texts]] = {
    "beyond_the_record": {
        "en": "Not shown: the record was read up to {read} only; it has {total}.",
        "fr": "Non établi : le registre n'a été lu que jusqu'au {read} ; il compte {total}.",
    },
    "no_act": {
        "en": "Not shown: the record has no {act}; it has {total}.",
        "fr": "Non établi : le registre n'a pas {no_act} ; il compte {total}.",
    },
    "no_such_act": {
        "en": "Not shown: the record has no {act}.",
        "fr": "Non établi : le registre n'a pas {no_act}.",
    },
    "held_back": {
        "en": "Not shown: an instrument reached the depositary, which has not accepted it.",
        "fr": "Non établi : un instrument est parvenu au dépositaire, qui ne l'a pas accepté.",
    },
    "not_yet": {
        "en": "Not shown: the days it speaks of have not come to an end.",
        "fr": "Non établi : les jours dont il s'agit ne sont pas écoulés.",
    },
    "population_unknown": {
        "en": "Not shown: no list of {among} is held here.",
        "fr": "Non établi : aucune liste des {among} n'est tenue ici.",
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
        "fr": "les consentements à être lié comptent, non les signatures",
    },
    "population": {
        "en": "the instrument of any participant that may join counts, not only those of {among}",
        "fr": "compte l'instrument de tout participant qui peut devenir partie, non seulement ceux des {among}",
    },
    "delay": {
        "en": "{days} days pass after the condition is met, not {delay}",
        "fr": "{days} jours s'écoulent une fois la condition remplie, non {delay}",
    },
}


def verdict_text(event: ClaimRecorded, verdict: Verdict, name: NameOf, lang: str) -> str:
    """The verdict in a sentence."""
    if verdict.kind is ClaimVerdict.NOT_SHOWN:
        text = _NOT_SHOWN[verdict.because or "not_structured"][lang]
    elif verdict.because == "not_in_this_place":
        text = _OTHERS_BEFORE[lang]
    else:
        text = _HEADS[verdict.kind][lang]
    return text.format(**_words(event, verdict, name, lang))


def _words(event: ClaimRecorded, verdict: Verdict, name: NameOf, lang: str) -> dict[str, object]:
    act = _act(event, name, lang)
    return {
        "claimed": claimed_figure(verdict.claimed, event.bound, lang),
        "fact": _fact(event, verdict, name, lang),
        "signed": had_done(verdict.grounds.count or 0, verdict.grounds.among, verdict.on, lang, consented=False),
        "until": _until(verdict, lang),
        "when": _when(verdict, lang),
        "act": act,
        "no_act": _without(act),
        "true_on": "" if verdict.true_on is None else long_date(verdict.true_on, lang),
        "days": _days(verdict.days or 0, lang),
        "among": people(_population(event), lang, many=True),
        "total": _total(event, verdict.have or 0, lang),
        "read": "" if verdict.read_until is None else long_date(verdict.read_until, lang),
        "differs": _differs(event, verdict, lang),
        "clause": "" if verdict.grounds.clause is None else article(verdict.grounds.clause, lang),
    }


def _population(event: ClaimRecorded) -> str | None:
    return event.among if event.threshold is None else event.threshold.among


# ---- the facts -------------------------------------------------------------------------------------------------------
def _fact(event: ClaimRecorded, verdict: Verdict, name: NameOf, lang: str) -> str:
    """What the record says of the same thing."""
    match event.about:
        case "articles" | "chapters":
            what = event.about if lang == "en" or event.about == "articles" else "chapitres"
            return f"{'le texte compte' if lang == 'fr' else 'the text has'} {verdict.have} {what}"
        case "rule":
            return "la clause enregistrée se lit ainsi" if lang == "fr" else "the recorded clause reads so"
        case "date":
            return _day(verdict, lang)
        case "participant_act":
            return _recorded(event, verdict, name, lang)
        case "signatures_on_day":
            return in_days(verdict.have or 0, verdict.grounds.among, event.act_date, lang)
        case "consents":
            return had_done(verdict.have or 0, event.among, verdict.on, lang, consented=True)
        case _:
            return had_done(verdict.have or 0, verdict.grounds.among, verdict.on, lang, consented=False)


def _day(verdict: Verdict, lang: str) -> str:
    if verdict.true_on is None:
        return ""
    day = long_date(verdict.true_on, lang)
    return f"c'était le {day}" if lang == "fr" else f"it was on {day}"


def _recorded(event: ClaimRecorded, verdict: Verdict, name: NameOf, lang: str) -> str:
    """When the depositary has the act, and how long after the statement that was written down here."""
    if verdict.true_on is None:
        return ""
    act, day = _act(event, name, lang), long_date(verdict.true_on, lang)
    text = f"pour le dépositaire, {act} le {day}" if lang == "fr" else f"the depositary has the {act} on {day}"
    if not verdict.days:
        return text
    after = _days(verdict.days, lang)
    return text + (f", noté ici {after} après" if lang == "fr" else f", written down here {after} afterwards")


def _act(event: ClaimRecorded, name: NameOf, lang: str) -> str:
    """The act that was reported: *ratification of France*."""
    if event.action is None or event.participant is None:
        return ""
    action = ACTIONS[lang].get(event.action.value, event.action.value)
    return f"{action} {named(name(event.participant, lang), lang).of}"


def _without(act: str) -> str:
    """After *pas*, in French."""
    return f"d'{act}" if act[:1] in "aeiouéèê" else f"de {act}"


def _total(event: ClaimRecorded, number: int, lang: str) -> str:
    signing = event.about.startswith("signatures") or (
        event.action is not None and event.action.value.endswith("signature")
    )
    if lang == "fr":
        return figure(number, "signature" if signing else "consentement à être lié", lang)
    return figure(number, "signature" if signing else "consent to be bound", lang)


# ---- days ------------------------------------------------------------------------------------------------------------
def _until(verdict: Verdict, lang: str) -> str:
    if verdict.right_until is None:
        return ""
    if verdict.right_until == verdict.on:
        return ", et plus ensuite" if lang == "fr" else ", and no longer"
    day = long_date(verdict.right_until, lang)
    return f", jusqu'au {day}" if lang == "fr" else f", until {day}"


def _when(verdict: Verdict, lang: str) -> str:
    """On which day the number would have been right."""
    if verdict.right_from is not None:
        day = long_date(verdict.right_from, lang)
        return f" (exact à la fin du {day})" if lang == "fr" else f" (right at the end of {day})"
    if verdict.passed_on is not None:
        day = long_date(verdict.passed_on, lang)
        return f" (dépassé dans le courant du {day})" if lang == "fr" else f" (passed in the course of {day})"
    return ""


def _days(number: int, lang: str) -> str:
    return figure(number, "jour" if lang == "fr" else "day", lang)


# ---- clauses ---------------------------------------------------------------------------------------------------------
def _differs(event: ClaimRecorded, verdict: Verdict, lang: str) -> str:
    words = {
        "have": verdict.have,
        "claimed": claimed_figure(verdict.claimed, Bound.EXACTLY, lang),
        "among": people(_population(event), lang, many=True),
        "days": verdict.days,
        "delay": event.delay_days,
    }
    return (" ; " if lang == "fr" else "; ").join(_PARTS[part][lang].format(**words) for part in verdict.differs)
