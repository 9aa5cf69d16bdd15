"""What a subscriber chose for its endpoint beyond what it is told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Scheme(StrEnum):
    """How webhooks are signed: with the shared secret, with the service's own key, or with both in one header."""

    V1 = "v1"
    V1A = "v1a"


@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """``signatures`` names at least one scheme."""

    signatures: tuple[Scheme, ...] = (Scheme.V1, Scheme.V1A)


def options_document(options: EndpointOptions) -> dict[str, object]:
    return {"signatures": [scheme.value for scheme in options.signatures]}


def options_of(document: Mapping[str, Any]) -> EndpointOptions:
    """Documents of earlier releases lack what they did not know; it has its default."""
    usual = EndpointOptions()
    return EndpointOptions(
        signatures=tuple(Scheme(one) for one in document["signatures"])
        if "signatures" in document
        else usual.signatures
    )
