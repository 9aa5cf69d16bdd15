"""What was recorded, as it is answered."""

from typing import Any, Final

import msgspec

from treaty_events import event_id, stream_of
from treaty_status.application.submissions import Receipt

_encode: Final = msgspec.json.Encoder().encode


def receipt_body(receipt: Receipt) -> bytes:
    """The answer to whoever handed it in."""
    document: dict[str, Any] = {
        "treaty": receipt.treaty,
        "event_id": receipt.event_id,
        "position": receipt.position,
        "version": receipt.version,
        "recorded_as": receipt.recorded_as,
        "milestones": receipt.milestones,
        "held": receipt.held,
        "warnings": receipt.warnings,
    }
    if receipt.dry_run:
        document["dry_run"] = True
    if receipt.outcome:
        document["outcome"] = receipt.outcome
    return _encode(document)


def created_status(receipt: Receipt) -> int:
    """201 when something was written, 200 when it was only asked."""
    return 200 if receipt.dry_run else 201


def defined_status(receipt: Receipt) -> int:
    """201 when the treaty's history begins with this, 200 when it was there before."""
    first = str(event_id(stream_of(receipt.treaty), 1))
    return 201 if receipt.event_id == first else 200


def receipt_headers(receipt: Receipt) -> dict[str, str]:
    """Headers in lower case; a repeated answer says that it is one."""
    told = {"content-type": "application/json", "cache-control": "no-store"}
    return told | ({"idempotency-replayed": "true"} if receipt.replayed else {})
