"""The console script ``treaty-notifier``. Imports what a command needs when it runs, so that --help is instant."""

from typing import Annotated

import typer

cli = typer.Typer(
    name="treaty-notifier",
    help="Carries treaty milestones to subscribers as signed webhooks.",
    no_args_is_help=True,
    add_completion=True,
)


def run() -> None:
    """Entry point of the console script."""
    cli()


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")] = None,
    status_url: Annotated[str | None, typer.Option(help="Where the status service answers.")] = None,
    allow_network: Annotated[
        list[str] | None, typer.Option(help="A private network in CIDR form where endpoints may live; repeatable.")
    ] = None,
    schedule_seconds: Annotated[
        str | None, typer.Option(help="Seconds before each attempt, with commas.", show_default=False)
    ] = None,
) -> None:
    """Follow the feed and deliver. Settings come from TREATY_NOTIFIER_… and from these options."""
    from pydantic import ValidationError  # noqa: PLC0415

    from treaty_notifier.settings import Settings  # noqa: PLC0415

    given: dict[str, object] = {
        "host": host,
        "port": port,
        "database": database,
        "status_url": status_url,
        "allow_networks": ",".join(allow_network) if allow_network else None,
        "schedule_seconds": schedule_seconds,
    }
    try:
        settings = Settings.model_validate({**Settings().model_dump(), **_without_none(given)})
    except ValidationError as refused:
        for error in refused.errors():
            name = ".".join(str(part) for part in error["loc"])
            typer.echo(f"{name}: {error['msg']}" if name else error["msg"].removeprefix("Value error, "), err=True)
        raise typer.Exit(2) from None

    from treaty_notifier.service import serve as serve_with  # noqa: PLC0415  (the web stack takes seconds to import)

    serve_with(settings)


@cli.command()
def listen(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9000,
    secret: Annotated[
        list[str] | None, typer.Option(help="A whsec_… to verify with; repeatable.", envvar="TREATY_WEBHOOK_SECRET")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each webhook.")] = False,  # noqa: FBT002
) -> None:
    """Receive webhooks, verify them and print them."""
    from treaty_notifier.listener import listen as listen_with  # noqa: PLC0415

    listen_with(host=host, port=port, secrets=tuple(secret or ()), as_json=as_json, write=typer.echo)


@cli.command()
def version() -> None:
    """Print the release."""
    from importlib.metadata import version as installed  # noqa: PLC0415

    typer.echo(installed("treaty-status"))


def _without_none(given: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


if __name__ == "__main__":
    run()
