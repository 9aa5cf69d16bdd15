"""From what a page shows to its HTML. Everything is escaped; a name that a template lacks is an error, not a gap."""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from treaty_status.application.documents import NOTICE
from treaty_status.pages.addresses import HOME, Here, address
from treaty_status.pages.files import Files
from treaty_status.pages.languages import NAMED, WRITTEN, Language
from treaty_status.pages.wording import Words

UNWRITTEN: Final = tuple(tag for tag in NAMED if tag not in WRITTEN)


class Renderer:
    """Fills templates. Safe to use from any thread."""

    def __init__(self, files: Files) -> None:
        self._templates = Environment(
            loader=PackageLoader("treaty_status.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {"files": files, "named": NAMED, "written": WRITTEN, "other_names": UNWRITTEN}

    def __call__(self, template: str, shown: Mapping[str, Any], *, language: Language, here: Here) -> bytes:
        """The page as UTF-8."""
        frame = {
            "language": language,
            "say": Words(language.text),
            "home": address(HOME, lang=language.names),
            "notice": NOTICE[language.text],
            "at": here,
            "names": language.names,
            "rehearsing": False,
            "alternates": (),
        }
        return self._templates.get_template(template).render({**frame, **shown}).encode()
