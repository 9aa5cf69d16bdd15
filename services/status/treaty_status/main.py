"""The console script ``treaty-status``: the commands, and the demonstration that uses them."""
# ruff: noqa: PLC0415 - what the demonstration needs takes seconds to import; --help and completion must be instant

import sys
from pathlib import Path
from typing import Annotated

import typer

from treaty_status.cli import cli


def run() -> None:
    """Entry point of the console script."""
    cli(prog_name="treaty-status")


@cli.command()
def demo(
    *,
    leave: Annotated[bool, typer.Option("--exit", help="End after entry into force instead of staying up.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where to keep databases and logs; a temporary folder if left out.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Of the status service: 8000 or a free one; 0: a free one.")] = None,
    notifier_port: Annotated[
        int | None, typer.Option(help="Of the notifier: 8001 or a free one; 0: a free one.")
    ] = None,
    pace: Annotated[float, typer.Option(min=0, max=10, help="Seconds between two deposits.")] = 0.25,
) -> None:
    """Start both services, rehearse forty hypothetical deposits, and print the webhooks as they arrive."""
    from rich.console import Console

    from treaty_status.cli.exits import Refused, Unreachable
    from treaty_status.demo import Choices, DemonstrationFailed, ServiceDied, demonstrate
    from treaty_status.demo.screen import Screen

    chosen = Choices(folder=folder, port=port, notifier_port=notifier_port, pace_seconds=pace, leave=leave)
    try:
        demonstrate(chosen, Screen(Console()))
    except (DemonstrationFailed, ServiceDied, Refused, Unreachable) as fault:
        sys.exit(f"The demonstration failed. {fault}")
    except KeyboardInterrupt:
        typer.echo("Everything has ended.")


if __name__ == "__main__":
    run()
