"""Headers that make a request conditional: If-Match, If-None-Match, Idempotency-Key."""

import hashlib
import re
from typing import Final

from treaty_status.api.refusals import MalformedHeader
from treaty_status.application.keys import Key
from treaty_status.application.submissions import IdempotencyKey

_TAGS: Final = re.compile(r'(?:W/)?"(?P<version>\d{1,15})[^"]*"')
_VISIBLE: Final = re.compile(r"[\x21-\x7e]{1,200}")


def expected_version(if_match: str | None) -> int | None:
    """The version of the treaty's stream that the request is meant for: ``"84"``, or the ETag of a document.

    None: no condition (``*`` asks only that the treaty is there, and it is asked anyway).

    Raises:
        MalformedHeader: anything else; a condition that is not understood must not be passed over.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = _TAGS.fullmatch(if_match.strip())
    if found is None:
        raise MalformedHeader(
            f"If-Match cannot be read ({if_match[:80]!r}).",
            way_out='Send the version as If-Match: "84", or the ETag of the treaty\'s document.',
            facts={"header": "If-Match"},
        )
    return int(found["version"])


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Does the reader already hold this? Weak comparison, as RFC 9110 section 13.1.2 asks."""
    return if_none_match is not None and (etag in if_none_match or if_none_match.strip() == "*")


def idempotency(given: str | None, *, key: Key, treaty: str, what: str, body: bytes) -> IdempotencyKey | None:
    """The key of a request as the record keeps it: who asked about which treaty, under which name, for what.

    ``what`` is method and path, ``body`` the body in one canonical form.

    Raises:
        MalformedHeader: not 1 to 200 visible ASCII characters.
    """
    if given is None:
        return None
    if not _VISIBLE.fullmatch(given):
        raise MalformedHeader(
            "Idempotency-Key is not 1 to 200 visible ASCII characters.",
            way_out="Send a random one, such as a UUID.",
            facts={"header": "Idempotency-Key"},
        )
    fingerprint = hashlib.sha256(f"{what}\n".encode() + body).hexdigest()
    return IdempotencyKey(f"{key.id}:{treaty}:{given}", fingerprint)
