"""What a connection tells about whom it leads to."""

import asyncio
from typing import Any


def tls_facts(transport: asyncio.BaseTransport) -> tuple[str | None, str | None]:
    """The version of TLS, and the day on which the endpoint's certificate ends as the certificate has it."""
    secured: Any = transport.get_extra_info("ssl_object")  # Any: uvloop's own object is no ssl.SSLObject
    if secured is None:
        return None, None
    until = (secured.getpeercert() or {}).get("notAfter")
    return secured.version(), until if isinstance(until, str) else None
