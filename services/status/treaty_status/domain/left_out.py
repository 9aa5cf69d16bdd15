"""Why consents were not counted, in words: those left out for one reason are told together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from treaty_status.domain.gauges import NotCounted, Reading
from treaty_status.domain.names import listed, named
from treaty_status.domain.words import ACTIONS, long_date

NameOf = Callable[[str, str], str]

MOST_NAMED: Final = 8
"""Participants named for one reason; the tree has them all."""
MOST_BECAUSE: Final = 5
"""Member States named beside an organisation."""
TOGETHER: Final = {
    "en": {
        "action_not_counted": ("the {action} {of} is not among the acts that count",) * 2,
        "kind_not_counted": ("{who} is not of a kind that counts", "{who} are not of a kind that counts"),
        "not_in_group": (
            "{who} did not belong to {group} on the day of its consent",
            "{who} did not belong to {group} on the day of their consent",
        ),
        "not_in_any_group": (
            "{who} did not belong to any of the groups on the day of its consent",
            "{who} did not belong to any of the groups on the day of their consent",
        ),
        "in_group": (
            "{who} belonged to those excepted on the day of its consent",
            "{who} belonged to those excepted on the day of their consent",
        ),
        "not_in_population": (
            "{who} is not among those whose consent is asked for",
            "{who} are not among those whose consent is asked for",
        ),
        "not_party_to_parent": (
            "{who} was not a party to {parent} on the day of its consent",
            "{who} were not parties to {parent} on the day of their consent",
        ),
        "attribute_too_small": (
            "{who} does not reach the amount asked of each",
            "{who} do not reach the amount asked of each",
        ),
        "no_share": ("{who} adds nothing to the share", "{who} add nothing to the share"),
        "not_known": ("whether {who} counts is not known", "whether {who} count is not known"),
    },
    "fr": {
        "action_not_counted": (
            "l'acte {of} ({action}) n'est pas de ceux qui comptent",
            "les actes {of} ({action}) ne sont pas de ceux qui comptent",
        ),
        "kind_not_counted": ("{who} n'est pas de ceux qui comptent", "{who} ne sont pas de ceux qui comptent"),
        "not_in_group": (
            "{who} n'appartenait pas {group} au jour de son consentement",
            "{who} n'appartenaient pas {group} au jour de leur consentement",
        ),
        "not_in_any_group": (
            "{who} n'appartenait à aucun des groupes au jour de son consentement",
            "{who} n'appartenaient à aucun des groupes au jour de leur consentement",
        ),
        "in_group": (
            "{who} était au nombre des exceptés au jour de son consentement",
            "{who} étaient au nombre des exceptés au jour de leur consentement",
        ),
        "not_in_population": (
            "{who} n'est pas de ceux dont le consentement est demandé",
            "{who} ne sont pas de ceux dont le consentement est demandé",
        ),
        "not_party_to_parent": (
            "{who} n'était pas partie {parent} au jour de son consentement",
            "{who} n'étaient pas parties {parent} au jour de leur consentement",
        ),
        "attribute_too_small": (
            "{who} n'atteint pas la valeur exigée de chacun",
            "{who} n'atteignent pas la valeur exigée de chacun",
        ),
        "no_share": ("{who} n'ajoute rien à la part", "{who} n'ajoutent rien à la part"),
        "not_known": ("on ne sait pas si {who} compte", "on ne sait pas si {who} comptent"),
    },
}
"""Reasons that several may share: for one, and for many."""
ALONE: Final = {
    "en": {
        "not_additional": "{possessive} instrument is not additional to {those}",
        "never": "{possessive} instrument is not counted",
        "as_members": "the members {of} have all been counted themselves",
        "counts": "{possessive} instrument is not counted",
        "pending": "the {action} {of} of {day} is pending: the depositary has not accepted it yet",
        "refused": "the {action} {of} of {day} was not accepted by the depositary",
        "deferred": "the {action} {of} of {day} is deferred, and deemed not to be effective until {later}",
    },
    "fr": {
        "not_additional": "l'instrument {of} ne s'ajoute pas {those}",
        "never": "l'instrument {of} n'est pas compté",
        "as_members": "les membres {of} ont tous été comptés eux-mêmes",
        "counts": "l'instrument {of} n'est pas compté",
        "pending": "l'instrument {of} ({action}, {day}) est en suspens : le dépositaire ne l'a pas encore accepté",
        "refused": "l'instrument {of} ({action}, {day}) n'a pas été accepté par le dépositaire",
        "deferred": "l'instrument {of} ({action}, {day}) est différé et réputé sans effet jusqu'au {later}",
    },
}
FOR_WANT: Final = frozenset(
    {
        "attribute_too_small",
        "in_group",
        "no_share",
        "not_in_any_group",
        "not_in_group",
        "not_in_population",
        "not_known",
        "not_party_to_parent",
    }
)
"""Reasons that no longer matter, once the condition has held, for one that counts in another part of it."""


class _Left(NamedTuple):
    of: NotCounted
    part: Reading


def reason(left: NotCounted, name: NameOf, lang: str) -> str:
    """Why one consent was not counted."""
    return _told([left], None, name, lang)


def left_out(parts: Iterable[Reading], name: NameOf, lang: str, *, settled: bool) -> list[str]:
    """Why consents were not counted in any part; then, while that matters, why some were not in one of them."""
    leaves = tuple(parts)
    counted = {consent.participant for part in leaves for consent in part.counted}
    found: dict[str, _Left] = {}
    for part in leaves:
        for left in part.not_counted:
            found.setdefault(left.consent.participant, _Left(left, part))
    if settled:
        found = {who: one for who, one in found.items() if who not in counted or one.of.reason not in FOR_WANT}
    groups: dict[tuple[object, ...], list[_Left]] = {}
    for who in sorted(found, key=counted.__contains__):
        groups.setdefault(_together(found[who]), []).append(found[who])
    return [_told([one.of for one in those], those[0].part, name, lang) for those in groups.values()]


def _together(one: _Left) -> tuple[object, ...]:
    left = one.of
    if left.reason not in TOGETHER["en"]:
        return (left.consent,)
    return left.reason, left.consent.action if left.reason == "action_not_counted" else None, one.part.whose


def _told(lefts: Sequence[NotCounted], part: Reading | None, name: NameOf, lang: str) -> str:
    first = lefts[0]
    consent = first.consent
    names = [named(name(one.consent.participant, lang), lang) for one in lefts]
    shown, more = names[:MOST_NAMED], max(0, len(names) - MOST_NAMED)
    many = len(names) > 1 or names[0].many
    words = {
        "who": listed((one.subject for one in shown), lang, more=more),
        "of": _of_all([one.of for one in shown], lang, more=more),
        "possessive": f"{names[0].subject}'s",
        "action": ACTIONS[lang][consent.action.value],
        "those": _those(first, name, lang),
        "day": long_date(consent.deposited_on or consent.on, lang),
        "later": "" if consent.deferred_until is None else long_date(consent.deferred_until, lang),
        "group": _group(part, lang),
        "parent": _parent(part, lang),
    }
    if first.reason in TOGETHER[lang]:
        return TOGETHER[lang][first.reason][many].format(**words)
    return ALONE[lang][first.reason].format(**words)


def _of_all(parts: list[str], lang: str, *, more: int) -> str:
    """In French every name keeps its preposition; in English one is enough."""
    if lang == "fr":
        return listed(parts, lang) if not more else f"{', '.join(parts)} et de {more} autre{'s' if more > 1 else ''}"
    return f"of {listed((one.removeprefix('of ') for one in parts), lang, more=more)}"


def _group(part: Reading | None, lang: str) -> str:
    groups = [name for kind, name in (() if part is None else part.whose) if kind == "group"]
    if len(groups) == 1:
        return f"au groupe {groups[0]}" if lang == "fr" else f"the group {groups[0]}"
    if groups:
        names = listed(groups, lang)
        return f"à la fois aux groupes {names}" if lang == "fr" else f"all of the groups {names}"
    return "au groupe" if lang == "fr" else "the group"


def _parent(part: Reading | None, lang: str) -> str:
    treaty = next((name for kind, name in (() if part is None else part.whose) if kind == "party_to"), None)
    if treaty is None:
        return "au traité principal" if lang == "fr" else "the parent treaty"
    return f"au traité {treaty}" if lang == "fr" else f"the treaty {treaty}"


def _those(left: NotCounted, name: NameOf, lang: str) -> str:
    """The instruments to which an organisation's is not additional."""
    own = [name(one, lang) for one in left.because_of[:MOST_BECAUSE]]
    if len(left.because_of) == 1:
        of = named(own[0], lang).of
        return f"à celui {of}" if lang == "fr" else f"that {of}"
    names = listed(own, lang, more=len(left.because_of) - len(own))
    because = f" ({names})" if own else ""
    return f"à ceux de ses États membres{because}" if lang == "fr" else f"those of its member States{because}"
