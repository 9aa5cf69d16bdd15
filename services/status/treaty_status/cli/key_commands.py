"""``treaty-status keys``: who may write. Keys live in the log's database, so these need it and no running service."""
# ruff: noqa: PLC0415 - the database stack is imported when a command runs

from typing import Annotated

import typer

from treaty_status.cli.exits import reported
from treaty_status.cli.options import AsJson, Database

cli = typer.Typer(help="Make, list and revoke keys.", no_args_is_help=True)


@cli.command()
def create(
    *,
    name: Annotated[str, typer.Argument(help="Named in every event the key records; given once.")],
    scope: Annotated[list[str], typer.Option(help="record, define, subscribe or admin. Repeatable.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is printed once and kept nowhere."""
    from treaty_status.cli import keys

    with reported(as_json=as_json):
        keys.create(database, name=name, scopes=scope, as_json=as_json)


@cli.command("list")
def list_(*, database: Database = None, as_json: AsJson = False) -> None:
    """List every key ever made, without secrets."""
    from treaty_status.cli import keys

    with reported(as_json=as_json):
        keys.show(database, as_json=as_json)


@cli.command()
def revoke(
    *,
    key: Annotated[str, typer.Argument(help="The key's id or name.")],
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on. Everywhere within five seconds."""
    from treaty_status.cli import keys

    with reported(as_json=as_json):
        keys.revoke(database, key, as_json=as_json)
