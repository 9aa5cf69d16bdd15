"""Cases from files or written out: each part is a path beside the file, or the thing itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from treaty_status.application.offline.acts import act_lines
from treaty_status.application.offline.assessing import Question
from treaty_status.application.offline.evidence import Evidence, evidence_in, evidence_of
from treaty_status.application.offline.people import Roster, person_of
from treaty_status.application.offline.places import (
    Document,
    Place,
    Unreadable,
    a_day,
    an_object,
    json_of,
    lines_of,
    text_of,
)
from treaty_status.application.offline.problems import first_problem
from treaty_status.domain.rule import TreatyRule
from treaty_status.registry import Registry

Lines = Iterable[tuple[Place, Document]]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a file of cases: its name, and the question, or why there is none."""

    name: str
    question: Question | Unreadable


def rule_of(document: Any, place: Place) -> TreatyRule:
    """A rule, validated.

    Raises:
        Unreadable: it is not one; the message says where.
    """
    try:
        return TreatyRule.model_validate(an_object(document, place))
    except ValidationError as refusal:
        raise Unreadable(place, f"It is no rule ({first_problem(refusal)}).") from None


def rule_in(path: Path) -> TreatyRule:
    """The rule in a file.

    Raises:
        Unreadable: it cannot be read, or is none.
    """
    place = Place(str(path))
    return rule_of(json_of(text_of(path), place), place)


class CaseReader:
    """Reads questions. ``folder`` is where relative paths begin."""

    def __init__(self, registry: Registry, *, folder: Path | None = None) -> None:
        self._registry = registry
        self._folder = Path() if folder is None else folder

    def question(
        self,
        *,
        rule: Any,
        acts: Any,
        participants: Any = None,
        tables: Any = None,
        others: Iterable[Any] = (),
        as_of: date,
        place: Place,
    ) -> Question:
        """A question of these parts; each is a path or the thing itself.

        Raises:
            Unreadable: a part is missing or not what it has to be.
        """
        people = () if participants is None else self._lines(participants, place, key="id")
        roster = Roster(self._registry, [person_of(where, one, self._registry) for where, one in people])
        return Question(
            rule=self._rule(rule, place),
            lines=tuple(act_lines(self._lines(acts, place, key="participant"))),
            roster=roster,
            evidence=self._evidence(tables, place, roster),
            as_of=as_of,
            others=tuple(self._rule(one, place) for one in others),
        )

    def cases(self, path: Path) -> Iterator[Case]:
        """Every case of a file, one a line; one that cannot be read does not stop the others."""
        for number, line in enumerate(text_of(path).split("\n"), start=1):
            if line.strip():
                yield self._case(line, Place(str(path), number))

    def _case(self, line: str, place: Place) -> Case:
        name = str(place.line)
        try:
            document = an_object(json_of(line, place), place)
            name = str(document.get("case", name))
            return Case(name, self._question(document, place))
        except Unreadable as fault:
            return Case(name, fault)

    def _question(self, document: Document, place: Place) -> Question:
        as_of = a_day(document, ("as_of",), place)
        if as_of is None:
            raise Unreadable(place, "The case has no day (field 'as_of', YYYY-MM-DD).")
        for part in ("rule", "acts"):
            if document.get(part) is None:
                raise Unreadable(place, f"The case has no {part}.")
        return self.question(
            rule=document["rule"],
            acts=document["acts"],
            participants=document.get("participants"),
            tables=document.get("tables"),
            others=document.get("others") or (),
            as_of=as_of,
            place=place,
        )

    def _rule(self, value: Any, place: Place) -> TreatyRule:
        if isinstance(value, str | Path):
            return rule_in(self._folder / value)
        return rule_of(value, place)

    def _lines(self, value: Any, place: Place, *, key: str) -> Lines:
        if isinstance(value, str | Path):
            path = self._folder / value
            return self._lines_of_file(path, key=key)
        if isinstance(value, dict):
            return [(place, {key: name, **an_object(one, place)}) for name, one in value.items()]
        if not isinstance(value, list):
            raise Unreadable(place, "A list of JSON objects, or the path of a file of them, is expected here.")
        return [(place, an_object(one, place)) for one in value]

    def _lines_of_file(self, path: Path, *, key: str) -> Lines:
        text = text_of(path)
        if text.lstrip().startswith("["):  # one JSON list rather than an object a line
            place = Place(str(path))
            return self._lines(json_of(text, place), place, key=key)
        return lines_of(text, str(path))

    def _evidence(self, value: Any, place: Place, roster: Roster) -> Evidence:
        if value is None:
            return Evidence()
        if isinstance(value, str | Path):
            return evidence_in(self._folder / value, roster.id_of)
        return evidence_of(value, place, roster.id_of)
