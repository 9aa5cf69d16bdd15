"""Header fields that a subscriber wants on its webhooks, such as what its gateway asks for. Pure."""

import re
from collections.abc import Mapping

from treaty_notifier.errors import HeaderRefused

MOST_FIELDS = 20
LONGEST_NAME = 100
LONGEST_VALUE = 2000
MOST_CHARACTERS = 4000
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
    }
)
_OUR_BEGINNINGS = ("webhook-", "proxy-", "signature", "ce-", "svix-")


def checked_headers(fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The fields by their names in small letters, in order.

    Raises:
        HeaderRefused: one of them frames the request, belongs to the notifier, or is no header field.
    """
    if len(fields) > MOST_FIELDS:
        raise HeaderRefused(f"A webhook carries at most {MOST_FIELDS} fields of yours (given: {len(fields)})")
    names = [name.lower() for name in fields]
    if len(set(names)) != len(names):
        raise HeaderRefused("A header field is named twice, in other letters; names are the same in large and small")
    if sum(len(name) + len(value) for name, value in fields.items()) > MOST_CHARACTERS:
        raise HeaderRefused(f"All fields together hold at most {MOST_CHARACTERS} characters; shorten them")
    for name, value in fields.items():
        _check(name.lower(), value)
    return tuple(sorted((name.lower(), value) for name, value in fields.items()))


def _check(name: str, value: str) -> None:
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise HeaderRefused(f"That is no name of a header field (given: {name[:40]!r}); use letters, digits and -")
    if name in _OURS or name.startswith(_OUR_BEGINNINGS):
        raise HeaderRefused(f"This field is the notifier's own or frames the request (given: {name}); use another name")
    if len(value) > LONGEST_VALUE or not _VALUE.fullmatch(value):
        raise HeaderRefused(
            f"The value of a field is 1 to {LONGEST_VALUE} visible ASCII characters on one line (field: {name})"
        )
