"""Certified facts and tables of weights: recorded with a key, read by everyone."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Path, Request, Response

from treaty_status.api import certificate_orders
from treaty_status.api.certificate_bodies import CertificateBody, TableBody
from treaty_status.api.clocks import TheClocks
from treaty_status.api.openapi import takes
from treaty_status.api.receipts import created_status
from treaty_status.api.recording import DryRun, body_of, recorded, told
from treaty_status.api.refusals import UnknownTable
from treaty_status.api.surface import TheSurface, allowed
from treaty_status.api.telling import tell
from treaty_status.application.certificates import certificates_document
from treaty_status.application.documents import View
from treaty_status.application.keys import Scope
from treaty_status.application.weights import table_document, tables_document

router = APIRouter()
TableName = Annotated[str, Path(description="The name by which the treaty's rule asks for it.")]
_CERTIFICATE: Final = msgspec.json.Decoder(CertificateBody)
_TABLE: Final = msgspec.json.Decoder(TableBody)


# ---- recording -------------------------------------------------------------------------------------------------------
@router.post(
    "/v1/treaties/{treaty}/certificates",
    operation_id="record_certificate",
    summary="Record a certified fact",
    tags=["recording"],
    openapi_extra=takes(CertificateBody, "certificate"),
    status_code=201,
    responses={200: {"description": "Only asked (dry_run): what would follow"}, 201: {"description": "Recorded"}},
)
async def record_certificate(
    *, request: Request, surface: TheSurface, treaty: str, dry_run: DryRun = False
) -> Response:
    """A decision, a notification, a quantity reached, for which a clause waits: it holds from `certified_on`.
    Certificates below the depositary's own tier are kept as claims.
    """
    key = await allowed(request, surface, Scope.RECORD)
    body = await body_of(request, surface, _CERTIFICATE)
    order = certificate_orders.certificate(body, treaty=treaty)
    receipt = await recorded(request, surface, key, order, body=body, dry_run=dry_run)
    return told(receipt, created_status(receipt))


@router.put(
    "/v1/treaties/{treaty}/tables/{name}",
    operation_id="set_table",
    summary="Set a table of weights",
    tags=["recording"],
    openapi_extra=takes(TableBody, "table"),
    responses={200: {"description": "The next version, or as it was"}, 201: {"description": "Its first version"}},
)
async def set_table(
    *, request: Request, surface: TheSurface, treaty: str, name: TableName, dry_run: DryRun = False
) -> Response:
    """What participants weigh, as a whole. Every legal day is judged by the last version, so a new one may revise or
    revoke what was announced.
    """
    key = await allowed(request, surface, Scope.DEFINE)
    body = await body_of(request, surface, _TABLE)
    order = certificate_orders.table(body, treaty=treaty, name=name, registry=surface.desk.registry)
    receipt = await recorded(request, surface, key, order, body=body, dry_run=dry_run)
    created = receipt.recorded_as == "table" and not receipt.dry_run
    return told(receipt, 201 if created else 200, location=f"/v1/treaties/{treaty}/tables/{quote(name)}")


# ---- reading ---------------------------------------------------------------------------------------------------------
@router.get(
    "/v1/treaties/{treaty}/certificates",
    operation_id="read_certificates",
    summary="Certified facts, and those waited for",
    tags=["treaties"],
)
async def read_certificates(request: Request, surface: TheSurface, clocks: TheClocks, treaty: str) -> Response:
    """The certificates that stand by the day, and every fact that the clauses wait for, with the day it was given."""
    return await tell(request, surface, clocks, clocks.question(treaty, "/certificates"), certificates_document)


@router.get(
    "/v1/treaties/{treaty}/tables",
    operation_id="list_tables",
    summary="The tables that clauses weigh by",
    tags=["treaties"],
)
async def list_tables(request: Request, surface: TheSurface, clocks: TheClocks, treaty: str) -> Response:
    """Each table with version and source, whether it is on record or part of the rule; and those that are missing."""
    return await tell(request, surface, clocks, clocks.question(treaty, "/tables"), tables_document)


@router.get(
    "/v1/treaties/{treaty}/tables/{name}",
    operation_id="read_table",
    summary="One table, row by row",
    tags=["treaties"],
)
async def read_table(
    request: Request, surface: TheSurface, clocks: TheClocks, treaty: str, name: TableName
) -> Response:
    """What each participant weighs, by name in the language asked for, and every version with its source and reason."""

    def maker(told: View) -> Any:
        found = table_document(told, name)
        if found is None:
            raise _no_table(told, name)
        return found

    return await tell(request, surface, clocks, clocks.question(treaty, f"/tables/{quote(name)}"), maker)


def _no_table(told: View, name: str) -> UnknownTable:
    there = tables_document(told)
    known = [one["name"] for one in there["tables"]]
    way_out = "Record it with PUT at this address."
    if known:
        way_out = f"There are: {', '.join(known)}. {way_out}"
    return UnknownTable(
        f"{told.treaty.id} has no table named {name[:120]!r} on record or in its rule.",
        way_out=way_out,
        facts={"treaty": told.treaty.id, "tables": known, "missing": there["missing"]},
    )
