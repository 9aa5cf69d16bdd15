"""Names for treaties, participants, events and milestones; small types that refuse nonsense."""

import re
from functools import lru_cache
from hashlib import sha1
from typing import Final, NewType
from uuid import UUID, uuid5

from treaty_events.errors import NotAFact

TreatyId = NewType("TreatyId", str)
ParticipantId = NewType("ParticipantId", str)

NAMESPACE: Final = UUID("6f1d0c1e-6d0b-5a3e-9c55-7d3a1f0b2e4d")  # ours alone; changing it would rename every stream

_TREATY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._~-]{0,62}[A-Za-z0-9])?")
_PARTICIPANT = re.compile(r"[a-z][a-z0-9-]{1,31}")


def treaty_id(text: str) -> TreatyId:
    """A treaty's stable identifier, such as the depositary's registration ``XVIII-16``.

    Raises:
        NotAFact: not 1 to 64 letters, digits, dots, underscores, hyphens or tildes.
    """
    if not _TREATY.fullmatch(text):
        raise NotAFact(f"A treaty id is 1 to 64 letters, digits or . _ - ~ (got: {text[:80]!r}); for example XVIII-16.")
    return TreatyId(text)


def participant_id(text: str) -> ParticipantId:
    """A participant's own slug, such as ``fra``, ``pse`` or ``eu``.

    Raises:
        NotAFact: not 2 to 32 lower-case letters, digits or hyphens.
    """
    if not _PARTICIPANT.fullmatch(text):
        raise NotAFact(f"A participant id is 2 to 32 lower-case letters, digits or hyphens (got: {text[:80]!r}).")
    return ParticipantId(text)


@lru_cache(maxsize=16_384)
def stream_of(treaty: str) -> UUID:
    """The one stream that holds a treaty's whole history."""
    return uuid5(NAMESPACE, f"treaty/{treaty}")


def event_id(stream: UUID, version: int) -> str:
    """The permanent id of the event at one version of one stream; derivable by anyone who knows both.

    A version 5 UUID (RFC 9562) in the stream's namespace, of the version written in decimal.
    """
    digest = bytearray(sha1(stream.bytes + b"%d" % version, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def milestone_key(treaty: str, kind: str, params: str, occurrence: int) -> str:
    """The name of a line for ever: ``XVIII-16:threshold:65(1):1``."""
    return f"{treaty}:{kind}:{params}:{occurrence}"


def milestone_id(key: str) -> UUID:
    """The permanent id of a milestone, the same through all its revisions."""
    return uuid5(NAMESPACE, f"milestone/{key}")
