"""What the demonstration prints."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from treaty_status.cli.importing import Balance
from treaty_status.demo.receiver import Arrived


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

    def deposited(self, name: str, on: date, receipt: Mapping[str, Any]) -> None:
        """A hypothetical deposit, and what the record said to it."""
        self._print(Text(f"  {on}  {name} deposits its instrument (hypothetical)", style="dim"))
        for one in receipt["warnings"]:
            self._print(Text(f"              {one['message']}", style="yellow"))

    def arrived(self, webhook: Arrived) -> None:
        """A webhook as it came in, and whether its signature holds."""
        if not webhook.verified:
            self._print(Text(f"  ✗ NOT VERIFIED  {webhook.webhook_id}", style="bold red"))
            return
        told = _told(webhook.data)
        self._print(Text(f"  ✓ verified  {webhook.type:<40}  {told}  {webhook.webhook_id}", style="green"))

    def closing(self, status_url: str, notifier_url: str, rehearsal: str, verified: int, *, folder: Path) -> None:
        """What is up, and what to try."""
        self._print(
            Text(f"\nDone: {verified} webhooks arrived, each verified.", style="bold"),
            Text(f"  page      {status_url}/treaties/{rehearsal}"),
            Text(f"  record    {status_url}/treaties/XVIII-16"),
            Text(f"  status    {status_url}/docs"),
            Text(f"  notifier  {notifier_url}/docs"),
            Text(f"  files     {folder}"),
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


def _told(data: Mapping[str, Any]) -> str:
    progress, follows = data.get("progress"), data.get("consequence")
    parts = [f"on {data.get('occurred_on')}"]
    if progress:
        parts.insert(0, f"{progress['have']} of {progress['need']}")
    if follows:
        parts.append(f"in force on {follows['entry_into_force']}")
    if data.get("livemode") is False:
        parts.append("rehearsal")
    return ", ".join(parts)
