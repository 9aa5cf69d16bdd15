"""One act as a request."""

from typing import Any
from uuid import uuid4


def body(**fields: Any) -> dict[str, Any]:
    """The act; what was not given is left out."""
    return {name: value for name, value in fields.items() if value is not None}


def headers(*, if_version: int | None, idempotency_key: str | None) -> dict[str, str]:
    """The conditions. Without a key of the caller's own one is made, so that a broken connection is safe to retry."""
    condition = {} if if_version is None else {"if-match": f'"{if_version}"'}
    return {"idempotency-key": idempotency_key or f"cli-{uuid4()}", **condition}
