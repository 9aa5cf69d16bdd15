"""From what a page shows to its HTML. Everything is escaped; a name that a template lacks is an error, not a gap."""

from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final
from unicodedata import category

from jinja2 import Environment, PackageLoader, StrictUndefined

from treaty_notifier.messages import instant_text

SHOWN_CHARACTERS: Final = 2_000
_PACKAGE: Final = "treaty_notifier.api.pages"
STYLESHEET: Final = (files(_PACKAGE) / "static" / "lanes.css").read_bytes()
STYLESHEET_NAME: Final = f"lanes.{sha256(STYLESHEET).hexdigest()[:16]}.css"


def foreign(text: str, *, limit: int = SHOWN_CHARACTERS) -> str:
    """What somebody else wrote: without what steers a terminal or turns the direction, and not too long."""
    plain = "".join(one if one in "\n\t" or category(one)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for one in text)
    return plain if len(plain) <= limit else f"{plain[:limit]} …"


def seconds(at: datetime | None) -> str:
    """An instant to the second, in UTC; a dash where there is none."""
    return "–" if at is None else f"{instant_text(at)[:19].replace('T', ' ')} UTC"


def rendered(template: str, **shown: Any) -> bytes:
    """The page as UTF-8."""
    return _TEMPLATES.get_template(template).render(stylesheet=f"/lanes/static/{STYLESHEET_NAME}", **shown).encode()


_TEMPLATES: Final = Environment(
    loader=PackageLoader(_PACKAGE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_TEMPLATES.filters |= {"foreign": foreign, "seconds": seconds, "iso": instant_text}
