"""Numbers of people as words: how many had signed by a day, and what exactly was claimed."""

from datetime import date
from typing import Final

from treaty_events import Bound
from treaty_status.domain.partial_dates import span
from treaty_status.domain.words import long_date

_PEOPLE: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "states": {"en": ("State", "States"), "fr": ("État", "États")},
    "un_members": {
        "en": ("Member of the United Nations", "Members of the United Nations"),
        "fr": ("Membre de l'Organisation des Nations Unies", "Membres de l'Organisation des Nations Unies"),
    },
}
"""Populations in words, one and many; a group without any is told by its id."""
_BOUNDS: Final[dict[str, dict[Bound, str]]] = {
    "en": {
        Bound.ABOUT: "about {n}",
        Bound.AT_LEAST: "at least {n}",
        Bound.AT_MOST: "at most {n}",
        Bound.MORE_THAN: "more than {n}",
        Bound.FEWER_THAN: "fewer than {n}",
    },
    "fr": {
        Bound.ABOUT: "environ {n}",
        Bound.AT_LEAST: "au moins {n}",
        Bound.AT_MOST: "au plus {n}",
        Bound.MORE_THAN: "plus de {n}",
        Bound.FEWER_THAN: "moins de {n}",
    },
}


def figure(number: int, noun: str, lang: str) -> str:
    """A number and its noun; French has the singular for nought, too."""
    one = number <= 1 if lang == "fr" else number == 1
    head, _, tail = noun.partition(" ")
    return f"{number} {head}{'' if one else 's'}{f' {tail}' if tail else ''}"


def claimed_figure(number: int | None, bound: Bound | None, lang: str) -> str:
    """The number as it was claimed: *more than 70*."""
    return "" if number is None else _BOUNDS[lang].get(bound or Bound.EXACTLY, "{n}").format(n=number)


def people(population: str | None, lang: str, *, many: bool) -> str:
    """A population in words, one or many of it."""
    if population is None:
        return ""
    words = _PEOPLE.get(population)
    if words is not None:
        return words[lang][many]
    if lang == "fr":
        return f"membre{'s' if many else ''} du groupe {population}"
    return f"member{'s' if many else ''} of the group {population}"


def had_done(number: int, population: str | None, on: date, lang: str, *, consented: bool) -> str:
    """So many of them had signed, or consented to be bound, by the end of a day."""
    day = long_date(on, lang)
    if lang == "fr":
        done = "consenti à être lié" if consented else "signé"
        verb = "n'avait" if not number else ("avait" if number == 1 else "avaient")
        return f"{_who(number, population, lang)} {verb} {done} à la fin du {day}"
    done = "consented to be bound" if consented else "signed"
    return f"{_who(number, population, lang)} had {done} by the end of {day}"


def in_days(number: int, population: str | None, days: str | None, lang: str) -> str:
    """So many of them signed on these days."""
    verb = "signed"
    if lang == "fr":
        verb = "n'a signé" if not number else ("a signé" if number == 1 else "ont signé")
    return f"{_who(number, population, lang)} {verb} {_on(days, lang)}".rstrip()


def _on(text: str | None, lang: str) -> str:
    days = span(text)
    if days is None:
        return ""
    first, last = long_date(days.first, lang), long_date(days.last, lang)
    if days.first == days.last:
        return f"{'le' if lang == 'fr' else 'on'} {first}"
    return f"du {first} au {last}" if lang == "fr" else f"from {first} to {last}"


def _who(number: int, population: str | None, lang: str) -> str:
    if number:
        return f"{number} {people(population, lang, many=number > 1)}".strip()
    if lang == "fr":
        return f"aucun {people(population, lang, many=False)}".strip()
    return "none" if population is None else f"no {people(population, lang, many=False)}"
