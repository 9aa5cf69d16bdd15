"""What may stand after the question mark: a parameter that is misspelt must not be passed over.

Whoever writes ``dryrun=true`` would otherwise have recorded for ever what was only to be tried.
"""

from fastapi import Request
from fastapi.dependencies.models import Dependant

from treaty_status.api.problems import invalid

DATA = "/v1/"
"""Pages for people are asked for with all sorts of things that others hang on to their addresses."""


def only_known(request: Request) -> None:
    """Let a request pass whose query parameters the route has, each given once.

    Raises:
        InvalidRequest: it has not, and those it has are named; or which of two values is meant is not said.
    """
    given = request.query_params
    if not given or not request.url.path.startswith(DATA):
        return
    known = _names(request.scope["route"].dependant)
    foreign = [(name, "There is no such parameter here") for name in dict.fromkeys(given) if name not in known]
    if foreign:
        there = f"There are: {', '.join(sorted(known))}." if known else "There are none here."
        raise invalid(*((name[:80], what) for name, what in foreign[:20]), way_out=there)
    twice = [name for name in dict.fromkeys(given) if len(given.getlist(name)) > 1]
    if twice:
        raise invalid(*((name, "It is given more than once") for name in twice), way_out="Give each parameter once.")


def _names(dependant: Dependant) -> set[str]:
    """Those of the route and of what it depends on."""
    found = {parameter.alias for parameter in dependant.query_params}
    return found.union(*(_names(part) for part in dependant.dependencies))
