"""The options that commands share."""

from typing import Annotated

import typer

Url = Annotated[str, typer.Option(envvar="TREATY_URL", help="Where the status service answers.")]
Secret = Annotated[
    str | None, typer.Option("--key", envvar="TREATY_KEY", help="The key to write with.", show_envvar=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the service's own JSON.")]
AsOf = Annotated[str | None, typer.Option(help="The legal day asked about, YYYY-MM-DD; today if left out.")]
KnownAt = Annotated[
    str | None, typer.Option(help="As this record knew it at an instant, 2026-11-21T10:04:00Z; now if left out.")
]
Lang = Annotated[str | None, typer.Option(help="A language: en, fr, es, ru, ar, zh, vi.")]
Treaty = Annotated[str, typer.Argument(help="The treaty's id, such as XVIII-16.")]
Database = Annotated[
    str | None,
    typer.Option(help="sqlite:///FILE or postgresql://…; TREATY_DATABASE if left out.", show_default=False),
]
HERE = "http://127.0.0.1:8000"
