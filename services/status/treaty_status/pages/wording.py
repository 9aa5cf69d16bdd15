"""The pages' own words, in English and French side by side.

``{name}`` is filled in; ``one || many`` are two forms, chosen by ``n``. The words of acts live with the domain.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from treaty_status.application.line_names import ALL_STATES_NAMED, LINES
from treaty_status.domain.words import ACTIONS, article

_BEFORE: Final = re.compile(r" (?=[;:!?»%])")
_AFTER: Final = re.compile(r"(?<=«) ")
_FORMS: Final = " || "
_LANGUAGES: Final = ("en", "fr")

TEXTS: Final[dict[str, tuple[str, str]]] = {
    # ---- every page --------------------------------------------------------------------------------------------------
    "site": ("Treaty status", "État des traités"),
    "skip": ("Skip to the content", "Aller au contenu"),
    "language": ("Language", "Langue"),
    "names_in": ("Titles and names in", "Titres et noms en"),
    "data": ("Data", "Données"),
    "not_depositary": ("Not the depositary.", "Pas le dépositaire."),
    "label": ("{label}: ", "{label} : "),
    # ---- index -------------------------------------------------------------------------------------------------------
    "index.title": ("Treaties", "Traités"),
    "index.lead": (
        "Where each treaty stands today, which acts count towards it, and why.",
        "L'état de chaque traité aujourd'hui, les actes qui comptent, et pourquoi.",
    ),
    "index.search": ("Search titles and numbers", "Chercher un titre ou un numéro"),
    "index.find": ("Search", "Chercher"),
    "index.all": ("Show all", "Tout afficher"),
    "index.found": (
        "{n} treaty for “{q}” || {n} treaties for “{q}”",
        "{n} traité pour « {q} » || {n} traités pour « {q} »",
    ),
    "index.nothing": (
        "No treaty here has “{q}” in its title or number.",
        "Aucun traité ici ne porte « {q} » dans son titre ou son numéro.",
    ),
    "index.empty": (
        "No treaty is recorded yet. The first one arrives with PUT /v1/treaties/{{id}} or treaty-status import.",
        "Aucun traité n'est encore enregistré. Le premier arrive par PUT /v1/treaties/{{id}} ou treaty-status import.",
    ),
    "index.rehearsals": ("Rehearsals", "Répétitions"),
    "index.rehearsals_lead": (
        "Practice copies. Nothing below has happened, and nothing below is counted anywhere.",
        "Des copies d'exercice. Rien de ce qui suit n'a eu lieu, et rien n'en est compté ailleurs.",
    ),
    "index.next": ("More treaties", "Traités suivants"),
    "index.first": ("Back to the first", "Revenir aux premiers"),
    # ---- rehearsal ---------------------------------------------------------------------------------------------------
    "rehearsal": ("Rehearsal", "Répétition"),
    "rehearsal.banner": (
        "Nothing on this page has happened. It is a practice copy, never counted and never mixed with the record.",
        "Rien sur cette page n'a eu lieu. C'est une copie d'exercice, jamais comptée ni mêlée au registre.",
    ),
    "rehearsal.day": ("Its calendar stands at {day}.", "Son calendrier est au {day}."),
    "rehearsal.record": ("See the record of {id}", "Voir le registre de {id}"),
    # ---- force -------------------------------------------------------------------------------------------------------
    "force.in_force": ("In force", "En vigueur"),
    "force.threshold_met": ("Threshold reached, not yet in force", "Seuil atteint, pas encore en vigueur"),
    "force.terminated": ("No longer in force", "N'est plus en vigueur"),
    "force.gathering": ("Not yet in force", "Pas encore en vigueur"),
    "force.unknown": ("Not known", "Indéterminé"),
    "force.no_rule": ("No rule recorded", "Aucune règle enregistrée"),
    # ---- as of -------------------------------------------------------------------------------------------------------
    "as_of": ("Status as of", "État au"),
    "as_of.label": ("Show the status at the end of", "Afficher l'état à la fin du"),
    "as_of.go": ("Show", "Afficher"),
    "as_of.today": ("Back to today", "Revenir à aujourd'hui"),
    "as_of.past": ("You are looking at {day}, not at today.", "Vous regardez le {day}, et non aujourd'hui."),
    "as_of.future": (
        "{day} has not come yet: the page shows what the acts recorded so far lead to.",
        "Le {day} n'est pas encore venu : la page montre où mènent les actes enregistrés jusqu'ici.",
    ),
    "known_at.note": (
        "This is what was recorded by {instant}; later records and corrections are left out.",
        "Voici ce qui était enregistré au {instant} ; les actes et corrections enregistrés depuis sont omis.",
    ),
    "known_at.label": ("as recorded by (UTC)", "d'après le registre du (UTC)"),
    "at_position.note": (
        "This address stays: it tells what was recorded up to position {position}, on {instant}.",
        "Cette adresse est permanente : elle dit ce qui était enregistré jusqu'à la position {position}, le {instant}.",
    ),
    "known_at.now": ("As known now", "D'après le registre actuel"),
    "known_at.cited": ("as recorded by {instant}", "d'après le registre du {instant}"),
    # ---- progress ----------------------------------------------------------------------------------------------------
    "progress": ("Progress towards entry into force", "Vers l'entrée en vigueur"),
    "progress.condition": ("The condition for entry into force", "La condition d'entrée en vigueur"),
    "progress.in_force": ("In force since {force}", "En vigueur depuis le {force}"),
    "progress.threshold_met": (
        "Threshold reached on {threshold}, entry into force on {force}",
        "Seuil atteint le {threshold}, entrée en vigueur le {force}",
    ),
    "progress.threshold_only": ("Threshold reached on {threshold}", "Seuil atteint le {threshold}"),
    "progress.of": ("of {need}", "sur {need}"),
    "progress.over": (
        "instruments that count; {need} were needed",
        "instruments comptés ; il en fallait {need}",
    ),
    "progress.have": ("instrument that counts || instruments that count", "instrument compté || instruments comptés"),
    "progress.missing": ("{n} more is needed || {n} more are needed", "Il en manque {n} || Il en manque {n}"),
    "progress.met": ("The number needed is reached", "Le nombre requis est atteint"),
    "progress.cells": ("{have} of {need} instruments", "{have} instruments sur {need}"),
    "progress.each": (
        "Each cell stands for {n} instruments.",
        "Chaque case représente {n} instruments.",
    ),
    "progress.parts": (
        "Several conditions must hold; this is the one that counts instruments.",
        "Plusieurs conditions doivent être remplies ; voici celle qui compte les instruments.",
    ),
    "progress.if_met": (
        "If the condition were met on {day}, entry into force would follow on {force}.",
        "Si la condition était remplie le {day}, l'entrée en vigueur suivrait le {force}.",
    ),
    "progress.no_rule": (
        "The clause on entry into force is not recorded, so nothing is counted.",
        "La clause d'entrée en vigueur n'est pas enregistrée ; rien n'est donc compté.",
    ),
    "progress.unknown": ("What is missing to know", "Ce qui manque pour le savoir"),
    # ---- counts ------------------------------------------------------------------------------------------------------
    "counts": ("In numbers", "En chiffres"),
    "counts.signatures": ("signature || signatures", "signature || signatures"),
    "counts.by": (
        "{states} by States, {n} by an organisation || {states} by States, {n} by organisations",
        "{states} d'États, {n} d'une organisation || {states} d'États, {n} d'organisations",
    ),
    "counts.not_consented": ("signed, not yet consented", "signatures sans consentement à ce jour"),
    "counts.consents": (
        "consent to be bound || consents to be bound",
        "consentement à être lié || consentements à être lié",
    ),
    "counts.counted": ("{n} counted || {n} counted", "{n} compté || {n} comptés"),
    "counts.parties": ("party || parties", "partie || parties"),
    "counts.no_parties": ("a treaty not in force has no parties", "un traité non en vigueur n'a pas de parties"),
    # ---- dates -------------------------------------------------------------------------------------------------------
    "dates": ("Dates", "Dates"),
    "dates.adopted": ("Adopted", "Adoption"),
    "dates.signature": ("Signature", "Signature"),
    "dates.signature.open": ("open", "ouverte"),
    "dates.signature.closed": ("closed", "close"),
    "dates.signature.not_open": ("not open yet", "pas encore ouverte"),
    "dates.signature.not_provided": ("no window is recorded", "aucune période n'est enregistrée"),
    "dates.from": ("from {day}", "à partir du {day}"),
    "dates.days_left": (
        "closes today || closes in {n} day || closes in {n} days",
        "se clôt aujourd'hui || se clôt dans {n} jour || se clôt dans {n} jours",
    ),
    "dates.threshold": ("Threshold reached", "Seuil atteint"),
    "dates.unknown": ("not known", "indéterminé"),
    "dates.threshold.not": ("not reached", "pas atteint"),
    "dates.force": ("Entry into force", "Entrée en vigueur"),
    "dates.force.not": ("no date yet", "pas encore de date"),
    "dates.force.in": (
        "today || in {n} day || in {n} days",
        "aujourd'hui || dans {n} jour || dans {n} jours",
    ),
    "dates.depositary": ("Depositary", "Dépositaire"),
    "dates.days_at": ("Days are those of {zone}.", "Les jours sont ceux de {zone}."),
    # ---- why ---------------------------------------------------------------------------------------------------------
    "why": ("Why", "Pourquoi"),
    "why.counted": ("{n} counted || {n} counted", "{n} compté || {n} comptés"),
    "why.not_counted": ("{n} not counted || {n} not counted", "{n} non compté || {n} non comptés"),
    "why.nobody": ("Nobody has consented yet.", "Personne n'a encore consenti."),
    "why.missing_from": ("{n} still missing || {n} still missing", "{n} manque encore || {n} manquent encore"),
    "why.met": ("met", "remplie"),
    "why.not_met": ("not met yet", "pas encore remplie"),
    "why.unknown": ("not known", "indéterminée"),
    "why.wants": ("Wanting", "Il manque"),
    "why.rests_on": ("Rests on", "D'après"),
    "why.table": ("the table {name}, version {version} ({source})", "le tableau {name}, version {version} ({source})"),
    "why.certificate": ("a certificate of {day} ({by})", "un certificat du {day} ({by})"),
    "why.rule": ("Rule {id}, version {version}", "Règle {id}, version {version}"),
    "subject.table": ("the table “{name}”", "la table « {name} »"),
    "subject.list": ("the list “{name}”", "la liste « {name} »"),
    "wanting.treaty": ("the treaty {name}", "le traité {name}"),
    "wanting.population": ("who belonged to {name}", "qui appartenait à {name}"),
    "wanting.objections": ("the objections made", "les objections formulées"),
    "wanting.rule": ("the rule", "la règle"),
    "op.count": ("At least {need} instruments", "Au moins {need} instruments"),
    "op.weight": ("At least {need} of {subject}", "Au moins {need} de {subject}"),
    "op.fraction": ("At least {need} of {subject}", "Au moins {need} de {subject}"),
    "op.everyone": ("All {need} of {subject}", "Les {need} de {subject}"),
    "op.population": ("A part of {subject}", "Une part de {subject}"),
    "op.date_reached": ("A day has come", "Un jour est venu"),
    "op.fact": ("A fact is certified: {subject}", "Un fait est certifié : {subject}"),
    "op.treaty_in_force": ("{subject} is in force", "{subject} est en vigueur"),
    "op.not_blocked": ("Nobody objects in time", "Personne n'objecte à temps"),
    "op.all": ("All of these", "Toutes ces conditions"),
    "op.any": ("At least one of these", "Au moins une de ces conditions"),
    "op.have": ("{have} of {need}", "{have} sur {need}"),
    "op.over": ("{have} counted, {need} needed", "{have} comptés, {need} requis"),
    # ---- participants ------------------------------------------------------------------------------------------------
    "who": ("Participants", "Participants"),
    "who.nobody": ("No participant has acted yet.", "Aucun participant n'a encore agi."),
    "who.name": ("Participant", "Participant"),
    "who.signed": ("Signature", "Signature"),
    "who.consent": ("Consent to be bound", "Consentement à être lié"),
    "who.effect": ("In force for it", "En vigueur à son égard"),
    "who.status": ("Status", "Statut"),
    "who.not_counted": ("not counted", "non compté"),
    "who.pending": ("deposited on {day}, not yet accepted", "déposé le {day}, pas encore accepté"),
    "who.refused": ("deposited on {day}, not accepted", "déposé le {day}, non accepté"),
    "who.deferred": ("deferred until {day}", "différé jusqu'au {day}"),
    "who.retroactively": ("notified on {day}", "notifié le {day}"),
    "who.leaves": ("leaves on {day}", "se retire le {day}"),
    "who.left": ("left on {day}", "s'est retiré le {day}"),
    "who.note": ("Notes on dates", "Notes sur les dates"),
    "who.csv": ("Table as CSV", "Tableau en CSV"),
    "who.waiting": (
        "{n} has signed and not yet consented || {n} have signed and not yet consented",
        "{n} a signé sans avoir encore consenti || {n} ont signé sans avoir encore consenti",
    ),
    "status.party": ("Party", "Partie"),
    "status.contracting": ("Contracting", "Contractant"),
    "status.signatory": ("Signatory", "Signataire"),
    "status.former_party": ("Former party", "Ancienne partie"),
    "status.withdrawn": ("Consent withdrawn", "Consentement retiré"),
    "status.other": ("Other acts", "Autres actes"),
    # ---- milestones --------------------------------------------------------------------------------------------------
    "milestones": ("Milestones", "Étapes"),
    "milestones.none": ("No line has been crossed yet.", "Aucune étape n'est encore franchie."),
    "milestones.ahead": ("Ahead, without any further act", "À venir, sans autre acte"),
    "milestones.behind": ("Behind", "Franchies"),
    "milestones.own": (
        "{n} milestone of single participants || {n} milestones of single participants",
        "{n} étape propre à un participant || {n} étapes propres à un participant",
    ),
    "milestones.taken_back": ("Announced and taken back", "Annoncées puis retirées"),
    "milestones.late": (
        "recorded {n} day later || recorded {n} days later",
        "enregistrée {n} jour plus tard || enregistrée {n} jours plus tard",
    ),
    "milestones.revised": ("revised {n} time || revised {n} times", "révisée {n} fois || révisée {n} fois"),
    "milestones.by": ("by {names}", "par {names}"),
    "milestones.many": ("by {names} and {n} more", "par {names} et {n} autres"),
    "milestones.lost": ("lost on {day}", "perdue le {day}"),
    "milestones.force": ("entry into force on {day}", "entrée en vigueur le {day}"),
    "milestones.see": ("See the status on this day", "Voir l'état à ce jour"),
    "state.lost": ("lost", "perdue"),
    "state.revoked": ("revoked", "révoquée"),
    "state.cancelled": ("cancelled", "annulée"),
    **{f"kind.{kind}": texts for kind, texts in LINES.items()},
    "group.all_states": ALL_STATES_NAMED,
    # ---- claims ------------------------------------------------------------------------------------------------------
    "claims": ("What others say", "Ce que d'autres en disent"),
    "claims.lead": (
        "Statements by the press, governments and others. They are kept beside the record and never counted.",
        "Déclarations de la presse, de gouvernements et d'autres. Conservées à côté du registre, jamais comptées.",
    ),
    "claims.contradicting": (
        "{n} contradicts the record || {n} contradict the record",
        "{n} contredit le registre || {n} contredisent le registre",
    ),
    "claims.others": (
        "{n} more that the record does not contradict || {n} more that the record does not contradict",
        "{n} autre, que le registre ne contredit pas || {n} autres, que le registre ne contredit pas",
    ),
    "claims.source": ("Source", "Source"),
    "tier.official_state": ("a government", "un gouvernement"),
    "tier.official_org": ("an organisation", "une organisation"),
    "tier.official_depositary": ("the depositary", "le dépositaire"),
    "tier.press": ("press", "presse"),
    "tier.unknown": ("origin not known", "origine inconnue"),
    # ---- sources and foot --------------------------------------------------------------------------------------------
    "sources": ("Sources", "Sources"),
    "text": ("Text", "Texte"),
    "text.size": ("{articles} articles, {chapters} chapters", "{articles} articles, {chapters} chapitres"),
    "foot.cite": ("Cite this state", "Citer cet état"),
    "foot.position": ("log position {position}", "position {position} dans le journal"),
    "foot.version": ("version {version} of this treaty", "version {version} de ce traité"),
    "foot.rule": ("rule version {version}", "version {version} de la règle"),
    "foot.links": ("As data", "En données"),
    "foot.status": ("Status", "État"),
    "foot.participants": ("Participants", "Participants"),
    "foot.explanation": ("Explanation", "Explication"),
    "foot.milestones": ("Milestones", "Étapes"),
    "foot.claims": ("Claims", "Déclarations"),
    "foot.log": ("Log", "Journal"),
    "foot.workbook": ("Table (XLSX)", "Tableau (XLSX)"),
    "foot.calendar": ("Calendar (ICS)", "Calendrier (ICS)"),
    "foot.feed": ("Feed (Atom)", "Flux (Atom)"),
    # ---- what cannot be shown ----------------------------------------------------------------------------------------
    "problem.unknown_treaty": ("There is no such treaty in this record", "Ce traité n'est pas dans ce registre"),
    "problem.unknown_treaty.detail": (
        "Nothing is recorded under the number “{id}”.",
        "Rien n'est enregistré sous le numéro « {id} ».",
    ),
    "problem.unknown_treaty.way_out": (
        "Check the number, or look for the treaty in the list.",
        "Vérifiez le numéro, ou cherchez le traité dans la liste.",
    ),
    "problem.bad_date": ("This is not a day", "Ce n'est pas un jour"),
    "problem.bad_date.detail": (
        "“{asked}” does not name a day of the calendar.",
        "« {asked} » ne désigne aucun jour du calendrier.",
    ),
    "problem.bad_date.way_out": (
        "Write the day as year, month and day, such as {example}, or leave it out for today.",
        "Écrivez l'année, le mois et le jour, par exemple {example}, ou omettez la date pour aujourd'hui.",
    ),
    "problem.bad_instant": ("This is not an instant", "Ce n'est pas un instant"),
    "problem.bad_instant.detail": (
        "“{asked}” does not name an instant with its time zone.",
        "« {asked} » ne désigne aucun instant avec son fuseau horaire.",
    ),
    "problem.bad_instant.way_out": (
        "Write it like {example}, or leave it out for what is known now.",
        "Écrivez par exemple {example}, ou omettez-le pour l'état actuel du registre.",
    ),
    "problem.bad_position": ("There is no such position", "Cette position n'existe pas"),
    "problem.bad_position.detail": (
        "“{asked}” is no position that the log has reached.",
        "« {asked} » n'est pas une position que le journal ait atteinte.",
    ),
    "problem.bad_position.way_out": (
        "Take the address as it is shown under “Cite this state”.",
        "Reprenez l'adresse telle qu'elle figure sous « Citer cet état ».",
    ),
    "problem.closed": ("This rehearsal is closed", "Cette répétition est close"),
    "problem.closed.detail": (
        "{id} was a practice copy and is no longer shown.",
        "{id} était une copie d'exercice et n'est plus affichée.",
    ),
    "problem.closed.way_out": (
        "The record that it practised on is open.",
        "Le registre dont elle était la copie reste ouvert.",
    ),
    "problem.unavailable": ("The record cannot be read at the moment", "Le registre ne peut être lu pour l'instant"),
    "problem.unavailable.detail": (
        "The database does not answer. Nothing is lost.",
        "La base de données ne répond pas. Rien n'est perdu.",
    ),
    "problem.unavailable.way_out": (
        "Try again in a few seconds.",
        "Réessayez dans quelques secondes.",
    ),
    "retry": ("Try again", "Réessayer"),
    "problem.to_list": ("All treaties", "Tous les traités"),
    "problem.to_treaty": ("{id} today", "{id} aujourd'hui"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Says a text of the catalogue in one language."""

    lang: str

    def __call__(self, key: str, **values: object) -> str:
        """The text; with ``n`` among the values, the form for that number.

        Raises:
            KeyError: there is no such text, or a value it needs was not given.
        """
        text = typeset(TEXTS[key][_LANGUAGES.index(self.lang)], self.lang)
        n = values.get("n")
        if _FORMS in text:
            forms = text.split(_FORMS)
            text = forms[_form(n if isinstance(n, int) else 2, len(forms), self.lang)]
        return text.format(**values)

    def label(self, key: str) -> str:
        """A text as what stands before a value, with its colon."""
        return self("label", label=self(key))

    def article(self, clause: str) -> str:
        """A clause as it is cited."""
        return article(clause, self.lang)

    def action(self, action: str) -> str:
        """An act in the field's words."""
        return ACTIONS[self.lang][action]


@lru_cache(maxsize=1_024)
def typeset(text: str, lang: str) -> str:
    """The text with the spaces of French punctuation that must not break."""
    return _AFTER.sub("\u00a0", _BEFORE.sub("\u00a0", text)) if lang == "fr" else text


def distance(have: int, need: int, say: Words) -> str:
    """How far it is: 38 of 40; beyond the number needed both are named."""
    return say("op.have" if have <= need else "op.over", have=have, need=need)


def _form(n: int, forms: int, lang: str) -> int:
    """Which form a number takes; three forms begin with the one for zero."""
    if forms == 3:
        return min(n, 2)
    return 0 if n == 1 or (n == 0 and lang == "fr") else 1
