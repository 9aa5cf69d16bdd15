"""What the demonstration prints."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from treaty_status.cli.importing import Balance
from treaty_status.demo.receiver import Arrived

NUMBERS: Final = {"1": "one", "2": "two", "3": "three", "5": "five", "10": "ten"}


class Screen:
    """A terminal or a file; lines of two threads do not mix."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, doing: str, what: str) -> None:
        """The next thing that happens."""
        self._print(Text(f"\n{doing}", style="bold"), Text(f"  {what}"))

    def loaded(self, balance: Balance) -> None:
        """What an import came to."""
        acts, claims = balance.acts, balance.claims
        self._print(
            Text(
                f"  {acts.recorded + acts.already_there} signatures of {acts.lines}, "
                f"{claims.recorded + claims.already_there} claims kept beside them"
            )
        )

    def standing(self, status: Mapping[str, Any]) -> None:
        """Where the treaty stands, in one sentence."""
        self._print(Text(f"  {status['sentence']}"))

    def deposited(self, number: int, name: str, on: date, receipt: Mapping[str, Any]) -> None:
        """A hypothetical deposit, and what the record said to it."""
        self._print(Text(f"  {on}  {number:>2}. {name} deposits its instrument (hypothetical)", style="dim"))
        for one in receipt["warnings"]:
            self._print(Text(f"                  {one['message']}", style="yellow"))

    def remark(self, text: str) -> None:
        """What is worth knowing about the line before."""
        self._print(Text(f"                  {text}", style="yellow"))

    def arrived(self, webhook: Arrived) -> None:
        """A webhook as it came in, and whether its signature holds."""
        if not webhook.verified:
            self._print(Text(f"  ✗ NOT VERIFIED  {webhook.webhook_id}", style="bold red"))
            return
        told = f"  ✓ verified  {line_name(webhook):<26}  {_told(webhook.data):<50}"
        self._print(Text(told, style="green"), Text(f"              {webhook.type}  {webhook.webhook_id}", style="dim"))

    def closing(self, status_url: str, notifier_url: str, rehearsal: str, verified: int, *, folder: Path) -> None:
        """What is up, and what to try."""
        self._print(
            Text(f"\nDone: {verified} webhooks arrived, each verified.", style="bold"),
            Text(f"  the record          {status_url}/treaties/XVIII-16"),
            Text(f"  the rehearsal       {status_url}/treaties/{rehearsal}"),
            Text(f"  for programs        {status_url}/docs"),
            Text(f"  webhooks            {notifier_url}/docs"),
            Text(f"  databases and logs  {folder}"),
            Text("\nTry", style="bold"),
            Text(f"  curl -s '{status_url}/v1/treaties/XVIII-16?as_of=2025-10-25'"),
            Text(f"  curl -s '{status_url}/v1/treaties/{rehearsal}/explanation'"),
            Text(f"  curl -s '{status_url}/v1/feed?after=0&limit=3&types=treaty.threshold.*'"),
        )

    def staying(self, secret: str) -> None:
        """How to write, and how to end."""
        self._print(
            Text(f"\nA key for this demonstration: export TREATY_KEY={secret}"),
            Text("Both services stay up. Ctrl-C ends everything.", style="bold"),
        )

    def _print(self, *lines: Text) -> None:
        self._console.print(*lines, sep="\n", soft_wrap=True, highlight=False)


def line_name(webhook: Arrived) -> str:
    """The line that was crossed, as people say it."""
    params = str(webhook.data.get("params", ""))
    match webhook.type:
        case "treaty.consent.first.reached":
            return "first instrument"
        case "treaty.consent.percent.reached":
            return "half-way" if params == "50" else f"{params} % of the way"
        case "treaty.consent.remaining.reached":
            return f"{NUMBERS.get(params, params)} to go"
        case kind:
            return kind.removeprefix("treaty.").replace("_", " ").replace(".", " ")


def _told(data: Mapping[str, Any]) -> str:
    progress, follows = data.get("progress"), data.get("consequence")
    parts = [f"on {data.get('occurred_on')}"]
    if progress:
        parts.insert(0, f"{progress['have']} of {progress['need']}")
    if follows and follows["entry_into_force"] != data.get("occurred_on"):
        parts.append(f"in force on {follows['entry_into_force']}")
    return ", ".join(parts)
