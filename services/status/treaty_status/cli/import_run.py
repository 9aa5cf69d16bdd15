"""``treaty-status import``: find the history, put it in with a progress bar, print the balance."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from treaty_status.cli import output
from treaty_status.cli.exits import Refused
from treaty_status.cli.history import HistoryNotFound, history
from treaty_status.cli.importing import Balance, Client, Tally, import_history, over_http


def run(source: str, *, treaty: str | None, url: str, key: str | None, database: str | None, as_json: bool) -> Balance:
    """Import and print what came of it.

    Raises:
        Refused: there is no such history, or the definition or the key was refused.
        Unreachable: nobody answers, or the database cannot be used.
    """
    try:
        found = history(source, treaty=treaty)
    except (HistoryNotFound, ValueError) as refusal:
        raise Refused(0, {"title": "No history", "detail": str(refusal)}) from refusal
    balance = _with_bar(found, _client(url, key, database), quiet=as_json)
    if as_json:
        output.as_json(document(balance))
    else:
        _print(balance)
    return balance


def _client(url: str, key: str | None, database: str | None) -> Client:
    if database is None:
        return over_http(url, key)
    from treaty_status.cli.in_process import over_database  # noqa: PLC0415 - the whole service; HTTP needs none of it

    return over_database(database)


def _with_bar(found: Any, client: Client, *, quiet: bool) -> Balance:
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=quiet or not errors.is_terminal) as bar:
        task = bar.add_task(found.treaty, total=len(found.acts) + len(found.claims))
        return import_history(found, client, done=lambda: bar.advance(task))


def document(balance: Balance) -> dict[str, Any]:
    """The balance as JSON."""
    return asdict(balance)


def _print(balance: Balance) -> None:
    output.say(f"{balance.treaty}: definition {balance.definition}")
    output.table(
        [_row("acts", balance.acts), _row("claims", balance.claims)],
        file="",
        lines="lines",
        recorded="recorded",
        already_there="already there",
        kept_as_claims="kept as claims",
        refused="refused",
    )
    for name, tally in (("acts", balance.acts), ("claims", balance.claims)):
        for one in tally.refused:
            output.say(f"{name}, line {one['line']}: {one['detail']}")


def _row(name: str, tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "file": name, "refused": len(tally.refused)}
