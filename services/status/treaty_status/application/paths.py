"""The smallest sets of consents that would cross the threshold, as a JSON-ready document with its sentence."""

from collections.abc import Sequence
from typing import Final

from treaty_events import Recorded
from treaty_status.application.documents import Document, View, echo
from treaty_status.domain.covering import Pick
from treaty_status.domain.decisions import Circumstances
from treaty_status.domain.evaluation import Outcome
from treaty_status.domain.gauges import Reading
from treaty_status.domain.shortest_path import Path, Paths, shortest_paths
from treaty_status.domain.words import LANGUAGES, long_date

MOST_NAMES: Final = 8
"""Participants named in one sentence."""
_NONE: Final[Paths] = Paths((), (), None, exhausted=True, stopped_by=None, unknown=(), closed=0)


def path_document(
    told: View, names: Sequence[str], *, limit: int, recorded: Recorded, among: str | None = None
) -> Document:
    """``names`` are those who may be asked to consent; the group they were taken from, if any, is ``among``.

    ``recorded`` stamps the acts that are tried; it does not appear in the document.
    """
    outcome = told.outcome
    crossed = outcome is not None and outcome.crossing is not None
    paths = _NONE if crossed else _found(told, outcome, names, limit, recorded)
    best = paths.found[0] if paths.found else None
    return {
        "question": "path",
        **echo(told),
        "among": among,
        "crossed": crossed,
        "threshold_on": None if outcome is None or outcome.threshold_on is None else outcome.threshold_on.isoformat(),
        "size": 0 if crossed else None if best is None else best.cover.size,
        "at_least": 0 if crossed else paths.at_least,
        "paths": [_path(one) for one in paths.found],
        "candidates": [
            {
                "participant": one.participant,
                "name": told.world.name(one.participant, told.lang),
                "signatory": one.signatory,
                "by": [action.value for action in one.acts],
            }
            for one in paths.candidates
        ],
        "exhausted": paths.exhausted,
        "stopped_by": paths.stopped_by,
        "unknown": list(paths.unknown),
        "text": {lang: _sentence(paths, outcome, told, lang) for lang in LANGUAGES},
    }


def _found(told: View, outcome: Outcome | None, names: Sequence[str], limit: int, recorded: Recorded) -> Paths:
    if outcome is not None and outcome.in_doubt_since is not None:
        unknown = outcome.unknown or (f"threshold:since {outcome.in_doubt_since.isoformat()}",)
        return Paths((), (), None, exhausted=False, stopped_by=None, unknown=unknown, closed=0)
    now = Circumstances(today=told.as_of, world=told.world, recorded=recorded)
    return shortest_paths(told.treaty, names, now, limit=limit)


def _path(path: Path) -> Document:
    cover = path.cover
    return {
        "clause": path.track.clause,
        "size": cover.size,
        "everyone": list(cover.everyone),
        "any": [{"n": pick.n, "of": list(pick.of)} for pick in cover.picks],
        "example": list(cover.example),
        "waits_for": [_waited(reading) for reading in path.waits_for],
        "entry_into_force_on": None if path.entry_into_force_on is None else path.entry_into_force_on.isoformat(),
    }


def _waited(reading: Reading) -> Document:
    return {
        "op": reading.op,
        "subject": reading.subject,
        "on": None if reading.on is None else reading.on.isoformat(),
    }


# ---- in words --------------------------------------------------------------------------------------------------------
_WORDS: Final = {
    "en": {
        "crossed": "The threshold was crossed on {day}.",
        "unknown": "It cannot be said from what is recorded here; missing: {missing}.",
        "none": "No consents of those asked about would meet the condition.",
        "nothing": "No further instrument is needed (art. {clause})",
        "one": "1 more instrument would meet the condition (art. {clause}): {who}",
        "many": "{size} more instruments would meet the condition (art. {clause}): {who}",
        "any": "any {n} of {all}",
        "others": "{n} others",
        "and": " and ",
        "instance": ", for example",
        "waits": "; it also waits for what no deposit brings",
    },
    "fr": {
        "crossed": "Le seuil a été franchi le {day}.",
        "unknown": "Ce qui est enregistré ici ne permet pas de le dire ; il manque : {missing}.",
        "none": "Aucun consentement de ceux dont il s'agit ne remplirait la condition.",
        "nothing": "Aucun autre instrument n'est nécessaire (art. {clause})",
        "one": "1 instrument de plus remplirait la condition (art. {clause}) : {who}",
        "many": "{size} instruments de plus rempliraient la condition (art. {clause}) : {who}",
        "any": "{n} au choix parmi {all}",
        "others": "{n} autres",
        "and": " et ",
        "instance": ", par exemple",
        "waits": " ; il faut aussi ce qu'aucun dépôt n'apporte",
    },
}


def _sentence(paths: Paths, outcome: Outcome | None, told: View, lang: str) -> str:
    words = _WORDS[lang]
    if outcome is not None and outcome.threshold_on is not None:
        return words["crossed"].format(day=long_date(outcome.threshold_on, lang))
    if not paths.found:
        return words["unknown" if paths.unknown else "none"].format(missing=", ".join(paths.unknown))
    best = paths.found[0]
    size = best.cover.size
    kind = "nothing" if size == 0 else "one" if size == 1 else "many"
    text = words[kind].format(size=size, clause=best.track.clause, who=_who(best, told, lang))
    if len(paths.found) > 1 or paths.stopped_by is not None:
        text += words["instance"]
    return text + (words["waits"] if best.waits_for else "") + "."


def _who(path: Path, told: View, lang: str) -> str:
    words = _WORDS[lang]
    named = [told.world.name(name, lang) for name in path.cover.everyone[:MOST_NAMES]]
    more = len(path.cover.everyone) - len(named)
    parts = [
        *named,
        *([words["others"].format(n=more)] if more else []),
        *(_pick(one, lang) for one in path.cover.picks),
    ]
    return words["and"].join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _pick(pick: Pick, lang: str) -> str:
    return _WORDS[lang]["any"].format(n=pick.n, all=len(pick.of))
