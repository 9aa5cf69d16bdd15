"""Who the participants of an assessment are: those of the registry, and those that a file describes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from treaty_status.application.offline.places import Document, Place, Unreadable, a_day, a_text, an_object
from treaty_status.registry import Kind, Participant, Registry

KINDS: Final = {kind.value: kind.value for kind in Kind} | dict.fromkeys(
    ("un_member", "observer", "non_member", "country"), Kind.STATE.value
)
"""The kinds that a file may name; a State's capacity stands for the State."""

SHORTEST_NAME: Final = 4


@dataclass(frozen=True, slots=True)
class Belonging:
    """Membership of a group, from the first day to the last; None: not bounded."""

    group: str
    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Is it a member on that day?"""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as a file describes it."""

    id: str
    kind: str
    groups: tuple[Belonging, ...] = ()
    iso3: str | None = None
    names: Mapping[str, str] | None = None
    place: Place | None = field(default=None, compare=False)


def person_of(place: Place, document: Document, registry: Registry) -> Person:
    """A line of a file of participants: ``{"id", "kind", "groups": […], "iso3"?}``.

    Raises:
        Unreadable: no id, a kind that nobody knows, or none for one that the registry does not know.
    """
    registered = registry.find(a_text(document, "id", place)) if document.get("kind") is None else None
    told = a_text(document, "kind", place) if registered is None else registered.kind.value
    kind = told.casefold().replace(" ", "").rpartition("/")[2]
    if kind not in KINDS:
        raise Unreadable(place, f"There is no such kind (got: {kind[:40]!r}); choose from {', '.join(sorted(KINDS))}.")
    iso3, name = document.get("iso3"), document.get("name")
    groups = document.get("groups") or []
    if not isinstance(groups, list):
        raise Unreadable(place, "The field 'groups' is a list.")
    return Person(
        place=place,
        id=a_text(document, "id", place),
        kind=KINDS[kind],
        groups=tuple(_belonging(one, place) for one in groups),
        iso3=iso3 if isinstance(iso3, str) else None,
        names={"en": name} if isinstance(name, str) else None,
    )


def _belonging(value: object, place: Place) -> Belonging:
    if isinstance(value, str):
        return Belonging(value)
    document = an_object(value, place)
    return Belonging(
        a_text(document, "group" if "group" in document else "id", place),
        a_day(document, ("from", "valid_from"), place),
        a_day(document, ("until", "valid_until"), place),
    )


class Roster:
    """Which id is meant: the registry's where it knows the participant, else the one that was given.

    ``given`` turns back: answers speak of participants as the files did.

    Raises:
        Unreadable: one participant is described in two ways.
    """

    def __init__(self, registry: Registry, people: Iterable[Person]) -> None:
        self._registry = registry
        self.people: dict[str, Person] = {}
        self._ids: dict[str, str] = {}
        self._given: dict[str, str] = {}
        for person in people:
            known = self._in_registry(person)
            # Two lines are two participants, whatever codes they bear: a State and the one that it continues, perhaps.
            own = person.id if known is None or self._taken(known, person) else known
            if self.people.get(own, person) != person:
                raise Unreadable(person.place or Place(own), f"{person.id} is described twice, and not alike.")
            self.people[own] = person
            self._ids[person.id] = own
            self._given.setdefault(own, person.id)

    def _taken(self, known: str, person: Person) -> bool:
        return known in self.people and self.people[known].id != person.id

    def _in_registry(self, person: Person) -> str | None:
        for text in (person.iso3, person.id):
            found = None if text is None else self._registry.get(text) or self._by_code_or_name(text)
            if found is not None and self._same_kind(found.kind.value, person.kind):
                return found.id
        return None

    def _by_code_or_name(self, text: str) -> Participant | None:
        """Short texts are meant only as codes, written as codes are: invented ids are short, too."""
        found = self._registry.find(text)
        return found if found is not None and (found.iso3 == text or len(text) >= SHORTEST_NAME) else None

    @staticmethod
    def _same_kind(registered: str, described: str) -> bool:
        return registered == described or {registered, described} == {Kind.STATE.value, Kind.FORMER.value}

    def id_of(self, text: str) -> str:
        """The id by which a participant is known here; the text itself where nobody knows it."""
        if text not in self._ids:
            found = self._registry.find(text)
            self._ids[text] = text if found is None else found.id
        return self._ids[text]

    def actor(self, text: str) -> str:
        """The same for one who acts; answers will call it so."""
        own = self.id_of(text)
        self._given.setdefault(own, text)
        return own

    def knows(self, own: str) -> bool:
        """Is there anything that says what it is?"""
        return own in self.people or self._registry.get(own) is not None

    def given(self, own: str) -> str:
        """The id as the files have it."""
        return self._given.get(own, own)

    def unknown(self, text: str) -> str:
        """What to say of an id that nobody knows."""
        near = " or ".join(f"{one.name} ({one.id})" for one in self._registry.suggest(text))
        meant = f" Did you mean {near}?" if near else ""
        return f"Nobody knows the participant {text[:60]!r}; describe it in a file of participants.{meant}"
