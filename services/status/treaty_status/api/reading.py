"""Reading one treaty: documents with ETags, a table for spreadsheets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from treaty_events import ClaimVerdict
from treaty_status.api.clocks import TheClocks
from treaty_status.api.orders import unknown_participant
from treaty_status.api.refusals import UnknownGroup
from treaty_status.api.surface import Surface, TheSurface
from treaty_status.api.tables import participants_table
from treaty_status.api.telling import tell
from treaty_status.application.claims_report import narrowed
from treaty_status.application.documents import (
    Document,
    View,
    claims_document,
    explanation_document,
    milestones_document,
    participant_document,
    participant_row,
    participants_document,
    status_document,
)
from treaty_status.domain.participation import Participation
from treaty_status.registry import Kind

router = APIRouter(tags=["treaties"])
Standing = Literal["party", "contracting", "signatory", "former_party", "withdrawn", "other"]


@router.get("/v1/treaties/{treaty}", operation_id="read_treaty", summary="Where a treaty stands")
async def read_treaty(request: Request, surface: TheSurface, clocks: TheClocks, treaty: str) -> Response:
    """Header, rule, five counts that must not be mixed, force, progress, what comes next, and contradicting claims."""
    return await tell(request, surface, clocks, clocks.question(treaty, ""), status_document)


@router.get("/v1/treaties/{treaty}/explanation", operation_id="read_explanation", summary="Why it stands there")
async def read_explanation(request: Request, surface: TheSurface, clocks: TheClocks, treaty: str) -> Response:
    """The tree of reasons: who is counted, who is not and why, with clauses; what is unknown is said to be."""
    return await tell(request, surface, clocks, clocks.question(treaty, "/explanation"), explanation_document)


@router.get("/v1/treaties/{treaty}/milestones", operation_id="read_milestones", summary="Lines crossed and to come")
async def read_milestones(request: Request, surface: TheSurface, clocks: TheClocks, treaty: str) -> Response:
    """Every line with its legal day: reached, upcoming, lost; and what had to be taken back."""
    return await tell(request, surface, clocks, clocks.question(treaty, "/milestones"), milestones_document)


@router.get("/v1/treaties/{treaty}/claims", operation_id="read_claims", summary="Statements beside the facts")
async def read_claims(
    *,
    request: Request,
    surface: TheSurface,
    clocks: TheClocks,
    treaty: str,
    verdict: Annotated[ClaimVerdict | None, Query(description="Only statements of which the record says this.")] = None,
    contradicting: Annotated[
        bool | None, Query(description="Only statements that the facts contradict, or only the others.")
    ] = None,
) -> Response:
    """What others said, with source and tier, and what the facts of that day say to it. Claims move no count."""
    kind = None if verdict is None else verdict.value
    opposed = None if contradicting is None else str(contradicting).lower()
    given = (("verdict", kind), ("contradicting", opposed))
    own = tuple((name, value) for name, value in given if value is not None)

    def maker(told: View) -> Document:
        report = claims_document(told)
        return narrowed(report, verdict=kind, contradicting=contradicting) if own else report

    return await tell(request, surface, clocks, clocks.question(treaty, "/claims", own), maker)


# ---- participants ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows of the table are wanted."""

    status: Standing | None
    group: str | None
    missing: bool

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """As they stand in an address."""
        found = (("status", self.status), ("group", self.group), ("missing", "true" if self.missing else None))
        return tuple((name, value) for name, value in found if value is not None)


async def _filters(
    *,
    status: Annotated[Standing | None, Query(description="Only these.")] = None,
    group: Annotated[str | None, Query(max_length=60, description="Only members of a group on the day.")] = None,
    missing: Annotated[bool, Query(description="Instead: the States that have not consented to be bound.")] = False,
) -> Filters:
    return Filters(status=status, group=group, missing=missing)


TheFilters = Annotated[Filters, Depends(_filters)]


@router.get("/v1/treaties/{treaty}/participants", operation_id="list_participants", summary="The table")
async def list_participants(
    request: Request, surface: TheSurface, clocks: TheClocks, filters: TheFilters, treaty: str
) -> Response:
    """One row for each participant that ever acted, by name in the language asked for."""
    asked = clocks.question(treaty, "/participants", filters.parameters)
    return await tell(request, surface, clocks, asked, table_of(surface, filters))


@router.get(
    "/v1/treaties/{treaty}/participants.csv",
    operation_id="list_participants_csv",
    summary="The table for a spreadsheet",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def list_participants_csv(
    *,
    request: Request,
    surface: TheSurface,
    clocks: TheClocks,
    filters: TheFilters,
    treaty: str,
    bom: Annotated[
        Literal["0", "1"], Query(description="1: a byte order mark in front, which older spreadsheets need.")
    ] = "0",
) -> Response:
    """The same rows as CSV in UTF-8, dates as YYYY-MM-DD; the legal day is part of the file's name."""
    rows = table_of(surface, filters)
    mark = (("bom", bom),) if bom == "1" else ()
    return await tell(
        request,
        surface,
        clocks,
        clocks.question(treaty, "/participants.csv", (*filters.parameters, *mark)),
        lambda told: participants_table(rows(told), mark=bom == "1"),
        media_type="text/csv; charset=utf-8; header=present",
        file=lambda answer: f"{treaty}-participants-{answer.as_of.isoformat()}.csv",
    )


@router.get(
    "/v1/treaties/{treaty}/participants/{participant}",
    operation_id="read_participant",
    summary="One participant of a treaty",
)
async def read_participant(
    request: Request, surface: TheSurface, clocks: TheClocks, treaty: str, participant: str
) -> Response:
    """Its periods, acts and own day of effect with the clause; by id, code or exact name."""
    found = surface.desk.registry.find(participant, on=clocks.as_of)
    if found is None:
        raise unknown_participant(surface.desk.registry, participant, "participant", in_path=True)
    asked = clocks.question(treaty, f"/participants/{quote(found.id, safe='')}")
    return await tell(request, surface, clocks, asked, lambda told: participant_document(_own(told, found.id), told))


def _own(told: View, participant: str) -> Participation:
    return told.treaty.participations.get(participant, Participation(participant))


def table_of(surface: Surface, filters: Filters) -> Callable[[View], Document]:
    """What makes the table with the rows that are wanted.

    Raises:
        UnknownGroup: the registry holds no such group.
    """
    registry, status, group = surface.desk.registry, filters.status, filters.group
    if group is not None and not surface.desk.world.knows_group(group):
        raise unknown_group(surface, group)

    def keeps(row: Document, told: View) -> bool:
        if status is not None and row["status"] != status:
            return False
        return group is None or row["participant"] in registry.members(group, told.as_of)

    def table(told: View) -> Document:
        if not filters.missing:
            return participants_document(told, keep=lambda row: keeps(row, told))
        states = [one.id for one in registry.all() if one.kind is Kind.STATE and one.exists_on(told.as_of)]
        rows = [participant_row(_own(told, one), told) for one in states]
        rows = [row for row in rows if row["consent"] is None and keeps(row, told)]
        rows.sort(key=lambda row: row.pop("sort_key"))
        echo = participants_document(told, keep=lambda _: False)
        return {**echo, "missing": True, "participants": rows, "total": len(rows)}

    return table


def unknown_group(surface: Surface, group: str) -> UnknownGroup:
    """The refusal of a group, with those there are."""
    groups = sorted(one.id for one in surface.desk.registry.groups())
    return UnknownGroup(
        f"The registry holds no group {group[:60]!r}.", way_out="These are known: see groups.", facts={"groups": groups}
    )
