"""Read the registry's reviewed data, loud about anything unexpected."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any, TypeAlias

from treaty_status.registry.groups import Group, Membership
from treaty_status.registry.lookup import Registry
from treaty_status.registry.participants import Capacity, Kind, Link, LinkKind, Name, Participant

UN_MEMBERS = "un_members"

# A row as JSON gives it; each field is converted, or refused, before it leaves this module.
Row: TypeAlias = dict[str, Any]


class MalformedRegistryError(Exception):
    """The registry's own data contradicts itself or has a field nobody reads."""


def load_registry() -> Registry:
    """The registry that ships with the package.

    Raises:
        MalformedRegistryError: the data files are inconsistent.
    """
    participants = _with_predecessors([_participant(row) for row in _rows("participants")])
    groups = [_group(row) for row in _rows("groups")]
    _check_references(participants, groups)
    return Registry(participants, [_un_members(participants), *groups])


def _rows(file_name: str) -> list[Row]:
    text = files("treaty_status.registry").joinpath(f"{file_name}.json").read_text(encoding="utf-8")
    rows: list[Row] = json.loads(text)[file_name]
    return rows


def _participant(row: Row) -> Participant:
    kind = Kind(row.pop("kind"))
    participant = Participant(
        id=row.pop("id"),
        kind=kind,
        capacity=Capacity(row.pop("capacity", "none")),
        iso2=row.pop("iso2", None),
        iso3=row.pop("iso3", None),
        numeric=row.pop("numeric", None),
        names=tuple(_name(lang, one) for lang, named in row.pop("names").items() for one in named),
        aliases=tuple(row.pop("aliases", ())),
        exists_from=_day(row.pop("exists_from", None)),
        exists_until=_day(row.pop("exists_until", None)),
        un_member_since=_day(row.pop("un_member_since", None)),
        un_member_until=_day(row.pop("un_member_until", None)),
        un_region=row.pop("un_region", None),
        counts_by_default=kind in {Kind.STATE, Kind.FORMER},
        successors=tuple(_link(one) for one in row.pop("successors", ())),
        note=row.pop("note", None),
    )
    _refuse_unread(row, f"participant {participant.id}")
    return participant


def _name(lang: str, row: Row) -> Name:
    name = Name(
        lang=lang,
        short=row.pop("short"),
        formal=row.pop("formal", None),
        valid_from=_day(row.pop("from", None)),
        valid_until=_day(row.pop("until", None)),
        note=row.pop("note", None),
    )
    _refuse_unread(row, f"name {name.short}")
    return name


def _link(row: Row) -> Link:
    link = Link(id=row.pop("id"), kind=LinkKind(row.pop("kind")), on=_day(row.pop("on", None)))
    _refuse_unread(row, f"link to {link.id}")
    return link


def _group(row: Row) -> Group:
    group = Group(
        id=row.pop("id"),
        names=row.pop("names"),
        memberships=tuple(_membership(one) for one in row.pop("members")),
        source=row.pop("source"),
        organisations=tuple(row.pop("organisations", ())),
        note=row.pop("note", None),
    )
    _refuse_unread(row, f"group {group.id}")
    return group


def _membership(row: Row) -> Membership:
    membership = Membership(
        participant=row.pop("id"), valid_from=_day(row.pop("from", None)), valid_until=_day(row.pop("until", None))
    )
    _refuse_unread(row, f"membership of {membership.participant}")
    return membership


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _refuse_unread(row: Row, where: str) -> None:
    if row:
        raise MalformedRegistryError(f"A field is not known (in: {where}, fields: {', '.join(sorted(row))})")


def _with_predecessors(participants: Iterable[Participant]) -> list[Participant]:
    """Each link is written once, on the predecessor; here the successor learns of it."""
    before: defaultdict[str, list[Link]] = defaultdict(list)
    known = list(participants)
    for one in known:
        for link in one.successors:
            before[link.id].append(replace(link, id=one.id))
    return [replace(one, predecessors=tuple(before[one.id])) if one.id in before else one for one in known]


def _un_members(participants: Iterable[Participant]) -> Group:
    """The United Nations' members through time, from the membership day each participant carries."""
    by_id = {one.id: one for one in participants}
    members = (
        Membership(
            participant=one.id,
            valid_from=_seated_on(one, by_id),
            valid_until=one.un_member_until or one.exists_until,
        )
        for one in by_id.values()
        if one.un_member_since is not None
    )
    return Group(
        id=UN_MEMBERS,
        names={"en": "Member States of the United Nations", "fr": "États Membres de l'Organisation des Nations Unies"},
        memberships=tuple(members),
        source="United Nations, list of Member States with dates of admission",
        organisations=("un",),
    )


def _seated_on(member: Participant, by_id: Mapping[str, Participant]) -> date | None:
    """The first day of membership in the member's own name: a continued seat is the predecessor's until the change."""
    taken_over = (
        link.on
        for link in member.predecessors
        if link.kind in {LinkKind.CONTINUATION, LinkKind.UNION} and link.on and by_id[link.id].un_member_since
    )
    return max(taken_over, default=member.un_member_since)


def _check_references(participants: Iterable[Participant], groups: Iterable[Group]) -> None:
    ids: Mapping[str, int] = _counts(one.id for one in participants)
    if doubled := sorted(one for one, times in ids.items() if times > 1):
        raise MalformedRegistryError(f"A participant is written twice (ids: {', '.join(doubled)})")
    named = {link.id for one in participants for link in one.successors}
    for group in groups:
        named |= {one.participant for one in group.memberships} | set(group.organisations)
    if missing := sorted(named - ids.keys()):
        raise MalformedRegistryError(f"A link or a group names an unknown participant (ids: {', '.join(missing)})")


def _counts(ids: Iterable[str]) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for one in ids:
        counts[one] += 1
    return dict(counts)
