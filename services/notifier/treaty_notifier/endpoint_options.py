"""What a subscriber chose for its endpoint beyond what it is told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from treaty_notifier.endpoint_tls import EndpointTls
from treaty_notifier.formats import Format


class Order(StrEnum):
    """Whether a message that fails lets the others pass, or holds the lane so that first receipts keep their order."""

    ANY = "any"
    FIFO = "fifo"


class Scheme(StrEnum):
    """How webhooks are signed: with the shared secret, with the service's own key, or with both in one header."""

    V1 = "v1"
    V1A = "v1a"


@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """``signatures`` names at least one scheme. ``rate_per_minute`` None sets no limit.

    ``headers`` go on every webhook; they may be credentials and rest sealed, beside this document, and so does ``tls``.
    Without ``keeps_answers`` what the endpoint answers is not stored.
    """

    signatures: tuple[Scheme, ...] = (Scheme.V1, Scheme.V1A)
    order: Order = Order.ANY
    rate_per_minute: int | None = None
    format: Format = Format.STANDARD
    keeps_answers: bool = True
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    tls: EndpointTls | None = None


def options_document(options: EndpointOptions) -> dict[str, object]:
    return {
        "signatures": [scheme.value for scheme in options.signatures],
        "order": options.order.value,
        "rate_per_minute": options.rate_per_minute,
        "format": options.format.value,
        "keeps_answers": options.keeps_answers,
    }


def options_of(document: Mapping[str, Any]) -> EndpointOptions:
    """Documents of earlier releases lack what they did not know; it has its default."""
    return EndpointOptions(
        signatures=tuple(Scheme(one) for one in document["signatures"]),
        order=Order(document.get("order", Order.ANY)),
        rate_per_minute=document.get("rate_per_minute"),
        format=Format(document.get("format", Format.STANDARD)),
        keeps_answers=document.get("keeps_answers", True),
    )
