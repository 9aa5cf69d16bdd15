"""The console script ``treaty-notifier``. Imports what a command needs when it runs, so that --help is instant."""

from pathlib import Path
from typing import Annotated

import typer

CANNOT_RUN = 2
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
    public_key: Annotated[
        list[str] | None,
        typer.Option(help="The whpk_… of the subscription; repeatable.", envvar="TREATY_WEBHOOK_PUBLIC_KEY"),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(
            help="A key set, by its address or as a file: proves who sent a webhook, whoever it was sent to.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each webhook.")] = False,  # noqa: FBT002
    out: Annotated[
        Path | None, typer.Option(help="Keep every webhook in this file, as NDJSON, and say what is missing.")
    ] = None,
) -> None:
    """Receive webhooks, verify them and print them, with the scheme that proved them.

    Without a secret, a public key or a key set everything is printed as unverified.
    """
    from treaty_notifier.holdings import HoldingsUnreadable  # noqa: PLC0415
    from treaty_notifier.key_book import KeysUnreadable  # noqa: PLC0415
    from treaty_notifier.listener import Believed  # noqa: PLC0415
    from treaty_notifier.listener import listen as listen_with  # noqa: PLC0415

    believed = Believed(secrets=secret or (), public_keys=public_key or (), key_set=keys)
    try:
        listen_with(host=host, port=port, believed=believed, as_json=as_json, write=typer.echo, out=out)
    except (HoldingsUnreadable, KeysUnreadable, OSError, ValueError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(CANNOT_RUN) from None


@cli.command()
def reconcile(
    subscription: Annotated[str, typer.Option(help="Whose feed: sub_…")],
    url: Annotated[str, typer.Option(help="Where the notifier answers.")] = "http://127.0.0.1:8001",
    key: Annotated[str, typer.Option(help="A key of the status service.", envvar="TREATY_KEY")] = "",
    have: Annotated[
        list[Path] | None,
        typer.Option(help="What you hold: NDJSON of `listen --out`, or numbers, or ids; a folder of such; repeatable."),
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="As --have; what was missing is added to it, like `listen --out` would.")
    ] = None,
    post: Annotated[str | None, typer.Option(help="POST what was missing to this endpoint of yours.")] = None,
    secret: Annotated[
        str | None, typer.Option(help="The whsec_… to sign it with.", envvar="TREATY_WEBHOOK_SECRET")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The balance as one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Find exactly what a receiver missed, and fetch it.

    Exit codes: 0 nothing was missing, 1 something was (it is fetched now, or does not fit), 2 it cannot be done.
    """
    from treaty_notifier.reconciling import Wanted, run  # noqa: PLC0415

    raise typer.Exit(
        run(
            Wanted(
                url=url,
                subscription=subscription,
                key=key,
                have=tuple(have or ()),
                state=state,
                post=post,
                secret=secret,
                as_json=as_json,
            )
        )
    )


@cli.command()
def verify(
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…", show_default=False)] = None,
    status_url: Annotated[
        str | None, typer.Option(help="Where the status service answers.", show_default=False)
    ] = None,
    subscription: Annotated[str | None, typer.Option(help="One subscription only: sub_…", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,  # noqa: FBT002
) -> None:
    """Compare what the event log implies for each subscription with what was numbered, attempted and delivered.

    Changes nothing, also beside a running service. Exit codes: 0 green, 1 something differs, 2 it cannot be done.
    """
    from treaty_notifier.settings import Settings  # noqa: PLC0415
    from treaty_notifier.verifying import run as verify_with  # noqa: PLC0415

    settings = Settings()
    raise typer.Exit(
        verify_with(
            database or settings.database,
            status_url=status_url or settings.status_url,
            subscription=subscription,
            as_json=as_json,
        )
    )


@cli.command()
def prove(
    sequence: Annotated[int, typer.Argument(help="Which number.")],
    have: Annotated[list[Path], typer.Option(help="What you hold: NDJSON of `listen --out`; repeatable.")],
    size: Annotated[
        int | None, typer.Option(help="Of which checkpoint: its size; without it, of all that is held.")
    ] = None,
) -> None:
    """Print the proof that one message is among those of a checkpoint: the message and a path to the root."""
    from treaty_notifier.proving import prove as prove_with  # noqa: PLC0415

    raise typer.Exit(prove_with(sequence, have=have, size=size))


@cli.command(name="verify-checkpoint")
def verify_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="The answer of POST …/checkpoint; several as NDJSON.")],
    public_key: Annotated[
        list[str] | None,
        typer.Option(help="The whpk_… of the subscription; repeatable.", envvar="TREATY_WEBHOOK_PUBLIC_KEY"),
    ] = None,
    keys: Annotated[
        str | None, typer.Option(help="A key set, by its address or as a file.", show_default=False)
    ] = None,
    have: Annotated[
        list[Path] | None, typer.Option(help="Compare with what you hold: NDJSON of `listen --out`; repeatable.")
    ] = None,
    proof: Annotated[Path | None, typer.Option(help="Check the proof of one message, as `prove` prints it.")] = None,
) -> None:
    """Check signed checkpoints, offline: the signature, and that what you hold is what was signed.

    Exit codes: 0 everything fits, 1 something does not, 2 it cannot be done.
    """
    from treaty_notifier.proving import verify_checkpoints  # noqa: PLC0415

    raise typer.Exit(
        verify_checkpoints(checkpoint, public_keys=public_key or (), key_set=keys, have=have or (), proof=proof)
    )


@cli.command()
def version() -> None:
    """Print the release."""
    from importlib.metadata import version as installed  # noqa: PLC0415

    typer.echo(installed("treaty-status"))


def _without_none(given: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


if __name__ == "__main__":
    run()
