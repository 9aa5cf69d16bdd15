"""``treaty-status tables``: what participants weigh, where clauses weigh consents instead of counting them."""
# ruff: noqa: PLC0415 - what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from treaty_status.cli.exits import reported
from treaty_status.cli.options import HERE, AsJson, AsOf, KnownAt, Lang, Secret, Treaty, Url

cli = typer.Typer(help="Set, list and show the tables that clauses weigh by.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The name by which the rule asks for the table.")]


@cli.command("set")
def set_(
    *,
    treaty: Treaty,
    name: Name,
    file: Annotated[Path, typer.Argument(help="CSV (participant, value) or JSON, as an assessment takes it.")],
    source: Annotated[str | None, typer.Option(help="Where the values are from, unless the file says so.")] = None,
    whole: Annotated[str | None, typer.Option(help="What all weigh together, unless the file says so.")] = None,
    unit: Annotated[str | None, typer.Option(help="What the values are measured in.")] = None,
    values_on: Annotated[str | None, typer.Option(help="The day that the values are of, YYYY-MM-DD.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is set anew.")] = None,
    if_version: Annotated[int | None, typer.Option(help="Only if the treaty is still at this version.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key never records twice.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    url: Url = HERE,
    key: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Set a table as a whole. The same table again changes nothing; another is its next version."""
    from urllib.parse import quote

    from treaty_status.cli import output, proofs, recording
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url, key=key) as service:
        stated = recording.body(source=source, whole=whole, unit=unit, values_on=values_on, reason=reason)
        body = proofs.table_in(file) | stated
        found = service.put(
            f"/v1/treaties/{treaty}/tables/{quote(name, safe='')}",
            body,
            headers=recording.headers(if_version=if_version, idempotency_key=idempotency_key),
            dry_run="true" if dry_run else None,
        )
        (output.as_json if as_json else output.receipt)(found)


@cli.command("list")
def list_(
    *, treaty: Treaty, as_of: AsOf = None, known_at: KnownAt = None, url: Url = HERE, as_json: AsJson = False
) -> None:
    """List the tables on record and in the rule, and those that are missing."""
    from treaty_status.cli import output, proofs
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        found = service.get(f"/v1/treaties/{treaty}/tables", as_of=as_of, known_at=known_at)
        (output.as_json if as_json else proofs.tables)(found)


@cli.command()
def show(
    *,
    treaty: Treaty,
    name: Name,
    known_at: KnownAt = None,
    lang: Lang = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Show one table row by row, with its versions."""
    from urllib.parse import quote

    from treaty_status.cli import output, proofs
    from treaty_status.cli.service import Service

    with reported(as_json=as_json), Service(url) as service:
        found = service.get(f"/v1/treaties/{treaty}/tables/{quote(name, safe='')}", known_at=known_at, lang=lang)
        (output.as_json if as_json else proofs.table)(found)
