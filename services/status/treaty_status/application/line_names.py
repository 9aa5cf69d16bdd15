"""What each kind of line is called, in the languages that pages, calendars and feeds are written in."""

from typing import Final

from treaty_status.domain.gatherings import ALL_STATES

LINES: Final[dict[str, tuple[str, str]]] = {
    "signature.opening": ("Opening for signature", "Ouverture à la signature"),
    "signature.closing_soon": (
        "{params} days before signature closes",
        "{params} jours avant la clôture de la signature",
    ),
    "signature.closing": ("Signature closes", "Clôture de la signature"),
    "signature.first": ("First signature", "Première signature"),
    "signature.count": ("{params} signatures", "{params} signatures"),
    "consent.first": ("First consent to be bound", "Premier consentement à être lié"),
    "consent.percent": ("{params}% of the way", "{params} % du chemin"),
    "consent.remaining": ("{params} to go", "Plus que {params}"),
    "threshold": ("Threshold reached", "Seuil atteint"),
    "entry_into_force": ("Entry into force", "Entrée en vigueur"),
    "entry_into_force.countdown": (
        "{params} days before entry into force",
        "{params} jours avant l'entrée en vigueur",
    ),
    "group.first": ("First of the group: {group}", "Premier du groupe : {group}"),
    "group.complete": ("All of the group: {group}", "Tous les membres du groupe : {group}"),
    "universality": ("Universality: {group}", "Universalité : {group}"),
    "conference.due": ("First conference due", "Échéance de la première conférence"),
    "amendments.open": ("Amendments may be proposed", "Des amendements peuvent être proposés"),
    "protocol.possible": ("A protocol may be considered", "Un protocole peut être examiné"),
    "parties.below_threshold": (
        "Fewer parties than the threshold asked for",
        "Moins de parties que le seuil n'en exigeait",
    ),
    "terminated": ("The treaty ends", "Fin du traité"),
    "claim.contradiction": ("A statement contradicts the record", "Une déclaration contredit le registre"),
    "participant.signature": ("{name} signs", "Signature : {name}"),
    "participant.consent": ("{name} consents", "Consentement : {name}"),
    "participant.bound": ("{name} is bound", "En vigueur à l'égard de : {name}"),
    "participant.withdrawal_notice": ("{name} notifies its withdrawal", "Dénonciation notifiée : {name}"),
    "participant.withdrawal_revocation": ("{name} revokes its withdrawal", "Dénonciation retirée : {name}"),
    "participant.withdrawal": ("{name} leaves", "Retrait effectif : {name}"),
}
"""English and French; ``{params}``, ``{name}`` of the participant, ``{group}`` by its name."""
ALL_STATES_NAMED: Final = ("all States", "tous les États")


def line_name(kind: str, params: str, lang: str, *, name: str = "", group: str | None = None) -> str:
    """A line in words, in English where we have no others; a kind of a newer release by its own name."""
    french = lang == "fr"
    among = ALL_STATES_NAMED[french] if params == ALL_STATES else group or params
    texts = LINES.get(kind)
    return kind if texts is None else texts[french].format(params=params, name=name, group=among)
