"""How TLS is spoken to an endpoint: the usual way for most, their own certificates for some.

A context is made once for each set of certificates, on a thread because reading every usual authority takes some
milliseconds. The library reads a private key only from a file: on Linux that is a file in memory, never one on a disk.
"""

import asyncio
import os
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treaty_notifier.endpoint_tls import EndpointTls

CONTEXTS_KEPT = 1_000


class CertificatesUnfit(OSError):
    """The certificates of a subscription that were good once cannot be used now."""


class TlsContexts:
    """``usual`` serves endpoints that brought nothing of their own."""

    def __init__(self, usual: ssl.SSLContext | None = None) -> None:
        self.usual = usual or _spoken(ssl.create_default_context())
        self._made: OrderedDict[EndpointTls, ssl.SSLContext] = OrderedDict()

    async def of(self, tls: EndpointTls | None) -> ssl.SSLContext:
        """Raises CertificatesUnfit."""
        if tls is None:
            return self.usual
        known = self._made.get(tls)
        if known is None:
            known = self._made[tls] = await asyncio.to_thread(context_of, tls)
            if len(self._made) > CONTEXTS_KEPT:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(tls)
        return known


def context_of(tls: EndpointTls) -> ssl.SSLContext:
    """Raises CertificatesUnfit."""
    try:
        context = ssl.create_default_context(cadata=tls.authorities or None)
        if tls.certificate:
            with _file(f"{tls.key}\n{tls.certificate}\n".encode()) as path:
                context.load_cert_chain(path)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CertificatesUnfit("The subscription's own certificates cannot be used") from error
    return _spoken(context)


def _spoken(context: ssl.SSLContext) -> ssl.SSLContext:
    context.set_alpn_protocols(["http/1.1"])
    return context


@contextmanager
def _file(content: bytes) -> Iterator[Path]:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        with open(descriptor, "wb") as file:  # noqa: PTH123  (a descriptor has no path)
            file.write(content)
            file.flush()
            yield Path(f"/proc/self/fd/{descriptor}")
        return
    with tempfile.NamedTemporaryFile() as file:  # readable by this user alone, and gone at once
        file.write(content)
        file.flush()
        yield Path(file.name)
