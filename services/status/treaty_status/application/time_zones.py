"""Names of time zones that mean the same on every machine.

The IANA database is a dependency of ours, so its own list decides. A machine's zone directory also holds names that are
its own (``localtime``, ``posixrules``), and on some machines the case of letters does not matter.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Final

NOT_A_PLACE: Final = "Factory"
"""The database's word for a machine on which nobody has set a zone."""


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Every name of the IANA database."""
    names = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return frozenset(names) - {NOT_A_PLACE}
