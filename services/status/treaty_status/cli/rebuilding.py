"""``treaty-status rebuild``: the read models anew, with a bar that shows how far."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.views import ViewsUnavailable
from treaty_status.cli import output
from treaty_status.cli.exits import Refused, Unreachable
from treaty_status.cli.keys import database_of
from treaty_status.projections.read_model import RebuildRunning
from treaty_status.store import UnknownDatabase
from treaty_status.store.read_models import rebuild


def run(database: str | None, *, as_json: bool) -> None:
    """Rebuild and say up to which position.

    Raises:
        Refused: another process is at it.
        Unreachable: the database cannot be used; what was served before is served still.
    """
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, disable=as_json or not errors.is_terminal) as bar:
        task = bar.add_task("events", total=None)
        try:
            at = rebuild(
                database_of(database), progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        except RebuildRunning as refusal:
            raise Refused(0, {"title": "Rebuild running", "detail": str(refusal)}) from refusal
        except (LogUnavailable, ViewsUnavailable, UnknownDatabase) as fault:
            raise Unreachable(str(fault)) from fault
    if as_json:
        output.as_json({"position": at.position})
    else:
        output.say(f"The read models are rebuilt up to position {at.position}.")
