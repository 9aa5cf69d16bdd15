"""``treaty-status serve``: settings from the environment, changed by options, and the service on them."""

from pydantic import ValidationError

from treaty_status.application.event_log import LogUnavailable
from treaty_status.application.views import ViewsUnavailable
from treaty_status.cli.exits import Unreachable
from treaty_status.service import serve
from treaty_status.settings import Settings
from treaty_status.store import UnknownDatabase


def run(**given: str | int | None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        Unreachable: the settings make no sense, or there is nothing to serve from.
    """
    try:
        chosen = {name: value for name, value in given.items() if value is not None}
        serve(Settings.model_validate({**Settings().model_dump(), **chosen}))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Unreachable(f"The settings cannot be used ({wrong}).") from error
    except (LogUnavailable, ViewsUnavailable, UnknownDatabase) as fault:
        raise Unreachable(str(fault)) from fault
