"""Exact look-up of participants; resemblance only ever suggests."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from rapidfuzz import fuzz, process

from treaty_status.registry.folding import fold
from treaty_status.registry.groups import Group, Membership
from treaty_status.registry.participants import Name, Participant

# Below this a suggestion confuses more than it helps (0 to 100, rapidfuzz's weighted ratio).
_RESEMBLANCE = 72.0
# Nor does one help that stands this far behind the best.
_BESIDE_THE_BEST = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A participant the writer may have meant; `score` from 0 to 100. Never applied on anyone's behalf."""

    id: str
    name: str
    score: int


class Registry:
    """All participants and groups, read-only."""

    def __init__(self, participants: Iterable[Participant], groups: Iterable[Group] = ()) -> None:
        self._participants: dict[str, Participant] = {one.id: one for one in participants}
        self._groups: dict[str, Group] = {one.id: one for one in groups}

    def get(self, participant_id: str) -> Participant | None:
        return self._participants.get(participant_id)

    def all(self) -> tuple[Participant, ...]:
        return tuple(self._participants.values())

    def find(self, text: str, *, on: date | None = None) -> Participant | None:
        """The one participant with this id, ISO alpha-3 code, name or alias, spelling aside; `None` if none or several.

        With `on`, a name that several have borne is read as of that day. An id is written in lower case and a code in
        upper case; written otherwise, names come first: `NGA` is Nigeria's code, `Nga` is Russia in Vietnamese.
        """
        if exact := self._participants.get(text) or self._codes.get(text):
            return exact
        candidates = self._names.get(fold(text), {})
        if on is not None and len(candidates) > 1:
            candidates = {one: names for one, names in candidates.items() if self._bore(one, names, on)}
        if candidates:
            return self._participants[next(iter(candidates))] if len(candidates) == 1 else None
        return self._participants.get(fold(text)) or self._codes.get(fold(text).upper())

    def suggest(self, text: str, limit: int = 3) -> tuple[Suggestion, ...]:
        """The participants whose names most resemble the text, best first."""
        found = process.extract(
            fold(text), self._names.keys(), scorer=fuzz.WRatio, score_cutoff=_RESEMBLANCE, limit=8 * limit
        )
        best: dict[str, float] = {}
        for key, score, _ in found:
            for one in self._names[key]:
                best[one] = max(score, best.get(one, 0.0))
        near = [(score, one) for one, score in best.items() if score >= max(best.values()) - _BESIDE_THE_BEST]
        ranked = sorted(near, key=lambda pair: (-pair[0], pair[1]))[:limit]
        return tuple(
            Suggestion(id=one, name=self._participants[one].name(), score=round(score)) for score, one in ranked
        )

    def groups(self) -> tuple[Group, ...]:
        return tuple(self._groups.values())

    def members(self, group_id: str, on: date) -> frozenset[str]:
        """Who belonged to a group on a day; nobody, where the group is unknown."""
        group = self._groups.get(group_id)
        return group.members(on) if group else frozenset()

    def groups_of(self, participant_id: str, on: date) -> frozenset[str]:
        return frozenset(group for group, one in self._memberships.get(participant_id, ()) if one.is_valid_on(on))

    def members_of_organisation(self, organisation_id: str, on: date) -> frozenset[str]:
        """The members of an organisation on a day; nobody, where the registry does not hold them."""
        memberships = (one.members(on) for one in self._groups.values() if organisation_id in one.organisations)
        return frozenset().union(*memberships)

    @cached_property
    def _memberships(self) -> Mapping[str, list[tuple[str, Membership]]]:
        found: defaultdict[str, list[tuple[str, Membership]]] = defaultdict(list)
        for group in self._groups.values():
            for one in group.memberships:
                found[one.participant].append((group.id, one))
        return dict(found)

    @cached_property
    def _codes(self) -> Mapping[str, Participant]:
        return {one.iso3: one for one in self._participants.values() if one.iso3}

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, tuple[Name, ...]]]:
        """Folded name or alias -> participant id -> the dated names behind it (none for aliases)."""
        names: defaultdict[str, dict[str, tuple[Name, ...]]] = defaultdict(dict)
        for one in self._participants.values():
            for text, name in _spellings(one):
                bearers = names[fold(text)]
                bearers[one.id] = (*bearers.get(one.id, ()), *([name] if name else []))
        return dict(names)

    def _bore(self, participant_id: str, names: tuple[Name, ...], day: date) -> bool:
        participant = self._participants[participant_id]
        return participant.exists_on(day) and (not names or any(name.is_valid_on(day) for name in names))


def _spellings(participant: Participant) -> Iterator[tuple[str, Name | None]]:
    for name in participant.names:
        yield name.short, name
        if name.formal:
            yield name.formal, name
    for alias in participant.aliases:
        yield alias, None
