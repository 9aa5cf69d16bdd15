"""The lines of a treaty for calendars and feed readers, and its table as a workbook."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from treaty_status.api import atom_feed, calendars, workbooks
from treaty_status.api.clocks import TheClocks
from treaty_status.api.entries import Entry, GroupName, entries
from treaty_status.api.orders import unknown_participant
from treaty_status.api.reading import TheFilters, table_of
from treaty_status.api.surface import Surface, TheSurface
from treaty_status.api.tables import COLUMNS, cells_of
from treaty_status.api.telling import tell
from treaty_status.application.documents import NOTICE, View
from treaty_status.domain.iso import iso_date

router = APIRouter(tags=["treaties"])
DAYS: Final = frozenset(
    {"as_of", "signed_on", "consented_on", "effect_on", "leaves_on", "deposited_on", "deferred_until"}
)
"""Columns of days."""
Of = Annotated[
    str | None, Query(max_length=200, description="Of single participants only this one's lines; by id, code or name.")
]


def _binary(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type.partition(";")[0]: {"schema": {"type": "string"}}}}}


@router.get(
    "/v1/treaties/{treaty}/milestones.ics",
    operation_id="read_calendar",
    summary="Lines crossed and to come, as a calendar",
    responses=_binary(calendars.MEDIA_TYPE),
)
async def read_calendar(
    *, request: Request, surface: TheSurface, clocks: TheClocks, treaty: str, participant: Of = None
) -> Response:
    """iCalendar: a day each, with its permanent id and the number of its revision; what was taken back is cancelled,
    and reminders are alarms of the day they remind of.
    """
    one = _participant(surface, participant, clocks.as_of)
    return await tell(
        request,
        surface,
        clocks,
        clocks.question(treaty, "/milestones.ics", () if one is None else (("participant", one),)),
        lambda told: calendars.calendar(told, _entries(told, surface, one)),
        media_type=calendars.MEDIA_TYPE,
        file=lambda _: f"{treaty}.ics",
    )


@router.get(
    "/v1/treaties/{treaty}/milestones.atom",
    operation_id="read_atom_feed",
    summary="What was said about its lines, as a feed",
    responses=_binary(atom_feed.MEDIA_TYPE),
)
async def read_atom_feed(
    *, request: Request, surface: TheSurface, clocks: TheClocks, treaty: str, participant: Of = None
) -> Response:
    """Atom: one entry a line under its permanent id, updated whenever something else is said of it."""
    one = _participant(surface, participant, clocks.as_of)
    return await tell(
        request,
        surface,
        clocks,
        clocks.question(treaty, "/milestones.atom", () if one is None else (("participant", one),)),
        lambda told: atom_feed.atom_feed(told, _entries(told, surface, one)),
        media_type=atom_feed.MEDIA_TYPE,
    )


@router.get(
    "/v1/treaties/{treaty}/participants.xlsx",
    operation_id="list_participants_xlsx",
    summary="The table as a workbook",
    responses=_binary(workbooks.MEDIA_TYPE),
)
async def list_participants_xlsx(
    request: Request, surface: TheSurface, clocks: TheClocks, filters: TheFilters, treaty: str
) -> Response:
    """The rows of the table with days as days; a second sheet says of which day, instant and position they are."""
    rows = table_of(surface, filters)
    return await tell(
        request,
        surface,
        clocks,
        clocks.question(treaty, "/participants.xlsx", filters.parameters),
        lambda told: _workbook(told, rows),
        media_type=workbooks.MEDIA_TYPE,
        file=lambda answer: f"{treaty}-participants-{answer.as_of.isoformat()}.xlsx",
    )


def _workbook(told: View, rows: Callable[[View], dict[str, Any]]) -> bytes:
    document = rows(told)
    table = [
        [_typed(name, value) for name, value in zip(COLUMNS, cells_of(document, row), strict=True)]
        for row in document["participants"]
    ]
    about: list[list[workbooks.Cell]] = [
        ["field", "value"],
        ["treaty", told.treaty.id],
        ["as_of", told.as_of],
        ["known_at", None if told.known_at is None else told.known_at.isoformat()],
        ["position", told.position],
        ["permanent", told.permanent],
        ["notice", NOTICE.get(told.lang, NOTICE["en"])],
    ]
    return workbooks.workbook([("Participants", [list(COLUMNS), *table]), ("About", about)])


def _typed(name: str, value: Any) -> workbooks.Cell:
    if value is None or name not in DAYS:
        return None if value is None else str(value)
    return iso_date(str(value))


def _entries(told: View, surface: Surface, participant: str | None) -> list[Entry]:
    return entries(told, _names_of_groups(surface, told.lang), participant=participant)


def _names_of_groups(surface: Surface, lang: str) -> GroupName:
    groups = {group.id: group for group in surface.desk.registry.groups()}

    def named(group: str) -> str | None:
        found = groups.get(group)
        return None if found is None else found.name(lang)

    return named


def _participant(surface: Surface, asked: str | None, on: date | None) -> str | None:
    if asked is None:
        return None
    found = surface.desk.registry.find(asked, on=on)
    if found is None:
        raise unknown_participant(surface.desk.registry, asked, "participant", in_path=True)
    return found.id
