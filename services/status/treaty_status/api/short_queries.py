"""The clocks of an address, read without the framework where they are written plainly; the same rules hold for both."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from treaty_status.api.clocks import AtPosition, Clocks
from treaty_status.api.clocks import Edition as EditionAsked
from treaty_status.api.parameters import AsOf, KnownAt, Lang

_READERS: Final[Mapping[bytes, Callable[[str], Any]]] = {
    b"as_of": TypeAdapter[date | None](AsOf).validate_strings,
    b"known_at": TypeAdapter[datetime | None](KnownAt).validate_strings,
    b"at_position": TypeAdapter[int | None](AtPosition).validate_strings,
    b"lang": TypeAdapter[str](Lang).validate_strings,
    b"edition": TypeAdapter[int | None](EditionAsked).validate_strings,
}
_LONGEST: Final = 200


def clocks_of(query: bytes, *, edition: int) -> Clocks | None:
    """What a query string asks for; None where the framework has to look at it, and to refuse it if need be.

    ``edition`` is the one that this release answers in: any other is for the framework.
    """
    if len(query) > _LONGEST or b"%" in query or b"+" in query:
        return None
    found: dict[bytes, Any] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        reader = _READERS.get(name)
        if reader is None or name in found or not value.isascii():
            return None
        try:
            found[name] = reader(value.decode("ascii"))
        except ValidationError:
            return None
    if found.get(b"edition", edition) != edition or (b"known_at" in found and b"at_position" in found):
        return None
    return Clocks(
        as_of=found.get(b"as_of"),
        known_at=found.get(b"known_at"),
        at_position=found.get(b"at_position"),
        lang=found.get(b"lang", "en"),
        edition=found.get(b"edition"),
    )
